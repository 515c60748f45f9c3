"""A source text in parts: definitions, the lines of a routine, and what stands behind them.

Owns the edits that put a defect in or take it out again, and where each part ends up as a row. Never knows what a
defect is called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.training.routines.contract import Line, Routine, hex_address
from agents.training.routines.render import Style, rows

_HEX = re.compile(r"\$[0-9A-F]+")
_SIGN = re.compile(r"^(\s*[+-]+):")

Spot = tuple[str, int]
"""A part (``head``, ``line``, ``label`` or ``tail``) and an index into it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``head`` and ``tail`` are rows as they are, before and behind ``lines``."""

    head: tuple[str, ...]
    lines: tuple[Line, ...]
    tail: tuple[str, ...] = ()

    @staticmethod
    def of(routine: Routine) -> Sheet:
        """Return the reference of ``routine`` with its definitions."""
        return Sheet(tuple(f"{name} = {hex_address(addr)}" for name, addr in routine.symbols), routine.lines)

    def written(self, routine: Routine, style: Style) -> tuple[list[str], dict[Spot, int]]:
        """Return the rows in ``style``, and the number (from 1) of the row of each spot."""
        head = [_HEX.sub(lambda found: found[0].lower(), row) if style.small_hex else row for row in self.head]
        out = [*head, *([""] if head else [])]
        body, places = rows(replace(routine, symbols=()), self.lines, style)
        spots: dict[Spot, int] = {("head", at): at + 1 for at in range(len(head))}
        for at, (line, place) in enumerate(zip(self.lines, places, strict=True)):
            spots["line", at] = len(out) + min(place, len(body) - 1) + 1
            if line.label:
                alone = not line.op or not body[place].startswith(line.label)
                spots["label", at] = len(out) + place + (0 if alone else 1)
        out += [_SIGN.sub(r"\1", row) for row in body]
        spots |= {("tail", at): len(out) + at + 1 for at in range(len(self.tail))}
        return [*out, *self.tail], spots


def changed(lines: Sequence[Line], at: int, text: str) -> tuple[Line, ...]:
    """Return ``lines`` with another instruction at ``at``; label and note stay."""
    op, _, arg = text.partition(" ")
    return (*lines[:at], replace(lines[at], op=op, arg=arg), *lines[at + 1 :])


def without(lines: Sequence[Line], at: int) -> tuple[Line, ...]:
    """Return ``lines`` without the instruction at ``at``; its label goes to the next line."""
    line, rest = lines[at], tuple(lines[at + 1 :])
    if not line.label:
        return (*lines[:at], *rest)
    if rest and not rest[0].label:
        return (*lines[:at], replace(rest[0], label=line.label), *rest[1:])
    return (*lines[:at], Line(line.label, "", "", ""), *rest)


def inserted(lines: Sequence[Line], at: int, *texts: str, note: str = "", inside: bool = False) -> tuple[Line, ...]:
    """Return ``lines`` with instructions before the one at ``at``; with ``inside`` they take over its label."""
    label = lines[at].label if inside else ""
    new = [Line(label if not number else "", *_split(text), note) for number, text in enumerate(texts)]
    rest = (replace(lines[at], label=""), *lines[at + 1 :]) if label else tuple(lines[at:])
    return (*lines[:at], *new, *rest)


def relabelled(lines: Sequence[Line], at: int, label: str) -> tuple[Line, ...]:
    """Return ``lines`` with the label ``label`` (or none) at ``at``."""
    return (*lines[:at], replace(lines[at], label=label), *lines[at + 1 :])


def _split(text: str) -> tuple[str, str]:
    op, _, arg = text.partition(" ")
    return op, arg


def target_of(lines: Sequence[Line], arg: str) -> int | None:
    """Return the index of the line whose label is ``arg``, or None."""
    return next((at for at, line in enumerate(lines) if line.label and line.label == arg), None)
