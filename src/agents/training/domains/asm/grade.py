"""The judgement of an answer: what is proved, what is kept, how well it is explained.

Owns the weights. A wrong answer scores at most 0.3 and a right one at least 0.55; what lies above 0.55 is the
completeness of the explanation, measured against the item: its instructions, names, addresses and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.training.sample import Check, Judgement, SourceItem

from . import reading
from .contract import Case, Routine, hex_address
from .phrasing import show_case
from .proof import AssemblyError, assembled, prove
from .samples import asked_of, fault_rows, kind_of, routine_of
from .words import RESERVED

WRONG_AT_MOST, RIGHT_AT_LEAST, UNPLACED_AT_MOST = 0.3, 0.55, 0.8
_DATA = {"db", "dw", "dl", "org", "a", "x", "y", "s"}
_MNEMONICS = RESERVED - _DATA


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return the checks of ``answer``; no text raises, and time is bounded by the length read and the budget run."""
    if not answer.strip():
        return _refused("empty")
    if len(answer) > reading.MAX_CHARACTERS:
        return _refused(f"longer than {reading.MAX_CHARACTERS} characters")
    return _judge_code(item, answer) if kind_of(item) in {"write", "fix"} else _judge_facts(item, answer)


def _refused(detail: str) -> Judgement:
    return Judgement(0.0, (Check("form", 0.0, detail),))


def _judge_code(item: SourceItem, answer: str) -> Judgement:
    routine = routine_of(item)
    block = reading.longest_block(answer)
    if not block.strip():
        return _refused("no closed code block")
    form = Check(
        "form", 1.0 if routine.label in block else 0.5, "" if routine.label in block else f"no label {routine.label}"
    )
    try:
        program = assembled(routine, block)
    except AssemblyError as error:
        return Judgement(0.05, (form, Check("assembles", 0.0, str(error))))
    proof = prove(routine, program)
    told = completeness(routine, answer, _mnemonics(block), routine.cases)
    share = proof.passed / proof.total
    checks = [
        form, Check("assembles", 1.0, f"{len(program.code)} bytes"),
        Check("results", share, proof.failure or f"{proof.passed} of {proof.total} cases"),
        Check("contract", 0.0 if proof.breach else 1.0, proof.breach),
    ]  # fmt: skip
    right = proof.holds and form.score == 1.0
    best = 1.0
    if kind_of(item) == "fix":
        placed = _placed(item, answer)
        checks.append(placed)
        right = right and placed.score > 0.0
        best = 1.0 if placed.score == 1.0 else UNPLACED_AT_MOST
    checks.append(told)
    return Judgement(min(best, _quality(right, share if not proof.breach else share / 2, told.score)), tuple(checks))


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
    found = reading.pairs(answer)
    arrays = {place.key for place in routine.outputs if place.array}
    wrong, missing = [], []
    for key, value, _ in asked.facts:
        stated = found.get(key.lower())
        if stated is None:
            missing.append(key)
        elif (
            (reading.octets(stated) != reading.octets(value))
            if key in arrays
            else (reading.number(stated) != reading.number(value))
        ):
            wrong.append(f"{key} is {value}, not {stated[:40]}")
    total = len(asked.facts)
    share = (total - len(wrong) - len(missing)) / total
    detail = wrong[0] if wrong else f"no line for {', '.join(missing)}" if missing else f"{total} values"
    told = completeness(routine, answer, {line.op for line in routine.lines}, [asked.case])
    form = Check("form", 1.0 - len(missing) / total, "" if not missing else f"missing: {', '.join(missing)}")
    return Judgement(_quality(share == 1.0, share, told.score), (form, Check("results", share, detail), told))


def _quality(right: bool, share: float, told: float) -> float:
    if right:
        return round(RIGHT_AT_LEAST + (1.0 - RIGHT_AT_LEAST) * told, 4)
    return round(WRONG_AT_MOST * min(share, 0.95) * (0.5 + 0.5 * told), 4)


def completeness(routine: Routine, answer: str, mnemonics: Iterable[str], cases: Sequence[Case]) -> Check:
    """Return how much of what matters the prose talks about.

    Instructions used (0.35), places of the contract by name or address (0.25), amount against the length of the
    routine (0.15), a case with its numbers (0.15), reasoning before the code or the results (0.10).
    """
    prose = reading.prose(answer)
    said = reading.words(prose)
    vocabulary = set(said) | reading.commented(reading.longest_block(answer))
    ops = sorted({op.lower() for op in mnemonics} - _DATA - {""})
    named = sum(op in vocabulary for op in ops) / max(1, len(ops))
    places = [place for place in (*routine.inputs, *routine.outputs) if place.size]
    known = sum(_named(place.name, place.where, place.addr, vocabulary) for place in places) / max(1, len(places))
    amount = min(1.0, len(said) / (25 + 5 * len(routine.lines)))
    numbers = max((_shows(routine, case, prose) for case in cases), default=1.0)
    reasons = min(1.0, len(reading.words(reading.before_code(answer))) / 25)
    score = 0.35 * named + 0.25 * known + 0.15 * amount + 0.15 * numbers + 0.10 * reasons
    silent = [op for op in ops if op not in vocabulary]
    detail = f"not explained: {', '.join(silent[:6])}" if silent else ""
    return Check("explanation", round(min(1.0, score), 4), detail)


def _named(name: str, where: str, addr: int, vocabulary: set[str]) -> bool:
    return name.lower() in vocabulary or (where.lower() if where != "mem" else hex_address(addr).lower()) in vocabulary


def _shows(routine: Routine, case: Case, prose: str) -> float:
    shown = [pair for which in ("given", "expect") for pair in show_case(routine, case, which).split(", ") if pair]
    return sum(pair.partition(" = ")[2] in prose for pair in shown) / max(1, len(shown))


def _mnemonics(block: str) -> set[str]:
    found = set()
    for row in block.split("\n"):
        for word in row.partition(";")[0].lower().split()[:2]:
            if word.partition(".")[0] in _MNEMONICS:
                found.add(word.partition(".")[0])
                break
    return found
