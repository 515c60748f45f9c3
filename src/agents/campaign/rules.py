"""The rules of the gate: the seed's threshold, and evidence by betting.

Pure. Owns how a verdict follows from evidence. How it is weighed belongs to ``weighing``, the words to ``gate``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from agents.campaign.failures import DUPLICATE, UNJUDGED, UNREADABLE
from agents.campaign.gate import Criterion, Decision, Evidence, Rule, Verdict, reaches, unmeasured
from agents.campaign.recipe import GateSection
from agents.campaign.weighing import Aim, Values, Weighed, measure, values_of, weigh


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
    the criteria. Of each criterion the unit is the ticket, for no two tickets of a run share a source item.
    """

    gate: GateSection

    def decide(self, evidence: Evidence) -> Decision:
        """Return the decision; equal evidence gives equal decisions."""
        floors = (_completion(evidence), _enough(evidence, self.gate.min_samples))
        gap = _gap(evidence, self.gate.domain_floors) or _judge_failures(evidence, self.gate)
        if gap is not None and (evidence.is_complete or evidence.bad_scores):
            advice = "Mend what the reason names, then run the pilot again."
            return self._decision(Verdict.ERROR, gap, advice, (*floors, _unknown_quality(gap)))
        weighed = weigh(self._aims(), evidence, self.gate.error_level) if gap is None else []
        criteria = (*floors, *(each.now for each in weighed)) if weighed else (*floors, _unknown_quality(gap))
        refuted = next((each for each in weighed if each.refuted is not None), None)
        unproven = next((each.now for each in weighed if not each.now.passed), None)
        if refuted is not None:
            advice = "Read the report, mend what fails most, run the pilot again; do not launch."
            return self._decision(Verdict.REJECTED, f"{self._refuting(refuted)}: refuted", advice, criteria)
        if not evidence.is_complete:
            advice = "Wait for the pilot, or look at its log."
            return self._decision(Verdict.PENDING, floors[0].reason, advice, criteria)
        if not floors[1].passed:
            advice = "Run a pilot with more tickets: pilot.tickets in the recipe."
            return self._decision(Verdict.REJECTED, floors[1].reason, advice, criteria)
        if unproven is not None:
            is_near = unproven.mean is not None and unproven.limit is not None and unproven.mean > unproven.limit
            step = "Buy more evidence: pilot.max_tickets in the recipe" if is_near else "Mend what fails most"
            advice = f"{step}, or let a person decide."
            return self._decision(Verdict.INCONCLUSIVE, f"{unproven.reason}: not proven", advice, criteria)
        return self._decision(Verdict.APPROVED, f"{weighed[0].now.reason}: proven", "Launch the campaign.", criteria)

    def _refuting(self, weighed: Weighed) -> str:
        """Return the reason of the criterion now if it is still refuted, else of when it was."""
        enough = math.log(len(self._aims()) / self.gate.error_level)
        now, then = weighed.now, weighed.refuted or weighed.now
        return now.reason if (now.log_refutation or 0.0) >= enough else then.reason

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


def _gap(evidence: Evidence, floors: Collection[str] = ()) -> str | None:
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
        "gate.domain_floors names {}, which is no domain of the pilot's plan": set(floors) - planned,
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


def _strata_of(evidence: Evidence) -> list[Values]:
    """Return what is known of the scores one by one: by domain, or in one stratum where the log tells of none."""
    if evidence.tickets:
        return [] if _gap(evidence) else values_of(Aim("quality", 1.0, lambda ticket: ticket.quality), evidence)
    return [Values(1.0, evidence.scores)] if evidence.scores else []
