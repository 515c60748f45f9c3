"""A run's ledger, read only: its header, accounts, progress, reasons and samples.

Owns what readers may know of the file. Never writes to it and never waits for its writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.choice import Tried
from agents.campaign.errors import CampaignError, DamagedFileError
from agents.campaign.events import RunKind, RunStarted
from agents.campaign.failures import failure_of
from agents.campaign.forecast.pilot import Call
from agents.campaign.gate import JudgedTicket
from agents.campaign.models import answering, judging
from agents.campaign.progress import NEWEST, Progress

SCHEMA_VERSION = 3
"""``PRAGMA user_version`` of a ledger; 0 means that its first transaction never finished."""
OLDER_VERSIONS = (1, 2)
"""These can be read; their next writer brings them up to date."""

UNREADABLE = (sqlite3.Error, ValueError, TypeError)
"""What reading a damaged ledger raises: SQLite's own errors, and those of parsing what its rows hold."""

_BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a run is: written once, when its ledger is made.

    ``total`` is what the run owes: finished tickets (pilot) or accepted samples (campaign). ``values`` and
    ``origins`` are the plan by dotted key; ``code`` is the version of each part that the samples depend on.
    """

    run: str
    kind: RunKind
    total: int
    fingerprint: str
    values: dict[str, Any]
    origins: dict[str, str]
    code: dict[str, str]
    created: str

    def started(self) -> RunStarted:
        """Return the event that announces this run."""
        return RunStarted(self.run, self.kind, self.total, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Pause:
    """An alarm of a guard that stopped a run."""

    id: int
    guard: str
    cause: str
    cure: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent on one model; ``alias`` is "" for the teacher's own, ``role`` teacher or judge.

    Sums are None where no call told; ``unpriced`` calls have no cost that is known. ``seconds`` is the mean time that a
    call took.
    """

    role: str
    alias: str
    calls: int
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None
    unpriced: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """Where the tickets are; each count was kept on its own."""

    issued: int = 0
    accepted: int = 0
    rejected: int = 0
    dead: int = 0
    open: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every issued ticket is in exactly one place."""
        return self.issued == self.accepted + self.rejected + self.dead + self.open

    @property
    def settled(self) -> int:
        """Tickets that have a quality."""
        return self.accepted + self.rejected + self.dead


class LedgerView:
    """The ledger at ``path``, which may not exist yet. Every call reads the newest committed state.

    Every method raises DamagedFileError for a file that is no ledger, and CampaignError for one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> RunHeader | None:
        """Return what the run is; None where there is no ledger."""
        with self._connected() as connection:
            return None if connection is None else read_header(connection)

    def accounts(self) -> Accounts | None:
        """Return where the tickets are; None where there is no ledger."""
        with self._connected() as connection:
            return None if connection is None else read_accounts(connection)

    def progress(self) -> Progress | None:
        """Return the run's progress; None where there is no ledger. A dead ticket is scored 0."""
        with self._connected() as connection:
            return None if connection is None else read_progress(connection)

    def reasons(self, limit: int = 10) -> list[tuple[str, int]]:
        """Return the most frequent reasons of tickets that were not accepted, with their counts."""
        with self._connected() as connection:
            return [] if connection is None else read_reasons(connection, limit)

    def judged(self) -> list[JudgedTicket]:
        """Return what became of every settled ticket, in the order of settling."""
        with self._connected() as connection:
            rows = [] if connection is None else connection.execute(_JUDGED).fetchall()
        return [
            JudgedTicket(domain, quality, state == "accepted", failure_of(reason, quality))
            for domain, quality, state, reason in rows
        ]

    def tried(self) -> list[Tried]:
        """Return what a choice between candidates weighs of every settled ticket, in the order of settling."""
        with self._connected() as connection:
            if connection is None:
                return []
            is_older = checked_version(connection, self.path) in OLDER_VERSIONS
            rows = connection.execute(_TRIED.format("0" if is_older else _JUDGED_FOR)).fetchall()
        return [Tried(item, domain, quality, state == "accepted", cost) for item, domain, quality, state, cost in rows]

    def models(self) -> dict[str, frozenset[str]]:
        """Return the models that answered and judged for each domain, as ``answering`` and ``judging`` name them."""
        with self._connected() as connection:
            if connection is None:
                return {}
            is_older = checked_version(connection, self.path) in OLDER_VERSIONS
            answered = connection.execute(_MODELS.format("''" if is_older else "coalesce(a.alias, '')")).fetchall()
            judged = [] if is_older else connection.execute(_JUDGES).fetchall()
        found: dict[str, set[str]] = {}
        for domain, alias, model in answered:
            found.setdefault(answering(domain, alias), set()).add(model)
        for domain, model in judged:
            found.setdefault(judging(domain), set()).add(model)
        return {name: frozenset(models) for name, models in found.items()}

    def calls(self) -> list[Call]:
        """Return every request that came to an end, in the order of asking.

        One that failed without telling of tokens counts as none; older ledgers do not tell of any.
        """
        with self._connected() as connection:
            if connection is None:
                return []
            version = checked_version(connection, self.path)
            query = _CALLS if version in OLDER_VERSIONS else _ALL_CALLS
            rows = connection.execute(query.format("NULL, NULL, NULL, NULL" if version == 1 else _TAKEN)).fetchall()
        return [Call(seq, _seconds(began), _seconds(ended), *taken) for seq, began, ended, *taken in rows]

    def standing_pause(self) -> Pause | None:
        """Return the newest alarm of a guard that nobody has answered."""
        with self._connected() as connection:
            if connection is None or checked_version(connection, self.path) == 1:
                return None
            return read_standing_pause(connection)

    def warnings(self) -> list[str]:
        """Return what the guards found below what the pilot proved, oldest first."""
        with self._connected() as connection:
            if connection is None or checked_version(connection, self.path) == 1:
                return []
            rows = connection.execute("SELECT value FROM guards, json_each(state, '$.warned')").fetchall()
        return [str(text) for (text,) in rows]

    def samples(self, *, accepted: bool) -> Iterator[dict[str, Any]]:
        """Yield every accepted sample, or every other settled one, in the order of settling, as plain values."""
        with self._connected() as connection:
            if connection is not None:
                connection.row_factory = sqlite3.Row
                query = _SAMPLES.format(
                    settled=_settled(checked_version(connection, self.path)), sign="=" if accepted else "<>"
                )
                for row in connection.execute(query):
                    yield _sample(dict(row))

    def newest(self, count: int, *, accepted: bool | None = None, item: str = "") -> list[dict[str, Any]]:
        """Return the last ``count`` settled samples, newest first, as ``samples`` yields them.

        Only accepted ones, or only others, where ``accepted`` says so; only those whose item's id begins with ``item``.
        """
        with self._connected() as connection:
            if connection is None:
                return []
            connection.row_factory = sqlite3.Row
            query = _NEWEST.format(settled=_settled(checked_version(connection, self.path)))
            rows = connection.execute(query, {"accepted": accepted, "item": item, "count": count}).fetchall()
            return [_sample(dict(row)) for row in rows]

    def stored(self) -> Iterator[dict[str, Any]]:
        """Yield what a verification needs of every settled ticket, in the order of settling, as plain values."""
        with self._connected() as connection:
            if connection is not None:
                connection.row_factory = sqlite3.Row
                is_older = checked_version(connection, self.path) in OLDER_VERSIONS
                query = _STORED.format(*("NULL", "NULL", "") if is_older else _STORED_APART)
                for row in connection.execute(query):
                    told = {key: row[key] and _dialogue(row[key]) for key in ("prompt", "messages")}
                    yield dict(row) | told | {"item": orjson.loads(row["item"])}

    def near_items(self, item: str, count: int = 2) -> list[str]:
        """Return the ids of settled items on either side of ``item``, up to ``count`` each, in their order."""
        with self._connected() as connection:
            if connection is None:
                return []
            before, after = (
                [found for (found,) in connection.execute(_NEAR.format(*side), (item, count))]
                for side in (("<", "DESC"), (">=", "ASC"))
            )
        return [*reversed(before), *after]

    def spent(self) -> list[Spending]:
        """Return what was spent on each model, the teacher's own first; none of ledgers of an older version."""
        with self._connected() as connection:
            if connection is None or checked_version(connection, self.path) in OLDER_VERSIONS:
                return []
            return [Spending(*row) for row in connection.execute(_SPENT)]

    def check_whole(self) -> None:
        """Look for damage in the whole file, which costs reading it; raises DamagedFileError."""
        with self._connected() as connection:
            if connection is not None:
                check_whole(connection, self.path)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path.exists():
            yield None
            return
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as opened:
                opened.execute("BEGIN")
                yield opened if checked_version(opened, self.path) else None
        except UNREADABLE as error:
            raise unreadable(self.path, error) from error


