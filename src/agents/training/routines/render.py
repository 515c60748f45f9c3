"""How source text looks: case, indentation, labels, comments, fences.

Owns layout only: the same lines in another style assemble to the same bytes. Never changes an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from agents.training.routines.contract import Line, Routine, hex_address

_HEX = re.compile(r"\$[0-9A-F]+")
_INDEX = re.compile(r",[xy]$|^a$")


@dataclass(frozen=True, slots=True)
class Style:
    """One programmer's habits."""

    indent: str
    gap: str
    upper: bool
    small_hex: bool
    own_line: bool
    comments: bool
    column: int

    @staticmethod
    def draw(rng: Random, comments: bool = False) -> Style:
        """Return a style drawn from ``rng``."""
        roll = rng.random
        indent = ("  ", "    ", "        ", "\t", "    ")[int(roll() * 5)]
        return Style(
            indent,
            "\t" if roll() < 0.1 else " ",
            roll() < 0.3,
            roll() < 0.35,
            roll() < 0.75,
            comments,
            (18, 22, 26, 30)[int(roll() * 4)],
        )

    def instruction(self, line: Line) -> str:
        """Return one instruction in this style, without label and indentation."""
        arg = _HEX.sub(lambda found: found[0].lower(), line.arg) if self.small_hex else line.arg
        op = line.op
        if self.upper:
            op = op.upper()
            arg = _INDEX.sub(lambda found: found[0].upper(), arg)
        return f"{op} {arg}" if arg else op


def rows(routine: Routine, lines: Sequence[Line], style: Style) -> tuple[list[str], list[int]]:
    """Return the source rows, and for each line of ``lines`` the number (from 0) of the row that holds it."""
    out = [f"{name} = {hex_address(addr)}" for name, addr in routine.symbols]
    if style.small_hex:
        out = [_HEX.sub(lambda found: found[0].lower(), row) for row in out]
    if out:
        out.append("")
    places = []
    for line in lines:
        head = ""
        if line.label:
            mark = line.label if line.label.startswith(".") else f"{line.label}:"
            if style.own_line or not line.op or len(mark) > 12:
                out.append(mark)
            else:
                head = mark
        places.append(len(out))
        if line.op:
            body = (head + " " if head else "").ljust(len(style.indent.expandtabs(8))) if head else style.indent
            text = body + style.instruction(line).replace(" ", style.gap, 1)
            if style.comments and line.note:
                text = f"{text}{' ' * (style.column - len(text.expandtabs(8)))} ; {line.note}"
            out.append(text)
    return out, places


def fence(source: str) -> str:
    """Return ``source`` as a fenced block of assembly."""
    return f"```asm\n{source}\n```"
