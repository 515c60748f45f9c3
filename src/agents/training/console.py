"""What a run's process says: a log line per event, and a progress bar for a terminal.

Owns how events are shown. Never decides what happens.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agents.campaign.errors import CampaignError, PausedError
from agents.campaign.events import Event, Progressed
from agents.campaign.log_lines import render
from agents.campaign.logs import Lines, configure

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, TaskID

LOGGER = logging.getLogger("generate_campaign")
LAST_WORDS_BYTES = 64 * 1024
"""Of a warden's room, for what a generator says last on a full disk."""


class Console:
    """Where the events of one run are announced; a context manager that opens the log at ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Open the log; raises CampaignError where it cannot be opened."""
        terminal = sys.stderr.isatty()
        configure(self._path, echo=not terminal)
        if terminal:
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()

    def announce(self, events: Sequence[Event]) -> None:
        """Log ``events``, a line for each, and move the bar with progress."""
        LOGGER.info(Lines(map(render, events)))
        if self._bar is not None:
            for event in events:
                if isinstance(event, Progressed):
                    self._draw(self._bar, event)

    def say(self, text: str) -> None:
        """Log a sentence, and print it to a terminal."""
        LOGGER.info(text)
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)

    def complain(self, error: CampaignError, room: Path) -> None:
        """Log an error, and print it to a terminal.

        The error may be that the log cannot be written: for it, some of the ``room`` is given up that a warden holds.
        """
        try:
            _log(error)
        except PausedError:
            with contextlib.suppress(OSError, PausedError):
                os.truncate(room, room.stat().st_size - LAST_WORDS_BYTES)
                _log(error)
        if self._bar is not None:
            self._bar.console.print(f"generate_campaign: {error}", highlight=False, markup=False, style="bold red")

    def _draw(self, bar: Progress, event: Progressed) -> None:
        quality = "-" if event.quality is None else f"{event.quality:.3f}"
        acceptance = "-" if event.acceptance is None else f"{event.acceptance:.1%}"
        if self._task is None:
            self._task = bar.add_task("", total=event.total, completed=event.done, quality="-", acceptance="-")
        bar.update(self._task, completed=event.done, quality=quality, acceptance=acceptance)


def _bar() -> Progress:
    from rich import console, progress  # noqa: PLC0415 -- only a terminal needs it

    return progress.Progress(
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TaskProgressColumn(show_speed=True),
        progress.TimeRemainingColumn(),
        progress.TextColumn("quality {task.fields[quality]} acceptance {task.fields[acceptance]}"),
        console=console.Console(stderr=True),
    )


def _log(error: CampaignError) -> None:
    LOGGER.error("%s; cure: %s", error.what, error.cure)