def check_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file in which SQLite's ``quick_check`` finds a fault, or whose accounts do not add up.

    Raises:
        DamagedFileError: the file is damaged.
    """
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise unreadable(path, sqlite3.DatabaseError(found))
    (balanced,) = connection.execute(_BALANCED).fetchone()
    if not balanced:
        raise unreadable(path, sqlite3.DatabaseError("its counters do not agree with its tickets and samples"))


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of an open ledger, 0 for one that was never begun.

    Raises:
        CampaignError: it was written by another version of this program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in {0, *OLDER_VERSIONS, SCHEMA_VERSION}:
        raise CampaignError(
            f"ledger {path} has schema version {version}, this program knows {SCHEMA_VERSION}",
            "use the version of the program that made it, or start another run with --output-name",
        )
    return int(version)


def read_header(connection: sqlite3.Connection) -> RunHeader:
    """Return the header of an open ledger of the current version."""
    row = connection.execute(
        "SELECT run, kind, total, fingerprint, plan_values, origins, code, created FROM run"
    ).fetchone()
    run, kind, total, fingerprint, values, origins, code, created = row
    return RunHeader(
        run, kind, total, fingerprint, orjson.loads(values), orjson.loads(origins), orjson.loads(code), created
    )


def read_accounts(connection: sqlite3.Connection) -> Accounts:
    """Return where the tickets of an open ledger are."""
    return Accounts(
        *connection.execute(
            "SELECT coalesce(sum(issued), 0), coalesce(sum(accepted), 0), coalesce(sum(rejected), 0), "
            "coalesce(sum(dead), 0), coalesce(sum(open), 0) FROM counters"
        ).fetchone()
    )


def read_standing_pause(connection: sqlite3.Connection) -> Pause | None:
    """Return the newest alarm of a guard that nobody has answered."""
    row = connection.execute(_PAUSES).fetchone()
    return None if row is None else Pause(*row)


def read_progress(connection: sqlite3.Connection) -> Progress:
    """Return the progress of an open ledger's run."""
    header, accounts = read_header(connection), read_accounts(connection)
    (quality_sum,) = connection.execute("SELECT total(quality_sum) FROM counters").fetchone()
    newest = connection.execute("SELECT quality FROM samples ORDER BY seq DESC LIMIT ?", (NEWEST,)).fetchall()
    return Progress(
        source="ledger",
        done=accounts.accepted if header.kind == "campaign" else accounts.settled,
        total=header.total,
        accepted=accounts.accepted,
        rejected=accounts.rejected,
        scored=accounts.settled,
        score_sum=quality_sum,
        newest=tuple(quality for (quality,) in reversed(newest)),
        started=header.started(),
    )


