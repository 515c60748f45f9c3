"""One defect of a source text: what it is called, where it is, how the text reads without it.

Owns the value and the words that go with a cause. Never decides whether a tool reports the defect: that is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from agents.training.domains.errors.sheet import Sheet, Spot, changed
from agents.training.routines.contract import Line, Routine


@dataclass(frozen=True, slots=True)
class Defect:
    """``spot`` in ``broken`` is the row to name; ``also`` are spots that are as good.

    ``wrong`` and ``right`` are the instruction that is there and the one that belongs there: without ``wrong``
    something is missing, without ``right`` something is too much. ``tells`` are the names and numbers that an
    explanation must have, by the field of the words in which they stand; a line among them is shown as code.
    """

    cause: str
    broken: Sheet
    fixed: Sheet
    spot: Spot
    wrong: Line | None = None
    right: Line | None = None
    tells: Mapping[str, str | Line] = field(default_factory=dict)
    also: tuple[Spot, ...] = ()


def edited(sheet: Sheet, cause: str, at: int, text: str, **tells: str) -> Defect:
    """Return the defect of another instruction, ``text``, in line ``at`` of the right ``sheet``."""
    lines = changed(sheet.lines, at, text)
    return Defect(cause, Sheet(sheet.head, lines), sheet, ("line", at), lines[at], sheet.lines[at], tells)


@dataclass(frozen=True, slots=True)
class Words:
    """How a cause is explained: the mechanism, and how to avoid it; sentences with alternatives and fields.

    Fields are those of a defect's ``tells``, and ``wrong``, ``right``, ``line``, ``ret``, ``reported``, ``distance``.
    ``nouns`` are the routines that invite it, where few do.
    """

    why: tuple[str, ...]
    avoid: tuple[str, ...]
    nouns: tuple[str, ...] = ()


Slipping = Callable[[Random, Routine], Iterator[Defect]]
"""Yields the defects that a routine invites."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of defects: what yields them, how the tool must end, the causes in words, the fitting routines.

    ``ends`` are error kinds of the assembler (``in_assembler``) or kinds of `diagnosis.Finding`. With
    ``reported_there`` the message must name the very row of the defect.
    """

    slips: Slipping
    ends: frozenset[str]
    words: Mapping[str, Words]
    in_assembler: bool = False
    reported_there: bool = False
    nouns: tuple[str, ...] = ()
