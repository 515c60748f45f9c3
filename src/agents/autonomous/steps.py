"""The steps of a workflow: each looks at what is there, acts at most once, and says what happened.

Owns what is done in a phase. Which phase follows belongs to the phase table, whether to launch to the gate. A step
finds out what is already done, so that taking it again is harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.autonomous.campaign_launcher import CampaignLauncher, CampaignMonitor, unanswered_pause
from agents.autonomous.choosing import Trials, chosen_plan
from agents.autonomous.evidence import evidence_of
from agents.autonomous.follow_ups import KEY as FOLLOW_UPS
from agents.autonomous.follow_ups import FollowUps
from agents.autonomous.generators import Generator, exit_of, is_alive, last_words, pilot_generator, start, words_of_end
from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor, approval_for, decide
from agents.autonomous.reporting import write_report
from agents.autonomous.restarts import Restarts
from agents.autonomous.stopping import ask_to_stop
from agents.campaign.choice import choice_text
from agents.campaign.clock import Clock
from agents.campaign.errors import CampaignError
from agents.campaign.events import WatchedKind
from agents.campaign.gate import Verdict
from agents.campaign.home import Home
from agents.campaign.ledger_view import Pause
from agents.campaign.outcome import RunState
from agents.campaign.phases import Happening, Moved, Phase
from agents.campaign.plan import Plan
from agents.campaign.readers import LedgerReader
from agents.campaign.status import Document
from agents.campaign.weighing import looks_until
from agents.campaign.workflows import Workflow, Workflows

MOST_BLIND_LOOKS = 3
"""Looks in a row that may fail before the watch pauses."""


class Steps:
    """Takes the step that a workflow's phase asks for. ``live`` is what the newest look saw, by result name."""

    def __init__(self, plan: Plan, home: Home, clock: Clock, store: Workflows) -> None:
        self.live: dict[str, Any] = {}
        self._asked = self._plan = plan
        self._home = home
        self._clock = clock
        self._store = store
        self._run = plan.recipe.campaign.name
        self._is_foreign = plan.recipe.campaign.command is not None
        self._blind_looks = 0
        self._restarts = Restarts(plan.recipe.campaign.restarts, clock)
        self._trials = Trials(plan, home)
        self._follow_ups = FollowUps(plan, home, clock, store)
        self._tried: set[tuple[str, int]] = set()
        self._asked_to_stop: set[str] = set()
        self._hopeless: dict[tuple[str, int], bool] = {}
        self._pilot_monitor: PilotQualityMonitor | None = None
        self._campaign_monitor: CampaignMonitor | None = None
        self._logger = logging.getLogger("TrainingOrchestrator")
        self._by_phase: Mapping[Phase, Callable[[Workflow], Awaitable[Moved | None]]] = {
            Phase.CHOOSING_CANDIDATE: self._choose_candidate,
            Phase.STARTING_PILOT: self._start_pilot,
            Phase.MONITORING_PILOT: self._monitor_pilot,
            Phase.VALIDATING_PILOT: self._validate_pilot,
            Phase.VALIDATION_COMPLETE: self._launch_campaign,
            Phase.CAMPAIGN_LAUNCHED: self._monitor_campaign,
            Phase.AFTER_CAMPAIGN: self._follow_up,
        }

    async def take(self, workflow: Workflow) -> Moved | None:
        """Take one step; return what happened, None when it is only to be looked at again."""
        self._plan = chosen_plan(self._asked, workflow)
        step = self._by_phase.get(workflow.phase)
        moved = await step(workflow) if step is not None else None
        if moved is not None:
            self.live = {}
            self._pilot_monitor = self._campaign_monitor = None
        return moved

    async def _choose_candidate(self, _workflow: Workflow) -> Moved | None:
        try:
            choice = await self._trials.look()
            document = choice.document()
            if choice.winner is not None:
                for line in choice_text(document).splitlines():
                    self._logger.info("%s", line)
                return Happening.CHOSEN, {"candidate": choice.winner, "choice_result": document}
            self.live = {"choice_result": document | {"trial_run": self._trials.runs[choice.wanted[0]]}}
            if any(is_alive(self._home, "trial", run) for run in self._trials.runs.values()):
                return None
            trial = await self._trials.generator(choice.wanted[0], choice.tickets)
            if (trial.run, choice.tickets) in self._tried:
                cause, may_restart = self._death("trial", trial.run)
                if not may_restart:
                    return Happening.TRIAL_ENDED, {"cause": cause}
                self._logger.warning("%s; started again", cause)
            self._tried.add((trial.run, choice.tickets))
            self._logger.info("Candidate %s is tried on %s tickets", choice.wanted[0], choice.tickets)
            await start(trial, self._home, self._store, self._clock)
        except CampaignError as error:
            return Happening.TRIAL_ENDED, {"cause": str(error)}
        return None

    async def _start_pilot(self, workflow: Workflow) -> Moved | None:
        try:
            pilot = await self._pilot_of(workflow)
            done = LedgerReader(self._home.run(pilot.run).ledger).read().done or 0
            is_wanted = done < pilot.total and not self._is_hopeless(pilot.run, done)
            if is_wanted and not is_alive(self._home, "pilot", pilot.run):
                await start(pilot, self._home, self._store, self._clock)
        except CampaignError as error:
            return Happening.PILOT_ENDED, {"cause": str(error)}
        return Happening.PILOT_STARTED, {"pilot_run": pilot.run, "pilot_result": {}}

    async def _pilot_of(self, workflow: Workflow) -> Generator:
        return await pilot_generator(self._plan, self._home, workflow.results.get("pilot_tickets"))

    async def _monitor_pilot(self, workflow: Workflow) -> Moved | None:
        run = workflow.results.get("pilot_run")
        if self._pilot_monitor is None:
            self._pilot_monitor = new_pilot_monitor(
                self._plan, self._home, self._clock, run, workflow.results.get("pilot_tickets")
            )
        # The process is looked at before its work: what it finished before it ended is then always seen.
        lives = run is not None and is_alive(self._home, "pilot", run)
        status = self._seen(self._pilot_monitor.look)
        if isinstance(status, CampaignError):
            return self._blind(Happening.PILOT_ENDED, status)
        self.live["pilot_result"] = status
        if status["is_complete"]:
            if run is None and self._is_stale(workflow, status):
                return Happening.PILOT_ENDED, {"cause": self._staleness(), "pilot_result": status}
            return Happening.PILOT_COMPLETE, {"pilot_result": status}
        return await self._pilot_goes_on(workflow, run, status, lives=lives)

    async def _pilot_goes_on(
        self, workflow: Workflow, run: str | None, status: Document, *, lives: bool
    ) -> Moved | None:
        if run is not None and self._is_hopeless(run, status["scored"]):
            if not lives:
                return Happening.PILOT_COMPLETE, {"pilot_result": status}
            if run not in self._asked_to_stop:
                self._logger.warning("The evidence refutes pilot %s before it is complete: it is stopped", run)
                self._asked_to_stop.add(run)
                ask_to_stop(self._home, "pilot")
            return None
        if status["state"] == "stalled" and not lives:
            return Happening.PILOT_ENDED, {"cause": self._stall(status), "pilot_result": status}
        if run is None or lives:
            return None
        return await self._pilot_died(workflow, run, status)

    def _is_hopeless(self, run: str, scored: int) -> bool:
        """Whether the evidence of our pilot ``run`` refutes it already; what cannot be weighed is left to the gate.

        It is asked again when there is evidence that counts and was not there before.
        """
        known = run, looks_until(scored)
        if known not in self._hopeless:
            try:
                decision, _, _ = decide({"run": run}, self._plan, self._home)
            except CampaignError:
                return False
            self._hopeless = {known: decision.verdict is Verdict.REJECTED}
        return self._hopeless[known]

    async def _pilot_died(self, workflow: Workflow, run: str, status: Document) -> Moved | None:
        cause, may_restart = self._death("pilot", run)
        if may_restart:
            self._logger.warning("%s; started again", cause)
            try:
                await start(await self._pilot_of(workflow), self._home, self._store, self._clock)
            except CampaignError as error:
                return Happening.PILOT_ENDED, {"cause": f"{cause}; not started again: {error}", "pilot_result": status}
            return None
        return Happening.PILOT_ENDED, {"cause": cause, "pilot_result": status}

    def _death(self, kind: WatchedKind, run: str) -> tuple[str, bool]:
        """Return in words how the generator of ``run`` ended, and whether it may be started again."""
        ended = exit_of(self._home, run)
        words = words_of_end(f"{kind} {run}", ended, self._home.log(kind))
        return words, (ended is None or ended.was_killed) and self._restarts.allow()

    async def _validate_pilot(self, workflow: Workflow) -> Moved | None:
        validator = CampaignValidator(plan=self._plan, home=self._home, clock=self._clock, store=self._store)
        verdict = await validator.run_task()
        write_report(self._home, self._plan, workflow)
        if verdict["approved"] or verdict.get("override"):
            return Happening.APPROVED, {"validation_result": verdict}
        results = {"validation_result": verdict, "cause": verdict["reason"]}
        if verdict["verdict"] != Verdict.INCONCLUSIVE:
            return Happening.NOT_APPROVED, results
        pilot = self._plan.recipe.pilot
        there = verdict["pilot_status"]["total"]
        tickets = min(there + pilot.top_up, pilot.max_tickets)
        if workflow.results.get("pilot_run") is None or tickets <= there:
            return Happening.UNDECIDED, results
        self._logger.info("%s; the pilot is topped up to %s tickets", verdict["reason"], tickets)
        return Happening.TOPPED_UP, {"validation_result": verdict, "pilot_tickets": tickets}

    async def _launch_campaign(self, workflow: Workflow) -> Moved | None:
        launched_before = has_lived(self._run, self._home, self._store)
        if launched_before:
            found = self._new_campaign_monitor().look()
            is_done = found["state"] == RunState.COMPLETE and (self._is_foreign or has_dataset(self._home, self._run))
            if found["is_running"] or is_done:
                self._logger.info("Campaign %s is %s: adopted", self._run, found["state"])
                return Happening.LAUNCHED, {}
        elif not self._is_approved(workflow):
            return Happening.APPROVAL_NEEDED, {"cause": "auto-launch is off: a person decides"}
        if launched_before and (pause := unanswered_pause(self._home, self._store, self._run)) is not None:
            return Happening.CAMPAIGN_PAUSED, self._told(pause)
        launcher = CampaignLauncher(
            plan=self._plan.with_auto_launch(), home=self._home, clock=self._clock, store=self._store
        )
        result = await launcher.run_task("relaunch" if launched_before else "launch")
        if not result["launched"]:
            return Happening.LAUNCH_REFUSED, {"launch_result": result, "cause": result["reason"]}
        return Happening.LAUNCHED, {"launch_result": result}

    async def _monitor_campaign(self, workflow: Workflow) -> Moved | None:
        if self._campaign_monitor is None:
            self._campaign_monitor = self._new_campaign_monitor()
        status = self._seen(self._campaign_monitor.look)
        if isinstance(status, CampaignError):
            return self._blind(Happening.CAMPAIGN_PAUSED, status)
        self.live["campaign_result"] = status
        state = RunState(status["state"])
        if state is RunState.COMPLETE:
            if self._follow_ups.are_wanted:
                return Happening.FOLLOW_UPS_BEGUN, {"campaign_result": status}
            stale: Document = {FOLLOW_UPS: []} if FOLLOW_UPS in workflow.results else {}
            return Happening.CAMPAIGN_DONE, {"campaign_result": status} | stale
        return await self._campaign_ended(state, status) if state.is_over else None

    async def _campaign_ended(self, state: RunState, status: Document) -> Moved:
        ended = exit_of(self._home, self._run)
        cause = words_of_end(f"campaign {self._run}", ended, self._home.campaign_log)
        if state is RunState.PAUSED:
            if (pause := unanswered_pause(self._home, self._store, self._run)) is not None:
                return Happening.CAMPAIGN_PAUSED, {"campaign_result": status} | self._told(pause)
            cause = f"campaign {self._run} paused: {last_words(self._home.campaign_log, 1)}"
            return Happening.CAMPAIGN_PAUSED, {"campaign_result": status, "cause": cause}
        died = ended is None or ended.signal is not None
        if died and not self._is_foreign and self._restarts.allow():
            launcher = CampaignLauncher(plan=self._plan, home=self._home, clock=self._clock, store=self._store)
            result = await launcher.run_task("relaunch")
            if result["launched"]:
                self._logger.warning("%s; started again", cause)
                return Happening.RELAUNCHED, {"launch_result": result}
            cause = f"{cause}; not started again: {result['reason']}"
        return Happening.CAMPAIGN_DIED, {"campaign_result": status, "cause": cause}

    async def _follow_up(self, workflow: Workflow) -> Moved | None:
        moved = await self._follow_ups.look(workflow)
        self.live = self._follow_ups.live
        return moved

    def _told(self, pause: Pause) -> dict[str, Any]:
        return {
            "cause": f"campaign {self._run} paused: {pause.cause}",
            "next": f"{pause.cure[:1].upper()}{pause.cure[1:]}.",
        }

    def _seen(self, look: Callable[[], Document]) -> Document | CampaignError:
        try:
            status = look()
        except CampaignError as error:
            return error
        self._blind_looks = 0
        return status

    def _blind(self, happening: Happening, error: CampaignError) -> Moved | None:
        """Bear a look that failed; after a few in a row the watch pauses, for what is not seen is not known."""
        self._blind_looks += 1
        self._logger.warning("Look %s of %s failed: %s", self._blind_looks, MOST_BLIND_LOOKS, error)
        return (happening, {"cause": str(error)}) if self._blind_looks >= MOST_BLIND_LOOKS else None

    def _new_campaign_monitor(self) -> CampaignMonitor:
        launch = self._store.launch_of(self._run)
        watch = self._plan.recipe.watch
        return CampaignMonitor(
            check_interval=watch.campaign_seconds,
            run=self._run,
            target=self._plan.recipe.campaign.target,
            log_position=launch.log_position if launch else 0,
            stall_seconds=60 * self._plan.recipe.stall_minutes,
            home=self._home,
            clock=self._clock,
        )

    def _is_approved(self, workflow: Workflow) -> bool:
        """Whether the launch needs no person, or a person has approved this very verdict."""
        if self._plan.recipe.campaign.auto_launch:
            return True
        validation = workflow.results.get("validation_result", {})
        fingerprint, evidence = validation.get("fingerprint"), validation.get("evidence_digest", "")
        return bool(fingerprint) and approval_for(self._plan, self._store, fingerprint, evidence) is not None

    def _is_stale(self, workflow: Workflow, status: Document) -> bool:
        """Whether a foreign pilot was finished long before this workflow began; one that a person approved is not.

        What a clock says later changes nothing: a pilot that was fresh at the beginning stays so.
        """
        age_seconds = datetime.fromisoformat(workflow.started).timestamp() - self._pilot_log.stat().st_mtime
        if age_seconds < 3600 * self._plan.recipe.pilot.fresh_hours:
            return False
        evidence, fingerprint = evidence_of(status, self._home, self._plan.recipe.pilot.tickets)
        return approval_for(self._plan, self._store, fingerprint, evidence.digest) is None

    def _staleness(self) -> str:
        hours = self._plan.recipe.pilot.fresh_hours
        return (
            f"the pilot's log {self._pilot_log} was finished more than {hours:g} hours before the start: "
            "run the pilot again, or raise pilot.fresh_hours in the recipe"
        )

    @property
    def _pilot_log(self) -> Path:
        log = self._plan.recipe.pilot.log
        return Path(log).expanduser() if log else self._home.pilot_log

    def _stall(self, status: Document) -> str:
        minutes, expected = self._plan.recipe.stall_minutes, self._plan.recipe.pilot.tickets
        done, total = status["progress"], status["total"]
        if 0 < total <= done:
            return (
                f"the pilot's log {self._pilot_log} ends at {done}/{total}, and pilot.tickets is {expected}: "
                f"lower pilot.tickets in the recipe, or run a pilot of {expected}"
            )
        seen = f"{done}/{total}" if total else "no progress at all"
        return f"the pilot's log {self._pilot_log} has told of nothing new for {minutes:g} minutes; it tells of {seen}"


