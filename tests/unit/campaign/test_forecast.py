from __future__ import annotations

import math
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.forecast import Forecast, forecast, obstacles_at_best
from agents.campaign.forecast.needs import domains_of
from agents.campaign.forecast.page import forecast_document, forecast_line, forecast_text
from agents.campaign.forecast.pilot import Call, Pilot
from agents.campaign.forecast.ranges import Range, span
from agents.campaign.recipe import Recipe

TWO = {"asm": {"weight": 0.6}, "yaze": {"weight": 0.4}}
HOUR = 3_600.0


def recipe(**sections: Any) -> Recipe:
    return Recipe.model_validate({"campaign": {"target": 1_000}, "domains": {"asm": {"weight": 1.0}}} | sections)


def shown(accepted: int, rejected: int) -> list[bool]:
    return [True] * accepted + [False] * rejected


def of_asm(accepted: int = 171, rejected: int = 19, capacity: int | None = None, **sections: Any) -> Forecast:
    return forecast(recipe(**sections), Pilot({"asm": shown(accepted, rejected)}), {"asm": capacity})


def queue(count: int, seconds: float, at_once: int, **taken: Any) -> list[Call]:
    """Calls of equal length, ``at_once`` of them at a time."""
    starts = [seconds * (number // at_once) for number in range(count)]
    return [Call(number, start, start + seconds, **taken) for number, start in enumerate(starts)]


def page(found: Forecast) -> str:
    return forecast_text(forecast_document(found))


# Tickets.


def test_tickets_follow_from_the_bounds_of_acceptance() -> None:
    found = of_asm()
    assert found.tickets.expected == pytest.approx(1_000 / 0.9)
    assert 1_000 < found.tickets.low < 1_075 < found.tickets.expected < 1_150 < found.tickets.high < 1_300
    assert (found.obstacles, found.doubts, found.reachable) == ((), (), Range(1_000, 1_000, 1_000))


def test_more_tickets_of_the_pilot_make_the_range_narrower() -> None:
    few, many = of_asm(171, 19).tickets, of_asm(1_710, 190).tickets
    assert many.high - many.low < 0.6 * (few.high - few.low)
    assert few.expected == many.expected


def test_the_tickets_that_are_really_used_lie_in_the_range() -> None:
    rng = Random(1)
    inside = 0
    for _ in range(200):
        share = rng.uniform(0.3, 0.99)
        found = of_asm(*_split(rng, 190, share), campaign={"target": 60})
        used = accepted = 0
        while accepted < 60:
            used, accepted = used + 1, accepted + (rng.random() < share)
        inside += found.tickets.low <= used <= found.tickets.high
    assert inside >= 190


def _split(rng: Random, tickets: int, share: float) -> tuple[int, int]:
    accepted = sum(rng.random() < share for _ in range(tickets))
    return accepted, tickets - accepted


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=4, max_size=4),
    st.none() | st.integers(0, 2_000),
    st.sampled_from(["stop", "redistribute"]),
    st.none() | st.integers(1, 500),
    st.floats(1.0, 4.0),
)
def test_every_range_is_in_order_and_can_be_shown(
    counts: list[int], items: int | None, on_exhausted: str, per_day: int | None, per_sample: float
) -> None:
    pilot = Pilot(
        {"asm": shown(counts[0] + 1, counts[1]), "yaze": shown(counts[2], counts[3] + 1)},
        [Call(0, 0.0, 2.0, 100, 50, 0.01), Call(0, 2.0, 3.0, 200, 10, 0.02), Call(1, 50.0, 51.0, 1, 1, 0.0)],
        startup=0.5,
    )
    campaign = {"target": 1_000, "on_exhausted": on_exhausted, "tickets_per_sample": per_sample}
    found = forecast(
        recipe(domains=TWO, campaign=campaign, costs={"requests_per_day": per_day}), pilot, {"yaze": items}
    )
    for numbers in (found.tickets, found.hours, found.tokens_in, found.tokens_out, found.cost, found.reachable):
        assert numbers is not None
        assert 0.0 <= numbers.low <= numbers.expected <= numbers.high
    assert orjson.loads(orjson.dumps(forecast_document(found))) == forecast_document(found)
    assert page(found)
    assert forecast_line(forecast_document(found))


def test_nothing_accepted_has_no_end_and_cannot_be_reached() -> None:
    found = of_asm(0, 190)
    assert math.isinf(found.tickets.expected)
    assert len(found.obstacles) == 1
    assert "mend first what makes all tickets fail" in found.obstacles[0]
    assert "no end" in page(found)


