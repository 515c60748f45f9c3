"""The rules of the gate: the seed's threshold, and evidence by betting.

Pure. Owns how a verdict follows from evidence. Its arithmetic belongs to ``betting``, the words to ``gate``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from agents.campaign.betting import GRID, Stratum, bounds, log_evidence, log_refutation
from agents.campaign.failures import DUPLICATE, UNJUDGED, UNREADABLE
from agents.campaign.gate import Criterion, Decision, Evidence, JudgedTicket, Rule, Verdict, reaches, unmeasured
from agents.campaign.recipe import GateSection

Values = tuple[float, Sequence[float]]
"""The weight of a domain, and what was measured of each of its tickets, in [0, 1]."""

FIRST_LOOK, LOOKS_GROW = 32, 1.25
"""A refutation counts after so many tickets, and after every number that is so much larger than the one before."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted of the tickets: that the weighted mean of ``value`` is above ``limit``; ``only`` of one domain."""

    name: str
    limit: float
    value: Callable[[JudgedTicket], float]
    only: str | None = None


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """The seed's rule: pilot complete, enough samples, mean quality at the threshold.

    The mean is taken over all finished tickets, those without a score as 0, so that it can only err downwards.
    """

    quality_threshold: float
    min_samples: int
    error_level: float = 0.05
    """Of the bounds that are shown beside the mean; it decides nothing."""

    def decide(self, evidence: Evidence) -> Decision:
        """Return APPROVED only when every criterion passes."""
        criteria = (_completion(evidence), _enough(evidence, self.min_samples), self._quality(evidence))
        gap = unmeasured(evidence)
        failed = next((criterion for criterion in criteria if not criterion.passed), None)
        if not evidence.is_complete:
            verdict, reason, advice = Verdict.PENDING, criteria[0].reason, "Wait for the pilot, or look at its log."
        elif gap and (failed or evidence.bad_scores or evidence.scored > (evidence.finished or 0)):
            verdict, reason, advice = Verdict.ERROR, gap, "Mend the scores in the pilot's log and run it again."
        elif failed:
            verdict, reason = Verdict.REJECTED, failed.reason
            advice = "Read the rejected samples, mend what fails most, run the pilot again; do not launch."
        else:
            verdict, reason, advice = Verdict.APPROVED, criteria[-1].reason, "Launch the campaign."
        return Decision(verdict, reason, advice, criteria)

    def _quality(self, evidence: Evidence) -> Criterion:
        if not evidence.scored:
            return Criterion("quality", False, "No quality scores")
        counted = max(evidence.finished or 0, evidence.scored)
        mean = evidence.score_sum / counted
        passed = reaches(mean, self.quality_threshold)
        relation = ">=" if passed else "<"
        reason = f"Quality {mean:.3f} {relation} {self.quality_threshold:g} over {counted} samples"
        strata = _strata_of(evidence)
        if not strata:
            return Criterion("quality", passed, reason, n=counted, mean=mean, limit=self.quality_threshold)
        measured = measure("quality", strata, self.quality_threshold, self.error_level)
        return replace(measured, passed=passed, reason=reason)


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """Approves what is proven, rejects what is refuted, and says of everything else that it is not known.

    Every criterion must be proven at ``gate.error_level``, which needs no correction: one that is not met is proven
    with at most that chance, whenever one looks. A refuted one rejects, complete or not; that level is shared out over
    the criteria. It is looked for at fixed numbers of tickets, so that the verdict does not depend on when somebody
    looked. Of each criterion the unit is the ticket, for no two tickets of a run share a source item.
    """

    gate: GateSection

    def decide(self, evidence: Evidence) -> Decision:
        """Return the decision; equal evidence gives equal decisions."""
        floors = (_completion(evidence), _enough(evidence, self.gate.min_samples))
        gap = _gap(evidence, self.gate) or _judge_failures(evidence, self.gate)
        if gap is not None and (evidence.is_complete or evidence.bad_scores):
            advice = "Mend what the reason names, then run the pilot again."
            return self._decision(Verdict.ERROR, gap, advice, (*floors, _unknown_quality(gap)))
        measured = tuple(self._measured(evidence)) if gap is None else ()
        criteria = (*floors, *(measured or (_unknown_quality(gap),)))
        refuted = self._refuted(evidence, measured)
        unproven = next((found for found in measured if not found.passed), None)
        if refuted is not None:
            advice = "Read the report, mend what fails most, run the pilot again; do not launch."
            return self._decision(Verdict.REJECTED, f"{refuted.reason}: refuted", advice, criteria)
        if not evidence.is_complete:
            advice = "Wait for the pilot, or look at its log."
            return self._decision(Verdict.PENDING, floors[0].reason, advice, criteria)
        if not floors[1].passed:
            advice = "Run a pilot with more tickets: pilot.tickets in the recipe."
            return self._decision(Verdict.REJECTED, floors[1].reason, advice, criteria)
        if unproven is not None:
            advice = "Buy more evidence with a larger pilot, or let a person decide."
            return self._decision(Verdict.INCONCLUSIVE, f"{unproven.reason}: not proven", advice, criteria)
        return self._decision(Verdict.APPROVED, f"{measured[0].reason}: proven", "Launch the campaign.", criteria)

    def _decision(self, verdict: Verdict, reason: str, advice: str, criteria: Sequence[Criterion]) -> Decision:
        return Decision(verdict, reason, advice, tuple(criteria), "evidence")

    def _aims(self) -> list[Aim]:
        gate = self.gate
        aims = [
            Aim("quality", gate.quality_threshold, lambda ticket: ticket.quality),
            Aim("acceptance", gate.acceptance_floor, lambda ticket: float(ticket.accepted)),
            Aim("unique", 1 - gate.most_duplicates, lambda ticket: float(ticket.failure != DUPLICATE)),
            Aim("readable", 1 - gate.most_unreadable, lambda ticket: float(ticket.failure != UNREADABLE)),
        ]
        floors = sorted(gate.domain_floors.items())
        aims += [Aim(f"quality of {name}", floor, lambda ticket: ticket.quality, name) for name, floor in floors]
        return [aim for aim in aims if aim.limit > 0]

    def _measured(self, evidence: Evidence) -> list[Criterion]:
        return [_measured(aim, evidence, self.gate.error_level) for aim in self._aims()]

    def _refuted(self, evidence: Evidence, measured: Sequence[Criterion]) -> Criterion | None:
        """Return the first criterion that a look refutes: as it is ``measured`` now, or then where it no longer is."""
        aims = self._aims()
        enough = math.log(len(aims) / self.gate.error_level)
        for seen, by_aim in _looks(evidence, aims) if measured else ():
            for aim, now, strata in zip(aims, measured, by_aim, strict=True):
                if log_refutation(strata, aim.limit) < enough:
                    continue
                then = _measured(aim, replace(evidence, tickets=evidence.tickets[:seen]), self.gate.error_level)
                return now if now.log_refutation is not None and now.log_refutation >= enough else then
        return None


