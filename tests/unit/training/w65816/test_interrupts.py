from __future__ import annotations

import pytest

from agents.training.w65816 import Interrupt, Machine, Reason, Registers, TraceStep, assemble
from agents.training.w65816.interrupts import VECTORS

HANDLER = 0x9000


def load(machine: Machine, source: str, handler: str, kind: Interrupt, *, emulation: bool = False) -> None:
    machine.clear()
    machine.load(0x8000, assemble(source).code)
    machine.load(HANDLER, assemble(handler, origin=HANDLER).code)
    machine.load(VECTORS[kind][emulation], HANDLER.to_bytes(2, "little"))


@pytest.mark.parametrize(("source", "kind"), [("brk #$12", Interrupt.BRK), ("cop #$12", Interrupt.COP)])
@pytest.mark.parametrize("emulation", [False, True])
def test_a_software_interrupt_runs_its_handler_and_comes_back_behind_the_signature(
    machine: Machine, source: str, kind: Interrupt, emulation: bool
) -> None:
    load(machine, f"{source}\ninx\nrts", "iny\nrti", kind, emulation=emulation)
    registers = Registers(e=emulation, p=0x39, s=0x1FF)
    run = machine.call(0x8000, registers=registers, vectors=True)
    assert (run.reason, run.registers.x, run.registers.y, run.registers.flags) == (Reason.RETURNED, 1, 1, "nvMXDizC")
    assert run.cycles == (7 + 6 if emulation else 8 + 7) + 2 + 2 + 6
    assert machine.call(0x8000, registers=registers).reason is Reason.STOPPED


def test_a_handler_finds_the_pushed_address_and_flags_and_runs_without_decimal_mode(machine: Machine) -> None:
    load(machine, "cop #$12\nrts", "php\nstp", Interrupt.COP)
    run = machine.call(0x8000, registers=Registers(p=0x39, s=0x1FFF), vectors=True)
    assert run.reason is Reason.STOPPED
    assert machine.peek(0x1FF9, 5) == bytes((0x35, 0x39, 0x02, 0x80, 0x00))


def test_a_handler_may_read_the_signature(machine: Machine) -> None:
    handler = "rep #$20\nlda $02,s\ndec a\nsta $10\nsep #$20\nlda ($10)\nrti"
    load(machine, "cop #$5A\nrts", handler, Interrupt.COP)
    assert machine.call(0x8000, vectors=True).registers.a & 0xFF == 0x5A


@pytest.mark.parametrize("kind", [Interrupt.NMI, Interrupt.IRQ])
@pytest.mark.parametrize("emulation", [False, True])
def test_a_hardware_interrupt_comes_back_to_where_the_program_stood(
    machine: Machine, kind: Interrupt, emulation: bool
) -> None:
    load(machine, "", "inc $10\nrti", kind, emulation=emulation)
    before = Registers(a=0x1234, x=5, y=6, s=0x1FF, d=0x100, dbr=0x7E, pbr=0x7F, pc=0x4321, p=0x39, e=emulation)
    run = machine.interrupt(kind, registers=before)
    expected = (
        Registers(**{name: getattr(before, name) for name in Registers.__slots__} | {"pbr": 0}) if emulation else before
    )
    assert (run.reason, run.instructions, run.registers) == (Reason.RETURNED, 2, expected)
    assert machine.peek(0x110) == b"\x01"
    assert run.cycles == (7 + 5 + 6 if emulation else 8 + 5 + 7)


@pytest.mark.parametrize(("kind", "pushed"), [(Interrupt.IRQ, 0x21), (Interrupt.NMI, 0x21), (Interrupt.BRK, 0x31)])
def test_in_emulation_mode_the_pushed_flags_tell_brk_from_irq(machine: Machine, kind: Interrupt, pushed: int) -> None:
    load(machine, "", "rti", kind, emulation=True)
    run = machine.interrupt(kind, registers=Registers(e=True, s=0x1FF, p=0x31))
    assert run.returned
    assert machine.peek(0x1FD) == bytes((pushed,))


def test_interrupts_inside_a_handler_are_not_its_end(machine: Machine) -> None:
    load(machine, "", "brk #$00\nldx #$01\nrti", Interrupt.NMI)
    machine.load(0x9100, assemble("ldy #$02\nrti").code)
    machine.load(VECTORS[Interrupt.BRK][0], b"\x00\x91")
    run = machine.interrupt(Interrupt.NMI)
    assert (run.reason, run.registers.x, run.registers.y, run.instructions) == (Reason.RETURNED, 1, 2, 5)


@pytest.mark.parametrize(
    ("handler", "reason"),
    [("pha\nrti", Reason.STACK), ("loop: bra loop", Reason.BUDGET), ("loop: pha\nbra loop", Reason.STACK),
     ("plp\nrti", Reason.STACK), ("stp", Reason.STOPPED)],
)  # fmt: skip
def test_a_handler_that_does_not_come_back(machine: Machine, handler: str, reason: Reason) -> None:
    load(machine, "", handler, Interrupt.NMI)
    run = machine.interrupt(Interrupt.NMI, registers=Registers(pc=0x8000), budget=1000)
    assert run.reason is reason


def test_brk_that_leads_to_brk_is_bounded(machine: Machine) -> None:
    machine.clear()
    run = machine.call(0x8000, vectors=True, budget=20_000)
    assert run.reason is Reason.STACK
    assert all(place in run.stack for place in machine.writes)


def test_a_trace_shows_the_handler(machine: Machine) -> None:
    load(machine, "brk #$00\nrts", "nop\nrti", Interrupt.BRK)
    steps: list[TraceStep] = []
    machine.call(0x8000, vectors=True, trace=steps.append)
    assert [(step.address, step.text) for step in steps] == [
        (0x8000, "brk #$00"), (0x9000, "nop"), (0x9001, "rti"), (0x8002, "rts"),
    ]  # fmt: skip


def test_a_step_executes_one_instruction_of_any_state(machine: Machine) -> None:
    machine.clear()
    machine.load(0x7F4000, assemble("inc a\npha").code)
    run = machine.step(Registers(a=0xFF, pbr=0x7F, pc=0x4000, s=0x0000))
    assert (run.instructions, run.cycles, run.registers.a, run.registers.pc) == (1, 2, 0x00, 0x4001)
    run = machine.step(run.registers)
    assert (run.registers.s, run.registers.pc) == (0xFFFF, 0x4002)
    assert machine.step(Registers(pc=0x8000), vectors=False).reason is Reason.STOPPED
