"""How much of what matters an explanation says, measured against the task.

Owns the measure. Never decides whether a patch is right: that is proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agents.training.domains.oracle.task import Point
from agents.training.routines import reading
from agents.training.sample import Check

_WORDS = 90
_HEAP = 0.3
"""What a heap of words is worth, compared with sentences of the same words."""
_ODD_AT_MOST = 0.06
"""Share of the small words that may have the wrong neighbour."""
_STOP = re.compile(r"[^\W_]\.[ \t]+(\S)")
_ARTICLES = frozenset(("the", "an"))
_PLACES = frozenset(("of", "at", "into", "from", "with", "by", "for"))
_VERBS = frozenset(("is", "are", "was", "has", "have"))
_JOINTS = frozenset(("and", "or", "but", "because", "so", "of", ".", ",", ";"))
_UNFIT = {
    **dict.fromkeys(
        _ARTICLES, _ARTICLES | _PLACES | _VERBS | _JOINTS | {"it", "its", "to", "in", "no", "not", "there"}
    ),
    **dict.fromkeys(_PLACES, _VERBS | _JOINTS - {".", ","}),
    **dict.fromkeys(_VERBS, _VERBS | {"and", "but", "because"}),
}
"""Small word -> the words that do not follow it in English; not "a", which is the accumulator as often."""
_SMALL = re.compile(rf"(?<![\w$.#])({'|'.join(sorted(_UNFIT))})(?!\w)(?=([ \t]+[a-z]+|[.,;]|))")


def told(answer: str, points: Sequence[Point]) -> Check:
    """Return the check ``explanation``: the share of ``points`` that the prose mentions (0.8), and its length (0.2).

    A list of keywords is no explanation: below 40 words outside of code only half of it counts, and words without the
    order of sentences count less than that.
    """
    text = reading.prose(answer)
    prose = _flat(text)
    missing = [point for point in points if not _says(prose, point)]
    count = len(reading.words(prose))
    share = 1 - len(missing) / max(1, len(points))
    score = (0.8 * share + 0.2 * min(1.0, count / _WORDS)) * (1.0 if count >= 40 else 0.5)
    if is_heap(text):
        return Check("explanation", round(score * _HEAP, 4), "words without sentences")
    return Check(
        "explanation", round(score, 4), f"not said: {'; '.join(way[0] for way in missing[:5])}" if missing else ""
    )


def unsaid(answer: str, asked: Sequence[Point]) -> str:
    """Return the first of the points ``asked`` for in so many words that the prose does not mention, or nothing."""
    prose = _flat(reading.prose(answer)) if asked else ""
    return next((point[0] for point in asked if not _says(prose, point)), "")


def is_heap(text: str) -> bool:
    """Return whether ``text`` is words in no order: articles before verbs, sentences that begin in small letters."""
    odd = [*_pairs(text), *(found.islower() for found in _STOP.findall(text))]
    return bool(sum(odd) > _ODD_AT_MOST * len(odd))


def _pairs(text: str) -> Iterator[bool]:
    """Yield for every small word whether the next word of the line is one that does not follow it."""
    return (after.strip() in _UNFIT[word] for word, after in _SMALL.findall(text.lower()))


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("`", "").split())


def _says(prose: str, point: Point) -> bool:
    return any(way.lower() in prose for way in point)
