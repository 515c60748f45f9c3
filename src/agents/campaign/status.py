"""The status documents of the three agents that measure and decide, as readers of the seed rely on them.

Pure. Fields may be added here; none may go or change its type.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agents.campaign.clock import stamp
from agents.campaign.errors import ExitCode
from agents.campaign.gate import Criterion, Decision, Verdict, reaches
from agents.campaign.phases import Phase
from agents.campaign.progress import Progress

Document = dict[str, Any]


def pilot_document(
    progress: Progress, *, is_complete: bool, threshold: float, state: str, log: str, now: datetime,
    log_file: str | None = None,
) -> Document:  # fmt: skip
    """Return ``pilot_monitor_status.json``: what is known at ``now`` of the pilot that writes ``log``.

    ``log_file`` names the one file that tells all of it, if one does.
    """
    quality = progress.quality
    return {
        "progress": progress.done or 0,
        "total": progress.total or 0,
        "quality_scores": [round(score, 6) for score in progress.newest],
        "acceptance_rate": _rounded(progress.acceptance),
        "accepted": progress.accepted,
        "rejected": progress.rejected,
        "is_complete": is_complete,
        "last_update": stamp(now),
        "estimated_quality": _rounded(quality),
        "quality_threshold": threshold,
        "quality_pass": None if quality is None else reaches(quality, threshold),
        "monitor_timestamp": stamp(now),
        "state": state,
        "source": progress.source,
        "log": log,
        "log_file": log_file,
        "run": progress.started.run if progress.started else None,
        "fingerprint": progress.started.fingerprint if progress.started else None,
        "finished": progress.done,
        "scored": progress.scored,
        "score_sum": progress.score_sum,
        "bad_scores": progress.bad_scores,
        "problems": list(progress.problems),
        "problem_count": progress.problem_count,
    }


def validation_document(
    decision: Decision, *, pilot_status: Document, fingerprint: str, gate: Document, now: datetime,
    evidence_digest: str = "",
) -> Document:  # fmt: skip
    """Return ``campaign_validation.json``: what was decided on which pilot, on which evidence, by which rule."""
    return {
        "approved": decision.approved,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "recommendation": decision.recommendation,
        "checks": {criterion.name: criterion.passed for criterion in decision.criteria},
        "findings": {criterion.name: criterion.reason for criterion in decision.criteria},
        "rule": decision.rule,
        "criteria": [criterion_document(criterion) for criterion in decision.criteria],
        "evidence_digest": evidence_digest,
        "pilot_status": pilot_status,
        "validation_timestamp": stamp(now),
        "fingerprint": fingerprint,
        "gate": gate,
    }


def campaign_document(
    progress: Progress, *, target: int, state: str, is_running: bool, rate: float | None, eta: datetime | None,
    warnings: Sequence[str], now: datetime,
) -> Document:  # fmt: skip
    """Return ``campaign_monitor_status.json``; ``rate`` in samples per minute, ``warnings`` of its guards."""
    return {
        "progress": progress.done or 0,
        "total": progress.total or target,
        "percentage": round(progress.percentage, 2),
        "is_running": is_running,
        "last_update": stamp(now),
        "state": state,
        "rate_per_minute": None if rate is None else round(rate, 1),
        "eta": stamp(eta) if eta else None,
        "source": progress.source,
        "estimated_quality": _rounded(progress.quality),
        "acceptance_rate": _rounded(progress.acceptance),
        "problems": list(progress.problems),
        "warnings": list(warnings),
    }


def workflow_exit_code(state: Document) -> ExitCode:
    """Return what a command that ends with ``orchestrator_state.json`` exits with."""
    phase = Phase(state["phase"])
    validation = state.get("validation_result")
    if phase is Phase.VALIDATION_FAILED and isinstance(validation, dict):
        return Verdict(validation["verdict"]).exit_code
    return phase.exit_code


def criterion_document(criterion: Criterion) -> Document:
    """Return a criterion as JSON values."""
    return {
        "name": criterion.name,
        "passed": criterion.passed,
        "reason": criterion.reason,
        "n": criterion.n,
        "mean": _rounded(criterion.mean),
        "lower": _rounded(criterion.lower),
        "upper": _rounded(criterion.upper),
        "limit": criterion.limit,
        "log_evidence": _rounded(criterion.log_evidence),
        "log_refutation": _rounded(criterion.log_refutation),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
