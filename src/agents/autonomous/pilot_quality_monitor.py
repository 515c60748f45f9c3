"""Two agents: PilotQualityMonitor watches a pilot, CampaignValidator puts its evidence before the gate.

Each writes one status file. Neither starts anything.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from agents.autonomous.evidence import evidence_of
from agents.campaign.clock import Clock, SystemClock
from agents.campaign.errors import AnotherPlanError, CampaignError
from agents.campaign.events import Progressed
from agents.campaign.files import make_folder, read_json, write_json
from agents.campaign.gate import SEED_CHECKS, Criterion, Decision, Evidence, Verdict, approval_key
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.log_lines import render
from agents.campaign.pace import Pace
from agents.campaign.plan import Plan, is_decisive, plan_for
from agents.campaign.progress import Progress
from agents.campaign.readers import LedgerReader, LogReader
from agents.campaign.recipe import PilotSection
from agents.campaign.rules import rule_for
from agents.campaign.status import Document, pilot_document, validation_document
from agents.campaign.workflows import Approval, Workflows

STALL_SECONDS = 600.0


class PilotQualityMonitor:
    """Watches a pilot, by its ledger where the pilot is ours and by its log where it is not.

    Args:
        pilot_log_path: the pilot's log; ``pilot_campaign.log`` of the home when None.
        checkpoint_interval: seconds between two looks.
        quality_threshold: the mean quality in (0, 1] that counts as a pass.
        run: the pilot run of ours that is watched, by its ledger alone; None to learn it from the log.
        expected: tickets that a pilot must finish; one that plans fewer is never complete.
        grown_to: tickets that a pilot of ours is being topped up to.
        stall_seconds: from which silence on an unfinished pilot is called stalled, unless its samples are rarer.
    """

    def __init__(
        self,
        pilot_log_path: str | Path | None = None,
        checkpoint_interval: float = 10,
        quality_threshold: float = 0.75,
        *,
        run: str | None = None,
        expected: int = PilotSection().tickets,
        grown_to: int = 0,
        stall_seconds: float = STALL_SECONDS,
        home: Home | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.home = home or Home.from_environment(os.environ)
        self.pilot_log_path = Path(pilot_log_path).expanduser() if pilot_log_path else self.home.pilot_log
        self.checkpoint_interval = checkpoint_interval
        self.quality_threshold = quality_threshold
        self.run = run
        self.expected = expected
        self.grown_to = grown_to
        self.stall_seconds = stall_seconds
        self._clock = clock or SystemClock()
        self._log_reader = LogReader(self.pilot_log_path)
        self._shown = Progress("log")
        self._grew_at = self._clock.monotonic()
        self._pace = Pace()
        self._logger = logging.getLogger("PilotQualityMonitor")

    async def setup(self) -> None:
        """Create the folder of the status file."""
        make_folder(self.home.training)

    async def run_task(self, task: str = "monitor") -> Document:
        """Return the pilot's status: ``check`` looks once, ``monitor`` until it is complete or has stalled."""
        if task not in {"monitor", "check"}:
            raise ValueError(f"PilotQualityMonitor knows the tasks 'monitor' and 'check', not {task!r}")
        await self.setup()
        document = self.look()
        while task == "monitor" and not document["is_complete"] and document["state"] != "stalled":
            await asyncio.sleep(self.checkpoint_interval)
            document = self.look()
        return document

    def look(self) -> Document:
        """Look once, write the status file, log a line when something changed; return the status."""
        bytes_before = self._log_reader.follower.position
        progress = self._log_reader.read()
        grew = self._log_reader.follower.position != bytes_before
        run = self.run or (progress.started.run if progress.started else None)
        if run is not None:
            proven = LedgerReader(self.home.run(run).ledger).read()
            is_ours = self.run is not None or proven.started is not None
            progress = proven if is_ours else progress
        now = self._clock.monotonic()
        self._grew_at = now if grew else self._grew_at
        silent_seconds = min(self._pace.mark(now, progress.finished), now - self._grew_at)
        state = self._state(progress, silent_seconds, is_settling=grew and self._is_being_written())
        document = pilot_document(
            progress,
            is_complete=state == "complete",
            threshold=self.quality_threshold,
            state=state,
            log=str(self.pilot_log_path),
            log_file=self._log_reader.follower.reads_whole,
            now=self._clock.now(),
        )
        write_json(self.home.pilot_status, document)
        self._announce(progress)
        return document

    def _state(self, progress: Progress, silent_seconds: float, *, is_settling: bool) -> str:
        done = progress.done
        if progress.is_complete and done is not None and done >= self._owed(progress):
            return "settling" if progress.scored < done and is_settling else "complete"
        if silent_seconds >= self._pace.stall_after(self.stall_seconds):
            return "stalled"
        return "waiting" if done is None and not progress.scored else "running"

    def _owed(self, progress: Progress) -> int:
        return max(progress.started.total, self.grown_to) if progress.started else self.expected

    def _is_being_written(self) -> bool:
        seen = self._log_reader.follower.seen
        return seen is not None and self._clock.now().timestamp() - seen.modified < self.checkpoint_interval

    def _announce(self, progress: Progress) -> None:
        if progress.done is None or not progress.total:
            if self._shown is progress:
                return
            self._logger.info("Waiting for %s to tell of progress", self.pilot_log_path)
        elif (progress.done, progress.scored) != (self._shown.done, self._shown.scored):
            line = Progressed(progress.done, progress.total, progress.quality, progress.acceptance)
            self._logger.info(render(line))
        for problem in progress.problems[len(self._shown.problems) :]:
            self._logger.warning("Pilot log: %s", problem)
        self._shown = progress


