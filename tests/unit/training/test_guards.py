from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from tiny_run import GOAL, HEADER, Dying, InjectedCrashError, TinyRun, audit, outcome

from agents.campaign.errors import DamagedFileError, PausedError
from agents.training.guards import ACCEPTANCE, QUALITY, Alarm, Claims, Guards, Settled
from agents.training.ledger import Ledger
from agents.training.limits import GIGABYTE, Limits
from agents.training.prices import Prices
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request, Teacher

GOOD = Settled(0, "asm", 0.9, True, None, "m1")
BAD = Settled(0, "asm", 0.0, False, "checks", "m1")


def guards_of(
    quality: float = 0.75,
    acceptance: float = 0.5,
    budgets: Mapping[str, float] | None = None,
    claims: Claims | None = None,
    domains: tuple[str, ...] = ("asm",),
    **more: Any,
) -> Guards:
    floors, weights = {QUALITY: quality, ACCEPTANCE: acceptance}, dict.fromkeys(domains, 1 / len(domains))
    known = claims or Claims()
    return Guards.of(floors, budgets or {}, known, domains=weights, planned=1_000, error_level=0.05, **more)


def seen(guards: Guards, tickets: list[Settled]) -> tuple[Guards, list[Alarm]]:
    """Show the tickets to the guards; return all alarms."""
    alarms = []
    for ticket in tickets:
        guards, alarm = guards.after(ticket)
        alarms += [alarm] if alarm else []
    return guards, alarms


def test_good_tickets_alarm_never_and_bad_ones_soon() -> None:
    calm, alarms = seen(guards_of(), [GOOD] * 900)
    assert alarms == []
    found, alarms = seen(calm, [BAD] * 40)
    assert alarms[0].guard == "quality"
    assert "quality has fallen below 0.75" in alarms[0].cause
    assert "campaign resume" in alarms[0].cure
    assert found.streams[0].seen == 940


def test_the_cause_names_the_newest_mean_and_not_that_of_the_whole_run() -> None:
    _, alarms = seen(guards_of(acceptance=0.0), [GOOD] * 900 + [BAD] * 100)
    assert float(alarms[-1].cause.partition("average ")[2].split()[0]) < 0.4


def test_acceptance_is_watched_by_itself() -> None:
    rng = Random(4)
    _, alarms = seen(guards_of(), [Settled(0, "asm", 0.95, rng.random() < 0.1) for _ in range(200)])
    assert alarms[0].guard == "acceptance"


def test_a_domain_of_its_own_is_watched_where_there_are_several() -> None:
    mixed = [replace(GOOD, quality=1.0)] * 9 + [Settled(0, "yaze", 0.3, True)]
    _, alarms = seen(guards_of(acceptance=0.0, domains=("asm", "yaze")), mixed * 60)
    assert {alarm.guard for alarm in alarms} == {"quality of yaze"}


def test_acceptance_of_a_domain_is_watched_too() -> None:
    mixed = [GOOD] * 9 + [Settled(0, "yaze", 0.9, False)]
    _, alarms = seen(guards_of(domains=("asm", "yaze")), mixed * 60)
    assert {alarm.guard for alarm in alarms} == {"acceptance of yaze"}


def test_a_domain_is_held_to_its_own_floor_or_to_what_the_pilot_proved_of_it() -> None:
    weak = {"asm": {QUALITY: 0.9, ACCEPTANCE: 0.9}, "yaze": {QUALITY: 0.5, ACCEPTANCE: 0.4, "refused": 0.7}}
    guards = guards_of(claims=Claims(weak), domains=("asm", "yaze"), budgets={"refused": 0.2})
    floors = {(stream.measure, stream.domain): stream.detector.floor for stream in guards.streams if not stream.warns}
    assert floors[QUALITY, "asm"] == 0.75
    assert floors[QUALITY, "yaze"] == 0.5
    assert floors[ACCEPTANCE, "yaze"] == 0.4
    assert (floors["refused", "asm"], floors["refused", "yaze"]) == (0.8, 0.7)
    strict = guards_of(claims=Claims(weak), domains=("asm", "yaze"), domain_floors={"yaze": 0.6})
    kept = [stream for stream in strict.streams if stream.name == "quality of yaze" and not stream.warns]
    assert [stream.detector.floor for stream in kept] == [0.6]


