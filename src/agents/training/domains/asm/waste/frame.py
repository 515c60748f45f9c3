"""A routine under the hands of somebody who writes more than is needed: its lines, and what is known of each.

Owns the view that all manners of waste share. Never changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from agents.training.domains.asm.waste.flow import matters, widths
from agents.training.routines.contract import Line, Routine


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of waste: ``lines`` take the place of ``count`` lines from ``at`` on; those without a note are wasteful.

    ``right`` is what the remedy names. ``spans`` says that lines of the routine itself lie in between.
    """

    kind: str
    at: int
    count: int
    lines: tuple[Line, ...]
    right: str
    spans: bool = False


class Frame:
    """The lines of ``routine`` as they are now; ``taken`` marks those that belong to a piece of waste."""

    def __init__(self, routine: Routine, lines: Sequence[Line], taken: Sequence[bool]) -> None:
        self.routine, self.lines, self.taken = routine, lines, taken

    @cached_property
    def _matters(self) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
        return matters(self.routine, self.lines)

    @cached_property
    def widths(self) -> list[tuple[bool, bool]]:
        """Whether A, and whether X and Y, have 8 bits before each line."""
        return widths(self.routine, self.lines)

    @cached_property
    def ops(self) -> frozenset[str]:
        """Every mnemonic in the routine."""
        return frozenset(line.op for line in self.lines)

    @cached_property
    def addresses(self) -> dict[str, int]:
        """Where named places are."""
        return dict(self.routine.symbols)

    def is_free(self, at: int, count: int = 1) -> bool:
        """Whether ``count`` instructions from ``at`` on exist, belong to no waste, and carry no label but the first."""
        part = self.lines[at : at + count]
        return (
            len(part) == count
            and not any(self.taken[at : at + count])
            and all(line.op for line in part)
            and not any(line.label for line in part[1:])
        )

    def free(self, count: int = 1) -> Iterator[tuple[int, Line]]:
        """Yield the places where `is_free` holds for ``count`` instructions, each with its first line."""
        return ((at, line) for at, line in enumerate(self.lines) if self.is_free(at, count))

    def is_dead(self, at: int, what: str) -> bool:
        """Whether nothing after line ``at`` uses any of ``what`` (letters of A, X, Y, C, V, Z)."""
        return self._matters[1][at].isdisjoint(what)

    def is_dead_before(self, at: int, what: str) -> bool:
        """Whether neither line ``at`` nor anything after it uses any of ``what``."""
        return at < len(self.lines) and self._matters[0][at].isdisjoint(what)

    def address(self, arg: str) -> int | None:
        """Return the address that a plain operand names, None for any other operand."""
        name, plus, offset = arg.partition("+")
        try:
            base = int(name[1:], 16) if name.startswith("$") else self.addresses[name]
            return base + (int(offset) if plus else 0)
        except (KeyError, ValueError):
            return None

    def next_byte(self, arg: str) -> str:
        """Return the operand of the byte behind the one that ``arg`` names."""
        if arg.startswith("$"):
            return f"${int(arg[1:], 16) + 1:0{len(arg) - 1}X}"
        name, _, offset = arg.partition("+")
        return f"{name}+{int(offset or 0) + 1}"

    def label(self, name: str) -> str:
        """Return a new label like ``name``, local where the routine has local ones, so that no scope changes."""
        known = {line.label for line in self.lines}
        is_local = any(label.startswith(".") for label in known)
        stem = f".{name}" if is_local else f"{self.routine.label}_{name}"
        fresh, serial = stem, 2
        while fresh in known:
            fresh, serial = f"{stem}{serial}", serial + 1
        return fresh


def waste(op: str, arg: str = "", label: str = "") -> Line:
    """Return a wasteful line: one without a note."""
    return Line(label, op, arg, "")
