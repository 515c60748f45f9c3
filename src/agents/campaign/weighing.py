"""Weighing evidence: what is asked of the tickets of a pilot, and how strongly they show it.

Pure. Owns measured criteria and the numbers of tickets at which evidence counts. Its arithmetic belongs to ``betting``,
what follows from it to ``rules``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from agents.campaign.betting import (
    GRID,
    Stratum,
    is_proven,
    is_refuted,
    log_evidence,
    log_refutation,
    lower_bound,
    upper_bound,
)
from agents.campaign.drift import alarm_level, highest_evidence
from agents.campaign.failures import UNJUDGED
from agents.campaign.gate import Criterion, Evidence, JudgedTicket

FIRST_LOOK, LOOKS_GROW = 32, 1.1
"""Evidence counts after so many tickets, after every number that is so much larger than the one before, and at the end.

A verdict then depends on the scores and never on when somebody looked."""


@dataclass(frozen=True, slots=True)
class Values:
    """The weight of a domain, and what was measured of each of its tickets, in [0, 1].

    Of the zeros ``unknown`` ones are tickets that the judge failed on: they speak for nothing, and against nothing.
    """

    weight: float
    values: Sequence[float]
    unknown: int = 0

    @property
    def strata(self) -> tuple[Stratum, Stratum]:
        """The stratum with what is not known at its worst, and at its best."""
        worst = Stratum.of(self.weight, self.values)
        return worst, worst.lifted(self.unknown)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted of the tickets: that the weighted mean of ``value`` is above ``limit``; ``only`` of one domain."""

    name: str
    limit: float
    value: Callable[[JudgedTicket], float]
    only: str | None = None

    def is_unknown(self, ticket: JudgedTicket) -> bool:
        """Whether nothing is known of ``ticket``, which counts as 0."""
        return ticket.failure == UNJUDGED and self.value(ticket) == 0.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """A criterion as it is ``now``, and as it was when a look refuted it, if one did."""

    now: Criterion
    refuted: Criterion | None = None


def weigh(aims: Sequence[Aim], evidence: Evidence, error_level: float) -> list[Weighed]:
    """Return each aim as the tickets of ``evidence`` show it.

    What a look has proven stays proven, unless the mean has fallen below the limit since: a teacher may have changed.

    Args:
        aims: what is asked, at least one.
        evidence: has the weights of the domains and every settled ticket in its order.
        error_level: chance in (0, 1) of a proof of what is not so; of refuting any aim that is met.
    """
    proven, refuted = _decided(aims, evidence, error_level)
    level = alarm_level(max(1, len(evidence.tickets)), len(aims), error_level)
    weighed = []
    for aim in aims:
        now, then = _measured(aim, evidence, error_level), None
        if (at := refuted.get(aim.name)) is not None:
            then = _measured(aim, replace(evidence, tickets=evidence.tickets[:at]), error_level)
        if (first := proven.get(aim.name)) is None:
            now = replace(now, passed=False)
        elif _highest(aim, evidence) >= level:
            now = replace(now, passed=False, reason=f"{now.reason}, and it fell below {aim.limit:g} on the way")
        elif not now.passed:
            now = replace(now, passed=True, reason=f"{now.reason}, by the first {first} of them")
        weighed.append(Weighed(now, then))
    return weighed


def _decided(aims: Sequence[Aim], evidence: Evidence, error_level: float) -> tuple[dict[str, int], dict[str, int]]:
    """Return after how many tickets each aim was first proven, and first refuted, where it was."""
    proof, refutation = math.log(1 / error_level), math.log(len(aims) / error_level)
    proven: dict[str, int] = {}
    refuted: dict[str, int] = {}
    for seen, by_aim in _looks(evidence, aims):
        for aim, (worst, best) in zip(aims, by_aim, strict=True):
            # There is no evidence for what the mean itself denies.
            if _mean(best) < aim.limit:
                if aim.name not in refuted and is_refuted(best, aim.limit, refutation):
                    refuted[aim.name] = seen
            elif aim.name not in proven and is_proven(worst, aim.limit, proof):
                proven[aim.name] = seen
    return proven, refuted


def _mean(strata: Sequence[Stratum]) -> float:
    return sum(stratum.weight * stratum.mean for stratum in strata)


def looks_until(count: int) -> int:
    """Return how many looks there are up to ``count`` tickets, the one at the end of a pilot aside."""
    looks, due = 0, FIRST_LOOK
    while due <= count:
        looks, due = looks + 1, math.ceil(due * LOOKS_GROW)
    return looks