# What may keep it from its target.


def test_a_domain_with_too_few_items_is_an_obstacle_that_says_what_can_be_reached() -> None:
    found = of_asm(190, 0, capacity=800)
    assert 750 < found.reachable.low < found.reachable.high == 800
    assert found.obstacles == (
        "asm has 800 items, and its 1,000 samples take 1,000 (1,000 to 1,033) tickets, each with an item of its own: "
        f"give it more items, or lower campaign.target to {found.reachable.low:,.0f}",
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(100, 190), st.integers(40, 900), st.none() | st.integers(40, 900), st.sampled_from([0.01, 0.3]))
def test_who_lowers_the_target_as_told_meets_no_obstacle_and_no_doubt(
    accepted: int, items: int, max_tickets: int | None, price: float
) -> None:
    def at(target: int) -> Forecast:
        return forecast(
            recipe(
                campaign={"target": target, "tickets_per_sample": 10},
                guards={"max_tickets": max_tickets, "max_cost": 100.0},
                costs={"input": 1, "output": 1},
            ),
            Pilot({"asm": shown(accepted, 190 - accepted)}, queue(190, 1.0, 8, cost=price, charged=price)),
            {"asm": items},
        )

    found = at(1_000)
    assert found.obstacles
    if found.reachable.low:
        assert f"lower campaign.target to {found.reachable.low:,.0f}" in found.obstacles[0]
        lowered = at(int(found.reachable.low))
        assert (lowered.obstacles, lowered.doubts) == ((), ())
        assert at(int(found.reachable.low) + 1).doubts
    if found.reachable.high:
        assert at(int(found.reachable.high)).obstacles == ()
        assert at(int(found.reachable.high) + 1).obstacles


def test_a_ticket_budget_that_cannot_be_enough_is_no_matter_of_the_target() -> None:
    found = of_asm(100, 90, campaign={"target": 1_000, "tickets_per_sample": 1.2})
    (obstacle,) = found.obstacles
    assert "campaign.tickets_per_sample allows asm 1,200 tickets" in obstacle
    assert "lower campaign.target" not in obstacle
    advised = float(obstacle.partition("raise it to ")[2])
    raised = of_asm(100, 90, campaign={"target": 1_000, "tickets_per_sample": advised})
    assert (raised.obstacles, raised.doubts) == ((), ())
    perhaps = of_asm(150, 40, campaign={"target": 1_000, "tickets_per_sample": 1.3})
    assert perhaps.obstacles == ()
    assert "tickets_per_sample" in perhaps.doubts[0]


@pytest.mark.parametrize(
    ("guards", "named"),
    [({"max_tickets": 900}, "guards.max_tickets allows 900"), ({"max_cost": 5.0}, "guards.max_cost allows 5")],
    ids=["tickets", "cost"],
)
def test_a_cap_below_what_is_needed_is_an_obstacle(guards: dict[str, Any], named: str) -> None:
    pilot = Pilot({"asm": shown(171, 19)}, queue(190, 1.0, 8, tokens_in=1_000, tokens_out=500, cost=0.01, charged=0.01))
    found = forecast(recipe(guards=guards, costs={"input": 4, "output": 12}), pilot, {})
    assert named in found.obstacles[0]
    assert 0 < found.reachable.low < found.reachable.high < 1_000
    (key, _), advised = guards.popitem(), found.obstacles[0].partition("raise it to ")[2].split(", or")[0]
    enough = recipe(guards={key: float(advised.replace(",", ""))}, costs={"input": 4, "output": 12})
    assert (forecast(enough, pilot, {}).obstacles, forecast(enough, pilot, {}).doubts) == ((), ())


CAPPED = {"guards": {"max_cost": 100.0}, "costs": {"input": 1, "output": 1}}


def test_answers_of_untold_cost_are_doubts_as_dear_as_what_was_reserved_for_them() -> None:
    found = forecast(recipe(**CAPPED), Pilot({"asm": shown(190, 0)}, queue(190, 1.0, 8, charged=0.2)), {})
    assert (found.cost, found.obstacles) == (None, ())
    (doubt,) = found.doubts
    assert "guards.max_cost allows 100, and 200 (0 to 207) count against it, an answer whose cost nobody told" in doubt
    assert doubt.endswith(f"raise it to 207, or lower campaign.target to {found.reachable.low:,.0f}")
    assert 450 < found.reachable.low < 500 < found.reachable.high == 1_000
    assert "The target can be reached" not in page(found)