class CampaignValidator:
    """Puts the evidence of a watched pilot before the gate and records the verdict.

    Args:
        status_file: the monitor's status document; that of the home when None.
        quality_threshold: mean quality in (0, 1] that the pilot must reach.
        min_samples: finished samples that it must have.
        plan: overrides both numbers and the rule when given.
        store: where a person's override of this very verdict is looked for; without one, none counts.
    """

    def __init__(
        self,
        status_file: str | Path | None = None,
        quality_threshold: float = 0.75,
        min_samples: int = 150,
        *,
        plan: Plan | None = None,
        home: Home | None = None,
        clock: Clock | None = None,
        store: Workflows | None = None,
    ) -> None:
        self.home = home or Home.from_environment(os.environ)
        self.status_file = Path(status_file) if status_file else self.home.pilot_status
        plan = plan or plan_for(
            {
                "quality_threshold": ("gate.quality_threshold", quality_threshold),
                "min_samples": ("gate.min_samples", min_samples),
            },
            recipe=None,
        )
        self.plan = plan
        self._store = store
        self._clock = clock or SystemClock()
        self._logger = logging.getLogger("CampaignValidator")

    async def setup(self) -> None:
        """Create the folder of the verdict."""
        make_folder(self.home.training)

    async def run_task(self, task: str = "validate") -> Document:
        """Decide, write ``campaign_validation.json`` and return it; refusals are written too."""
        if task != "validate":
            raise ValueError(f"CampaignValidator knows the task 'validate', not {task!r}")
        await self.setup()
        document = self._validate()
        write_json(self.home.validation, document)
        self._logger.info("%s: %s", document["verdict"], document["reason"])
        return document

    def _validate(self) -> Document:
        try:
            status = read_json(self.status_file)
            if status is None:
                return self._document(_undecidable("No pilot status available", "Start a pilot."), {}, "")
            decision, fingerprint, evidence = decide(status, self.plan, self.home)
        except CampaignError as error:
            return self._document(_undecidable(error.what, error.cure), {}, "")
        document = self._document(decision, status, fingerprint, evidence.digest)
        if override := self._override(decision, fingerprint, evidence.digest):
            document["override"] = {"by": override.approver, "reason": override.reason}
        return document

    def _override(self, decision: Decision, fingerprint: str, evidence_digest: str) -> Approval | None:
        if self._store is None or decision.approved:
            return None
        approval = approval_for(self.plan, self._store, fingerprint, evidence_digest)
        return approval if approval is not None and approval.overruled == decision.verdict else None

    def _document(
        self, decision: Decision, status: dict[str, Any], fingerprint: str, evidence_digest: str = ""
    ) -> Document:
        return validation_document(
            decision,
            pilot_status=status,
            fingerprint=fingerprint,
            evidence_digest=evidence_digest,
            gate=self.plan.recipe.gate.model_dump(mode="json"),
            now=self._clock.now(),
        )


def approval_for(plan: Plan, store: Workflows, fingerprint: str, evidence_digest: str) -> Approval | None:
    """Return a person's approval of the campaign of ``plan`` on this very evidence under the plan's gate."""
    key = approval_key(evidence_digest, plan.recipe.gate)
    return store.approval_of(plan.recipe.campaign.name, fingerprint, key)


def decide(status: dict[str, Any], plan: Plan, home: Home) -> tuple[Decision, str, Evidence]:
    """Return the gate's decision on the pilot that ``status`` describes, its fingerprint, and the evidence.

    Raises as ``evidence_for`` does.
    """
    evidence, fingerprint = evidence_for(status, plan, home)
    rule = rule_for(plan.recipe.gate, is_ours=bool(status.get("run")))
    return rule.decide(evidence), fingerprint, evidence


def evidence_for(status: dict[str, Any], plan: Plan, home: Home) -> tuple[Evidence, str]:
    """Return the evidence of the pilot that ``status`` describes and its fingerprint, where it is one of the plan.

    Raises:
        DamagedFileError: the status cannot be used.
        AnotherPlanError: a pilot of ours was made with other values than the plan's.
    """
    evidence, fingerprint = evidence_of(status, home, plan.recipe.pilot.tickets)
    if status.get("run"):
        _check_made_by(plan, home, str(status["run"]), evidence)
    return evidence, fingerprint


def _check_made_by(plan: Plan, home: Home, run: str, evidence: Evidence) -> None:
    weights = {name: section.weight for name, section in plan.recipe.domains.items()}
    if evidence.weights != weights:
        raise AnotherPlanError(
            f"the pilot was made with the domains and weights {dict(evidence.weights)}, the plan has {weights}",
            "go back to those weights, or run a pilot with this plan first: campaign auto",
        )
    header, asked = LedgerView(home.run(run).ledger).header(), plan.values()
    made = header.values.items() if header else ()
    decisive = ((key, value) for key, value in made if is_decisive(key))
    if differing := [f"{key} was {value}, now {asked.get(key)}" for key, value in decisive if value != asked.get(key)]:
        raise AnotherPlanError(
            f"pilot {run} was made by another plan: {'; '.join(differing)}",
            "go back to it, or run a pilot with this plan first: campaign auto",
        )


def _undecidable(reason: str, recommendation: str) -> Decision:
    criteria = tuple(Criterion(name, passed=False, reason=reason) for name in SEED_CHECKS)
    return Decision(Verdict.ERROR, reason, recommendation, criteria)
