"""The scale of every judgement here: what right and wrong are worth, and what an unread answer gets.

Owns the weights. A wrong answer scores at most 0.3 and a right one at least 0.55; what lies above 0.55 is the
completeness of the explanation, measured against the item.
"""

from __future__ import annotations

from agents.training.sample import Check, Judgement

WRONG_AT_MOST, RIGHT_AT_LEAST, INCOMPLETE_AT_MOST = 0.3, 0.55, 0.65
"""The last is for an answer whose proved part is right, but which leaves out a number that was asked for."""


def quality(right: bool, share: float, told: float, *, is_whole: bool = True) -> float:
    """Return the quality of an answer.

    ``share`` in [0, 1] is the part that was proved, ``told`` in [0, 1] the completeness of the explanation;
    ``is_whole`` is False where something that was asked for is not stated.
    """
    if right:
        found = RIGHT_AT_LEAST + (1.0 - RIGHT_AT_LEAST) * told
        return round(found if is_whole else min(INCOMPLETE_AT_MOST, found), 4)
    return round(WRONG_AT_MOST * min(share, 0.95) * (0.5 + 0.5 * told), 4)


def unread(detail: str) -> Judgement:
    """Return the judgement of an answer without anything to prove."""
    return Judgement(0.0, (Check("form", 0.0, detail),))
