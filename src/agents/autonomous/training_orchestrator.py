"""TrainingOrchestrator: takes a workflow from the pilot to a verified campaign, one short step at a time.

Owns the workflow's life in this process, its lease and ``orchestrator_state.json``. What is done in a phase belongs
to ``steps``. Starting it again is how a workflow is resumed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from agents.autonomous.campaign_launcher import CampaignLauncher
from agents.autonomous.choosing import chosen_plan
from agents.autonomous.follow_ups import FollowUps
from agents.autonomous.forecasting import check_reachable
from agents.autonomous.generators import Generator, campaign_generator, check_ready, is_alive
from agents.autonomous.pilot_quality_monitor import CampaignValidator
from agents.autonomous.reporting import write_report
from agents.autonomous.steps import Steps, has_dataset, has_lived, new_pilot_monitor
from agents.campaign.clock import Clock, SystemClock, stamp
from agents.campaign.errors import AnotherPlanError, CampaignError
from agents.campaign.events import WatchedKind
from agents.campaign.files import make_folder, replace_file, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease, holder
from agents.campaign.phases import Happening, Phase
from agents.campaign.plan import Plan, plan_for
from agents.campaign.readers import LogReader
from agents.campaign.status import Document
from agents.campaign.storage import check_storage
from agents.campaign.workflows import Workflow, Workflows

ENTRY = {
    Happening.RESUMED_CHOICE: Phase.CHOOSING_CANDIDATE,
    Happening.RESUMED_PILOT: Phase.STARTING_PILOT,
    Happening.RESUMED_WATCH: Phase.MONITORING_PILOT,
    Happening.RESUMED_LAUNCH: Phase.VALIDATION_COMPLETE,
}
"""The phase in which a new workflow begins, by what the facts say."""

_WATCHED: dict[Phase, WatchedKind] = {
    Phase.CHOOSING_CANDIDATE: "trial",
    Phase.CAMPAIGN_LAUNCHED: "campaign",
    Phase.AFTER_CAMPAIGN: "follow_up",
}
"""The kind of program whose end is waited for, where it is no pilot."""


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
        self._stop = asyncio.Event()
        self._held = contextlib.ExitStack()
        self._workflow: Workflow | None = None
        self._document: Document = {}
        self._has_moved = False
        self._logger = logging.getLogger("TrainingOrchestrator")

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
            while True:
                document = await self.tick()
                phase = Phase(document["phase"])
                if phase.is_end:
                    return document
                if not self._has_moved:
                    await self._wait(phase)
                if self._stop.is_set():
                    return self._stopped()
        finally:
            self.close()

    async def tick(self) -> Document:
        """Do one short step and return ``orchestrator_state.json``; holds the orchestrator's lease until ``close``.

        After the end of the workflow it only says so again. Raises as ``run_autonomous`` does.
        """
        if self._document.get("completed"):
            return self._document
        if self._workflow is None:
            self._store, self._workflow = await self._take_up()
            self._steps = Steps(self.plan, self.home, self._clock, self._store)
        moved = await self._steps.take(self._workflow)
        self._has_moved = moved is not None
        if moved is not None:
            self._workflow = self._moved(self._store, self._workflow, *moved)
        self._project(self._workflow, self._steps.live)
        if self._workflow.phase.is_end:
            self.close()
        return self._document

    async def monitor_only(self) -> Document:
        """Watch the pilot until it is complete or has stalled; return its status."""
        with self._alone():
            return await new_pilot_monitor(self.plan, self.home, self._clock).run_task("monitor")

    async def validate_only(self) -> Document:
        """Look at the pilot once more, put it before the gate; return the verdict."""
        with self._alone() as store:
            monitor = new_pilot_monitor(self.plan, self.home, self._clock)
            if monitor.pilot_log_path.exists():
                await monitor.run_task("check")
            workflow = store.find(self.run)
            plan = chosen_plan(self.plan, workflow)
            validator = CampaignValidator(plan=plan, home=self.home, clock=self._clock, store=store)
            verdict = await validator.run_task()
            write_report(self.home, plan, workflow)
            return verdict

    async def launch_only(self) -> Document:
        """Launch the campaign that the last verdict approves; return the launch status."""
        with self._alone() as store:
            plan = chosen_plan(self.plan, store.find(self.run))
            launcher = CampaignLauncher(plan=plan, home=self.home, clock=self._clock, store=store)
            result = await launcher.run_task()
            if result["launched"]:
                self._record_launch(store, result)
            return result

    def _record_launch(self, store: Workflows, result: Document) -> None:
        """Move the campaign's workflow to where a launch by hand has brought it."""
        now, launched = self._clock.now(), {"launch_result": result, "validation_result": result["validation"]}
        workflow = store.find(self.run)
        if workflow is None:
            workflow = store.create(self.run, self.plan.document(), Phase.VALIDATION_COMPLETE, now)
        else:
            workflow = self._moved(store, workflow, Happening.RESUMED_LAUNCH, {})
        self._project(self._moved(store, workflow, Happening.LAUNCHED, launched), {})

    def stop(self) -> None:
        """Ask ``run_autonomous`` to end after the step it is in; safe in a signal handler of the loop."""
        self._stop.set()

    def close(self) -> None:
        """Give back the lease; the workflow stays as it is, and the next ``tick`` takes it up again."""
        self._held.close()
        self._workflow = None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Workflows]:
        """Hold the lease for one task."""
        make_folder(self.home.training)
        try:
            yield self._acquire()
        finally:
            self.close()

    def _acquire(self) -> Workflows:
        self._held.enter_context(Lease(self.home.orchestrator_lease, "Orchestrator"))
        replace_file(self.home.orchestrator_pid, f"{os.getpid()}\n".encode())
        self._held.callback(self.home.orchestrator_pid.unlink, missing_ok=True)
        return self._held.enter_context(contextlib.closing(Workflows(self.home.workflows)))

    async def _take_up(self) -> tuple[Workflows, Workflow]:
        """Find the workflow of this plan's campaign and where it goes on, or begin one."""
        await self.setup()
        try:
            store = self._acquire()
            check_storage(self.home.training)
            workflow = store.find(self.run)
            has_begun = has_lived(self.run, self.home, store)
            plan = chosen_plan(self.plan, workflow) if has_begun else self.plan
            generator = await campaign_generator(plan, self.home)
            if not has_begun:
                check_reachable(plan, generator)
                check_ready(generator)
            for trouble in generator.unready:
                self._logger.warning("What is to follow the campaign could not be done now: %s", trouble)
            if workflow is None:
                entry = ENTRY[self._entry(store, None)]
                workflow = store.create(self.run, self.plan.document(), entry, self._clock.now())
            elif (
                workflow.phase is not Phase.CAMPAIGN_COMPLETE
                or not self._is_really_complete(store, generator)
                or not FollowUps(plan, self.home, self._clock, store).are_done(workflow)
            ):
                entry_point = self._entry(store, workflow)
                workflow = store.set_plan(workflow, self.plan.document())
                stale = () if has_begun else ("candidate", "choice_result")
                anew = dict.fromkeys(("pilot_tickets", *(key for key in stale if key in workflow.results)))
                workflow = self._moved(store, workflow, entry_point, anew)
        except BaseException:
            self.close()
            raise
        self._logger.info("Workflow %s: %s", self.run, workflow.phase)
        return store, workflow

    def _is_really_complete(self, store: Workflows, generator: Generator) -> bool:
        """Return whether a campaign that was complete still is: False where only its dataset has to be written again.

        Raises:
            AnotherPlanError: it was made by another command.
            CampaignError: its ledger is gone.
        """
        another = "give this campaign another name: campaign.output_name in the recipe, or another target"
        launch = store.launch_of(self.run)
        if launch is None or launch.fingerprint != generator.fingerprint:
            raise AnotherPlanError(f"campaign {self.run} is complete and was made by another plan", another)
        if not generator.is_ours:
            return True
        if not self.home.run(self.run).ledger.exists():
            raise CampaignError(
                f"campaign {self.run} was complete, and its ledger is gone", f"bring it back, or {another}"
            )
        return has_dataset(self.home, self.run)

    def _entry(self, store: Workflows, workflow: Workflow | None) -> Happening:
        """Return where the facts say that the workflow goes on; under another gate, the evidence is judged again."""
        if has_lived(self.run, self.home, store):
            if workflow is None or Plan.parsed(workflow.plan).recipe.gate == self.plan.recipe.gate:
                return Happening.RESUMED_LAUNCH
            if is_alive(self.home, "campaign", self.run):
                self._logger.warning("The campaign runs on under the gate that approved it; another gate is for later")
                return Happening.RESUMED_LAUNCH
            return Happening.RESUMED_WATCH if self._pilot_is_foreign() else Happening.RESUMED_PILOT
        if self._pilot_is_foreign():
            return Happening.RESUMED_WATCH
        return Happening.RESUMED_CHOICE if self.plan.recipe.candidates else Happening.RESUMED_PILOT

    def _pilot_is_foreign(self) -> bool:
        """Whether somebody else's pilot is to be watched: the recipe says so, or its log is live or fresh."""
        recipe = self.plan.recipe
        if recipe.pilot.log is not None or recipe.campaign.command is not None:
            return True
        reader = LogReader(self.home.pilot_log)
        progress = reader.read()
        seen = reader.follower.seen
        tells_something = progress.done is not None or progress.finished > 0 or progress.problem_count > 0
        if seen is None or progress.started is not None or not tells_something:
            return False
        age_seconds = self._clock.now().timestamp() - seen.modified
        fresh_hours = recipe.pilot.fresh_hours if progress.is_complete else recipe.stall_minutes / 60
        return age_seconds < fresh_hours * 3600

    def _stopped(self) -> Document:
        assert self._workflow is not None  # noqa: S101 -- a stop is only looked for between steps
        results = self._steps.live | {"cause": "stopped by a signal or a person"}
        self._workflow = self._moved(self._store, self._workflow, Happening.STOP_ASKED, results)
        self._project(self._workflow, {})
        return self._document

    def _moved(self, store: Workflows, workflow: Workflow, happening: Happening, details: dict[str, Any]) -> Workflow:
        """Commit what happened, then say it."""
        after = store.move(workflow, happening, details, self._clock.now())
        self._logger.info("%s -> %s (%s)", workflow.phase, after.phase, happening)
        if cause := details.get("cause"):
            self._logger.warning("%s", cause)
        return after

    def _project(self, workflow: Workflow, live: Document) -> None:
        """Write ``orchestrator_state.json``."""
        self._document = {
            "started": workflow.started,
            "phase": workflow.phase.value,
            **workflow.results,
            **live,
            "run": workflow.run,
            "next": workflow.results.get("next", workflow.phase.next_step),
            "updated": stamp(self._clock.now()),
            "pid": os.getpid(),
        }
        if workflow.completed:
            self._document["completed"] = workflow.completed
        try:
            write_json(self.home.orchestrator_state, self._document)
        except CampaignError as error:
            self._logger.warning("The state cannot be shown, the workflow goes on: %s", error)

    async def _wait(self, phase: Phase) -> None:
        """Wait until the next look is due, the watched process ends, or somebody asks to stop."""
        watch = self.plan.recipe.watch
        kind = _WATCHED.get(phase, "pilot")
        seconds = watch.campaign_seconds if kind == "campaign" else watch.pilot_seconds
        warden = holder(self.home.warden_lease(kind))
        with warden.ending() if warden else contextlib.nullcontext(asyncio.Event()) as ended:
            waits = {asyncio.create_task(self._stop.wait()), asyncio.create_task(ended.wait())}
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()


if __name__ == "__main__":
    from agents.autonomous.runner import main

    raise SystemExit(main())
