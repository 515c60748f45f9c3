"""A run's accepted samples as they are at one moment, read as often as needed.

Owns the queries of an export. Never writes to the ledger: a run that is still at work goes on meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
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
           t.variant, {item}, t.prompt, a.reply, {messages} AS messages, {own}
    FROM samples s JOIN tickets t ON t.seq = s.seq JOIN attempts a ON a.id = s.attempt {join}
    WHERE t.state = 'accepted' AND t.domain IN (SELECT value FROM json_each(:domains)) ORDER BY s.seq
"""
_OF_TEXTS = "CASE WHEN t.domain IN (SELECT value FROM json_each(:described)) THEN t.item ->> '$.{}' END"
_ITEM = "CASE WHEN t.domain NOT IN (SELECT value FROM json_each(:described)) THEN t.item END"
"""The item of a built-in domain is small; that of a described one has the whole text."""
_OWN = ", ".join(_OF_TEXTS.format(name) for name in ("group", "name", "licence"))
_SIGNATURES = """
    SELECT t.seq, coalesce({group}, t.item_id), s.signature FROM samples s JOIN tickets t ON t.seq = s.seq
    WHERE t.state = 'accepted' AND s.signature IS NOT NULL ORDER BY s.seq
"""


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
        own = {"item": self.item, "source": self.source, "licence": self.licence}
        return told | {name: value for name, value in own.items() if value is not None}


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
        self._described = [
            name for name in self.accepted if self.header.values.get(f"domains.{name}.sources") is not None
        ]

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
        item, own = (_ITEM, _OWN) if self._described else ("t.item", "NULL, NULL, NULL")
        query = _ROWS.format(messages="NULL" if self._is_older else "d.messages", item=item, own=own, join=apart)
        names = {"domains": orjson.dumps(list(domains)).decode(), "described": orjson.dumps(self._described).decode()}
        try:
            for row in self._connection.execute(query, names):
                yield _sample(*row)
        except UNREADABLE as error:
            raise unreadable(self.path, error) from error

    def signatures(self) -> Iterator[tuple[int, str, bytes]]:
        """Yield ``seq``, group and signature of every accepted sample, in the order of settling."""
        query = _SIGNATURES.format(group=_OF_TEXTS.format("group") if self._described else "NULL")
        yield from self._connection.execute(query, {"described": orjson.dumps(self._described).decode()})


def _sample(  # the columns of _ROWS, in their order
    seq: int,
    number: str,
    domain: str,
    family: str,
    difficulty: int,
    item_id: str,
    quality: float,
    model: str,
    variant: int,
    item: str | None,
    prompt: str,
    reply: str,
    messages: str | None,
    group: str | None,
    source: str | None,
    licence: str | None,
) -> Sample:
    told = _dialogue(prompt, reply) if messages is None else _dialogue(messages)
    tools = [tool for turn in told if "tools" in turn for tool in turn.pop("tools")] or None
    known = seq, number, domain, family, difficulty, item_id, quality, model, variant, item
    return Sample(*known, group or item_id, source, licence, told, tools)


def _dialogue(text: str, reply: str | None = None) -> list[dict[str, Any]]:
    told = [{"role": role, "content": content, **(more[0] if more else {})} for role, content, *more in _turns(text)]
    return told if reply is None else [*told, {"role": "assistant", "content": reply}]


def _turns(text: str) -> list[list[Any]]:
    turns: list[list[Any]] = orjson.loads(text)
    return turns
