from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_domain import DOMAIN
from tiny_run import HEADER

from agents.campaign.errors import AnotherPlanError, CampaignError, DamagedFileError, ExitCode, PausedError
from agents.campaign.ledger_view import SCHEMA_VERSION, LedgerView
from agents.training import ledger as ledger_module
from agents.training.dedup import trace
from agents.training.judge import Order, Verdict, draft
from agents.training.ledger import PRAGMAS, Issued, Ledger
from agents.training.rounds import CellCount, Slot
from agents.training.sample import Cell, Check, Message, Outcome, Reply, Ticket, ToolCall

CELL = Cell("sum", 1)
NOW = "2026-01-01T00:00:00.000+00:00"
REPLY = Reply(Outcome.ANSWERED, "12 and 3 give 15.", "procedural/1")
GOOD = Verdict("accepted", 0.9, None, (Check("value", 1.0), Check("length", 0.5, "long")))


def issued(seq: int, index: int | None = None) -> Issued:
    slot = Slot("tiny", CELL, seq if index is None else index, seq)
    drafted = draft({"tiny": DOMAIN}, Order("test", 7, slot))
    return Issued(
        Ticket("test", seq, drafted.item, seq), drafted.ticket_id, drafted.item_id, slot.index, drafted.prompt
    )


TOOL = {"type": "function", "function": {"name": "peek", "parameters": {"type": "object"}}}
CALLED = (
    Message("system", "Use tools.", tools=(TOOL,)),
    Message("user", "What is at $10?"),
    Message("assistant", "", tool_calls=(ToolCall("c1", "peek", '{"address":16}'),)),
    Message("tool", "7", tool_call_id="c1"),
    Message("assistant", "It is 7."),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "test" / "ledger.sqlite"


def settled(ledger: Ledger, ticket: Issued, verdict: Verdict = GOOD) -> None:
    attempt = ledger.start_attempt(ticket.ticket.seq, NOW)
    ledger.finish_attempt(attempt, REPLY, NOW)
    ledger.settle(ticket.ticket, attempt, verdict, trace("a text"), NOW)


def test_what_is_committed_is_there_again(path: Path) -> None:
    tickets = [issued(seq) for seq in range(4)]
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round(tickets)
        settled(ledger, tickets[0])
        settled(ledger, tickets[1], Verdict("rejected", 0.25, "near-duplicate", (), 0))
        answered = ledger.start_attempt(2, NOW)
        ledger.finish_attempt(answered, REPLY, NOW)
        ledger.start_attempt(3, NOW)
        ledger.commit()
    with Ledger.open(path, replace(HEADER, created="later")) as ledger:
        assert ledger.header == HEADER
        assert ledger.open_tickets() == tickets[2:]
        assert ledger.stored_replies() == {2: (answered, REPLY)}
        assert ledger.traces() == [(0, trace("a text"))]
        assert ledger.round_sizes() == [4]
        assert ledger.item_ids() == [ticket.item_id for ticket in tickets]
        assert sorted(ledger.cell_counts(), key=lambda count: count.state) == [
            CellCount("tiny", CELL, "accepted", 1, 0),
            CellCount("tiny", CELL, "open", 2, 3),
            CellCount("tiny", CELL, "rejected", 1, 1),
        ]
        progress = ledger.progress()
        assert (progress.accepted, progress.rejected, progress.score_sum) == (1, 1, 1.15)


def test_what_is_not_committed_did_not_happen(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.commit()
        settled(ledger, issued(0))
    with Ledger.open(path, HEADER) as ledger:
        assert ledger.open_tickets() == [issued(0)]
        assert ledger.progress().scored == 0


def test_an_attempt_without_an_end_is_lost(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.start_attempt(0, NOW)
        ledger.commit()
    with Ledger.open(path, HEADER) as ledger:
        assert ledger.stored_replies() == {}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT outcome FROM attempts").fetchall() == [("lost",)]


def test_a_ticket_ends_once(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        settled(ledger, issued(0))
        settled(ledger, issued(0))
        with pytest.raises(CampaignError, match="refuses an impossible change"):
            ledger.commit()
    assert LedgerView(path).accounts() is None or LedgerView(path).accounts().settled == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tickets SET state = 'rejected' WHERE seq = 0",
        "UPDATE tickets SET state = 'gone' WHERE seq = 1",
        "UPDATE samples SET quality = 1.5",
        "UPDATE samples SET quality = 'good'",
        "UPDATE counters SET accepted = accepted + 1",
        "INSERT INTO attempts (seq, started) VALUES (77, '')",
        "INSERT INTO run SELECT 2, run, kind, total, fingerprint, plan_values, origins, code, created FROM run",
        "INSERT INTO tickets SELECT 9, id, round, domain, family, difficulty, item_index, item_id, item, variant, "
        "prompt, state FROM tickets",
    ],
)
def test_the_schema_forbids_impossible_states(path: Path, change: str) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0), issued(1)])
        settled(ledger, issued(0))
        ledger.commit()
        with pytest.raises(sqlite3.IntegrityError):
            ledger._connection.execute(change)


