"""Rows about a teacher behind a network, against the project's own stand-in for one: limits, outages, odd answers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from tiny_run import GOAL, TinyRun, audit

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, Guards
from agents.training.scripts.stand_in import Knobs, StandIn, application
from agents.training.teachers import chat
from agents.training.teachers.chat import ChatTeacher

TICKETS, IN_FLIGHT = 60, 16
PILOT = replace(GOAL, kind="pilot", total=TICKETS, budget=TICKETS)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "FIRST_PAUSE", 0.01)


def asked(run: TinyRun, asks: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    """Let ``run`` ask a stand-in with these knobs; return what the stand-in counted, and the pause if one came."""

    async def go() -> dict[str, Any]:
        stand_in = StandIn(Knobs.of(knobs), seed=3)
        async with TestServer(application(stand_in, asyncio.Event())) as server:
            model = ModelSection(model="m", base_url=str(server.make_url("/v1")), **(asks or {}))
            async with ChatTeacher({"m": model}, "m", {}, IN_FLIGHT, SystemClock()) as teacher:
                try:
                    await replace(run, teacher=lambda _: teacher, in_flight=IN_FLIGHT)._go()
                except PausedError as error:
                    return stand_in.stats() | {"paused": error}
        return stand_in.stats() | {"paused": None}

    return asyncio.run(asyncio.wait_for(go(), 60))


def outcomes(path: Path) -> Counter[str]:
    with closing(sqlite3.connect(path)) as ledger:
        return Counter(outcome for (outcome,) in ledger.execute("SELECT outcome FROM attempts"))


@pytest.fixture
def run(tmp_path: Path) -> TinyRun:
    return TinyRun(tmp_path / "ledger.sqlite", goal=PILOT)


@pytest.mark.fault(row=35)
@pytest.mark.parametrize(
    "retry_after", ["none", "garbage", *(pytest.param(text, marks=pytest.mark.slow) for text in ("0", "date", "1"))]
)
def test_a_storm_of_refusals_loses_nothing(run: TinyRun, retry_after: str) -> None:
    seen = asked(run, {"tries": 1}, rate=40, retry_after=retry_after)
    assert seen["paused"] is None
    assert seen["by_status"]["429"] > 0
    audit(run.path)
    assert outcomes(run.path) == {"answered": TICKETS}


@pytest.mark.fault(row=36)
@pytest.mark.parametrize("knobs", [{"quota": 20}, {"revoke_after": 20, "key": "none"}], ids=["quota", "key"])
def test_a_quota_or_a_key_that_ends_pauses_and_the_cure_goes_on(run: TinyRun, knobs: dict[str, Any]) -> None:
    seen = asked(run, **knobs)
    assert seen["paused"] is not None
    assert seen["answered"] == 20
    audit(run.path)
    cured = asked(run)
    assert cured["paused"] is None
    audit(run.path)
    assert cured["answered"] == TICKETS - 20, "what came back is not asked for again"


@pytest.mark.fault(row=37)
def test_a_teacher_that_often_fails_is_tried_again_within_a_budget(run: TinyRun) -> None:
    asks = {"tries": 8, "timeout_seconds": 0.5}
    seen = asked(run, asks, faults="500=0.2,503=0.1,reset=0.1,silent=0.02")
    assert seen["paused"] is None
    assert TICKETS < seen["requests"] < 8 * TICKETS
    audit(run.path)
    assert outcomes(run.path)["answered"] >= TICKETS - 2


@pytest.mark.fault(row=38)
def test_odd_answers_are_typed_and_the_sums_add_up(run: TinyRun) -> None:
    seen = asked(run, {"tries": 2}, faults="cut=0.1,html=0.1,empty=0.15,malformed=0.2")
    assert seen["paused"] is None
    audit(run.path)
    found = outcomes(run.path)
    assert sum(found.values()) == TICKETS
    assert set(found) <= {"answered", "empty", "failed"}
    assert found["empty"] > 0


@pytest.mark.fault(row=40)
def test_a_provider_that_serves_another_model_is_paused(tmp_path: Path) -> None:
    guards = Guards.of(
        {QUALITY: 0.0, ACCEPTANCE: 0.0}, {}, Claims(), domains=GOAL.weights, planned=900, error_level=0.05
    )
    run = TinyRun(tmp_path / "ledger.sqlite", guards=guards)
    seen = asked(run, switch_model="40:other")
    assert "was answered by other" in str(seen["paused"])
    audit(run.path)
