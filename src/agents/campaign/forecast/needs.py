"""What the domains of a campaign owe, and the tickets that this takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agents.campaign.forecast.ranges import SPREAD, End, Range
from agents.campaign.recipe import Recipe

Capacity = Mapping[str, int | None]
"""Distinct items of each domain, None for one that does not end."""


@dataclass(frozen=True, slots=True)
class DomainForecast:
    """What a domain owes, the tickets that this takes, the most that it may issue, and its capacity."""

    name: str
    owes: int
    acceptance: Range
    tickets: Range
    budget: int
    capacity: int | None


def domains_of(
    recipe: Recipe, target: int, acceptance: Mapping[str, Range], capacity: Capacity
) -> tuple[DomainForecast, ...]:
    """Return what each domain owes and needs when the campaign owes ``target`` samples.

    Few tickets are needed where acceptance is high and luck good, many where acceptance is low and luck bad.
    """
    lucks: tuple[tuple[End, int], ...] = (("high", -1), ("expected", 0), ("low", 1))
    fewest, likely, most = (
        _needs(recipe, target, {name: part.at(end) for name, part in acceptance.items()}, capacity, luck)
        for end, luck in lucks
    )
    per_sample = recipe.campaign.tickets_per_sample
    return tuple(
        DomainForecast(
            name=name,
            owes=round(likely[name][0]),
            acceptance=part,
            tickets=Range(fewest[name][1], likely[name][1], most[name][1]),
            budget=math.ceil(per_sample * likely[name][0] - 1e-9),
            capacity=capacity.get(name),
        )
        for name, part in acceptance.items()
    )


def _needs(
    recipe: Recipe, target: int, shares: Mapping[str, float], capacity: Capacity, luck: int
) -> dict[str, tuple[float, float]]:
    """Return the samples and the tickets of each domain when ``shares`` of the tickets are accepted.

    Where the recipe says so, the others make up for a domain that has too few items or tickets.
    """
    makes_up, per_sample = recipe.campaign.on_exhausted == "redistribute", recipe.campaign.tickets_per_sample
    live = {name: section.weight for name, section in recipe.domains.items()}
    spent: dict[str, tuple[float, float]] = {}
    while True:
        rest, weights = target - sum(samples for samples, _ in spent.values()), sum(live.values())
        owed = {name: rest * weight / weights for name, weight in live.items()}
        most = {name: min(per_sample * owes, _items(capacity, name)) for name, owes in owed.items()}
        short = {name for name, owes in owed.items() if most[name] * shares[name] < owes}
        if not makes_up or not short or short == live.keys():
            return spent | {name: (owes, _tickets(owes, shares[name], luck)) for name, owes in owed.items()}
        spent |= {name: (most[name] * shares[name], most[name]) for name in short}
        live = {name: weight for name, weight in live.items() if name not in short}


def _items(capacity: Capacity, name: str) -> float:
    items = capacity.get(name)
    return math.inf if items is None else items


def _tickets(owes: float, share: float, luck: int) -> float:
    """Return the tickets until ``owes`` are accepted: the mean of the negative binomial, and its spread times ``luck``.

    A domain owes whole samples; which way its share is rounded is for luck too.
    """
    samples = (math.floor(owes + 1e-9), owes, math.ceil(owes - 1e-9))[luck + 1]
    if share <= 0.0:
        return math.inf if samples else 0.0
    return max(samples, (samples + luck * SPREAD * math.sqrt(samples * (1.0 - share))) / share)
