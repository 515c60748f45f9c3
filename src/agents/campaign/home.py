"""The folder of a user's campaigns: which file is where, and which names are allowed.

Knows paths and never opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.campaign.errors import UsageError
from agents.campaign.events import WatchedKind

_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checked_name(name: str) -> str:
    """Return ``name`` when it can name a run: letters, digits, ``.``, ``_``, ``-``; at most 100.

    Raises:
        UsageError: it could leave its folder or confuse a shell.
    """
    if _RUN_NAME.fullmatch(name) is None or ".." in name:
        raise UsageError(
            f"{name!r} cannot name a run",
            "use letters, digits, '.', '_' and '-', starting with a letter or digit, e.g. full_campaign_34500",
        )
    return name


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under the context root (``~/.context`` unless ``CONTEXT_ROOT`` says otherwise)."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Home:
        """Return the home that ``CONTEXT_ROOT`` or ``HOME`` names."""
        home = Path(environment.get("HOME") or Path.home())
        root = environment.get("CONTEXT_ROOT") or "~/.context"
        return cls(home / root[2:] if root.startswith("~/") else Path(root).absolute())

    @property
    def training(self) -> Path:
        """Folder of everything below except the orchestrator's log."""
        return self.root / "training"

    @property
    def datasets(self) -> Path:
        """Folder of finished datasets."""
        return self.training / "datasets"

    @property
    def models(self) -> Path:
        """Folder of trained models."""
        return self.training / "models"

    @property
    def workflows(self) -> Path:
        """SQLite file with phases, verdicts, approvals and launch intents."""
        return self.training / "workflows.sqlite"

    @property
    def pilot_status(self) -> Path:
        """Projection written by PilotQualityMonitor."""
        return self.training / "pilot_monitor_status.json"

    @property
    def validation(self) -> Path:
        """Projection written by CampaignValidator."""
        return self.training / "campaign_validation.json"

    @property
    def launch_status(self) -> Path:
        """Projection written by CampaignLauncher."""
        return self.training / "campaign_status.json"

    @property
    def campaign_status(self) -> Path:
        """Projection written by CampaignMonitor."""
        return self.training / "campaign_monitor_status.json"

    @property
    def training_status(self) -> Path:
        """Projection written by the newest training of a model."""
        return self.training / "training_status.json"

    @property
    def evaluations(self) -> Path:
        """Folder of the reports on trained models."""
        return self.training / "evaluations"

    @property
    def orchestrator_state(self) -> Path:
        """Projection written by TrainingOrchestrator."""
        return self.training / "orchestrator_state.json"

    @property
    def orchestrator_pid(self) -> Path:
        """Hint for people: the orchestrator's process id."""
        return self.training / "orchestrator.pid"

    @property
    def campaign_pid(self) -> Path:
        """Hint for people: the campaign's process id."""
        return self.training / "campaign.pid"

    @property
    def orchestrator_lease(self) -> Path:
        """Locked by the process that orchestrates."""
        return self.training / "orchestrator.lease"

    @property
    def runs(self) -> Path:
        """Folder of all runs."""
        return self.training / "runs"

    def warden_lease(self, kind: WatchedKind) -> Path:
        """Locked by the process that started a program of this kind and waits for its end."""
        return self.training / f"{kind}.lease"

    def log(self, kind: WatchedKind) -> Path:
        """The log of the programs of this kind."""
        logs = {"trial": self.trials_log, "pilot": self.pilot_log, "campaign": self.campaign_log}
        return logs.get(kind, self.follow_ups_log)

    @property
    def orchestrator_log(self) -> Path:
        """The orchestrator's log."""
        return self.root / "logs" / "training_orchestrator.log"

    @property
    def trials_log(self) -> Path:
        """The log of the candidates' trials."""
        return self.training / "trials.log"

    @property
    def pilot_log(self) -> Path:
        """The pilot's log, own or foreign."""
        return self.training / "pilot_campaign.log"

    @property
    def campaign_log(self) -> Path:
        """The campaign's log."""
        return self.training / "full_campaign.log"

    @property
    def follow_ups_log(self) -> Path:
        """The log of what follows a campaign."""
        return self.training / "after_campaign.log"

    def run(self, name: str) -> RunPaths:
        """Return the paths of run ``name``; raises UsageError for a name that cannot be one."""
        return RunPaths(self.runs / checked_name(name))


@dataclass(frozen=True, slots=True)
class RunPaths:
    """Paths of one run."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """SQLite file: plan, tickets, attempts, samples. The truth about the run."""
        return self.folder / "ledger.sqlite"

    @property
    def lease(self) -> Path:
        """Locked by the process that generates."""
        return self.folder / "generator.lease"

    @property
    def generator(self) -> Path:
        """Which process generates, or did: the leader of a session of its own, written by its warden."""
        return self.folder / "generator.json"

    @property
    def room(self) -> Path:
        """Bytes that a warden holds on the disk, and gives up when its generator ends: a full disk can be told of."""
        return self.folder / "room"

    @property
    def exit_record(self) -> Path:
        """How the last launched generator of this run ended, written by its warden."""
        return self.folder / "exit.json"
