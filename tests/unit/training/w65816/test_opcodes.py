from __future__ import annotations

from collections import Counter

import pytest

from agents.training.w65816 import OPCODES, Mode


def test_there_are_256_distinct_instructions_of_92_mnemonics() -> None:
    assert [opcode.code for opcode in OPCODES] == list(range(256))
    assert len({(opcode.mnemonic, opcode.mode) for opcode in OPCODES}) == 256
    assert len({opcode.mnemonic for opcode in OPCODES}) == 92


def test_modes_are_as_frequent_as_in_the_data_sheet() -> None:
    count = Counter(opcode.mode for opcode in OPCODES)
    expected = {
        Mode.DIRECT_X_INDIRECT: 8, Mode.STACK: 8, Mode.DIRECT: 24, Mode.DIRECT_LONG: 8, Mode.DIRECT_INDIRECT_Y: 8,
        Mode.STACK_INDIRECT_Y: 8, Mode.DIRECT_X: 18, Mode.DIRECT_Y: 2, Mode.DIRECT_LONG_Y: 8, Mode.ABSOLUTE_Y: 9,
        Mode.ABSOLUTE_X: 17, Mode.LONG: 10, Mode.LONG_X: 8, Mode.RELATIVE: 9, Mode.RELATIVE_LONG: 2,
        Mode.BLOCK_MOVE: 2, Mode.ACCUMULATOR: 6, Mode.ABSOLUTE_INDIRECT: 1, Mode.ABSOLUTE_INDIRECT_LONG: 1,
        Mode.ABSOLUTE_X_INDIRECT: 2,
    }  # fmt: skip
    assert {mode: count[mode] for mode in expected} == expected


@pytest.mark.parametrize(
    ("code", "mnemonic", "mode"),
    [
        (0x00, "BRK", "#b"), (0x0A, "ASL", "A"), (0x1B, "TCS", "i"), (0x22, "JSL", "al"), (0x44, "MVP", "xyc"),
        (0x54, "MVN", "xyc"), (0x5C, "JML", "al"), (0x62, "PER", "rl"), (0x7C, "JMP", "(a,x)"), (0x82, "BRL", "rl"),
        (0x89, "BIT", "#m"), (0x9C, "STZ", "a"), (0x9E, "STZ", "a,x"), (0xB6, "LDX", "d,y"), (0xBE, "LDX", "a,y"),
        (0xC2, "REP", "#b"), (0xD4, "PEI", "(d)"), (0xDC, "JML", "[a]"), (0xEB, "XBA", "i"), (0xF4, "PEA", "#w"),
        (0xFC, "JSR", "(a,x)"), (0xFF, "SBC", "al,x"), (0x96, "STX", "d,y"), (0x93, "STA", "(d,s),y"),
    ],
)  # fmt: skip
def test_cells_of_the_matrix(code: int, mnemonic: str, mode: str) -> None:
    assert (OPCODES[code].mnemonic, OPCODES[code].mode) == (mnemonic, mode)


@pytest.mark.parametrize(
    ("code", "narrow", "wide"),
    [(0xA9, 1, 2), (0xA2, 1, 2), (0xE0, 1, 2), (0xC2, 1, 1), (0xF4, 2, 2), (0xAF, 3, 3), (0x54, 2, 2), (0xEA, 0, 0)],
)
def test_operand_bytes(code: int, narrow: int, wide: int) -> None:
    assert OPCODES[code].operand_bytes(m8=True, x8=True) == narrow
    assert OPCODES[code].operand_bytes(m8=False, x8=False) == wide


def test_immediates_follow_their_own_register() -> None:
    assert OPCODES[0xA9].operand_bytes(m8=False, x8=True) == 2
    assert OPCODES[0xA2].operand_bytes(m8=False, x8=True) == 1


@pytest.mark.parametrize(
    ("code", "narrow", "wide", "unaligned"),
    [
        (0xA5, 3, 4, 4),  # LDA d
        (0xBD, 4, 6, 4),  # LDA a,x: m, and p with 16-bit index
        (0x9D, 5, 6, 5),  # STA a,x
        (0xB1, 5, 7, 6),  # LDA (d),y
        (0x91, 6, 7, 7),  # STA (d),y
        (0x06, 5, 7, 6),  # ASL d
        (0xFE, 7, 9, 7),  # INC a,x
        (0xA7, 6, 7, 7),  # LDA [d]
        (0xBE, 4, 6, 4),  # LDX a,y
        (0x20, 6, 6, 6), (0x22, 8, 8, 8), (0xFC, 8, 8, 8), (0x60, 6, 6, 6), (0x6B, 6, 6, 6),
        (0x48, 3, 4, 3), (0x68, 4, 5, 4), (0xDA, 3, 4, 3), (0xD4, 6, 6, 7), (0xEB, 3, 3, 3), (0xC2, 3, 3, 3),
    ],
)  # fmt: skip
def test_cycles(code: int, narrow: int, wide: int, unaligned: int) -> None:
    opcode = OPCODES[code]
    assert opcode.fixed_cycles(m8=True, x8=True, aligned=True, native=True) == narrow
    assert opcode.fixed_cycles(m8=False, x8=False, aligned=True, native=True) == wide
    assert opcode.fixed_cycles(m8=True, x8=True, aligned=False, native=True) == unaligned


def test_interrupt_return_is_longer_in_native_mode() -> None:
    assert OPCODES[0x40].fixed_cycles(m8=True, x8=True, aligned=True, native=False) == 6
    assert OPCODES[0x40].fixed_cycles(m8=True, x8=True, aligned=True, native=True) == 7
