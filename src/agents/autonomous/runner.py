"""Running the orchestrator as a program: its log, its signals, its exit code, in front or detached.

Owns the process around an orchestrator. Never decides what a workflow does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import orjson

from agents.autonomous.forecasting import check_reachable
from agents.autonomous.generators import campaign_generator, environment_of
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.errors import CampaignError, ExitCode, PausedError
from agents.campaign.files import read_json
from agents.campaign.gate import Verdict
from agents.campaign.home import Home
from agents.campaign.lease import check_free, holder
from agents.campaign.logs import configure, last_lines
from agents.campaign.plan import Plan, plan_for
from agents.campaign.process import Identity, start_detached
from agents.campaign.status import Document, workflow_exit_code
from agents.campaign.storage import check_storage

MODES = ("auto", "monitor", "validate", "launch")
ORCHESTRATOR = "agents.autonomous.training_orchestrator"
START_SECONDS = 60.0
POLL_SECONDS = 0.05


async def run_mode(mode: str, plan: Plan, home: Home) -> Document:
    """Run one mode to its end and return its document.

    The first SIGTERM or SIGINT ends ``auto`` after the step it is in, a second one at once; other modes end at once.

    Raises:
        CampaignError: the mode cannot be carried out; AlreadyRunningError names the owner.
        PausedError: it was ended at once.
    """
    orchestrator = TrainingOrchestrator(plan=plan, home=home)
    await orchestrator.setup()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(orchestrator.run_task(mode))
    may_finish = mode == "auto"

    def stop() -> None:
        nonlocal may_finish
        if may_finish:
            orchestrator.stop()
        else:
            task.cancel()
        may_finish = False

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    try:
        return await task
    except asyncio.CancelledError:
        raise PausedError("stopped by a signal", "run the same command again") from None


def exit_code_of(mode: str, document: Document) -> ExitCode:
    """Return what a program that ends with ``document`` exits with."""
    if mode == "launch":
        return ExitCode(document["exit_code"])
    if mode == "validate":
        return Verdict(document["verdict"]).exit_code
    if mode == "monitor":
        return ExitCode.DONE if document.get("is_complete") else ExitCode.PAUSED
    return workflow_exit_code(document)


def start_in_background(mode: str, plan: Plan, home: Home) -> Identity:
    """Start the orchestrator detached, its output in its log; return it once it is at work.

    What can be found wrong at once is found here, where a person still looks.

    Raises:
        AlreadyRunningError: one runs already.
        CampaignError: the plan cannot be carried out, or it ended at once; the message has its last words.
    """
    check_free(home.orchestrator_lease, "Orchestrator")
    check_storage(home.training)
    check_reachable(plan, asyncio.run(campaign_generator(plan, home)))
    argv = [sys.executable, "-m", ORCHESTRATOR, "--mode", mode, *arguments_of(plan)]
    started = start_detached(argv, home.orchestrator_log, environment_of(home))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if _is_at_work(mode, home, started):
            return started
        if started.wait(POLL_SECONDS):
            break
    check_free(home.orchestrator_lease, "Orchestrator")
    words = " / ".join(last_lines(home.orchestrator_log, 3))
    raise CampaignError(f"the orchestrator ended at once: {words}", f"see the end of {home.orchestrator_log}")


def _is_at_work(mode: str, home: Home, started: Identity) -> bool:
    """Whether ``started`` has written the workflow's state, or holds the lease in a mode that writes none."""
    if mode == "auto":
        return (read_json(home.orchestrator_state) or {}).get("pid") == started.pid
    return holder(home.orchestrator_lease) == started


def arguments_of(plan: Plan) -> list[str]:
    """Return the arguments with which another process resolves the same plan."""
    recipe = plan.recipe
    arguments = ["--quality-threshold", str(recipe.gate.quality_threshold)]
    arguments += ["--campaign-target", str(recipe.campaign.target)]
    arguments += ["--min-pilot-samples", str(recipe.gate.min_samples)]
    arguments.append("--auto-launch" if recipe.campaign.auto_launch else "--no-auto-launch")
    return arguments + (["--recipe", str(plan.recipe_path)] if plan.recipe_path else [])


def handed_over(plan: Plan) -> Plan:
    """Return the plan that another process resolves from ``arguments_of(plan)`` now; a changed recipe changes it."""
    values = plan.values()
    keys = ("gate.quality_threshold", "campaign.target", "gate.min_samples", "campaign.auto_launch")
    return plan_for({key: (key, values[key]) for key in keys}, plan.recipe_path)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m agents.autonomous.training_orchestrator``; prints the final document as JSON."""
    parser = argparse.ArgumentParser(prog=ORCHESTRATOR, description="Run the campaign workflow.")
    parser.add_argument("--mode", choices=MODES, default="auto")
    parser.add_argument("--quality-threshold", type=float, metavar="SHARE")
    parser.add_argument("--campaign-target", type=int, metavar="SAMPLES")
    parser.add_argument("--min-pilot-samples", type=int, metavar="SAMPLES")
    parser.add_argument("--auto-launch", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--recipe", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    home = Home.from_environment(os.environ)
    try:
        plan = plan_for(
            {
                "--quality-threshold": ("gate.quality_threshold", options.quality_threshold),
                "--campaign-target": ("campaign.target", options.campaign_target),
                "--min-pilot-samples": ("gate.min_samples", options.min_pilot_samples),
                "--no-auto-launch": ("campaign.auto_launch", options.auto_launch),
            },
            options.recipe,
        )
        is_detached = configure(home.orchestrator_log, echo=True)
        document = asyncio.run(run_mode(options.mode, plan, home))
    except CampaignError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if not is_detached:
        print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    return exit_code_of(options.mode, document)