def read_reasons(connection: sqlite3.Connection, limit: int) -> list[tuple[str, int]]:
    """Return the most frequent reasons in an open ledger of tickets that were not accepted, with their counts."""
    return connection.execute(
        "SELECT reason, count(*) AS times FROM samples WHERE reason IS NOT NULL "
        "GROUP BY reason ORDER BY times DESC, reason LIMIT ?",
        (limit,),
    ).fetchall()


def unreadable(path: Path, error: Exception) -> CampaignError:
    """Return the error of this project for one of ``UNREADABLE`` about the ledger at ``path``."""
    # An OperationalError without a code is Python's, about a text that is not UTF-8.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
        return CampaignError(
            f"ledger {path} cannot be used: {error}",
            "stop other programs that hold it open, free space on its disk, and see that its folder is writable",
        )
    return DamagedFileError(
        f"ledger {path} is damaged: {error}",
        f"keep a copy (cp {path} {path}.damaged), then bring back a backup or start another run with --output-name",
    )


_BALANCED = """
    SELECT (SELECT total(issued) FROM counters) = count(*)
       AND (SELECT total(tickets) FROM rounds) = count(*)
       AND (SELECT total(accepted) FROM counters) = total(state = 'accepted')
       AND (SELECT total(rejected) FROM counters) = total(state = 'rejected')
       AND (SELECT total(dead) FROM counters) = total(state = 'dead')
       AND (SELECT count(*) FROM samples) = total(state <> 'open')
       AND abs((SELECT total(quality_sum) FROM counters) - (SELECT total(quality) FROM samples)) < 1e-6
    FROM tickets
"""
_CALLS = "SELECT seq, started, finished, {} FROM attempts WHERE finished IS NOT NULL AND outcome <> 'lost' ORDER BY id"
_TAKEN = ", ".join(
    f"coalesce({known}, CASE outcome WHEN 'failed' THEN 0 END)"
    for known in ("tokens_in", "tokens_out", "cost", "cost, reserved")
)
_ALL_CALLS = """
    SELECT seq, started, finished, {}, later FROM (
        SELECT id, 0 AS later, seq, started, finished, outcome, tokens_in, tokens_out, cost, reserved FROM attempts
        UNION ALL
        SELECT o.attempt, 1, a.seq, o.started, o.finished, o.outcome, o.tokens_in, o.tokens_out, o.cost, o.reserved
        FROM opinions o JOIN attempts a ON a.id = o.attempt
    ) WHERE finished IS NOT NULL AND outcome <> 'lost' ORDER BY id, later
"""
_PAUSES = "SELECT id, guard, cause, cure FROM pauses WHERE cleared IS NULL ORDER BY id DESC LIMIT 1"
_MODELS = """
    SELECT DISTINCT t.domain, {}, a.model
    FROM samples s JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt
    WHERE a.model <> '' AND t.state <> 'dead'
"""
_JUDGES = """
    SELECT DISTINCT t.domain, o.model
    FROM samples s JOIN tickets t ON t.seq = s.seq JOIN opinions o ON o.attempt = s.attempt
    WHERE o.model <> ''
"""
_JUDGED = "SELECT t.domain, s.quality, t.state, s.reason FROM samples s JOIN tickets t ON t.seq = s.seq ORDER BY s.seq"
_JUDGED_FOR = (
    "(SELECT CASE WHEN count(o.cost) = count(*) THEN total(o.cost) END FROM opinions o WHERE o.attempt = a.id)"
)
_TRIED = """
    SELECT t.item_id, t.domain, s.quality, t.state, a.cost + {} FROM samples s
    JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt ORDER BY s.seq
"""
_SETTLED = """
    SELECT t.id, t.seq, r.run, r.fingerprint, t.domain, t.family, t.difficulty, t.item_id, t.variant, t.item, t.prompt,
           t.state, s.quality, s.reason, s.twin, s.checks, a.model, a.reply, {} AS messages
    FROM run r, samples s JOIN tickets t ON t.seq = s.seq LEFT JOIN attempts a ON a.id = s.attempt {}
"""
_STORED = """
    SELECT r.run, t.id, t.seq, t.domain, t.family, t.difficulty, t.item_id, t.variant, t.item, t.prompt, t.state,
           s.quality, s.reason, s.twin, a.outcome, coalesce(a.model, '') AS model, coalesce(a.reply, '') AS reply,
           {} AS messages, {} AS opinion
    FROM run r, samples s JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt {} ORDER BY s.seq
"""
_STORED_APART = (
    "d.messages",
    "(SELECT o.reply FROM opinions o WHERE o.attempt = a.id AND o.outcome = 'answered' ORDER BY o.id DESC LIMIT 1)",
    "LEFT JOIN dialogues d ON d.seq = s.seq",
)
"""What only ledgers of this version have: conversations, and what a judge said."""
_SAMPLES = "{settled} WHERE t.state {sign} 'accepted' ORDER BY s.seq"
_NEWEST = """{settled}
    WHERE (:accepted IS NULL OR (t.state = 'accepted') = :accepted) AND substr(t.item_id, 1, length(:item)) = :item
    ORDER BY s.seq DESC LIMIT :count
"""
_SPENT = """
    SELECT role, coalesce(alias, ''), count(*), sum(tokens_in), sum(tokens_out), sum(cost), sum(cost IS NULL),
           avg(seconds)
    FROM (
        SELECT 'teacher' AS role, alias, tokens_in, tokens_out, cost, seconds FROM attempts WHERE outcome IS NOT NULL
        UNION ALL SELECT 'judge', alias, tokens_in, tokens_out, cost, seconds FROM opinions WHERE outcome IS NOT NULL
    ) GROUP BY 1, 2 ORDER BY 1 DESC, 2
"""
_NEAR = """
    SELECT DISTINCT item_id FROM tickets WHERE state <> 'open' AND item_id {} ? ORDER BY item_id {} LIMIT ?
"""


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _settled(version: int) -> str:
    """Return the query of whole samples, for a ledger of that version."""
    own_dialogue = "d.messages", "LEFT JOIN dialogues d ON d.seq = s.seq"
    return _SETTLED.format(*("NULL", "") if version in OLDER_VERSIONS else own_dialogue)


def _sample(sample: dict[str, Any]) -> dict[str, Any]:
    sample["item"] = orjson.loads(sample["item"])
    sample["prompt"] = _dialogue(sample["prompt"])
    told = [*sample["prompt"], {"role": "assistant", "content": sample["reply"]}]
    sample["messages"] = told if sample["messages"] is None else _dialogue(sample["messages"])
    sample["tools"] = [tool for turn in sample["messages"] for tool in turn.pop("tools", ())] or None
    sample["checks"] = [
        {"name": name, "score": score, "detail": detail} for name, score, detail in orjson.loads(sample["checks"])
    ]
    return sample


def _dialogue(text: str) -> list[dict[str, Any]]:
    return [
        {"role": role, "content": content} | (more[0] if more else {}) for role, content, *more in orjson.loads(text)
    ]
