"""The judgement of optimised code: equivalence by execution, measured cost against the bound, the figures stated."""

from __future__ import annotations

from agents.training.domains.asm.judges.code import proved
from agents.training.domains.asm.judges.scale import quality
from agents.training.domains.asm.judges.values import compared
from agents.training.domains.asm.waste.inject import cost
from agents.training.domains.asm.waste.task import Task, task_of
from agents.training.routines import reading
from agents.training.routines.language import ordered
from agents.training.sample import Check, Judgement, SourceItem


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what running and measuring the code of ``answer`` shows."""
    task = task_of(item)
    coded = proved(task.routine, answer)
    if isinstance(coded, Judgement):
        return coded
    wasteful = task.wasteful
    now = cost(task.routine, coded.program, wasteful.case, by_cycles=wasteful.by_cycles)
    met = now is not None and now <= task.bound
    saving = Check("saving", float(met), f"{now} {task.unit}, at most {task.bound} asked for")
    stated, figures = compared(task.figures(now or 0), reading.pairs(answer))
    told = Check("explanation", round(0.55 * coded.told.score + 0.45 * _addressed(task, answer), 4), coded.told.detail)
    silent = stated.score < 1.0
    is_false = figures.score < stated.score
    right = coded.is_right and met and not is_false
    share = coded.share * (0.5 + 0.25 * met + 0.25 * (not is_false))
    checks = (*coded.checks, saving, Check("figures", figures.score, stated.detail or figures.detail), told)
    return Judgement(quality(right, share, told.score, is_whole=not silent), checks)


def _addressed(task: Task, answer: str) -> float:
    """Return the share of the pieces of waste whose instructions, wasteful and right, the prose speaks of.

    Words in no order speak of nothing.
    """
    vocabulary = set(reading.words(reading.prose(answer).lower()))
    found = 0.0
    for piece in task.wasteful.pieces:
        ops = {line.op.partition(".")[0] for line in piece.lines if line.op}
        ops |= {text.split()[0] for text in piece.right.lower().split(" / ")}
        found += len(ops & vocabulary) / max(1, len(ops))
    return found / len(task.wasteful.pieces) * ordered(reading.outside(answer))
