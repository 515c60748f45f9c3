"""TrainingOrchestrator: takes a workflow from the pilot to a verified campaign, one short step at a time.

Owns the workflow's steps and ``orchestrator_state.json``. Every decision belongs to the gate, the phase table and
the other agents. Starting it again is how a workflow is resumed: each step finds out what is already done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from agents.autonomous.campaign_launcher import CampaignLauncher, CampaignMonitor
from agents.autonomous.generators import campaign_generator, exit_of, is_alive, last_words, pilot_generator, start
from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor
from agents.campaign.clock import Clock, SystemClock, stamp
from agents.campaign.errors import CampaignError
from agents.campaign.files import make_folder, replace_file, write_json
from agents.campaign.gate import Verdict
from agents.campaign.home import Home
from agents.campaign.lease import Lease, holder
from agents.campaign.outcome import RunState
from agents.campaign.phases import Happening, Phase
from agents.campaign.plan import Plan, plan_for
from agents.campaign.readers import LedgerReader, LogReader
from agents.campaign.status import Document
from agents.campaign.workflows import Workflow, Workflows

DEATH_SPAN_SECONDS = 600.0
"""Deaths of a generator are counted over this span against ``campaign.restarts``."""

Moved = tuple[Happening, dict[str, Any]]


class TrainingOrchestrator:
    """Coordinates the agents. Use ``run_autonomous``, or ``tick`` from a host that has its own loop.

    Args:
        quality_threshold: mean quality in (0, 1] that the pilot must reach.
        min_pilot_samples: finished samples that it must have.
        campaign_target: accepted samples that the campaign owes.
        auto_launch: False stops before the launch and waits for a person.
        plan: overrides all of them when given.
    """

    def __init__(
        self,
        quality_threshold: float = 0.75,
        min_pilot_samples: int = 150,
        campaign_target: int = 34_500,
        auto_launch: bool = True,
        *,
        plan: Plan | None = None,
        home: Home | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.home = home or Home.from_environment(os.environ)
        self.plan = plan or plan_for(
            {
                "quality_threshold": ("gate.quality_threshold", quality_threshold),
                "min_pilot_samples": ("gate.min_samples", min_pilot_samples),
                "campaign_target": ("campaign.target", campaign_target),
                "auto_launch": ("campaign.auto_launch", auto_launch),
            },
            recipe=None,
        )
        self.run = self.plan.recipe.campaign.name
        self._clock = clock or SystemClock()
        self._logger = logging.getLogger("TrainingOrchestrator")
        self._stop = asyncio.Event()
        self._open = contextlib.ExitStack()
        self._store: Workflows | None = None
        self._taken_up: Workflow | None = None
        self._live: dict[str, Any] = {}
        self._deaths: deque[float] = deque()
        self._pilot_monitor: PilotQualityMonitor | None = None
        self._campaign_monitor: CampaignMonitor | None = None
        self._steps: Mapping[Phase, Callable[[], Awaitable[Moved | None]]] = {
            Phase.STARTING_PILOT: self._start_pilot,
            Phase.MONITORING_PILOT: self._monitor_pilot,
            Phase.VALIDATING_PILOT: self._validate_pilot,
            Phase.VALIDATION_COMPLETE: self._launch_campaign,
            Phase.CAMPAIGN_LAUNCHED: self._monitor_campaign,
        }

    async def setup(self) -> None:
        """Create the folders of the home; raises CampaignError where that is impossible."""
        make_folder(self.home.training)

    async def run_task(self, task: str = "auto") -> Document:
        """Run one of ``auto``, ``monitor``, ``validate`` and ``launch``; return what it came to."""
        tasks = {
            "auto": self.run_autonomous,
            "monitor": self.monitor_only,
            "validate": self.validate_only,
            "launch": self.launch_only,
        }
        if task not in tasks:
            raise ValueError(f"TrainingOrchestrator knows the tasks {', '.join(tasks)}, not {task!r}")
        return await tasks[task]()

    async def run_autonomous(self) -> Document:
        """Take the workflow to its end, or until ``stop``; return ``orchestrator_state.json``.

        Raises:
            AlreadyRunningError: another orchestrator works in this home.
            CampaignError: the plan cannot be carried out at all.
        """
        try:
            document = await self.tick()
            while not Phase(document["phase"]).is_end:
                phase = document["phase"]
                if self._stop.is_set():
                    self._move(Happening.STOP_ASKED, {"cause": "stopped by a signal or a person"})
                    return self._project()
                document = await self.tick()
                if document["phase"] == phase and not Phase(phase).is_end:
                    await self._wait()
            return document
        finally:
            self.close()

    async def tick(self) -> Document:
        """Do one short step and return ``orchestrator_state.json``; holds the orchestrator's lease until ``close``.

        After the end of a workflow it only says so again. Raises as ``run_autonomous`` does.
        """
        if self._taken_up is None:
            await self._take_up()
        step = self._steps.get(self._workflow.phase)
        if step is not None:
            moved = await step()
            if moved is not None:
                self._move(*moved)
        document = self._project()
        if self._workflow.phase.is_end:
            self.close()
        return document

    async def monitor_only(self) -> Document:
        """Watch the pilot until it is complete or has stalled; return its status."""
        with self._alone():
            return await self._new_pilot_monitor().run_task("monitor")

    async def validate_only(self) -> Document:
        """Look at the pilot once more, put it before the gate; return the verdict."""
        with self._alone():
            if self.home.pilot_log.exists():
                await self._new_pilot_monitor().run_task("check")
            return await self._new_validator().run_task()

    async def launch_only(self) -> Document:
        """Launch the campaign that the last verdict approves; return the launch status."""
        with self._alone():
            return await CampaignLauncher(
                plan=self.plan, home=self.home, clock=self._clock, store=self._opened
            ).run_task()

    def stop(self) -> None:
        """Ask ``run_autonomous`` to end after the step it is in; safe in a signal handler of the loop."""
        self._stop.set()

    def close(self) -> None:
        """Give back the lease; the workflow stays as it is."""
        self._open.close()
        self._store = None

    # What a step needs.

    @property
    def _opened(self) -> Workflows:
        assert self._store is not None  # noqa: S101 -- only used between opening and close
        return self._store

    @property
    def _workflow(self) -> Workflow:
        assert self._taken_up is not None  # noqa: S101 -- steps run on a workflow
        return self._taken_up

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lease for one task."""
        make_folder(self.home.training)
        self._acquire()
        try:
            yield
        finally:
            self.close()

    def _acquire(self) -> None:
        self._open.enter_context(Lease(self.home.orchestrator_lease, "Orchestrator"))
        replace_file(self.home.orchestrator_pid, f"{os.getpid()}\n".encode())
        self._open.callback(self.home.orchestrator_pid.unlink, missing_ok=True)
        self._store = self._open.enter_context(contextlib.closing(Workflows(self.home.workflows)))

    async def _take_up(self) -> None:
        """Find the workflow of this plan's campaign and where it goes on, or begin one."""
        await self.setup()
        self._acquire()
        try:
            await campaign_generator(self.plan, self.home)
            workflow = self._opened.find(self.run)
            entry = self._entry()
            if workflow is None:
                phase = {
                    Happening.RESUMED_PILOT: Phase.STARTING_PILOT,
                    Happening.RESUMED_WATCH: Phase.MONITORING_PILOT,
                    Happening.RESUMED_LAUNCH: Phase.VALIDATION_COMPLETE,
                }[entry]
                self._taken_up = self._opened.create(self.run, self.plan.document(), phase, self._clock.now())
            elif workflow.phase is Phase.CAMPAIGN_COMPLETE:
                self._taken_up = workflow
            else:
                self._taken_up = self._opened.set_plan(workflow, self.plan.document())
                self._move(entry, {})
        except BaseException:
            self.close()
            raise
        self._logger.info("Workflow %s: %s", self.run, self._workflow.phase)

    def _entry(self) -> Happening:
        """Return where the facts say that the workflow goes on."""
        if self._opened.launch_of(self.run) is not None:
            return Happening.RESUMED_LAUNCH
        return Happening.RESUMED_WATCH if self._pilot_is_foreign() else Happening.RESUMED_PILOT

    def _pilot_is_foreign(self) -> bool:
        """Whether somebody else's pilot is to be watched: the recipe says so, or its log is live or fresh."""
        recipe = self.plan.recipe
        if recipe.pilot.log is not None or recipe.campaign.command is not None:
            return True
        reader = LogReader(self.home.pilot_log)
        progress = reader.read()
        seen = reader.follower.seen
        if seen is None or progress.started is not None or progress.finished == 0 == len(progress.problems):
            return False
        age_seconds = self._clock.now().timestamp() - seen.modified
        fresh_hours = recipe.pilot.fresh_hours if progress.is_complete else recipe.watch.stall_minutes / 60
        return age_seconds < fresh_hours * 3600

    # The steps: each looks, acts at most once, and says what happened.

    async def _start_pilot(self) -> Moved | None:
        try:
            pilot = await pilot_generator(self.plan, self.home)
            done = LedgerReader(self.home.run(pilot.run).ledger).read().is_complete
            if not done and not is_alive(self.home, "pilot", pilot.run):
                await start(pilot, self.home, self._opened, self._clock)
        except CampaignError as error:
            return Happening.PILOT_ENDED, {"cause": str(error)}
        return Happening.PILOT_STARTED, {"pilot_run": pilot.run, "pilot_result": {}}

    async def _monitor_pilot(self) -> Moved | None:
        run = self._workflow.results.get("pilot_run")
        if self._pilot_monitor is None:
            self._pilot_monitor = self._new_pilot_monitor(run)
        lives = run is not None and is_alive(self.home, "pilot", run)
        status = self._pilot_monitor.look()
        self._live["pilot_result"] = status
        if status["is_complete"]:
            return Happening.PILOT_COMPLETE, {"pilot_result": status}
        if status["state"] == "stalled":
            cause = f"{self._pilot_monitor.pilot_log_path} has told of nothing new for too long"
            return Happening.PILOT_ENDED, {"cause": cause, "pilot_result": status}
        if run is None or lives:
            return None
        return await self._pilot_died(run, status)

    async def _pilot_died(self, run: str, status: Document) -> Moved | None:
        ended = exit_of(self.home, run)
        if (ended is None or ended.signal is not None) and self._may_restart():
            self._logger.warning("Pilot %s died (%s): started again", run, ended or "no exit was recorded")
            pilot = await pilot_generator(self.plan, self.home)
            await start(pilot, self.home, self._opened, self._clock)
            return None
        cause = f"pilot {run} ended with {ended or 'no exit record'}: {last_words(self.home.pilot_log)}"
        return Happening.PILOT_ENDED, {"cause": cause, "pilot_result": status}

    async def _validate_pilot(self) -> Moved | None:
        verdict = await self._new_validator().run_task()
        if verdict["approved"]:
            happening = Happening.APPROVED
        elif verdict["verdict"] == Verdict.INCONCLUSIVE:
            happening = Happening.UNDECIDED
        else:
            happening = Happening.NOT_APPROVED
        return happening, {"validation_result": verdict} | ({} if verdict["approved"] else {"cause": verdict["reason"]})

    async def _launch_campaign(self) -> Moved | None:
        launched_before = self._opened.launch_of(self.run) is not None
        if launched_before:
            found = self._new_campaign_monitor().look()
            if found["is_running"] or found["state"] == RunState.COMPLETE:
                self._logger.info("Campaign %s is %s: adopted", self.run, found["state"])
                return Happening.LAUNCHED, {}
        elif not self._is_approved():
            return Happening.APPROVAL_NEEDED, {"cause": "auto-launch is off: a person decides"}
        launcher = CampaignLauncher(plan=self._launch_plan(), home=self.home, clock=self._clock, store=self._opened)
        result = await launcher.run_task("relaunch" if launched_before else "launch")
        if not result["launched"]:
            return Happening.LAUNCH_REFUSED, {"launch_result": result, "cause": result["reason"]}
        return Happening.LAUNCHED, {"launch_result": result}

    async def _monitor_campaign(self) -> Moved | None:
        if self._campaign_monitor is None:
            self._campaign_monitor = self._new_campaign_monitor()
        status = self._campaign_monitor.look()
        self._live["campaign_result"] = status
        state = RunState(status["state"])
        if state is RunState.COMPLETE:
            return Happening.CAMPAIGN_DONE, {"campaign_result": status}
        if not state.is_over:
            return None
        ended = exit_of(self.home, self.run)
        cause = f"campaign {self.run} ended with {ended or 'no exit record'}: {last_words(self.home.campaign_log)}"
        if state is RunState.PAUSED:
            return Happening.CAMPAIGN_PAUSED, {"campaign_result": status, "cause": cause}
        died = ended is None or ended.signal is not None
        if died and self.plan.recipe.campaign.command is None and self._may_restart():
            launcher = CampaignLauncher(plan=self.plan, home=self.home, clock=self._clock, store=self._opened)
            result = await launcher.run_task("relaunch")
            if result["launched"]:
                self._logger.warning("%s; started again", cause)
                return Happening.RELAUNCHED, {"launch_result": result}
            cause = f"{cause}; not started again: {result['reason']}"
        return Happening.CAMPAIGN_DIED, {"campaign_result": status, "cause": cause}

    # Small parts of the steps.

    def _new_pilot_monitor(self, run: str | None = None) -> PilotQualityMonitor:
        recipe = self.plan.recipe
        return PilotQualityMonitor(
            recipe.pilot.log,
            recipe.watch.pilot_seconds,
            recipe.gate.quality_threshold,
            run=run,
            expected=recipe.pilot.tickets,
            stall_seconds=60 * recipe.watch.stall_minutes,
            home=self.home,
            clock=self._clock,
        )

    def _new_validator(self) -> CampaignValidator:
        return CampaignValidator(plan=self.plan, home=self.home, clock=self._clock)

    def _new_campaign_monitor(self) -> CampaignMonitor:
        launch = self._opened.launch_of(self.run)
        watch = self.plan.recipe.watch
        return CampaignMonitor(
            check_interval=watch.campaign_seconds,
            run=self.run,
            target=self.plan.recipe.campaign.target,
            log_position=launch.log_position if launch else 0,
            stall_seconds=60 * watch.stall_minutes,
            home=self.home,
            clock=self._clock,
        )

    def _is_approved(self) -> bool:
        """Whether the launch needs no person, or a person has approved this very verdict."""
        if self.plan.recipe.campaign.auto_launch:
            return True
        fingerprint = self._workflow.results.get("validation_result", {}).get("fingerprint")
        return bool(fingerprint) and self._opened.is_approved(self._workflow, fingerprint)

    def _launch_plan(self) -> Plan:
        """Return the plan with auto-launch on: the question has been settled by ``_is_approved``."""
        campaign = self.plan.recipe.campaign.model_copy(update={"auto_launch": True})
        return Plan(
            self.plan.recipe.model_copy(update={"campaign": campaign}), self.plan.origins, self.plan.recipe_path
        )

    def _may_restart(self) -> bool:
        """Count one death; whether there were few enough lately."""
        now = self._clock.monotonic()
        self._deaths.append(now)
        while now - self._deaths[0] > DEATH_SPAN_SECONDS:
            self._deaths.popleft()
        return len(self._deaths) <= self.plan.recipe.campaign.restarts

    def _move(self, happening: Happening, details: dict[str, Any]) -> None:
        before = self._workflow.phase
        self._taken_up = self._opened.move(self._workflow, happening, details, self._clock.now())
        self._live = {}
        self._pilot_monitor = self._campaign_monitor = None
        self._logger.info("%s -> %s (%s)", before, self._workflow.phase, happening)
        if cause := details.get("cause"):
            self._logger.warning("%s", cause)

    def _project(self) -> Document:
        """Write ``orchestrator_state.json`` and return it."""
        workflow = self._workflow
        document = {
            "started": workflow.started,
            "phase": workflow.phase.value,
            **workflow.results,
            **self._live,
            "run": workflow.run,
            "next": workflow.phase.next_step,
            "updated": stamp(self._clock.now()),
        }
        if workflow.completed:
            document["completed"] = workflow.completed
        write_json(self.home.orchestrator_state, document)
        return document

    async def _wait(self) -> None:
        """Wait until the next look is due, the watched process ends, or somebody asks to stop."""
        watch = self.plan.recipe.watch
        is_campaign = self._workflow.phase is Phase.CAMPAIGN_LAUNCHED
        seconds = watch.campaign_seconds if is_campaign else watch.pilot_seconds
        warden = holder(self.home.warden_lease("campaign" if is_campaign else "pilot"))
        with warden.ending() if warden else contextlib.nullcontext(asyncio.Event()) as ended:
            waits = {asyncio.create_task(self._stop.wait()), asyncio.create_task(ended.wait())}
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()


if __name__ == "__main__":
    from agents.autonomous.runner import main

    raise SystemExit(main())
