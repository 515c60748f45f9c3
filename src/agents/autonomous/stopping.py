"""Stopping what runs in a home: the orchestrator first, so that it does not start again what is stopped next."""

from __future__ import annotations

import signal

from agents.autonomous.generators import remains_of
from agents.campaign.events import WATCHED_KINDS, WatchedKind
from agents.campaign.home import Home
from agents.campaign.lease import holder
from agents.campaign.process import Identity, stop, stop_with_descendants

GRACE_SECONDS = 30.0


def stop_all(home: Home, *, orchestrator_only: bool, grace_seconds: float = GRACE_SECONDS) -> dict[str, str]:
    """Ask every live process to drain, kill it after the grace; return what became of each by name.

    The orchestrator is stopped alone: what it started lives on unless it is stopped by its own name.
    """
    outcomes = {}
    if owner := holder(home.orchestrator_lease):
        outcomes["orchestrator"] = _outcome(owner, stop(owner, grace_seconds))
    if orchestrator_only:
        return outcomes
    for kind in WATCHED_KINDS:
        if owner := holder(home.warden_lease(kind)):
            outcomes[kind] = _outcome(owner, stop_with_descendants(owner, grace_seconds))
    for folder in sorted(home.runs.iterdir()) if home.runs.exists() else ():
        for left in remains_of(home, folder.name):
            outcomes[f"left of {folder.name}"] = _outcome(left, stop_with_descendants(left, grace_seconds))
    return outcomes


def ask_to_stop(home: Home, kind: WatchedKind) -> None:
    """Ask the live run of ``kind`` to drain, and do not wait for its end."""
    if owner := holder(home.warden_lease(kind)):
        owner.send(signal.SIGTERM)


def _outcome(process: Identity, is_gone: bool) -> str:
    return f"stopped (pid {process.pid})" if is_gone else "still running"
