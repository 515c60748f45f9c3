from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.training.w65816 import Machine, Reason, Run

Execute = Callable[..., Run]


@pytest.mark.parametrize(
    ("branch", "taken", "passed"),
    [
        ("bpl", 0x30, 0xB0), ("bmi", 0xB0, 0x30), ("bvc", 0x30, 0x70), ("bvs", 0x70, 0x30),
        ("bcc", 0x30, 0x31), ("bcs", 0x31, 0x30), ("bne", 0x30, 0x32), ("beq", 0x32, 0x30),
        ("blt", 0x30, 0x31), ("bge", 0x31, 0x30),
    ],
)  # fmt: skip
def test_branches(execute: Execute, branch: str, taken: int, passed: int) -> None:
    source = f"{branch} skip\nldx #$01\nskip:"
    run = execute(source, p=taken)
    assert (run.registers.x, run.cycles) == (0, 3 + 6)
    run = execute(source, p=passed)
    assert (run.registers.x, run.cycles) == (1, 2 + 2 + 6)


def test_a_taken_branch_across_a_page_costs_more_in_emulation_mode(execute: Execute) -> None:
    source = "bcc skip\nnop\nskip:"
    assert execute(source, origin=0x80FD, p=0x30).cycles == 3 + 6
    assert execute(source, origin=0x80FD, p=0x30, e=True, s=0x1FF).cycles == 4 + 6
    assert execute(source, origin=0x8000, p=0x30, e=True, s=0x1FF).cycles == 3 + 6
    assert execute("bra skip\nnop\nskip:", origin=0x80FD, p=0x30, e=True, s=0x1FF).cycles == 4 + 6


def test_branches_wrap_in_their_bank(execute: Execute, machine: Machine) -> None:
    machine.clear()
    machine.load(0x7EFFFE, b"\x80\x10")  # bra $0010
    machine.load(0x7E0010, b"\xdb")
    assert machine.call(0x7EFFFE).registers.pc == 0x0010


def test_instructions_wrap_in_their_bank(machine: Machine) -> None:
    machine.clear()
    machine.load(0x7FFFFE, b"\xa9\x55")  # lda #$55
    machine.load(0x7F0000, b"\xdb")
    run = machine.call(0x7FFFFE)
    assert (run.registers.a, run.registers.pbr, run.registers.pc) == (0x55, 0x7F, 0)
    machine.clear()
    machine.load(0x7FFFFF, b"\xa9")
    machine.load(0x7F0000, b"\x66\xdb")
    assert machine.call(0x7FFFFF).registers.a == 0x66


@pytest.mark.parametrize(
    "jump", ["jmp there", "jml there", "bra there", "brl there", "jmp (vector)", "jmp (table,x)", "jmp [vector]"]
)
def test_jumps(execute: Execute, jump: str) -> None:
    source = f"{jump}\nvector: dw there, 0\ntable: dw 0, 0, there\nbrk\nthere: lda #$33"
    run = execute(source, x=4)
    assert (run.reason, run.registers.a) == (Reason.RETURNED, 0x33)


def test_the_pointer_of_an_indirect_jump_is_in_bank_zero(execute: Execute) -> None:
    run = execute("jmp ($FFFF)", memory={0xFFFF: b"\x10", 0x0000: b"\x90", 0x929010: b"\xdb"}, origin=0x928000)
    assert (run.registers.pbr, run.registers.pc) == (0x92, 0x9010)
    run = execute("jml [$FFFE]", memory={0xFFFE: b"\x10\x90", 0x0000: b"\x93", 0x939010: b"\xdb"}, origin=0x928000)
    assert (run.registers.pbr, run.registers.pc) == (0x93, 0x9010)


def test_the_pointer_of_an_indexed_jump_is_in_the_program_bank_and_wraps(execute: Execute) -> None:
    memory = {0x920001: b"\x10\x90", 0x929010: b"\xdb"}
    run = execute("jmp ($FFF1,x)", memory=memory, origin=0x928000, x=0x10)
    assert (run.registers.pbr, run.registers.pc) == (0x92, 0x9010)


@pytest.mark.parametrize(
    ("call", "back", "pushed"),
    [("jsr sub", "rts", b"\x02\x80"), ("jsr (table,x)", "rts", b"\x02\x80"), ("jsl sub", "rtl", b"\x03\x80\x00")],
)
def test_calls_push_the_address_of_their_last_byte(
    execute: Execute, machine: Machine, call: str, back: str, pushed: bytes
) -> None:
    run = execute(f"{call}\nbra end\nsub: inc a\n{back}\ntable: dw 0, sub\nend:", x=2)
    assert (run.reason, run.registers.a) == (Reason.RETURNED, 1)
    assert machine.peek(0x1FFE - len(pushed), len(pushed)) == pushed


def test_rts_to_a_pushed_address(execute: Execute) -> None:
    assert execute("pea there-1\nrts\nbrk\nthere: lda #$44").registers.a == 0x44


def test_rti_pulls_flags_and_address_and_in_native_mode_the_bank(execute: Execute) -> None:
    run = execute("phk\npea there\nsep #$FF\nphp\nrep #$FF\nrti\n.a8\nbrk\nthere: nop")
    assert (run.reason, run.registers.flags) == (Reason.RETURNED, "NVMXDIZC")
    run = execute("pea there\nsec\nphp\nclc\nrti\nbrk\nthere: nop", e=True, s=0x1F0)
    assert (run.reason, run.registers.carry) == (Reason.RETURNED, True)


@pytest.mark.parametrize("source", ["brk", "brk #$12", "cop #$34", "stp", "wai"])
def test_stops(execute: Execute, source: str) -> None:
    run = execute(f"nop\n{source}")
    assert (run.reason, run.registers.pc, run.instructions) == (Reason.STOPPED, 0x8001, 2)


def test_wdm_has_two_bytes_and_does_nothing(execute: Execute) -> None:
    assert execute("wdm #$DB\nlda #$11").registers.a == 0x11


def test_move_next_goes_up(execute: Execute, machine: Machine) -> None:
    run = execute("mvn $7E,$7F", memory={0x7F4000: b"snes"}, p=0, a=3, x=0x4000, y=0x5000)
    after = run.registers
    assert machine.peek(0x7E5000, 5) == b"snes\0"
    assert (after.a, after.x, after.y, after.dbr) == (0xFFFF, 0x4004, 0x5004, 0x7E)
    assert (run.instructions, run.cycles) == (4 + 1, 4 * 7 + 6)


def test_move_previous_goes_down_and_may_overlap(execute: Execute, machine: Machine) -> None:
    run = execute("mvp $7E,$7E", memory={0x7E4000: b"abcdef"}, p=0, a=5, x=0x4005, y=0x4007)
    assert machine.peek(0x7E4000, 8) == b"ababcdef"
    assert (run.registers.x, run.registers.y) == (0x3FFF, 0x4001)


def test_moves_wrap_in_their_banks_and_pages(execute: Execute, machine: Machine) -> None:
    execute("mvn $7E,$7F", memory={0x7FFFFF: b"x", 0x7F0000: b"y"}, p=0, a=1, x=0xFFFF, y=0x5000)
    assert machine.peek(0x7E5000, 2) == b"xy"
    after = execute("mvn $00,$00", p=0x10, a=1, x=0xFF, y=0x20).registers
    assert (after.x, after.y) == (0x01, 0x22)
