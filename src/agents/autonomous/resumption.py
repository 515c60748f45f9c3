"""A person's wish that a paused campaign goes on in spite of a guard's alarm. Never launches."""

from __future__ import annotations

import contextlib

from agents.campaign.clock import SystemClock
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.phases import Phase
from agents.campaign.plan import Plan
from agents.campaign.workflows import Workflows


def resume_paused(home: Home, resumer: str) -> Plan:
    """Record that ``resumer`` wants the paused campaign to go on; return the plan to go on with.

    Raises:
        UsageError: no campaign that was launched is paused.
        AlreadyRunningError: an orchestrator is at work.
    """
    nothing = UsageError("no campaign is paused", "see where it stands: campaign status")
    if not home.workflows.exists():
        raise nothing
    with Lease(home.orchestrator_lease, "Orchestrator"), contextlib.closing(Workflows(home.workflows)) as store:
        workflow = store.newest()
        launch = store.launch_of(workflow.run) if workflow else None
        if workflow is None or workflow.phase is not Phase.PAUSED or launch is None:
            raise nothing
        store.resume(launch, resumer, SystemClock().now())
        return Plan.parsed(workflow.plan)
