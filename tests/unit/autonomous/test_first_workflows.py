"""Workflows that the first version of this program left in their midst go on, and ask again what was never proven."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stage import PILOT_RUN, Played, Stage, make_ledger, plan

from agents.autonomous.approval import approve_waiting
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.plan import Plan

STORE = Path(__file__).parents[1] / "campaign" / "workflows_v1.sql"
TARGET = 20
RUN = f"full_campaign_{TARGET}"
RECIPE = {"campaign__target": TARGET, "watch__pilot_seconds": 0.001, "watch__campaign_seconds": 0.001}
LAUNCHED = (
    "INSERT INTO steps VALUES (5, 1, '2026-01-01T12:00:02+00:00', 'launched', 'campaign_launched', '{}')",
    "INSERT INTO launches VALUES (2, 'full_campaign_20', 'campaign', '2026-01-01T12:00:02+00:00', 'ffffffffffffffff', "
    """'["x"]', 0, '{"pid":1,"started":1,"boot":"before"}')""",
)
WAITING = (
    "INSERT INTO steps VALUES (5, 1, '2026-01-01T12:00:02+00:00', 'approval_needed', 'awaiting_approval', '{}')",
    "UPDATE workflows SET plan = json_set(plan, '$.recipe.campaign.auto_launch', json('false'))",
)


@pytest.fixture
def left(home: Home, stage: Stage) -> None:
    """A store with an approved pilot, its ledger, and a stage on which a campaign does what is left of it."""
    with closing(sqlite3.connect(home.workflows)) as database:
        database.executescript(STORE.read_text(encoding="utf-8"))
    make_ledger(home, PILOT_RUN, [0.9] * 190)

    def finishes(played: Played) -> None:
        ledger = home.run(played.run).ledger
        there = 5 if ledger.exists() else 0
        make_ledger(home, played.run, [0.9] * (TARGET - there), kind="campaign", total=TARGET)
        stage.end(played.kind)

    stage.at_start = finishes


def happens(home: Home, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(home.workflows)) as database, database:
        for statement in statements:
            database.execute(statement)


def run(home: Home, asked: Plan | None = None, **recipe: Any) -> str:
    ours = TrainingOrchestrator(plan=asked or plan(**RECIPE | recipe), home=home)
    return str(asyncio.run(asyncio.wait_for(ours.run_autonomous(), 30))["phase"])


def steps(home: Home) -> list[str]:
    with closing(sqlite3.connect(home.workflows)) as database:
        return [happening for (happening,) in database.execute("SELECT happening FROM steps WHERE id > 5 ORDER BY id")]


@pytest.mark.usefixtures("left")
def test_a_campaign_in_its_midst_goes_on_without_another_verdict(home: Home, stage: Stage) -> None:
    happens(home, LAUNCHED)
    make_ledger(home, RUN, [0.9] * 5, kind="campaign", total=TARGET)

    assert run(home) == "campaign_complete"

    assert steps(home) == ["resumed_launch", "launched", "campaign_done"]
    assert [played.kind for played in stage.started] == ["campaign"]
    assert not home.validation.exists()


@pytest.mark.usefixtures("left")
def test_under_a_gate_that_somebody_changed_it_is_judged_again(home: Home) -> None:
    happens(home, LAUNCHED)
    make_ledger(home, RUN, [0.9] * 5, kind="campaign", total=TARGET)

    assert run(home, gate__quality_threshold=0.95) == "validation_failed"

    assert steps(home) == ["resumed_pilot", "pilot_started", "pilot_complete", "not_approved"]


@pytest.mark.usefixtures("left")
def test_a_verdict_that_waits_is_made_again_before_it_is_approved(home: Home, stage: Stage) -> None:
    happens(home, WAITING)
    with pytest.raises(UsageError, match="bound to no evidence") as refused:
        approve_waiting(home, "Zelda", "looked right")
    assert refused.value.cure.endswith("campaign auto")

    assert run(home, campaign__auto_launch=False) == "awaiting_approval"
    assert run(home, approve_waiting(home, "Zelda", "looks right")) == "campaign_complete"
    assert [played.kind for played in stage.started] == ["campaign"]
