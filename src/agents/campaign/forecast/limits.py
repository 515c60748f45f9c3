"""What may keep a campaign from its target: items, ticket budgets and caps, each with its cure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.campaign.forecast.needs import Capacity, DomainForecast, domains_of
from agents.campaign.forecast.ranges import ENDS, End, Range, span, whole_span
from agents.campaign.recipe import Recipe

MAKE_UP = ", or have the others make up for it (campaign.on_exhausted: redistribute)"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that allows only so much. ``eases`` tells whether a lower target helps."""

    what: str
    needs: Range
    allowed: float
    cure: str
    eases: bool = True

    def sentence(self, reachable: Range) -> str:
        """Return what stands in the way, and the cure."""
        lower = f", or lower campaign.target to {reachable.low:,.0f}" if self.eases and reachable.low else ""
        return f"{self.what}: {self.cure}{lower}"


def limits_of(recipe: Recipe, target: int, domains: Sequence[DomainForecast], charged: Range | None) -> list[Limit]:
    """Return everything that allows only so much, beside what ``target`` samples need.

    ``domains`` are what ``domains_of`` gave for that target, ``charged`` is what a ticket counts for against the cap on
    money.
    """
    tickets = Range.total([domain.tickets for domain in domains])
    makes_up = recipe.campaign.on_exhausted == "redistribute"
    others = "" if makes_up or len(domains) == 1 else MAKE_UP
    budgets = [(domain.name, domain.owes, domain.tickets, domain.budget) for domain in domains]
    if makes_up:
        budgets = [("the campaign", target, tickets, math.ceil(recipe.campaign.tickets_per_sample * target))]
    return [
        *(_of_items(domain, domain.capacity, others) for domain in domains if domain.capacity is not None),
        *(_of_budget(*budget, others) for budget in budgets),
        *_of_guards(recipe, tickets, charged),
    ]


def reachable_target(
    recipe: Recipe, acceptance: Mapping[str, Range], capacity: Capacity, charged: Range | None
) -> Range:
    """Return the largest target that items and caps allow, up to that of the recipe.

    Its low end is safe, its high end is the best that may be. The ticket budget grows with the target and counts not.
    """

    def is_beyond(target: int, end: End) -> bool:
        limits = limits_of(recipe, target, domains_of(recipe, target, acceptance, capacity), charged)
        return any(limit.eases and limit.needs.at(end) > limit.allowed for limit in limits)

    targets = range(1, recipe.campaign.target + 1)
    most, likely, safe = (bisect_left(targets, True, key=lambda target: is_beyond(target, end)) for end in ENDS)
    return Range(min(safe, likely, most), min(likely, most), most)


def _of_items(domain: DomainForecast, capacity: int, others: str) -> Limit:
    what = (
        f"{domain.name} has {capacity:,} items, and its {domain.owes:,} samples take {whole_span(domain.tickets)} "
        "tickets, each with an item of its own"
    )
    return Limit(what, domain.tickets, capacity, f"give it more items{others}")


def _of_budget(name: str, owes: int, needs: Range, allowed: int, others: str) -> Limit:
    budget = f"campaign.tickets_per_sample allows {name} {allowed:,} tickets"
    what = f"{budget}, and its {owes:,} samples take {whole_span(needs)}"
    return Limit(what, needs, allowed, f"{_raise_to(needs, max(1, owes))}{others}", eases=False)


def _of_guards(recipe: Recipe, tickets: Range, charged: Range | None) -> list[Limit]:
    guards = recipe.guards
    found = []
    if guards.max_tickets is not None:
        what = f"guards.max_tickets allows {guards.max_tickets:,} tickets, and {whole_span(tickets)} are needed"
        found.append(Limit(what, tickets, guards.max_tickets, _raise_to(tickets, places=0)))
    if guards.max_cost is not None and charged is not None:
        needs = tickets.times(charged)
        what = (
            f"guards.max_cost allows {guards.max_cost:,g}, and {span(needs)} count against it, an answer whose cost "
            "nobody told with what was reserved for it"
        )
        found.append(Limit(what, needs, guards.max_cost, _raise_to(needs)))
    return found


def _raise_to(needs: Range, per: int = 1, places: int = 1) -> str:
    """Return the advice to raise a key to what is enough: the high end, or the expected value where that has no end.

    It is rounded up to ``places`` after the point, and from 100 on to a whole number.
    """
    enough = [value / per for value in (needs.high, needs.expected) if math.isfinite(value)]
    if not enough:
        return "mend first what makes all tickets fail"
    step = 1 if enough[0] >= 100 else 10**places
    value = math.ceil(step * enough[0]) / step
    return f"raise it to {value:,.0f}" if value >= 100 else f"raise it to {value:g}"
