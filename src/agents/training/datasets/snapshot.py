"""A run's accepted samples as they are at one moment, read as often as needed.

Owns the queries of an export. Never writes to the ledger: a run that is still at work goes on meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from agents.campaign.ledger_view import (
    OLDER_VERSIONS,
    UNREADABLE,
    RunHeader,
    checked_version,
    read_header,
    read_progress,
    unreadable,
)
from agents.campaign.progress import Progress

_BUSY_SECONDS = 5.0
_ROWS = """
    SELECT t.seq, t.id, t.domain, t.family, t.difficulty, t.item_id, s.quality, coalesce(a.model, '') AS model,
           t.variant, {item}, {group}, {own}, t.prompt, a.reply, {messages} AS messages
    FROM samples s JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt {join}
    WHERE t.state = 'accepted' AND t.domain IN (SELECT value FROM json_each(:domains)) ORDER BY s.seq
"""
_OF_TEXTS = "CASE WHEN t.domain IN (SELECT value FROM json_each(:described)) THEN t.item ->> '$.{}' END"
_ITEM = "CASE WHEN t.domain NOT IN (SELECT value FROM json_each(:described)) THEN t.item END"
"""The item of a built-in domain is small; that of a described one has the whole text."""
_GROUP = f"coalesce({_OF_TEXTS.format('group')}, t.item_id)"
_OWN = ", ".join(_OF_TEXTS.format(name) for name in ("name", "licence"))
_GROUPS = "SELECT t.seq, {group} FROM tickets t WHERE t.state = 'accepted' ORDER BY t.seq"
_SIGNATURES = "SELECT seq, signature FROM samples WHERE signature IS NOT NULL ORDER BY seq"
"""The ledger has those of accepted samples alone."""


class Sample(NamedTuple):
    """An accepted sample; ``group`` is what it was made from, and what shares it must be in one split.

    ``source`` and ``licence`` are of texts of people's own, None of what a procedure made; ``item`` is of the latter,
    as JSON text.
    """

    seq: int
    id: str
    domain: str
    family: str
    difficulty: int
    item_id: str
    quality: float
    model: str
    variant: int
    item: str | None
    group: str
    source: str | None
    licence: str | None
    messages: list[dict[str, Any]]
    tools: list[Any] | None

    @property
    def cell(self) -> str:
        """Its domain, family and difficulty."""
        return f"{self.domain}/{self.family}/d{self.difficulty}"

    @property
    def metadata(self) -> dict[str, Any]:
        """What a dataset tells of it besides the conversation."""
        told = {
            "id": self.id,
            "domain": self.domain,
            "family": self.family,
            "difficulty": self.difficulty,
            "item_id": self.item_id,
            "group": self.group,
            "quality": self.quality,
            "model": self.model,
            "variant": self.variant,
        }
        for name in ("item", "source", "licence"):
            if (value := getattr(self, name)) is not None:
                told[name] = value
        return told


class Snapshot:
    """The ledger of a run within one read transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._is_older = checked_version(connection, path) in OLDER_VERSIONS
        self.header: RunHeader = read_header(connection)
        self.progress: Progress = read_progress(connection)
        found = connection.execute(
            "SELECT domain, count(*), max(seq) FROM tickets WHERE state = 'accepted' GROUP BY domain ORDER BY domain"
        ).fetchall()
        self.accepted: dict[str, int] = {domain: count for domain, count, _ in found}
        """Accepted samples of each domain that has some."""
        self.last = max((last for _, _, last in found), default=-1)
        """The greatest ``seq`` of an accepted sample; -1 of none."""
        described = [name for name in self.accepted if self.header.values.get(f"domains.{name}.sources") is not None]
        self._described = orjson.dumps(described).decode()
        self._item, self._group, self._own = (
            (_ITEM, _GROUP, _OWN) if described else ("t.item", "t.item_id", "NULL, NULL")
        )

    @classmethod
    @contextmanager
    def of(cls, path: Path) -> Iterator[Self | None]:
        """Read the ledger at ``path`` for as long as the block runs; None where there is none.

        Raises:
            DamagedFileError: it is no whole ledger.
            CampaignError: another version of this program made it, or it cannot be opened.
        """
        if not path.exists():
            yield None
            return
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as opened:
                opened.execute("BEGIN")
                yield cls(path, opened) if checked_version(opened, path) else None
        except sqlite3.Error as error:
            raise unreadable(path, error) from error

    def samples(self, domains: Collection[str]) -> Iterator[Sample]:
        """Yield the accepted samples of ``domains`` in the order of settling; raises DamagedFileError."""
        apart = "" if self._is_older else "LEFT JOIN dialogues d ON d.seq = s.seq"
        messages = "NULL" if self._is_older else "d.messages"
        query = _ROWS.format(messages=messages, item=self._item, group=self._group, own=self._own, join=apart)
        names = {"domains": orjson.dumps(list(domains)).decode(), "described": self._described}
        try:
            for row in self._connection.execute(query, names):
                yield _sample(row)
        except UNREADABLE as error:
            raise unreadable(self.path, error) from error

    def groups(self) -> Iterator[tuple[int, str]]:
        """Yield ``seq`` and group of every accepted sample, in the order of settling."""
        yield from self._connection.execute(_GROUPS.format(group=self._group), {"described": self._described})

    def signatures(self) -> Iterator[tuple[int, bytes]]:
        """Yield ``seq`` and signature of every accepted sample, in the order of settling."""
        yield from self._connection.execute(_SIGNATURES)


def _sample(row: tuple[Any, ...]) -> Sample:
    """Return the sample of a row of ``_ROWS``: its columns but the last three are those of a sample, in their order."""
    *known, prompt, reply, messages = row
    told = _dialogue(messages or prompt)
    if messages is None:
        told.append({"role": "assistant", "content": reply})
    tools = [tool for turn in told if "tools" in turn for tool in turn.pop("tools")] or None
    return Sample._make((*known, told, tools))


def _dialogue(text: str) -> list[dict[str, Any]]:
    return [_turn(*turn) for turn in orjson.loads(text)]


def _turn(role: str, content: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"role": role, "content": content, **more} if more else {"role": role, "content": content}
