"""The store of workflows: their steps, verdicts, approvals and launches, one SQLite file.

Only the process that holds the orchestrator's lease writes. Every step is committed before it is announced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.clock import stamp
from agents.campaign.errors import DamagedFileError, PausedError
from agents.campaign.events import WatchedKind
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.campaign.phases import Happening, Phase, step
from agents.campaign.process import Identity

SCHEMA_VERSION = 2
BUSY_SECONDS = 10.0
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
"""A step that was announced survives a power cut."""
TABLES = {"workflows", "steps", "approvals", "launches", "resumptions"}

_SCHEMA = """
CREATE TABLE workflows (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, started TEXT NOT NULL, plan TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    id INTEGER PRIMARY KEY, workflow INTEGER NOT NULL REFERENCES workflows, at TEXT NOT NULL,
    happening TEXT NOT NULL, phase TEXT NOT NULL, details TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_workflow ON steps (workflow, id);
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY, workflow INTEGER NOT NULL REFERENCES workflows, at TEXT NOT NULL,
    fingerprint TEXT NOT NULL, approver TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL DEFAULT '',
    overruled TEXT
) STRICT;
CREATE TABLE launches (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    argv TEXT NOT NULL, log_position INTEGER NOT NULL, warden TEXT
) STRICT;
CREATE INDEX launches_of_run ON launches (run, id);
"""
_RESUMPTIONS = """
CREATE TABLE resumptions (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, pause INTEGER NOT NULL, resumer TEXT NOT NULL
) STRICT
"""

_MIGRATIONS = {
    1: (
        "ALTER TABLE approvals ADD COLUMN evidence TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE approvals ADD COLUMN overruled TEXT",
        _RESUMPTIONS,
        "UPDATE workflows SET plan = json_remove(plan, '$.recipe.gate.rule') "
        "WHERE json_extract(plan, '$.origins.\"gate.rule\"') IS NULL",
    ),
}
"""By the version that is left.

An approval of version 1 was bound to no evidence, and approves nothing any more. Its gate had one rule: where nobody
had named it, it is the default's, as in the plan that is asked for now.
"""

_TABLES_BY_VERSION = {0: set(), 1: TABLES - {"resumptions"}, SCHEMA_VERSION: TABLES}

CREATED = "created"
"""The happening of a workflow's first step."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow as it stands; ``run`` is the campaign it is about."""

    id: int
    run: str
    started: str
    plan: dict[str, Any]
    phase: Phase
    results: dict[str, Any]
    """The newest ``pilot_result``, ``validation_result``, ``launch_result``, ``campaign_result``, ``cause``."""
    completed: str | None


