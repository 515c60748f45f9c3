"""Readers of a run: its ledger where there is one, its log otherwise. Both answer with ``Progress``.

Never writes, and never mixes the two sources.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from agents.campaign.events import Event
from agents.campaign.follower import Follower
from agents.campaign.ledger_view import LedgerView
from agents.campaign.log_lines import parse
from agents.campaign.progress import Progress, fold

CUT = "the log was cut: what it told before is not counted"


class LogReader:
    """Progress as a growing log tells it from byte ``position`` on; each look costs the new bytes.

    A log that was renamed and begun anew goes on counting, unless its progress fell: then it is another run. A log that
    was cut begins to count again, with a problem that says so: what was written just before the cut is lost.
    """

    def __init__(self, log: Path, position: int = 0) -> None:
        self.follower = Follower(log, position)
        self._progress = Progress("log")
        self._successor: Progress | None = None
        """What a file tells that took the log's name, until its first progress shows whether it is another run."""
        self._gaps = self._successions = 0

    def read(self) -> Progress:
        """Return what all lines so far amount to."""
        for line in self.follower.lines():
            self._notice_changes()
            if events := parse(line):
                self._count(events)
        self._notice_changes()
        return self._progress

    def end(self) -> Progress:
        """Return what all lines amount to, the unfinished last one too: for a writer that has ended."""
        self.read()
        self._count(parse(self.follower.rest()))
        return self._progress

    def _count(self, events: Iterable[Event]) -> None:
        before, self._progress = self._progress, fold(self._progress, events)
        if self._successor is None:
            return
        self._successor = fold(self._successor, events)
        if self._successor.done is None:
            return
        if before.done is not None and self._progress.done == self._successor.done < before.done:
            problems, count = self._progress.problems, self._progress.problem_count
            self._progress = replace(self._successor, problems=problems, problem_count=count)
        self._successor = None

    def _notice_changes(self) -> None:
        if self.follower.gaps != self._gaps:
            self._gaps = self.follower.gaps
            self._progress = Progress("log", problems=(CUT,), problem_count=1)
            self._successor = None
        if self.follower.successions != self._successions:
            self._successions = self.follower.successions
            self._successor = Progress("log")


class LedgerReader:
    """Progress as the ledger of a run of ours proves it."""

    def __init__(self, ledger: Path) -> None:
        self._view = LedgerView(ledger)

    def read(self) -> Progress:
        """Return what the ledger holds; all unknown as long as there is none."""
        return self._view.progress() or Progress("ledger")