def test_of_one_domain_a_floor_that_is_demanded_holds_whatever_the_pilot_proved() -> None:
    claims = Claims({"asm": {QUALITY: 0.7, ACCEPTANCE: 0.4}})
    floors = {stream.name: stream.detector.floor for stream in guards_of(claims=claims).streams}
    assert (floors["quality"], floors["acceptance"]) == (0.7, 0.4)
    demanded = guards_of(claims=claims, demanded={QUALITY})
    assert {stream.name: stream.detector.floor for stream in demanded.streams}["quality"] == 0.75


def test_domains_that_differ_alarm_nobody_when_the_weaker_one_comes_last() -> None:
    rng = Random(6)
    proven = {"asm": {QUALITY: 0.9, ACCEPTANCE: 0.9}, "yaze": {QUALITY: 0.55, ACCEPTANCE: 0.5}}
    mixed = [Settled(0, "asm", 0.97, True), Settled(0, "yaze", 0.0, False)] * 300
    last = [Settled(0, "yaze", 0.0, False)] * 900
    tickets = [
        replace(ticket, quality=0.95 * good, accepted=good) if ticket.domain == "yaze" else ticket
        for ticket in mixed + last
        for good in [rng.random() < 0.67]
    ]
    found, alarms = seen(guards_of(claims=Claims(proven), domains=("asm", "yaze")), tickets)
    assert (alarms, found.warned) == ([], {})


def test_an_imbalance_alarms_and_goes_on_when_a_person_wants_it() -> None:
    guards = guards_of(0.0, 0.0, domains=("asm", "yaze"), most_imbalance=0.1)
    tickets = [replace(GOOD, seq=seq, domain="asm" if seq % 4 else "yaze") for seq in range(600)]
    found, alarms = seen(guards, tickets)
    assert alarms[0].guard == "balance"
    assert "75.0% of the 500 accepted samples, 40.0% to 60.0% are allowed" in alarms[0].cause
    renewed = found.renewed(600)
    assert renewed.balance is not None
    later = [replace(ticket, seq=ticket.seq + 600) for ticket in tickets]
    assert seen(renewed, later)[1] == []
    again = guards.taken_up(orjson.loads(orjson.dumps(renewed.document())))
    assert again.with_accepted({"asm": 450, "yaze": 150}) == renewed
    assert guards_of(domains=("asm", "yaze")).balance is None
    assert guards_of(most_imbalance=0.1).balance is None, "of one domain there is none"


def test_a_floor_of_0_and_a_budget_of_1_watch_nothing() -> None:
    found, alarms = seen(guards_of(0.0, 0.0, {"refused": 1.0}), [BAD] * 500)
    assert ([stream for stream in found.streams if not stream.warns], alarms) == ([], [])


def test_where_nothing_is_tolerated_a_few_exceptions_alarm() -> None:
    refused = replace(BAD, failure="refused")
    _, alarms = seen(guards_of(0.0, 0.0, {"refused": 0.0}), [*[GOOD] * 50, *[refused] * 3])
    assert alarms[0].guard == "refused"
    _, alarms = seen(guards_of(1.0, 0.0), [GOOD] * 200)
    assert alarms[0].guard == "quality"
    assert seen(guards_of(1.0, 1.0, {"refused": 0.0}), [replace(GOOD, quality=1.0)] * 900)[1] == []


def test_a_class_of_failure_has_a_budget() -> None:
    guards = guards_of(0.0, 0.0, {"refused": 0.2, "unjudged": 0.05})
    refusals = [*[GOOD] * 9, replace(BAD, failure="refused")] * 50
    _, alarms = seen(guards, refusals)
    assert alarms == []
    _, alarms = seen(guards, [GOOD, replace(BAD, failure="refused")] * 60)
    assert {alarm.guard for alarm in alarms} == {"refused"}
    assert "more than 0.2 of the tickets are refused" in alarms[0].cause
    _, alarms = seen(guards, ([GOOD] * 9 + [replace(BAD, failure="unjudged")]) * 150)
    assert {alarm.guard for alarm in alarms} == {"unjudged"}


def test_below_what_was_proven_before_it_warns_once_and_does_not_stop() -> None:
    guards = guards_of(0.5, 0.3, claims=Claims({"asm": {QUALITY: 0.85, ACCEPTANCE: 0.8}}))
    warned, alarms = seen(guards, [replace(GOOD, quality=0.7)] * 200)
    assert alarms == []
    assert list(warned.warned) == ["quality so far"]
    assert "quality so far has fallen below 0.85" in warned.warned["quality so far"]
    later, _ = seen(warned, [replace(GOOD, quality=0.7)] * 50)
    assert later.warned == warned.warned