def test_the_same_ticket_cannot_be_planned_twice_and_nothing_of_a_failed_round_remains(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.commit()
        with pytest.raises(CampaignError, match=r"UNIQUE constraint failed: tickets\.id"):
            ledger.add_round([issued(1), replace(issued(0), ticket=replace(issued(0).ticket, seq=2))])
        with pytest.raises(CampaignError, match=r"UNIQUE constraint failed: tickets\.id"):
            ledger.commit()
    with Ledger.open(path, HEADER) as ledger:
        assert ledger.open_tickets() == [issued(0)]
        assert ledger.round_sizes() == [1]


def test_another_plan_is_refused_and_named(path: Path) -> None:
    Ledger.open(path, HEADER).__exit__(None, None, None)
    before = path.read_bytes()
    other = replace(HEADER, fingerprint="0" * 16, total=301, values={"seed": 8}, code={"tiny": "2"})
    with pytest.raises(AnotherPlanError) as caught:
        Ledger.open(path, other)
    assert caught.value.exit_code is ExitCode.USAGE
    for part in ("f" * 16, "0" * 16, "total was 300, now 301", "seed was 7, now 8", "version of tiny was '1', now '2'"):
        assert part in caught.value.what
    assert "campaign.output_name" in caught.value.cure
    assert "--output-name" in caught.value.cure
    assert path.read_bytes() == before


def test_equal_fingerprints_are_not_told(path: Path) -> None:
    Ledger.open(path, HEADER).__exit__(None, None, None)
    with pytest.raises(AnotherPlanError, match=r"by another plan: total was 300, now 301\n"):
        Ledger.open(path, replace(HEADER, total=301))


def test_active_learning_belongs_to_a_campaign_and_not_to_a_pilot(path: Path) -> None:
    def header(kind: str, active: bool) -> object:
        return replace(HEADER, kind=kind, values={"campaign.use_active_learning": active, "speed.workers": active})

    for kind in ("pilot", "campaign"):
        Ledger.open(path.with_name(kind), header(kind, True)).__exit__(None, None, None)
    Ledger.open(path.with_name("pilot"), header("pilot", False)).__exit__(None, None, None)
    with pytest.raises(AnotherPlanError, match="use_active_learning was True, now False"):
        Ledger.open(path.with_name("campaign"), header("campaign", False))


def test_its_files_are_private(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.commit()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_syncs_every_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "PRAGMAS", PRAGMAS)
    with Ledger.open(path, HEADER) as ledger:
        pragmas = {
            name: ledger._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + b"\x00" * 200, bytes(range(256)) * 32])
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="is damaged"):
        Ledger.open(path, HEADER)
    assert path.read_bytes() == content


