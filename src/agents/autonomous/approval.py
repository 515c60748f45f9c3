"""A person's approval of a verdict that waits for one. Never launches."""

from __future__ import annotations

import contextlib

from agents.autonomous.runner import handed_over
from agents.campaign.clock import SystemClock
from agents.campaign.errors import UsageError
from agents.campaign.gate import OVERRIDABLE, Verdict, approval_key
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.phases import Phase
from agents.campaign.plan import Plan
from agents.campaign.workflows import Approval, Workflows

OVERRIDE = "say so in so many words: campaign approve --override --reason 'why'"


def approve_waiting(home: Home, approver: str, reason: str, *, override: bool = False) -> Plan:
    """Record that ``approver`` wants the waiting campaign launched; return the plan to go on with.

    With ``override``, a verdict that measured the pilot and did not approve it is overruled, for this very evidence
    under this very gate.

    Raises:
        UsageError: no workflow waits, its verdict is not one that this approval can settle, or its recipe was changed.
        AlreadyRunningError: an orchestrator is at work.
    """
    nothing = UsageError("no workflow waits for an approval", "see where it stands: campaign status")
    if not home.workflows.exists():
        raise nothing
    with Lease(home.orchestrator_lease, "Orchestrator"), contextlib.closing(Workflows(home.workflows)) as store:
        workflow = store.newest()
        if workflow is None or workflow.phase not in {Phase.AWAITING_APPROVAL, Phase.VALIDATION_FAILED}:
            raise nothing
        validation = workflow.results.get("validation_result")
        if not validation:
            raise nothing
        if "evidence_digest" not in validation:
            raise UsageError("the verdict that waits is bound to no evidence", "have it made again: campaign auto")
        verdict = Verdict(validation["verdict"])
        if verdict is not Verdict.APPROVED:
            _check_override(verdict, validation["reason"], reason, override=override)
        plan = Plan.parsed(workflow.plan)
        if plan.recipe_path is not None and handed_over(plan).recipe != plan.recipe:
            raise UsageError("the recipe was changed since that verdict", "have the changed one judged: campaign auto")
        overruled = None if verdict is Verdict.APPROVED else verdict.value
        key = approval_key(validation["evidence_digest"], plan.recipe.gate)
        wish = Approval(validation["fingerprint"], key, approver, reason, overruled)
        store.approve(workflow, wish, SystemClock().now())
        return plan


def _check_override(verdict: Verdict, why: str, reason: str, *, override: bool) -> None:
    said = f"the verdict is {verdict}: {why}"
    if verdict not in OVERRIDABLE:
        raise UsageError(said, "what could not be measured cannot be overruled: mend the pilot, or change the plan")
    if not override:
        raise UsageError(said, f"mend the pilot, or change the plan; to launch in spite of it, {OVERRIDE}")
    if not reason.strip():
        raise UsageError("an override needs a reason", OVERRIDE)
