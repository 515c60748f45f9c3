"""Small real campaigns for the rows of the fault matrix: their recipes, their victims, and what they must come to."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any

from world import World, wait_until

from agents.campaign.errors import ExitCode
from agents.campaign.lease import holder
from agents.campaign.process import Identity

TARGET = 120
RUN = f"full_campaign_{TARGET}"
SMALL = "pilot: {tickets: 20}\ngate: {min_samples: 15}\nteacher: {fault_rate: 0.0}\n"
"""So few tickets prove a teacher that makes no mistake, and no other."""
MOST_STARTS = 8


def command(world: World, target: int = TARGET, more: str = "") -> tuple[str, ...]:
    return ("auto", "--recipe", str(world.recipe(SMALL + more)), "--campaign-target", str(target), "--json")


def finish(world: World, *arguments: str) -> None:
    """Run the same command until the workflow is complete."""
    codes = []
    for _ in range(MOST_STARTS):
        done = world.campaign(*arguments)
        codes.append(done.returncode)
        if done.returncode == ExitCode.DONE:
            return
    raise AssertionError(f"never complete: {codes}\n{done.stderr}")


def launches(world: World, kind: str = "campaign") -> int:
    with closing(sqlite3.connect(f"{world.home.workflows.as_uri()}?mode=ro", uri=True)) as store:
        count: int = store.execute("SELECT count(*) FROM launches WHERE kind = ?", (kind,)).fetchone()[0]
    return count


def campaigns(world: World) -> int:
    """How many campaigns there are, by their ledgers."""
    return len(list((world.home.training / "runs").glob("full_campaign_*/ledger.sqlite")))


def exported(world: World, run: str = RUN) -> int:
    return len((world.home.datasets / run / "samples.jsonl").read_bytes().splitlines())


def check_end(world: World, undisturbed: list[tuple[Any, ...]], target: int = TARGET) -> None:
    """Check every account of a campaign that is said to be complete."""
    run = f"full_campaign_{target}"
    world.check_accounts(run, accepted=target)
    assert world.contents(run) == undisturbed
    assert exported(world, run) == target
    assert campaigns(world) == 1
    assert world.state["phase"] == "campaign_complete"


def live(world: World, run: str = RUN) -> dict[str, Identity]:
    """The processes that work for the home now, by role."""
    leases = {"orchestrator": world.home.orchestrator_lease, "warden": world.home.warden_lease("campaign")}
    leases["generator"] = world.home.run(run).lease
    pilots = sorted((world.home.training / "runs").glob("pilot_*/generator.lease"))
    leases |= {"pilot": pilots[-1]} if pilots else {}
    leases["pilot's warden"] = world.home.warden_lease("pilot")
    return {role: owner for role, lease in leases.items() if (owner := holder(lease)) is not None}


def generator_of(world: World, run: str = RUN) -> Identity:
    """Wait for the generator of ``run`` and return it."""
    wait_until(lambda: holder(world.home.run(run).lease))
    found = holder(world.home.run(run).lease)
    assert found is not None
    return found


def sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
