from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.training.w65816 import Machine, Run

Execute = Callable[..., Run]

CASES = [
    # mnemonic, value, carry in, 8-bit result and flags, 16-bit result and flags
    ("asl", 0x8081, 0, 0x02, "nvMXdizC", 0x0102, "nvmxdizC"),
    ("asl", 0x4040, 1, 0x80, "NvMXdizc", 0x8080, "Nvmxdizc"),
    ("asl", 0x8080, 0, 0x00, "nvMXdiZC", 0x0100, "nvmxdizC"),
    ("rol", 0x8080, 1, 0x01, "nvMXdizC", 0x0101, "nvmxdizC"),
    ("rol", 0x4040, 0, 0x80, "NvMXdizc", 0x8080, "Nvmxdizc"),
    ("lsr", 0x0101, 1, 0x00, "nvMXdiZC", 0x0080, "nvmxdizC"),
    ("lsr", 0xFF80, 0, 0x40, "nvMXdizc", 0x7FC0, "nvmxdizc"),
    ("ror", 0x0101, 1, 0x80, "NvMXdizC", 0x8080, "NvmxdizC"),
    ("ror", 0x0100, 0, 0x00, "nvMXdiZc", 0x0080, "nvmxdizc"),
    ("inc", 0x00FF, 1, 0x00, "nvMXdiZC", 0x0100, "nvmxdizC"),
    ("inc", 0x7F7F, 0, 0x80, "NvMXdizc", 0x7F80, "nvmxdizc"),
    ("dec", 0x0100, 0, 0xFF, "NvMXdizc", 0x00FF, "nvmxdizc"),
    ("dec", 0x0001, 1, 0x00, "nvMXdiZC", 0x0000, "nvmxdiZC"),
]


@pytest.mark.parametrize(("mnemonic", "value", "carry", "narrow", "narrow_flags", "wide", "wide_flags"), CASES)
def test_shifts_and_counts(
    execute: Execute, machine: Machine, mnemonic: str, value: int, carry: int,
    narrow: int, narrow_flags: str, wide: int, wide_flags: str,
) -> None:  # fmt: skip
    stored = {0x2010: value.to_bytes(2, "little")}
    for p, result, flags in ((0x30, value & 0xFF00 | narrow, narrow_flags), (0x00, wide, wide_flags)):
        after = execute(mnemonic, a=value, p=p | carry).registers
        assert (after.a, after.flags) == (result, flags)
        after = execute(f"{mnemonic} $2010", memory=stored, p=p | carry).registers
        assert (int.from_bytes(machine.peek(0x2010, 2), "little"), after.flags) == (result, flags)


@pytest.mark.parametrize(
    ("source", "p", "stored", "flags"),
    [
        ("tsb $10", 0x30, 0x55F5, "nvMXdizc"),
        ("trb $10", 0x30, 0x5550, "nvMXdizc"),
        ("tsb $10", 0x00, 0xF5F5, "nvmxdizc"),
        ("trb $10", 0x00, 0x5550, "nvmxdizc"),
    ],
)
def test_set_and_reset_bits(execute: Execute, machine: Machine, source: str, p: int, stored: int, flags: str) -> None:
    after = execute(source, memory={0x10: b"\x55\x55"}, a=0xA0A5, p=p).registers
    assert (int.from_bytes(machine.peek(0x10, 2), "little"), after.flags) == (stored, flags)


def test_test_and_set_reports_zero_of_the_and_only(execute: Execute, machine: Machine) -> None:
    after = execute("tsb $10", memory={0x10: b"\xaa"}, a=0x55, p=0xF1).registers
    assert (machine.peek(0x10), after.flags) == (b"\xff", "NVMXdiZC")
