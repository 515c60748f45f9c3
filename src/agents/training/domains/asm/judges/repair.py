"""The judgement of a repaired routine: its code, and whether the fault was found where it is."""

from __future__ import annotations

from agents.training.domains.asm.judges.code import proved
from agents.training.domains.asm.judges.scale import quality
from agents.training.domains.asm.samples import fault_rows, routine_of
from agents.training.routines import reading
from agents.training.sample import Check, Judgement, SourceItem


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what running the repaired code shows, and whether the right line is blamed."""
    coded = proved(routine_of(item), answer)
    if isinstance(coded, Judgement):
        return coded
    place = placed(item, answer)
    right = coded.is_right and place.score > 0.0
    found = quality(right, coded.share, coded.told.score, is_whole=place.score == 1.0)
    return Judgement(found, (*coded.checks, place, coded.told))


def placed(item: SourceItem, answer: str) -> Check:
    """Return whether the fault was found where it is: 1 right, 0.5 not stated, 0 wrong."""
    named, lowest, highest = fault_rows(item)
    stated = reading.number(reading.pairs(answer).get("line", ""))
    if stated is None:
        return Check("location", 0.5, "no line stated")
    good = lowest <= stated <= highest
    return Check("location", float(good), "" if good else f"line {stated}, not {named}")
