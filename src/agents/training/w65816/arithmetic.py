"""Instructions that compute on a value they read: loads, logic, sums, comparisons, bit tests.

Owns results and flags. Never knows where a value came from.

Functions come in pairs, 8 and 16 bits wide, and take the processor and a value of that width. Sources: WDC
W65C816S data sheet, table "Instruction Operation"; Eyes and Lichty, "Programming the 65816", chapter 18; Bruce
Clark, "Decimal Mode", 6502.org, appendix A (decimal results of any digits).
"""

from __future__ import annotations

from collections.abc import Callable

from agents.training.w65816.state import State

Reading = Callable[[State, int], None]


def lda8(state: State, value: int) -> None:
    """LDA."""
    state.a = state.a & 0xFF00 | value
    state.z = value
    state.n = value & 0x80


def lda16(state: State, value: int) -> None:
    """LDA."""
    state.a = state.z = value
    state.n = value & 0x8000


def ldx8(state: State, value: int) -> None:
    """LDX."""
    state.x = state.z = value
    state.n = value & 0x80


def ldx16(state: State, value: int) -> None:
    """LDX."""
    state.x = state.z = value
    state.n = value & 0x8000


def ldy8(state: State, value: int) -> None:
    """LDY."""
    state.y = state.z = value
    state.n = value & 0x80


def ldy16(state: State, value: int) -> None:
    """LDY."""
    state.y = state.z = value
    state.n = value & 0x8000


def ora8(state: State, value: int) -> None:
    """ORA."""
    lda8(state, state.a & 0xFF | value)


def ora16(state: State, value: int) -> None:
    """ORA."""
    lda16(state, state.a | value)


def and8(state: State, value: int) -> None:
    """AND."""
    lda8(state, state.a & value)


def and16(state: State, value: int) -> None:
    """AND."""
    lda16(state, state.a & value)


def eor8(state: State, value: int) -> None:
    """EOR."""
    lda8(state, state.a & 0xFF ^ value)


def eor16(state: State, value: int) -> None:
    """EOR."""
    lda16(state, state.a ^ value)


def adc8(state: State, value: int) -> None:
    """ADC."""
    a = state.a & 0xFF
    if state.decimal:
        total, binary = _decimal_sum(a, value, state.c, 2)
    else:
        total = binary = a + value + state.c
    state.v = (~(a ^ value) & (a ^ binary)) >> 7 & 1
    state.c = total >> 8
    lda8(state, total & 0xFF)


def adc16(state: State, value: int) -> None:
    """ADC."""
    a = state.a
    if state.decimal:
        total, binary = _decimal_sum(a, value, state.c, 4)
    else:
        total = binary = a + value + state.c
    state.v = (~(a ^ value) & (a ^ binary)) >> 15 & 1
    state.c = total >> 16
    lda16(state, total & 0xFFFF)


def sbc8(state: State, value: int) -> None:
    """SBC."""
    a = state.a & 0xFF
    binary = a - value + state.c - 1
    total = _decimal_difference(a, value, state.c, 2) if state.decimal else binary
    state.v = ((a ^ value) & (a ^ binary)) >> 7 & 1
    state.c = int(binary >= 0)
    lda8(state, total & 0xFF)


def sbc16(state: State, value: int) -> None:
    """SBC."""
    a = state.a
    binary = a - value + state.c - 1
    total = _decimal_difference(a, value, state.c, 4) if state.decimal else binary
    state.v = ((a ^ value) & (a ^ binary)) >> 15 & 1
    state.c = int(binary >= 0)
    lda16(state, total & 0xFFFF)


def _decimal_sum(a: int, value: int, carry: int, digits: int) -> tuple[int, int]:
    """Add digit by digit; return the sum with its carry, and the sum before the last digit was corrected (for V)."""
    total = 0
    before = 0
    for shift in range(0, 4 * digits, 4):
        digit = (a >> shift & 0xF) + (value >> shift & 0xF) + carry
        before = total + (digit << shift)
        carry = int(digit > 9)
        total |= (digit + 6 * carry & 0xF) << shift
    return total | carry << 4 * digits, before


def _decimal_difference(a: int, value: int, carry: int, digits: int) -> int:
    """Subtract digit by digit; borrows follow the binary difference."""
    total = 0
    for shift in range(0, 4 * digits, 4):
        digit = (a >> shift & 0xF) - (value >> shift & 0xF) + carry - 1
        carry = int(digit >= 0)
        total |= (digit + 6 * (carry - 1) & 0xF) << shift
    return total


def cmp8(state: State, value: int) -> None:
    """CMP."""
    _compare8(state, state.a & 0xFF, value)


def cmp16(state: State, value: int) -> None:
    """CMP."""
    _compare16(state, state.a, value)


def cpx8(state: State, value: int) -> None:
    """CPX."""
    _compare8(state, state.x, value)


def cpx16(state: State, value: int) -> None:
    """CPX."""
    _compare16(state, state.x, value)


def cpy8(state: State, value: int) -> None:
    """CPY."""
    _compare8(state, state.y, value)


def cpy16(state: State, value: int) -> None:
    """CPY."""
    _compare16(state, state.y, value)


def _compare8(state: State, register: int, value: int) -> None:
    difference = register - value
    state.c = int(difference >= 0)
    state.z = difference
    state.n = difference & 0x80


def _compare16(state: State, register: int, value: int) -> None:
    difference = register - value
    state.c = int(difference >= 0)
    state.z = difference
    state.n = difference & 0x8000


def bit8(state: State, value: int) -> None:
    """BIT of memory: N and V are the two highest bits of the value."""
    state.z = state.a & value
    state.n = value & 0x80
    state.v = value >> 6 & 1


def bit16(state: State, value: int) -> None:
    """BIT of memory: N and V are the two highest bits of the value."""
    state.z = state.a & value
    state.n = value & 0x8000
    state.v = value >> 14 & 1


def bit_immediate(state: State, value: int) -> None:
    """BIT #: only Z is affected."""
    state.z = state.a & value


READING: dict[str, tuple[Reading, Reading]] = {
    "LDA": (lda8, lda16),
    "LDX": (ldx8, ldx16),
    "LDY": (ldy8, ldy16),
    "ORA": (ora8, ora16),
    "AND": (and8, and16),
    "EOR": (eor8, eor16),
    "ADC": (adc8, adc16),
    "SBC": (sbc8, sbc16),
    "CMP": (cmp8, cmp16),
    "CPX": (cpx8, cpx16),
    "CPY": (cpy8, cpy16),
    "BIT": (bit8, bit16),
}
"""Mnemonic -> 8-bit and 16-bit form."""
