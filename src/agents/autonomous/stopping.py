"""Stopping what runs in a home: the orchestrator first, so that it does not start again what is stopped next."""

from __future__ import annotations

from agents.campaign.home import Home
from agents.campaign.lease import holder
from agents.campaign.process import stop

GRACE_SECONDS = 30.0


def stop_all(home: Home, *, orchestrator_only: bool, grace_seconds: float = GRACE_SECONDS) -> dict[str, str]:
    """Ask every live process to drain, kill it after the grace; return what became of each by name."""
    leases = {"orchestrator": home.orchestrator_lease}
    if not orchestrator_only:
        leases |= {kind: home.warden_lease(kind) for kind in ("pilot", "campaign")}
    outcomes = {}
    for name, lease in leases.items():
        owner = holder(lease)
        if owner is not None:
            outcomes[name] = f"stopped (pid {owner.pid})" if stop(owner, grace_seconds) else "still running"
    return outcomes
