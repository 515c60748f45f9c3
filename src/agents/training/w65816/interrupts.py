"""Interrupts: BRK, COP, NMI and IRQ through their vectors.

Owns what the processor pushes and where it goes on. Never decides when an interrupt comes.

Sources: WDC W65C816S data sheet, section "Interrupt Processing" and table "Vector Locations"; Eyes and Lichty,
"Programming the 65816", chapter 13.
"""

from __future__ import annotations

from enum import StrEnum

from agents.training.w65816.memory import DIRECT
from agents.training.w65816.registers import WIDE_X
from agents.training.w65816.state import State


class Interrupt(StrEnum):
    """What interrupts a program."""

    COP = "cop"
    BRK = "brk"
    NMI = "nmi"
    IRQ = "irq"


VECTORS = {
    Interrupt.COP: (0xFFE4, 0xFFF4),
    Interrupt.BRK: (0xFFE6, 0xFFFE),
    Interrupt.NMI: (0xFFEA, 0xFFFA),
    Interrupt.IRQ: (0xFFEE, 0xFFFE),
}
"""Kind -> address in bank 0 of the vector in native and in emulation mode, where BRK and IRQ share one."""


def enter(state: State, kind: Interrupt) -> int:
    """Push where ``state.at`` stands and P, go to the handler in bank 0, set I, clear D; return the cycles.

    In emulation mode the bank is not pushed, and the pushed P tells BRK (bit 4 set) from IRQ (clear).

    Raises:
        Stop: the stack pointer left its window.
    """
    native, emulation = VECTORS[kind]
    p = state.p()
    if not state.e:
        state.push(state.at >> 16)
    elif kind in {Interrupt.NMI, Interrupt.IRQ}:
        p &= ~WIDE_X
    state.push_word(state.at & 0xFFFF)
    state.push(p)
    state.i, state.decimal = 1, 0
    state.at = state.memory.word(DIRECT | (emulation if state.e else native))
    return 7 if state.e else 8
