"""Paid calls of a run: judges beside the teacher, what is recorded before it is asked, and what it costs."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from referring_domain import ReferringDomain
from tiny_run import GOAL, InjectedCrashError, TinyRun, audit, outcome

from agents.campaign.errors import PausedError
from agents.campaign.failures import UNJUDGED
from agents.campaign.ledger_view import LedgerView, Spending
from agents.training.bench import Bench
from agents.training.calls import Judge
from agents.training.engine import Engine
from agents.training.judge import Domains
from agents.training.ledger import Ledger
from agents.training.limits import Limits
from agents.training.prices import Prices, Tariff
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request

PILOT = replace(GOAL, kind="pilot", total=120, budget=120)
PRICES = Prices(1.0, 2.0, 10)


@dataclass
class Critic:
    """A judge that gives every answer ``score``, and dies or fails at some of its calls."""

    score: Any = 4
    dies_at: int = 0
    fails_every: int = 0
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request.prompt[-1].content)
        if len(self.asked) == self.dies_at:
            raise InjectedCrashError
        if self.fails_every and len(self.asked) % self.fails_every == 0:
            return Reply(Outcome.FAILED, "HTTP 500", "critic")
        return Reply(Outcome.ANSWERED, f'{{"score": {self.score}, "reason": "so so"}}', "critic", 7, 3)


def judged(path: Path, critic: Critic, prices: Prices = PRICES, **changes: Any) -> TinyRun:
    domain = ReferringDomain()
    run = TinyRun(path, goal=PILOT, domains={"tiny": domain}, judges={"tiny": Judge(critic, "critic", Tariff(prices))})
    return replace(run, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_a_judge_counts_its_share_and_is_asked_once_for_each_good_answer(path: Path) -> None:
    critic = Critic(score=3)
    progress = judged(path, critic).go()
    audit(path)
    right = rows(path, "SELECT count(*) FROM opinions WHERE outcome = 'answered'")[0][0]
    assert right == len(critic.asked) == len(set(critic.asked)) == progress.accepted
    samples = list(LedgerView(path).samples(accepted=True))
    assert {check["name"] for check in samples[0]["checks"]} == {"value", "length", "judge"}
    assert all(sample["quality"] == pytest.approx(0.5 * 1.0 + 0.5 * 0.5, abs=0.02) for sample in samples)


def test_a_low_score_rejects(path: Path) -> None:
    progress = judged(path, Critic(score=1)).go()
    assert progress.accepted == 0
    assert LedgerView(path).reasons(1)[0][0] == "check judge"


@pytest.mark.parametrize("score", ["9", '"good"', "null"])
def test_an_opinion_that_is_none_leaves_the_answer_unjudged(path: Path, score: str) -> None:
    judged(path, Critic(score=score)).go()
    audit(path)
    assert LedgerView(path).reasons(1)[0][0] == UNJUDGED


def test_a_judge_that_fails_is_told_from_a_bad_answer(path: Path) -> None:
    critic = Critic(fails_every=10)
    judged(path, critic).go()
    audit(path)
    assert dict(LedgerView(path).reasons())[UNJUDGED] == len(critic.asked) // 10


def test_a_killed_run_asks_no_opinion_twice_and_comes_out_the_same(path: Path, tmp_path: Path) -> None:
    whole = Critic()
    judged(tmp_path / "whole.sqlite", whole).go()
    first, second = Critic(dies_at=40), Critic()
    with pytest.raises(InjectedCrashError):
        judged(path, first).go()
    kept = rows(path, "SELECT count(*) FROM opinions WHERE outcome = 'answered'")[0][0]
    assert kept > 0
    judged(path, second).go()
    audit(path)
    assert outcome(path) == outcome(tmp_path / "whole.sqlite")
    assert len(second.asked) == len(whole.asked) - kept


def test_what_is_asked_is_recorded_before_and_lost_where_it_never_came(path: Path) -> None:
    with pytest.raises(InjectedCrashError):
        judged(path, Critic(dies_at=1), in_flight=1).go()
    assert (None, "critic") in rows(path, "SELECT outcome, alias FROM opinions")
    judged(path, Critic(), in_flight=1).go()
    found = rows(path, "SELECT outcome, count(*) FROM opinions GROUP BY 1 ORDER BY 1")
    assert found[-1] == ("lost", 1)
    audit(path)


def test_opinions_are_part_of_the_costs(path: Path) -> None:
    critic = Critic()
    judged(path, critic).go()
    spent = LedgerView(path).spent()
    assert spent == [
        Spending("teacher", "", 120, None, None, None, 120, None),
        Spending(
            "judge", "critic", len(critic.asked), 7 * len(critic.asked), 3 * len(critic.asked), spent[1].cost, 0, None
        ),
    ]
    assert spent[1].cost == pytest.approx(len(critic.asked) * (7 * 1.0 + 3 * 2.0) / 1e6)
    assert len(LedgerView(path).calls()) == 120 + len(critic.asked)


def test_a_cap_holds_for_opinions_too_and_keeps_the_answers(path: Path) -> None:
    dear = Prices(1_000_000.0, 1_000_000.0, 10)
    critic = Critic()
    with pytest.raises(PausedError, match=r"guards\.max_cost allows 500"):
        judged(path, critic, prices=dear, limits=Limits(max_cost=500.0)).go()
    assert 0 < len(critic.asked) < 60
    audit(path)
    before = rows(path, "SELECT count(*) FROM attempts WHERE outcome = 'answered'")[0][0]
    judged(path, Critic(), prices=PRICES).go()
    audit(path)
    assert rows(path, "SELECT count(*) FROM attempts")[0][0] == 120
    assert before > 0


@dataclass
class Waiting:
    """A teacher that answers the first ``answers`` calls, and the others never."""

    teacher: Any
    answers: int = 0
    asked: list[int] = field(default_factory=list)

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request.ticket.seq)
        if len(self.asked) <= self.answers:
            return await self.teacher.answer(request)  # type: ignore[no-any-return]
        await asyncio.Event().wait()
        raise AssertionError(request)


def soon(engine: Engine, _bench: Bench[Domains]) -> None:
    asyncio.get_running_loop().call_later(0.2, engine.drain)


def test_calls_that_are_taken_up_are_not_booked_again(path: Path) -> None:
    run = TinyRun(path, goal=PILOT, prices=PRICES, takes_up=True, teacher=Waiting, started=soon)
    reserved = set()
    for _ in range(3):
        with pytest.raises(PausedError, match="stopped on request"):
            run.go()
        with Ledger.open(path, run.header) as ledger:
            reserved.add(ledger.spent({"": PRICES}, {}))
    assert len(reserved) == 1
    assert rows(path, "SELECT count(*), count(DISTINCT seq) FROM attempts") == [(16, 16)]
    assert replace(run, teacher=lambda teacher: teacher, started=lambda *_: None).go().is_complete
    assert rows(path, "SELECT count(*) FROM attempts") == [(120,)]
    audit(path)


def test_a_drain_leaves_what_is_taken_up_and_waits_for_judges(path: Path) -> None:
    @dataclass
    class Slow(Critic):
        async def answer(self, request: Request) -> Reply:
            await asyncio.sleep(0.3)
            return await super().answer(request)

    critic = Slow()
    run = judged(path, critic, takes_up=True, teacher=lambda teacher: Waiting(teacher, answers=12), started=soon)
    with pytest.raises(PausedError, match="stopped on request"):
        run.go()
    found = dict(rows(path, "SELECT coalesce(outcome, 'none'), count(*) FROM opinions GROUP BY 1"))
    assert found == {"answered": len(critic.asked)}
    assert critic.asked


def test_what_ends_a_run_ends_one_whose_teacher_takes_its_time(path: Path) -> None:
    @dataclass
    class Gone:
        async def answer(self, request: Request) -> Reply:
            raise PausedError("the judge is gone", "bring it back")

    run = judged(path, Critic(), takes_up=True, teacher=lambda teacher: Waiting(teacher, answers=3))
    broken = replace(run, judges={"tiny": Judge(Gone(), "critic", Tariff())})
    with pytest.raises(PausedError, match="the judge is gone"):
        asyncio.run(asyncio.wait_for(broken._go(), 10))


def test_a_cap_that_is_enough_for_all_lets_all_through_judges_or_not(path: Path) -> None:
    """What is reserved for the calls under way is many times what they cost."""
    teacher, critic = Prices(0.0, 1_000.0, 1_000), Prices(0.0, 1_000.0, 1_000)
    run = judged(path, Critic(), prices=critic, limits=Limits(max_cost=5.0))
    assert replace(run, prices=teacher, teacher=Metered).go().is_complete
    audit(path)


@dataclass
class Metered:
    teacher: Any

    async def answer(self, request: Request) -> Reply:
        return replace(await self.teacher.answer(request), tokens_in=5, tokens_out=5)


def test_opinions_of_a_fallback_are_priced_as_its_own(path: Path) -> None:
    @dataclass
    class Spare(Critic):
        async def answer(self, request: Request) -> Reply:
            return replace(await super().answer(request), alias="spare")

    critic, spare = Spare(), Prices(100.0, 100.0, 10)
    tariff = Tariff(PRICES, {"spare": spare})
    run = judged(path, critic)
    replace(run, judges={"tiny": Judge(critic, "critic", tariff)}).go()
    (told,) = [one for one in LedgerView(path).spent() if one.role == "judge"]
    assert (told.alias, told.cost) == ("spare", pytest.approx(len(critic.asked) * 10 * 100.0 / 1e6))
    with Ledger.open(path, run.header) as ledger:
        assert ledger.spent({}, {}) == pytest.approx(told.cost)


def test_what_came_before_there_were_prices_costs_what_its_tokens_cost(path: Path) -> None:
    critic = Critic()
    judged(path, critic, prices=Prices(), teacher=Metered).go()
    with Ledger.open(path, judged(path, critic).header) as ledger:
        assert ledger.spent({}, {}) == 0.0
        late = ledger.spent({"": PRICES}, {"critic": PRICES})
    assert late == pytest.approx((120 * (5 + 10) + len(critic.asked) * (7 + 6)) / 1e6)
