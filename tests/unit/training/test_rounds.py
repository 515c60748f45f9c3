from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.rounds import AHEAD, PILOT_INDEXES, ROUND, CellCount, Goal, Rounds, Slot
from agents.training.sample import Cell

CELLS = {name: [Cell(family, level) for family in "xy" for level in (1, 2)] for name in ("a", "b")}
GOAL = Goal("run", "campaign", 1000, 1, {"a": 0.7, "b": 0.3}, 3000, active=True)


def planned(rounds: Rounds) -> list[Slot]:
    slots = rounds.slots(rounds.due(), 0)
    order = rounds.shuffled([slot for slot in slots if rounds.admit(slot, f"{slot.domain}/{slot.cell}/{slot.index}")])
    rounds.close(order)
    return order


def simulated(goal: Goal, acceptance: float) -> tuple[list[Slot], Counter[str], Rounds]:
    """Play a run to its end; a sample is accepted with the chance ``acceptance``."""
    rounds, rng = Rounds(goal, CELLS), Random("play")
    queue: list[Slot] = []
    accepted: Counter[str] = Counter()
    position = 0
    while True:
        while rounds.due():
            assert len(queue) - position <= ROUND * (AHEAD - 1)
            queue += planned(rounds)
        if position == len(queue):
            return queue, accepted, rounds
        slot = queue[position]
        good = rng.random() < acceptance
        accepted[slot.domain] += good
        rounds.settle(slot.domain, slot.cell, accepted=good)
        position += 1


@settings(max_examples=15, deadline=None)
@given(total=st.integers(1, 900), acceptance=st.floats(0.4, 1.0), active=st.booleans())
def test_a_campaign_gets_exactly_its_quotas(total: int, acceptance: float, active: bool) -> None:
    goal = replace(GOAL, total=total, budget=10**6, active=active)
    _, accepted, rounds = simulated(goal, acceptance)
    assert sum(accepted.values()) == total
    assert abs(accepted["a"] - 0.7 * total) < 1
    assert rounds.due() == {}


def test_two_rounds_are_planned_at_the_start_and_one_at_the_end_of_each() -> None:
    rounds = Rounds(GOAL, CELLS)
    first = planned(rounds)
    assert len(first) == ROUND
    assert len(planned(rounds)) == ROUND
    assert rounds.due() == {}
    for slot in first[:-1]:
        rounds.settle(slot.domain, slot.cell, accepted=True)
        assert rounds.due() == {}
    rounds.settle(first[-1].domain, first[-1].cell, accepted=True)
    assert sum(rounds.due().values()) == ROUND


def test_open_tickets_count_as_samples_so_that_none_is_surplus() -> None:
    rounds = Rounds(replace(GOAL, total=300), CELLS)
    first, second = planned(rounds), planned(rounds)
    assert (len(first), len(second)) == (256, 44)
    for slot in first:
        rounds.settle(slot.domain, slot.cell, accepted=slot is not first[0])
    assert sum(rounds.due().values()) == 1


def test_the_budget_cuts_the_last_round_and_ends_the_run() -> None:
    slots, accepted, rounds = simulated(replace(GOAL, budget=700), acceptance=0.3)
    assert len(slots) == 700
    assert sum(accepted.values()) < 300
    assert rounds.due() == {}


def test_a_resumed_run_goes_on_as_an_undisturbed_one() -> None:
    goal = replace(GOAL, total=600)
    slots, _, whole = simulated(goal, acceptance=0.6)
    sizes = whole._sizes
    for stop in (0, 1, 255, 256, 257, 511, 512, 600, 767, 768, 900):
        rng = Random("play")
        verdicts = [rng.random() < 0.6 for _ in slots]
        known, settled = _planned_when_settled(sizes, stop), stop
        issued = slots[: sum(sizes[:known])]
        counts = _counts(issued, verdicts, settled)
        items = [f"{slot.domain}/{slot.cell}/{slot.index}" for slot in issued]
        resumed = Rounds(goal, CELLS, sizes[:known], counts, items)
        queue = list(issued)
        for position in range(settled, len(slots)):
            while resumed.due():
                queue += planned(resumed)
            resumed.settle(queue[position].domain, queue[position].cell, accepted=verdicts[position])
        assert queue == slots


def test_an_item_that_is_known_moves_its_ticket_to_another_cell() -> None:
    rounds = Rounds(replace(GOAL, weights={"a": 1.0}, total=8), CELLS)
    slots = rounds.slots(rounds.due(), 0)
    fresh = [slot for slot in slots if rounds.admit(slot, "same" if slot.cell == Cell("x", 1) else repr(slot))]
    assert len(fresh) == 7
    retried = rounds.slots({"a": 1}, 1)
    assert retried[0].cell != Cell("x", 1) or retried[0].index == 2
    rounds.close(fresh)
    again = rounds.slots({"a": 4}, 0)
    assert {slot.index for slot in again if slot.cell == Cell("x", 1)} <= {1, 2}, "indexes without a ticket are free"


def test_a_round_without_new_items_is_not_tried_again_at_once() -> None:
    rounds = Rounds(GOAL, CELLS)
    assert rounds.due()
    rounds.close([])
    assert rounds.due() == {}


