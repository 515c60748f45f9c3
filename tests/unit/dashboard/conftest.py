from __future__ import annotations

from pathlib import Path

import pytest

from agents.campaign.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "context")
    home.training.mkdir(parents=True)
    return home
