from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.training.w65816 import Machine, Run

Execute = Callable[..., Run]
TOP = 0x1FFD
"""S inside a routine called at $1FFF: two bytes hold the return address."""


@pytest.mark.parametrize(
    ("source", "state", "pushed"),
    [
        ("pha", {"p": 0x30, "a": 0x1234}, b"\x34"),
        ("pha", {"p": 0x00, "a": 0x1234}, b"\x34\x12"),
        ("phx", {"p": 0x30, "x": 0x56}, b"\x56"),
        ("phx", {"p": 0x00, "x": 0x5678}, b"\x78\x56"),
        ("phy", {"p": 0x30, "y": 0x56}, b"\x56"),
        ("phy", {"p": 0x00, "y": 0x5678}, b"\x78\x56"),
        ("php", {"p": 0xA5}, b"\xa5"),
        ("phb", {"dbr": 0x7E}, b"\x7e"),
        ("phd", {"d": 0x1234}, b"\x34\x12"),
        ("pea $1234", {}, b"\x34\x12"),
        ("pea #$1234", {}, b"\x34\x12"),
        ("pei ($20)", {"d": 0x0100}, b"\xcd\xab"),
        ("per target\ntarget:", {}, b"\x03\x80"),
        ("per $9000", {}, b"\x00\x90"),
    ],
)
def test_pushes(execute: Execute, machine: Machine, source: str, state: dict[str, int], pushed: bytes) -> None:
    run = execute(f"{source}\nbrk", memory={0x120: b"\xcd\xab"}, **state)
    assert run.registers.s == TOP - len(pushed)
    assert machine.peek(run.registers.s + 1, len(pushed)) == pushed


def test_phk_pushes_the_program_bank(execute: Execute, machine: Machine) -> None:
    execute("phk\nbrk", origin=0x928000)
    assert machine.peek(TOP) == b"\x92"


@pytest.mark.parametrize(
    ("source", "p", "register", "value", "flags"),
    [
        ("pea $80F0\npla\nply", 0x20, "a", 0x00F0, None),
        ("pea $80F0\npla", 0x00, "a", 0x80F0, "Nvmxdizc"),
        ("pea $80F0\nplx", 0x00, "x", 0x80F0, "Nvmxdizc"),
        ("pea $0000\nply", 0x00, "y", 0x0000, "nvmxdiZc"),
        ("pea $80F0\nplx\nply", 0x30, "x", 0xF0, "NvMXdizc"),
        ("pea $80F0\npld", 0x30, "d", 0x80F0, "NvMXdizc"),
        ("pea $7E00\nplb\nplb", 0x30, "dbr", 0x7E, "nvMXdizc"),
        ("pea $0080\nplb\npla", 0x30, "dbr", 0x80, "nvMXdiZc"),
    ],
)
def test_pulls(execute: Execute, source: str, p: int, register: str, value: int, flags: str | None) -> None:
    after = execute(source, p=p).registers
    if source.endswith("plb\npla") or flags is None:
        assert getattr(after, register) == value
    else:
        assert (getattr(after, register), after.flags) == (value, flags)


def test_plp_changes_widths(execute: Execute) -> None:
    after = execute("pea $3030\nplp\nplp", p=0x00, x=0x1234).registers
    assert (after.flags, after.x) == ("nvMXdizc", 0x34)


def test_what_php_saves_plp_restores(execute: Execute) -> None:
    assert execute("php\nsep #$FF\nplp", p=0x41).registers.flags == "nVmxdizC"


def test_emulation_pushes_wrap_in_page_one(execute: Execute, machine: Machine) -> None:
    run = execute("pha\npha\nbrk", e=True, s=0x102, a=0x77)
    assert machine.peek(0x100) == b"\x77"
    assert machine.peek(0x1FF) == b"\x77"
    assert run.registers.s == 0x1FE


def test_new_instructions_leave_page_one_and_come_back(execute: Execute, machine: Machine) -> None:
    run = execute("pea $1234\nbrk", e=True, s=0x102)
    assert machine.peek(0xFF, 2) == b"\x34\x12"
    assert run.registers.s == 0x1FE


def test_plb_reads_past_page_one(execute: Execute) -> None:
    run = execute("pla\npla\nplb\nbrk", memory={0x200: b"\x7e"}, e=True, s=0x1FF)
    assert (run.registers.dbr, run.registers.s) == (0x7E, 0x100)


def test_the_stack_of_emulation_mode_is_page_one(execute: Execute) -> None:
    assert execute("nop", e=True, s=0x180).stack == range(0x100, 0x200)
