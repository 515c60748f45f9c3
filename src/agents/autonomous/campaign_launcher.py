"""Two agents: CampaignLauncher starts the campaign that a verdict approves, CampaignMonitor watches it.

The launcher never decides on a pilot and never starts a second campaign; the monitor never starts anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from agents.autonomous.forecasting import launchable_forecast
from agents.autonomous.generators import Generator, campaign_generator, exit_of, is_alive, start
from agents.autonomous.pilot_quality_monitor import STALL_SECONDS, approval_for, decide
from agents.campaign.clock import Clock, SystemClock, stamp
from agents.campaign.errors import AnotherPlanError, CampaignError, ExitCode, PausedError
from agents.campaign.events import Progressed
from agents.campaign.files import make_folder, read_json, write_json
from agents.campaign.forecast.page import forecast_document, forecast_line
from agents.campaign.gate import OVERRIDABLE, Verdict
from agents.campaign.home import Home
from agents.campaign.lease import Lease, held_for, holder, is_held
from agents.campaign.ledger_view import LedgerView, Pause
from agents.campaign.log_lines import render
from agents.campaign.outcome import RunState, state_of
from agents.campaign.pace import Pace
from agents.campaign.plan import Plan, plan_for
from agents.campaign.progress import Progress
from agents.campaign.readers import LedgerReader, LogReader
from agents.campaign.recipe import CampaignSection
from agents.campaign.status import Document, campaign_document
from agents.campaign.workflows import Workflows

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a wall clock may have been set back since a verdict."""
_VALIDATE_AGAIN = "look at the pilot again: campaign validate"


