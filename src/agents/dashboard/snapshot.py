"""A snapshot of a home: every status document as it is now, and which processes really live."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agents.campaign.clock import SystemClock
from agents.campaign.errors import CampaignError, DamagedFileError, ExitCode
from agents.campaign.events import WATCHED_KINDS
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.lease import holder, is_held
from agents.campaign.ledger_view import LedgerView
from agents.campaign.outcome import Exit, state_of
from agents.campaign.phases import Phase
from agents.campaign.status import campaign_document, workflow_exit_code
from agents.dashboard.view import headline, spent_lines, status_text


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was found; a section is a document, an error in words, or None where there is no file."""

    sections: dict[str, dict[str, Any] | str | None]
    pids: dict[str, int | None]
    """By name of each process that lives; None where its id is not known."""
    unwatched: dict[str, Any] | None = None
    """The campaign's document made from its ledger, where nobody watches it."""
    spent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What pilot and campaign spent on each model, by run; of runs that told of tokens or money."""

    @property
    def state(self) -> dict[str, Any] | None:
        """The orchestrator's document, where it can be read."""
        state = self.sections["Orchestrator"]
        return state if isinstance(state, dict) else None

    @property
    def exit_code(self) -> ExitCode:
        """0 for healthy or done, 1 for a damaged file, else as the workflow stands."""
        if any(isinstance(section, str) for section in self.sections.values()):
            return ExitCode.FAILED
        if self.state is None or "orchestrator" in self.pids:
            return ExitCode.DONE
        try:
            return workflow_exit_code(self.state) if Phase(self.state["phase"]).is_end else ExitCode.PAUSED
        except (KeyError, ValueError):
            return ExitCode.FAILED

    def document(self) -> dict[str, Any]:
        """Return the snapshot as JSON values."""
        names = {name: name.lower().replace(" ", "_") for name in self.sections}
        return {
            **{names[name]: section for name, section in self.sections.items()},
            "running": self.pids,
            "spent": self.spent,
            "exit_code": int(self.exit_code),
        }

    def text(self) -> str:
        """Return the snapshot as a page."""
        state = self.sections["Orchestrator"]
        if isinstance(state, dict) and self.unwatched is not None:
            state = {**state, "campaign_result": self.unwatched}
        return status_text(self.sections, "\n".join([headline(state, self.pids), *spent_lines(self.spent)]))


def take(home: Home) -> Snapshot:
    """Return the snapshot of ``home``; writes nothing and raises nothing for a missing or damaged file."""
    files = {
        "Orchestrator": home.orchestrator_state,
        "Pilot": home.pilot_status,
        "Validation": home.validation,
        "Launch": home.launch_status,
        "Campaign": home.campaign_status,
        "Training": home.training_status,
    }
    leases: dict[str, Path] = {
        "orchestrator": home.orchestrator_lease,
        **{kind: home.warden_lease(kind) for kind in WATCHED_KINDS},
    }
    pids = {}
    for name, lease in leases.items():
        if is_held(lease):
            owner = holder(lease)
            pids[name] = owner.pid if owner else None
    sections = {name: _read(path) for name, path in files.items()}
    unwatched = _unwatched(home, sections["Orchestrator"], pids)
    if unwatched is not None and not isinstance(sections["Campaign"], str):
        sections["Campaign"] = unwatched
    training = sections["Training"]
    if isinstance(training, dict):
        sections["Training"] = _really(training, pids)
    return Snapshot(sections, pids, unwatched, _spent(home, sections))


def _really(training: dict[str, Any], pids: dict[str, int | None]) -> dict[str, Any]:
    """Return the document of a training, in which it runs only if its lease is held; it is told among ``pids`` then."""
    lease = Path(str(training.get("output"))) / "training.lease"
    is_running = is_held(lease)
    if is_running:
        pids["training"] = training.get("pid")
    is_gone = training.get("is_running") is True and not is_running
    return training | {"is_running": is_running} | ({"state": "interrupted"} if is_gone else {})


def _spent(home: Home, sections: Mapping[str, dict[str, Any] | str | None]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for name in ("Pilot", "Orchestrator"):
        section = sections[name]
        run = section.get("run") if isinstance(section, dict) else None
        try:
            spent = LedgerView(home.run(str(run)).ledger).spent() if run else []
        except CampaignError:
            continue
        if any(one.tokens_in is not None or one.cost is not None for one in spent):
            found[str(run)] = [asdict(one) for one in spent]
    return found


def _unwatched(home: Home, state: dict[str, Any] | str | None, pids: Mapping[str, int | None]) -> dict[str, Any] | None:
    """Return the document of a campaign that nobody watches now, from its ledger; None without one."""
    is_running = "campaign" in pids
    if not isinstance(state, dict) or "orchestrator" in pids:
        return None
    try:
        paths = home.run(str(state.get("run")))
        view, ended = LedgerView(paths.ledger), Exit.parsed(read_json(paths.exit_record))
        progress, warnings = view.progress(), view.warnings()
    except CampaignError:
        return None
    if progress is None or progress.total is None:
        return None
    target = progress.total
    stands = state_of(
        progress, target=target, is_running=is_running, ended=ended, idle_seconds=0.0, stall_seconds=math.inf
    )
    return campaign_document(
        progress, target=target, state=stands.value, is_running=is_running, rate=None, eta=None, warnings=warnings,
        now=SystemClock().now(),
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any] | str | None:
    try:
        return read_json(path)
    except DamagedFileError as error:
        return f"error: {error}"