def measure(name: str, values: Sequence[Values], limit: float, error_level: float) -> Criterion:
    """Return the criterion "the weighted mean of ``values`` is above ``limit``" with bounds and evidence.

    Args:
        name: what is measured.
        values: weight and values in [0, 1] of each domain; the weights sum to 1.
        limit: what the mean must be above, in (0, 1].
        error_level: chance in (0, 1) of a proof of what is not so, and of either bound.
    """
    worst, best = zip(*(of.strata for of in values), strict=True)
    count = sum(len(of.values) for of in values)
    seen = [of for of in values if of.values]
    mean = sum(of.weight * sum(of.values) / len(of.values) for of in seen) / sum(of.weight for of in seen)
    lower, upper = lower_bound(worst, error_level), upper_bound(best, error_level)
    evidence = log_evidence(worst, limit)
    passed = evidence >= math.log(1 / error_level)
    relation = ">" if mean > limit else "<" if mean < limit else "="
    return Criterion(
        name,
        passed,
        f"{name.capitalize()} {mean:.3f} {relation} {limit:g} over {count} samples ({lower:.3f} to {upper:.3f})",
        n=count,
        mean=mean,
        lower=lower,
        upper=upper,
        limit=limit,
        log_evidence=evidence,
        log_refutation=log_refutation(best, limit),
    )


def values_of(aim: Aim, evidence: Evidence) -> list[Values]:
    """Return what ``aim`` measures of every ticket, by domain."""
    weights = evidence.weights if aim.only is None else {aim.only: 1.0}
    by_domain: dict[str, list[JudgedTicket]] = {domain: [] for domain in sorted(weights)}
    for ticket in evidence.tickets:
        if ticket.domain in by_domain:
            by_domain[ticket.domain].append(ticket)
    return [
        Values(weights[domain], [aim.value(ticket) for ticket in tickets], sum(map(aim.is_unknown, tickets)))
        for domain, tickets in by_domain.items()
    ]


def _measured(aim: Aim, evidence: Evidence, error_level: float) -> Criterion:
    return measure(aim.name, values_of(aim, evidence), aim.limit, error_level)


def _highest(aim: Aim, evidence: Evidence) -> float:
    """Return the highest evidence on the way that the mean of all tickets had fallen below the limit.

    Domains are taken in turn, each in the order of its tickets: that one comes after another is no fall.
    """
    totals = Counter(ticket.domain for ticket in evidence.tickets)
    seen: Counter[str] = Counter()
    turns = []
    for ticket in evidence.tickets:
        if aim.only in {None, ticket.domain} and not aim.is_unknown(ticket):
            turns.append((seen[ticket.domain] / totals[ticket.domain], aim.value(ticket)))
            seen[ticket.domain] += 1
    return highest_evidence((value for _, value in sorted(turns, key=itemgetter(0))), min(aim.limit, 1 - 1 / GRID))


def _looks(evidence: Evidence, aims: Sequence[Aim]) -> Iterator[tuple[int, list[tuple[list[Stratum], list[Stratum]]]]]:
    """Yield each number of tickets at which evidence counts, and the strata of each aim then, at worst and at best."""
    counts = [{domain: Counter[int]() for domain in evidence.weights} for _ in aims]
    unknown = [Counter[str]() for _ in aims]
    due = FIRST_LOOK
    for seen, ticket in enumerate(evidence.tickets, 1):
        for aim, of_aim, not_known in zip(aims, counts, unknown, strict=True):
            of_aim[ticket.domain][math.floor(aim.value(ticket) * GRID)] += 1
            if aim.is_unknown(ticket):
                not_known[ticket.domain] += 1
        is_due = seen == due
        if is_due:
            due = math.ceil(due * LOOKS_GROW)
        if is_due or (evidence.is_complete and seen == len(evidence.tickets)):
            yield seen, [_strata(evidence, *parts) for parts in zip(aims, counts, unknown, strict=True)]


def _strata(
    evidence: Evidence, aim: Aim, counts: Mapping[str, Counter[int]], unknown: Counter[str]
) -> tuple[list[Stratum], list[Stratum]]:
    weights = evidence.weights if aim.only is None else {aim.only: 1.0}
    worst = [Stratum(weight, counts[domain]) for domain, weight in weights.items()]
    return worst, [stratum.lifted(unknown[domain]) for stratum, domain in zip(worst, weights, strict=True)]
