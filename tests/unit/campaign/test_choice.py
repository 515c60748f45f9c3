from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.choice import Choice, Tried, choice_text, choose
from agents.campaign.recipe import TRIAL_STEP, Recipe, halvings

FOUR = ("best", "good", "poor", "worst")


def recipe(names: Sequence[str] = FOUR, tickets: int = 240, **sections: Any) -> Recipe:
    candidates = {name: {"teacher": {"fault_rate": place / 100}} for place, name in enumerate(names)}
    defaults = {"domains": {"asm": {"weight": 1.0}}, "candidates": candidates, "trials": {"tickets": tickets}}
    return Recipe.model_validate(defaults | sections)


def tried(quality: float, count: int, cost: float | None = None, domain: str = "asm", first: int = 0) -> list[Tried]:
    return [Tried(f"{domain}{first + n}", domain, quality, quality >= 0.7, cost) for n in range(count)]


def played(recipe: Recipe, play: Callable[[str, int], list[Tried]]) -> tuple[Choice, dict[str, list[Tried]]]:
    """Let the candidates that are wanted play until one has won; ``play`` gives the first tickets of one."""
    trials: dict[str, list[Tried]] = {}
    for _ in range(100):
        choice = choose(recipe, trials)
        if choice.winner is not None:
            return choice, trials
        for name in choice.wanted:
            trials[name] = play(name, choice.tickets)
    pytest.fail("nobody ever wins")


def test_the_better_half_goes_on_and_all_rungs_have_the_same_share_of_the_tickets() -> None:
    qualities = dict(zip(FOUR, (0.95, 0.9, 0.8, 0.4), strict=True))
    choice, trials = played(recipe(), lambda name, count: tried(qualities[name], count))
    assert choice.winner == "best"
    assert [[(place.name, place.tickets, place.kept) for place in rung] for rung in choice.rungs] == [
        [("best", 30, True), ("good", 30, True), ("poor", 30, False), ("worst", 30, False)],
        [("best", 90, True), ("good", 90, False)],
    ]
    assert {name: len(of) for name, of in trials.items()} == {"best": 90, "good": 90, "poor": 30, "worst": 30}
    assert choose(recipe(), trials) == choice, "read again, it is the same choice"


def test_where_it_stands_is_told_before_it_is_made() -> None:
    first = choose(recipe(), {"good": tried(0.9, 30), "best": tried(0.9, 12)})
    assert (first.wanted, first.tickets, first.rungs, first.winner) == (("best", "poor", "worst"), 30, (), None)
    assert "Tried next: best, poor, worst, up to 30 tickets" in choice_text(first.document())


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 20), st.integers(0, 500), st.integers(0, 1_000))
def test_the_tickets_of_all_trials_together_are_never_passed(candidates: int, more: int, seed: int) -> None:
    rng, tickets = Random(seed), 10 * candidates * halvings(candidates) + more
    qualities = {f"c{n}": rng.random() for n in range(candidates)}
    choice, trials = played(recipe([*qualities], tickets), lambda name, count: tried(qualities[name], count))
    used = sum(map(len, trials.values()))
    assert tickets - halvings(candidates) * (1 + TRIAL_STEP * candidates) < used <= tickets
    assert all(len(of) % TRIAL_STEP == 0 for of in trials.values())
    assert min(map(len, trials.values())) >= 10
    assert len(choice.rungs) == halvings(candidates) == math.ceil(math.log2(candidates))
    assert orjson.loads(orjson.dumps(choice.document()))["winner"] == choice.winner


def test_quality_per_cost_decides_among_those_at_the_threshold() -> None:
    two = recipe(("dear", "cheap"), 20)
    made = {"dear": (0.95, 0.010), "cheap": (0.85, 0.004)}
    choice, _ = played(two, lambda name, count: tried(made[name][0], count, made[name][1]))
    assert (choice.winner, choice.per_cost) == ("cheap", True)
    assert choice.rungs[0][0].worth == pytest.approx(0.85 / 0.004)
    assert "Chosen by quality per cost: cheap" in choice_text(choice.document())
    below = {"dear": (0.80, 0.010), "cheap": (0.70, 0.001)}
    choice, _ = played(two, lambda name, count: tried(below[name][0], count, below[name][1]))
    assert choice.winner == "dear", "what stays below the threshold is no bargain"


def test_what_costs_nothing_is_worth_most_and_among_such_quality_decides() -> None:
    made = {"paid": (0.95, 0.004), "free": (0.80, 0.0), "also free": (0.85, 0.0)}
    candidates = recipe(("paid", "free", "also_free"), 60)
    choice, _ = played(
        candidates, lambda name, count: tried(made[name.replace("_", " ")][0], count, made[name.replace("_", " ")][1])
    )
    assert (choice.winner, choice.per_cost) == ("also_free", True)
    assert orjson.loads(orjson.dumps(choice.document()))["rungs"][0][0]["worth"] is None


def test_trials_without_a_common_item_have_no_lead() -> None:
    trials = {"one": tried(0.9, 10), "two": tried(0.8, 10, first=100)}
    assert choose(recipe(("one", "two"), 20), trials).leads == ()


def test_where_a_cost_is_not_known_quality_decides() -> None:
    made = {"told": (0.85, 0.004), "untold": (0.95, None)}
    choice, _ = played(recipe(("told", "untold"), 20), lambda name, count: tried(made[name][0], count, made[name][1]))
    assert (choice.winner, choice.per_cost) == ("untold", False)
    assert choice.rungs[0][0].worth == 0.95


def test_one_answer_without_a_cost_makes_the_cost_unknown() -> None:
    trials = {name: tried(0.9, 10, 0.01) for name in ("one", "two")}
    trials["two"][3] = Tried("asm3", "asm", 0.9, True, None)
    rung = choose(recipe(("one", "two"), 20), trials).rungs[0]
    assert [(place.name, place.cost) for place in rung] == [("one", pytest.approx(0.01)), ("two", None)]


def test_quality_is_weighted_as_in_the_campaign() -> None:
    two = recipe(("one", "two"), 20, domains={"asm": {"weight": 0.9}, "yaze": {"weight": 0.1}})
    trials = {"one": tried(1.0, 5) + tried(0.0, 5, domain="yaze"), "two": tried(0.8, 5) + tried(0.9, 5, domain="yaze")}
    assert [place.quality for place in choose(two, trials).rungs[0]] == pytest.approx([0.9, 0.81])
    missing = {"one": tried(0.9, 10), "two": tried(0.8, 10)}
    assert choose(two, missing).rungs[0][0].quality == pytest.approx(0.9), "of the domains that were tried"


def test_the_lead_is_measured_on_the_items_that_both_have() -> None:
    rng = Random(5)
    items = [rng.random() / 2 for _ in range(40)]
    better = [Tried(f"i{n}", "asm", x + 0.4, True) for n, x in enumerate(items)]
    worse = [Tried(f"i{n}", "asm", x, False) for n, x in enumerate(items)] + tried(1.0, 3)
    (lead,) = choose(recipe(("one", "two"), 80), {"one": better, "two": worse}).leads
    assert (lead.over, lead.items, lead.mean) == ("two", 40, pytest.approx(0.4))
    assert 0.15 < lead.lower < 0.4 < lead.upper < 0.7


def test_equal_candidates_stand_in_the_order_of_the_recipe() -> None:
    choice, _ = played(recipe(("second", "first"), 20), lambda _, count: tried(0.9, count))
    assert choice.winner == "second"
