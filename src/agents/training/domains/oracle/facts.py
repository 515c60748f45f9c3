"""Tasks whose answers are numbers: what has to be stated, and the comparison with it.

Owns the reading of ``key = value`` lines and the judgement of such answers. Never draws a task.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.training.domains.oracle.grade import UNTOLD_AT_MOST, quality
from agents.training.domains.oracle.task import Point
from agents.training.domains.oracle.telling import told
from agents.training.routines import reading
from agents.training.sample import Check, Judgement

_ADDRESS = re.compile(r"\$([0-9A-Fa-f]{2})[:/]([0-9A-Fa-f]{4})")
_ORG = re.compile(r"org\s+\$([0-9A-Fa-f]{6})", re.IGNORECASE)
_LABEL = re.compile(r"\w+")

Fact = tuple[str, str, str]
"""Key, true value as text, what it is."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer has to state, and what its explanation has to mention.

    ``frame``: labels with the addresses under which an ``org`` has to put them; none where no frame is asked for.
    """

    facts: tuple[Fact, ...]
    points: tuple[Point, ...]
    frame: tuple[tuple[str, int], ...] = ()


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
    checks = [
        Check("form", 1.0 - len(missing) / total, f"no line for {', '.join(missing)}" if missing else ""),
        Check("results", right / total, wrong[0] if wrong else f"{right} of {total} values"),
        explained,
    ]
    best = 1.0
    if asked.frame:
        checks.append(_framed(asked.frame, answer))
        best = 1.0 if checks[-1].score == 1.0 else UNTOLD_AT_MOST
    return Judgement(min(best, quality(right == total, right / total, explained.score)), tuple(checks))


def _framed(frame: Sequence[tuple[str, int]], answer: str) -> Check:
    """Return whether the code blocks have an ``org`` of the right address above every label of ``frame``."""
    found: dict[str, int] = {}
    at: int | None = None
    for row in (row for block in reading.code_blocks(answer) for row in block.split("\n")):
        code = row.partition(";")[0].strip()
        org, label = _ORG.match(code), _LABEL.match(code)
        if org:
            at = int(org[1], 16)
        elif label and at is not None:
            found[label[0].lower()], at = at, None
    wrong = [name for name, address in frame if found.get(name.lower()) != address]
    return Check("frame", 1 - len(wrong) / len(frame), f"no org of its address above {wrong[0]}" if wrong else "")


def _number(text: str) -> int | None:
    return reading.number(text.strip("` *"))
