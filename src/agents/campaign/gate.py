"""The gate: whether the evidence of a pilot deserves the campaign.

Pure. Owns the verdicts and the rules that reach them. Never launches and never measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from agents.campaign.errors import ExitCode
from agents.campaign.progress import Progress
from agents.campaign.recipe import GateSection

SEED_CHECKS = ("completion", "min_samples", "quality")
"""Names of the criteria that every decision has."""
ROUNDING = 1e-9
"""A sum of a million binary fractions errs by less than this; no score is measured this finely."""


class Verdict(StrEnum):
    """What was decided. Only APPROVED launches."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"

    @property
    def exit_code(self) -> ExitCode:
        """What a command that ends with this verdict exits with."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.PENDING: ExitCode.WAITING,
    Verdict.APPROVED: ExitCode.DONE,
    Verdict.REJECTED: ExitCode.REJECTED,
    Verdict.INCONCLUSIVE: ExitCode.WAITING,
    Verdict.ERROR: ExitCode.FAILED,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a pilot showed.

    ``expected`` is the number of tickets that the pilot must have finished; ``score_sum`` is the sum of ``scored``
    qualities in [0, 1].
    """

    expected: int
    finished: int | None
    is_complete: bool
    scored: int
    score_sum: float
    bad_scores: int = 0

    @classmethod
    def of(cls, progress: Progress, expected: int) -> Evidence:
        """Return the evidence in ``progress``; a pilot smaller than ``expected`` is not complete."""
        done = progress.done
        return cls(
            expected=expected,
            finished=done,
            is_complete=progress.is_complete and done is not None and done >= expected,
            scored=progress.scored,
            score_sum=progress.score_sum,
            bad_scores=progress.bad_scores,
        )


@dataclass(frozen=True, slots=True)
class Criterion:
    """One check of the gate; ``reason`` says what was found, passed or not."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons."""

    verdict: Verdict
    reason: str
    recommendation: str
    criteria: tuple[Criterion, ...]

    @property
    def approved(self) -> bool:
        """Whether the campaign may be launched."""
        return self.verdict is Verdict.APPROVED


class Rule(Protocol):
    """A way to decide."""

    def decide(self, evidence: Evidence) -> Decision:
        """Return the decision on ``evidence``; equal evidence gives equal decisions."""
        ...


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """The seed's rule: pilot complete, enough samples, mean quality at the threshold.

    The mean is taken over all finished tickets, those without a score as 0, so that it can only err downwards.
    """

    quality_threshold: float
    min_samples: int

    def decide(self, evidence: Evidence) -> Decision:
        """Return APPROVED only when every criterion passes."""
        criteria = (self._completion(evidence), self._min_samples(evidence), self._quality(evidence))
        unmeasured = _unmeasured(evidence)
        failed = next((criterion for criterion in criteria if not criterion.passed), None)
        if not evidence.is_complete:
            verdict, reason, advice = Verdict.PENDING, criteria[0].reason, "Wait for the pilot, or look at its log."
        elif unmeasured and (failed or evidence.bad_scores or evidence.scored > (evidence.finished or 0)):
            verdict, reason, advice = Verdict.ERROR, unmeasured, "Mend the scores in the pilot's log and run it again."
        elif failed:
            verdict, reason = Verdict.REJECTED, failed.reason
            advice = "Read the rejected samples, mend what fails most, run the pilot again; do not launch."
        else:
            verdict, reason, advice = Verdict.APPROVED, criteria[-1].reason, "Launch the campaign."
        return Decision(verdict, reason, advice, criteria)

    def _completion(self, evidence: Evidence) -> Criterion:
        done = "unknown" if evidence.finished is None else str(evidence.finished)
        state = "complete" if evidence.is_complete else "not complete"
        return Criterion("completion", evidence.is_complete, f"Pilot {state}: {done}/{evidence.expected} samples")

    def _min_samples(self, evidence: Evidence) -> Criterion:
        finished = evidence.finished or 0
        passed = finished >= self.min_samples
        return Criterion("min_samples", passed, f"{finished} samples, at least {self.min_samples} wanted")

    def _quality(self, evidence: Evidence) -> Criterion:
        if not evidence.scored:
            return Criterion("quality", False, "No quality scores")
        counted = max(evidence.finished or 0, evidence.scored)
        mean = evidence.score_sum / counted
        passed = reaches(mean, self.quality_threshold)
        relation = ">=" if passed else "<"
        return Criterion(
            "quality", passed, f"Quality {mean:.3f} {relation} {self.quality_threshold:g} over {counted} samples"
        )


def reaches(mean: float, threshold: float) -> bool:
    """Return whether a mean of scores is at ``threshold`` or above, whatever its sum lost to rounding."""
    return mean >= threshold - ROUNDING


def _unmeasured(evidence: Evidence) -> str | None:
    """Return why the quality of every finished ticket is not known, or None when it is."""
    if evidence.bad_scores:
        return f"{evidence.bad_scores} lines of the pilot claim a score that is not a number in [0, 1]"
    if not evidence.scored:
        return "No quality scores: the pilot's log tells of progress only"
    if evidence.finished is not None and evidence.scored != evidence.finished:
        return (
            f"The denominators do not match: {evidence.scored} scores for {evidence.finished} finished samples; "
            "every sample needs one score, rejected ones too"
        )
    return None


def rule_for(gate: GateSection) -> Rule:
    """Return the rule that the plan names."""
    return ThresholdRule(gate.quality_threshold, gate.min_samples)
