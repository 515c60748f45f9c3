"""Instructions that read a value and write it back: shifts, counts, TSB and TRB.

Owns results and flags. Never knows whether the value is in memory or in the accumulator.

Functions come in pairs, 8 and 16 bits wide; they take the processor and a value of that width and return the new
one. Source: WDC W65C816S data sheet, table "Instruction Operation".
"""

from __future__ import annotations

from collections.abc import Callable

from agents.training.w65816.state import State

Modifying = Callable[[State, int], int]


def asl8(state: State, value: int) -> int:
    """ASL."""
    state.c = value >> 7
    return _flags8(state, value << 1 & 0xFF)


def asl16(state: State, value: int) -> int:
    """ASL."""
    state.c = value >> 15
    return _flags16(state, value << 1 & 0xFFFF)


def rol8(state: State, value: int) -> int:
    """ROL."""
    result = value << 1 & 0xFF | state.c
    state.c = value >> 7
    return _flags8(state, result)


def rol16(state: State, value: int) -> int:
    """ROL."""
    result = value << 1 & 0xFFFF | state.c
    state.c = value >> 15
    return _flags16(state, result)


def lsr8(state: State, value: int) -> int:
    """LSR."""
    state.c = value & 1
    return _flags8(state, value >> 1)


def lsr16(state: State, value: int) -> int:
    """LSR."""
    state.c = value & 1
    return _flags16(state, value >> 1)


def ror8(state: State, value: int) -> int:
    """ROR."""
    result = value >> 1 | state.c << 7
    state.c = value & 1
    return _flags8(state, result)


def ror16(state: State, value: int) -> int:
    """ROR."""
    result = value >> 1 | state.c << 15
    state.c = value & 1
    return _flags16(state, result)


def inc8(state: State, value: int) -> int:
    """INC."""
    return _flags8(state, value + 1 & 0xFF)


def inc16(state: State, value: int) -> int:
    """INC."""
    return _flags16(state, value + 1 & 0xFFFF)


def dec8(state: State, value: int) -> int:
    """DEC."""
    return _flags8(state, value - 1 & 0xFF)


def dec16(state: State, value: int) -> int:
    """DEC."""
    return _flags16(state, value - 1 & 0xFFFF)


def tsb8(state: State, value: int) -> int:
    """TSB."""
    a = state.a & 0xFF
    state.z = a & value
    return value | a


def tsb16(state: State, value: int) -> int:
    """TSB."""
    state.z = state.a & value
    return value | state.a


def trb(state: State, value: int) -> int:
    """TRB, either width."""
    state.z = state.a & value
    return value & ~state.a


def _flags8(state: State, value: int) -> int:
    state.z = value
    state.n = value & 0x80
    return value


def _flags16(state: State, value: int) -> int:
    state.z = value
    state.n = value & 0x8000
    return value


MODIFYING: dict[str, tuple[Modifying, Modifying]] = {
    "ASL": (asl8, asl16),
    "ROL": (rol8, rol16),
    "LSR": (lsr8, lsr16),
    "ROR": (ror8, ror16),
    "INC": (inc8, inc16),
    "DEC": (dec8, dec16),
    "TSB": (tsb8, tsb16),
    "TRB": (trb, trb),
}
"""Mnemonic -> 8-bit and 16-bit form."""
