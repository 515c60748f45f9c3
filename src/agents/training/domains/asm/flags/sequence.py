"""A straight piece of code with the state before it, and what running it shows.

Owns the values of the ``flags`` tasks and their execution. Never chooses or explains instructions.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.domains.asm.timing import machine
from agents.training.w65816 import Registers, TraceStep, assemble

_ORIGIN = 0x8000
_IMMEDIATE = "#"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Instructions without branches, the registers before them, and a word in memory (``address`` 0: none).

    ``whole`` says that the hidden high byte of A is part of the question.
    """

    start: Registers
    address: int
    word: int
    lines: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One executed instruction: ``value`` is its operand as read, ``memory`` the word before and after it."""

    text: str
    before: Registers
    after: Registers
    value: int
    memory: tuple[int, int]

    @property
    def op(self) -> str:
        """The mnemonic in capitals."""
        return self.text[:3].upper()

    @property
    def arg(self) -> str:
        """The operand as written; nothing where the accumulator is meant."""
        arg = self.text[4:]
        return "" if arg in {"a", "A"} else arg


def run(sequence: Sequence) -> tuple[Step, ...]:
    """Return what each instruction of ``sequence`` does, in order."""
    cpu = machine()
    cpu.clear()
    start = sequence.start
    program = assemble("\n".join((*sequence.lines, "rts")), origin=_ORIGIN, m8=start.m8, x8=start.x8)
    cpu.load(_ORIGIN, program.code)
    cpu.load(sequence.address, sequence.word.to_bytes(2, "little"))
    seen: list[tuple[Registers, int]] = [(start, sequence.word)]

    def keep(step: TraceStep) -> None:
        seen.append((step.registers, int.from_bytes(cpu.peek(sequence.address, 2), "little")))

    cpu.call(_ORIGIN, registers=start, budget=len(sequence.lines) + 1, trace=keep)
    cpu.reset()
    steps = []
    for text, (before, old), (after, new) in zip(sequence.lines, seen, seen[1:], strict=False):
        steps.append(Step(text, before, after, _value(text, before, old), (old, new)))
    return tuple(steps)


def bits_of(op: str, registers: Registers) -> int:
    """Return how many bits the instruction ``op`` works on, with ``registers`` before it."""
    if op == "XBA":
        return 8
    return 8 if (registers.x8 if op[2] in "XY" else registers.m8) else 16


def _value(text: str, registers: Registers, word: int) -> int:
    arg = text[4:]
    if arg in {"", "a", "A"}:
        return 0
    if arg.startswith(_IMMEDIATE):
        return int(arg[2:], 16)
    return word & ((1 << bits_of(text[:3].upper(), registers)) - 1)
