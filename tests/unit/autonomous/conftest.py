"""A home of its own for each test, without the variables of the person who runs the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import HandClock, Stage

from agents.autonomous import generators
from agents.campaign.home import Home
from agents.training import ledger

VARIABLES = ("CONTEXT_ROOT", "CAMPAIGN_RECIPE", "CAMPAIGN_TARGET", "QUALITY_THRESHOLD", "AUTO_LAUNCH")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Forget the variables, and let the default campaign be one of assembly alone."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    recipe = tmp_path / "one_domain.yaml"
    recipe.write_text("domains: {asm: {weight: 1.0}}\n", encoding="utf-8")
    monkeypatch.setenv("CAMPAIGN_RECIPE", str(recipe))


@pytest.fixture(autouse=True, scope="session")
def unsynced_ledgers() -> None:
    ledger.PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in ledger.PRAGMAS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "context")
    home.training.mkdir(parents=True)
    return home


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def stage(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Generators are played in this process: dry runs answer and leases are held, but no program is started."""
    stage = Stage(home)
    monkeypatch.setattr(generators, "_dry_run", stage.dry_run)
    monkeypatch.setattr(generators, "start_detached", stage.start_detached)
    monkeypatch.setattr(generators, "SETTLE_SECONDS", 0.0)
    yield stage
    stage.clear()
