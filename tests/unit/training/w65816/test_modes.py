"""Every addressing mode finds its byte, and wraps where the data sheet says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from agents.training.w65816 import Machine, Run

Execute = Callable[..., Run]

POINTER = {0x1010: b"\x00\x40\x7f"}
STATE = {"d": 0x1000, "dbr": 0x7E, "x": 0x04, "y": 0x08, "s": 0x1800}


@pytest.mark.parametrize(
    ("operand", "address"),
    [
        ("$10", 0x001010),
        ("$10,x", 0x001014),
        ("($10)", 0x7E4000),
        ("($0C,x)", 0x7E4000),
        ("($10),y", 0x7E4008),
        ("[$10]", 0x7F4000),
        ("[$10],y", 0x7F4008),
        ("$5000", 0x7E5000),
        ("$5000,x", 0x7E5004),
        ("$5000,y", 0x7E5008),
        ("$7F6000", 0x7F6000),
        ("$7F6000,x", 0x7F6004),
        ("$20,s", 0x00181E),
        ("($30,s),y", 0x7E7008),
    ],
)
@pytest.mark.parametrize("p", [0x30, 0x00])
def test_load_and_store(execute: Execute, machine: Machine, operand: str, address: int, p: int) -> None:
    pointers = POINTER | {0x182E: b"\x00\x70"}
    size = 1 if p else 2
    if operand != "$10":
        run = execute(f"lda {operand}", memory=pointers | {address: b"\xa5\xc3"}, p=p, **STATE)
        assert run.registers.a == int.from_bytes(b"\xa5\xc3"[:size], "little")
    run = execute(f"sta {operand}", memory=pointers, a=0xBEEF, p=p, **STATE)
    assert run.returned
    assert machine.peek(address, size) == b"\xef\xbe"[:size]
    assert [place for place in machine.writes if place not in run.stack] == [*range(address, address + size)]


@pytest.mark.parametrize(
    ("source", "address"),
    [("ldx $10,y", 0x1018), ("ldx $5000,y", 0x7E5008), ("ldy $10,x", 0x1014), ("ldy $5000,x", 0x7E5004)],
)
def test_index_loads(execute: Execute, source: str, address: int) -> None:
    after = execute(source, memory={address: b"\x77"}, **STATE).registers
    assert (after.x if source[2] == "x" else after.y) == 0x77


def loaded(execute: Execute, source: str, memory: Mapping[int, bytes], **state: int) -> int:
    return execute(source, memory=memory, **{"p": 0} | state).registers.a


def test_absolute_words_and_indexes_carry_into_the_next_bank(execute: Execute) -> None:
    across = {0x7EFFFF: b"\x34\x12"}
    assert loaded(execute, "lda $FFFF", across, dbr=0x7E) == 0x1234
    assert loaded(execute, "lda $FFF0,x", across, dbr=0x7E, x=0x0F) == 0x1234
    assert loaded(execute, "lda $FFF0,y", {0x7F0001: b"\x34\x12"}, dbr=0x7E, y=0x11) == 0x1234
    assert loaded(execute, "lda $7EFFFF", across) == 0x1234
    assert loaded(execute, "lda $7EFFFF,x", {0x7F0000: b"\x34\x12"}, x=1) == 0x1234
    assert loaded(execute, "lda ($10),y", {0x10: b"\xfe\xff"} | across, dbr=0x7E, y=1) == 0x1234
    assert loaded(execute, "lda [$10],y", {0x10: b"\xfe\xff\x7e"} | across, y=1) == 0x1234


def test_the_address_space_wraps_at_its_end(execute: Execute) -> None:
    assert loaded(execute, "lda $FFFFFF", {0xFFFFFF: b"\x34", 0x000000: b"\x12"}) == 0x1234
    assert loaded(execute, "lda $FFFFFF,x", {0x00000F: b"\x34\x12"}, x=0x10) == 0x1234
    assert loaded(execute, "lda $FFFF,x", {0x00FFFD: b"\x34\x12"}, dbr=0xFF, x=0xFFFE) == 0x1234


def test_direct_page_and_stack_stay_in_bank_zero(execute: Execute) -> None:
    ends = {0xFFFF: b"\x34", 0x0000: b"\x12"}
    assert loaded(execute, "lda $0F", ends, d=0xFFF0) == 0x1234
    assert loaded(execute, "lda $0F,x", {0x0008: b"\x34\x12"}, d=0xFFF0, x=9) == 0x1234
    assert loaded(execute, "lda ($0F)", ends | {0x7E1234: b"\x78\x56"}, d=0xFFF0, dbr=0x7E) == 0x5678
    assert (
        loaded(execute, "lda [$0E]", {0xFFFE: b"\x00\x30", 0x0000: b"\x7f", 0x7F3000: b"\x78\x56"}, d=0xFFF0) == 0x5678
    )
    assert loaded(execute, "lda $F0,s", {0x0000: b"\x34\x12"}, s=0xFF12) == 0x1234


EMULATION = {"e": True, "p": 0x30, "s": 0x1FF}


def emulated(execute: Execute, source: str, memory: Mapping[int, bytes], **state: int) -> int:
    return execute(source, memory=memory, **EMULATION | state).registers.a


def test_emulation_wraps_in_an_aligned_direct_page_only(execute: Execute) -> None:
    assert emulated(execute, "lda $F0,x", {0x0300: b"\x77"}, d=0x300, x=0x10) == 0x77
    assert emulated(execute, "lda $F0,x", {0x0401: b"\x77"}, d=0x301, x=0x10) == 0x77
    pointer = {0x03FF: b"\x34", 0x0300: b"\x12", 0x7E1234: b"\x77", 0x7E1235: b"\x88"}
    assert emulated(execute, "lda ($FF)", pointer, d=0x300, dbr=0x7E) == 0x77
    assert emulated(execute, "lda ($FF),y", pointer, d=0x300, dbr=0x7E, y=1) == 0x88
    assert emulated(execute, "lda ($F0,x)", pointer, d=0x300, dbr=0x7E, x=0x0F) == 0x77
    straight = {0x03FF: b"\x34\x12\x7e", 0x7E1234: b"\x77"}
    assert emulated(execute, "lda [$FF]", straight, d=0x300) == 0x77
    assert emulated(execute, "lda ($FF)", {0x0400: b"\x34\x12", 0x7E1234: b"\x77"}, d=0x301, dbr=0x7E) == 0x77


def test_the_pointer_of_d_x_off_the_page_wraps_at_its_second_byte_only(execute: Execute) -> None:
    """The example of gilyon's snes-tests, cputest/README: the low byte is at $02FF, the high byte at $0200."""
    pointer = {0x02FF: b"\x34", 0x0200: b"\x12", 0x0300: b"\x20", 0x7E1234: b"\x77", 0x7E2034: b"\x66"}
    assert emulated(execute, "lda ($F7,x)", pointer, d=0x11A, x=0xEE, dbr=0x7E) == 0x77
    assert emulated(execute, "lda ($F6,x)", {0x02FE: b"\x34\x12", 0x7E1234: b"\x55"}, d=0x11A, x=0xEE, dbr=0x7E) == 0x55
    assert loaded(execute, "lda ($F7,x)", pointer, d=0x11A, x=0xEE, dbr=0x7E, p=0x30) == 0x66


