"""The judgement of an answer: what is proved, what is kept, how well it is explained; a module for each kind.

Owns what is read at all: no text raises, and time is bounded by the length read and the budget run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.training.domains.asm.judges import code, facts, find, flags, repair, saving
from agents.training.domains.asm.judges.scale import unread
from agents.training.domains.asm.samples import kind_of
from agents.training.routines import reading
from agents.training.sample import Judgement, SourceItem

JUDGES: Mapping[str, Callable[[SourceItem, str], Judgement]] = {
    "write": code.judge,
    "translate": code.judge,
    "fix": repair.judge,
    "find": find.judge,
    "optimise": saving.judge,
    "trace": facts.judge,
    "explain": facts.judge,
    "flags": flags.judge,
}


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return the checks of ``answer`` and the quality that follows from them."""
    if not answer.strip():
        return unread("empty")
    if len(answer) > reading.MAX_CHARACTERS:
        return unread(f"longer than {reading.MAX_CHARACTERS} characters")
    return JUDGES[kind_of(item)](item, answer)