def _measured(aim: Aim, evidence: Evidence, error_level: float) -> Criterion:
    return measure(aim.name, _values(evidence, aim.value, aim.only), aim.limit, error_level)


def _looks(evidence: Evidence, aims: Sequence[Aim]) -> Iterator[tuple[int, list[list[Stratum]]]]:
    """Yield after each number of tickets at which a refutation counts that number and the strata of each aim."""
    weights = [evidence.weights if aim.only is None else {aim.only: 1.0} for aim in aims]
    counts = [{domain: Counter[int]() for domain in evidence.weights} for _ in aims]
    due = FIRST_LOOK
    for seen, ticket in enumerate(evidence.tickets, 1):
        for aim, of_aim in zip(aims, counts, strict=True):
            of_aim[ticket.domain][math.floor(aim.value(ticket) * GRID)] += 1
        is_last = evidence.is_complete and seen == len(evidence.tickets)
        if seen == due or is_last:
            due = math.ceil(due * LOOKS_GROW) if seen == due else due
            yield (
                seen,
                [
                    [Stratum(weight, of_aim[domain]) for domain, weight in of_weights.items()]
                    for of_aim, of_weights in zip(counts, weights, strict=True)
                ],
            )


def measure(name: str, values: Sequence[Values], limit: float, error_level: float) -> Criterion:
    """Return the criterion "the weighted mean of ``values`` is above ``limit``" with bounds and evidence.

    Args:
        name: what is measured.
        values: weight and values in [0, 1] of each domain; the weights sum to 1.
        limit: what the mean must be above, in (0, 1].
        error_level: chance in (0, 1) of a proof of what is not so, and of either bound.
    """
    strata = [Stratum.of(weight, scores) for weight, scores in values]
    count = sum(len(scores) for _, scores in values)
    seen = [(weight, scores) for weight, scores in values if scores]
    mean = sum(weight * sum(scores) / len(scores) for weight, scores in seen) / sum(weight for weight, _ in seen)
    lower, upper = bounds(strata, error_level)
    evidence = log_evidence(strata, limit)
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
        log_refutation=log_refutation(strata, limit),
    )


