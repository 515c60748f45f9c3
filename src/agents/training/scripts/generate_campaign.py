"""``python -m agents.training.scripts.generate_campaign``: generates a pilot or a campaign to its end.

Owns flags, the run's lease and the exit code. Running the same command again is how a run is resumed.
What takes time to load is imported where it is needed: by then, requests to stop are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from agents.campaign.clock import SystemClock
from agents.campaign.errors import CampaignError, ExitCode, PausedError, UsageError
from agents.training.stop_requests import StopRequests, stopped_at_once

if TYPE_CHECKING:
    from agents.campaign.events import RunKind
    from agents.campaign.home import Home
    from agents.campaign.plan import Plan
    from agents.training.bench import Bench
    from agents.training.console import Console
    from agents.training.engine import Engine
    from agents.training.judge import Domains
    from agents.training.preflight import Prepared

EPILOG = """exit codes: 0 done, 1 failed, 2 usage, 4 already running, 6 paused: the same command resumes it.
SIGTERM or Ctrl-C finishes what is in flight, or the export, and stops; a second one stops at once; neither loses
a sample."""

GARBAGE = (20_000, 10, 10)
"""Thresholds of the three generations of Python's garbage collector."""
DOCUMENT_FLAGS = frozenset({"--json", "--dry-run"})
"""With one of these, all that is printed on standard output is a JSON document, errors too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, as the last thing that this process does; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with StopRequests() as requests:
            options = parser().parse_args(arguments)
            code, document = _answer(options, requests)
    except CampaignError as error:
        code, document = error.exit_code, error.document()
        print(f"generate_campaign: {error}", file=sys.stderr)
    if not DOCUMENT_FLAGS.isdisjoint(arguments):
        _print(document)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(
        prog="generate_campaign",
        allow_abbrev=False,
        description="Generate a pilot or a campaign to its end.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    switch = argparse.BooleanOptionalAction
    add = parser.add_argument
    add("--recipe", type=Path, metavar="FILE", help="recipe (YAML)")
    add("--target", metavar="SAMPLES", help="accepted samples that the campaign owes")
    add("--output-name", metavar="NAME", help="the run's name")
    add("--pilot", action="store_true", help="generate the pilot instead of the campaign")
    add("--candidate", metavar="NAME", help="one of the recipe's candidates")
    add(
        "--trial",
        action="store_true",
        help="generate the trial of --candidate, with --tickets, instead of the campaign",
    )
    add("--tickets", type=int, metavar="N", help="grow a finished pilot or trial to this many tickets")
    add("--parallel", action=switch, help="work in several processes")
    add("--workers", metavar="N", help="worker processes of --parallel (default: one per processor)")
    add("--use-active-learning", dest="active", action="store_true", default=None, help="under-covered kinds first")
    add("--no-active-learning", dest="active", action="store_false", default=None, help="draw kinds at random")
    add("--quality-threshold", metavar="SHARE", help="mean quality that the pilot must reach")
    add("--resume", action="store_true", help="accepted for clarity: a run is always resumed")
    add("--acknowledge", type=int, metavar="N", help="go on in spite of the guards' alarms up to this one")
    add("--pilot-run", metavar="NAME", help="warn where the campaign falls below what this pilot proved")
    add("--export", action="store_true", help="write the finished run to datasets/NAME/")
    add("--dry-run", action="store_true", help="check everything, print the run as JSON, start nothing")
    add("--json", action="store_true", help="print the final summary as one JSON document")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message, f"see {self.prog} --help")


def flags_of(options: argparse.Namespace) -> dict[str, tuple[str, Any]]:
    """Return the flags that change the plan, with their keys and values."""
    return {
        "--target": ("campaign.target", options.target),
        "--output-name": ("campaign.output_name", None if options.pilot or options.trial else options.output_name),
        "--parallel": ("speed.parallel", options.parallel),
        "--workers": ("speed.workers", options.workers),
        "--use-active-learning": ("campaign.use_active_learning", options.active),
        "--quality-threshold": ("gate.quality_threshold", options.quality_threshold),
    }


def _answer(options: argparse.Namespace, requests: StopRequests) -> tuple[ExitCode, dict[str, Any]]:
    """Do what ``options`` ask for; return the exit code and the document.

    Raises:
        CampaignError: it could not even begin.
    """
    from agents.campaign.home import Home
    from agents.campaign.plan import plan_for
    from agents.training.preflight import prepare
    from agents.training.teachers.procedural import REHEARSAL, Drift

    plan = plan_for(flags_of(options), options.recipe)
    home = Home.from_environment(os.environ)
    if options.candidate is not None:
        plan = plan.with_candidate(options.candidate)
    name = options.output_name if options.pilot or options.trial else None
    kind = _kind(options)
    Drift.parsed(os.environ.get(REHEARSAL, ""))
    prepared = prepare(plan, kind, name, home, SystemClock().now(), options.tickets)
    if options.pilot_run is not None:
        prepared = prepared.after_pilot(options.pilot_run, home)
    environment = _environment(plan)
    if options.dry_run:
        return ExitCode.DONE, prepared.document()
    return _run(prepared, home, requests, options, environment)


def _environment(plan: Plan) -> Mapping[str, str]:
    """Return the variables that name models' keys and addresses; none where no model is asked.

    Raises:
        UsageError: one that is wanted is missing, or the file ``.env`` cannot be read.
    """
    recipe = plan.recipe
    if not recipe.asked_aliases:
        return {}
    from agents.campaign.environment import environment_of
    from agents.training.teachers.access import check_models

    environment = environment_of(plan.recipe_path)
    check_models(recipe.models, recipe.asked_aliases, environment)
    return environment


def _kind(options: argparse.Namespace) -> RunKind:
    """Return the kind of run that is asked for; raises UsageError where the flags contradict each other."""
    if options.trial and (options.pilot or options.candidate is None or (options.tickets or 0) < 1):
        raise UsageError("--trial goes with --candidate and --tickets, and without --pilot", "give those two")
    if options.tickets is not None and not (options.pilot or options.trial):
        raise UsageError("--tickets is for a pilot", "add --pilot, or give the campaign a --target")
    return "trial" if options.trial else "pilot" if options.pilot else "campaign"


def _run(
    prepared: Prepared,
    home: Home,
    requests: StopRequests,
    options: argparse.Namespace,
    environment: Mapping[str, str],
) -> tuple[ExitCode, dict[str, Any]]:
    """Generate what is still owed; return the exit code with the summary, or with the error that was logged.

    Raises:
        CampaignError: the lease is held by another process, or the log cannot be opened.
    """
    from agents.campaign.lease import Lease
    from agents.training.console import Console
    from agents.training.exporter import export_run

    header, clock = prepared.header, SystemClock()
    with Lease(prepared.paths.lease, f"{header.kind} {header.run}"), Console(home.log(header.kind)) as console:
        try:
            began = time.monotonic()
            with asyncio.Runner(loop_factory=requests.new_loop) as runner:
                runner.run(_generate(prepared, console, environment, acknowledge=options.acknowledge))
            summary = _summary(prepared, time.monotonic() - began)
            console.say(_sentence(summary))
            if options.export:
                dataset = export_run(prepared.paths.ledger, home.datasets, clock.now())
                summary |= {"dataset": str(dataset.folder)}
                console.say(f"Dataset {'written to' if dataset.is_new else 'already at'} {dataset.folder}")
        except CampaignError as error:
            console.complain(error, prepared.paths.room)
            return error.exit_code, error.document()
    return ExitCode.DONE, summary


async def _generate(
    prepared: Prepared, console: Console, environment: Mapping[str, str], *, acknowledge: int | None
) -> None:
    from agents.training.engine import Engine, Standards
    from agents.training.faculty import faculty
    from agents.training.ledger import Ledger
    from agents.training.teachers.procedural import REHEARSAL, Drift

    recipe = prepared.plan.recipe
    with Ledger.open(prepared.paths.ledger, prepared.header) as ledger:
        if ledger.progress().is_complete:
            console.say(f"Run {prepared.header.run} is complete already")
            return
        guards = ledger.guards(prepared.guards) if prepared.guards else None
        if acknowledge is not None and guards:
            guards = ledger.acknowledge(guards, acknowledge, SystemClock().now().isoformat(timespec="milliseconds"))
        if alarm := ledger.standing_alarm():
            raise PausedError(alarm.cause, alarm.cure)
        if (drift := Drift.parsed(os.environ.get(REHEARSAL, ""))) is not None:
            console.say(f"Rehearsal: from ticket {drift.start} on the teacher makes mistakes at {drift.fault_rate:.0%}")
        clock = SystemClock()
        async with (
            _bench(prepared.plan, prepared.domains) as bench,
            faculty(prepared, bench, environment, clock, console.say, drift) as asked,
        ):
            engine = Engine(
                goal=prepared.goal,
                cells=prepared.cells,
                standards=Standards(recipe.checks.accept_at, recipe.checks.near_duplicate),
                ledger=ledger,
                bench=bench,
                asked=asked,
                in_flight=_in_flight(prepared),
                clock=clock,
                announce=console.announce,
                guards=guards,
                limits=prepared.limits,
                silence_seconds=prepared.silence_seconds,
                free_bytes=lambda: shutil.disk_usage(prepared.paths.folder).free,
            )
            _collect_rarely()
            await _until_stopped(engine)


def _collect_rarely() -> None:
    """Leave what was loaded so far out of the search for garbage, and search less often: a tenth of a run's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def _in_flight(prepared: Prepared) -> int:
    """Return how many tickets are worked on at once: of a batch teacher, as many as rounds hold."""
    from agents.training.rounds import AHEAD

    recipe = prepared.plan.recipe
    return AHEAD * prepared.goal.round_size if recipe.teacher.kind == "batch" else recipe.speed.in_flight


