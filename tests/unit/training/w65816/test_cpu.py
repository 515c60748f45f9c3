from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.w65816 import Machine, Reason, Registers, Run, TraceStep, assemble

Execute = Callable[..., Run]


def call(machine: Machine, source: str, **options: object) -> Run:
    machine.clear()
    machine.load(0x8000, assemble(source).code)
    return machine.call(0x8000, **options)  # type: ignore[arg-type]


def test_a_routine_returns(machine: Machine) -> None:
    run = call(machine, "lda #$01\nrts")
    assert (run.reason, run.instructions, run.cycles) == (Reason.RETURNED, 2, 2 + 6)
    assert (run.returned, run.registers.s, run.registers.a) == (True, 0x1FFF, 1)


def test_a_far_routine_returns(machine: Machine) -> None:
    run = call(machine, "rtl", far=True)
    assert (run.reason, run.registers.s, run.registers.pbr) == (Reason.RETURNED, 0x1FFF, 0)


@pytest.mark.parametrize(("source", "far"), [("rtl", False), ("rts", True)])
def test_the_wrong_return_is_found(machine: Machine, source: str, far: bool) -> None:
    assert call(machine, source, far=far).reason is Reason.STACK


def test_a_return_with_something_left_on_the_stack_does_not_return(machine: Machine) -> None:
    assert call(machine, "pha\nrts").reason is not Reason.RETURNED
    assert call(machine, "pla\nrts").reason is Reason.STACK


def test_a_routine_may_look_at_its_return_address(machine: Machine) -> None:
    run = call(machine, "rep #$30\npla\ntax\npha\nrts")
    assert (run.reason, run.registers.x) == (Reason.RETURNED, 0xFFFE)


@pytest.mark.parametrize("source", ["loop: jsr loop", "loop: pha\nbra loop", "loop: pla\nbra loop", "lda #0\ntcs"])
def test_the_stack_has_a_window(machine: Machine, source: str) -> None:
    run = call(machine, source)
    assert run.reason is Reason.STACK
    assert all(place in run.stack for place in machine.writes)


def test_the_window_is_as_large_as_asked_for(machine: Machine) -> None:
    source = "pha\npha\npha\npla\npla\npla\nrts"
    assert call(machine, source, stack_bytes=5).reason is Reason.RETURNED
    assert call(machine, source, stack_bytes=4).reason is Reason.STACK
    assert call(machine, source, stack_bytes=5).stack == range(0x1FFB, 0x2000)


def test_the_budget_ends_a_loop(machine: Machine) -> None:
    run = call(machine, "loop: bra loop", budget=100)
    assert (run.reason, run.instructions, run.cycles) == (Reason.BUDGET, 100, 300)
    assert call(machine, "rts", budget=0).reason is Reason.BUDGET


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("fill 200, $EA", Reason.STOPPED),  # slides into the zeros behind it, which are BRK
        ("fill 200, $60", Reason.RETURNED),
        ("fill 200, $68", Reason.STACK),
        ('db "The hero draws a sword."', Reason.STOPPED),  # mvn, jsr into zeros
        ("dw $FE80", Reason.BUDGET),  # bra *
    ],
)
def test_a_jump_into_data_is_bounded(machine: Machine, data: str, reason: Reason) -> None:
    assert call(machine, f"jmp data\ndata: {data}", budget=5_000).reason is reason


def test_code_that_overwrites_everything_is_bounded_and_undone(machine: Machine) -> None:
    run = call(machine, "rep #$30\nlda #$FFFF\nldx #$9000\nldy #$A000\nmvn 0,0\nrts", budget=20_000)
    assert run.reason is Reason.BUDGET
    assert 19_000 < len(machine.writes) < 20_010
    machine.reset()
    assert machine.peek(0x8000, 3) == b"\xc2\x30\xa9"


def test_registers_come_in_and_go_out(machine: Machine) -> None:
    given_in = Registers(a=0x1234, x=0x5678, y=0x9ABC, s=0x1F00, d=0x0100, dbr=0x7E, p=0xCF, e=False)
    after = call(machine, "rts", registers=given_in).registers
    assert (after.a, after.x, after.y, after.s, after.d) == (0x1234, 0x5678, 0x9ABC, 0x1F00, 0x0100)
    assert (after.dbr, after.p, after.flags) == (0x7E, 0xCF, "NVmxDIZC")
    assert (after.negative, after.overflow, after.decimal, after.zero, after.carry) == (True,) * 5


