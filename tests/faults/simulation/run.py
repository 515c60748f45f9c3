"""Runs seeds. ``python -m simulation.run SEED`` replays one and prints all that happened in it."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from simulation.auditor import ViolatedError, contents
from simulation.boundary import simulated_machine
from simulation.crashes import Crashes, Extent, Struck
from simulation.machine import Process, current
from simulation.scenarios import SCENARIOS
from simulation.world import Scenario, World

MEMORY = Path("/dev/shm")  # noqa: S108 -- a file system that needs no disk; the names in it are random
REPLAY = "PYTHONPATH=src:tests/faults:tests/unit/training .venv/bin/python -m simulation.run {}"


@dataclass(frozen=True)
class Story:
    """One run that ended well: what struck, and how often the person ran the command."""

    seed: int
    scenario: str
    struck: tuple[Struck, ...]
    starts: int


@dataclass(frozen=True)
class Undisturbed:
    """A scenario that nobody disturbed: what its ledgers hold and how long it is."""

    contents: dict[str, list[tuple[Any, ...]]]
    extent: Extent


def run(seed: int, *, tell: bool = False) -> Story:
    """Run one seed; raises ViolatedError whose notes have the trace and the command that replays it."""
    (scenario,) = Random(f"scenario/{seed}").choices(list(SCENARIOS), list(SCENARIOS.values()))
    reference = undisturbed(scenario)
    folder = new_folder()
    world = World(folder / "context", scenario, seed)
    world.auditor.expected = reference.contents
    crashes = Crashes(world, seed, reference.extent)
    try:
        crashes.arm()
        world.go()
    except (ViolatedError, Exception) as error:
        error.add_note(f"seed {seed}, {scenario.name}; replay it: {REPLAY.format(seed)}")
        raise
    finally:
        shutil.rmtree(folder)
        if tell:
            print("\n".join(world.machine.trace))
            for found in world.machine.tracebacks:
                traceback.print_exception(found)
    return Story(seed, scenario.name, tuple(crashes.struck), len(world.codes))


@cache
def undisturbed(scenario: Scenario) -> Undisturbed:
    """Run a scenario without faults."""
    folder = new_folder()
    world = World(folder / "context", scenario, 0)
    points: Counter[str] = Counter(orchestrator=0, warden=0, generator=0)

    def count(process: Process, _name: str) -> None:
        points[process.role] += 1

    world.machine.at_point = count
    try:
        world.go()
        return Undisturbed(contents(world.home), Extent(dict(points), world.machine.clock.elapsed))
    finally:
        shutil.rmtree(folder)


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="faults-", dir=MEMORY if MEMORY.is_dir() else None))


class _Notes(logging.Handler):
    """Log records of the programs, among what else happened on their machine."""

    def emit(self, record: logging.LogRecord) -> None:
        current().machine.note(f"    {record.name}: {record.getMessage()}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, handlers=[_Notes()])
    with simulated_machine():
        for number in sys.argv[1:]:
            print(run(int(number), tell=True))