def test_what_is_told_of_the_cost_is_certain() -> None:
    told = [Call(number, 0.0, 1.0, cost=0.15, charged=0.15) for number in range(100)]
    untold = [Call(100 + number, 0.0, 1.0, charged=0.3) for number in range(90)]
    found = forecast(recipe(**CAPPED), Pilot({"asm": shown(190, 0)}, told + untold), {})
    assert (len(found.obstacles), len(found.doubts)) == (0, 1)
    found = forecast(recipe(**CAPPED), Pilot({"asm": shown(190, 0)}, told), {})
    assert (len(found.obstacles), len(found.doubts)) == (1, 0)


def test_a_pilot_without_prices_leaves_a_cap_on_money_in_doubt() -> None:
    found = forecast(recipe(**CAPPED), Pilot({"asm": shown(190, 0)}, queue(190, 1.0, 8)), {})
    assert "is not known, as the pilot was made without prices" in found.doubts[0]
    assert of_asm().doubts == ()


def test_a_share_of_the_target_that_is_no_whole_number_is_no_obstacle() -> None:
    thirds = {name: {"weight": 1 / 3} for name in ("a", "b", "c")}
    pilot = Pilot({name: shown(5_000, 0) for name in thirds})
    exactly = {"a": 34, "b": 33, "c": 33}
    assert forecast(recipe(domains=thirds, campaign={"target": 100}), pilot, exactly).obstacles == ()


# Where the others make up for a domain.


def test_others_make_up_where_the_recipe_says_so() -> None:
    pilot = Pilot({"asm": shown(180, 20), "yaze": shown(100, 0)})
    scarce = {"asm": None, "yaze": 100}
    stopping = forecast(recipe(domains=TWO), pilot, scarce)
    assert "yaze has 100 items, and its 400 samples take" in stopping.obstacles[0]
    assert "campaign.on_exhausted: redistribute" in stopping.obstacles[0]
    assert stopping.reachable.high == 252

    making_up = recipe(domains=TWO, campaign={"target": 1_000, "on_exhausted": "redistribute"})
    found = forecast(making_up, pilot, scarce)
    assert (found.obstacles, found.doubts) == ((), ())
    asm, yaze = found.domains
    assert (asm.owes, yaze.owes) == (900, 100)
    assert asm.tickets.expected == pytest.approx(900 / 0.9)
    assert yaze.tickets == Range(100, 100, 100)


def test_others_can_make_up_only_as_far_as_they_have_items() -> None:
    making_up = recipe(domains=TWO, campaign={"target": 1_000, "on_exhausted": "redistribute"})
    pilot = Pilot({"asm": shown(500, 0), "yaze": shown(500, 0)})
    found = forecast(making_up, pilot, {"asm": 300, "yaze": 100})
    assert "asm has 300 items" in found.obstacles[0]
    assert "redistribute" not in found.obstacles[0]
    assert 370 < found.reachable.low <= found.reachable.high == 400


def test_a_small_domain_that_makes_up_for_a_large_one_gets_its_tickets() -> None:
    domains = {"asm": {"weight": 0.9}, "yaze": {"weight": 0.1}}
    making_up = recipe(
        domains=domains, campaign={"target": 1_000, "on_exhausted": "redistribute", "tickets_per_sample": 1.2}
    )
    found = forecast(making_up, Pilot({"asm": shown(500, 0), "yaze": shown(500, 0)}), {"asm": 10, "yaze": None})
    assert found.obstacles == ()
    assert [domain.owes for domain in found.domains] == [10, 990]


def test_a_domain_in_which_nothing_is_accepted_spends_its_budget_and_is_made_up_for() -> None:
    making_up = recipe(
        domains=TWO, campaign={"target": 1_000, "on_exhausted": "redistribute", "tickets_per_sample": 3.0}
    )
    asm, yaze = domains_of(making_up, 1_000, {"asm": Range(1, 1, 1), "yaze": Range(0, 0, 0)}, {})
    assert (asm.owes, asm.tickets.expected) == (1_000, 1_000)
    assert (yaze.owes, yaze.tickets.expected) == (0, 1_200)


# Before a pilot.


def test_without_a_pilot_it_is_known_what_no_pilot_can_cure() -> None:
    assert obstacles_at_best(recipe(), {"asm": None}) == obstacles_at_best(recipe(), {"asm": 1_000}) == ()
    (obstacle,) = obstacles_at_best(recipe(), {"asm": 999})
    assert "asm has 999 items, and its 1,000 samples take 1,000 tickets" in obstacle
    assert obstacle.endswith("or lower campaign.target to 999")
    (capped,) = obstacles_at_best(recipe(guards={"max_tickets": 500}), {"asm": None})
    assert "guards.max_tickets allows 500 tickets, and 1,000 are needed" in capped


