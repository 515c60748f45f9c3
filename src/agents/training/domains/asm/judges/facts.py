"""The judgement of a trace and of an explanation: the values that the run of the routine shows."""

from __future__ import annotations

from agents.training.domains.asm.judges.scale import quality
from agents.training.domains.asm.judges.values import compared
from agents.training.domains.asm.samples import asked_of, routine_of, spoken_of
from agents.training.routines import reading
from agents.training.routines.completeness import completeness
from agents.training.sample import Judgement, SourceItem


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what comparing the stated values with the executed ones shows."""
    routine, asked = routine_of(item), asked_of(item)
    arrays = {place.key for place in routine.outputs if place.array}
    form, results = compared(asked.facts, reading.pairs(answer), arrays)
    told = completeness(routine, answer, {line.op for line in spoken_of(item)}, [asked.case])
    return Judgement(quality(results.score == 1.0, results.score, told.score), (form, results, told))