def test_narrow_registers_come_in_narrow(machine: Machine) -> None:
    after = call(machine, "rts", registers=Registers(x=0x1234, y=0x5678)).registers
    assert (after.x, after.y) == (0x34, 0x78)
    after = call(machine, "rts", registers=Registers(x=0x1234, s=0x5678, e=True, p=0)).registers
    assert (after.x, after.s, after.p & 0x30) == (0x34, 0x178, 0x30)


def test_code_that_changes_itself(machine: Machine) -> None:
    source = """
        ldx #$03
    loop:
        inc value+1
    value:
        lda #$10
        dex
        bne loop
        rts"""
    for _ in range(2):
        assert call(machine, source).registers.a == 0x13
        machine.reset()
        assert machine.call(0x8000).registers.a == 0x13


def test_code_written_and_then_undone(machine: Machine) -> None:
    machine.clear()
    machine.load(0x8000, assemble("lda #$60\nsta $2000\njsr $2000\nlda #$01\nrts").code)
    assert machine.call(0x8000).registers.a == 1
    machine.reset()
    assert machine.call(0x2000, budget=5).reason is Reason.STOPPED


def test_a_second_program_replaces_the_first(machine: Machine) -> None:
    assert call(machine, "lda #$01\nrts").registers.a == 1
    assert call(machine, "lda #$02\nrts").registers.a == 2
    machine.load(0x8001, b"\x03")
    assert machine.call(0x8000).registers.a == 3


def test_runs_are_repeatable(machine: Machine) -> None:
    source = "lda $10\ninc a\nsta $10\ntax\nrts"
    assert call(machine, source) == call(machine, source)


def test_a_trace_shows_each_instruction_and_the_registers_after_it(machine: Machine) -> None:
    steps: list[TraceStep] = []
    source = "rep #$20\nlda #$1234\nsep #$20\nlda #$56\nrts"
    run = call(machine, source, trace=steps.append)
    assert [(step.address, step.text, step.registers.a) for step in steps] == [
        (0x8000, "rep #$20", 0),
        (0x8002, "lda #$1234", 0x1234),
        (0x8005, "sep #$20", 0x1234),
        (0x8007, "lda #$56", 0x1256),
        (0x8009, "rts", 0x1256),
    ]
    assert run == call(machine, source)


PRELUDE = st.sampled_from([b"", b"\xc2\x30", b"\xfb", b"\x38\xfb", b"\xf8"])


@settings(max_examples=300, deadline=None)
@given(
    code=st.binary(min_size=1, max_size=60),
    prelude=PRELUDE,
    registers=st.builds(
        Registers,
        a=st.integers(0, 0xFFFF), x=st.integers(0, 0xFFFF), y=st.integers(0, 0xFFFF), s=st.integers(0, 0xFFFF),
        d=st.integers(0, 0xFFFF), dbr=st.integers(0, 0xFF), p=st.integers(0, 0xFF), e=st.booleans(),
    ),
    entry=st.sampled_from([0x8000, 0xFFF0, 0x7EFFE0, 0xFFFFF0 - 60, 0x1FF0]),
)  # fmt: skip
def test_any_code_runs_leaves_proper_registers_and_can_be_undone(
    machine: Machine, code: bytes, prelude: bytes, registers: Registers, entry: int
) -> None:
    machine.clear()
    machine.load(entry, prelude + code)
    before = machine.peek(entry, 64)
    run = machine.call(entry, registers=registers, budget=300)
    after = run.registers
    for word in (after.a, after.x, after.y, after.s, after.d, after.pc):
        assert 0 <= word <= 0xFFFF
    for byte in (after.dbr, after.pbr, after.p):
        assert 0 <= byte <= 0xFF
    if after.x8:
        assert after.x <= 0xFF
        assert after.y <= 0xFF
    if after.e:
        assert after.m8
        assert after.s >> 8 == 1
    assert run.cycles >= run.instructions
    first = (run, dict(machine.writes))
    machine.reset()
    assert machine.peek(entry, 64) == before
    traced = machine.call(entry, registers=registers, budget=300, trace=lambda step: None)
    assert (traced, dict(machine.writes)) == first
    machine.clear()
    assert not any(machine.peek(place) != b"\0" for place in first[1])