# Tokens, money, time.


def test_tokens_and_money_are_those_of_all_calls_of_a_ticket_or_not_known() -> None:
    calls = [Call(number, 0.0, 1.0, 1_000 + 200 * (number % 2), 500, 0.01) for number in range(190)]
    again = [Call(number, 2.0, 3.0, 0, 0, 0.01) for number in range(190)]
    found = forecast(recipe(), Pilot({"asm": shown(190, 0)}, [*calls, *again]), {})
    assert found.cost is not None
    assert found.tokens_in is not None
    assert found.cost.expected == pytest.approx(20.0)
    assert 19.0 < found.cost.low <= 20.0 <= found.cost.high < 22.0
    assert found.tokens_in.expected == pytest.approx(1_100_000)
    assert found.tokens_in.low < 0.995 * 1_100_000
    untold = forecast(recipe(), Pilot({"asm": shown(190, 0)}, [*calls, Call(0, 4.0, 5.0)]), {})
    assert (untold.cost, untold.tokens_in, untold.tokens_out) == (None, None, None)
    assert page(untold).count("not known") == 3


@pytest.mark.parametrize(("at_once", "tickets"), [(8, 190), (128, 190), (128, 570), (500, 190)])
def test_the_time_of_a_teacher_that_only_makes_wait_lies_in_the_range(at_once: int, tickets: int) -> None:
    found = forecast(
        recipe(speed={"in_flight": at_once}), Pilot({"asm": shown(tickets, 0)}, queue(tickets, 10.0, at_once)), {}
    )
    assert found.hours is not None
    really = 1_000 / at_once * 10.0 / HOUR
    assert 0.999 * really <= found.hours.low <= found.hours.expected <= found.hours.high
    assert found.hours.low < 1.001 * really


def test_the_time_of_a_teacher_that_does_one_after_the_other_lies_in_the_range() -> None:
    calls = [Call(number, float(max(0, number - 127)), number + 1.0) for number in range(190)]
    found = forecast(recipe(), Pilot({"asm": shown(190, 0)}, calls, startup=5.0), {})
    assert found.hours is not None
    assert found.hours.low < 1_000 / HOUR < found.hours.high < 1_100 / HOUR


def test_a_break_of_the_pilot_does_not_count() -> None:
    calls = queue(95, 10.0, 8)
    later = [Call(call.ticket + 95, call.began + 80_000, call.ended + 80_000) for call in calls]
    whole, broken = (
        forecast(recipe(), Pilot({"asm": shown(190, 0)}, each), {}).hours
        for each in (queue(190, 10.0, 8), calls + later)
    )
    assert whole is not None
    assert broken is not None
    assert broken.high < 1.01 * whole.high


def test_fewer_requests_at_once_than_the_pilot_had_take_longer() -> None:
    pilot = Pilot({"asm": shown(190, 0)}, queue(190, 10.0, 128))
    found = forecast(recipe(speed={"in_flight": 1}), pilot, {})
    assert found.hours is not None
    assert found.hours.low == pytest.approx(10_000 / HOUR)


def test_a_clock_that_was_set_back_does_not_shorten_the_time_below_nothing() -> None:
    found = forecast(recipe(), Pilot({"asm": shown(1, 0)}, [Call(0, 100.0, 50.0)]), {})
    assert found.hours == Range(0.0, 0.0, 0.0)


def test_without_calls_the_time_is_not_known() -> None:
    assert of_asm().hours is None
    assert "time        not known" in page(of_asm())


@pytest.mark.parametrize(
    ("per_day", "low", "high"),
    [(2_000, 0, 0), (1_100, 0, 1), (1_000, 0, 1), (500, 1, 2), (200, 4, 6), (100, 9, 11)],
)
def test_the_teacher_may_be_asked_only_so_often_a_day(per_day: int, low: int, high: int) -> None:
    pilot = Pilot({"asm": shown(190, 0)}, queue(190, 1.0, 100))
    found = forecast(recipe(costs={"requests_per_day": per_day}), pilot, {})
    assert found.hours is not None
    work = 0.01
    assert 24 * low <= found.hours.low < 24 * low + work
    assert 24 * high <= found.hours.high < 24 * high + work


def test_a_slow_teacher_that_never_uses_up_its_day_does_not_wait() -> None:
    pilot = Pilot({"asm": shown(190, 0)}, queue(190, 600.0, 1))
    free, limited = (
        forecast(recipe(costs={"requests_per_day": per_day}, speed={"in_flight": 1}), pilot, {}).hours
        for per_day in (None, 200)
    )
    assert free is not None
    assert limited is not None
    assert limited.expected == free.expected


