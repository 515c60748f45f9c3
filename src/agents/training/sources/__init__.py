"""People's own data as pieces from which samples are made.

Owns what a reading of sources is, in which order, and what is left out. Never makes a sample, and never writes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.described import Kind, PolicySection, SourceSection
from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.campaign.printable import printable
from agents.training.sample import Json
from agents.training.sources import hub
from agents.training.sources.encoding import text_of
from agents.training.sources.kinds import TABLES, cuts_of, kind_of
from agents.training.sources.patterns import Found, find
from agents.training.sources.piece import Piece
from agents.training.sources.policy import place_of, refuse_unlicensed
from agents.training.sources.tables import Row, encoded, rows_of

__all__ = ["Piece", "Reading", "read"]

MOST_BYTES = 512 * 2**20
"""Of all files together, and of all pieces."""
LONGEST_NAME = 300
"""Characters of a piece's name."""
_MOST_SHOWN = 20
"""Columns that an error lists."""
_BLANK_LINES = re.compile(r"\A\s*\n")


@dataclass(frozen=True, slots=True)
class Reading:
    """What sources came to.

    ``pieces`` are in the order of sections, then of the paths of files, then of positions in a file. ``left_out``
    counts by reason: empty, too short, too long, repeated, unreadable row; reasons that never occurred are not in it.
    ``files`` counts those that were read.
    """

    pieces: tuple[Piece, ...]
    left_out: Mapping[str, int]
    files: int


def read(sections: Sequence[SourceSection], folder: Path, policy: PolicySection) -> Reading:
    """Return all that ``sections`` name, cut into pieces, no two of which have the same text.

    Licences are looked at before any file is, and all files are found before the first is read. Relative patterns start
    at ``folder``.

    Raises:
        UsageError: a licence is not allowed; a pattern matches nothing; a file cannot be read or is not UTF-8; the kind
            of a file is unknown; no row has the column; it is more than 512 MiB; an extra is missing; or nothing of it
            can be used.
    """
    refuse_unlicensed(sections, policy)
    files = [_files_of(section, folder) for section in sections]
    _refuse_too_much(sum(found.size for of_section in files for found, _ in of_section))
    gathering = _Gathering()
    for position, (section, of_section) in enumerate(zip(sections, files, strict=True)):
        source = _Source(position, section, gathering)
        for found, kind in of_section:
            if kind in TABLES:
                source.add_rows(found.name, rows_of(found, kind))
            else:
                source.add_text(found.name, text_of(found), kind)
        if section.hub is not None:
            source.add_rows(f"{section.hub}/{section.split}", hub.rows_of(section.hub, section.split))
        source.refuse_missing_columns()
    return gathering.reading(sum(map(len, files)))


def _files_of(section: SourceSection, folder: Path) -> list[tuple[Found, Kind]]:
    return [(found, kind_of(found.name, section.kind)) for found in find(section.files or (), folder)]


def _refuse_too_much(size: int) -> None:
    if size > MOST_BYTES:
        raise UsageError(
            f"the sources have more than {MOST_BYTES // 2**20} MiB of text",
            "name fewer files, narrower patterns or a part of the dataset",
        )


class _Gathering:
    """The pieces of all sources so far, and what was left out."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self._pieces: list[Piece] = []
        self._seen: set[str] = set()
        self._size = 0

    def add(self, piece: Piece, section: SourceSection, size: int) -> None:
        """Keep ``piece``, of ``size`` bytes or so, unless it is to be left out."""
        length = len(piece.text.strip())
        key = digest(piece.text)
        if not length:
            self.left_out["empty"] += 1
        elif length < section.min_characters:
            self.left_out["too short"] += 1
        elif length > section.max_characters:
            self.left_out["too long"] += 1
        elif key in self._seen:
            self.left_out["repeated"] += 1
        else:
            self._seen.add(key)
            self._pieces.append(piece)
            self._size += size
            _refuse_too_much(self._size)

    def reading(self, files: int) -> Reading:
        """Return what has come together; raises UsageError where that is nothing."""
        left_out = {reason: self.left_out[reason] for reason in sorted(self.left_out)}
        if not self._pieces:
            counts = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "there are no texts"
            raise UsageError(
                f"nothing in the sources can be used: {counts}",
                "change min_characters or max_characters of the sources, or name other files",
            )
        return Reading(tuple(self._pieces), left_out, files)


class _Source:
    """One section of the recipe, as its texts are gathered."""

    def __init__(self, position: int, section: SourceSection, gathering: _Gathering) -> None:
        self._position = position
        self._section = section
        self._gathering = gathering
        self._columns: dict[str, None] = {}

    def add_text(self, name: str, text: str, kind: Kind) -> None:
        """Cut the text of the file called ``name``, and gather its parts."""
        for cut in cuts_of(text, kind, name):
            self._add(cut.text, cut.name, name, {}, 0)

    def add_rows(self, place: str, rows: Iterable[Row]) -> None:
        """Gather the texts of ``rows``."""
        for number, row in rows:
            self._columns.update(dict.fromkeys(row or ()))
            self._add_row(f"{place}:{number}", row or {})

    def _add_row(self, name: str, row: Mapping[str, Any]) -> None:
        text = row.get(self._section.column)
        columns = encoded({column: value for column, value in row.items() if column != self._section.column})
        if not isinstance(text, str) or columns is None:
            self._gathering.left_out["unreadable row"] += 1
            return
        plain = orjson.loads(columns)
        group = plain.get(self._section.group)
        self._add(text, name, name if group is None else _spelled(group), plain, len(columns))

    def _add(self, text: str, name: str, group: str, columns: Mapping[str, Json], more: int) -> None:
        section = self._section
        whole = _BLANK_LINES.sub("", text.rstrip())
        shown = printable(name[:LONGEST_NAME])
        piece = Piece(whole, shown, group, self._position, section.licence, section.provenance, columns)
        self._gathering.add(piece, section, len(whole) + more)

    def refuse_missing_columns(self) -> None:
        """Raise UsageError if there were rows, and none had the column of the text, or that of the group."""
        for key, column in (("column", self._section.column), ("group", self._section.group)):
            if self._columns and column is not None and column not in self._columns:
                shown = ", ".join(list(self._columns)[:_MOST_SHOWN])
                raise UsageError(
                    f"no row of {place_of(self._section)} has the column {column!r}", f"set {key} to one of: {shown}"
                )


def _spelled(group: Json) -> str:
    return group if isinstance(group, str) else orjson.dumps(group).decode()
