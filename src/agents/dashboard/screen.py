"""The terminal's view of a running workflow: one progress bar with rate and time left.

Reads ledgers and status files through ``campaign``; never influences what it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from agents.campaign.errors import CampaignError
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.readers import LedgerReader

REFRESH_SECONDS = 0.5


class Rate(ProgressColumn):
    """Samples per second, blank as long as it is not known."""

    def render(self, task: Task) -> Text:
        """Return the rate of ``task``."""
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


@contextlib.asynccontextmanager
async def workflow_bar(home: Home) -> AsyncIterator[None]:
    """Show the workflow of ``home`` on standard error while the block runs."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[numbers]}"),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=60) as bar:
        task = bar.add_task("starting", total=None, numbers="")
        refresher = asyncio.create_task(_refresh(bar, task, home))
        try:
            yield
        finally:
            _show(bar, task, home)
            refresher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refresher


async def _refresh(bar: Progress, task: TaskID, home: Home) -> None:
    while True:
        _show(bar, task, home)
        await asyncio.sleep(REFRESH_SECONDS)


def _show(bar: Progress, task: TaskID, home: Home) -> None:
    try:
        state = read_json(home.orchestrator_state) or {}
        done, total, numbers = _numbers(home, state)
    except CampaignError:
        return
    phase = str(state.get("phase", "starting"))
    if bar.tasks[0].description != phase:
        bar.reset(task, description=phase)
    bar.update(task, completed=done, total=total, numbers=numbers)


def _numbers(home: Home, state: dict[str, Any]) -> tuple[int, int | None, str]:
    """Return done, total and the rest in words: from the ledger where there is one, else from the status."""
    if state.get("phase") == "after_campaign":
        return _follow_up_numbers(state)
    is_campaign = "campaign_result" in state or state.get("phase") == "campaign_launched"
    run = state.get("run") if is_campaign else state.get("pilot_run")
    if state.get("phase") == "choosing_candidate":
        run = (state.get("choice_result") or {}).get("trial_run")
    if isinstance(run, str):
        progress = LedgerReader(home.run(run).ledger).read()
        if progress.total:
            return progress.done or 0, progress.total, _words(progress.quality, progress.acceptance)
    result = state.get("campaign_result" if is_campaign else "pilot_result") or {}
    return result.get("progress", 0), result.get("total") or None, _words(result.get("estimated_quality"), None)


def _follow_up_numbers(state: dict[str, Any]) -> tuple[int, int | None, str]:
    """Return done, total and the name of what follows the campaign now."""
    entries = state.get("after_campaign") or []
    running: dict[str, Any] = next((entry for entry in entries if entry.get("state") == "running"), {})
    return running.get("progress", 0), running.get("total"), running.get("task", "")


def _words(quality: float | None, acceptance: float | None) -> str:
    words = [] if quality is None else [f"quality {quality:.3f}"]
    return "  ".join(words if acceptance is None else [*words, f"acceptance {acceptance:.1%}"])