def test_what_the_campaign_itself_proved_is_held_against_it() -> None:
    rng = Random(2)
    steady = [Settled(0, "asm", 0.9, rng.random() < 0.63) for _ in range(10_000)]
    calm, alarms = seen(guards_of(0.5, 0.3), steady)
    assert (alarms, calm.warned) == ([], {})
    (floor,) = [stream.detector.floor for stream in calm.streams if stream.name == "acceptance so far"]
    assert 0.59 < floor < 0.63
    stored = orjson.loads(orjson.dumps(calm.document()))
    worse = [Settled(0, "asm", 0.9, rng.random() < 0.45) for _ in range(400)]
    warned, _ = seen(guards_of(0.5, 0.3).taken_up(stored), worse)
    assert list(warned.warned) == ["acceptance so far"]


def test_another_model_alarms_at_once_and_is_known_after_it() -> None:
    yaze = replace(GOOD, domain="yaze", model="m2")
    guards, alarms = seen(guards_of(domains=("asm", "yaze")), [GOOD, yaze, replace(GOOD, model=""), GOOD])
    assert alarms == []
    stranger = replace(GOOD, seq=7, model="m3")
    found, alarms = seen(guards, [stranger])
    assert alarms[0].guard == "model"
    assert "ticket 7 of asm was answered by m3, those before it and the pilot's by m1" in alarms[0].cause
    assert seen(found, [stranger, GOOD])[1] == []


def test_a_fallback_is_another_model_on_purpose_and_may_not_change_either() -> None:
    fallback = replace(GOOD, model="m2", alias="spare")
    guards, alarms = seen(guards_of(), [GOOD, fallback, GOOD, fallback])
    assert alarms == []
    assert "answered by the fallback spare (m2)" in guards.warned["model of asm"]
    _, alarms = seen(guards, [replace(fallback, seq=9, model="m3")])
    assert alarms[0].guard == "model"
    of_pilot = guards_of(claims=Claims(models={"asm": frozenset({"m1"}), "asm by spare": frozenset({"m2"})}))
    found, alarms = seen(of_pilot, [GOOD, fallback])
    assert (alarms, dict(found.warned)) == ([], {})
    assert seen(of_pilot, [replace(fallback, model="m3")])[1][0].guard == "model"


def test_a_model_that_is_not_the_pilots_alarms_with_the_first_ticket() -> None:
    guards = guards_of(claims=Claims(models={"asm": frozenset({"m1", "m2"})}))
    assert seen(guards, [GOOD, replace(GOOD, model="m2")])[1] == []
    assert seen(guards, [replace(GOOD, model="m3")])[1][0].guard == "model"


def test_what_is_known_survives_as_json_and_a_stream_of_another_floor_begins_anew() -> None:
    fresh = guards_of(claims=Claims({"asm": {QUALITY: 0.95}}))
    guards, _ = seen(fresh, [GOOD] * 30 + [BAD] * 3)
    stored = orjson.loads(orjson.dumps(guards.document()))
    assert fresh.taken_up(stored) == guards
    other = guards_of(0.7, claims=Claims({"asm": {QUALITY: 0.95}})).taken_up(stored)
    assert [stream.seen for stream in other.streams] == [0, 33, 33, 33]
    assert fresh.taken_up({}) == fresh


def test_begun_anew_they_leave_out_what_was_answered_before() -> None:
    guards, _ = seen(guards_of(), [BAD] * 100)
    renewed = guards.renewed(500)
    assert seen(renewed, [replace(BAD, seq=seq) for seq in range(400, 500)])[1] == []
    assert seen(renewed, [replace(BAD, seq=seq) for seq in range(500, 600)])[1] != []


# in a run


GUARDS = Guards.of({QUALITY: 0.6, ACCEPTANCE: 0.5}, {}, Claims(), domains={"tiny": 1.0}, planned=900, error_level=0.05)


@dataclass
class Worsening:
    """Says nonsense from ticket 100 on."""

    teacher: Teacher

    async def answer(self, request: Request) -> Reply:
        said = await self.teacher.answer(request)
        return said if request.ticket.seq < 100 else Reply(Outcome.ANSWERED, "wrong 0", said.model)


@dataclass
class Replaced:
    """Is another model from ticket 50 on."""

    teacher: Teacher

    async def answer(self, request: Request) -> Reply:
        said = await self.teacher.answer(request)
        return said if request.ticket.seq < 50 else replace(said, model="newer")


@dataclass
class Metered:
    """Reads 1,000 tokens and writes 500 for every answer; ticket 30 is not told."""

    teacher: Teacher

    async def answer(self, request: Request) -> Reply:
        said = await self.teacher.answer(request)
        return said if request.ticket.seq == 30 else replace(said, tokens_in=1_000, tokens_out=500)


