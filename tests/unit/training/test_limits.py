from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.limits import GIGABYTE, Limits, Spent, cost_reached

SPENT = Spent(tickets=10, hours=1.0, free_bytes=GIGABYTE, cost=5.0)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(max_tickets=10), "max_tickets"),
        (Limits(max_hours=1.0), "max_hours"),
        (Limits(max_cost=4.999), "max_cost"),
        (Limits(min_free_gb=1.001), "min_free_gb"),
    ],
    ids=["tickets", "hours", "cost", "disk"],
)
def test_a_cap_that_is_reached_is_named_with_its_cure(limits: Limits, named: str) -> None:
    reached = limits.reached(SPENT)
    assert reached is not None
    assert f"guards.{named}" in reached.what


def test_the_cap_on_money_says_how_untold_answers_count() -> None:
    reached = Limits(max_cost=4.0).reached(SPENT)
    assert reached is not None
    assert reached.what.endswith("answers whose cost nobody told count with what was reserved for them")


def test_the_cap_on_the_disk_can_be_lowered() -> None:
    reached = Limits(min_free_gb=2.0).reached(SPENT)
    assert reached is not None
    assert "or lower guards.min_free_gb" in reached.cure


@pytest.mark.parametrize(
    "limits",
    [Limits(), Limits(max_tickets=11), Limits(max_hours=1.1), Limits(max_cost=5.0), Limits(min_free_gb=1.0)],
    ids=["none", "tickets", "hours", "cost", "disk"],
)
def test_below_its_cap_a_run_goes_on(limits: Limits) -> None:
    assert limits.reached(SPENT) is None


def test_an_unknown_cost_is_not_held_to_a_cap() -> None:
    assert Limits(max_cost=0.1).reached(replace(SPENT, cost=None)) is None


@pytest.mark.parametrize(("cost", "max_cost"), [(None, 1.0), (1.0, None), (1.0, 1.0), (0.9, 1.0)])
def test_a_cost_that_fits_or_that_nobody_capped_reaches_nothing(cost: float | None, max_cost: float | None) -> None:
    assert cost_reached(cost, max_cost, "--max-cost") is None


def test_a_cap_on_money_is_called_what_a_person_calls_it() -> None:
    reached = cost_reached(1.5, 1.0, "--max-cost")
    assert reached is not None
    assert "bring the cost to 1.5, --max-cost allows 1;" in reached.what
    assert reached.cure == "raise --max-cost and run the same command again"