def exhausting(goal: Goal, left: int, acceptance: float = 0.8) -> tuple[Counter[str], Rounds]:
    """Play a run in which domain b has ``left`` items, which ends without a ticket of its own left over."""
    rounds, rng = Rounds(goal, CELLS), Random("play")
    queue: list[Slot] = []
    accepted: Counter[str] = Counter()
    position = 0
    while True:
        while wanted := rounds.due():
            found = [slot for slot in rounds.slots(wanted, 0) if slot.domain == "a" or left > 0]
            given = {slot for slot in found if slot.domain == "b"}
            kept = [slot for slot in found if slot not in given] + sorted(given, key=repr)[:left]
            left -= len([slot for slot in kept if slot.domain == "b"])
            rounds.close(kept, {"b"} if len(kept) < sum(wanted.values()) else ())
            queue += kept
        if position == len(queue):
            return accepted, rounds
        good = rng.random() < acceptance
        accepted[queue[position].domain] += good
        rounds.settle(queue[position].domain, queue[position].cell, accepted=good)
        position += 1


@settings(max_examples=20, deadline=None)
@given(left=st.integers(0, 400), total=st.integers(10, 900))
def test_what_an_exhausted_domain_lacks_is_made_up_for_exactly(left: int, total: int) -> None:
    goal = replace(GOAL, total=total, budget=10**6, redistributes=True)
    accepted, rounds = exhausting(goal, left)
    assert sum(accepted.values()) == total
    assert rounds.due() == {}


def test_without_redistribution_the_others_get_their_own_share_alone() -> None:
    accepted, rounds = exhausting(replace(GOAL, budget=10**6), left=0)
    assert accepted == Counter({"a": 700})
    assert rounds.is_barren
    assert rounds.lacking() == {"b": 300}


def test_a_domain_cannot_use_up_the_tickets_of_another() -> None:
    """Nothing of b is ever accepted: it gets its own share of the budget, and a all that it owes."""
    for redistributes, expected in ((False, 700), (True, 1000)):
        rounds = Rounds(replace(GOAL, redistributes=redistributes), CELLS)
        queue: list[Slot] = []
        accepted = position = 0
        while True:
            while rounds.due():
                queue += planned(rounds)
            if position == len(queue):
                break
            good = queue[position].domain == "a"
            accepted += good
            rounds.settle(queue[position].domain, queue[position].cell, accepted=good)
            position += 1
        assert accepted == expected
        assert Counter(slot.domain for slot in queue)["b"] <= 900
        assert set(rounds.lacking()) == {"b"}


def test_a_pilot_is_one_stratified_random_draw() -> None:
    goal = replace(GOAL, kind="pilot", total=190)
    rounds = Rounds(goal, CELLS)
    slots = planned(rounds)
    assert Counter(slot.domain for slot in slots) == Counter({"a": 133, "b": 57})
    assert rounds.due() == {}
    indexes = [slot.index for slot in slots if slot.domain == "a"]
    assert max(indexes) < PILOT_INDEXES
    assert sum(indexes) / len(indexes) == pytest.approx(PILOT_INDEXES / 2, rel=0.15), "not the first items"
    assert len({slot.cell for slot in slots}) == 4
    assert len({slot.variant for slot in slots}) > 150
    assert [slot.domain for slot in slots] != sorted(slot.domain for slot in slots)
    assert planned(Rounds(goal, CELLS)) == slots
    assert planned(Rounds(replace(goal, seed=2), CELLS)) != slots


def all_of(goal: Goal) -> list[Slot]:
    """Return the tickets of a run that is never stopped; all are rejected."""
    rounds, slots, settled = Rounds(goal, CELLS), [], 0
    while rounds.due():
        slots += planned(rounds)
        while settled < len(slots) and not rounds.due():
            rounds.settle(slots[settled].domain, slots[settled].cell, accepted=False)
            settled += 1
    return slots


@pytest.mark.parametrize("weights", [{"a": 0.7, "b": 0.3}, {"a": 0.96, "b": 0.04}])
def test_the_first_tickets_of_a_long_trial_are_those_of_a_short_one(weights: dict[str, float]) -> None:
    goal = replace(GOAL, kind="trial", total=100, lot="trials", weights=weights)
    slots = all_of(goal)
    assert len(slots) == 100
    assert 96 - 1 <= sum(slot.domain == "a" for slot in all_of(replace(goal, weights={"a": 0.96, "b": 0.04}))) <= 96 + 1
    for total in (10, 40, 60):
        assert all_of(replace(goal, total=total, run="other")) == slots[:total]
    assert all_of(replace(goal, lot=None)) != slots
    counts = _counts(slots[:60], [False] * 60, 60)
    known = [f"{slot.domain}/{slot.cell}/{slot.index}" for slot in slots[:60]]
    assert planned(Rounds(goal, CELLS, [10] * 6, counts, known)) == slots[60:70], "grown after a stop"


def test_active_learning_changes_what_is_chosen() -> None:
    active, _, _ = simulated(GOAL, 0.8)
    random, _, _ = simulated(replace(GOAL, active=False), 0.8)
    assert active != random
    counts = Counter((slot.domain, slot.cell) for slot in active)
    assert max(counts["a", cell] for cell in CELLS["a"]) - min(counts["a", cell] for cell in CELLS["a"]) < 30


def _planned_when_settled(sizes: Sequence[int], settled: int) -> int:
    complete = 0
    while complete < len(sizes) and sum(sizes[: complete + 1]) <= settled:
        complete += 1
    at_boundary = settled == sum(sizes[:complete])
    return min(len(sizes), complete + AHEAD - at_boundary)


def _counts(issued: Sequence[Slot], verdicts: Sequence[bool], settled: int) -> list[CellCount]:
    tickets: Counter[tuple[str, Cell, str]] = Counter()
    last: dict[tuple[str, Cell, str], int] = {}
    for position, slot in enumerate(issued):
        state = "open" if position >= settled else "accepted" if verdicts[position] else "rejected"
        tickets[slot.domain, slot.cell, state] += 1
        last[slot.domain, slot.cell, state] = max(slot.index, last.get((slot.domain, slot.cell, state), 0))
    return [CellCount(*key, count, last[key]) for key, count in tickets.items()]
