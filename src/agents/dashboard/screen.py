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
        bar.add_task("starting", total=None, numbers="")
        refresher = asyncio.create_task(_refresh(bar, home))
        try:
            yield
        finally:
            _show(bar, home)
            refresher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refresher


async def _refresh(bar: Progress, home: Home) -> None:
    while True:
        _show(bar, home)
        await asyncio.sleep(REFRESH_SECONDS)


def _show(bar: Progress, home: Home) -> None:
    try:
        state = read_json(home.orchestrator_state) or {}
        what, (done, total, numbers) = _what(state), _numbers(home, state)
    except CampaignError:
        return
    shown = bar.tasks[0]
    if shown.description != what:
        bar.remove_task(shown.id)  # a bar that knows its total cannot forget it
        bar.add_task(what, total=None, numbers="")
    bar.update(bar.tasks[0].id, completed=done, total=total, numbers=numbers)


def _what(state: dict[str, Any]) -> str:
    """Return the name of what is at work: the phase, or the task after the campaign."""
    return str(_running_task(state).get("task") or state.get("phase", "starting"))


def _running_task(state: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of the task that runs after the campaign, nothing where none does."""
    tasks = state.get("after_campaign")
    known = tasks if isinstance(tasks, list) and state.get("phase") == "after_campaign" else []
    return next((task for task in known if isinstance(task, dict) and task.get("state") == "running"), {})


def _numbers(home: Home, state: dict[str, Any]) -> tuple[int, int | None, str]:
    """Return done, total and the rest in words: from the ledger where there is one, else from the status."""
    if task := _running_task(state):
        return task.get("progress", 0), task.get("total"), ""
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


def _words(quality: float | None, acceptance: float | None) -> str:
    words = [] if quality is None else [f"quality {quality:.3f}"]
    return "  ".join(words if acceptance is None else [*words, f"acceptance {acceptance:.1%}"])
