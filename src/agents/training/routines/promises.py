"""The promises of a contract besides its results: widths, flags, registers kept, and where may be written.

Owns what counts as keeping them. Never runs anything, and never looks at results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.training.routines.contract import Routine, hex_address
from agents.training.w65816 import Registers, Run, canonical

UNIT = frozenset(range(0x4202, 0x4207)) | frozenset(range(0x4214, 0x4218))
"""The multiply/divide registers, which a routine that uses them may write and which change by themselves."""
FREE = range(0x10)
"""Memory that every routine may destroy."""
_INTERRUPT = 0x04


def writable(routine: Routine) -> frozenset[int]:
    """Return the canonical addresses that ``routine`` may write, besides the stack and `FREE`."""
    found: set[int] = set()
    for place in (*routine.outputs, *routine.scratch):
        if place.in_memory:
            first = canonical(place.addr)
            found.update(range(first, first + place.size))
        elif place.is_port:
            found.add(canonical(place.addr))
    if routine.unit:
        found |= UNIT
    return frozenset(found)


def broken(routine: Routine, before: Registers, run: Run, writes: Iterable[int], allowed: frozenset[int]) -> str:
    """Return the first promise of ``routine`` that a finished ``run`` broke, or nothing."""
    return next(_state_broken(routine, before, run.registers), "") or next(
        (
            f"{hex_address(address)} is written, which the contract does not allow"
            for address in writes
            if address not in allowed and address not in run.stack and address not in FREE
        ),
        "",
    )


def _state_broken(routine: Routine, before: Registers, end: Registers) -> Iterator[str]:
    if end.m8 != routine.m8 or end.x8 != routine.x8:
        yield "register widths at return differ from those at entry"
    if end.decimal or end.d or end.dbr:
        yield "the decimal flag, D or DB is changed"
    if (end.p ^ before.p) & _INTERRUPT:
        yield "the interrupt flag is changed"
    for register in routine.keeps:
        mask = (1 << 8 * routine.width(register)) - 1
        change = {"A": end.a ^ before.a, "X": end.x ^ before.x, "Y": end.y ^ before.y}[register]
        if change & mask:
            yield f"{register} is not kept"
