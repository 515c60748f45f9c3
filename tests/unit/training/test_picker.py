from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.picker import Tally, drawn, least_covered, shares
from agents.training.sample import Cell

A, B, C = Cell("a", 1), Cell("b", 1), Cell("b", 2)
WEIGHTS = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 1000), min_size=1, max_size=6)


@given(total=st.integers(0, 100_000), weights=WEIGHTS.filter(lambda weights: sum(weights.values()) > 0))
def test_shares_add_up_and_are_within_one_of_exact(total: int, weights: dict[str, int]) -> None:
    split = shares(total, weights)
    assert sum(split.values()) == total
    for name, weight in weights.items():
        assert abs(split[name] - total * weight / sum(weights.values())) < 1
    assert split == shares(total, dict(reversed(weights.items())))


@given(weights=WEIGHTS.filter(lambda weights: sum(weights.values()) > 0), data=st.data())
def test_no_share_exceeds_what_is_owed(weights: dict[str, int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights.values())))
    assert all(share <= weights[name] for name, share in shares(total, weights).items())


def test_ties_go_to_the_earlier_name() -> None:
    assert shares(1, {"b": 1.0, "a": 1.0}) == {"a": 1, "b": 0}


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": 2.0, "b": -1.0}])
def test_impossible_weights_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot split 5"):
        shares(5, weights)
    assert sum(shares(0, {"a": 0.0}).values()) == 0


def test_the_least_covered_cell_comes_first_until_all_are_level() -> None:
    assert least_covered(4, {A: 4, B: 0, C: 2}) == [B, B, C, A]


def test_a_cell_that_never_succeeds_gets_at_most_twice_the_tickets() -> None:
    tallies = {A: Tally(), B: Tally()}
    issued: Counter[Cell] = Counter()
    for _ in range(500):
        for cell in least_covered(3, {cell: tally.coverage for cell, tally in tallies.items()}):
            issued[cell] += 1
            old = tallies[cell]
            tallies[cell] = Tally(old.accepted + (cell == A), old.rejected + (cell == B))
    assert issued[B] == pytest.approx(2 * issued[A], rel=0.01)


def test_draws_are_even_and_repeatable() -> None:
    counts = Counter(drawn(Random(f"draw/{n}"), {C: 1, A: 9, B: 0}) for n in range(3000))
    assert set(counts) == {A, B, C}
    assert max(counts.values()) - min(counts.values()) < 250
    assert drawn(Random("x"), {A: 0, B: 0, C: 0}) == drawn(Random("x"), {C: 5, B: 5, A: 5})
