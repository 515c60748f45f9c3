"""Tasks whose answers are numbers: what has to be stated, and the comparison with it.

Owns the reading of ``key = value`` lines and the judgement of such answers. Never draws a task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.training.domains.oracle.grade import quality
from agents.training.domains.oracle.task import Point
from agents.training.domains.oracle.telling import told
from agents.training.routines import reading
from agents.training.sample import Check, Judgement

_ADDRESS = re.compile(r"\$([0-9A-Fa-f]{2})[:/]([0-9A-Fa-f]{4})")

Fact = tuple[str, str, str]
"""Key, true value as text, what it is."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer has to state, and what its explanation has to mention."""

    facts: tuple[Fact, ...]
    points: tuple[Point, ...]


def judge_facts(asked: Facts, answer: str) -> Judgement:
    """Return the checks of an answer that states ``asked``."""
    stated = reading.pairs(_ADDRESS.sub(r"$\1\2", answer))
    missing = [key for key, _, _ in asked.facts if key.lower() not in stated]
    wrong = [
        f"{key} is {value}, not {stated[key.lower()][:40]}"
        for key, value, _ in asked.facts
        if key.lower() in stated and _number(stated[key.lower()]) != _number(value)
    ]
    total = len(asked.facts)
    right = total - len(missing) - len(wrong)
    explained = told(answer, asked.points)
    checks = (
        Check("form", 1.0 - len(missing) / total, f"no line for {', '.join(missing)}" if missing else ""),
        Check("results", right / total, wrong[0] if wrong else f"{right} of {total} values"),
        explained,
    )
    return Judgement(quality(right == total, right / total, explained.score), checks)


def _number(text: str) -> int | None:
    return reading.number(text.strip("` *"))