class CampaignLauncher:
    """Launches the campaign when its validation approves it, the verdict still holds and none is running.

    Args:
        validation_file: the validator's document; that of the home when None.
        campaign_target: accepted samples that the campaign owes.
        auto_launch: False refuses, so that a person decides.
        plan: overrides target and auto_launch when given.
        store: the workflow store of the orchestrator that owns this launcher; alone, the launcher opens its own.
    """

    def __init__(
        self,
        validation_file: str | Path | None = None,
        campaign_target: int = 34_500,
        auto_launch: bool = True,
        *,
        plan: Plan | None = None,
        home: Home | None = None,
        clock: Clock | None = None,
        store: Workflows | None = None,
    ) -> None:
        self.home = home or Home.from_environment(os.environ)
        self.validation_file = Path(validation_file) if validation_file else self.home.validation
        self.plan = plan or plan_for(
            {
                "campaign_target": ("campaign.target", campaign_target),
                "auto_launch": ("campaign.auto_launch", auto_launch),
            },
            recipe=None,
        )
        self._store = store
        self._clock = clock or SystemClock()
        self._logger = logging.getLogger("CampaignLauncher")

    async def setup(self) -> None:
        """Create the folder of the status file."""
        make_folder(self.home.training)

    async def run_task(self, task: str = "launch") -> Document:
        """Launch or refuse; write ``campaign_status.json`` and return it.

        ``relaunch`` starts a campaign again that was launched before, by the same plan; its verdict is not asked
        again.
        """
        if task not in {"launch", "relaunch"}:
            raise ValueError(f"CampaignLauncher knows the tasks 'launch' and 'relaunch', not {task!r}")
        await self.setup()
        document = await self._outcome(task)
        write_json(self.home.launch_status, document)
        if document["launched"]:
            self._logger.info("Launched %s as pid %s", document["run"], document["pid"])
        else:
            self._logger.warning("Not launched: %s", document["reason"])
        return document

    async def _outcome(self, task: str) -> Document:
        lease = self.home.warden_lease("campaign")
        if is_held(lease):
            owner = holder(lease)
            return _refusal(
                "Campaign already running",
                ExitCode.ALREADY_RUNNING,
                pid_file=str(self.home.campaign_pid),
                pid=owner.pid if owner else None,
                what=held_for(lease),
                cure="watch it to its end: campaign auto; or stop it: campaign stop",
            )
        try:
            with self._opened_store() as store:
                return await (self._launch(store) if task == "launch" else self._relaunch(store))
        except CampaignError as error:
            return _refusal(error.what, error.exit_code, error=error.what, cure=error.cure)

    async def _launch(self, store: Workflows) -> Document:
        validation = read_json(self.validation_file)
        if validation is None:
            cure = "look at the pilot first: campaign validate"
            return _refusal("No validation results", ExitCode.FAILED, cure=cure)
        if validation.get("approved") is not True and not validation.get("override"):
            return _not_approved(validation, str(validation.get("verdict")), str(validation.get("reason")))
        if not self.plan.recipe.campaign.auto_launch:
            cure = "launch it by hand: campaign launch"
            return _refusal("Auto-launch disabled", ExitCode.WAITING, validation=validation, cure=cure)
        self._check_age(validation)
        status = validation.get("pilot_status")
        if not isinstance(status, dict):
            return _not_approved(validation, Verdict.ERROR, "it does not say which pilot it is about")
        decision, fingerprint, evidence = decide(status, self.plan, self.home)
        if not (decision.approved or self._is_overridden(store, decision.verdict, fingerprint, evidence.digest)):
            return _not_approved(validation, decision.verdict, decision.reason)
        generator = await campaign_generator(self.plan, self.home)
        self._check_same_plan(validation, fingerprint, evidence.digest, generator)
        self._check_no_alarm(generator, store)
        return await self._start(generator, store, validation, self._forecast(status, generator))

    async def _relaunch(self, store: Workflows) -> Document:
        generator = await campaign_generator(self.plan, self.home)
        before = store.launch_of(generator.run)
        if before is None or before.fingerprint != generator.fingerprint:
            raise AnotherPlanError(
                f"campaign {generator.run} was launched by another plan or command",
                "go back to it, or give this campaign another name: campaign.output_name in the recipe",
            )
        self._check_no_alarm(generator, store)
        if generator.is_ours and (resumed := store.resumption_of(generator.run)) is not None:
            generator = replace(generator, argv=(*generator.argv, "--acknowledge", str(resumed.pause)))
            self._logger.info("%s wants it to go on in spite of alarm %s", resumed.resumer, resumed.pause)
        workflow = store.find(generator.run)
        return await self._start(generator, store, workflow.results.get("validation_result", {}) if workflow else {})

    def _check_no_alarm(self, generator: Generator, store: Workflows) -> None:
        """Raise PausedError where a guard has paused the campaign, and nobody has said that it may go on."""
        if generator.is_ours and (pause := unanswered_pause(self.home, store, generator.run)) is not None:
            raise PausedError(f"a guard has paused it: {pause.cause}", pause.cure)

    def _forecast(self, status: Document, generator: Generator) -> Document:
        """Return what the campaign will take, as far as it is known; raises CampaignError as the forecast does."""
        if not generator.is_ours:
            return {}
        found = launchable_forecast(self.home, self.plan, generator, str(status.get("run") or "none"))
        if found is None:
            return {}
        document = forecast_document(found)
        self._logger.info("Forecast: %s", forecast_line(document))
        for sentence in found.doubts:
            self._logger.warning("It may pause before its target: %s", sentence)
        return {"forecast": document}

    async def _start(
        self, generator: Generator, store: Workflows, validation: Document, forecast: Document | None = None
    ) -> Document:
        pilot = validation.get("pilot_status", {}).get("run")
        if generator.is_ours and pilot and self.home.run(pilot).ledger.exists():
            generator = replace(generator, argv=(*generator.argv, "--pilot-run", pilot))
        warden, ended = await start(generator, self.home, store, self._clock)
        return {
            "launched": True,
            "exit_code": int(ExitCode.DONE),
            "is_over": ended is not None,
            "pid": warden.pid,
            "log_path": str(self.home.campaign_log),
            "target": generator.total,
            "launch_time": stamp(self._clock.now()),
            "validation": validation,
            "run": generator.run,
            "argv": list(generator.argv),
            "fingerprint": generator.fingerprint,
            **(forecast or {}),
        }

    def _check_age(self, validation: Document) -> None:
        """Raise CampaignError for an approval without a date, from the future, or older than the plan allows."""
        hours = self.plan.recipe.gate.approval_hours
        try:
            age = self._clock.now() - datetime.fromisoformat(validation["validation_timestamp"])
        except (KeyError, TypeError, ValueError) as error:
            raise CampaignError("the validation has no date", _VALIDATE_AGAIN) from error
        if age < -CLOCK_TOLERANCE:
            raise CampaignError("the validation is dated in the future", _VALIDATE_AGAIN)
        if age > timedelta(hours=hours):
            raise CampaignError(
                f"the approval is {age // timedelta(hours=1)} hours old, at most {hours:g} count", _VALIDATE_AGAIN
            )

    def _is_overridden(self, store: Workflows, verdict: Verdict, fingerprint: str, evidence_digest: str) -> bool:
        """Whether a person wants the launch on this very evidence in spite of a verdict that a person may overrule."""
        if verdict not in OVERRIDABLE:
            return False
        approval = approval_for(self.plan, store, fingerprint, evidence_digest)
        return approval is not None and approval.overruled == verdict

    def _check_same_plan(
        self, validation: Document, fingerprint: str, evidence_digest: str, generator: Generator
    ) -> None:
        bound = validation.get("fingerprint"), validation.get("evidence_digest")
        if bound != (fingerprint, evidence_digest):
            raise CampaignError("the validation was made on another pilot, or was edited", _VALIDATE_AGAIN)
        pilot_is_ours = bool(validation["pilot_status"].get("run"))
        if pilot_is_ours and generator.is_ours and generator.fingerprint != fingerprint:
            raise CampaignError(
                f"the pilot was made by plan {fingerprint}, the campaign would be made by {generator.fingerprint}",
                "run a pilot with this plan first: campaign auto",
            )

    @contextlib.contextmanager
    def _opened_store(self) -> Iterator[Workflows]:
        if self._store is not None:
            yield self._store
            return
        with Lease(self.home.orchestrator_lease, "Orchestrator"), contextlib.closing(
            Workflows(self.home.workflows)
        ) as store:  # fmt: skip
            yield store


