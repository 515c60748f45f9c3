from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tiny_domain import DOMAIN, TinyDomain
from tiny_run import GOAL, Dying, InjectedCrashError, TinyRun, audit, outcome

from agents.campaign.errors import CampaignError, DamagedFileError, PausedError
from agents.campaign.events import Event, Progressed, RunStarted, SampleScored
from agents.campaign.failures import UNJUDGED
from agents.campaign.ledger_view import LedgerView
from agents.training import rounds
from agents.training.bench import Bench, InlineBench, WorkerBench
from agents.training.engine import Engine
from agents.training.judge import Domains, assess
from agents.training.ledger import Ledger
from agents.training.limits import Limits
from agents.training.sample import Judgement, Message, Outcome, Reply, SourceItem
from agents.training.teachers import Request, Teacher


class RepetitiveDomain(TinyDomain):
    """Gives every item twice, and other items that come to the same words."""

    def item(self, cell, index, seed):
        return replace(super().item(cell, index, seed), params={"a": index // 2 % 30, "b": 3, "n": index // 2})

    def prompt(self, item, variant):
        return super().prompt(item, 0)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    path = tmp_path_factory.mktemp("undisturbed") / "ledger.sqlite"
    TinyRun(path).go()
    return outcome(path)


def test_a_campaign_ends_with_exactly_what_it_owes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    progress = TinyRun(path).go()
    audit(path)
    assert progress.is_complete
    assert progress.done == progress.accepted == 300
    assert progress.rejected > 30
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert accounts.open == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_do_not_change_what_is_generated(
    tmp_path: Path, workers: int, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    TinyRun(path, workers=workers, in_flight=50).go()
    assert outcome(path) == undisturbed


@pytest.mark.parametrize("in_flight", [1, 500])
def test_speed_does_not_change_what_is_generated(
    tmp_path: Path, in_flight: int, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    TinyRun(path, in_flight=in_flight).go()
    assert outcome(path) == undisturbed


def test_a_crash_at_any_commit_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "ROUND", 24)
    goal = replace(GOAL, total=40)
    domains: dict[str, TinyDomain] = {"tiny": RepetitiveDomain()}
    run = TinyRun(tmp_path / "undisturbed.sqlite", goal=goal, in_flight=64, domains=domains)
    run.go()
    assert len(outcome(run.path)["rounds"]) > 4
    assert dict(LedgerView(run.path).reasons())["duplicate"] > 10
    commit = Ledger.commit
    crash_at, commits = 0, 0

    def crashing(ledger: Ledger) -> None:
        nonlocal commits
        commits += 1
        if 0 < crash_at <= commits:
            raise InjectedCrashError
        commit(ledger)

    monkeypatch.setattr(Ledger, "commit", crashing)
    for point in range(1, 1000):
        crash_at, commits = point, 0
        path = tmp_path / f"{point}.sqlite"
        try:
            replace(run, path=path).go()
        except InjectedCrashError:
            audit(path)
        else:
            break
        crash_at = 0
        replace(run, path=path).go()
        audit(path)
        assert outcome(path) == outcome(run.path)
    assert point > 20


def test_crash_after_crash_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    commit = Ledger.commit
    left = 0

    def crashing(ledger: Ledger) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise InjectedCrashError
        commit(ledger)

    monkeypatch.setattr(Ledger, "commit", crashing)
    crashes = 0
    for survived in range(2, 200):
        left = survived
        try:
            TinyRun(path, in_flight=40).go()
        except InjectedCrashError:
            crashes += 1
        else:
            break
    assert crashes > 5
    audit(path)
    assert outcome(path) == undisturbed


def test_an_answer_that_came_back_is_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    settle = Ledger.settle
    monkeypatch.setattr(Ledger, "settle", _raiser)
    with pytest.raises(InjectedCrashError):
        TinyRun(path).go()
    answered = _answered(path)
    assert answered
    monkeypatch.setattr(Ledger, "settle", settle)
    TinyRun(path).go()
    assert answered.items() <= _answered(path).items()
    audit(path)


def test_attempts_without_an_end_are_lost_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(InjectedCrashError):
        TinyRun(path, teacher=Dying).go()
    TinyRun(path).go()
    audit(path)
    with sqlite3.connect(path) as connection:
        lost = connection.execute("SELECT count(*) FROM attempts WHERE outcome = 'lost'").fetchone()[0]
        answered = connection.execute("SELECT seq FROM attempts WHERE outcome = 'answered'").fetchall()
    connection.close()
    assert lost >= 1
    assert max(Counter(answered).values()) == 1


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        (Reply(Outcome.EMPTY, "", "m"), "rejected", "reply empty"),
        (Reply(Outcome.ANSWERED, " \n", "m"), "rejected", "reply empty"),
        (Reply(Outcome.REFUSED, "I cannot", "m"), "rejected", "reply refused"),
        (Reply(Outcome.TRUNCATED, "12 and", "m"), "rejected", "reply truncated"),
        (Reply(Outcome.FAILED, "", "m"), "dead", "reply failed"),
        (Reply(Outcome.ANSWERED, "wrong 0", "m"), "rejected", "check value"),
    ],
)
def test_every_ticket_gets_a_quality(tmp_path: Path, said: Reply, state: str, reason: str) -> None:
    path = tmp_path / "ledger.sqlite"

    @dataclass
    class Saying:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            return said if request.ticket.seq % 2 else await self.teacher.answer(request)

    events: list[Event] = []
    goal = replace(GOAL, kind="pilot", total=20)
    progress = TinyRun(path, goal=goal, teacher=Saying, fault_rate=0.0, announce=events.append).go()
    audit(path)
    assert progress.scored == 20
    assert progress.done == 20
    assert LedgerView(path).reasons() == [(reason, 10)]
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert getattr(accounts, state) == 10
    assert sum(isinstance(event, SampleScored) and event.accepted is False for event in events) == 10


def test_answers_that_come_together_are_judged_together_and_none_waits_for_those_that_do_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All calls but the first end only when the first ticket is scored."""
    path = tmp_path / "ledger.sqlite"
    scored, judged = asyncio.Event(), list[int]()
    together = InlineBench.run_all

    def counted(
        bench: InlineBench[Domains], function: Callable[..., Any], calls: Sequence[Any]
    ) -> Awaitable[list[Any]]:
        judged.extend([len(calls)] if function is assess else [])
        return together(bench, function, calls)

    monkeypatch.setattr(InlineBench, "run_all", counted)

    @dataclass
    class Halting:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            if request.ticket.seq:
                await asyncio.wait_for(scored.wait(), 30.0)
            return await self.teacher.answer(request)

    goal = replace(GOAL, kind="pilot", total=16)

    def announce(event: Event) -> None:
        if isinstance(event, SampleScored):
            scored.set()

    TinyRun(path, goal=goal, teacher=Halting, announce=announce).go()
    audit(path)
    assert judged == [1, 15]


def test_a_repeated_answer_keeps_its_quality_and_is_not_accepted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    class Lazy(TinyDomain):
        def prompt(self, item, variant):
            return super().prompt(item, variant)[:1]

        def answer(self, item, variant):
            return "always the same words, whatever was asked of me, 5"

        def judge(self, item, prompt, answer):
            return super().judge(item, prompt, super().answer(item, 0))

    goal = replace(GOAL, kind="pilot", total=10)
    TinyRun(path, goal=goal, fault_rate=0.0, domains={"tiny": Lazy()}).go()
    audit(path)
    rows = outcome(path)["samples"]
    assert LedgerView(path).reasons() == [("duplicate", 9)]
    assert [row[3] for row in rows] == [None] + [0] * 9
    assert all(row[1] > 0.7 for row in rows)


def test_a_pilot_finishes_its_tickets_whatever_they_are_worth(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    progress = TinyRun(path, goal=replace(GOAL, kind="pilot", total=190), fault_rate=1.0).go()
    assert (progress.done, progress.total, progress.accepted) == (190, 190, 0)
    audit(path)


def test_the_ticket_budget_pauses_and_names_the_reasons(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    run = TinyRun(path, goal=replace(GOAL, budget=350), fault_rate=0.5)
    with pytest.raises(PausedError, match=r"budget is used up.*350 tickets.*check value \(\d+\)") as caught:
        run.go()
    assert "campaign.tickets_per_sample" in caught.value.cure
    audit(path)
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert (accounts.issued, accounts.open) == (350, 0)
    assert replace(run, goal=replace(GOAL, budget=2000)).go().done == 300


def test_a_domain_without_new_items_pauses_and_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(PausedError, match="no domain that owes samples has new items"):
        TinyRun(path, domains={"tiny": TinyDomain(distinct=20)}).go()
    audit(path)
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert accounts.issued == 120


TWO_DOMAINS = {"tiny": DOMAIN, "scarce": TinyDomain(name="scarce", distinct=7)}
TWO = replace(GOAL, weights={"tiny": 0.6, "scarce": 0.4})


def test_a_scarce_domain_stops_the_run_when_the_other_has_its_share(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(PausedError, match=r"has new items.*scarce lacks \d+") as caught:
        TinyRun(path, goal=TWO, domains=TWO_DOMAINS).go()
    assert "campaign.on_exhausted: redistribute" in caught.value.cure
    assert dict(accepted_by_domain(path))["tiny"] == 180


def test_the_other_domain_makes_up_for_a_scarce_one_the_same_after_a_stop(tmp_path: Path) -> None:
    goal = replace(TWO, redistributes=True)
    whole = TinyRun(tmp_path / "whole.sqlite", goal=goal, domains=TWO_DOMAINS)
    assert whole.go().done == 300
    audit(whole.path)
    by_domain = dict(accepted_by_domain(whole.path))
    assert by_domain["scarce"] <= 42
    assert sum(by_domain.values()) == 300
    for tickets in (1, 100, 255, 256, 300):
        path = tmp_path / f"{tickets}.sqlite"
        stopped = TinyRun(path, goal=goal, domains=TWO_DOMAINS, in_flight=5, limits=Limits(max_tickets=tickets))
        with pytest.raises(PausedError):
            stopped.go()
        assert replace(stopped, limits=Limits()).go().done == 300
        assert outcome(path) == outcome(whole.path)


def accepted_by_domain(path: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT domain, accepted FROM counters").fetchall()


def test_an_answer_that_the_judge_fails_on_has_no_quality_and_a_class_of_its_own(tmp_path: Path) -> None:
    class Unsure(TinyDomain):
        def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
            found = super().judge(item, prompt, answer)
            return replace(found, is_known=item.params["a"] % 10 != 0)

    path = tmp_path / "ledger.sqlite"
    TinyRun(path, domains={"tiny": Unsure()}, fault_rate=0.0).go()
    audit(path)
    unjudged = [ticket for ticket in LedgerView(path).judged() if ticket.failure == UNJUDGED]
    assert 10 < len(unjudged) < 100
    assert {(ticket.quality, ticket.accepted) for ticket in unjudged} == {(0.0, False)}


def test_draining_settles_what_is_in_flight_and_resumes(
    tmp_path: Path, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    engines: list[Engine] = []
    scored = 0

    def announce(event: Event) -> None:
        nonlocal scored
        scored += isinstance(event, SampleScored)
        if scored == 60:
            engines[0].drain()

    run = TinyRun(path, announce=announce, started=lambda engine, _: engines.append(engine))
    with pytest.raises(PausedError, match="stopped on request"):
        run.go()
    audit(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM attempts WHERE outcome IS NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM samples").fetchone()[0] >= 60
        assert connection.execute("SELECT count(*) FROM attempts").fetchone()[0] < 120
    connection.close()
    TinyRun(path).go()
    assert outcome(path) == undisturbed


def test_calls_that_a_teacher_takes_up_again_are_left_under_way(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    class NeverAnswers:
        async def answer(self, request: Request) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError(request)

    def soon(engine: Engine, _bench: Bench[Domains]) -> None:
        asyncio.get_running_loop().call_later(0.1, engine.drain)

    with pytest.raises(PausedError, match="stopped on request"):
        TinyRun(path, teacher=lambda _: NeverAnswers(), takes_up=True, started=soon).go()
    audit(path)
    assert LedgerView(path).progress().done == 0  # type: ignore[union-attr]
    TinyRun(path).go()
    audit(path)


@pytest.mark.parametrize(
    ("when", "planned"),
    [("before it begins", 0), ("while a round is planned", 0), ("when a round is due", rounds.AHEAD)],
)
def test_a_run_that_drains_plans_no_round(
    tmp_path: Path, when: str, planned: int, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    engines: list[Engine] = []
    scored = 0

    class Interrupted(TinyDomain):
        def item(self, cell, index, seed):
            if when == "while a round is planned":
                engines[0].drain()
            return super().item(cell, index, seed)

    def announce(event: Event) -> None:
        nonlocal scored
        scored += isinstance(event, SampleScored)
        if when == "before it begins" or (when == "when a round is due" and scored == rounds.ROUND):
            engines[0].drain()

    def started(engine: Engine, _: Bench[object]) -> None:
        engines.append(engine)

    with pytest.raises(PausedError, match="stopped on request"):
        TinyRun(path, domains={"tiny": Interrupted()}, announce=announce, started=started).go()
    audit(path)
    assert len(outcome(path)["rounds"]) == planned
    TinyRun(path).go()
    assert outcome(path) == undisturbed


def test_a_run_that_is_cancelled_keeps_the_answers_that_came_back(
    tmp_path: Path, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    scored = 0

    def announce(event: Event) -> None:
        nonlocal scored
        scored += isinstance(event, SampleScored)
        if scored == 60:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        TinyRun(path, announce=announce).go()
    audit(path)
    assert LedgerView(path).accounts().settled == scored  # type: ignore[union-attr]
    TinyRun(path).go()
    assert outcome(path) == undisturbed


def test_a_killed_worker_pauses_the_run_and_loses_nothing(
    tmp_path: Path, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    benches: list[WorkerBench[object]] = []
    scored = 0

    def started(_: Engine, bench: Bench[object]) -> None:
        assert isinstance(bench, WorkerBench)
        benches.append(bench)

    def announce(event: Event) -> None:
        nonlocal scored
        scored += isinstance(event, SampleScored)
        if scored == 50:
            os.kill(benches[0].pids[0], signal.SIGKILL)

    with pytest.raises(PausedError, match=r"worker process \d+ was killed by SIGKILL"):
        TinyRun(path, workers=2, announce=announce, started=started).go()
    audit(path)
    TinyRun(path).go()
    assert outcome(path) == undisturbed


@pytest.mark.parametrize("pages", range(50, 95, 5))
def test_a_full_disk_pauses_the_accounts_balance_and_only_what_is_stored_is_announced(
    tmp_path: Path, pages: int, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    events: list[Event] = []

    def fill_up(engine: Engine, _: Bench[object]) -> None:
        engine._ledger._connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(PausedError, match="full"):
        TinyRun(path, started=fill_up, announce=events.append).go()
    audit(path)
    assert qualities_of(events) == stored_qualities(path)
    TinyRun(path, announce=events.append).go()
    assert outcome(path) == undisturbed
    assert qualities_of(events) == stored_qualities(path)


@pytest.mark.parametrize("failing", [6, 9, 20])
def test_what_a_failing_commit_took_back_is_not_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    path = tmp_path / "ledger.sqlite"
    events: list[Event] = []
    commit = Ledger.commit
    commits = 0

    def refused(ledger: Ledger) -> None:
        nonlocal commits
        commits += 1
        if commits == failing:
            ledger._take_back()
            raise PausedError("the disk is full", "free space")
        commit(ledger)

    monkeypatch.setattr(Ledger, "commit", refused)
    with pytest.raises(PausedError, match="the disk is full"):
        TinyRun(path, announce=events.append).go()
    assert qualities_of(events) == stored_qualities(path)
    TinyRun(path, announce=events.append).go()
    assert qualities_of(events) == stored_qualities(path)


def test_a_teacher_that_pauses_lets_the_others_finish(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    @dataclass
    class Unpaid:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            if request.ticket.seq == 20:
                raise PausedError("the quota is used up", "pay the bill")
            for _ in range(20):
                await asyncio.sleep(0)
            return await self.teacher.answer(request)

    with pytest.raises(PausedError, match="quota"):
        TinyRun(path, teacher=Unpaid).go()
    audit(path)
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT seq, outcome FROM attempts ORDER BY seq").fetchall()
    connection.close()
    assert [seq for seq, said in rows if said is None] == [20]
    assert len(rows) > 25
    TinyRun(path).go()
    audit(path)


@dataclass
class Silent:
    """Answers ``fine`` tickets, then says nothing any more."""

    teacher: Teacher
    fine: int

    async def answer(self, request: Request) -> Reply:
        if request.ticket.seq >= self.fine:
            await asyncio.Event().wait()
        return await self.teacher.answer(request)


def test_a_teacher_that_hangs_pauses_the_run_and_is_asked_again_later(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "ledger.sqlite", teacher=lambda teacher: Silent(teacher, 50), silence_seconds=0.2)
    with pytest.raises(PausedError, match=r"nothing came back for \S+ minutes, with 16 tickets in flight") as caught:
        run.go()
    assert "watch.stall_minutes" in caught.value.cure
    audit(run.path)
    accounts = LedgerView(run.path).accounts()
    assert accounts is not None
    assert accounts.settled == 50

    assert replace(run, teacher=lambda teacher: teacher, silence_seconds=60.0).go().is_complete
    audit(run.path)
    with closing(sqlite3.connect(run.path)) as ledger:
        assert ledger.execute("SELECT count(*) FROM attempts WHERE outcome = 'lost'").fetchone() == (16,)


def test_a_slow_teacher_is_no_silent_one(tmp_path: Path) -> None:
    @dataclass
    class Slow:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            await asyncio.sleep(0.02)
            return await self.teacher.answer(request)

    goal = replace(GOAL, kind="pilot", total=40, budget=40)
    run = TinyRun(tmp_path / "ledger.sqlite", goal=goal, in_flight=1, teacher=Slow, silence_seconds=0.4)
    assert run.go().is_complete


def test_broken_code_of_a_domain_stops_the_run(tmp_path: Path) -> None:
    class Broken(TinyDomain):
        def judge(self, item, prompt, answer):
            raise ZeroDivisionError("in the domain")

    with pytest.raises(CampaignError, match="ZeroDivisionError: in the domain"):
        TinyRun(tmp_path / "ledger.sqlite", domains={"tiny": Broken()}).go()
    audit(tmp_path / "ledger.sqlite")


def test_events_come_after_their_commit(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    events: list[Event] = []
    seen: list[tuple[int, int]] = []

    def announce(event: Event) -> None:
        events.append(event)
        accounts = LedgerView(path).accounts()
        assert accounts is not None
        seen.append((sum(isinstance(event, SampleScored) for event in events), accounts.settled))

    TinyRun(path, goal=replace(GOAL, kind="pilot", total=40), announce=announce).go()
    assert all(announced <= durable for announced, durable in seen)
    assert events[0] == RunStarted("test", "pilot", 40, "f" * 16)
    final = events[-1]
    assert isinstance(final, Progressed)
    assert (final.done, final.total) == (40, 40)


def test_active_learning_evens_out_what_random_draws_leave_uneven(tmp_path: Path) -> None:
    spreads = {}
    for active in (True, False):
        path = tmp_path / f"{active}.sqlite"
        TinyRun(path, goal=replace(GOAL, active=active)).go()
        with sqlite3.connect(path) as connection:
            counts = [
                count
                for (count,) in connection.execute(
                    "SELECT count(*) FROM tickets WHERE state = 'accepted' GROUP BY family, difficulty"
                )
            ]
        connection.close()
        spreads[active] = max(counts) - min(counts)
    assert spreads[True] * 2 < spreads[False]


def test_a_hopeless_cell_cannot_eat_the_campaign(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    run = TinyRun(path, fault_rate=0.0, domains={"tiny": TinyDomain(broken=("sum",))}, goal=replace(GOAL, budget=1200))
    assert run.go().done == 300
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert accounts.rejected <= 700


def test_quotas_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    domains = {name: TinyDomain(name=name) for name in ("one", "three", "two")}
    goal = replace(GOAL, weights={"one": 0.5, "two": 0.3, "three": 0.2}, total=301)
    TinyRun(path, goal=goal, domains=domains).go()
    audit(path)
    assert {domain: accepted for domain, _, accepted, *_ in outcome(path)["counters"]} == {
        "one": 151,
        "two": 90,
        "three": 60,
    }
    first = [row[3] for row in outcome(path)["tickets"][:40]]
    assert len(set(first)) == 3, "domains come mixed, not one after the other"


def test_a_damaged_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    TinyRun(path).go()
    data = bytearray(path.read_bytes())
    data[8192 : 8192 + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(DamagedFileError) as caught:
        TinyRun(path).go()
    assert "keep a copy" in caught.value.cure
    assert path.read_bytes() == data


def qualities_of(events: list[Event]) -> list[float]:
    return [event.quality for event in events if isinstance(event, SampleScored)]


def stored_qualities(path: Path) -> list[float]:
    return [row[1] for row in outcome(path)["samples"]]


def _raiser(*_: object) -> None:
    raise InjectedCrashError


def _answered(path: Path) -> dict[int, tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, started, finished FROM attempts WHERE outcome = 'answered'").fetchall()
    connection.close()
    return {attempt: (started, finished) for attempt, started, finished in rows}
