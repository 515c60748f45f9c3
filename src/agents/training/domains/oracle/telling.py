"""How much of what matters an explanation says, measured against the task.

Owns the measure. Never decides whether a patch is right: that is proved.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.training.domains.oracle.task import Point
from agents.training.routines import reading
from agents.training.sample import Check

_WORDS = 90


def told(answer: str, points: Sequence[Point]) -> Check:
    """Return the check ``explanation``: the share of ``points`` that the prose mentions (0.8), and its length (0.2).

    A list of keywords is no explanation: below 40 words outside of code only half of it counts.
    """
    prose = " ".join(reading.prose(answer).lower().replace("`", "").split())
    missing = [point for point in points if not any(way.lower() in prose for way in point)]
    count = len(reading.words(prose))
    share = 1 - len(missing) / max(1, len(points))
    score = (0.8 * share + 0.2 * min(1.0, count / _WORDS)) * (1.0 if count >= 40 else 0.5)
    return Check(
        "explanation", round(score, 4), f"not said: {'; '.join(way[0] for way in missing[:5])}" if missing else ""
    )
