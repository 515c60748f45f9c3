"""A person's approval of a verdict that waits for one. Never launches."""

from __future__ import annotations

import contextlib

from agents.campaign.clock import SystemClock
from agents.campaign.errors import UsageError
from agents.campaign.gate import Verdict
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.phases import Phase
from agents.campaign.plan import Plan
from agents.campaign.workflows import Workflows


def approve_waiting(home: Home, approver: str, reason: str) -> Plan:
    """Record that ``approver`` wants the waiting campaign launched; return the plan to go on with.

    Raises:
        UsageError: no workflow waits, or its verdict is not one that an approval can settle.
        AlreadyRunningError: an orchestrator is at work.
    """
    nothing = UsageError("no workflow waits for an approval", "see where it stands: campaign status")
    if not home.workflows.exists():
        raise nothing
    with Lease(home.orchestrator_lease, "Orchestrator"), contextlib.closing(Workflows(home.workflows)) as store:
        workflow = store.newest()
        if workflow is None or workflow.phase is not Phase.AWAITING_APPROVAL:
            raise nothing
        verdict = workflow.results["validation_result"]
        if verdict["verdict"] != Verdict.APPROVED:
            raise UsageError(
                f"the verdict is {verdict['verdict']}: {verdict['reason']}", "mend the pilot, or change the plan"
            )
        store.approve(workflow, verdict["fingerprint"], approver, reason, SystemClock().now())
        return Plan.parsed(workflow.plan)