@dataclass(frozen=True, slots=True)
class Resumption:
    """A person's wish that a run goes on in spite of its alarms up to ``pause``, an id in its ledger."""

    pause: int
    resumer: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's wish to launch on a pilot of this plan and this evidence; ``overruled`` is the verdict against it."""

    fingerprint: str
    evidence: str
    approver: str
    reason: str
    overruled: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A generator that is about to be started, and where its log ends now."""

    run: str
    kind: WatchedKind
    argv: tuple[str, ...]
    fingerprint: str
    log_position: int


@dataclass(frozen=True, slots=True)
class Launch:
    """An intent to start a generator, and the warden that did; None until one is known to live."""

    id: int
    run: str
    fingerprint: str
    log_position: int
    """Where the log ended before: what stands before it tells of other launches."""
    warden: Identity | None


class Workflows:
    """The store at ``path``; open it as a context manager.

    Raises:
        DamagedFileError: the file is not a store of this version.
        PausedError: the disk is full or the file stays locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)
        with self._boundary():
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def find(self, run: str) -> Workflow | None:
        """Return the workflow about campaign ``run``, as its steps tell."""
        with self._boundary():
            row = self._database.execute("SELECT id, started, plan FROM workflows WHERE run = ?", (run,)).fetchone()
            return None if row is None else self._replay(row[0], run, row[1], orjson.loads(row[2]))

    def newest(self) -> Workflow | None:
        """Return the workflow that moved last."""
        with self._boundary():
            row = self._database.execute(
                "SELECT w.run FROM steps s JOIN workflows w ON w.id = s.workflow ORDER BY s.id DESC LIMIT 1"
            ).fetchone()
        return None if row is None else self.find(row[0])

    def create(self, run: str, plan: dict[str, Any], phase: Phase, now: datetime) -> Workflow:
        """Store a new workflow about ``run`` that stands at ``phase``."""
        with self._transaction():
            cursor = self._database.execute(
                "INSERT INTO workflows (run, started, plan) VALUES (?, ?, ?)", (run, stamp(now), _json(plan))
            )
            assert cursor.lastrowid is not None  # noqa: S101 -- an INSERT has one
            self._add_step(cursor.lastrowid, CREATED, phase, {}, now)
        return self._found(run)

    def set_plan(self, workflow: Workflow, plan: dict[str, Any]) -> Workflow:
        """Record the plan that ``workflow`` goes on with."""
        with self._transaction():
            self._database.execute("UPDATE workflows SET plan = ? WHERE id = ?", (_json(plan), workflow.id))
        return self._found(workflow.run)

    def move(self, workflow: Workflow, happening: Happening, details: dict[str, Any], now: datetime) -> Workflow:
        """Commit the step that ``happening`` means, with its results; raises ValueError for an unlisted one."""
        phase = step(workflow.phase, happening)
        with self._transaction():
            self._add_step(workflow.id, happening, phase, details, now)
        return self._found(workflow.run)

    def approve(self, workflow: Workflow, approval: Approval, now: datetime) -> None:
        """Record that a person wants the campaign launched."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO approvals (workflow, at, fingerprint, evidence, approver, reason, overruled) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(workflow.id, stamp(now), approval.fingerprint, approval.evidence),
                    *(approval.approver, approval.reason, approval.overruled),
                ),
            )

    def approval_of(self, run: str, fingerprint: str, evidence: str) -> Approval | None:
        """Return the newest approval of campaign ``run`` on exactly this plan and this evidence."""
        with self._boundary():
            row = self._database.execute(
                "SELECT a.fingerprint, a.evidence, a.approver, a.reason, a.overruled FROM approvals a "
                "JOIN workflows w ON w.id = a.workflow WHERE w.run = ? AND a.fingerprint = ? AND a.evidence = ? "
                "ORDER BY a.id DESC LIMIT 1",
                (run, fingerprint, evidence),
            ).fetchone()
        return None if row is None else Approval(*row)

    def intend(self, launch: Intent, now: datetime) -> int:
        """Commit the intent to start a generator; return the launch's id."""
        with self._transaction():
            cursor = self._database.execute(
                "INSERT INTO launches (run, kind, at, fingerprint, argv, log_position) VALUES (?, ?, ?, ?, ?, ?)",
                (launch.run, launch.kind, stamp(now), launch.fingerprint, _json(launch.argv), launch.log_position),
            )
        assert cursor.lastrowid is not None  # noqa: S101 -- an INSERT has one
        return cursor.lastrowid

    def confirm(self, launch: int, warden: Identity) -> None:
        """Record the process that the intent became."""
        with self._transaction():
            self._database.execute("UPDATE launches SET warden = ? WHERE id = ?", (_json(warden.document()), launch))

    def launch_of(self, run: str) -> Launch | None:
        """Return the newest launch of ``run``."""
        with self._boundary():
            row = self._database.execute(
                "SELECT id, fingerprint, log_position, warden FROM launches WHERE run = ? ORDER BY id DESC LIMIT 1",
                (run,),
            ).fetchone()
        if row is None:
            return None
        warden = Identity.parsed(orjson.loads(row[3])) if row[3] else None
        return Launch(row[0], run, row[1], row[2], warden)

    def resume(self, run: str, resumption: Resumption, now: datetime) -> None:
        """Record that a person wants ``run`` to go on in spite of an alarm."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO resumptions (at, run, pause, resumer) VALUES (?, ?, ?, ?)",
                (stamp(now), run, resumption.pause, resumption.resumer),
            )

    def resumption_of(self, run: str) -> Resumption | None:
        """Return up to which alarm a person wants ``run`` to go on."""
        with self._boundary():
            row = self._database.execute(
                "SELECT pause, resumer FROM resumptions WHERE run = ? ORDER BY pause DESC, id DESC LIMIT 1", (run,)
            ).fetchone()
        return None if row is None else Resumption(*row)

    def _found(self, run: str) -> Workflow:
        workflow = self.find(run)
        assert workflow is not None  # noqa: S101 -- it was just written
        return workflow

    def _replay(self, workflow: int, run: str, started: str, plan: dict[str, Any]) -> Workflow:
        steps = self._database.execute(
            "SELECT at, phase, details FROM steps WHERE workflow = ? ORDER BY id", (workflow,)
        ).fetchall()
        results: dict[str, Any] = {}
        for _, _, details in steps:
            for of_one_step in ("cause", "next"):
                results.pop(of_one_step, None)
            results |= orjson.loads(details)
        at, phase, _ = steps[-1]
        return Workflow(workflow, run, started, plan, Phase(phase), results, at if Phase(phase).is_end else None)

    def _add_step(self, workflow: int, happening: str, phase: Phase, details: dict[str, Any], now: datetime) -> None:
        self._database.execute(
            "INSERT INTO steps (workflow, at, happening, phase, details) VALUES (?, ?, ?, ?, ?)",
            (workflow, stamp(now), happening, phase.value, _json(details)),
        )

    def _prepare(self) -> None:
        version = self._checked_version()
        self.path.chmod(PRIVATE_FILE)
        for pragma in PRAGMAS:
            self._database.execute(f"PRAGMA {pragma}").fetchall()  # without fetching, an error is not raised
        if version < SCHEMA_VERSION:
            with self._transaction():
                version = self._checked_version()  # another process may have been here first
                statements = [*_SCHEMA.split(";"), _RESUMPTIONS] if version == 0 else _MIGRATIONS.get(version, ())
                for statement in filter(str.strip, statements):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _checked_version(self) -> int:
        """Return the version of the file, 0 for an empty one; raise DamagedFileError where it is not ours."""
        version: int = self._database.execute("PRAGMA user_version").fetchone()[0]
        rows = self._database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        )
        tables = {name for (name,) in rows}
        if version not in {0, *_MIGRATIONS, SCHEMA_VERSION}:
            raise DamagedFileError(
                f"{self.path} has schema version {version}, this program knows {SCHEMA_VERSION}",
                f"use the program that wrote it, or move {self.path} away",
            )
        if tables != (_TABLES_BY_VERSION[version]):
            raise DamagedFileError(f"{self.path} is no store of workflows", f"move {self.path} away and start again")
        return version

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._boundary():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _boundary(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # An error without a code is Python's, about a text that is not UTF-8.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
                raise PausedError(
                    f"{self.path} cannot be used: {error}",
                    "free disk space, mend permissions, or end who locks it, then run the same command again",
                ) from error
            raise DamagedFileError(
                f"{self.path} is damaged: {error}", f"keep a copy, then move {self.path} away and start again"
            ) from error


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
