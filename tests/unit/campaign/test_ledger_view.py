from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agents.campaign import ledger_view
from agents.campaign.errors import DamagedFileError
from agents.campaign.events import RunStarted
from agents.campaign.ledger_view import Accounts, LedgerView, RunHeader
from agents.campaign.progress import Progress
from agents.training.dedup import trace
from agents.training.judge import State, Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Check, Message, Outcome, Reply, SourceItem, Ticket

HEADER = RunHeader("r", "campaign", 5, "a" * 16, {"seed": 1}, {"seed": "--seed"}, {"d": "1"}, "2026-01-01T00:00:00")
NOW = "2026-01-01T00:00:01"
PROMPT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1?"}]
SETTLED: list[tuple[State, float, str | None]] = [
    ("accepted", 0.9, None),
    ("rejected", 0.4, "check form"),
    ("accepted", 0.8, None),
    ("rejected", 0.9, "duplicate"),
    ("dead", 0.0, "reply failed"),
    ("rejected", 0.3, "check form"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    prompt = (Message("system", "Be brief."), Message("user", "1?"))
    with Ledger.open(path, HEADER) as ledger:
        tickets = [
            Issued(Ticket("r", n, SourceItem(f"d{n % 2}", Cell("f", 1), {"n": n}), 7), f"t{n}", f"i{n}", n, prompt)
            for n in range(8)
        ]
        ledger.add_round(tickets)
        for ticket, (state, quality, reason) in zip(tickets, SETTLED, strict=False):
            attempt = ledger.start_attempt(ticket.ticket.seq, NOW)
            ledger.finish_attempt(attempt, Reply(Outcome.ANSWERED, f"answer {ticket.ticket.seq}", "m"), NOW)
            verdict = Verdict(state, quality, reason, (Check("form", quality, "so so"),), 0 if reason else None)
            ledger.settle(ticket.ticket, attempt, verdict, trace(f"text {ticket.ticket.seq}"), NOW)
        ledger.commit()
    return path


def test_nothing_is_known_of_a_run_without_a_ledger(tmp_path: Path) -> None:
    view = LedgerView(tmp_path / "none.sqlite")
    assert view.header() is view.progress() is view.accounts() is None
    assert view.reasons() == list(view.samples(accepted=True)) == []
    assert view.newest(5) == view.near_items("i") == []
    assert list(tmp_path.iterdir()) == []


def test_accounts_balance(path: Path) -> None:
    assert LedgerView(path).accounts() == Accounts(issued=8, accepted=2, rejected=3, dead=1, open=2)
    assert LedgerView(path).accounts().balanced  # type: ignore[union-attr]
    assert not Accounts(issued=8, accepted=2).balanced


def test_progress_counts_what_the_run_owes_and_scores_everything(path: Path) -> None:
    progress = LedgerView(path).progress()
    assert progress == Progress(
        source="ledger",
        done=2,
        total=5,
        accepted=2,
        rejected=3,
        scored=6,
        score_sum=pytest.approx(3.3),
        newest=(0.9, 0.4, 0.8, 0.9, 0.0, 0.3),
        started=RunStarted("r", "campaign", 5, "a" * 16),
    )
    assert progress.quality == pytest.approx(3.3 / 6)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET kind = 'pilot'")
    assert LedgerView(path).progress().done == 6  # type: ignore[union-attr]


def test_reasons_come_by_frequency(path: Path) -> None:
    assert LedgerView(path).reasons() == [("check form", 2), ("duplicate", 1), ("reply failed", 1)]
    assert LedgerView(path).reasons(1) == [("check form", 2)]


def test_samples_are_whole(path: Path) -> None:
    view = LedgerView(path)
    assert [sample["seq"] for sample in view.samples(accepted=True)] == [0, 2]
    assert [sample["seq"] for sample in view.samples(accepted=False)] == [1, 3, 4, 5]
    assert next(view.samples(accepted=True)) == {
        "id": "t0",
        "seq": 0,
        "run": "r",
        "fingerprint": "a" * 16,
        "domain": "d0",
        "family": "f",
        "difficulty": 1,
        "item_id": "i0",
        "variant": 7,
        "item": {"n": 0},
        "prompt": PROMPT,
        "state": "accepted",
        "quality": 0.9,
        "reason": None,
        "twin": None,
        "checks": [{"name": "form", "score": 0.9, "detail": "so so"}],
        "model": "m",
        "reply": "answer 0",
        "messages": [*PROMPT, {"role": "assistant", "content": "answer 0"}],
        "tools": None,
    }


def test_the_newest_samples_come_first_and_are_whole(path: Path) -> None:
    view = LedgerView(path)

    def seqs(count: int, **wanted: bool | str) -> list[int]:
        return [sample["seq"] for sample in view.newest(count, **wanted)]  # type: ignore[arg-type]

    assert seqs(3) == [5, 4, 3]
    assert seqs(9, accepted=True) == [2, 0]
    assert seqs(2, accepted=False) == [5, 4]
    assert (seqs(9, item="i3"), seqs(9, item="i3", accepted=True), seqs(9, item="%")) == ([3], [], [])
    assert seqs(2, item="i") == [5, 4]
    assert view.newest(1, accepted=True) == [list(view.samples(accepted=True))[-1]]


def test_the_newest_samples_cost_no_look_at_all_of_them(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        wanted = {"accepted": False, "item": "", "count": 5}
        newest = ledger_view._NEWEST.format(settled=ledger_view._settled(ledger_view.SCHEMA_VERSION))
        steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {newest}", wanted)]
    assert not any("TEMP B-TREE" in step for step in steps)
    assert any(step.startswith("SCAN s") for step in steps)


def test_near_items_are_settled_and_on_either_side(path: Path) -> None:
    view = LedgerView(path)
    assert view.near_items("i2x") == ["i1", "i2", "i3", "i4"]
    assert view.near_items("i9") == ["i4", "i5"]
    assert view.near_items("a", count=1) == ["i0"]


def test_it_reads_beside_a_writer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE run SET total = 99")
        assert LedgerView(path).header().total == 5  # type: ignore[union-attr]
        writer.execute("COMMIT")
    assert LedgerView(path).header().total == 99  # type: ignore[union-attr]


def test_it_cannot_write(path: Path) -> None:
    with LedgerView(path)._connected() as connection:
        assert connection is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("UPDATE run SET total = 1")


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\x00" + bytes(500)])
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    damaged = tmp_path / "ledger.sqlite"
    damaged.write_bytes(content)
    for look in (LedgerView(damaged).header, LedgerView(damaged).progress, LedgerView(damaged).reasons):
        with pytest.raises(DamagedFileError, match="keep a copy") as caught:
            look()
        assert "is damaged" in caught.value.what


def test_it_knows_nothing_of_the_factory() -> None:
    assert "agents.training" not in Path(ledger_view.__file__).read_text(encoding="utf-8")
