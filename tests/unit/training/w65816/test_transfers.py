from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.training.w65816 import Machine, Run

Execute = Callable[..., Run]
START = {"a": 0x12F4, "x": 0x56, "y": 0x78}


@pytest.mark.parametrize(
    ("source", "state", "register", "value", "flags"),
    [
        ("tax", {"p": 0x30}, "x", 0xF4, "NvMXdizc"),
        ("tax", {"p": 0x20}, "x", 0x12F4, "nvMxdizc"),  # B comes along
        ("tay", {"p": 0x20}, "y", 0x12F4, "nvMxdizc"),
        ("tay", {"p": 0x10}, "y", 0xF4, "NvmXdizc"),
        ("txa", {"p": 0x30}, "a", 0x1256, "nvMXdizc"),
        ("txa", {"p": 0x10}, "a", 0x0056, "nvmXdizc"),  # zero high byte
        ("txa", {"p": 0x20, "x": 0x5680}, "a", 0x1280, "NvMxdizc"),
        ("tya", {"p": 0x30}, "a", 0x1278, "nvMXdizc"),
        ("tya", {"p": 0x00, "y": 0x8001}, "a", 0x8001, "Nvmxdizc"),
        ("txy", {"p": 0x30}, "y", 0x56, "nvMXdizc"),
        ("tyx", {"p": 0x00, "y": 0}, "x", 0, "nvmxdiZc"),
        ("tsx", {"p": 0x30, "s": 0x1F82}, "x", 0x80, "NvMXdizc"),
        ("tsx", {"p": 0x20, "s": 0x1F82}, "x", 0x1F80, "nvMxdizc"),
        ("tsc", {"p": 0x30, "s": 0x1F82}, "a", 0x1F80, "nvMXdizc"),
        ("tcd", {"p": 0x30}, "d", 0x12F4, "nvMXdizc"),
        ("tdc", {"p": 0x30, "d": 0x8000}, "a", 0x8000, "NvMXdizc"),
        ("xba", {"p": 0x30}, "a", 0xF412, "nvMXdizc"),
        ("xba", {"p": 0x00, "a": 0x80F0}, "a", 0xF080, "Nvmxdizc"),
        ("xba", {"p": 0x00, "a": 0x00F0}, "a", 0xF000, "nvmxdiZc"),
        ("inx", {"p": 0x30, "x": 0xFF}, "x", 0x00, "nvMXdiZc"),
        ("inx", {"p": 0x00, "x": 0x7FFF}, "x", 0x8000, "Nvmxdizc"),
        ("iny", {"p": 0x00, "y": 0xFFFF}, "y", 0x0000, "nvmxdiZc"),
        ("iny", {"p": 0x30, "y": 0x7F}, "y", 0x80, "NvMXdizc"),
        ("dex", {"p": 0x30, "x": 0x00}, "x", 0xFF, "NvMXdizc"),
        ("dex", {"p": 0x00, "x": 0x0100}, "x", 0x00FF, "nvmxdizc"),
        ("dey", {"p": 0x30, "y": 0x01}, "y", 0x00, "nvMXdiZc"),
        ("dey", {"p": 0x00, "y": 0x0000}, "y", 0xFFFF, "Nvmxdizc"),
    ],
)
def test_transfers_and_counts(
    execute: Execute, source: str, state: dict[str, int], register: str, value: int, flags: str
) -> None:
    run = execute(source, **START | state)
    assert run.returned
    assert (getattr(run.registers, register), run.registers.flags) == (value, flags)


@pytest.mark.parametrize("source", ["tsc\ntcs", "rep #$10\ntsx\ntxs"])
def test_stack_pointer_transfers_touch_no_flags_of_their_own(execute: Execute, source: str) -> None:
    run = execute(source, s=0x1F82)
    assert (run.returned, run.registers.s) == (True, 0x1F82)


def test_txs_with_narrow_index_clears_the_high_byte(execute: Execute) -> None:
    run = execute("rep #$20\ntsc\ntay\nsep #$30\ntsx\ntxs\nlda #$77", s=0x0082)
    assert (run.returned, run.registers.s, run.registers.a & 0xFF) == (True, 0x0082, 0x77)
    assert not execute("tsx\ntxs", s=0x1F82).returned


@pytest.mark.parametrize(
    ("source", "p", "flags"),
    [
        ("clc", 0x31, "nvMXdizc"), ("sec", 0x30, "nvMXdizC"), ("cld", 0x38, "nvMXdizc"), ("sed", 0x30, "nvMXDizc"),
        ("cli", 0x34, "nvMXdizc"), ("sei", 0x30, "nvMXdIzc"), ("clv", 0x70, "nvMXdizc"), ("nop", 0xFF, "NVMXDIZC"),
        ("rep #$FF", 0xFF, "nvmxdizc"), ("sep #$FF", 0x00, "NVMXDIZC"), ("sep #$A1", 0x00, "NvMxdizC"),
        ("rep #$82", 0xFF, "nVMXDIzC"),
    ],
)  # fmt: skip
def test_flag_instructions(execute: Execute, source: str, p: int, flags: str) -> None:
    assert execute(source, p=p).registers.flags == flags


def test_narrowing_the_index_registers_clears_their_high_bytes(execute: Execute) -> None:
    after = execute("sep #$10\nrep #$10", p=0x00, x=0x1234, y=0x5678, a=0x9ABC).registers
    assert (after.x, after.y) == (0x34, 0x78)
    after = execute("sep #$20\nrep #$20", p=0x00, x=0x1234, y=0x5678, a=0x9ABC).registers
    assert (after.a, after.x, after.y) == (0x9ABC, 0x1234, 0x5678)


def test_entering_emulation_mode(execute: Execute, machine: Machine) -> None:
    run = execute("rep #$30\nldx #$1234\nldy #$5678\nsec\nxce\nnop", s=0x01F0)
    after = run.registers
    assert (run.returned, after.e, after.x, after.y, after.s, after.carry) == (True, True, 0x34, 0x78, 0x01F0, False)
    assert after.m8
    assert after.x8


def test_leaving_emulation_mode_keeps_narrow_registers(execute: Execute) -> None:
    after = execute("clc\nxce", e=True, s=0x1F0, p=0x30).registers
    assert (after.e, after.flags) == (False, "nvMXdizC")


def test_widths_cannot_be_cleared_in_emulation_mode(execute: Execute) -> None:
    assert execute("rep #$FF", e=True, s=0x1F0).registers.flags == "nvMXdizc"


@pytest.mark.parametrize(
    ("source", "p", "stored"),
    [
        ("sta $10", 0x30, b"\xf4\x00"), ("sta $10", 0x00, b"\xf4\x12"), ("stx $10", 0x30, b"\x56\x00"),
        ("stx $10", 0x00, b"\x56\x9a"), ("sty $10", 0x30, b"\x78\x00"), ("sty $10", 0x00, b"\x78\x9a"),
    ],
)  # fmt: skip
def test_stores(execute: Execute, machine: Machine, source: str, p: int, stored: bytes) -> None:
    execute(source, a=0x12F4, x=0x9A56, y=0x9A78, p=p)
    assert machine.peek(0x10, 2) == stored


def test_store_zero(execute: Execute, machine: Machine) -> None:
    execute("stz $10", memory={0x10: b"\xff\xff"}, p=0x30)
    assert machine.peek(0x10, 2) == b"\x00\xff"
    execute("stz $10", memory={0x10: b"\xff\xff"}, p=0x00)
    assert machine.peek(0x10, 2) == b"\x00\x00"
