"""Generators as commands: ours or the recipe's own, and the start of one under a warden.

Owns argument lists, the dry run before a start, and the wait for a sign of life. Never judges a pilot.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

import agents
from agents.autonomous.warden import lease_label
from agents.campaign.clock import Clock
from agents.campaign.digest import digest
from agents.campaign.errors import CampaignError, DamagedFileError, ExitCode, UsageError, error_of
from agents.campaign.events import RunKind, WatchedKind
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.lease import check_free, held_for, holder, is_held
from agents.campaign.log_lines import is_error, message_of
from agents.campaign.logs import last_lines
from agents.campaign.outcome import Exit
from agents.campaign.plan import Plan
from agents.campaign.process import Identity, session_of, start_detached
from agents.campaign.workflows import Intent, Workflows

GENERATOR = "agents.training.scripts.generate_campaign"
WARDEN = "agents.autonomous.warden"

DRY_RUN_SECONDS = 120.0
SIGN_OF_LIFE_SECONDS = 60.0
SETTLE_SECONDS = 1.0
"""A program that cannot be asked for a sign of life counts as started when it lives this long."""
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Generator:
    """A generator that is ready to be started; ``total`` is what its run owes.

    ``capacity`` is the number of distinct items of each domain, None for one that does not end. ``unready`` says what
    keeps that from being done which is to follow the run, each with its cure.
    """

    kind: WatchedKind
    run: str
    total: int
    argv: tuple[str, ...]
    fingerprint: str
    is_ours: bool
    capacity: Mapping[str, int | None] = field(default_factory=dict)
    unready: tuple[str, ...] = ()


def environment_of(home: Home) -> dict[str, str]:
    """Return the environment in which our programs find this very package and this home."""
    package_root = str(Path(agents.__file__).parent.parent)
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != package_root]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([package_root, *inherited]),
        "CONTEXT_ROOT": str(home.root),
        "PYTHONUNBUFFERED": "1",
    }


async def campaign_generator(plan: Plan, home: Home) -> Generator:
    """Return the generator of the plan's campaign, tried with a dry run when it is ours.

    Raises:
        CampaignError: it could not start: bad arguments, another plan under the same name, no such program.
    """
    campaign = plan.recipe.campaign
    if campaign.command is None:
        switches = ["--parallel" if plan.recipe.speed.parallel else "--no-parallel"]
        switches.append("--use-active-learning" if campaign.use_active_learning else "--no-active-learning")
        arguments = ["--target", str(campaign.target), "--output-name", campaign.name, *switches, "--export"]
        return await _ours("campaign", plan, home, arguments)
    places = {"target": campaign.target, "output_name": campaign.name, "log": str(home.campaign_log)}
    argv = tuple(argument.format(**places) for argument in campaign.command)
    program = shutil.which(argv[0])
    if program is None:
        raise UsageError(f"campaign.command names {argv[0]!r}, which is not a program here", "give its full path")
    fingerprint = digest("foreign generator", list(campaign.command))
    return Generator("campaign", campaign.name, campaign.target, (program, *argv[1:]), fingerprint, is_ours=False)


def check_ready(generator: Generator) -> None:
    """Raise UsageError where something could not be done that is to follow the run: it is better known before it."""
    if generator.unready:
        raise UsageError(
            f"what is to follow campaign {generator.run} could not be done here: {'; '.join(generator.unready)}",
            "mend it, or take it out of after_campaign in the recipe",
        )


async def trial_generator(plan: Plan, home: Home, tickets: int) -> Generator:
    """Return the generator of the trial of the plan's candidate, with ``tickets`` tickets, tried with a dry run.

    Raises as ``campaign_generator`` does.
    """
    switch = "--parallel" if plan.recipe.speed.parallel else "--no-parallel"
    return await _ours("trial", plan, home, ["--trial", switch, "--tickets", str(tickets)])


async def pilot_generator(plan: Plan, home: Home, tickets: int | None = None) -> Generator:
    """Return the generator of the plan's pilot, grown to ``tickets``, tried with a dry run.

    Raises as ``campaign_generator`` does.
    """
    switch = "--parallel" if plan.recipe.speed.parallel else "--no-parallel"
    grown = [] if tickets is None else ["--tickets", str(tickets)]
    return await _ours("pilot", plan, home, ["--pilot", switch, *grown])


def is_alive(home: Home, kind: WatchedKind, run: str) -> bool:
    """Return whether a generator of ``run`` works, is left without its warden, or has yet to be recorded as ended."""
    is_watched = held_for(home.warden_lease(kind)) == lease_label(kind, run)
    return is_watched or is_held(home.run(run).lease) or bool(remains_of(home, run))


def remains_of(home: Home, run: str) -> list[Identity]:
    """Return the live processes of the generator that was last started for ``run``, with or without its warden."""
    try:
        leader = Identity.parsed(read_json(home.run(run).generator))
    except DamagedFileError:
        return []
    return session_of(leader) if leader else []


async def start(generator: Generator, home: Home, store: Workflows, clock: Clock) -> tuple[Identity, Exit | None]:
    """Start ``generator`` under a warden: intent committed, then spawned, then seen alive.

    Returns:
        Its warden, and its exit where it has already ended well.

    Raises:
        CampaignError: it ended at once, or showed no sign of life; the message has the last lines of its log.
    """
    log = home.log(generator.kind)
    intent = Intent(generator.run, generator.kind, generator.argv, generator.fingerprint, _size(log))
    launch = store.intend(intent, clock.now())
    _forget_exit_of_another_store(home, generator.run, launch)
    options = ["--kind", generator.kind, "--run", generator.run, "--launch", str(launch), "--", *generator.argv]
    warden = start_detached([sys.executable, "-m", WARDEN, *options], log, environment_of(home))
    exit_ = await _sign_of_life(generator, warden, home, launch)
    if exit_ is not None and not (exit_.is_good or exit_.was_asked):
        raise CampaignError(
            f"{generator.kind} {generator.run} ended at once with {exit_}: {last_words(log)}", f"see the end of {log}"
        )
    store.confirm(launch, warden)
    return warden, exit_


def exit_of(home: Home, run: str, launch: int | None = None) -> Exit | None:
    """Return how the newest launch of ``run`` ended; None without a readable record of it."""
    try:
        found = Exit.parsed(read_json(home.run(run).exit_record))
    except DamagedFileError:
        return None
    return found if found is None or launch is None or found.launch == launch else None


def _forget_exit_of_another_store(home: Home, run: str, launch: int) -> None:
    """Remove an exit record that would be taken for that of ``launch``, which has not begun: ids only grow."""
    known = exit_of(home, run)
    if known is not None and known.launch >= launch:
        home.run(run).exit_record.unlink(missing_ok=True)


async def _ours(kind: RunKind, plan: Plan, home: Home, arguments: list[str]) -> Generator:
    argv = [sys.executable, "-m", GENERATOR, *arguments]
    argv += ["--quality-threshold", str(plan.recipe.gate.quality_threshold)]
    if plan.recipe_path is not None:
        argv += ["--recipe", str(plan.recipe_path)]
    if plan.candidate is not None:
        argv += ["--candidate", plan.candidate]
    found = await _dry_run(argv, environment_of(home))
    if "--output-name" not in argv:
        argv += ["--output-name", found["run"]]
    return Generator(
        kind,
        found["run"],
        found["total"],
        tuple(argv),
        found["fingerprint"],
        True,
        found["capacity"],
        tuple(found["unready"]),
    )


async def _dry_run(argv: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        "--dry-run",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        output, complaints = await asyncio.wait_for(process.communicate(), DRY_RUN_SECONDS)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CampaignError(
            f"the generator's dry run took more than {DRY_RUN_SECONDS:g} s", f"try it by hand: {' '.join(argv)}"
        ) from None
    is_fine, document = process.returncode == ExitCode.DONE, _document(output)
    if is_fine and {"run", "total", "fingerprint", "capacity", "unready"} <= document.keys():
        return document
    if not is_fine and "error" in document:
        raise error_of(document)
    words = complaints.decode(errors="replace").strip().splitlines() or ["nothing was printed"]
    raise CampaignError(
        f"the generator's dry run ended with exit code {process.returncode} and described no run: {words[-1]}",
        f"mend the generator; try it by hand: {' '.join(argv)} --dry-run",
    )


def _document(output: bytes) -> dict[str, Any]:
    """Return the JSON object that ``output`` is; an empty one for anything else."""
    try:
        document = orjson.loads(output)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


async def _sign_of_life(generator: Generator, warden: Identity, home: Home, launch: int) -> Exit | None:
    """Wait until the run lives or has ended; return its exit in the second case."""
    begun, held_since = time.monotonic(), None
    while (now := time.monotonic()) - begun < SIGN_OF_LIFE_SECONDS:
        is_warden_alive = warden.is_alive()
        if (ended := exit_of(home, generator.run, launch)) is not None:
            return ended
        if not is_warden_alive:
            check_free(home.warden_lease(generator.kind), f"Another {generator.kind}")
            if remains_of(home, generator.run):
                return None
            break
        if holder(home.warden_lease(generator.kind)) == warden:
            held_since = held_since or now
            if generator.is_ours and is_held(home.run(generator.run).lease):
                return None
            if not generator.is_ours and now - held_since >= SETTLE_SECONDS:
                return None
        await asyncio.sleep(POLL_SECONDS)
    log = home.log(generator.kind)
    raise CampaignError(
        f"{generator.kind} {generator.run} showed no sign of life: {last_words(log)}", f"see the end of {log}"
    )


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def words_of_end(what: str, ended: Exit | None, log: Path) -> str:
    """Return how ``what`` ended, as one sentence: its exit where that is recorded, and the last words of its log."""
    return f"{what} ended with {ended or 'no exit record'}: {last_words(log)}"


def last_words(log: Path, lines: int = 3) -> str:
    """Return what the last ``lines`` of ``log`` say, as one; where the very last is an error of ours, it alone."""
    last = last_lines(log, lines)
    return " / ".join(map(message_of, last[-1:] if last and is_error(last[-1]) else last)) or "its log is empty"