def unanswered_pause(home: Home, store: Workflows, run: str) -> Pause | None:
    """Return the alarm that stopped ``run`` and that no person has answered."""
    pause, answered = LedgerView(home.run(run).ledger).standing_pause(), store.resumption_of(run)
    return None if pause is None or (answered is not None and answered.pause >= pause.id) else pause


def _refusal(reason: str, code: ExitCode, **more: object) -> Document:
    return {"launched": False, "reason": reason, "exit_code": int(code), **more}


def _not_approved(validation: Document, verdict: str, why: str) -> Document:
    """Refuse with the verdict's exit code; without an approval, an approving verdict contradicts itself."""
    refusing = {known.value: known.exit_code for known in Verdict if known is not Verdict.APPROVED}
    code = refusing.get(verdict, ExitCode.REJECTED)
    return _refusal("Validation failed", code, validation=validation, cure=f"{why}; look at it: campaign validate")


class CampaignMonitor:
    """Watches a campaign, by its ledger where it is ours and by its log where it is not.

    Args:
        campaign_log: the campaign's log; ``full_campaign.log`` of the home when None.
        status_file: where its status is written; ``campaign_monitor_status.json`` of the home when None.
        check_interval: seconds between two looks.
        run: the campaign's name; ``full_campaign_<target>`` when None.
        target: accepted samples that it owes.
        log_position: where in its log this campaign begins.
        stall_seconds: from which silence on a live campaign is called stalled, unless its samples are rarer.
    """

    def __init__(
        self,
        campaign_log: str | Path | None = None,
        status_file: str | Path | None = None,
        check_interval: float = 60,
        *,
        run: str | None = None,
        target: int = 34_500,
        log_position: int = 0,
        stall_seconds: float = STALL_SECONDS,
        home: Home | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.home = home or Home.from_environment(os.environ)
        self.campaign_log = Path(campaign_log) if campaign_log else self.home.campaign_log
        self.status_file = Path(status_file) if status_file else self.home.campaign_status
        self.check_interval = check_interval
        self.run = run or CampaignSection(target=target).name
        self.target = target
        self.stall_seconds = stall_seconds
        self._clock = clock or SystemClock()
        self._log = LogReader(self.campaign_log, log_position)
        self._ledger = LedgerReader(self.home.run(self.run).ledger)
        self._pace = Pace()
        self._said = 0
        self._logger = logging.getLogger("CampaignMonitor")

    async def setup(self) -> None:
        """Create the folder of the status file."""
        make_folder(self.status_file.parent)

    async def run_task(self, task: str = "monitor") -> Document:
        """Return the campaign's status: ``check`` looks once, ``monitor`` until it is over."""
        if task not in {"monitor", "check"}:
            raise ValueError(f"CampaignMonitor knows the tasks 'monitor' and 'check', not {task!r}")
        await self.setup()
        document = self.look()
        while task == "monitor" and not RunState(document["state"]).is_over:
            await asyncio.sleep(self.check_interval)
            document = self.look()
        return document

    def look(self) -> Document:
        """Look once, write the status file, log a line; return the status."""
        # The process is looked at before its work: what it finished before it ended is then always seen.
        is_running = is_alive(self.home, "campaign", self.run)
        progress = self._read(is_running)
        moment = self._clock.monotonic()
        idle_seconds = self._pace.mark(moment, progress.done or 0)
        state = state_of(
            progress,
            target=self.target,
            is_running=is_running,
            ended=None if is_running else exit_of(self.home, self.run),
            idle_seconds=idle_seconds,
            stall_seconds=self._pace.stall_after(self.stall_seconds),
        )
        rate = self._pace.per_minute(moment)
        document = campaign_document(
            progress,
            target=self.target,
            state=state.value,
            is_running=is_running,
            rate=rate,
            eta=self._eta(progress, rate) if is_running else None,
            warnings=self._warnings(),
            now=self._clock.now(),
        )
        write_json(self.status_file, document)
        self._announce(progress, state)
        return document

    def _read(self, is_running: bool) -> Progress:
        proven = self._ledger.read()
        if proven.started is not None:
            return proven
        return self._log.read() if is_running else self._log.end()

    def _warnings(self) -> list[str]:
        """Return what the campaign's guards warn of; log what was not yet said."""
        warnings = LedgerView(self.home.run(self.run).ledger).warnings()
        for warning in warnings[self._said :]:
            self._logger.warning("Below what was proven before: %s", warning)
        self._said = len(warnings)
        return warnings

    def _eta(self, progress: Progress, rate: float | None) -> datetime | None:
        if rate is None or progress.done is None:
            return None
        try:
            return self._clock.now() + timedelta(minutes=max(0, self.target - progress.done) / rate)
        except OverflowError:  # later than the calendar's end
            return None

    def _announce(self, progress: Progress, state: RunState) -> None:
        is_fine = state in {RunState.WAITING, RunState.RUNNING, RunState.COMPLETE}
        level = logging.INFO if is_fine else logging.WARNING
        if progress.done is None or not progress.total:
            self._logger.log(level, "Campaign %s: no progress is known yet (%s)", self.run, state)
            return
        line = Progressed(progress.done, progress.total, progress.quality, progress.acceptance)
        self._logger.log(level, "%s | %s", render(line), state)
