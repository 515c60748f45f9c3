"""A home on a simulated machine, the programs that run in it, and the person who runs the same command again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from simulation.auditor import Auditor, readable
from simulation.machine import Machine, Process, current

from agents.autonomous.approval import approve_waiting
from agents.autonomous.runner import exit_code_of, run_mode
from agents.autonomous.warden import lease_label
from agents.campaign.clock import stamp
from agents.campaign.errors import AlreadyRunningError, CampaignError, ExitCode
from agents.campaign.events import Event, RunKind, SampleScored
from agents.campaign.files import make_folder, replace_file, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.log_lines import render
from agents.campaign.plan import Layer, Plan, resolve
from agents.training.exporter import export_run
from agents.training.preflight import Prepared, prepare
from agents.training.scripts import generate_campaign

PILOT_TICKETS = 6
TARGET = 7
STRANGERS = 60
"""After a reboot this many of the first pids belong to others."""
PATIENCE_SECONDS = 4 * 3600.0
"""A person who sees no end for so long stops what hangs and runs the command again."""
MOST_STARTS = 80


@dataclass(frozen=True)
class Scenario:
    """What is asked for, and how it ends when nobody disturbs it."""

    name: str
    values: tuple[tuple[str, Any], ...]
    end: str
    code: ExitCode
    pilot_lines: tuple[bytes, ...] = ()
    """What somebody else's pilot logs, piece by piece."""

    def plan(self, home: Home) -> Plan:
        values: dict[str, Any] = {
            "domains": {"tiny": {"weight": 1.0}},
            "pilot.tickets": PILOT_TICKETS,
            "gate.min_samples": PILOT_TICKETS - 1,
            "gate.rule": "threshold",
            "gate.quality_threshold": 0.6,
            "teacher.fault_rate": 0.2,
            "campaign.target": TARGET,
            "watch.pilot_seconds": 12.0,
            "watch.campaign_seconds": 20.0,
            "speed.parallel": False,
            "speed.in_flight": 4,
            **dict(self.values),
        }
        if self.pilot_lines:
            values["pilot.log"] = str(home.pilot_log)
        return resolve(Layer(values, dict.fromkeys(values, "scenario")))


