"""The choice between candidates: who is tried on how many tickets, who is dropped, who wins.

Pure. Owns successive halving (Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", 2016) and its ranking. Never runs a trial and never approves: the winner makes a pilot of its own, and
that goes to the gate.

All candidates answer the same source items, so that a difference between two is theirs and not that of their items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from agents.campaign.betting import Stratum, bounds
from agents.campaign.gate import reaches
from agents.campaign.recipe import TRIAL_STEP, Recipe, halvings


@dataclass(frozen=True, slots=True)
class Tried:
    """A settled ticket of a trial: its quality in [0, 1], and what its answer cost where that is known."""

    item_id: str
    domain: str
    quality: float
    accepted: bool
    cost: float | None = None


Trials = Mapping[str, Sequence[Tried]]
"""By candidate the tickets of its trial, in the order of settling."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate in one rung: weighted mean quality and acceptance in [0, 1], mean cost of an answer, its worth.

    ``worth`` is quality per cost where the cost of all candidates is known, infinite where that is 0; else quality.
    """

    name: str
    tickets: int
    quality: float
    acceptance: float
    cost: float | None
    worth: float
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Lead:
    """How much the winner's quality is above another candidate's on the same ``items``, with its bounds."""

    over: str
    items: int
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a choice stands: the rungs that are decided, best candidate first; the winner when all are.

    Until then ``wanted`` names the candidates whose trials must have ``tickets`` tickets next.
    """

    rungs: tuple[tuple[Standing, ...], ...] = ()
    winner: str | None = None
    wanted: tuple[str, ...] = ()
    tickets: int = 0
    leads: tuple[Lead, ...] = ()
    per_cost: bool = False

    def document(self) -> dict[str, Any]:
        """Return the choice as JSON values."""
        return asdict(self)


def choose(recipe: Recipe, trials: Trials) -> Choice:
    """Return where the choice between the candidates of ``recipe`` stands, as ``trials`` show it.

    Every rung has an equal part of ``trials.tickets``, shared by those who are left; then the better half goes on.
    Candidates whose mean reaches the gate's threshold come before all others, and of two the one of more worth.
    """
    left = list(recipe.candidates)
    part = recipe.trials.tickets // halvings(len(left))
    decided: list[tuple[Standing, ...]] = []
    tickets = 0
    while len(left) > 1:
        tickets += part // len(left) // TRIAL_STEP * TRIAL_STEP
        wanted = tuple(name for name in left if len(trials.get(name, ())) < tickets)
        if wanted:
            return Choice(tuple(decided), None, wanted, tickets)
        rung = _ranked(recipe, {name: trials[name][:tickets] for name in left})
        decided.append(rung)
        left = [standing.name for standing in rung if standing.kept]
    winner = left[0]
    level = recipe.gate.error_level
    leads = (_lead(trials[winner], trials[over], over, level) for over in recipe.candidates if over != winner)
    per_cost = all(standing.cost is not None for standing in decided[-1])
    return Choice(tuple(decided), winner, (), tickets, tuple(filter(None, leads)), per_cost)


def _ranked(recipe: Recipe, trials: Trials) -> tuple[Standing, ...]:
    costs = {name: _cost(tickets) for name, tickets in trials.items()}
    is_known = all(cost is not None for cost in costs.values())
    standings = []
    for name, tickets in trials.items():
        quality = _weighted(recipe, tickets, [ticket.quality for ticket in tickets])
        acceptance = _weighted(recipe, tickets, [float(ticket.accepted) for ticket in tickets])
        cost = costs[name]
        worth = quality if cost is None or not is_known else quality / cost if cost else math.inf
        standings.append(Standing(name, len(tickets), quality, acceptance, cost, worth))
    threshold = recipe.gate.quality_threshold
    standings.sort(
        key=lambda standing: (reaches(standing.quality, threshold), standing.worth, standing.quality), reverse=True
    )
    keep = math.ceil(len(standings) / 2)
    return tuple(replace(standing, kept=place < keep) for place, standing in enumerate(standings))


def _cost(tickets: Sequence[Tried]) -> float | None:
    costs = [ticket.cost for ticket in tickets if ticket.cost is not None]
    return sum(costs) / len(costs) if costs and len(costs) == len(tickets) else None


def _weighted(recipe: Recipe, tickets: Sequence[Tried], values: Sequence[float]) -> float:
    """Return the mean of ``values`` with the campaign's weights; of the domains that a small trial has tickets of."""
    by_domain: dict[str, list[float]] = {}
    for ticket, value in zip(tickets, values, strict=True):
        by_domain.setdefault(ticket.domain, []).append(value)
    weights = {name: recipe.domains[name].weight for name in by_domain}
    return sum(weights[name] * sum(of) / len(of) for name, of in by_domain.items()) / sum(weights.values())


def _lead(winner: Sequence[Tried], other: Sequence[Tried], over: str, level: float) -> Lead | None:
    """Return the lead on the items that both have, if any; its bounds are those of the mean of (1 + difference) / 2."""
    others = {ticket.item_id: ticket.quality for ticket in other}
    halves = [(1 + ticket.quality - others[ticket.item_id]) / 2 for ticket in winner if ticket.item_id in others]
    if not halves:
        return None
    lower, upper = bounds([Stratum.of(1.0, halves)], level)
    return Lead(over, len(halves), 2 * sum(halves) / len(halves) - 1, 2 * lower - 1, 2 * upper - 1)


def choice_text(document: Mapping[str, Any]) -> str:
    """Return the choice that ``Choice.document`` tells of, as lines of plain text."""
    basis = "quality per cost" if document["per_cost"] else "quality"
    lines = []
    for number, rung in enumerate(document["rungs"], 1):
        lines.append(f"Rung {number}, {rung[0]['tickets']} tickets each:")
        for standing in rung:
            cost = "" if standing["cost"] is None else f", cost {standing['cost']:.4g} each"
            lines.append(
                f"  {'kept   ' if standing['kept'] else 'dropped'} {standing['name']}: quality "
                f"{standing['quality']:.3f}, accepted {standing['acceptance']:.1%}{cost}"
            )
    if document["winner"] is None:
        return "\n".join([*lines, f"Tried next: {', '.join(document['wanted'])}, up to {document['tickets']} tickets"])
    lines.append(f"Chosen by {basis}: {document['winner']}")
    lines += [
        f"  quality over {lead['over']} on the same {lead['items']} items: {lead['mean']:+.3f} "
        f"({lead['lower']:+.3f} to {lead['upper']:+.3f})"
        for lead in document["leads"]
    ]
    return "\n".join(lines)
