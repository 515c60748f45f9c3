"""Ledgers as the first version of this program left them: without costs, tokens, guards and pauses."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = Path(__file__).with_name("ledger_v1.sql").read_text(encoding="utf-8")


def turn_back(path: Path) -> None:
    """Put in place of the closed ledger at ``path`` one of the first version with the same rows."""
    old = path.with_suffix(".v1")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
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