def test_native_mode_never_wraps_in_the_page(execute: Execute) -> None:
    assert loaded(execute, "lda $F0,x", {0x0400: b"\x77"}, d=0x300, x=0x10, p=0x30) == 0x77


def cycles(execute: Execute, source: str, **state: int) -> int:
    return execute(source, **state).cycles - 6


@pytest.mark.parametrize(
    ("source", "state", "expected"),
    [
        ("lda $20F0,x", {"x": 0x0F}, 4),
        ("lda $20F0,x", {"x": 0x10}, 5),
        ("lda $20F0,y", {"y": 0x10}, 5),
        ("lda ($10),y", {"y": 0x00}, 5),
        ("sta $20F0,x", {"x": 0x0F}, 5),
        ("inc $20F0,x", {"x": 0x10}, 7),
        ("lda $20F0,x", {"x": 0x0F, "p": 0x20}, 5),
        ("lda $20F0,x", {"x": 0x0F, "p": 0x00}, 6),
        ("lda $10", {"d": 0x0001}, 4),
        ("lda $10", {"d": 0x0001, "p": 0x00}, 5),
    ],
)
def test_page_crossings_and_unaligned_pages_cost_cycles(
    execute: Execute, source: str, state: dict[str, int], expected: int
) -> None:
    assert cycles(execute, source, **state) == expected
