"""Instructions on registers alone, and stores: transfers, counts, flags, STA, STX, STY, STZ.

Owns the movement between registers and into memory. Never changes the program counter.

Sources: WDC W65C816S data sheet, table "Instruction Operation"; Eyes and Lichty, "Programming the 65816",
chapter 18 (transfers between registers of different width).
"""

from __future__ import annotations

from collections.abc import Callable

from agents.training.w65816 import arithmetic as alu
from agents.training.w65816.state import State

Implied = Callable[[State], None]
Storing = Callable[[State, int], None]


def tax8(state: State) -> None:
    """TAX: the index width decides."""
    alu.ldx8(state, state.a & 0xFF)


def tax16(state: State) -> None:
    """TAX: takes B too, also while the accumulator has 8 bits."""
    alu.ldx16(state, state.a)


def tay8(state: State) -> None:
    """TAY."""
    alu.ldy8(state, state.a & 0xFF)


def tay16(state: State) -> None:
    """TAY."""
    alu.ldy16(state, state.a)


def txa8(state: State) -> None:
    """TXA: the accumulator width decides."""
    alu.lda8(state, state.x & 0xFF)


def txa16(state: State) -> None:
    """TXA: 8-bit index registers give a zero high byte."""
    alu.lda16(state, state.x)


def tya8(state: State) -> None:
    """TYA."""
    alu.lda8(state, state.y & 0xFF)


def tya16(state: State) -> None:
    """TYA."""
    alu.lda16(state, state.y)


def txy8(state: State) -> None:
    """TXY."""
    alu.ldy8(state, state.x)


def txy16(state: State) -> None:
    """TXY."""
    alu.ldy16(state, state.x)


def tyx8(state: State) -> None:
    """TYX."""
    alu.ldx8(state, state.y)


def tyx16(state: State) -> None:
    """TYX."""
    alu.ldx16(state, state.y)


def tsx8(state: State) -> None:
    """TSX."""
    alu.ldx8(state, state.s & 0xFF)


def tsx16(state: State) -> None:
    """TSX."""
    alu.ldx16(state, state.s)


def txs(state: State) -> None:
    """TXS: no flags."""
    state.move_stack(state.x)


def tcs(state: State) -> None:
    """TCS: 16 bits, no flags."""
    state.move_stack(state.a)


def tsc(state: State) -> None:
    """TSC: always 16 bits."""
    alu.lda16(state, state.s)


def tcd(state: State) -> None:
    """TCD: always 16 bits."""
    set_direct(state, state.a)


def tdc(state: State) -> None:
    """TDC: always 16 bits."""
    alu.lda16(state, state.d)


def set_direct(state: State, value: int) -> None:
    """Set D with its flags; the alignment of D chooses the decoding table."""
    state.d = state.z = value
    state.n = value & 0x8000
    state.choose_width()


def xba(state: State) -> None:
    """XBA: the flags are those of the new low byte."""
    low = state.a >> 8
    state.a = (state.a & 0xFF) << 8 | low
    state.z = low
    state.n = low & 0x80


def inx8(state: State) -> None:
    """INX."""
    alu.ldx8(state, state.x + 1 & 0xFF)


def inx16(state: State) -> None:
    """INX."""
    alu.ldx16(state, state.x + 1 & 0xFFFF)


def iny8(state: State) -> None:
    """INY."""
    alu.ldy8(state, state.y + 1 & 0xFF)


def iny16(state: State) -> None:
    """INY."""
    alu.ldy16(state, state.y + 1 & 0xFFFF)


def dex8(state: State) -> None:
    """DEX."""
    alu.ldx8(state, state.x - 1 & 0xFF)


def dex16(state: State) -> None:
    """DEX."""
    alu.ldx16(state, state.x - 1 & 0xFFFF)


def dey8(state: State) -> None:
    """DEY."""
    alu.ldy8(state, state.y - 1 & 0xFF)


def dey16(state: State) -> None:
    """DEY."""
    alu.ldy16(state, state.y - 1 & 0xFFFF)


def clc(state: State) -> None:
    """CLC."""
    state.c = 0


def sec(state: State) -> None:
    """SEC."""
    state.c = 1


def cld(state: State) -> None:
    """CLD."""
    state.decimal = 0


def sed(state: State) -> None:
    """SED."""
    state.decimal = 1


def cli(state: State) -> None:
    """CLI."""
    state.i = 0


def sei(state: State) -> None:
    """SEI."""
    state.i = 1


def clv(state: State) -> None:
    """CLV."""
    state.v = 0


def nop(_: State) -> None:
    """NOP."""


def xce(state: State) -> None:
    """XCE: entering emulation mode makes all registers 8 bits wide and S point into page 1."""
    p = state.p() & 0xFE | state.e
    state.e = bool(state.c)
    state.set_p(p | (0x30 if state.e else 0))
    if state.e:
        state.move_stack(state.s)


def sta8(state: State, address: int) -> None:
    """STA."""
    state.memory.write(address, state.a & 0xFF)


def sta16(state: State, address: int) -> None:
    """STA."""
    state.memory.write_word(address, state.a)


def stx8(state: State, address: int) -> None:
    """STX."""
    state.memory.write(address, state.x)


def stx16(state: State, address: int) -> None:
    """STX."""
    state.memory.write_word(address, state.x)


def sty8(state: State, address: int) -> None:
    """STY."""
    state.memory.write(address, state.y)


def sty16(state: State, address: int) -> None:
    """STY."""
    state.memory.write_word(address, state.y)


def stz8(state: State, address: int) -> None:
    """STZ."""
    state.memory.write(address, 0)


def stz16(state: State, address: int) -> None:
    """STZ."""
    state.memory.write_word(address, 0)


STORING: dict[str, tuple[Storing, Storing]] = {
    "STA": (sta8, sta16),
    "STX": (stx8, stx16),
    "STY": (sty8, sty16),
    "STZ": (stz8, stz16),
}
"""Mnemonic -> 8-bit and 16-bit form."""

BY_ACCUMULATOR: dict[str, tuple[Implied, Implied]] = {
    "TXA": (txa8, txa16),
    "TYA": (tya8, tya16),
}
"""Mnemonic -> form with an 8-bit and with a 16-bit accumulator."""

BY_INDEX: dict[str, tuple[Implied, Implied]] = {
    "TAX": (tax8, tax16),
    "TAY": (tay8, tay16),
    "TXY": (txy8, txy16),
    "TYX": (tyx8, tyx16),
    "TSX": (tsx8, tsx16),
    "INX": (inx8, inx16),
    "INY": (iny8, iny16),
    "DEX": (dex8, dex16),
    "DEY": (dey8, dey16),
}
"""Mnemonic -> form with 8-bit and with 16-bit index registers."""

IMPLIED: dict[str, Implied] = {
    "TXS": txs, "TCS": tcs, "TSC": tsc, "TCD": tcd, "TDC": tdc, "XBA": xba, "XCE": xce,
    "CLC": clc, "SEC": sec, "CLD": cld, "SED": sed, "CLI": cli, "SEI": sei, "CLV": clv, "NOP": nop,
}  # fmt: skip
"""Mnemonic -> form, the same for all widths."""
