"""A person's wish that a paused campaign goes on in spite of a guard's alarm. Never launches."""

from __future__ import annotations

import contextlib

from agents.campaign.clock import SystemClock
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import LedgerView
from agents.campaign.phases import Phase
from agents.campaign.plan import Plan
from agents.campaign.workflows import Resumption, Workflows


def resume_paused(home: Home, resumer: str) -> Plan:
    """Record that ``resumer`` wants the paused campaign to go on; return the plan to go on with.

    The word is about the alarm that stands, if one does; a later one asks again.

    Raises:
        UsageError: no campaign that was launched is paused.
        AlreadyRunningError: an orchestrator is at work.
    """
    nothing = UsageError("no campaign is paused", "see where it stands: campaign status")
    if not home.workflows.exists():
        raise nothing
    with Lease(home.orchestrator_lease, "Orchestrator"), contextlib.closing(Workflows(home.workflows)) as store:
        workflow = store.newest()
        if workflow is None or workflow.phase is not Phase.PAUSED or store.launch_of(workflow.run) is None:
            raise nothing
        if (pause := LedgerView(home.run(workflow.run).ledger).standing_pause()) is not None:
            store.resume(workflow.run, Resumption(pause.id, resumer), SystemClock().now())
        return Plan.parsed(workflow.plan)
