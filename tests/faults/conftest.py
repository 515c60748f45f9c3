"""Counts what was tried of each row of the fault matrix, prints the table, and writes it where FAULT_TABLE says.

A test is marked with its row, ``@pytest.mark.fault(row=5)``; the simulation reports through ``record_property`` what
its seeds struck.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "training"), str(HERE.parent / "story")]

from rows import ROWS  # noqa: E402 -- found by the line above
from stage_real import RUN, command  # noqa: E402
from world import World  # noqa: E402

from agents.autonomous.stopping import stop_all  # noqa: E402

STRUCK = "struck"
"""Property of a simulation's report: how often each row's fault struck."""
_MARKED = "fault rows"


@dataclass
class Tally:
    """What came out of one row."""

    simulated: int = 0
    real: Counter[str] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)

    @property
    def outcome(self) -> str:
        if self.real["failed"]:
            return f"**{self.real['failed']} failed**"
        held = "held" if self.simulated or self.real["passed"] else "not tried"
        return "; ".join([held, *(f"skipped: {reason}" for reason in sorted(self.reasons))])


class Matrix:
    """The tally of every row, from the reports of a test run."""

    def __init__(self) -> None:
        self.tallies: defaultdict[int, Tally] = defaultdict(Tally)
        self.seeds = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        counts = report.when == "call" or (report.when == "setup" and report.outcome != "passed")
        if not counts:
            return
        for row in properties.get(_MARKED, ()):
            self.tallies[row].real[report.outcome] += 1
            if report.skipped:
                self.tallies[row].reasons.add(_reason(report))
        self.seeds += properties.get("seeds", 0)
        for row, times in properties.get(STRUCK, ()):
            self.tallies[row].simulated += times

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        path = os.environ.get("FAULT_TABLE")
        if path is None:
            return
        table = self.table()
        terminalreporter.write_line(table)
        Path(path).write_text(_PAGE.format(seeds=self.seeds, table=table), encoding="utf-8")

    def table(self) -> str:
        lines = ["| # | fault | expected | simulated | real | outcome |", "|---|---|---|---|---|---|"]
        for row, (fault, expected) in ROWS.items():
            tally = self.tallies[row]
            real = tally.real["passed"] + tally.real["failed"]
            lines.append(f"| {row} | {fault} | {expected} | {tally.simulated or ''} | {real or ''} | {tally.outcome} |")
        return "\n".join(lines)


_PAGE = """<!-- Written by `make faults` from a test run. -->

# Faults

What was done to the system, how often, and what came out, in one run of `make faults` with {seeds} seeds of the
simulation. After every simulated run and every real one the accounts were checked: issued = accepted + rejected +
dead + open; exported = accepted; no ticket twice; nothing acknowledged lost; 0 or 1 campaign alive.

"Simulated" counts faults that struck in the simulation, "real" tests with real processes, files and signals.
How it works and how to replay a seed: [check the faults](../how-to/check-the-faults.md).

{table}
"""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Matrix(), "fault matrix")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        rows = [row for mark in item.iter_markers("fault") for row in _rows_of(mark)]
        if rows:
            item.user_properties.append((_MARKED, rows))


def _rows_of(mark: pytest.Mark) -> list[int]:
    row = mark.kwargs["row"]
    return [row] if isinstance(row, int) else list(row)


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


@dataclass(frozen=True)
class Undisturbed:
    """A small campaign that nobody disturbed: what its ledger holds, and how many seconds it took."""

    contents: list[tuple[Any, ...]]
    seconds: float


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    world = World(tmp_path_factory.mktemp("undisturbed"))
    begun = time.monotonic()
    done = world.campaign(*command(world))
    assert done.returncode == 0, done.stderr
    return Undisturbed(world.contents(RUN), time.monotonic() - begun)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A home with real processes, emptied of them when the test ends."""
    world = World(tmp_path)
    yield world
    stop_all(world.home, orchestrator_only=False, grace_seconds=10.0)
    for process in world.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
