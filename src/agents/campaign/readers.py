"""Readers of a run: its ledger where there is one, its log otherwise. Both answer with ``Progress``.

Never writes, and never mixes the two sources.
"""

from __future__ import annotations

from pathlib import Path

from agents.campaign.follower import Follower
from agents.campaign.ledger_view import LedgerView
from agents.campaign.log_lines import parse
from agents.campaign.progress import Progress, fold


class LogReader:
    """Progress as a growing log tells it from byte ``position`` on; each look costs the new bytes."""

    def __init__(self, log: Path, position: int = 0) -> None:
        self.follower = Follower(log, position)
        self._progress = Progress("log")
        self._gaps = 0

    def read(self) -> Progress:
        """Return what all lines so far amount to."""
        for line in self.follower.lines():
            self._begin_again_after_a_gap()
            if events := parse(line):
                self._progress = fold(self._progress, events)
        self._begin_again_after_a_gap()
        return self._progress

    def end(self) -> Progress:
        """Return what all lines amount to, the unfinished last one too: for a writer that has ended."""
        self.read()
        self._progress = fold(self._progress, parse(self.follower.rest()))
        return self._progress

    def _begin_again_after_a_gap(self) -> None:
        if self.follower.gaps != self._gaps:
            self._gaps = self.follower.gaps
            self._progress = Progress("log", problems=("the log was replaced or cut",), problem_count=1)


class LedgerReader:
    """Progress as the ledger of a run of ours proves it."""

    def __init__(self, ledger: Path) -> None:
        self._view = LedgerView(ledger)

    def read(self) -> Progress:
        """Return what the ledger holds; all unknown as long as there is none."""
        return self._view.progress() or Progress("ledger")
