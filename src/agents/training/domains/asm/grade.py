"""The judgement of an answer: what is proved, what is kept, how well it is explained.

Owns the weights. A wrong answer scores at most 0.3 and a right one at least 0.55; what lies above 0.55 is the
completeness of the explanation, measured against the item: its instructions, names, addresses and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.domains.asm.samples import Asked, asked_of, fault_rows, kind_of, routine_of, spoken_of
from agents.training.routines import reading
from agents.training.routines.completeness import completeness, mnemonics
from agents.training.routines.contract import Routine
from agents.training.routines.proof import Proof, assembled, prove
from agents.training.sample import Check, Judgement, SourceItem
from agents.training.w65816 import AssemblyError

WRONG_AT_MOST, RIGHT_AT_LEAST, UNPLACED_AT_MOST = 0.3, 0.55, 0.8


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return the checks of ``answer``; no text raises, and time is bounded by the length read and the budget run."""
    if not answer.strip():
        return _unread("empty")
    if len(answer) > reading.MAX_CHARACTERS:
        return _unread(f"longer than {reading.MAX_CHARACTERS} characters")
    return _judge_code(item, answer) if kind_of(item) in {"write", "fix"} else _judge_facts(item, answer)


def _unread(detail: str) -> Judgement:
    return Judgement(0.0, (Check("form", 0.0, detail),))


def _judge_code(item: SourceItem, answer: str) -> Judgement:
    routine = routine_of(item)
    block = reading.longest_block(answer)
    if not block.strip():
        return _unread("no closed code block")
    try:
        program = assembled(routine, block)
    except AssemblyError as error:
        return Judgement(0.05, (Check("form", 1.0), Check("assembles", 0.0, str(error))))
    labelled = routine.label in program.labels
    proof = prove(routine, program)
    told = completeness(routine, answer, mnemonics(block), routine.cases)
    checks = [
        Check("form", 1.0 if labelled else 0.5, "" if labelled else f"no label {routine.label}"),
        Check("assembles", 1.0, f"{len(program.code)} bytes"),
        *_proved(proof),
    ]
    right, best = labelled and proof.holds, 1.0
    if kind_of(item) == "fix":
        checks.append(_placed(item, answer))
        right = right and checks[-1].score > 0.0
        best = 1.0 if checks[-1].score == 1.0 else UNPLACED_AT_MOST
    share = proof.passed / proof.total / (2 if proof.breach else 1)
    return Judgement(min(best, _quality(right, share, told.score)), (*checks, told))


def _proved(proof: Proof) -> tuple[Check, Check]:
    cases = f"{proof.passed} of {proof.total} cases"
    results = Check("results", proof.passed / proof.total, f"{cases}: {proof.failure}" if proof.failure else cases)
    return results, Check("contract", 0.0 if proof.breach else 1.0, proof.breach)


def _placed(item: SourceItem, answer: str) -> Check:
    """Return whether the fault was found where it is: 1 right, 0.5 not stated, 0 wrong."""
    last, first = fault_rows(item)
    stated = reading.number(reading.pairs(answer).get("line", ""))
    if stated is None:
        return Check("location", 0.5, "no line stated")
    good = first <= stated <= last
    return Check("location", float(good), "" if good else f"line {stated}, not {last}")


def _judge_facts(item: SourceItem, answer: str) -> Judgement:
    routine, asked = routine_of(item), asked_of(item)
    missing, wrong = _compared(routine, asked, reading.pairs(answer))
    total = len(asked.facts)
    right = total - len(missing) - len(wrong)
    told = completeness(routine, answer, {line.op for line in spoken_of(item)}, [asked.case])
    checks = (
        Check("form", 1.0 - len(missing) / total, f"no line for {', '.join(missing)}" if missing else ""),
        Check("results", right / total, wrong[0] if wrong else f"{right} of {total} values"),
        told,
    )
    return Judgement(_quality(right == total, right / total, told.score), checks)


def _compared(routine: Routine, asked: Asked, stated: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the keys that are not stated, and a sentence for each value that is stated wrongly."""
    arrays = {place.key for place in routine.outputs if place.array}
    missing, wrong = [], []
    for key, value, _ in asked.facts:
        found = stated.get(key.lower())
        if found is None:
            missing.append(key)
            continue
        read = reading.octets if key in arrays else reading.number
        if read(found) != read(value):
            wrong.append(f"{key} is {value}, not {found[:40]}")
    return missing, wrong


def _quality(right: bool, share: float, told: float) -> float:
    if right:
        return round(RIGHT_AT_LEAST + (1.0 - RIGHT_AT_LEAST) * told, 4)
    return round(WRONG_AT_MOST * min(share, 0.95) * (0.5 + 0.5 * told), 4)
