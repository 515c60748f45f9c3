"""How a run is verified: its ledger is read, and every settled ticket judged again in worker processes.

Owns the pass over the ledger. Needs nothing but that ledger: no source, no model, no key. Writes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.campaign.clock import Clock
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.campaign.plan import plan_of_ledger
from agents.campaign.recipe import Recipe
from agents.training.bench import Bench, WorkerBench
from agents.training.described_domain import DescribedDomain
from agents.training.domains import Domain
from agents.training.judge import Domains
from agents.training.preflight import FACTORY_VERSION, built_in
from agents.training.verification import Again, Stored, Verification, judge_again

AHEAD = 512
"""Tickets that are judged at the same time."""


async def verify(
    home: Home, run: str, clock: Clock, progressed: Callable[[int, int], object], workers: int | None = None
) -> dict[str, Any]:
    """Return what every settled ticket of ``run`` comes to when it is judged again, as JSON values.

    ``progressed`` hears how many are done, and of how many. A run that is still at work is read as it is now.

    Raises:
        UsageError: it has no ledger, or another version of the domains made it.
        DamagedFileError: its ledger is damaged.
    """
    view = LedgerView(home.run(run).ledger)
    view.check_whole()
    header, accounts, progress = view.header(), view.accounts(), view.progress()
    if header is None or accounts is None or progress is None:
        raise UsageError(f"run {run!r} has no ledger yet", "wait until its first tickets are planned")
    recipe = plan_of_ledger(header.values).recipe
    judging = domains_of(header, recipe)
    verification = Verification(recipe.checks.accept_at, recipe.checks.near_duplicate)
    began = clock.monotonic()
    async with WorkerBench(judging, workers or os.cpu_count() or 1) as bench:
        await _pass(view, bench, verification, lambda done: progressed(done, accounts.settled))
    found = verification.document()
    return {
        "run": run,
        "kind": header.kind,
        "fingerprint": header.fingerprint,
        "total": header.total,
        "is_complete": progress.is_complete,
        "is_verified": not found["different"],
        "seconds": round(clock.monotonic() - began, 3),
        **found,
    }


async def _pass(
    view: LedgerView, bench: Bench[Domains], verification: Verification, progressed: Callable[[int], object]
) -> None:
    waiting: deque[tuple[Stored, asyncio.Task[Again]]] = deque()
    done = 0

    async def settle_first() -> int:
        stored, task = waiting.popleft()
        verification.add(stored, await task)
        progressed(done + 1)
        return done + 1

    for row in view.stored():
        stored = Stored(**row)
        waiting.append((stored, asyncio.create_task(bench.run(judge_again, stored, stored.seq))))
        if len(waiting) >= AHEAD:
            done = await settle_first()
    while waiting:
        done = await settle_first()


def domains_of(header: RunHeader, recipe: Recipe) -> dict[str, Domain]:
    """Return the domains that judged a run; those made of texts judge without them, as every item has its own.

    A catalogue is looked for from the current folder on.

    Raises:
        UsageError: a domain, or the factory around it, is of another version than the one that made the run.
    """
    judging: dict[str, Domain] = {}
    versions = {"agents.training": FACTORY_VERSION}
    for name, section in recipe.domains.items():
        if section.sources is not None:
            judging[name] = DescribedDomain(name, section, ())
            continue
        judging[name] = built_in(name, section.catalogue, Path.cwd())
        versions[name] = judging[name].version
    for part, version in versions.items():
        made_by = header.code.get(part)
        if made_by != version:
            raise UsageError(
                f"run {header.run!r} was made by version {made_by} of {part}, and this is version {version}",
                "verify it with the version of the program that made it",
            )
    return judging
