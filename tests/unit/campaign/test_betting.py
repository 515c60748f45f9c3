from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.betting import (
    COUNTER_STAKES,
    GRID,
    STAKES,
    Stratum,
    bounds,
    is_proven,
    is_refuted,
    log_evidence,
    log_refutation,
)

scores = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=25)


def wealth(xs: list[float], mean: float, stakes: tuple[float, ...] = STAKES) -> float:
    """Return the gambler's wealth as its definition says, on scores rounded down to the grid."""
    xs = [math.floor(x * GRID) / GRID for x in xs]
    return sum(math.prod(1 - c + c * x / mean for x in xs) for c in stakes) / len(stakes)


@given(scores, st.floats(0.05, 1.0))
def test_of_one_domain_it_is_the_wealth_of_the_definition(xs: list[float], threshold: float) -> None:
    expected = math.log(wealth(xs, threshold))
    assert log_evidence([Stratum.of(1.0, xs)], threshold) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.lists(st.integers(0, GRID - 1), min_size=1, max_size=25), st.floats(0.05, 0.95))
def test_evidence_for_less_is_the_wealth_of_the_mirrored_scores(steps: list[int], threshold: float) -> None:
    mirrored = [(GRID - 1 - step) / GRID for step in steps]
    expected = math.log(wealth(mirrored, 1 - threshold, COUNTER_STAKES))
    found = log_refutation([Stratum.of(1.0, [step / GRID for step in steps])], threshold)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("few", [0.9, 1.0])
def test_rare_bad_scores_refute_a_high_mean(few: float) -> None:
    xs = ([few] * 68 + [0.0] * 32) * 6
    assert log_refutation([Stratum.of(1.0, xs)], 0.75) > math.log(20)
    assert bounds([Stratum.of(1.0, xs)], 0.05)[1] < 0.75


@settings(max_examples=25, deadline=None)
@given(scores, scores, st.floats(0.1, 0.9), st.floats(0.2, 0.8))
def test_of_two_domains_it_is_the_least_wealth_over_all_splits(
    xs: list[float], ys: list[float], threshold: float, weight: float
) -> None:
    found = log_evidence([Stratum.of(weight, xs), Stratum.of(1 - weight, ys)], threshold)
    splits = []
    for step in range(1, 1_000):
        first = step / 1_000
        second = (threshold - weight * first) / (1 - weight)
        if 0.0 < second <= 1.0:
            splits.append(math.log(wealth(xs, first)) + math.log(wealth(ys, second)))
    assert found <= min(splits) + 1e-6
    assert found >= min(splits) - 0.05 * max(1.0, abs(min(splits)))


def test_of_three_domains_it_is_close_to_the_best_of_a_fine_grid() -> None:
    rng = Random(3)
    data = [[rng.betavariate(a, 2) for _ in range(30)] for a in (3, 6, 9)]
    weights = (0.5, 0.3, 0.2)
    strata = [Stratum.of(weight, xs) for weight, xs in zip(weights, data, strict=True)]
    least = math.inf
    for first, second in itertools.product(range(1, 101), repeat=2):
        third = (0.6 - 0.5 * first / 100 - 0.3 * second / 100) / 0.2
        if 0.0 < third <= 1.0:
            means = (first / 100, second / 100, third)
            least = min(least, sum(math.log(wealth(xs, mean)) for xs, mean in zip(data, means, strict=True)))
    assert least - 0.1 <= log_evidence(strata, 0.6) <= least


@given(scores, st.floats(0.05, 0.9), st.floats(0.0, 0.1))
def test_a_higher_threshold_has_less_evidence(xs: list[float], threshold: float, more: float) -> None:
    strata = [Stratum.of(0.4, xs), Stratum.of(0.6, xs[::-1])]
    assert log_evidence(strata, threshold + more) <= log_evidence(strata, threshold) + 1e-6


@given(st.permutations([0.1, 0.5, 0.9, 1.0, 0.0, 0.7]))
def test_the_order_does_not_matter(xs: list[float]) -> None:
    assert Stratum.of(1.0, xs) == Stratum.of(1.0, sorted(xs))


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0 - 1.0 / GRID, 1.0]), min_size=1, max_size=25))
def test_the_mirror_keeps_every_score(xs: list[float]) -> None:
    mirrored = Stratum.of(1.0, xs).mirrored
    assert sum(mirrored.counts.values()) == len(xs)
    assert mirrored.counts == Stratum.of(1.0, [max(0.0, 1.0 - 1.0 / GRID - x) for x in xs]).counts


def test_a_missing_score_counts_as_zero() -> None:
    assert Stratum.of(1.0, [0.8, 0.9], missing=2) == Stratum.of(1.0, [0.8, 0.9, 0.0, 0.0])


@pytest.mark.parametrize("score", [-0.001, 1.001, math.nan, math.inf])
def test_an_impossible_score_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
        Stratum.of(1.0, [0.5, score])


@settings(deadline=None)
@given(st.lists(scores, min_size=1, max_size=4), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_bounds_lie_around_the_mean_and_are_where_the_evidence_says(data: list[list[float]], alpha: float) -> None:
    strata = [Stratum.of(1 / len(data), xs) for xs in data]
    lower, upper = bounds(strata, alpha)
    mean = sum(sum(xs) / len(xs) for xs in data) / len(data)
    assert -1e-9 <= lower <= mean + 1 / GRID
    assert mean - 1 / GRID <= upper <= 1 + 1e-9
    if lower > 0.001:
        assert log_evidence(strata, lower - 0.001) >= math.log(1 / alpha) - 1e-6
        assert log_evidence(strata, lower + 0.001) <= math.log(1 / alpha) + 1e-6


def test_without_scores_nothing_is_proven() -> None:
    silent = [Stratum.of(0.5, []), Stratum.of(0.5, [1.0] * 500)]
    assert log_evidence(silent, 0.75) <= 0.0 + 1e-9
    lower, upper = bounds(silent, 0.05)
    assert lower < 0.5
    assert upper == pytest.approx(1.0, abs=1e-3)
    assert bounds([Stratum.of(1.0, [0.0] * 50)], 0.05)[0] == 0.0


def test_a_mean_at_the_threshold_is_rarely_proven_to_be_above_it_however_often_one_looks() -> None:
    rng, proofs, trials = Random(7), 0, 300
    for _ in range(trials):
        xs = [float(rng.random() < 0.75) for _ in range(190)]
        proofs += any(
            log_evidence([Stratum.of(1.0, xs[:seen])], 0.75) >= math.log(1 / 0.05) for seen in range(10, 191, 10)
        )
    assert proofs <= trials * 0.05 + 3 * math.sqrt(trials * 0.05 * 0.95)


@settings(deadline=None)
@given(st.lists(scores, min_size=1, max_size=4), st.floats(0.05, 0.95), st.floats(-2.0, 5.0))
def test_the_fast_answer_is_that_of_the_whole_search(data: list[list[float]], threshold: float, wanted: float) -> None:
    strata = [Stratum.of(1 / len(data), xs) for xs in data]
    assert is_proven(strata, threshold, wanted) is (log_evidence(strata, threshold) >= wanted)
    assert is_refuted(strata, threshold, wanted) is (log_refutation(strata, threshold) >= wanted)
