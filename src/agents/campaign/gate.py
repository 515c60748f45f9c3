"""The gate's words: evidence, criteria, verdicts and decisions.

Pure. Owns their shapes. The rules that decide are in ``rules``; nothing here launches or measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from agents.campaign.digest import digest
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


OVERRIDABLE = (Verdict.REJECTED, Verdict.INCONCLUSIVE)
"""Verdicts on a measured pilot that a person may overrule; what could not be measured cannot be overruled."""

_EXIT_CODES = {
    Verdict.PENDING: ExitCode.WAITING,
    Verdict.APPROVED: ExitCode.DONE,
    Verdict.REJECTED: ExitCode.REJECTED,
    Verdict.INCONCLUSIVE: ExitCode.WAITING,
    Verdict.ERROR: ExitCode.FAILED,
}


@dataclass(frozen=True, slots=True)
class JudgedTicket:
    """A settled ticket: its quality in [0, 1], and why it was not accepted, in a word of ``failures``."""

    domain: str
    quality: float
    accepted: bool
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a pilot showed.

    ``expected`` is the number of tickets that the pilot must have finished; ``score_sum`` is the sum of ``scored``
    qualities in [0, 1]. Of a pilot of ours ``tickets`` holds every settled ticket in the order of settling, and
    ``weights`` the share of each domain in the campaign, as it was before the first score.
    """

    expected: int
    finished: int | None
    is_complete: bool
    scored: int
    score_sum: float
    bad_scores: int = 0
    tickets: tuple[JudgedTicket, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    scores: tuple[float, ...] = ()
    """Every score in its order, where all of them are known one by one."""

    @classmethod
    def of(
        cls,
        progress: Progress,
        expected: int,
        tickets: Sequence[JudgedTicket] = (),
        weights: Mapping[str, float] | None = None,
    ) -> Evidence:
        """Return the evidence in ``progress``; a pilot smaller than ``expected`` is not complete."""
        done = progress.done
        return cls(
            expected=expected,
            finished=done,
            is_complete=progress.is_complete and done is not None and done >= expected,
            scored=progress.scored,
            score_sum=progress.score_sum,
            bad_scores=progress.bad_scores,
            tickets=tuple(tickets),
            scores=progress.newest if len(progress.newest) == progress.scored else (),
            weights=dict(weights or {}),
        )

    @property
    def digest(self) -> str:
        """What a verdict is bound to: counts, sums and acceptances, of each domain where they are known."""
        domains = {}
        for domain in sorted({ticket.domain for ticket in self.tickets}):
            of_domain = [ticket for ticket in self.tickets if ticket.domain == domain]
            score_sum = round(sum(ticket.quality for ticket in of_domain), 6)
            domains[domain] = [len(of_domain), score_sum, sum(ticket.accepted for ticket in of_domain)]
        return digest("evidence", self.finished, self.scored, round(self.score_sum, 6), domains, dict(self.weights))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One check of the gate; ``reason`` says what was found, passed or not.

    A measured one has the number of tickets, their weighted mean with its lower and upper confidence bound, the limit
    that the mean must be above, and the natural logarithm of the evidence that it is.
    """

    name: str
    passed: bool
    reason: str
    n: int | None = None
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    limit: float | None = None
    log_evidence: float | None = None
    log_refutation: float | None = None
    """Of the opposite: that the mean is below the limit."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons."""

    verdict: Verdict
    reason: str
    recommendation: str
    criteria: tuple[Criterion, ...]
    rule: str = "threshold"

    @property
    def approved(self) -> bool:
        """Whether the campaign may be launched."""
        return self.verdict is Verdict.APPROVED


def approval_key(evidence_digest: str, gate: GateSection) -> str:
    """Return what a person's approval is bound to: the evidence, and the rule that it was judged by."""
    return digest("approval", evidence_digest, gate.model_dump(mode="json"))


class Rule(Protocol):
    """A way to decide."""

    def decide(self, evidence: Evidence) -> Decision:
        """Return the decision on ``evidence``; equal evidence gives equal decisions."""
        ...


def reaches(mean: float, threshold: float) -> bool:
    """Return whether a mean of scores is at ``threshold`` or above, whatever its sum lost to rounding."""
    return mean >= threshold - ROUNDING


def unmeasured(evidence: Evidence) -> str | None:
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