def _bench(plan: Plan, domains: Domains) -> Bench[Domains]:
    from agents.training.bench import InlineBench, WorkerBench

    speed = plan.recipe.speed
    return WorkerBench(domains, speed.workers or os.cpu_count() or 1) if speed.parallel else InlineBench(domains)


async def _until_stopped(engine: Engine) -> None:
    """Run the engine; the first SIGTERM or SIGINT drains it, the second ends it at once."""
    signals: list[int] = []

    def stop(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            engine.drain()
        else:
            running.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    running = asyncio.create_task(engine.run())
    try:
        await running
    except asyncio.CancelledError:
        raise stopped_at_once() from None


def _summary(prepared: Prepared, seconds: float) -> dict[str, Any]:
    from agents.campaign.ledger_view import LedgerView

    view = LedgerView(prepared.paths.ledger)
    accounts, progress = view.accounts(), view.progress()
    if accounts is None or progress is None:
        raise CampaignError(f"ledger {prepared.paths.ledger} is gone", "leave the folder of a run alone; start again")
    return {
        **prepared.document(),
        "done": progress.done,
        "issued": accounts.issued,
        "accepted": accounts.accepted,
        "rejected": accounts.rejected,
        "dead": accounts.dead,
        "quality": progress.quality,
        "quality_threshold": prepared.plan.recipe.gate.quality_threshold,
        "acceptance": progress.acceptance,
        "seconds": round(seconds, 3),
    }


def _sentence(summary: dict[str, Any]) -> str:
    quality = "unknown" if summary["quality"] is None else f"{summary['quality']:.3f}"
    return (
        f"Run finished: run={summary['run']} issued={summary['issued']} accepted={summary['accepted']} "
        f"rejected={summary['rejected']} dead={summary['dead']} quality={quality} "
        f"threshold={summary['quality_threshold']:g} seconds={summary['seconds']:g}"
    )


def _print(document: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
