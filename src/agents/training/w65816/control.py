"""Instructions that decide what comes next: branches, jumps, calls, returns, interrupts, moves, stops; REP and SEP.

Owns the program counter's changes. Never computes on data.

Each maker takes an `Instruction` and returns the step that executes it. Sources: WDC W65C816S data sheet,
section 3.5 and table "Instruction Operation"; Eyes and Lichty, "Programming the 65816", chapter 18.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from agents.training.w65816 import interrupts, stack, transfers
from agents.training.w65816.interrupts import Interrupt
from agents.training.w65816.memory import DIRECT
from agents.training.w65816.opcodes import Opcode
from agents.training.w65816.state import Reason, State, Stop

Step = Callable[[State], None]


class Instruction(NamedTuple):
    """A decoded instruction: ``at`` and ``after`` are 24-bit addresses, ``operand`` as stored (0-3 bytes)."""

    opcode: Opcode
    at: int
    after: int
    operand: int

    @property
    def bank(self) -> int:
        """The program bank, shifted to its place."""
        return self.at & 0xFF0000

    @property
    def target(self) -> int:
        """Where a relative operand points: 8 or 16 bits, signed, wrapping in the bank."""
        sign = 0x80 if self.after - self.at & 0xFFFF == 2 else 0x8000
        offset = (self.operand ^ sign) - sign
        return self.bank | self.after + offset & 0xFFFF


FLAG_TESTS = {
    "BPL": ("n", False), "BMI": ("n", True), "BVC": ("v", False), "BVS": ("v", True),
    "BCC": ("c", False), "BCS": ("c", True), "BNE": ("z", True), "BEQ": ("z", False),
}  # fmt: skip
"""Branch -> the slot of `State` that it looks at, and whether it wants it non-zero."""


def branch(instruction: Instruction, emulation: bool) -> Step:
    """Short branches: one cycle if taken, another in emulation mode if that crosses a page."""
    target = instruction.target
    cost = 1 + (emulation and bool((target ^ instruction.after) & 0xFF00))

    def always(state: State) -> None:
        state.at = target
        state.extra += cost

    if instruction.opcode.mnemonic == "BRA":
        return always
    slot, wanted = FLAG_TESTS[instruction.opcode.mnemonic]
    flag = attrgetter(slot)

    def when_set(state: State) -> None:
        if flag(state):
            state.at = target
            state.extra += cost

    def when_clear(state: State) -> None:
        if not flag(state):
            state.at = target
            state.extra += cost

    return when_set if wanted else when_clear


def brl(instruction: Instruction) -> Step:
    """BRL."""
    return _goto(instruction.target)


def jmp(instruction: Instruction) -> Step:
    """JMP a."""
    return _goto(instruction.bank | instruction.operand)


def jml(instruction: Instruction) -> Step:
    """JML al."""
    return _goto(instruction.operand)


def _goto(target: int) -> Step:
    def step(state: State) -> None:
        state.at = target

    return step


def jmp_indirect(instruction: Instruction) -> Step:
    """JMP (a): the pointer is in bank 0."""
    bank, pointer = instruction.bank, DIRECT | instruction.operand

    def step(state: State) -> None:
        state.at = bank | state.memory.word(pointer)

    return step


def jml_indirect(instruction: Instruction) -> Step:
    """JML [a]: the pointer is in bank 0."""
    pointer = DIRECT | instruction.operand

    def step(state: State) -> None:
        state.at = state.memory.word(pointer) | state.memory.read(pointer + 2) << 16

    return step


def _table_entry(state: State, instruction: Instruction) -> int:
    """Read the pointer of ``(a,x)``: it is in the program bank and wraps there."""
    bank, offset = instruction.bank, instruction.operand + state.x
    return state.memory.read(bank | offset & 0xFFFF) | state.memory.read(bank | offset + 1 & 0xFFFF) << 8


def jmp_table(instruction: Instruction) -> Step:
    """JMP (a,x)."""

    def step(state: State) -> None:
        state.at = instruction.bank | _table_entry(state, instruction)

    return step


def jsr(instruction: Instruction) -> Step:
    """JSR a: pushes the address of its own last byte."""
    target, last = instruction.bank | instruction.operand, instruction.after - 1 & 0xFFFF

    def step(state: State) -> None:
        state.push_word(last)
        state.at = target

    return step


def jsr_table(instruction: Instruction) -> Step:
    """JSR (a,x)."""
    last = instruction.after - 1 & 0xFFFF

    def step(state: State) -> None:
        state.push_long(last, 2)
        state.at = instruction.bank | _table_entry(state, instruction)

    return step


def jsl(instruction: Instruction) -> Step:
    """JSL al: pushes the program bank too."""
    last = instruction.bank | instruction.after - 1 & 0xFFFF

    def step(state: State) -> None:
        state.push_long(last, 3)
        state.at = instruction.operand

    return step


def rts(state: State) -> None:
    """RTS."""
    state.at = state.at & 0xFF0000 | state.pull_word() + 1 & 0xFFFF
    if state.at & 0xFFFF == state.sentinel:
        raise Stop(Reason.RETURNED if state.s == state.home else Reason.STACK)


def rtl(state: State) -> None:
    """RTL."""
    last = state.pull_long(3)
    state.at = last & 0xFF0000 | last + 1 & 0xFFFF
    if state.at & 0xFFFF == state.sentinel:
        raise Stop(Reason.RETURNED if state.s == state.home else Reason.STACK)


def rti(state: State) -> None:
    """RTI: in native mode the program bank is pulled too."""
    state.set_p(state.pull())
    state.at = state.at & 0xFF0000 | state.pull_word()
    if not state.e:
        state.at = state.at & 0xFFFF | state.pull() << 16
    if state.s == state.resumed:
        raise Stop(Reason.RETURNED)


def software_interrupt(instruction: Instruction) -> Step:
    """BRK and COP: run the handler, or end the run where there are no vectors."""
    kind = Interrupt(instruction.opcode.mnemonic.lower())

    def step(state: State) -> None:
        if not state.vectors:
            state.at = instruction.at
            raise Stop(Reason.STOPPED)
        interrupts.enter(state, kind)

    return step


def stop(instruction: Instruction) -> Step:
    """STP and WAI end the run: no interrupt comes by itself."""

    def step(state: State) -> None:
        state.at = instruction.at
        raise Stop(Reason.STOPPED)

    return step


def rep(instruction: Instruction) -> Step:
    """REP."""
    keep = ~instruction.operand

    def step(state: State) -> None:
        state.set_p(state.p() & keep)

    return step


def sep(instruction: Instruction) -> Step:
    """SEP."""
    bits = instruction.operand

    def step(state: State) -> None:
        state.set_p(state.p() | bits)

    return step


def wdm(_: Instruction) -> Step:
    """WDM: reserved, two bytes that do nothing."""
    return transfers.nop


def pea(instruction: Instruction) -> Step:
    """PEA."""
    return lambda state: stack.pea(state, instruction.operand)


def pei(instruction: Instruction) -> Step:
    """PEI."""
    return lambda state: stack.pei(state, instruction.operand)


def per(instruction: Instruction) -> Step:
    """PER: pushes what a relative operand points to."""
    target = instruction.target & 0xFFFF
    return lambda state: stack.pea(state, target)


def move(instruction: Instruction) -> Step:
    """MVN and MVP: one byte per step, then the same instruction again until A has passed zero.

    The operand has the destination bank as its low byte and the source bank as its high byte.
    """
    at, direction = instruction.at, 1 if instruction.opcode.mnemonic == "MVN" else -1
    target, source = (instruction.operand & 0xFF) << 16, instruction.operand >> 8 << 16

    def step(state: State) -> None:
        memory, mask = state.memory, 0xFF if state.x8 else 0xFFFF
        state.db = target
        memory.write(target | state.y, memory.read(source | state.x))
        state.x = state.x + direction & mask
        state.y = state.y + direction & mask
        state.a = state.a - 1 & 0xFFFF
        if state.a != 0xFFFF:
            state.at = at

    return step


MAKERS: dict[str, Callable[[Instruction], Step]] = {
    "BRL rl": brl, "JMP a": jmp, "JML al": jml, "JMP (a)": jmp_indirect, "JML [a]": jml_indirect,
    "JMP (a,x)": jmp_table, "JSR a": jsr, "JSR (a,x)": jsr_table, "JSL al": jsl,
    "RTS i": lambda _: rts, "RTL i": lambda _: rtl, "RTI i": lambda _: rti,
    "BRK #b": software_interrupt, "COP #b": software_interrupt, "STP i": stop, "WAI i": stop, "WDM #b": wdm,
    "REP #b": rep, "SEP #b": sep, "PEA #w": pea, "PEI (d)": pei, "PER rl": per, "MVN xyc": move, "MVP xyc": move,
}  # fmt: skip
"""Mnemonic and mode -> maker of the step."""
