"""Whether an answer is neither too short nor too long.

Pure. Never says whether its words mean anything.
"""

from __future__ import annotations

from agents.campaign.described import LengthSection
from agents.training.sample import Check


def length(section: LengthSection, count: int) -> Check:
    """Return 1 for ``count`` words in the range; it falls to 0 at half the fewest and at twice the most."""
    if count < section.fewest:
        score = max(0.0, 2.0 * count / section.fewest - 1.0)
        return Check("length", score, f"{count:,} words, fewer than {section.fewest:,}")
    if count > section.most:
        score = max(0.0, 2.0 - count / section.most)
        return Check("length", score, f"{count:,} words, more than {section.most:,}")
    return Check("length", 1.0, f"{count:,} words")
