"""The judgement of predicted flags: the stated values, and how far the reasons follow the execution."""

from __future__ import annotations

from itertools import pairwise

from agents.training.domains.asm.flags.question import Question, question_of
from agents.training.domains.asm.flags.sequence import Step
from agents.training.domains.asm.judges.scale import quality
from agents.training.domains.asm.judges.values import compared, explanation
from agents.training.routines import reading
from agents.training.routines.language import ordered
from agents.training.sample import Check, Judgement, SourceItem
from agents.training.w65816 import Registers

_WORDS = {
    "N": frozenset({"negative", "sign", "bit", "n"}),
    "V": frozenset({"overflow", "signed", "v"}),
    "Z": frozenset({"zero", "0", "equal", "z"}),
    "C": frozenset({"carry", "borrow", "unsigned", "c"}),
}
_IN_FULL = 12
"""Words per instruction of a full explanation; 30 more go to the rest."""
_NEAR = 80
"""Words behind a mnemonic in which its effect must be told."""


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what comparing the stated values with the executed ones shows."""
    question = question_of(item)
    form, results = compared(question.facts, reading.pairs(answer))
    told = explained(question, answer)
    return Judgement(quality(results.score == 1.0, results.score, told.score), (form, results, told))


def explained(question: Question, answer: str) -> Check:
    """Return the check ``explanation``, its score the weighted share of four things, times the order of its words.

    Behind each mnemonic comes the value that it leaves, or a flag that it changes (0.7); every flag asked for is
    spoken of (0.1); there are enough words for the code (0.1); the mnemonics appear at all (0.1).
    """
    keys = [key for key, _, _ in question.facts]
    said = reading.words(explanation(answer, keys).replace("0x", "$"))
    vocabulary = set(said)
    ops = sorted({step.op.lower() for step in question.steps})
    silent = [op for op in ops if op not in vocabulary]
    flags = [key for key in keys if key in _WORDS]
    score = (
        0.7 * _followed(question, said)
        + 0.1 * sum(not _WORDS[flag].isdisjoint(vocabulary) for flag in flags) / max(1, len(flags))
        + 0.1 * min(1.0, len(said) / (30 + _IN_FULL * len(question.steps)))
        + 0.1 * (1 - len(silent) / len(ops))
    )
    detail = f"not explained: {', '.join(silent[:6])}" if silent else ""
    return Check("explanation", round(min(1.0, score) * ordered(reading.outside(answer)), 4), detail)


def _followed(question: Question, said: list[str]) -> float:
    """Return the share of steps whose mnemonic is followed by what it does, in the order of execution."""
    asked = {key for key, _, _ in question.facts}
    at = found = total = 0
    for step in question.steps:
        value, flags = _left(step), _changed(step) & asked
        if not value and not flags:
            continue
        total += 1
        try:
            start = said.index(step.op.lower(), at) + 1
        except ValueError:
            continue
        at = start
        part = said[start : start + _NEAR]
        found += value in part if value else _states(part, step, flags)
    return found / total if total else 1.0


def _states(said: list[str], step: Step, flags: set[str]) -> bool:
    """Return whether one of ``flags`` is stated as it is after ``step``, by itself or in four digits for N V Z C."""
    after = _flags(step.after)
    return "".join(after.values()) in said or any((flag.lower(), after[flag]) in pairwise(said) for flag in flags)


def _changed(step: Step) -> set[str]:
    before, after = _flags(step.before), _flags(step.after)
    return {flag for flag, value in after.items() if before[flag] != value}


def _flags(registers: Registers) -> dict[str, str]:
    values = (registers.negative, registers.overflow, registers.zero, registers.carry)
    return {flag: str(int(value)) for flag, value in zip("NVZC", values, strict=True)}


def _left(step: Step) -> str:
    """Return the value that ``step`` leaves in a register, as it is usually written; nothing for other steps."""
    before, after = step.before, step.after
    for old, new, narrow in (
        (before.a, after.a, after.m8 and step.op != "XBA"),
        (before.x, after.x, after.x8),
        (before.y, after.y, after.x8),
    ):
        if old != new and before.x8 == after.x8:
            return f"${new & 0xFF:02x}" if narrow else f"${new:04x}"
    return ""