@dataclass
class Ticking:
    """A clock on which every look takes ten seconds."""

    seconds: float = field(default=0.0)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        self.seconds += 10.0
        return self.seconds


@pytest.mark.parametrize("state", ["[]", '{"streams": 3}', '{"streams": {"quality": [0.6, 1]}}', "{", '{"since": []}'])
def test_a_damaged_state_is_told(tmp_path: Path, state: str) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path, HEADER) as ledger:
        ledger.keep_guards(GUARDS, 0)
        ledger.commit()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE guards SET state = ?", (state,))
    with Ledger.open(path, HEADER) as ledger, pytest.raises(DamagedFileError):
        ledger.guards(GUARDS)


@pytest.mark.parametrize(("workers", "in_flight"), [(0, 1), (0, 300), (2, 40)])
def test_a_drift_pauses_at_the_same_ticket_whatever_the_speed(tmp_path: Path, workers: int, in_flight: int) -> None:
    alike = []
    for run in (
        TinyRun(tmp_path / "a.sqlite", guards=GUARDS, teacher=Worsening),
        TinyRun(tmp_path / "b.sqlite", guards=GUARDS, teacher=Worsening, workers=workers, in_flight=in_flight),
    ):
        with pytest.raises(PausedError, match="has fallen below"):
            run.go()
        audit(run.path)
        alike.append([row[:5] for row in outcome(run.path)["samples"]])
        with Ledger.open(run.path, run.header) as ledger:
            alarm = ledger.standing_alarm()
        assert alarm is not None
        assert f"(after {len(alike[-1])} tickets;" in alarm.cause
    assert alike[0] == alike[1]
    assert 100 < len(alike[0]) < 200


