"""The judgement of an answer that is a patch: applied, run before and after, measured for its explanation.

Owns the weights: a wrong answer scores at most 0.3, a right one at least 0.55; above that counts the explanation.
"""

from __future__ import annotations

from agents.training.domains.oracle.patch import PatchError, read_patch
from agents.training.domains.oracle.task import Task
from agents.training.domains.oracle.telling import told, unsaid
from agents.training.domains.oracle.trial import outside, prove
from agents.training.routines import reading
from agents.training.sample import Check, Judgement

WRONG_AT_MOST, RIGHT_AT_LEAST, UNNAMED_AT_MOST, UNTOLD_AT_MOST = 0.3, 0.55, 0.8, 0.65


def unread(answer: str) -> Judgement | None:
    """Return the judgement of an answer that is empty or too long to be read; None for others."""
    if not answer.strip():
        return Judgement(0.0, (Check("form", 0.0, "empty"),))
    if len(answer) > reading.MAX_CHARACTERS:
        return Judgement(0.0, (Check("form", 0.0, f"longer than {reading.MAX_CHARACTERS} characters"),))
    return None


def quality(right: bool, share: float, explained: float) -> float:
    """Return the quality of an answer: ``share`` of the proof passed and ``explained`` in [0, 1]."""
    if right:
        return round(RIGHT_AT_LEAST + (1.0 - RIGHT_AT_LEAST) * explained, 4)
    return round(WRONG_AT_MOST * min(share, 0.95) * (0.5 + 0.5 * explained), 4)


def judge_patch(task: Task, answer: str) -> Judgement:
    """Return the checks of an answer whose longest code block is the patch."""
    block = reading.longest_block(answer)
    if not block.strip():
        return Judgement(0.0, (Check("form", 0.0, "no closed code block"),))
    try:
        patch = read_patch(block)
    except PatchError as error:
        return Judgement(0.05, (Check("form", 1.0), Check("assembles", 0.0, str(error)[:300])))
    stray = outside(task.job, patch)
    proof = prove(task.job, patch)
    explained = told(answer, task.points)
    trials = f"{proof.passed} of {proof.total} runs"
    checks = [
        Check("form", 1.0),
        Check("assembles", 1.0, f"{len(patch.cells)} bytes"),
        Check("places", 0.0 if stray else 1.0, stray),
        Check("runs", proof.passed / proof.total, f"{trials}: {proof.failure}" if proof.failure else trials),
    ]
    right, best = proof.holds and not stray, 1.0
    if task.fault:
        checks.append(_named(task.fault, answer))
        right = right and checks[-1].score > 0.0
        best = 1.0 if checks[-1].score == 1.0 else UNNAMED_AT_MOST
    silent = unsaid(answer, task.asked)
    if task.asked:
        checks.append(Check("asked", 0.0 if silent else 1.0, f"not given: {silent}" if silent else ""))
        best = UNTOLD_AT_MOST if silent else best
    share = proof.passed / proof.total / (2 if stray else 1)
    return Judgement(min(best, quality(right, share, explained.score)), (*checks, explained))


def _named(fault: str, answer: str) -> Check:
    """Return whether the class of the fault was stated: 1 right, 0.5 not stated, 0 wrong."""
    stated = reading.pairs(answer).get("fault", "").strip("`*. ").lower()
    if not stated:
        return Check("fault", 0.5, "no line fault = ...")
    good = stated.split()[0].strip(".,;`*") == fault
    return Check("fault", float(good), "" if good else f"{stated[:40]}, not {fault}")
