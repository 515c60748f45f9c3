"""ADC and SBC against independent formulas; flags of the other reading instructions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.w65816 import Machine, Registers, arithmetic
from agents.training.w65816.memory import Memory
from agents.training.w65816.state import State

Execute = Callable[..., object]
WORD = st.integers(0, 0xFFFF)


@pytest.fixture(scope="module")
def state() -> State:
    return State(Memory(lambda: None))


def result(state: State, operation: Callable[[State, int], None], a: int, value: int, p: int) -> tuple[int, str]:
    state.enter(Registers(a=a, p=p))
    operation(state, value)
    return state.a, state.leave().flags


def nvzc(n: bool, v: bool, z: bool, c: bool, p: int) -> str:
    kept = {"m": p & 0x20, "x": p & 0x10, "d": p & 0x08, "i": p & 0x04}
    shown = {"n": n, "v": v, "z": z, "c": c} | kept
    return "".join(letter.upper() if shown[letter] else letter for letter in "nvmxdizc")


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def test_binary_sums_of_all_bytes(state: State) -> None:
    for case in range(0, 0x20000, 7):
        a, value, carry = case & 0xFF, case >> 8 & 0xFF, case >> 16
        total = a + value + carry
        overflow = not -128 <= signed(a, 8) + signed(value, 8) + carry <= 127
        expected = nvzc(bool(total & 0x80), overflow, not total & 0xFF, total > 0xFF, 0x30)
        assert result(state, arithmetic.adc8, 0xAB00 | a, value, 0x30 | carry) == (0xAB00 | total & 0xFF, expected)


def test_binary_differences_of_all_bytes(state: State) -> None:
    for case in range(0, 0x20000, 7):
        a, value, carry = case & 0xFF, case >> 8 & 0xFF, case >> 16
        total = a - value - (1 - carry)
        overflow = not -128 <= signed(a, 8) - signed(value, 8) - (1 - carry) <= 127
        expected = nvzc(bool(total & 0x80), overflow, not total & 0xFF, total >= 0, 0x30)
        assert result(state, arithmetic.sbc8, 0xAB00 | a, value, 0x30 | carry) == (0xAB00 | total & 0xFF, expected)


def decimal_sum(a: int, b: int, c: int) -> tuple[int, bool, bool]:
    """Bruce Clark, "Decimal Mode", appendix A, sequences 1 (sum, carry) and 2 (overflow)."""
    low = (a & 0x0F) + (b & 0x0F) + c
    if low >= 0x0A:
        low = ((low + 0x06) & 0x0F) + 0x10
    total = (a & 0xF0) + (b & 0xF0) + low
    overflow = not -128 <= signed(a & 0xF0, 8) + signed(b & 0xF0, 8) + low <= 127
    if total >= 0xA0:
        total += 0x60
    return total & 0xFF, total >= 0x100, overflow


def decimal_difference(a: int, b: int, c: int) -> int:
    """Bruce Clark, "Decimal Mode", appendix A, sequence 3."""
    low = (a & 0x0F) - (b & 0x0F) + c - 1
    if low < 0:
        low = ((low - 0x06) & 0x0F) - 0x10
    total = (a & 0xF0) - (b & 0xF0) + low
    if total < 0:
        total -= 0x60
    return total & 0xFF


def test_decimal_sums_of_all_bytes(state: State) -> None:
    for case in range(0, 0x20000, 5):
        a, value, carry = case & 0xFF, case >> 8 & 0xFF, case >> 16
        total, carried, overflow = decimal_sum(a, value, carry)
        expected = nvzc(bool(total & 0x80), overflow, not total, carried, 0x38)
        assert result(state, arithmetic.adc8, a, value, 0x38 | carry) == (total, expected)


def test_decimal_differences_of_all_bytes(state: State) -> None:
    for case in range(0, 0x20000, 5):
        a, value, carry = case & 0xFF, case >> 8 & 0xFF, case >> 16
        total = decimal_difference(a, value, carry)
        overflow = not -128 <= signed(a, 8) - signed(value, 8) - (1 - carry) <= 127
        expected = nvzc(bool(total & 0x80), overflow, not total, a - value - (1 - carry) >= 0, 0x38)
        assert result(state, arithmetic.sbc8, a, value, 0x38 | carry) == (total, expected)


@given(a=WORD, value=WORD, carry=st.integers(0, 1))
def test_binary_words(state: State, a: int, value: int, carry: int) -> None:
    total = a + value + carry
    overflow = not -0x8000 <= signed(a, 16) + signed(value, 16) + carry <= 0x7FFF
    expected = nvzc(bool(total & 0x8000), overflow, not total & 0xFFFF, total > 0xFFFF, 0)
    assert result(state, arithmetic.adc16, a, value, carry) == (total & 0xFFFF, expected)
    total = a - value - (1 - carry)
    overflow = not -0x8000 <= signed(a, 16) - signed(value, 16) - (1 - carry) <= 0x7FFF
    expected = nvzc(bool(total & 0x8000), overflow, not total & 0xFFFF, total >= 0, 0)
    assert result(state, arithmetic.sbc16, a, value, carry) == (total & 0xFFFF, expected)


@given(a=st.integers(0, 9999), value=st.integers(0, 9999), carry=st.integers(0, 1))
def test_decimal_words(state: State, a: int, value: int, carry: int) -> None:
    coded = [int(str(number), 16) for number in (a, value)]
    total = a + value + carry
    got, flags = result(state, arithmetic.adc16, *coded, 0x08 | carry)
    assert (f"{got:X}", flags.endswith("C")) == (str(total % 10000), total > 9999)
    total = a - value - (1 - carry)
    got, flags = result(state, arithmetic.sbc16, *coded, 0x08 | carry)
    assert (f"{got:X}", flags.endswith("C")) == (str(total % 10000), total >= 0)


@pytest.mark.parametrize(
    ("source", "a", "flags"),
    [
        ("lda #$00", 0x1200, "nvMXdiZc"),
        ("lda #$80", 0x1280, "NvMXdizc"),
        ("rep #$20\nlda #$8000", 0x8000, "NvmXdizc"),
        ("rep #$20\nlda #$0080", 0x0080, "nvmXdizc"),
        ("ora #$81", 0x12B5, "NvMXdizc"),
        ("and #$0F", 0x1204, "nvMXdizc"),
        ("eor #$34", 0x1200, "nvMXdiZc"),
        ("rep #$20\nora #$8000", 0x9234, "NvmXdizc"),
        ("rep #$20\nand #$0FF0", 0x0230, "nvmXdizc"),
        ("rep #$20\neor #$FFFF", 0xEDCB, "NvmXdizc"),
        ("cmp #$34", 0x1234, "nvMXdiZC"),
        ("cmp #$35", 0x1234, "NvMXdizc"),
        ("cmp #$33", 0x1234, "nvMXdizC"),
        ("rep #$20\ncmp #$1234", 0x1234, "nvmXdiZC"),
        ("rep #$20\ncmp #$1334", 0x1234, "NvmXdizc"),
        ("bit #$C0", 0x1234, "nvMXdiZc"),
        ("bit #$04", 0x1234, "nvMXdizc"),
    ],
)
def test_accumulator_flags(execute: Execute, source: str, a: int, flags: str) -> None:
    after = execute(source, a=0x1234).registers
    assert (after.a, after.flags) == (a, flags)


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        ("ldx #$40\ncpx #$40", "nvMXdiZC"),
        ("ldy #$40\ncpy #$C0", "NvMXdizc"),
        ("ldy #$C0\ncpy #$40", "NvMXdizC"),
        ("rep #$10\nldx #$8000\ncpx #$7FFF", "nvMxdizC"),
        ("rep #$10\nldy #$0001\ncpy #$0002", "NvMxdizc"),
    ],
)
def test_index_comparisons(execute: Execute, source: str, flags: str) -> None:
    assert execute(source).registers.flags == flags


@pytest.mark.parametrize(
    ("p", "stored", "flags"),
    [(0x30, b"\xc0\x00", "NVMXdizc"), (0x30, b"\x40\x80", "nVMXdizc"), (0x10, b"\x01\x40", "nVmXdizc"),
     (0x10, b"\x00\x80", "NvmXdiZc"), (0x30, b"\x3e\xff", "nvMXdiZc")],
)  # fmt: skip
def test_bit_of_memory_shows_its_two_highest_bits(execute: Execute, p: int, stored: bytes, flags: str) -> None:
    assert (
        execute("bit $10", memory={0x10: stored}, a=0x41C1 if stored[0] != 0x3E else 0x01, p=p).registers.flags == flags
    )


def test_narrow_results_keep_the_hidden_accumulator(execute: Execute, machine: Machine) -> None:
    assert execute("clc\nadc #$FF", a=0x7F01).registers.a == 0x7F00
    assert execute("sec\nsbc #$02", a=0x7F01).registers.a == 0x7FFF
