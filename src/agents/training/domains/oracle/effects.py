"""The shape of what new code does: its lines, what it destroys, and an oracle in Python.

Owns that shape, and how addresses and values are written in it. Never draws an addition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from agents.training.domains.oracle.rom import show
from agents.training.phrases import pick
from agents.training.routines.contract import hex_address

Number = tuple[int, int]
"""Address and size in bytes of a little-endian number in memory."""
Values = Mapping[Number, int]


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a patch: label, instruction, why it is there; ``role`` says what it belongs to."""

    label: str
    text: str
    note: str
    role: str = "extra"


@dataclass(frozen=True, slots=True)
class Effect:
    """An addition. ``goal`` completes "it shall ..."; ``m8``/``x8`` are the widths of its code, None where any will do.

    ``destroys`` lists what the code overwrites: A, X, Y, B (the data bank), D (the direct page register). ``reads`` are
    the numbers whose values the oracle ``changes`` needs, and ``own`` those of them that only the addition uses, with
    the values worth trying.
    """

    kind: str
    name: str
    goal: str
    m8: bool | None
    x8: bool | None
    destroys: str
    lines: tuple[Step, ...]
    reads: tuple[Number, ...]
    own: tuple[tuple[Number, tuple[int, ...]], ...]
    changes: Callable[[Values], Values]
    sums: bool = False

    @property
    def main(self) -> Number:
        """The number that matters most: the first that is read."""
        return self.reads[0]


def draw_address(rng: Random, taken: list[tuple[int, int]], size: int, *, low: bool) -> int:
    """Return the address of ``size`` bytes of RAM apart from ``taken`` (ranges in the low 8 KiB), and take them."""
    while True:
        if low:
            at = 0x300 + int(rng.random() * 0x1B00)
        else:
            at = (0x7E2000, 0x7E2000, 0x7F0000)[int(rng.random() * 3)] + int(rng.random() * 0xD000)
        if all(at + size <= start or at >= end for start, end in taken):
            taken.append((at, at + size))
            return at


NAMES = {
    "count": ("count calls|count passes|tick|count uses", "counter"),
    "count_to": ("count up|step meter|count uses|fill meter", "meter"),
    "flag": ("set flag|mark seen|raise flag|mark done", "flag"),
    "bits": ("set bits|mark event|set event bit", "event flags"),
    "toggle": ("toggle|flip bits|blink", "status flags"),
    "add": ("add bonus|add fee|raise total|pay out", "total"),
    "countdown": ("run timer|count down|step timer", "timer"),
    "snapshot": ("keep copy|snapshot|log value|mirror value", "copy"),
    "highest": ("keep best|track peak|keep record", "record"),
    "lowest": ("keep lowest|track low|keep minimum", "minimum"),
    "total": ("sum up|add to total|accumulate", "running total"),
    "cap": ("limit value|clamp top|cap value", ""),
    "floor": ("hold minimum|clamp bottom|raise minimum", ""),
    "bonus": ("give bonus|add bonus|top up", ""),
}
"""Kind -> names for its code, and what its place is called."""


def entitled(rng: Random, kind: str) -> str:
    """Return a name for the code of an addition of that kind."""
    return "".join(word.capitalize() for word in pick(rng, NAMES[kind][0]).split())


def operand(address: int) -> str:
    """Return ``address`` as an operand: one, two or three bytes, as few as it needs."""
    return hex_address(address) if address < 0x100 or address > 0xFFFF else f"${address:04X}"


def immediate(value: int, size: int) -> str:
    """Return ``value`` as an immediate of ``size`` bytes."""
    return f"#${value:0{2 * size}X}"


def place_words(number: Number) -> str:
    """Return the address and the size of a number as prose names them."""
    return f"{place_of(number[0])} ({8 * number[1]} bits)"


def place_of(address: int) -> str:
    """Return an address of RAM as prose names it."""
    return show(address) if address > 0xFFFF else hex_address(address)


def edges(rng: Random, size: int, *more: int) -> tuple[int, ...]:
    """Return values of ``size`` bytes worth trying: the ends, ``more``, and some drawn ones."""
    top = (1 << 8 * size) - 1
    return (0, 1, top, top - 1, *(value & top for value in more), *(int(rng.random() * (top + 1)) for _ in range(6)))
