"""Mistakes of form: refused, cut off, without a fence, about something else."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.flags.question import question_of
from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.samples import asked_of, kind_of
from agents.training.phrases import phrase
from agents.training.sample import SourceItem

_REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with assembly code for this console.",
    "As a language model I am not able to run or verify 65816 code, so I will not answer this.",
    "Sorry, I do not have enough information to write this routine.",
)


def refused(item: SourceItem, answer: str, rng: Random) -> str:
    """Return a refusal."""
    del item, answer
    return phrase(rng, _REFUSALS)


def unfenced(item: SourceItem, answer: str, rng: Random) -> str:
    """Leave the code without its fence."""
    del item, rng
    return answer.replace("```asm\n", "").replace("```", "")


def truncated(item: SourceItem, answer: str, rng: Random) -> str:
    """Cut the answer off before its code block or its results are complete."""
    kind = kind_of(item)
    if kind in {"write", "translate", "fix", "optimise"}:
        start = answer.find("```asm")
        end = answer.find("```", start + 3)
    else:
        start = 0
        end = answer.rfind("\nline = " if kind == "find" else f"\n{facts_of(item)[0][0]} = ")
    return answer[: start + int((end - start) * rng.random())] if 0 <= start < end else answer


def facts_of(item: SourceItem) -> tuple[tuple[str, str, str], ...]:
    """Return the values that an answer to a ``trace``, ``explain`` or ``flags`` item must state."""
    return question_of(item).facts if kind_of(item) == "flags" else asked_of(item).facts


def of_another(item: SourceItem, answer: str, rng: Random) -> str:
    """Return the answer to another item of the same cell, one with other results."""
    for _ in range(8):
        other = SourceItem(item.domain, item.cell, {"salt": int(rng.random() * (1 << 53))})
        if kind_of(item) != "flags" or not _shares_results(item, other):
            return KINDS[kind_of(item)].answer(rng, other)
    return answer


def _shares_results(item: SourceItem, other: SourceItem) -> bool:
    theirs = {key: value for key, value, _ in facts_of(other)}
    return all(theirs.get(key) == value for key, value, _ in facts_of(item))