def rule_for(gate: GateSection, *, is_ours: bool) -> Rule:
    """Return the rule that the plan names for a pilot of ours, or for one that is only watched."""
    if gate.rule == "evidence" or (gate.rule == "auto" and is_ours):
        return EvidenceRule(gate)
    return ThresholdRule(gate.quality_threshold, gate.min_samples, gate.error_level)


def _completion(evidence: Evidence) -> Criterion:
    done = "unknown" if evidence.finished is None else str(evidence.finished)
    state = "complete" if evidence.is_complete else "not complete"
    return Criterion("completion", evidence.is_complete, f"Pilot {state}: {done}/{evidence.expected} samples")


def _enough(evidence: Evidence, wanted: int) -> Criterion:
    finished = evidence.finished or 0
    passed = finished >= wanted
    return Criterion("min_samples", passed, f"{finished} samples, at least {wanted} wanted")


def _unknown_quality(gap: str | None) -> Criterion:
    return Criterion("quality", False, gap or "No quality scores")


def _gap(evidence: Evidence, gate: GateSection) -> str | None:
    """Return why the evidence cannot be weighed, or None when it can."""
    if (gap := unmeasured(evidence)) is not None:
        return gap
    if len(evidence.tickets) != evidence.scored or not evidence.weights:
        return "The evidence rule needs the domain and score of every ticket: only a pilot of ours tells them"
    if not all(0.0 <= ticket.quality <= 1.0 for ticket in evidence.tickets):
        return "A score of the pilot is not a number in [0, 1]"
    known, planned = {ticket.domain for ticket in evidence.tickets}, set(evidence.weights)
    differing = {
        "Tickets of {}, which is no domain of the pilot's plan": known - planned,
        "No scores of {}": planned - known,
        "gate.domain_floors names {}, which is no domain of the pilot's plan": set(gate.domain_floors) - planned,
    }
    return next((text.format(", ".join(sorted(names))) for text, names in differing.items() if names), None)


def _judge_failures(evidence: Evidence, gate: GateSection) -> str | None:
    """Return that the judge failed too often for the scores to be a measurement, or None when it did not."""
    failed = sum(ticket.failure == UNJUDGED for ticket in evidence.tickets)
    if failed <= gate.most_unjudged * len(evidence.tickets):
        return None
    return (
        f"The judge failed on {failed} of {len(evidence.tickets)} answers, gate.most_unjudged allows "
        f"{gate.most_unjudged:.0%}"
    )


def _values(evidence: Evidence, value: Callable[[JudgedTicket], float], only: str | None) -> list[Values]:
    weights = evidence.weights if only is None else {only: 1.0}
    return [
        (weight, [value(ticket) for ticket in evidence.tickets if ticket.domain == domain])
        for domain, weight in sorted(weights.items())
    ]


def _strata_of(evidence: Evidence) -> list[Values]:
    """Return what is known of the scores one by one: by domain, or in one stratum where the log tells of none."""
    if evidence.tickets:
        return _values(evidence, lambda ticket: ticket.quality, None)
    return [(1.0, evidence.scores)] if evidence.scores else []
