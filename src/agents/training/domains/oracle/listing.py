"""How listings and patches look: columns, case, comments, labels, fences.

Owns layout only: a patch in another style assembles to the same bytes. Never changes an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from agents.training.domains.oracle.hooking import Block
from agents.training.domains.oracle.host import Row
from agents.training.domains.oracle.rom import long, show
from agents.training.phrases import pick

_HEX = re.compile(r"\$[0-9A-F]+")
_INDEX = re.compile(r",[xys]\b|^a$")


def listing(rng: Random, rows: Sequence[Row], *, noted: bool = False) -> str:
    """Return ``rows`` as a fenced disassembly with addresses and bytes; ``noted`` adds the author's comments."""
    form, upper, labelled = int(rng.random() * 4), rng.random() < 0.35, rng.random() < 0.7
    out = []
    for row in rows:
        if row.label and (labelled or row is rows[0]):
            out.append(row.label if row.label.startswith(".") else f"{row.label}:")
        data = " ".join(f"{byte:02X}" for byte in row.data[:8]) + (" .." if len(row.data) > 8 else "")
        text = _upper(row.text) if upper else row.text
        note = f"; {row.note}" if noted and row.note else ""
        if form == 0:
            line = f"{show(row.address)}  {data:<12} {text:<16} {note}"
        elif form == 1:
            line = f"{row.address:06X}: {data:<12} {text:<16} {note}"
        elif form == 2:
            line = f"{row.address >> 16:02X}/{row.address & 0xFFFF:04X} | {data:<11} | {text:<16} {note}"
        else:
            line = f"    {text:<18} ; {row.address:06X}  {data}{'  ' + note[2:] if note else ''}"
        out.append(line.rstrip())
    return f"```{pick(rng, 'asm||text') if form != 3 else 'asm'}\n" + "\n".join(out) + "\n```"


def _upper(text: str) -> str:
    op, _, rest = text.partition(" ")
    return f"{op.upper()} {_INDEX.sub(lambda found: found[0].upper(), rest)}".rstrip()


@dataclass(frozen=True, slots=True)
class Style:
    """One ROM hacker's habits: ``names`` maps an address as written to a define of that value."""

    indent: str
    upper: bool
    small_hex: bool
    comments: bool
    header: bool
    column: int
    names: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def draw(rng: Random, comments: bool, names: tuple[tuple[str, str], ...] = ()) -> Style:
        """Return a style drawn from ``rng``."""
        roll = rng.random
        indent, column = ("  ", "    ", "    ", "\t")[int(roll() * 4)], (20, 24, 28)[int(roll() * 3)]
        return Style(indent, roll() < 0.25, roll() < 0.2, comments, roll() < 0.6, column, names)

    def text(self, code: str) -> str:
        """Return one instruction in this style."""
        op, _, arg = code.partition(" ")
        for value, name in self.names:
            if arg == value or arg.startswith(f"{value},"):
                arg = name + arg[len(value) :]
        if self.small_hex:
            arg = _HEX.sub(lambda found: found[0].lower(), arg)
        return (_upper(f"{op} {arg}") if self.upper else f"{op} {arg}").rstrip()


def patch_rows(blocks: Sequence[Block], style: Style) -> tuple[list[str], dict[tuple[int, int], int]]:
    """Return the lines of a patch, and for (block, step) the number (from 1) of the line that holds it."""
    out: list[str] = []
    places: dict[tuple[int, int], int] = {}
    if style.header:
        out += ["lorom", ""]
    if style.names:
        out += [*(f"{name} = {value}" for value, name in style.names), ""]
    for number, block in enumerate(blocks):
        if number:
            out.append("")
        address = long(block.org).lower() if style.small_hex else long(block.org)
        head = f"org {address}"
        out.append(f"{head.ljust(style.column)} ; {block.about}" if block.about and style.comments else head)
        for index, step in enumerate(block.steps):
            if step.label:
                out.append(step.label if step.label.startswith(".") else f"{step.label}:")
            if step.text:
                line = style.indent + style.text(step.text)
                if style.comments and step.note:
                    line = f"{line.expandtabs(4).ljust(style.column)} ; {step.note}"
                out.append(line)
            places[number, index] = len(out)
    return out, places


def fence(lines: Sequence[str]) -> str:
    """Return ``lines`` as a fenced block of assembly."""
    return "```asm\n" + "\n".join(lines) + "\n```"
