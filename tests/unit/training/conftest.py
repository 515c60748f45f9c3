"""The tiny domain is a module of its own, because worker processes import it by name.

Ledgers of tests are not synced to the disk: a killed process loses nothing by that, only a power cut would.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agents.training import ledger

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="session")
def unsynced_ledgers() -> None:
    ledger.PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in ledger.PRAGMAS)
