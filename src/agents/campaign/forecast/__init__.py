"""The forecast of a campaign: what a pilot says about its tickets, tokens, money and hours, and whether it can end.

Pure. Every figure is a range. Its low end supposes that the acceptance of every domain is at its upper confidence bound
and that luck helps by two standard deviations, its high end the opposite; what a ticket takes is its mean and two
standard errors around it. What is not known is None, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agents.campaign.forecast.limits import Limit, limits_of, reachable_target
from agents.campaign.forecast.needs import Capacity, DomainForecast, domains_of
from agents.campaign.forecast.pilot import Pilot
from agents.campaign.forecast.ranges import Range
from agents.campaign.recipe import Recipe

DAY_HOURS = 24.0
UNPRICED = (
    "guards.max_cost is set, and what a ticket counts for is not known, as the pilot was made without prices: raise it "
    "when the campaign pauses"
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a campaign will take. ``obstacles`` stand in its way even at the low end, ``doubts`` only at the high one.

    Each is a sentence with its cure. ``reachable`` is the largest target that items and caps allow: its low end safely,
    its high end at the best.
    """

    target: int
    pilot_tickets: int
    domains: tuple[DomainForecast, ...]
    tickets: Range
    hours: Range | None
    tokens_in: Range | None
    tokens_out: Range | None
    cost: Range | None
    reachable: Range
    obstacles: tuple[str, ...]
    doubts: tuple[str, ...]


def forecast(recipe: Recipe, pilot: Pilot, capacity: Capacity) -> Forecast:
    """Return the forecast of the campaign of ``recipe``, from a pilot with a settled ticket in each of its domains."""
    level = recipe.gate.error_level / len(recipe.domains)
    acceptance = {name: pilot.acceptance(name, level) for name in sorted(recipe.domains)}
    domains = domains_of(recipe, recipe.campaign.target, acceptance, capacity)
    tickets = Range.total([domain.tickets for domain in domains])
    taken = {name: pilot.per_ticket(name) for name in ("tokens_in", "tokens_out", "cost")}
    charged = pilot.charged_per_ticket()
    reachable = reachable_target(recipe, acceptance, capacity, charged)
    limits = limits_of(recipe, recipe.campaign.target, domains, charged)
    unpriced = [UNPRICED] if recipe.guards.max_cost is not None and charged is None else []
    return Forecast(
        target=recipe.campaign.target,
        pilot_tickets=pilot.tickets,
        domains=domains,
        tickets=tickets,
        hours=_hours(recipe, pilot, tickets),
        **{name: None if each is None else tickets.times(each) for name, each in taken.items()},
        reachable=reachable,
        obstacles=tuple(limit.sentence(reachable) for limit in limits if _is_passed(limit)),
        doubts=(
            *(limit.sentence(reachable) for limit in limits if limit.needs.high > limit.allowed >= limit.needs.low),
            *unpriced,
        ),
    )


def obstacles_at_best(recipe: Recipe, capacity: Capacity) -> tuple[str, ...]:
    """Return what stands in the way of the campaign of ``recipe`` even if every ticket were accepted."""
    perfect = dict.fromkeys(sorted(recipe.domains), Range(1.0, 1.0, 1.0))
    domains = domains_of(recipe, recipe.campaign.target, perfect, capacity)
    reachable = reachable_target(recipe, perfect, capacity, None)
    limits = limits_of(recipe, recipe.campaign.target, domains, None)
    return (
        *_of_pilot(recipe, capacity),
        *(limit.sentence(reachable) for limit in limits if _is_passed(limit)),
    )


def _of_pilot(recipe: Recipe, capacity: Capacity) -> Iterator[str]:
    """Yield the domains that have fewer items than the pilot wants tickets of them."""
    for name, section in sorted(recipe.domains.items()):
        items, wanted = capacity.get(name), math.floor(recipe.pilot.tickets * section.weight)
        if items is not None and items < wanted:
            yield (
                f"{name} has {items:,} items, and the pilot wants {wanted:,} tickets of it, each with an item of its "
                "own: give it more items, or lower pilot.tickets and gate.min_samples"
            )


def _is_passed(limit: Limit) -> bool:
    return limit.needs.low > limit.allowed


def _hours(recipe: Recipe, pilot: Pilot, tickets: Range) -> Range | None:
    """Return how long the tickets take; after as many requests as a day allows, the next day is waited for."""
    each, per_day = pilot.hours_per_ticket(recipe.at_once), recipe.costs.requests_per_day
    if each is None:
        return None
    work, requests = tickets.times(each), tickets.times(Range.each(lambda _: pilot.calls_per_ticket))
    if per_day is None:
        return work
    made = Range(0.0, 0.0, min(per_day, pilot.calls_per_ticket * pilot.tickets))
    return Range.each(lambda end: _with_waits(work.at(end), requests.at(end), made.at(end), per_day))


def _with_waits(work: float, requests: float, made: float, per_day: int) -> float:
    """Return the hours of ``requests`` that take ``work`` hours, when ``made`` of the first day's are made already."""
    if math.isinf(requests):
        return math.inf
    days = max(0, math.ceil((made + requests) / per_day) - 1)
    last = min(requests, made + requests - days * per_day)
    return max(work, DAY_HOURS * days + work * last / requests)