def has_dataset(home: Home, run: str) -> bool:
    """Return whether the export of ``run`` was finished: its manifest comes last."""
    return (home.datasets / run / "manifest.json").exists()


def has_lived(run: str, home: Home, store: Workflows) -> bool:
    """Return whether campaign ``run`` was launched and came to life, so that it goes on without a new verdict."""
    launch = store.launch_of(run)
    if launch is None:
        return False
    ended = exit_of(home, run, launch.id)
    ended_well = ended is not None and (ended.is_good or ended.was_asked)
    return launch.warden is not None or ended_well or is_alive(home, "campaign", run) or home.run(run).ledger.exists()


def new_pilot_monitor(
    plan: Plan, home: Home, clock: Clock, run: str | None = None, tickets: int | None = None
) -> PilotQualityMonitor:
    """Return the monitor of the plan's pilot; ``run`` names it where it is ours, ``tickets`` what it was grown to."""
    recipe = plan.recipe
    return PilotQualityMonitor(
        recipe.pilot.log,
        recipe.watch.pilot_seconds,
        recipe.gate.quality_threshold,
        run=run,
        expected=recipe.pilot.tickets,
        grown_to=tickets or 0,
        stall_seconds=60 * recipe.stall_minutes,
        home=home,
        clock=clock,
    )