class World:
    """One run of the simulation in ``folder``. The seed decides how long everything takes."""

    def __init__(self, folder: Path, scenario: Scenario, seed: int) -> None:
        self.home = Home(folder)
        self.scenario = scenario
        self.plan = scenario.plan(self.home)
        self.machine = Machine()
        self.machine.world = self
        self.auditor = Auditor(self.machine)
        self.random = Random(f"world/{seed}")
        self.ends_at_once: int | None = None
        """Exit code with which every generator ends at once, as one with a bad argument does."""
        self.crashes_after: float | None = None
        """Seconds after which every generator dies of a segmentation fault."""
        self.stalls_until = 0.0
        """No generator finishes anything before this moment."""
        self.codes: list[int | None] = []

    def seconds_of_work(self, process: Process) -> float:
        now = self.machine.clock.elapsed
        return max(self.random.uniform(0.3, 6.0), self.stalls_until - now)

    def seconds_of_start(self) -> float:
        return self.random.uniform(0.1, 0.4)

    def prepared(self, is_pilot: bool) -> Prepared:
        return prepare(self.plan, "pilot" if is_pilot else "campaign", None, self.home, self.machine.clock.now())

    def go(self) -> None:
        """Run the story to its end and check all accounts; raises ViolatedError."""
        loop = self.machine.loop
        try:
            if self.scenario.pilot_lines:
                self.machine.start("pilot of others", self._foreign_pilot)
            loop.run_until_complete(self._person())
            loop.run_until_complete(self._rest())
            self.auditor.check(self)
        finally:
            self.machine.close()

    # The programs.

    def start_orchestrator(self) -> Process:
        return self.machine.start("orchestrator", self._orchestrator)

    async def _orchestrator(self) -> int:
        await asyncio.sleep(self.seconds_of_start())
        document = await run_mode("auto", self.plan, self.home)
        code = exit_code_of("auto", document)
        self.auditor.answered(self.home, document, code)
        return code

    async def _approval(self) -> int:
        approve_waiting(self.home, "a person", "looked at it")
        return ExitCode.DONE

    def start_warden(self, options: dict[str, str], argv: tuple[str, ...], log: Path) -> Process:
        kind: RunKind = "pilot" if options["--kind"] == "pilot" else "campaign"
        self.auditor.launches(current(), kind, 1 + self.plan.recipe.campaign.restarts)
        return self.machine.start(
            "warden", lambda: self._warden(kind, options["--run"], int(options["--launch"]), argv, log)
        )

    async def _warden(self, kind: RunKind, run: str, launch: int, argv: tuple[str, ...], log: Path) -> int:
        """What ``agents.autonomous.warden`` does, with the system calls of this machine."""
        await asyncio.sleep(self.seconds_of_start())
        me, paths = current(), self.home.run(run)
        try:
            with Lease(self.home.warden_lease(kind), lease_label(kind, run)):
                make_folder(paths.folder)
                paths.exit_record.unlink(missing_ok=True)
                self.machine.point("warden:before start")
                child = self.machine.start("generator", lambda: self._generator(kind, run, log), parent=me)
                for number in (signal.SIGTERM, signal.SIGINT):
                    me.handlers[number] = lambda: self._pass_on(child)
                if kind == "campaign":
                    replace_file(self.home.campaign_pid, f"{me.identity.pid}\n".encode())
                await child.ended.wait()
                record = {"launch": launch, "run": run, "argv": list(argv), "pid": child.identity.pid}
                ended = {"code": child.code, "signal": child.signal, "ended": stamp(self.machine.clock.now())}
                write_json(paths.exit_record, record | ended)
                if kind == "campaign":
                    self.home.campaign_pid.unlink(missing_ok=True)
        except AlreadyRunningError as error:
            self.say(log, str(error))
            return ExitCode.TRY_AGAIN
        return child.code if child.code is not None else 128 + (child.signal or 0)

    def _pass_on(self, child: Process) -> None:
        if child.is_alive:
            self.machine.send(child, signal.SIGTERM)

    async def _generator(self, kind: RunKind, run: str, log: Path) -> int:
        await asyncio.sleep(self.seconds_of_start())
        me = current()
        if self.ends_at_once is not None:
            self.say(log, "generate_campaign: error: unrecognized arguments: --wrong")
            return self.ends_at_once
        if self.crashes_after is not None:
            self.machine.loop.call_later(self.crashes_after, self.machine.kill, me, signal.SIGSEGV)
        prepared = self.prepared(kind == "pilot")
        console = Console(self, run, log)
        with Lease(prepared.paths.lease, lease_label(kind, run)):
            self.auditor.generates(me, kind, run)
            try:
                await generate_campaign._generate(prepared, console, {}, acknowledge=None)
                if kind == "campaign":
                    export_run(prepared.paths.ledger, self.home.datasets, self.machine.clock.now())
            except CampaignError as error:
                console.say(f"{error.what}; cure: {error.cure}")
                return error.exit_code
        return ExitCode.DONE

    async def _foreign_pilot(self) -> int:
        for piece in self.scenario.pilot_lines:
            self._append(self.home.pilot_log, piece)
            await asyncio.sleep(self.random.uniform(1.0, 20.0))
        return ExitCode.DONE

    def say(self, log: Path, line: str) -> None:
        self._append(log, f"{line}\n".encode())

    def _append(self, log: Path, data: bytes) -> None:
        make_folder(log.parent)
        with log.open("ab") as file:
            file.write(data)
        moment = self.machine.clock.now().timestamp()
        os.utime(log, (moment, moment))

    @property
    def state(self) -> dict[str, Any]:
        """The state file; empty while it cannot be read."""
        return readable(self.home.orchestrator_state)

    def reboot(self) -> None:
        self.machine.reboot(STRANGERS)

    # The person.

    async def _person(self) -> None:
        """Run the same command until the workflow ends; mend what a named cause asks for."""
        for _ in range(MOST_STARTS):
            process = self.start_orchestrator()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.ended.wait(), PATIENCE_SECONDS)
            if process.is_alive:
                self._stop_what_hangs()
                await process.ended.wait()
            self.codes.append(process.code)
            if await self._is_over(process):
                return
            await asyncio.sleep(self.random.choice((1.0, 30.0, 60.0, 900.0)) * self.random.random())
        self.auditor.never_ended(self)

    async def _is_over(self, process: Process) -> bool:
        code = process.code
        if code == ExitCode.DONE or (code == self.scenario.code and self.state.get("phase") == self.scenario.end):
            return True
        if code == ExitCode.ALREADY_RUNNING:
            self.auditor.refused(process)
            await self._others()
        elif code == ExitCode.WAITING:
            await self.machine.start("orchestrator", self._approval).ended.wait()
        elif code == ExitCode.FAILED:
            self.auditor.failed(self, process)
            self.ends_at_once = self.crashes_after = None
        elif code == ExitCode.PAUSED and (self.ends_at_once is not None or self.crashes_after is not None):
            self.ends_at_once = self.crashes_after = None
        return False

    def _stop_what_hangs(self) -> None:
        self.stalls_until = 0.0
        for generator in self.machine.alive("generator"):
            self.machine.kill(generator)

    async def _others(self) -> None:
        """Wait for the orchestrator that works already."""
        for process in self.machine.alive("orchestrator"):
            with suppress(TimeoutError):
                await asyncio.wait_for(process.ended.wait(), PATIENCE_SECONDS)

    async def _rest(self) -> None:
        """Let those come to their end who outlived the workflow."""
        while alive := self.machine.alive("orchestrator", "warden", "generator"):
            await asyncio.wait_for(alive[0].ended.wait(), PATIENCE_SECONDS)


class Console:
    """A generator's standard output: its events as lines in its log, and a count of what it has promised."""

    def __init__(self, world: World, run: str, log: Path) -> None:
        self._world, self._run, self._log = world, run, log

    def announce(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, SampleScored):
                self._world.auditor.acknowledged[self._run] += 1
            self.say(render(event))

    def say(self, text: str) -> None:
        self._world.machine.point("log:before")
        self._world.say(self._log, text)
