"""The newest samples of a run, whole, as a person reads them or as JSON values."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.campaign.errors import UsageError
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.printable import printable
from agents.campaign.report import question_of, sample_block
from agents.campaign.workflows import Workflows

SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class Samples:
    """Settled samples of a run, newest first, as ``LedgerView.samples`` yields them; ``what`` says which ones."""

    run: str
    what: str
    found: list[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {"run": self.run, "samples": self.found}

    def text(self) -> str:
        """Return them as Markdown that reads well in a terminal; nothing in it comes through as markup."""
        if not self.found:
            return f"Run {self.run} has no settled {self.what} yet."
        lines = [f"Newest {self.what} of run {self.run}:"]
        for sample in self.found:
            block = sample_block(_head(sample), sample["checks"], question_of(sample), sample["reply"] or "")
            lines += ["", *block]
        return "\n".join(lines)


def newest_samples(home: Home, run: str | None, count: int, *, accepted: bool, item: str | None = None) -> Samples:
    """Return the last ``count`` samples of ``run`` that were accepted, or else that were not.

    Without a ``run``, those of the newest workflow's campaign, or of its pilot. With an ``item``, an id or the
    beginning of one, all of its samples, unless only accepted ones are wanted.

    Raises:
        UsageError: there is no such run, or no sample of such an item.
    """
    run = known_run(home, run)
    view = LedgerView(home.run(run).ledger)
    if item is None:
        what = "accepted samples" if accepted else "samples that were not accepted"
        return Samples(run, what, view.newest(count, accepted=accepted))
    found = view.newest(count, accepted=accepted or None, item=item)
    if not found:
        near = view.near_items(item)
        kind = "accepted" if accepted else "settled"
        raise UsageError(
            f"run {run} has no {kind} sample of an item {item!r}",
            f"near ones are {', '.join(near)}" if near else "none of its tickets is settled yet; wait for one",
        )
    return Samples(run, f"samples of item {printable(item)}", found)


def known_run(home: Home, run: str | None) -> str:
    """Return ``run``, or where it is None the newest workflow's campaign, or its pilot.

    Raises:
        UsageError: there is no such run.
    """
    if run is None:
        return _newest_run(home)
    if not home.run(run).ledger.exists():
        raise UsageError(f"there is no run {run!r}", _near(run, _runs(home)))
    return run


def _newest_run(home: Home) -> str:
    if home.workflows.exists():
        with contextlib.closing(Workflows(home.workflows)) as store:
            workflow = store.newest()
        if workflow is not None and home.run(workflow.run).ledger.exists():
            return workflow.run
    pilot = (read_json(home.pilot_status) or {}).get("run")
    if not pilot:
        raise UsageError("there is no run of ours yet", _near("", _runs(home)))
    return str(pilot)


def _runs(home: Home) -> list[str]:
    return sorted(ledger.parent.name for ledger in home.runs.glob("*/ledger.sqlite"))


def _near(run: str, known: list[str]) -> str:
    if not known:
        return "make one: campaign auto"
    near = difflib.get_close_matches(run, known, n=3) or known[:SHOWN_NAMES]
    more = "" if len(near) == len(known) else f", {len(known) - len(near)} more in all"
    return f"name one: {', '.join(near)}{more}"


def _head(sample: Mapping[str, Any]) -> str:
    twin = "" if sample["twin"] is None else f" of ticket {sample['twin']}"
    reason = f", {sample['reason']}{twin}" if sample["reason"] else ""
    text = f" from {sample['item']['name']}" if isinstance(sample["item"].get("name"), str) else ""
    return (
        f"ticket {sample['seq']}: {sample['state']}, quality {sample['quality']:.3f}{reason}\n"
        f"{sample['domain']}, {sample['family']}/d{sample['difficulty']}, item {sample['item_id']}{text}"
    )
