"""The judgement of a diagnosis without code: the stated line, with the stated instruction put there, is run."""

from __future__ import annotations

from collections.abc import Iterator

from agents.training.domains.asm.judges.repair import placed
from agents.training.domains.asm.judges.scale import quality
from agents.training.domains.asm.judges.values import explanation
from agents.training.domains.asm.samples import Fault, fault_of, routine_of, shown
from agents.training.routines import reading
from agents.training.routines.contract import Routine, hex_address
from agents.training.routines.language import ordered
from agents.training.routines.proof import assembled, prove
from agents.training.sample import Check, Judgement, SourceItem
from agents.training.w65816 import AssemblyError

KEY = "should_be"
"""The key of the instruction that repairs the routine."""
_LONGEST = 60


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what the routine does once the stated line reads as the answer says."""
    stated = reading.pairs(answer)
    line, text = reading.number(stated.get("line", "")), _instruction(stated.get(KEY, ""))
    place, repair = placed(item, answer), mended(item, line, text)
    told = explained(routine_of(item), fault_of(item), answer)
    right = repair.score > 0.0 and (repair.score == 1.0 or place.score == 1.0)
    share = (place.score if line is not None else 0.0) / 2
    found = quality(right, share, told.score, is_whole=repair.score == 1.0)
    return Judgement(found, (place, repair, told))


def _instruction(text: str) -> str:
    return text.partition(";")[0].strip().rstrip(".,*").strip()


def mended(item: SourceItem, line: int | None, text: str) -> Check:
    """Return whether ``text`` in, before or behind the line makes the routine right; 0.5 where nothing is stated."""
    if not text:
        return Check("repairs", 0.5, f"no {KEY} stated")
    rows = shown(item)[1]
    if line is None or not 1 <= line <= len(rows) or " : " in text or len(text) > _LONGEST:
        return Check("repairs", 0.0, "no single instruction for a line of the block")
    routine = routine_of(item)
    failure = ""
    for source in _patched(rows, line - 1, text):
        try:
            proof = prove(routine, assembled(routine, source), first_failure=True)
        except AssemblyError as error:
            failure = failure or str(error)
            continue
        if proof.holds:
            return Check("repairs", 1.0)
        failure = failure or proof.failure or proof.breach
    return Check("repairs", 0.0, failure)


def _patched(rows: list[str], at: int, text: str) -> Iterator[str]:
    """Yield the source with ``text`` in row ``at``, behind the labels over it, before them, and behind the row."""
    row = rows[at].partition(";")[0]
    label = _label(row)
    patches = [(at, [f"{label} {text}"]), (at, [f"{label} {text}", row.replace(label, "", 1)]), (at, [f" {text}", row])]
    patches.append((at, [row, f" {text}"]))
    if at and _label(rows[at - 1]) == rows[at - 1].strip():
        patches.append((at - 1, [f" {text}", rows[at - 1]]))
    for place, patch in patches:
        yield "\n".join((*rows[:place], *patch, *rows[place + 1 :]))


def _label(row: str) -> str:
    first = row.strip().partition(" ")[0]
    return first if first.endswith(":") or first.startswith(".") else ""


def explained(routine: Routine, fault: Fault, answer: str) -> Check:
    """Return the check ``explanation``, its score the weighted share of four things, times the order of its words.

    The instruction that is wrong and the one that is right are named (0.35); the places of the contract are, by name
    or address (0.25); a case appears with its numbers (0.2); there are 70 words or more (0.2).
    """
    prose = explanation(answer, ("line", KEY))
    said = reading.words(prose)
    vocabulary = set(said)
    ops = {fault.right.op.lower(), fault.lines[min(fault.at, len(fault.lines) - 1)].op.lower()} - {""}
    places = [place for place in (*routine.inputs, *routine.outputs) if place.size]
    named = sum(
        place.name.lower() in vocabulary
        or (hex_address(place.addr) if place.in_memory else place.where).lower() in vocabulary
        for place in places
    )
    shown_best = 0.0
    for case in routine.cases:
        values = [place.show(case.given[place.name]) for place in routine.inputs]
        values += [place.show(case.expect[place.name]) for place in routine.outputs]
        shown_best = max(shown_best, sum(value.lower() in prose for value in values) / max(1, len(values)))
    score = (
        0.35 * len(ops & vocabulary) / max(1, len(ops))
        + 0.25 * named / max(1, len(places))
        + 0.2 * shown_best
        + 0.2 * min(1.0, len(said) / 70)
    )
    return Check("explanation", round(min(1.0, score) * ordered(reading.outside(answer)), 4))