# How it reads.


def test_the_page_and_the_line() -> None:
    pilot = Pilot({"asm": shown(171, 19)}, queue(190, 30.0, 128, tokens_in=800, tokens_out=400, cost=0.02))
    document = forecast_document(forecast(recipe(), pilot, {"asm": 5_000}))
    text = forecast_text(document)
    assert text.startswith("For 1,000 accepted samples, as 190 tickets of the pilot tell\n")
    assert "  tickets     1,111 (" in text
    assert "  tokens in   888,889 (" in text
    assert "  cost        22.2 (" in text
    assert "  asm         1,000 samples; acceptance 90.0% (" in text
    assert "tickets of 3,000 that it may use; 5,000 items" in text
    assert text.endswith("The target can be reached.")
    line = forecast_line(document)
    assert line.startswith("1,111 (")
    assert " min" in line
    assert ", cost 22.2 (" in line


def test_the_page_tells_what_stands_in_the_way() -> None:
    assert "It cannot reach its target: asm has 800 items" in page(of_asm(190, 0, capacity=800))
    doubtful = page(of_asm(171, 19, capacity=1_100))
    assert "It may pause before its target: asm has 1,100 items" in doubtful
    assert "The target can be reached" not in doubtful


def test_a_campaign_that_has_begun_says_so() -> None:
    document = {**forecast_document(of_asm()), "begun": {"accepted": 312, "tickets": 340}}
    assert "It has begun: 312 samples are there, from 340 finished tickets." in forecast_text(document)


def test_a_campaign_that_is_complete_says_that_and_nothing_of_what_may_come() -> None:
    doubtful = of_asm(171, 19, guards={"max_tickets": 1_100})
    document = {**forecast_document(doubtful), "begun": {"accepted": 1_000, "tickets": 1_090}}
    assert doubtful.doubts
    assert forecast_text(document).splitlines()[-1] == (
        "It is complete: 1,000 samples are there, from 1,090 finished tickets."
    )


def test_tickets_are_whole() -> None:
    found = of_asm(campaign={"target": 1}, guards={"max_tickets": 1})
    assert "  tickets     1 (1 to 2)\n" in page(found)
    assert "allows 1 tickets, and 1 (1 to 2) are needed" in found.doubts[0]
    assert forecast_line(forecast_document(found)).startswith("1 (1 to 2) tickets")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0 s"), (1.25, "1.2 s"), (119.0, "119 s"), (600.0, "10 min"), (7_200.0, "2 h"), (432_000.0, "5 days")],
)
def test_durations_read_well(seconds: float, shown: str) -> None:
    hours = dict.fromkeys(("low", "expected", "high"), seconds / HOUR)
    document = {**forecast_document(of_asm()), "hours": hours}
    assert f"  time        {shown}\n" in forecast_text(document)


def test_ranges_multiply_and_add() -> None:
    assert Range(1, 2, 3).times(Range(2, 2, math.inf)) == Range(2, 4, math.inf)
    assert Range(0, 0, 0).times(Range(1, math.inf, math.inf)).high == 0.0
    assert Range.total([Range(1, 2, 3), Range(1, 1, 1)]) == Range(2, 3, 4)
    assert span(Range(5, 5, 5)) == "5"
    assert span(Range(0.5, 1_234.6, math.inf)) == "1,235 (0.5 to no end)"


def test_a_pilot_that_wants_more_items_than_there_are_stands_in_the_way() -> None:
    small = recipe(campaign={"target": 10}, domains={"asm": {"weight": 0.5}, "yaze": {"weight": 0.5}})
    (told,) = obstacles_at_best(small, {"asm": 94, "yaze": 95})
    assert told.startswith("asm has 94 items, and the pilot wants 95 tickets of it")
    assert obstacles_at_best(small, {"asm": None, "yaze": 95}) == ()


def test_calls_of_judges_do_not_count_against_the_teachers_day() -> None:
    calls = [Call(0, 0.0, 1.0), Call(0, 1.0, 2.0, of_judge=True), Call(1, 0.0, 1.0)]
    assert Pilot({"asm": [True, True]}, calls).calls_per_ticket == 1.0


def test_a_batch_is_worked_on_at_once() -> None:
    models = {"m": {"model": "m"}}
    assert recipe().at_once == 128
    assert recipe(models=models, teacher={"kind": "batch", "model": "m"}).at_once == 5_000
