"""Instructions that push and pull.

Owns what goes to the stack and comes from it. Never checks the stack pointer: see `State`.

Sources: WDC W65C816S data sheet, table "Instruction Operation" and section 7.1 (which instructions leave page 1 in
emulation mode; PLB does too on real processors).
"""

from __future__ import annotations

from agents.training.w65816 import arithmetic as alu
from agents.training.w65816.memory import DIRECT
from agents.training.w65816.state import State
from agents.training.w65816.transfers import Implied, set_direct


def pha8(state: State) -> None:
    """PHA."""
    state.push(state.a & 0xFF)


def pha16(state: State) -> None:
    """PHA."""
    state.push_word(state.a)


def phx8(state: State) -> None:
    """PHX."""
    state.push(state.x)


def phx16(state: State) -> None:
    """PHX."""
    state.push_word(state.x)


def phy8(state: State) -> None:
    """PHY."""
    state.push(state.y)


def phy16(state: State) -> None:
    """PHY."""
    state.push_word(state.y)


def pla8(state: State) -> None:
    """PLA."""
    alu.lda8(state, state.pull())


def pla16(state: State) -> None:
    """PLA."""
    alu.lda16(state, state.pull_word())


def plx8(state: State) -> None:
    """PLX."""
    alu.ldx8(state, state.pull())


def plx16(state: State) -> None:
    """PLX."""
    alu.ldx16(state, state.pull_word())


def ply8(state: State) -> None:
    """PLY."""
    alu.ldy8(state, state.pull())


def ply16(state: State) -> None:
    """PLY."""
    alu.ldy16(state, state.pull_word())


def php(state: State) -> None:
    """PHP."""
    state.push(state.p())


def plp(state: State) -> None:
    """PLP."""
    state.set_p(state.pull())


def phb(state: State) -> None:
    """PHB."""
    state.push(state.db >> 16)


def plb(state: State) -> None:
    """PLB."""
    bank = state.pull_long(1)
    state.db = bank << 16
    state.z = bank
    state.n = bank & 0x80


def phk(state: State) -> None:
    """PHK."""
    state.push(state.at >> 16)


def phd(state: State) -> None:
    """PHD."""
    state.push_long(state.d, 2)


def pld(state: State) -> None:
    """PLD."""
    set_direct(state, state.pull_long(2))


def pea(state: State, operand: int) -> None:
    """PEA."""
    state.push_long(operand, 2)


def pei(state: State, operand: int) -> None:
    """PEI: ``operand`` is an offset in the direct page."""
    state.push_long(state.memory.word(DIRECT | state.d + operand & 0xFFFF), 2)


BY_ACCUMULATOR: dict[str, tuple[Implied, Implied]] = {"PHA": (pha8, pha16), "PLA": (pla8, pla16)}
"""Mnemonic -> form with an 8-bit and with a 16-bit accumulator."""

BY_INDEX: dict[str, tuple[Implied, Implied]] = {
    "PHX": (phx8, phx16),
    "PHY": (phy8, phy16),
    "PLX": (plx8, plx16),
    "PLY": (ply8, ply16),
}
"""Mnemonic -> form with 8-bit and with 16-bit index registers."""

IMPLIED: dict[str, Implied] = {
    "PHP": php, "PLP": plp, "PHB": phb, "PLB": plb, "PHK": phk, "PHD": phd, "PLD": pld,
}  # fmt: skip
"""Mnemonic -> form, the same for all widths."""
