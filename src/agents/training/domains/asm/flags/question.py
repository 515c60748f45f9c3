"""What a ``flags`` item asks: the sequence, its execution, and the values to be stated.

Owns the derivation from an item. Never writes prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from agents.training.domains.asm.flags.generator import draw
from agents.training.domains.asm.flags.sequence import Sequence, Step, run
from agents.training.phrases import seeded
from agents.training.sample import SourceItem
from agents.training.w65816 import Registers

_WRITES = {
    "A": frozenset(["LDA", "ADC", "SBC", "AND", "ORA", "EOR", "XBA", "TXA", "TYA", "PLA"]),
    "X": frozenset(["LDX", "INX", "DEX", "TAX", "TYX"]),
    "Y": frozenset(["LDY", "INY", "DEY", "TAY", "TXY"]),
}
_ON_A_OR_MEMORY = frozenset(["ASL", "LSR", "ROL", "ROR", "INC", "DEC"])
_WHOLE_STATUS = frozenset({"status", "width", "stack"})


@dataclass(frozen=True, slots=True)
class Question:
    """A sequence, its steps, and the keys asked for with their true values as text and their meaning."""

    sequence: Sequence
    steps: tuple[Step, ...]
    facts: tuple[tuple[str, str, str], ...]

    @property
    def end(self) -> Registers:
        """The registers after the last instruction."""
        return self.steps[-1].after


def question_of(item: SourceItem) -> Question:
    """Return the question of a ``flags`` item."""
    return _question(item.cell.family.partition(".")[2], item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _question(noun: str, level: int, salt: str) -> Question:
    rng = seeded(salt, "flags", noun, level)
    sequence = draw(noun, level, rng)
    steps = run(sequence)
    return Question(sequence, steps, tuple(_facts(rng, noun, level, sequence, steps)))


def _facts(
    rng: Random, noun: str, level: int, sequence: Sequence, steps: tuple[Step, ...]
) -> list[tuple[str, str, str]]:
    end = steps[-1].after
    flags = {"N": end.negative, "V": end.overflow, "Z": end.zero, "C": end.carry}
    if any(step.before.decimal for step in steps):
        del flags["V"]
    facts = [(name, str(int(value)), _MEANS[name]) for name, value in flags.items()]
    facts += [_register(name, end, sequence.whole) for name in "AXY" if _is_asked(name, steps)]
    if steps[0].memory[0] != steps[-1].memory[1]:
        where = f"${sequence.address:02X}" if sequence.address < 0x100 else f"${sequence.address:04X}"
        facts.append(("mem", f"${steps[-1].memory[1]:04X}", f"the word at {where}, 16 bits"))
    if noun in _WHOLE_STATUS and level > 1 and "V" in flags:
        facts.append(("P", f"${end.p:02X}", "the status register as a byte"))
    if rng.random() < 0.3:
        facts.reverse()
    return facts


_MEANS = {"N": "negative flag", "V": "overflow flag", "Z": "zero flag", "C": "carry flag"}


def _is_asked(name: str, steps: tuple[Step, ...]) -> bool:
    return any(
        step.op in _WRITES[name]
        or (name == "A" and step.op in _ON_A_OR_MEMORY and not step.arg)
        or (name != "A" and step.before.x8 != step.after.x8)
        for step in steps
    )


def _register(name: str, end: Registers, whole: bool) -> tuple[str, str, str]:
    value = {"A": end.a, "X": end.x, "Y": end.y}[name]
    narrow = end.m8 if name == "A" else end.x8
    if name == "A" and narrow and whole:
        return name, f"${value:04X}", "all 16 bits of the accumulator, B and A"
    digits = 2 if narrow else 4
    return name, f"${value & ((1 << 4 * digits) - 1):0{digits}X}", f"{4 * digits} bits"
