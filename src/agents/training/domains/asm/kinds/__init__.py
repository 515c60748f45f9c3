"""The task kinds; each module words a prompt and an answer.

``prompt(rng, item)`` returns what the user says, ``answer(rng, item)`` what a good teacher replies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from agents.training.domains.asm.kinds import explain, find, fix, flags, optimise, trace, translate, write
from agents.training.sample import SourceItem


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of task is worded."""

    prompt: Callable[[Random, SourceItem], str]
    answer: Callable[[Random, SourceItem], str]


KINDS = {
    "write": Kind(write.prompt, write.answer),
    "trace": Kind(trace.prompt, trace.answer),
    "fix": Kind(fix.prompt, fix.answer),
    "find": Kind(find.prompt, find.answer),
    "explain": Kind(explain.prompt, explain.answer),
    "flags": Kind(flags.prompt, flags.answer),
    "optimise": Kind(optimise.prompt, optimise.answer),
    "translate": Kind(translate.prompt, translate.answer),
}
