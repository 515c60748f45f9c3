"""The ledger of a run, for its one writer: plan, rounds, tickets, attempts, samples.

Owns the SQLite file and its rules. Never decides what is issued or accepted, and never reads a clock.

Writes are collected in a transaction that ``commit`` makes durable; what is not committed did not happen, and nothing
of it remains when one of its writes fails.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from agents.campaign.errors import CampaignError, DamagedFileError, PausedError
from agents.campaign.failures import failure_of
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.campaign.ledger_view import (
    SCHEMA_VERSION,
    UNREADABLE,
    RunHeader,
    check_whole,
    checked_version,
    read_header,
    read_progress,
    read_reasons,
    read_standing_pause,
    unreadable,
)
from agents.campaign.progress import Progress
from agents.campaign.values import value
from agents.training.dedup import Trace
from agents.training.guards import Alarm, Guards, Settled
from agents.training.identity import check_same_run
from agents.training.judge import Verdict
from agents.training.prices import NO_PRICES, Prices
from agents.training.rounds import CellCount
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket

BUSY_SECONDS = 5.0
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""A commit returns when the disk has it: what was announced survives a power cut."""
_CHANGES = ("INSERT", "UPDATE")
_SETTLED = """
    SELECT s.seq, t.domain, s.quality, t.state, s.reason, coalesce(a.model, ''), coalesce(a.alias, ''),
           coalesce((SELECT o.model FROM opinions o WHERE o.attempt = a.id AND o.model <> '' ORDER BY id DESC), '')
    FROM samples s JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt WHERE s.seq >= ? ORDER BY s.seq
"""
_LEFT = """
    SELECT max(a.id) FROM attempts a JOIN tickets t ON t.seq = a.seq WHERE t.state = 'open'
    GROUP BY a.seq HAVING max(a.id) FILTER (WHERE a.outcome <> 'lost') IS NULL
"""
_UNDER_WAY = "SELECT id, seq, reserved FROM attempts WHERE outcome IS NULL"
_SPENT = """
    SELECT coalesce(alias, ''), total(cost), total(iif(cost IS NULL, reserved, 0)),
           total(iif(cost IS NULL AND tokens_out IS NOT NULL, tokens_in, 0)),
           total(iif(cost IS NULL AND tokens_in IS NOT NULL, tokens_out, 0)),
           total(iif(cost IS NULL AND (tokens_in IS NULL OR tokens_out IS NULL), reserved, 0))
    FROM {} GROUP BY 1
"""
_CALLS = ("attempts", "opinions")
"""Tables of paid calls."""
_ISSUE = (
    "INSERT INTO counters (domain, issued, open) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET issued = issued + excluded.issued, open = open + excluded.open"
)
_TICKET = (
    "INSERT INTO tickets (seq, id, round, domain, family, difficulty, item_index, item_id, item, variant, prompt) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_START_ATTEMPT = "INSERT INTO attempts (id, seq, started, reserved) VALUES (?, ?, ?, ?)"
_START_OPINION = "INSERT INTO opinions (id, attempt, started, reserved, alias) VALUES (?, ?, ?, ?, ?)"
_FINISH_ATTEMPT, _FINISH_OPINION = (
    f"UPDATE {table} SET finished = ?, outcome = ?, model = ?, reply = ?, tokens_in = ?, tokens_out = ?, "  # noqa: S608
    "cost = ?, alias = coalesce(?, alias), seconds = ? WHERE id = ?"
    for table in _CALLS
)
_SAMPLE = "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DIALOGUE = "INSERT INTO dialogues VALUES (?, ?)"
_STATE = "UPDATE tickets SET state = ? WHERE seq = ?"
_COUNT = (
    "UPDATE counters SET accepted = accepted + ?, rejected = rejected + ?, dead = dead + ?, open = open - 1, "
    "quality_sum = quality_sum + ? WHERE domain = ?"
)
_WRITES = (*(_START_ATTEMPT, _FINISH_ATTEMPT, _START_OPINION, _FINISH_OPINION, _SAMPLE, _DIALOGUE, _STATE, _COUNT),)
"""What every ticket needs, in an order in which nothing refers to what is not there yet."""
_SCHEMA = Path(__file__).with_name("ledger_schema.sql")
_ADDED_COLUMNS = {
    2: (
        *(("attempts", "reserved REAL"), ("attempts", "tokens_in INTEGER"), ("attempts", "tokens_out INTEGER")),
        *(("attempts", "cost REAL"), ("counters", "exhausted INTEGER NOT NULL DEFAULT 0")),
    ),
    3: (("attempts", "alias TEXT"), ("attempts", "seconds REAL")),
}
"""Columns that a version added to tables of the one before."""
_FIRST_TABLE = {2: "CREATE TABLE guards", 3: "CREATE TABLE opinions"}
"""Where in the schema the tables begin that a version added; all that follows is as new."""


@value
class Issued:
    """A ticket as it is stored: with its identities, the index its item was made from, and its conversation."""

    ticket: Ticket
    id: str
    item_id: str
    index: int
    prompt: tuple[Message, ...]


class Ledger:
    """An open ledger. Only the process that holds the run's lease may have one."""

    def __init__(self, path: Path, connection: sqlite3.Connection, header: RunHeader) -> None:
        self.path = path
        self.header = header
        self._connection = connection
        self._waiting: dict[str, list[Sequence[Any]]] = {sql: [] for sql in _WRITES}
        self._failure: CampaignError | None = None
        self._last = {table: self._rows(f"SELECT max(id) FROM {table}")[0][0] or 0 for table in _CALLS}  # noqa: S608

    @classmethod
    def open(cls, path: Path, header: RunHeader) -> Self:
        """Make the ledger at ``path``, or take up the one that is there. Attempts without an end become lost.

        Raises:
            AnotherPlanError: the run that is there was made by another plan; nothing is changed.
            DamagedFileError: what is there is no whole ledger; nothing is changed.
            PausedError: the disk is full, or another program keeps the file locked.
        """
        make_folder(path.parent)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise PausedError(f"ledger {path} cannot be opened: {error}", "see to its permissions and disk") from error
        try:
            return cls._taken_up(path, connection, header)
        except UNREADABLE as error:
            connection.close()
            raise failure(path, error) from error
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _taken_up(cls, path: Path, connection: sqlite3.Connection, header: RunHeader) -> Self:
        if checked_version(connection, path) > 0:
            check_whole(connection, path)
            there = read_header(connection)
            check_same_run(there, header, path)
            header = replace(there, total=header.total)
            _bring_up_to_date(connection)
            cls(path, connection, header).read_all()
            connection.commit()
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()  # without fetching, an error is not raised
        if checked_version(connection, path) == 0:
            _create(connection, header)
        for table in _CALLS:
            connection.execute(f"UPDATE {table} SET outcome = 'lost' WHERE outcome IS NULL")  # noqa: S608 -- one of two
        connection.execute("UPDATE run SET total = ? WHERE total <> ?", (header.total, header.total))
        return cls(path, connection, header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; what was not committed is gone."""
        self._connection.close()

    def commit(self) -> None:
        """Make everything written so far durable."""
        self._write()
        if self._connection.in_transaction:
            self._execute("COMMIT")

    def add_round(self, tickets: Sequence[Issued]) -> None:
        """Store the tickets of the next round, in one transaction."""
        (number,) = self._execute("SELECT count(*) FROM rounds").fetchone()
        self._execute("INSERT INTO rounds VALUES (?, ?)", (number, len(tickets)))
        domains = Counter(issued.ticket.item.domain for issued in tickets)
        self._execute_many(_ISSUE, [(domain, count, count) for domain, count in domains.items()])
        self._execute_many(_TICKET, [_ticket_row(number, issued) for issued in tickets])

    def start_attempt(self, seq: int, now: str, reserved: float | None = None) -> int:
        """Record that the teacher is going to be asked, and what that can cost at most; return the attempt's id."""
        self._last["attempts"] += 1
        self._waiting[_START_ATTEMPT].append((self._last["attempts"], seq, now, reserved))
        return self._last["attempts"]

    def finish_attempt(self, attempt: int, reply: Reply, now: str, cost: float | None = None) -> None:
        """Record what the teacher said, and what it cost where that is known."""
        self._waiting[_FINISH_ATTEMPT].append(_finished(attempt, reply, now, cost))

    def start_opinion(self, attempt: int, now: str, reserved: float | None, alias: str) -> int:
        """Record that a model is going to be asked what an answer is worth; return the opinion's id."""
        self._last["opinions"] += 1
        self._waiting[_START_OPINION].append((self._last["opinions"], attempt, now, reserved, alias))
        return self._last["opinions"]

    def finish_opinion(self, opinion: int, reply: Reply, now: str, cost: float | None = None) -> None:
        """Record what the judge said, and what it cost where that is known."""
        self._waiting[_FINISH_OPINION].append(_finished(opinion, reply, now, cost))

    def spent(self, attempts: Mapping[str, Prices], opinions: Mapping[str, Prices]) -> float:
        """Return what all calls cost, by the prices of each alias; of those whose cost is not known, what was reserved.

        Answers that came before there were prices cost what their tokens cost now. The teacher's own alias is "".
        """
        total = 0.0
        for table, prices in zip(_CALLS, (attempts, opinions), strict=True):
            for alias, known, unpriced, tokens_in, tokens_out, silent in self._rows(_SPENT.format(table)):
                now = prices.get(alias, NO_PRICES)
                late = now.of(tokens_in, tokens_out)
                total += known + (unpriced if late is None else late + silent)
        return total

    def taken_up(self) -> dict[int, tuple[int, float | None]]:
        """Return by ``seq`` the last attempt that was lost, and what is reserved for it, of open tickets without one.

        They are under way again: for a teacher that takes up what it was asked, they were never lost.
        """
        self._execute(f"UPDATE attempts SET outcome = NULL WHERE id IN ({_LEFT})")  # noqa: S608 -- our own query
        found = {seq: (attempt, reserved) for attempt, seq, reserved in self._rows(_UNDER_WAY)}
        self.commit()
        return found

    def settle(
        self,
        ticket: Ticket,
        attempt: int,
        verdict: Verdict,
        trace: Trace | None,
        now: str,
        dialogue: Iterable[Message] | None = None,
    ) -> None:
        """End a ticket for ever. The trace is kept of accepted samples, for later ones to be compared with.

        ``dialogue`` is what a student learns from, where that is not the prompt and the answer as they are.
        """
        digest, signature = (trace.digest, trace.signature) if trace and verdict.state == "accepted" else (None, None)
        checks = orjson.dumps([[check.name, check.score, check.detail] for check in verdict.checks]).decode()
        self._waiting[_SAMPLE].append(
            (ticket.seq, attempt, verdict.quality, verdict.reason, verdict.twin, checks, digest, signature, now)
        )
        if dialogue is not None:
            self._waiting[_DIALOGUE].append((ticket.seq, _written(dialogue)))
        self._waiting[_STATE].append((verdict.state, ticket.seq))
        counted = [verdict.state == state for state in ("accepted", "rejected", "dead")]
        self._waiting[_COUNT].append((*counted, verdict.quality, ticket.item.domain))

    def keep_guards(self, guards: Guards, until: int) -> None:
        """Store what the guards know from the tickets before ``until``."""
        state = orjson.dumps({**guards.document(), "until": until}).decode()
        self._execute("INSERT INTO guards VALUES (1, ?) ON CONFLICT DO UPDATE SET state = excluded.state", (state,))

    def guards(self, fresh: Guards) -> Guards:
        """Return ``fresh`` with what was known when they were last stored, and what was settled after that."""
        rows = self._rows("SELECT state FROM guards")
        ((settled,),) = self._rows("SELECT count(*) FROM samples")
        with self._intact():
            known = orjson.loads(rows[0][0]) if rows else {}
            guards = fresh.taken_up(known) if rows else fresh
            until = int(known.get("until", settled))
        accepted = "SELECT domain, count(*) FROM tickets WHERE state = 'accepted' AND seq < ? GROUP BY domain"
        guards = guards.with_accepted(dict(self._rows(accepted, (until,))))
        for seq, domain, quality, state, reason, model, *who in self._rows(_SETTLED, (until,)):
            failure, answered = failure_of(reason, quality), "" if state == "dead" else model
            guards, _ = guards.after(Settled(seq, domain, quality, state == "accepted", failure, answered, *who))
        return guards

    def pause(self, alarm: Alarm, now: str) -> None:
        """Record that the run must stop."""
        self._execute(
            "INSERT INTO pauses (at, guard, cause, cure) VALUES (?, ?, ?, ?)",
            (now, alarm.guard, alarm.cause, alarm.cure),
        )

    def standing_alarm(self) -> Alarm | None:
        """Return the newest alarm that nobody has answered."""
        with self._intact():
            pause = read_standing_pause(self._connection)
        return None if pause is None else Alarm(pause.guard, pause.cause, pause.cure)

    def acknowledge(self, guards: Guards, pause: int, now: str) -> Guards:
        """Record that a person wants to go on in spite of the alarms up to ``pause``.

        Return ``guards`` begun anew with the tickets that have no answer yet. Where there is no such alarm, nothing
        changes.
        """
        if not self._rows("SELECT id FROM pauses WHERE cleared IS NULL AND id <= ?", (pause,)):
            return guards
        answered = max(self.stored_replies(), default=-1)
        scored = self.progress().scored
        renewed = guards.renewed(max(answered, scored - 1) + 1)
        self._execute("UPDATE pauses SET cleared = ? WHERE cleared IS NULL AND id <= ?", (now, pause))
        self.keep_guards(renewed, scored)
        self.commit()
        return renewed

    def progress(self) -> Progress:
        """Return the run's progress, uncommitted changes included."""
        self._write()
        return read_progress(self._connection)

    def reasons(self, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent reasons of tickets that were not accepted, with their counts."""
        self._write()
        return read_reasons(self._connection, limit)

    def exhaust(self, domains: Iterable[str]) -> None:
        """Record that these have no new items."""
        for domain in domains:
            self._execute(
                "INSERT INTO counters (domain, exhausted) VALUES (?, 1) ON CONFLICT DO UPDATE SET exhausted = 1",
                (domain,),
            )

    def exhausted(self) -> list[str]:
        """Return the domains that have no new items."""
        return [domain for (domain,) in self._rows("SELECT domain FROM counters WHERE exhausted ORDER BY domain")]

    def read_all(self) -> None:
        """Read all that a run is taken up from; raises DamagedFileError where a row is damaged."""
        for read in (
            *(self.round_sizes, self.cell_counts, self.item_ids),
            *(self.open_tickets, self.stored_replies, self.stored_opinions, self.traces),
        ):
            read()

    def round_sizes(self) -> list[int]:
        """Return the number of tickets of each round."""
        return [size for (size,) in self._rows("SELECT tickets FROM rounds ORDER BY round")]

    def cell_counts(self) -> list[CellCount]:
        """Return how many tickets of each cell are in each state."""
        rows = self._rows(
            "SELECT domain, family, difficulty, state, count(*), max(item_index) FROM tickets GROUP BY 1, 2, 3, 4"
        )
        return [
            CellCount(domain, Cell(family, difficulty), state, count, last)
            for domain, family, difficulty, state, count, last in rows
        ]

    def item_ids(self) -> list[str]:
        """Return the ids of all items that have a ticket."""
        return [item_id for (item_id,) in self._rows("SELECT item_id FROM tickets")]

    def open_tickets(self) -> list[Issued]:
        """Return the tickets that are not settled, in their order."""
        rows = self._rows(
            "SELECT seq, id, domain, family, difficulty, item_index, item_id, item, variant, prompt "
            "FROM tickets WHERE state = 'open' ORDER BY seq"
        )
        with self._intact():
            return [self._issued(row) for row in rows]

    def stored_replies(self) -> dict[int, tuple[int, Reply]]:
        """Return by ``seq`` the attempt and its reply of every open ticket that was answered already."""
        rows = self._rows(
            "SELECT a.seq, a.id, a.outcome, a.reply, a.model, a.tokens_in, a.tokens_out, coalesce(a.alias, '') "
            "FROM tickets t JOIN attempts a ON a.seq = t.seq "
            "WHERE t.state = 'open' AND a.outcome <> 'lost' ORDER BY a.id DESC"
        )
        with self._intact():
            return {seq: (attempt, Reply(Outcome(outcome), *said)) for seq, attempt, outcome, *said in rows}

    def stored_opinions(self) -> dict[int, Reply]:
        """Return by attempt what a judge said of the answers to open tickets."""
        rows = self._rows(
            "SELECT o.attempt, o.outcome, o.reply, o.model, o.tokens_in, o.tokens_out, coalesce(o.alias, '') "
            "FROM tickets t JOIN attempts a ON a.seq = t.seq JOIN opinions o ON o.attempt = a.id "
            "WHERE t.state = 'open' AND o.outcome <> 'lost' ORDER BY o.id DESC"
        )
        with self._intact():
            return {attempt: Reply(Outcome(outcome), *said) for attempt, outcome, *said in rows}

    def traces(self) -> list[tuple[int, Trace]]:
        """Return ``seq`` and trace of every accepted sample, in the order of settling."""
        rows = self._rows("SELECT seq, digest, signature FROM samples WHERE digest IS NOT NULL ORDER BY seq")
        return [(seq, Trace(digest, signature)) for seq, digest, signature in rows]

    def _write(self) -> None:
        """Run the writes that wait, each kind at once: in a transaction, their order tells nothing to anybody."""
        if self._failure is not None:
            raise self._failure
        with self._whole():
            for sql, rows in self._waiting.items():
                if rows:
                    self._begin()
                    self._connection.executemany(sql, rows)
                    rows.clear()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement, behind all writes that wait."""
        self._write()
        with self._whole():
            if sql.startswith(_CHANGES):
                self._begin()
            return self._connection.execute(sql, values)

    def _execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._whole():
            self._begin()
            self._connection.executemany(sql, rows)

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """Take the whole transaction back when a statement fails; then the ledger takes no more of this process.

        What memory holds was partly taken back: only the next start knows again what is true.
        """
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            self._failure = failure(self.path, error)
            self._take_back()
            raise self._failure from error

    def _take_back(self) -> None:
        self._waiting = {sql: [] for sql in _WRITES}
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._intact():
            return self._execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _intact(self) -> Iterator[None]:
        """Turn what damaged rows raise, as they are fetched and parsed, into this project's errors."""
        try:
            yield
        except UNREADABLE as error:
            raise failure(self.path, error) from error

    def _issued(self, row: tuple[Any, ...]) -> Issued:
        seq, ticket_id, domain, family, difficulty, index, item_id, params, variant, prompt = row
        item = SourceItem(domain, Cell(family, difficulty), orjson.loads(params))
        messages = tuple(Message(role, content) for role, content in orjson.loads(prompt))
        return Issued(Ticket(self.header.run, seq, item, variant), ticket_id, item_id, index, messages)


def failure(path: Path, error: Exception) -> CampaignError:
    """Return the error of this project for one of ``UNREADABLE`` that the writer of the ledger at ``path`` met."""
    if isinstance(error, sqlite3.IntegrityError | OverflowError | UnicodeEncodeError):
        return CampaignError(
            f"ledger {path} refuses an impossible change: {error}",
            "this is a fault of the program; nothing was stored; run the same command again",
        )
    known = unreadable(path, error)
    return known if isinstance(known, DamagedFileError) else PausedError(known.what, f"{known.cure}; then run it again")


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Add to a ledger what this version has besides, in a transaction that the caller commits."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        newer = range(version + 1, SCHEMA_VERSION + 1)
        tables = "".join(_SCHEMA.read_text(encoding="utf-8").partition(_FIRST_TABLE[newer[0]])[1:])
        columns = "".join(
            f"ALTER TABLE {table} ADD COLUMN {column};" for number in newer for table, column in _ADDED_COLUMNS[number]
        )
        connection.executescript(f"BEGIN IMMEDIATE; {columns} {tables}; PRAGMA user_version = {SCHEMA_VERSION}")


def _create(connection: sqlite3.Connection, header: RunHeader) -> None:
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA.read_text(encoding='utf-8')}")
    connection.execute(
        "INSERT INTO run VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            header.run,
            header.kind,
            header.total,
            header.fingerprint,
            *(orjson.dumps(part).decode() for part in (header.values, header.origins, header.code)),
            header.created,
        ),
    )
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _ticket_row(number: int, issued: Issued) -> tuple[Any, ...]:
    ticket = issued.ticket
    return (
        ticket.seq,
        issued.id,
        number,
        ticket.item.domain,
        ticket.item.cell.family,
        ticket.item.cell.difficulty,
        issued.index,
        issued.item_id,
        orjson.dumps(dict(ticket.item.params)).decode(),
        ticket.variant,
        _written(issued.prompt),
    )


def _written(messages: Iterable[Message]) -> str:
    return orjson.dumps([_turn(**message.document()) for message in messages]).decode()


def _turn(role: str, content: str, **more: Any) -> list[Any]:
    return [role, content, more] if more else [role, content]


def _finished(number: int, reply: Reply, now: str, cost: float | None) -> tuple[Any, ...]:
    said = reply.outcome.value, reply.model, reply.text, reply.tokens_in, reply.tokens_out
    return (now, *said, cost, reply.alias or None, reply.seconds, number)
