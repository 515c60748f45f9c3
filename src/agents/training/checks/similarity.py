"""How much of an answer only repeats the question.

Pure. Never compares an answer with its source, which it may well quote, nor with other answers, which is the search
for duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.campaign.described import SimilaritySection
from agents.training.sample import Check

SHINGLE = 5
"""Words in a row that are compared."""


def similarity(section: SimilaritySection, words: Sequence[str], question: Sequence[str]) -> Check:
    """Return 1 while at most half of ``most`` of the answer is the question's; it falls to 0 at ``most``.

    What is measured is the share of the answer's different shingles that the question has. An answer with fewer words
    than a shingle repeats nothing: it may be a choice that the question gave.
    """
    if len(words) < SHINGLE or len(question) < SHINGLE:
        return Check("similarity", 1.0)
    own = set(_shingles(words))
    share = len(own.intersection(_shingles(question))) / len(own)
    score = min(1.0, max(0.0, 2.0 * (1.0 - share / section.most)))
    return Check("similarity", score, f"{share:.0%} of it is the question" if share else "")


def _shingles(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(SHINGLE)), strict=False)