def test_what_was_settled_after_they_were_stored_is_caught_up_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill comes before the state of the guards is stored again: it is as old as the start of that process."""
    whole, killed = (TinyRun(tmp_path / f"{name}.sqlite", guards=GUARDS, teacher=Worsening) for name in ("a", "b"))
    with pytest.raises(PausedError):
        whole.go()
    keep = Ledger.keep_guards
    with monkeypatch.context() as patched:
        for _ in range(2):
            first = iter([True])
            patched.setattr(Ledger, "keep_guards", lambda *kept, first=first: keep(*kept) if next(first, 0) else None)
            with pytest.raises(InjectedCrashError):
                replace(killed, teacher=lambda teacher: Dying(Worsening(teacher), calls=50)).go()
    with pytest.raises(PausedError):
        killed.go()
    audit(killed.path)
    states = []
    for run in (whole, killed):
        with Ledger.open(run.path, run.header) as ledger:
            states.append((ledger.guards(GUARDS).document(), ledger.standing_alarm(), ledger.progress().scored))
    assert states[0] == states[1]


def test_the_balance_counts_what_the_guards_no_longer_watch() -> None:
    watched = guards_of(domains=("asm", "yaze"), most_imbalance=0.1)
    tickets = [replace(GOOD, seq=seq, domain=("asm", "yaze")[seq % 2]) for seq in range(40)]
    renewed = seen(watched, tickets[:10])[0].renewed(since=30)
    after, _ = seen(renewed, tickets[10:])
    assert after.balance is not None
    assert dict(after.balance.accepted) == {"asm": 20, "yaze": 20}


def test_another_judge_alarms_at_once() -> None:
    judged = replace(GOOD, judge="critic")
    guards, alarms = seen(guards_of(), [judged, judged, GOOD])
    assert alarms == []
    found = seen(guards, [replace(judged, seq=9, judge="newer")])[1]
    assert "ticket 9 of asm was judged by newer" in found[0].cause


def test_answers_from_before_the_alarm_do_not_alarm_again(tmp_path: Path) -> None:
    """The whole round is answered when the alarm is given: a hundred bad answers wait to be settled."""
    run = TinyRun(tmp_path / "ledger.sqlite", guards=GUARDS, teacher=Worsening, in_flight=300)
    with pytest.raises(PausedError):
        run.go()
    with Ledger.open(run.path, run.header) as ledger:
        assert len(ledger.stored_replies()) > 50
    mended = replace(run, teacher=lambda teacher: teacher, acknowledge=True)
    assert mended.go().is_complete
    audit(run.path)
    with closing(sqlite3.connect(run.path)) as connection:
        assert connection.execute("SELECT cleared FROM pauses").fetchall() == [("then",)]


def test_another_model_pauses_at_once_and_is_known_once_acknowledged(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "ledger.sqlite", guards=GUARDS, teacher=Replaced)
    with pytest.raises(PausedError, match=r"ticket 50 of tiny was answered by newer.*procedural/"):
        run.go()
    assert len(outcome(run.path)["samples"]) == 51
    assert replace(run, acknowledge=True).go().is_complete


def test_an_alarm_on_the_last_ticket_pauses_nothing(tmp_path: Path) -> None:
    @dataclass
    class LastIsAnother:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            said = await self.teacher.answer(request)
            return said if request.ticket.seq < 39 else replace(said, model="newer")

    run = TinyRun(
        tmp_path / "ledger.sqlite", goal=replace(GOAL, total=40), guards=GUARDS, fault_rate=0.0, teacher=LastIsAnother
    )
    assert run.go().is_complete
    with Ledger.open(run.path, run.header) as ledger:
        assert ledger.standing_alarm() is None


def test_pause_and_samples_are_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, commit = tmp_path / "ledger.sqlite", Ledger.commit

    def refusing(ledger: Ledger) -> None:
        if ledger.standing_alarm():
            raise PausedError("the disk is full", "free space")
        commit(ledger)

    monkeypatch.setattr(Ledger, "commit", refusing)
    with pytest.raises(PausedError, match="disk"):
        TinyRun(path, guards=GUARDS, teacher=Worsening).go()
    monkeypatch.undo()
    with Ledger.open(path, HEADER) as ledger:
        assert ledger.standing_alarm() is None
        assert ledger.guards(GUARDS).streams[0].seen == ledger.progress().scored


def test_the_ticket_cap_pauses_and_raising_it_is_the_cure(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "ledger.sqlite", limits=Limits(max_tickets=70))
    with pytest.raises(PausedError, match="allows 70") as caught:
        run.go()
    assert "guards.max_tickets" in caught.value.cure
    assert len(outcome(run.path)["samples"]) == 70
    whole = TinyRun(tmp_path / "whole.sqlite")
    whole.go()
    assert replace(run, limits=Limits()).go().is_complete
    assert outcome(run.path) == outcome(whole.path)


def test_the_cap_of_hours_counts_the_hours_of_one_start(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "ledger.sqlite", limits=Limits(max_hours=0.5), clock=Ticking())
    with pytest.raises(PausedError, match=r"guards\.max_hours are over: 0\.5"):
        run.go()
    audit(run.path)
    begun = len(outcome(run.path)["samples"])
    assert 0 < begun < 300
    with pytest.raises(PausedError, match="max_hours"):
        replace(run, clock=Ticking()).go()
    assert len(outcome(run.path)["samples"]) > begun


def test_a_full_disk_is_seen_before_an_attempt_begins(tmp_path: Path) -> None:
    free = iter(range(2 * GIGABYTE, 0, -GIGABYTE // 100))
    run = TinyRun(tmp_path / "ledger.sqlite", limits=Limits(min_free_gb=1.5), free_bytes=lambda: next(free))
    with pytest.raises(PausedError, match=r"guards\.min_free_gb wants 1\.5"):
        run.go()
    audit(run.path)
    assert replace(run, free_bytes=lambda: 2 * GIGABYTE).go().is_complete


@pytest.mark.parametrize("in_flight", [1, 64])
def test_the_cap_of_money_is_never_passed_and_the_ledger_has_the_exact_spend(tmp_path: Path, in_flight: int) -> None:
    prices = Prices(input=1.0, output=4.0, answer_tokens=2_000)
    run = TinyRun(
        tmp_path / "ledger.sqlite",
        in_flight=in_flight,
        teacher=Metered,
        prices=prices,
        limits=Limits(max_cost=0.3),
    )
    with pytest.raises(PausedError, match=r"guards\.max_cost allows 0\.3"):
        run.go()
    audit(run.path)
    with closing(sqlite3.connect(run.path)) as connection:
        attempts = connection.execute("SELECT seq, reserved, tokens_in, tokens_out, cost FROM attempts").fetchall()
    known = {seq: cost for seq, _, _, _, cost in attempts if cost is not None}
    untold = [reserved for _, reserved, _, _, cost in attempts if cost is None]
    assert all(cost == pytest.approx(0.003) for cost in known.values())
    assert len(untold) == 1
    spent = sum(known.values()) + sum(untold)
    assert 0.3 - max(reserved for _, reserved, *_ in attempts) < spent <= 0.3
    with Ledger.open(run.path, run.header) as ledger:
        assert ledger.spent({}, {}) == pytest.approx(spent)
    assert replace(run, limits=Limits()).go().is_complete
