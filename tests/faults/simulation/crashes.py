"""The fault scheduler: which faults strike in a run and when, all drawn from its seed.

A fault waits for a moment: the n-th durable boundary that processes of its role pass (every write, commit, lease,
spawn and exit record is one, before and after), or a time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from simulation.machine import Process

if TYPE_CHECKING:
    from simulation.world import World

EVERYBODY = ("orchestrator", "warden", "generator")
CROWD = 12
HOUR = 3600.0
DAY = 24 * HOUR

Strike = Callable[["World", Random], None]


@dataclass(frozen=True)
class Kind:
    """A kind of fault; ``roles`` are those whose boundaries it waits for, empty for one that waits for a time."""

    name: str
    roles: tuple[str, ...]
    strike: Strike
    weight: int = 1
    rows: tuple[int, ...] = ()
    needs: tuple[str, ...] = ()
    """It strikes only while one of these roles lives."""


@dataclass
class Fault:
    """A fault of one run; ``waits`` counts down the boundaries that are left."""

    kind: Kind
    waits: int = 0
    moment: float = 0.0


@dataclass(frozen=True)
class Struck:
    """What struck, and at which boundary."""

    fault: str
    at: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Extent:
    """How long an undisturbed run is: boundaries by role, and seconds."""

    points: dict[str, int]
    seconds: float


class Crashes:
    """The faults of one run of ``world``."""

    def __init__(self, world: World, seed: int, extent: Extent) -> None:
        self.struck: list[Struck] = []
        self._world = world
        self._random = Random(f"faults/{seed}")
        self._faults = [self._draw(extent) for _ in range(self._random.choice((1, 1, 2, 2, 3, 4, 6)))]

    def arm(self) -> None:
        """Let the faults strike from now on."""
        self._world.machine.at_point = self._at_point
        for fault in self._faults:
            if not fault.kind.roles:
                self._world.machine.loop.call_later(fault.moment, self._strike, fault.kind, "")

    def _draw(self, extent: Extent) -> Fault:
        (kind,) = self._random.choices(KINDS, [kind.weight for kind in KINDS])
        waits = sum(extent.points[role] for role in kind.roles)
        return Fault(kind, self._random.randint(1, max(1, waits)), self._random.uniform(0.0, extent.seconds))

    def _at_point(self, process: Process, name: str) -> None:
        due = []
        for fault in self._faults:
            if process.role in fault.kind.roles and fault.waits:
                fault.waits -= 1
                due += [fault.kind] if not fault.waits else []
        for kind in due:
            self._strike(kind, f"{process.role} {name}")

    def _strike(self, kind: Kind, at: str) -> None:
        if kind.needs and not self._world.machine.alive(*kind.needs):
            return
        self._world.machine.note(f"FAULT {kind.name} {at}")
        self.struck.append(Struck(kind.name, at, kind.rows + _ROWS_OF_POINTS.get(at, ())))
        kind.strike(self._world, self._random)


_ROWS_OF_POINTS = {
    "orchestrator store.intend:after": (2,),
    "orchestrator spawn:before": (2,),
    "orchestrator spawn:after": (3,),
    "orchestrator store.confirm:before": (3,),
}


def _kill(*roles: str) -> Strike:
    return lambda world, _random: world.machine.kill_all(roles)


def _term(role: str) -> Strike:
    def strike(world: World, _random: Random) -> None:
        for process in world.machine.alive(role):
            world.machine.send(process, signal.SIGTERM)

    return strike


def _crowd(world: World, _random: Random) -> None:
    for _ in range(CROWD):
        world.start_orchestrator()


def _bad_arguments(world: World, _random: Random) -> None:
    world.ends_at_once = 2


def _crash_loop(world: World, random: Random) -> None:
    world.crashes_after = random.choice((0.5, 5.0, 30.0)) * random.random()


def _stall(world: World, random: Random) -> None:
    world.stalls_until = world.machine.clock.elapsed + random.choice((120.0, 1_500.0)) * random.uniform(0.5, 1.5)


def _jump(seconds: float) -> Strike:
    def strike(world: World, _random: Random) -> None:
        world.machine.clock.jumped += seconds

    return strike


def _suspend(world: World, random: Random) -> None:
    world.machine.clock.jumped += random.uniform(60.0, 8 * HOUR)


def _tear(world: World, random: Random) -> None:
    """Cut, fill with rubbish or remove one of the files that readers are given."""
    path = random.choice(_projections(world))
    if not path.exists():
        return
    data = path.read_bytes()
    torn = random.choice((data[: random.randrange(len(data) + 1)], b"\x00\xff{", b"[]", None))
    if torn is None:
        os.unlink(path)  # noqa: PTH108 -- not as a step of the process that is running
    else:
        path.write_bytes(torn)


def _projections(world: World) -> list[Path]:
    home = world.home
    run = home.run(world.plan.recipe.campaign.name)
    status = [home.pilot_status, home.validation, home.launch_status, home.campaign_status, home.orchestrator_state]
    return [*status, home.orchestrator_pid, home.campaign_pid, run.exit_record]


def _wrong_pids(world: World, random: Random) -> None:
    """Put the pid of a stranger where a pid file tells of ours."""
    stranger = world.machine.stranger()
    random.choice((world.home.orchestrator_pid, world.home.campaign_pid)).write_text(f"{stranger.identity.pid}\n")


KINDS = (
    Kind("kill -9 of the orchestrator", ("orchestrator",), _kill("orchestrator"), 12, (1,)),
    Kind("kill -9 of the warden", ("warden",), _kill("warden"), 5, (6,)),
    Kind("kill -9 of the warden while the generator writes", ("generator",), _kill("warden"), 2, (6,), ("warden",)),
    Kind("kill -9 of the generator", ("generator",), _kill("generator"), 6, (5,)),
    Kind("kill -9 of everybody at once", EVERYBODY, _kill(*EVERYBODY), 3, (1, 5, 6)),
    Kind("reboot", EVERYBODY, lambda world, _random: world.reboot(), 4, (9, 11)),
    Kind("twelve orchestrators at once", (), _crowd, 2, (4,)),
    Kind("SIGTERM to the orchestrator", (), _term("orchestrator"), 2, (14,), ("orchestrator",)),
    Kind("SIGTERM to the warden", (), _term("warden"), 2, (14,), ("warden",)),
    Kind("SIGTERM to the generator", (), _term("generator"), 1, (14,), ("generator",)),
    Kind("a stall", (), _stall, 2, (15,)),
    Kind("a generator that exits at once", (), _bad_arguments, 1, (7,)),
    Kind("a crash loop", (), _crash_loop, 2, (8,)),
    Kind("wall clock -1 h", (), _jump(-HOUR), 1, (34,)),
    Kind("wall clock +1 day", (), _jump(DAY), 1, (34,)),
    Kind("a suspended machine", (), _suspend, 1, (34,)),
    Kind("a torn or removed status file", EVERYBODY, _tear, 4, (31,)),
    Kind("a pid file that names a stranger", (), _wrong_pids, 1, (9,)),
)
