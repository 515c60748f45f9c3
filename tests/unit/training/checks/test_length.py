from __future__ import annotations

import pytest

from agents.campaign.described import LengthSection
from agents.training.checks.length import length


@pytest.mark.parametrize(
    ("count", "score"),
    [(0, 0.0), (5, 0.0), (6, 0.2), (9, 0.8), (10, 1.0), (50, 1.0), (100, 1.0), (125, 0.75), (200, 0.0), (10**6, 0.0)],
)
def test_the_score_falls_outside_the_range(count: int, score: float) -> None:
    assert length(LengthSection(fewest=10, most=100), count).score == pytest.approx(score)


def test_the_detail_says_what_is_wrong() -> None:
    section = LengthSection(fewest=10, most=1_000)
    assert length(section, 9).detail == "9 words, fewer than 10"
    assert length(section, 500).detail == "500 words"
    assert length(section, 1_500).detail == "1,500 words, more than 1,000"


def test_none_may_be_enough() -> None:
    assert length(LengthSection(fewest=0), 0).score == 1.0
