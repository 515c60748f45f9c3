"""What sources come to: the pieces in their order, and what was left out and why.

Owns the sizes that pieces may have, and that no two have the same text. Never finds or reads a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from agents.campaign.described import SourceSection
from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.campaign.printable import printable
from agents.training.sample import Json
from agents.training.sources.cut import Cut
from agents.training.sources.piece import Piece
from agents.training.sources.policy import place_of
from agents.training.sources.tables import Row, encoded

MOST_BYTES = 512 * 2**20
"""Of all files together, and of all pieces."""
LONGEST_NAME = 300
"""Characters of a piece's name."""
_MOST_SHOWN = 20
"""Columns that an error lists."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What sources came to.

    ``pieces`` are in the order of sections, then of the paths of files, then of positions in a file. ``left_out``
    counts by reason: empty, too short, too long, repeated, unreadable row; a reason that never occurred is not in it.
    ``files`` counts those that were read.
    """

    pieces: tuple[Piece, ...]
    left_out: Mapping[str, int]
    files: int


def refuse_too_much(size: int) -> None:
    """Return if ``size``, in bytes, can be held; raises UsageError otherwise."""
    if size > MOST_BYTES:
        raise UsageError(
            f"the sources have more than {MOST_BYTES // 2**20} MiB of text",
            "name fewer files, narrower patterns or a part of the dataset",
        )


class Gathering:
    """The pieces of all sources so far."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._left_out: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._size = 0

    def add(self, piece: Piece, section: SourceSection, size: int) -> None:
        """Keep ``piece``, of about ``size`` bytes, unless it is to be left out; raises UsageError at the limit."""
        length, key = len(piece.text.strip()), digest(piece.text)
        if not length:
            self.leave_out("empty")
        elif length < section.min_characters:
            self.leave_out("too short")
        elif length > section.max_characters:
            self.leave_out("too long")
        elif key in self._seen:
            self.leave_out("repeated")
        else:
            self._seen.add(key)
            self._pieces.append(piece)
            self._size += size
            refuse_too_much(self._size)

    def leave_out(self, reason: str) -> None:
        """Count a text that is no piece."""
        self._left_out[reason] += 1

    def reading(self, files: int) -> Reading:
        """Return what has come together from ``files`` files; raises UsageError where that is nothing."""
        left_out = dict(sorted(self._left_out.items()))
        if not self._pieces:
            counts = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "there are no texts"
            raise UsageError(
                f"nothing in the sources can be used: {counts}",
                "change min_characters or max_characters of the sources, or name other files",
            )
        return Reading(tuple(self._pieces), left_out, files)


class Source:
    """One section of the recipe, the one at ``position``, while its texts are gathered."""

    def __init__(self, position: int, section: SourceSection, gathering: Gathering) -> None:
        self._position = position
        self._section = section
        self._gathering = gathering
        self._columns: dict[str, None] = {}

    def add_cuts(self, file: str, cuts: Iterable[Cut]) -> None:
        """Gather the parts of a file."""
        for cut in cuts:
            self._add(cut.text, cut.name, file, {}, len(cut.text))

    def add_rows(self, place: str, rows: Iterable[Row]) -> None:
        """Gather the texts of rows, with their other columns.

        Raises:
            UsageError: there are more of them than can be held.
        """
        for number, row in rows:
            self._columns.update(dict.fromkeys(row or ()))
            self._add_row(f"{place}:{number}", row or {})

    def refuse_missing_columns(self) -> None:
        """Raise UsageError if there were rows, and none had the column of the text, or that of the group."""
        for key, column in (("column", self._section.column), ("group", self._section.group)):
            if self._columns and column is not None and column not in self._columns:
                shown = ", ".join(map(str, list(self._columns)[:_MOST_SHOWN]))
                raise UsageError(
                    f"no row of source {place_of(self._section)} has the column {column!r}",
                    f"set {key} of the source to one of: {shown}",
                )

    def _add_row(self, name: str, row: Mapping[str, Any]) -> None:
        document = encoded(row)
        if document is None or not isinstance(row.get(self._section.column), str):
            self._gathering.leave_out("unreadable row")
            return
        columns = orjson.loads(document)
        group = columns.get(self._section.group) if self._section.group else None
        text = columns.pop(self._section.column)
        self._add(text, name, name if group is None else _spelled(group), columns, len(document))

    def _add(self, text: str, name: str, group: str, columns: Mapping[str, Json], size: int) -> None:
        section = self._section
        whole = _without_blank_lines(text)
        shown = printable(name[:LONGEST_NAME])
        piece = Piece(whole, shown, group, self._position, section.licence, section.provenance, columns)
        self._gathering.add(piece, section, size)


def _spelled(group: Json) -> str:
    return group if isinstance(group, str) else orjson.dumps(group).decode()


def _without_blank_lines(text: str) -> str:
    """Return ``text`` from its first line with words, indented as it is, to its last word."""
    whole = text.rstrip()
    return whole[whole.rfind("\n", 0, len(whole) - len(whole.lstrip())) + 1 :]
