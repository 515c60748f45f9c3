"""What an item of a code family amounts to: the ROM, the job that proves answers, a solution, what is to be explained.

Owns the shape that prompts, answers, judge and spoiler share. Never draws one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.training.domains.oracle.hooking import Block
from agents.training.domains.oracle.host import Host
from agents.training.domains.oracle.rom import long, offset, show
from agents.training.domains.oracle.trial import Job, Seen, Start, Trial
from agents.training.w65816 import Registers

Point = tuple[str, ...]
"""Ways to mention one thing that an explanation has to mention, in lower case."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task whose answer is a patch.

    ``blocks`` is a right answer. ``points`` are what its explanation must mention, ``asked`` what every wording of the
    request asks for by name. ``fault`` is the class of mistake that the answer has to state, nothing where none is
    asked for.
    """

    job: Job
    blocks: tuple[Block, ...]
    points: tuple[Point, ...]
    fault: str = ""
    asked: tuple[Point, ...] = ()


def spoken(address: int) -> Point:
    """Return the ways in which people write a 24-bit address."""
    bank, place = address >> 16, address & 0xFFFF
    return show(address).lower(), long(address).lower(), f"${place:04x}", f"{bank:02x}/{place:04x}"


def filed(address: int) -> Point:
    """Return the ways in which people write the file offset of an address in a file without header."""
    at = offset(address)
    return f"${at:x}", f"${at:05x}", f"${at:06x}", f"0x{at:x}", f"0x{at:05x}", f"0x{at:06x}"


def kept(host: Host, end: Registers) -> tuple[tuple[str, int, int], ...]:
    """Return what must be left of ``end`` after a call of the routine: registers relied on, widths, D, I, flags."""
    routine = host.routine
    registers = tuple(
        (name.lower(), getattr(end, name.lower()), (1 << 8 * routine.width(name)) - 1)
        for name in host.relied
        if name != "C"
    )
    return (*registers, ("p", end.p, 0x3C | ("C" in host.relied)))


def trials(host: Host, starts: Sequence[Start], seen: Sequence[Seen | None]) -> list[Trial]:
    """Return a trial of the call of ``host`` for every start of which the end is known."""
    return [
        Trial(host.call, False, start, end.written, kept(host, end.registers))
        for start, end in zip(starts, seen, strict=True)
        if end
    ]
