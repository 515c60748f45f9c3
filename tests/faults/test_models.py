"""Rows about a teacher behind a network, against the project's own stand-in for one: limits, outages, odd answers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from referring_domain import ReferringDomain
from tiny_run import GOAL, TinyRun, audit

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError
from agents.campaign.failures import UNJUDGED
from agents.campaign.gate import Evidence, Verdict
from agents.campaign.ledger_view import LedgerView
from agents.campaign.models import ModelSection
from agents.campaign.recipe import GateSection
from agents.campaign.rules import rule_for
from agents.training.calls import Judge
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, Guards
from agents.training.opinion import SCHEMA
from agents.training.prices import Tariff
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
    (counts,), paused = asked_several(run, [knobs], asks)
    return counts | {"paused": paused}


def asked_several(
    run: TinyRun, knobs: Sequence[dict[str, Any]], asks: dict[str, Any] | None = None, *, is_fallback: bool = False
) -> tuple[list[dict[str, Any]], PausedError | None]:
    """The same with a stand-in for each of ``knobs``: endpoints of one model, or a model and its fallbacks."""

    async def go() -> tuple[list[dict[str, Any]], PausedError | None]:
        stand_ins = [StandIn(Knobs.of(one), seed=3) for one in knobs]
        async with AsyncExitStack() as stack:
            servers = [TestServer(application(one, asyncio.Event())) for one in stand_ins]
            urls = [str((await stack.enter_async_context(server)).make_url("/v1")) for server in servers]
            models = _models(urls, asks or {}, is_fallback=is_fallback)
            paused = None
            async with ChatTeacher(models, "m0", {}, IN_FLIGHT, SystemClock()) as teacher:
                try:
                    await replace(run, teacher=lambda _: teacher, in_flight=IN_FLIGHT)._go()
                except PausedError as error:
                    paused = error
        return [one.stats() for one in stand_ins], paused

    return asyncio.run(asyncio.wait_for(go(), 60))


def _models(urls: list[str], asks: dict[str, Any], *, is_fallback: bool) -> dict[str, ModelSection]:
    if not is_fallback:
        return {
            "m0": ModelSection.model_validate({"model": "m", "endpoints": [{"base_url": url} for url in urls], **asks})
        }
    names = [f"m{number}" for number in range(len(urls))]
    models = {name: ModelSection(model="m", base_url=url, **asks) for name, url in zip(names, urls, strict=True)}
    return models | {"m0": models["m0"].model_copy(update={"fallbacks": tuple(names[1:])})}


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


BOTH = pytest.mark.parametrize("is_fallback", [False, True], ids=["two endpoints", "a fallback"])


@BOTH
@pytest.mark.fault(row=35)
def test_a_storm_at_one_of_two_loses_nothing(run: TinyRun, *, is_fallback: bool) -> None:
    counts, paused = asked_several(run, [{"rate": 40}, {}], {"tries": 1}, is_fallback=is_fallback)
    assert paused is None
    audit(run.path)
    assert outcomes(run.path) == {"answered": TICKETS}
    assert sum(one["answered"] for one in counts) == TICKETS


@BOTH
@pytest.mark.parametrize("knobs", [{"quota": 20}, {"revoke_after": 20, "key": "none"}], ids=["quota", "key"])
@pytest.mark.fault(row=36)
def test_what_ends_at_one_of_two_is_made_by_the_other(
    run: TinyRun, knobs: dict[str, Any], *, is_fallback: bool
) -> None:
    counts, paused = asked_several(run, [knobs, {}], is_fallback=is_fallback)
    assert paused is None
    audit(run.path)
    assert outcomes(run.path) == {"answered": TICKETS}
    assert [one["answered"] for one in counts] == [20, TICKETS - 20]


@BOTH
@pytest.mark.fault(row=36)
def test_what_ends_at_both_pauses_and_the_cure_goes_on(run: TinyRun, *, is_fallback: bool) -> None:
    counts, paused = asked_several(run, [{"quota": 20}, {"key": "another"}], is_fallback=is_fallback)
    assert paused is not None
    assert "quota" in paused.what
    assert "API key" in paused.what
    assert [one["answered"] for one in counts] == [20, 0]
    audit(run.path)
    cured = asked(run)
    audit(run.path)
    assert cured["answered"] == TICKETS - 20


@BOTH
@pytest.mark.parametrize("faults", ["500=1.0", "reset=1.0", "silent=1.0"])
@pytest.mark.fault(row=37)
def test_an_outage_at_one_of_two_costs_no_ticket(run: TinyRun, faults: str, *, is_fallback: bool) -> None:
    asks = {"tries": 4, "timeout_seconds": 0.3}
    counts, paused = asked_several(run, [{"faults": faults}, {}], asks, is_fallback=is_fallback)
    assert paused is None
    audit(run.path)
    assert outcomes(run.path) == {"answered": TICKETS}
    assert counts[0]["requests"] < TICKETS


@pytest.mark.fault(row=37)
def test_a_slow_drip_is_cut_off_by_the_deadline(run: TinyRun) -> None:
    seen = asked(run, {"tries": 4, "timeout_seconds": 0.3}, faults="slow=0.1", drip=30)
    assert seen["paused"] is None
    audit(run.path)
    assert outcomes(run.path)["answered"] >= TICKETS - 2


@BOTH
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.fault(row=38)
def test_odd_answers_of_one_of_two_are_typed_and_the_sums_add_up(
    run: TinyRun, stream: bool, *, is_fallback: bool
) -> None:
    knobs = {"faults": "cut=0.2,html=0.1,empty=0.15,malformed=0.2,fenced=0.1,refusal=0.1"}
    _, paused = asked_several(run, [knobs, {}], {"tries": 2, "stream": stream}, is_fallback=is_fallback)
    assert paused is None
    audit(run.path)
    found = outcomes(run.path)
    assert sum(found.values()) == TICKETS
    assert set(found) <= {"answered", "empty", "failed", "refused"}
    assert found["answered"] > TICKETS / 2


@pytest.mark.fault(row=40)
def test_a_provider_that_serves_another_model_is_paused(tmp_path: Path) -> None:
    guards = Guards.of(
        {QUALITY: 0.0, ACCEPTANCE: 0.0}, {}, Claims(), domains=GOAL.weights, planned=900, error_level=0.05
    )
    run = TinyRun(tmp_path / "ledger.sqlite", guards=guards)
    seen = asked(run, switch_model="40:other")
    assert "was answered by other" in str(seen["paused"])
    audit(run.path)


# Row 42: the judge is a model, and fails.


@pytest.mark.fault(row=42)
@pytest.mark.parametrize("faults", ["malformed=0.15", "400=0.15", "empty=0.15"])
def test_a_pilot_whose_judge_is_a_model_that_fails_was_not_measured(tmp_path: Path, faults: str) -> None:
    pilot = replace(GOAL, kind="pilot", total=190, budget=190)
    run = TinyRun(tmp_path / "ledger.sqlite", goal=pilot, fault_rate=0.0, domains={"tiny": ReferringDomain(share=0.1)})

    async def go() -> dict[str, Any]:
        stand_in = StandIn(Knobs.of({"faults": faults}), seed=3)
        async with TestServer(application(stand_in, asyncio.Event())) as server:
            models = {"critic": ModelSection(model="m", base_url=str(server.make_url("/v1")))}
            async with ChatTeacher(models, "critic", {}, IN_FLIGHT, SystemClock(), {"tiny": SCHEMA}) as critic:
                judged = replace(run, judges={"tiny": Judge(critic, "critic", Tariff())}, in_flight=IN_FLIGHT)
                await judged._go()
        return stand_in.stats()

    stats = asyncio.run(asyncio.wait_for(go(), 60))
    audit(run.path)
    view = LedgerView(run.path)
    failed = [ticket for ticket in view.judged() if ticket.failure == UNJUDGED]
    assert 0.08 < len(failed) / 190 < 0.25
    assert {(ticket.quality, ticket.accepted) for ticket in failed} == {(0.0, False)}
    assert stats["requests"] == 190, "each answer is judged once"
    progress = view.progress()
    assert progress is not None
    verdict = rule_for(GateSection(), is_ours=True).decide(Evidence.of(progress, 190, view.judged(), {"tiny": 1.0}))
    assert verdict.verdict is Verdict.ERROR
    assert "The judge failed on" in verdict.reason
