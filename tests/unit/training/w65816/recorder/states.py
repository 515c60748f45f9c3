"""States to record: registers, flags and the bytes of one instruction, random but rich in edges.

Owns the choice. Never knows whether a state is usable: the recorder rejects those that leave work RAM.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from agents.training.w65816 import OPCODES, Mode, Registers

WIDTHS = (0x00, 0x10, 0x20, 0x30)
_EDGES = (0x0000, 0x0001, 0x00FF, 0x0100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
_PAGE_ONE_EDGES = (0x100, 0x101, 0x102, 0x1FD, 0x1FE, 0x1FF)
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_RAM_BANKS = (0x7E, 0x7F)
_FAR = {"JSL", "JML", "RTL", "RTI"}
_DECIMAL = {"ADC", "SBC"}


class Case(NamedTuple):
    """A state, the bytes of the instruction, and bytes to put elsewhere."""

    registers: Registers
    code: bytes
    pokes: dict[int, int]


def draw(rng: Random, opcode: int, p: int, e: bool) -> Case:
    """Draw a state of ``opcode`` with the flags M and X of ``p``."""
    entry = OPCODES[opcode]
    p |= rng.randrange(256) & 0xCF
    if entry.mnemonic in _DECIMAL:
        p = p & ~8 | rng.choice((0, 8, 8)) & 8
    size = entry.operand_bytes(e or bool(p & 0x20), e or bool(p & 0x10))
    operand = bytes(_byte(rng) for _ in range(size))
    bank, pc = _place(rng)
    registers = Registers(
        a=_word(rng), x=_index(rng, e or bool(p & 0x10)), y=_index(rng, e or bool(p & 0x10)), s=_stack(rng, e),
        d=_direct(rng), dbr=_data_bank(rng), pbr=bank, pc=pc, p=p | (0x30 if e else 0), e=e,
    )  # fmt: skip
    pokes: dict[int, int] = {}
    if entry.mode in {Mode.LONG, Mode.LONG_X}:
        operand = operand[:2] + bytes((_data_bank(rng),))
    if entry.mode is Mode.BLOCK_MOVE:
        operand = bytes(rng.choice((0x7E, 0x7F, 0x7E, 0x00)) for _ in range(2))
        registers = _replaced(registers, a=rng.randrange(5))
    if entry.mnemonic in _FAR:
        pokes = _banks(rng, registers, operand)
        operand = operand[:2] + bytes((rng.choice((0x7E, 0x7F, 0x7F, 0x00)),)) * (len(operand) == 3)
    if rng.random() < 0.4 and entry.mode is Mode.IMMEDIATE_BYTE and entry.mnemonic in {"REP", "SEP"}:
        operand = bytes((1 << rng.randrange(8),))
    return Case(registers, bytes((opcode,)) + operand, pokes)


def _banks(rng: Random, registers: Registers, operand: bytes) -> dict[int, int]:
    """Put banks with RAM where RTL, RTI and JML [a] find them."""
    places = [registers.s + 3 & 0xFFFF, registers.s + 4 & 0xFFFF]
    if registers.e:
        places = [registers.s + 3]
    if len(operand) == 2:
        places.append(int.from_bytes(operand, "little") + 2 & 0xFFFF)
    return {place: rng.choice(_RAM_BANKS) for place in places if place < 0x1E00}


def _replaced(registers: Registers, a: int) -> Registers:
    return Registers(a, registers.x, registers.y, registers.s, registers.d, registers.dbr, registers.pbr, registers.pc,
                     registers.p, registers.e)  # fmt: skip


def _byte(rng: Random) -> int:
    return rng.choice(_BYTES) if rng.random() < 0.4 else rng.randrange(256)


def _word(rng: Random) -> int:
    return rng.choice(_EDGES) if rng.random() < 0.3 else rng.randrange(0x10000)


def _index(rng: Random, narrow: bool) -> int:
    if narrow:
        return _byte(rng)
    return rng.choice((_word(rng), rng.randrange(0x400), 0xFF00 + rng.randrange(0x100)))


def _stack(rng: Random, e: bool) -> int:
    if e:
        return rng.choice(_PAGE_ONE_EDGES) if rng.random() < 0.5 else 0x100 + rng.randrange(0x100)
    return rng.choice((rng.randrange(0x10, 0x1DF0), 0x1FF, 0x100, 0x200))


def _direct(rng: Random) -> int:
    return rng.choice(
        (
            rng.randrange(0x1E) << 8,
            rng.randrange(0x1E00),
            rng.randrange(0x1E) << 8 | rng.choice((0x01, 0xFF)),
            0,
            rng.randrange(0x10000),
            0xFF00 + rng.randrange(0x100),
        )
    )


def _data_bank(rng: Random) -> int:
    return rng.choice((0x7E, 0x7F, 0x7E, 0x7F, 0x00, 0x80, 0x3F, 0xFF))


def _place(rng: Random) -> tuple[int, int]:
    """Return the bank and address of the instruction, now and then at the end of a page or a bank."""
    where = rng.random()
    if where < 0.08:
        return 0x00, rng.randrange(0x1D00)
    bank = rng.choice(_RAM_BANKS)
    if where < 0.2:
        return bank, 0x10000 - rng.randrange(1, 5)
    if where < 0.4:
        return bank, (rng.randrange(0x21, 0x100) << 8) - rng.randrange(1, 5)
    return bank, rng.randrange(0x2000, 0xFF00)
