"""Answers of an evaluation, kept as they come: what was answered is never asked again.

Owns the SQLite file. Knows nothing of what an answer is worth.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from agents.campaign.errors import AnotherPlanError, DamagedFileError, PausedError
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.training.sample import Outcome, Reply

FILE = "answers.sqlite"
_VERSION = 1
_SCHEMA = """
CREATE TABLE evaluation (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL) STRICT;
CREATE TABLE answers (
    question TEXT NOT NULL, sample INTEGER NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, model TEXT NOT NULL,
    tokens_in INTEGER, tokens_out INTEGER, seconds REAL, PRIMARY KEY (question, sample)
) STRICT;
"""
_ALL = "SELECT question, sample, outcome, text, model, tokens_in, tokens_out, '', seconds FROM answers"
_ADD = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

Key = tuple[str, int]
"""A question's id, and which of several answers to it."""


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
        if version == 0:
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
        connection.execute("INSERT OR IGNORE INTO evaluation VALUES (1, ?)", (self._identity,))
        (there,) = connection.execute("SELECT identity FROM evaluation").fetchone()
        if version not in (0, _VERSION) or there != self._identity:
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

    def add(self, key: Key, reply: Reply) -> None:
        """Keep an answer; it is durable when this returns."""
        text = reply.text.encode(errors="replace").decode()
        told = reply.outcome.value, text, reply.model, reply.tokens_in, reply.tokens_out, reply.seconds
        try:
            self._open().execute(_ADD, (*key, *told))
        except sqlite3.DatabaseError as error:
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
