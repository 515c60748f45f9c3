"""Ledgers as earlier versions of this program left them.

The first had no costs, tokens, guards and pauses; the second had no opinions, dialogues and aliases.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def turn_back(path: Path, to: int = 1) -> None:
    """Put in place of the closed ledger at ``path`` one of version ``to`` with the same rows."""
    schema = Path(__file__).with_name(f"ledger_v{to}.sql").read_text(encoding="utf-8")
    old = path.with_suffix(".old")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(schema)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.execute("ATTACH ? AS now", (str(path),))
        for (table,) in tables:
            columns = ", ".join(name for (_, name, *_) in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} SELECT {columns} FROM now.{table}")  # noqa: S608 -- our tables
    old.replace(path)


def version(path: Path) -> int:
    """Return the version of the schema at ``path``."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
