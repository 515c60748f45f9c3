from __future__ import annotations

import math
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.evaluation.intervals import difference_interval, rate_interval, sign_test


@pytest.mark.parametrize(
    ("passes", "count", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_rate_is_the_published_one(passes: int, count: int, low: float, high: float) -> None:
    found = rate_interval(passes / count, count)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.floats(0.0, 1.0), st.integers(1, 10_000))
def test_an_interval_holds_its_rate_inside_nought_and_one(rate: float, count: int) -> None:
    low, high = rate_interval(rate, count)
    assert 0.0 <= low <= rate + 1e-12
    assert rate - 1e-12 <= high <= 1.0
    wider = rate_interval(rate, count, 0.99)
    assert wider[0] <= low + 1e-12
    assert high <= wider[1] + 1e-12


@pytest.mark.parametrize("rate", [0.03, 0.2, 0.5, 0.9])
def test_intervals_of_tickets_cover_what_they_are_about(rate: float) -> None:
    rng, covered, trials = Random(7), 0, 1_500
    for _ in range(trials):
        passes = sum(rng.random() < rate for _ in range(60))
        low, high = rate_interval(passes / 60, 60)
        covered += low <= rate <= high
    assert covered / trials > 0.92


def test_the_sign_test_is_what_counting_all_outcomes_says() -> None:
    for pairs in range(9):
        for gained in range(pairs + 1):
            lean = abs(2 * gained - pairs)
            as_uneven = sum(abs(2 * sum(coins) - pairs) >= lean for coins in product((0, 1), repeat=pairs))
            assert sign_test(gained, pairs - gained) == pytest.approx(as_uneven / 2**pairs)
    assert sign_test(1_000, 0) == 2.0**-999
    assert sign_test(0, 5_000) == 0.0
    assert sign_test(20_000, 20_100) > 0.5


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_the_interval_of_a_difference_holds_it_and_turns_with_it(gained: int, lost: int, same: int) -> None:
    count = gained + lost + same
    low, high = difference_interval(gained, lost, count)
    assert -1.0 <= low <= high <= 1.0
    turned = difference_interval(lost, gained, count)
    assert turned == pytest.approx((-high, -low))
    assert not count or low - 2 / (count + 2) <= (gained - lost) / count <= high + 2 / (count + 2)


def test_differences_are_covered() -> None:
    rng, covered, trials = Random(8), 0, 1_500
    for _ in range(trials):
        draws = [rng.random() for _ in range(80)]
        gained, lost = sum(draw < 0.25 for draw in draws), sum(draw > 0.95 for draw in draws)
        low, high = difference_interval(gained, lost, 80)
        covered += low <= 0.2 <= high
    assert covered / trials > 0.93
    assert math.isclose(sum(difference_interval(0, 0, 80)), 0.0, abs_tol=1e-12)
