"""Answers of an evaluation, kept as they come, and every call for one: what was answered is never asked again.

Owns the SQLite file. Knows nothing of what an answer is worth, or costs.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from agents.campaign.errors import AnotherPlanError, DamagedFileError, PausedError
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.training.sample import Outcome, Reply

FILE = "answers.sqlite"
_VERSION = 2
_CALLS = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, reserved REAL, tokens_in INTEGER, tokens_out INTEGER, cost REAL
) STRICT;
"""
_ANSWERS = """
CREATE TABLE evaluation (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL) STRICT;
CREATE TABLE answers (
    question TEXT NOT NULL, sample INTEGER NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, model TEXT NOT NULL,
    tokens_in INTEGER, tokens_out INTEGER, seconds REAL, PRIMARY KEY (question, sample)
) STRICT;
"""
_FROM_1 = "INSERT INTO calls (tokens_in, tokens_out) SELECT tokens_in, tokens_out FROM answers;"
"""A file of version 1 has no calls, but each of its answers was one."""
_ALL = "SELECT question, sample, outcome, text, model, tokens_in, tokens_out, '', seconds FROM answers"
_ADD = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_END = "UPDATE calls SET tokens_in = ?, tokens_out = ?, cost = ? WHERE id = ?"

Key = tuple[str, int]
"""A question's id, and which of several answers to it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call for an answer; what is not known is None: all but ``reserved`` while it is under way, or was lost.

    ``reserved`` is what it could cost at most, and ``cost`` what it did, by the prices of its time.
    """

    reserved: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None


class AnswerStore:
    """The answers in ``folder``; a context manager. Call it with the folder's lease.

    Args:
        folder: is made where it is missing.
        identity: what the answers depend on, as JSON values.

    Raises:
        AnotherPlanError: answers are there that depend on something else.
        DamagedFileError: the file is no such store.
        PausedError: it cannot be written.
    """

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        self.path = folder / FILE
        self._identity = orjson.dumps(identity, option=orjson.OPT_SORT_KEYS).decode()
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        make_folder(self.path.parent)
        try:
            self.path.touch(PRIVATE_FILE)
            self._connection = sqlite3.connect(self.path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._begin(self._connection)
        except sqlite3.DatabaseError as error:
            self._close()
            raise self._failed(error) from error
        except BaseException:
            self._close()
            raise
        return self

    def _begin(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < _VERSION:
            more = _ANSWERS if version == 0 else _FROM_1
            connection.executescript(f"BEGIN; {_CALLS} {more} PRAGMA user_version={_VERSION}; COMMIT;")
        connection.execute("INSERT OR IGNORE INTO evaluation VALUES (1, ?)", (self._identity,))
        (there,) = connection.execute("SELECT identity FROM evaluation").fetchone()
        if version > _VERSION or there != self._identity:
            raise AnotherPlanError(
                f"{self.path} has the answers of another evaluation", f"move it away: mv {self.path} {self.path}.old"
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def answers(self) -> dict[Key, Reply]:
        """Return every answer that is there."""
        try:
            rows = self._open().execute(_ALL).fetchall()
            return {(question, sample): Reply(Outcome(outcome), *told) for question, sample, outcome, *told in rows}
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise self._failed(error) from error

    def calls(self) -> list[Call]:
        """Return every call that was begun."""
        try:
            rows = self._open().execute("SELECT reserved, tokens_in, tokens_out, cost FROM calls ORDER BY id")
            return [Call(*row) for row in rows]
        except sqlite3.DatabaseError as error:
            raise self._failed(error) from error

    def begin(self, reserved: float | None) -> int:
        """Note that a call begins, before it is made, and return its id; it is durable when this returns."""
        try:
            return int(self._open().execute("INSERT INTO calls (reserved) VALUES (?)", (reserved,)).lastrowid or 0)
        except sqlite3.DatabaseError as error:
            raise self._failed(error) from error

    def finish(self, call: int, key: Key, reply: Reply, cost: float | None) -> None:
        """Keep what a call brought, and what it cost; it is durable when this returns."""
        text = reply.text.encode(errors="replace").decode()
        told = reply.outcome.value, text, reply.model, reply.tokens_in, reply.tokens_out, reply.seconds
        connection = self._open()
        try:
            connection.execute("BEGIN")
            connection.execute(_END, (reply.tokens_in, reply.tokens_out, cost, call))
            connection.execute(_ADD, (*key, *told))
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise self._failed(error) from error

    def _open(self) -> sqlite3.Connection:
        assert self._connection is not None  # noqa: S101 -- the context manager was entered
        return self._connection

    def _failed(self, error: Exception) -> DamagedFileError | PausedError:
        if isinstance(error, sqlite3.OperationalError):
            return PausedError(f"{self.path} cannot be written: {error}", "free space, then run the same command again")
        return DamagedFileError(
            f"{self.path} cannot be read: {error}", f"move it away: mv {self.path} {self.path}.old; all is asked again"
        )
