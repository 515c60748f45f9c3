"""What the first version of this program left behind is taken up, and goes on as if nothing had been between."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from first_version import turn_back, version
from tiny_run import GOAL, HEADER, Dying, InjectedCrashError, TinyRun, audit, outcome

from agents.campaign.errors import AnotherPlanError, DamagedFileError
from agents.campaign.ledger_view import SCHEMA_VERSION, LedgerView
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, Guards
from agents.training.ledger import Ledger

GUARDS = Guards.of({QUALITY: 0.3, ACCEPTANCE: 0.3}, {}, Claims(), domains={"tiny": 1.0}, planned=900, error_level=0.05)
PILOT = replace(GOAL, kind="pilot", total=190)
UNDER_WAY = """
    INSERT INTO attempts (seq, started) SELECT seq, '2026-01-01T00:00:00.000+00:00' FROM tickets
    WHERE state = 'open' AND seq NOT IN (SELECT seq FROM attempts) ORDER BY seq LIMIT 9
"""
ATTEMPTS_BY_STATE = "SELECT t.state, a.outcome, a.id IS NULL FROM tickets t LEFT JOIN attempts a ON a.seq = t.seq"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def half(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A campaign that died twice: open tickets were answered, asked, or never asked; attempts are lost."""
    with pytest.raises(InjectedCrashError):
        TinyRun(path, teacher=Dying).go()
    settle = Ledger.settle
    left = 60

    def dying(ledger: Ledger, *values: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise InjectedCrashError
        settle(ledger, *values)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "settle", dying)
        with pytest.raises(InjectedCrashError):
            TinyRun(path).go()
    turn_back(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(UNDER_WAY)
    answered, unfinished, never_asked = ("open", "answered", 0), ("open", None, 0), ("open", None, 1)
    assert rows(path, ATTEMPTS_BY_STATE) >= {answered, unfinished, never_asked, ("accepted", "lost", 0)}
    return path


def rows(path: Path, query: str) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute(query).fetchall())


def answers(path: Path) -> set[tuple[Any, ...]]:
    return rows(path, "SELECT id, seq, started, finished, reply FROM attempts WHERE outcome = 'answered'")


def seen(path: Path) -> list[Any]:
    """Return all that can be read of a ledger without tokens and costs."""
    view = LedgerView(path)
    view.check_whole()
    return [
        *(view.header(), view.accounts(), view.progress(), view.reasons(), view.judged(), view.models()),
        *(list(view.samples(accepted=accepted)) for accepted in (True, False)),
        *(view.warnings(), [(call.ticket, call.began, call.ended) for call in view.calls()]),
    ]


def test_it_is_read_whole_and_reading_leaves_it_as_it_is(path: Path) -> None:
    TinyRun(path, goal=PILOT).go()
    now = seen(path)
    turn_back(path)
    before = path.read_bytes()
    assert seen(path) == now
    assert len(LedgerView(path).calls()) == 190
    assert path.read_bytes() == before
    assert version(path) == 1


def test_a_complete_pilot_is_complete_and_can_be_topped_up(path: Path) -> None:
    pilot = TinyRun(path, goal=PILOT)
    pilot.go()
    turn_back(path)
    before, asked = outcome(path)["samples"], answers(path)
    assert pilot.go().is_complete
    assert version(path) == SCHEMA_VERSION
    assert (outcome(path)["samples"], answers(path)) == (before, asked)

    more = replace(pilot, goal=replace(PILOT, total=380)).go()

    assert (more.done, more.total) == (380, 380)
    assert outcome(path)["samples"][:190] == before
    audit(path)


def test_a_campaign_in_the_middle_goes_on_to_exactly_its_target(half: Path, tmp_path: Path) -> None:
    asked = answers(half)
    progress = TinyRun(half).go()
    assert progress.done == progress.accepted == progress.total == GOAL.total
    assert asked < answers(half), "what was answered is not asked again"
    assert rows(half, "SELECT count(*) - count(DISTINCT seq) FROM attempts WHERE outcome = 'answered'") == {(0,)}
    audit(half)
    undisturbed = tmp_path / "undisturbed.sqlite"
    TinyRun(undisturbed).go()
    assert outcome(half) == outcome(undisturbed)


def test_what_cost_nothing_that_is_known_is_reckoned_as_nothing(half: Path) -> None:
    with Ledger.open(half, HEADER) as ledger:
        assert ledger.spent({}, {}) == 0.0
        assert (ledger.exhausted(), ledger.standing_alarm()) == ([], None)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE counters SET accepted = accepted + 1, issued = issued + 1",
        "DELETE FROM samples",
        "UPDATE run SET plan_values = '{'",
        "UPDATE tickets SET prompt = '[1]' WHERE state = 'open'",
        "UPDATE tickets SET item = '{' WHERE state = 'open'",
        "UPDATE attempts SET reply = CAST(x'ff' AS TEXT) WHERE seq IN (SELECT seq FROM tickets WHERE state = 'open')",
        "CREATE TABLE pauses (day TEXT)",
        "PRAGMA user_version = 2",
    ],
)
def test_a_damaged_one_is_refused_and_nothing_of_it_is_changed(half: Path, damage: str) -> None:
    with closing(sqlite3.connect(half, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(damage)
    before, files = half.read_bytes(), sorted(half.parent.iterdir())
    for _ in range(2):
        with pytest.raises(DamagedFileError, match="is damaged"):
            Ledger.open(half, HEADER)
        assert half.read_bytes() == before
        assert sorted(half.parent.iterdir()) == files


def test_one_of_another_plan_is_refused_and_not_brought_up_to_date(half: Path) -> None:
    before = half.read_bytes()
    with pytest.raises(AnotherPlanError):
        Ledger.open(half, replace(HEADER, fingerprint="0" * 16))
    assert half.read_bytes() == before


def test_one_of_the_second_version_goes_on_with_what_its_guards_knew(path: Path, tmp_path: Path) -> None:
    run = TinyRun(path, guards=GUARDS, in_flight=8)
    with pytest.raises(InjectedCrashError):
        replace(run, teacher=Dying).go()
    now = seen(path)
    turn_back(path, to=2)
    assert version(path) == 2
    assert seen(path) == now
    assert LedgerView(path).spent() == []

    assert run.go().is_complete

    assert version(path) == SCHEMA_VERSION
    audit(path)
    undisturbed = replace(run, path=tmp_path / "undisturbed.sqlite")
    undisturbed.go()
    assert outcome(path) == outcome(undisturbed.path)
    states = [rows(one, "SELECT state FROM guards") for one in (path, undisturbed.path)]
    assert states[0] == states[1] != set()