def test_another_database_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE somebody_elses (x)")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    with pytest.raises(DamagedFileError, match="no such table"):
        Ledger.open(path, HEADER)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(CampaignError, match=f"schema version {SCHEMA_VERSION + 1}"):
        Ledger.open(path, HEADER)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE counters SET accepted = accepted + 1, issued = issued + 1",
        "UPDATE counters SET quality_sum = quality_sum + 0.01",
        "UPDATE samples SET quality = 0.95",
        "DELETE FROM samples",
        "UPDATE rounds SET tickets = 9",
        "UPDATE tickets SET item = '{'",
        "UPDATE tickets SET prompt = '[1]'",
        "UPDATE tickets SET item = CAST(x'7bff7d' AS TEXT)",
        "UPDATE tickets SET domain = CAST(x'ff' AS TEXT)",
        "UPDATE attempts SET reply = CAST(x'ff' AS TEXT)",
        "UPDATE run SET plan_values = '{'",
        "DELETE FROM run",
    ],
)
def test_a_ledger_whose_rows_are_damaged_is_refused_and_kept(path: Path, damage: str) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(seq) for seq in range(3)])
        settled(ledger, issued(0))
        ledger.finish_attempt(ledger.start_attempt(1, NOW), REPLY, NOW)
        ledger.start_attempt(2, NOW)
        ledger.commit()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(damage)
    before = path.read_bytes()
    with pytest.raises(DamagedFileError, match="is damaged") as refused:
        Ledger.open(path, HEADER)
    assert "keep a copy" in refused.value.cure
    assert path.read_bytes() == before


def test_a_start_that_was_killed_leaves_nothing_in_the_way(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    assert LedgerView(path).header() is None
    Ledger.open(path, HEADER).__exit__(None, None, None)
    assert LedgerView(path).header() == HEADER


def test_a_locked_ledger_pauses(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "BUSY_SECONDS", 0.05)
    with Ledger.open(path, HEADER) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PausedError, match="locked"):
            ledger.add_round([issued(0)])
        other.execute("ROLLBACK")
        with pytest.raises(PausedError, match="locked"):
            ledger.commit()
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.commit()
    assert LedgerView(path).accounts().open == 1  # type: ignore[union-attr]


def test_a_full_disk_pauses_and_what_was_committed_stays(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        ledger.commit()
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(PausedError, match="full") as caught:
            ledger.add_round([issued(seq) for seq in range(1, 500)])
        assert "free space" in caught.value.cure
    with Ledger.open(path, HEADER) as ledger:
        assert ledger.open_tickets() == [issued(0)]


def test_a_value_that_no_ledger_can_hold_takes_everything_back_and_ends_the_writing(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0), issued(1)])
        attempts = [ledger.start_attempt(seq, NOW) for seq in (0, 1)]
        ledger.commit()
        impossible = Reply(Outcome.ANSWERED, "text", "m", tokens_in=2**64 - 1)
        ledger.finish_attempt(attempts[0], impossible, NOW)
        ledger.settle(issued(0).ticket, attempts[0], Verdict("rejected", 0.5, "check form"), None, NOW)
        for _ in range(2):
            with pytest.raises(CampaignError, match="refuses an impossible change"):
                ledger.commit()
    view = LedgerView(path)
    view.check_whole()
    assert view.accounts().open == 2  # type: ignore[union-attr]


def test_a_sample_that_calls_tools_is_read_as_chat_protocols_write_it(path: Path) -> None:
    with Ledger.open(path, HEADER) as ledger:
        ledger.add_round([issued(0)])
        attempt = ledger.start_attempt(0, NOW)
        ledger.finish_attempt(attempt, REPLY, NOW)
        ledger.settle(issued(0).ticket, attempt, GOOD, trace("a text"), NOW, CALLED)
        ledger.commit()
    (sample,) = LedgerView(path).samples(accepted=True)
    assert sample["tools"] == [TOOL]
    call = {"id": "c1", "type": "function", "function": {"name": "peek", "arguments": '{"address":16}'}}
    assert sample["messages"] == [
        {"role": "system", "content": "Use tools."},
        {"role": "user", "content": "What is at $10?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "7", "tool_call_id": "c1"},
        {"role": "assistant", "content": "It is 7."},
    ]
