from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.limits import GIGABYTE, Limits, Spent

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
