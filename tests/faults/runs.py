"""One campaign that the tests with real processes disturb, and what must hold of it whatever happened."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import sys
from contextlib import closing

import pytest
from world import World, wait_until

from agents.campaign.lease import holder
from agents.campaign.ledger_view import Accounts, LedgerView

TARGET = 400
RUN = f"full_campaign_{TARGET}"
_SETTLED = re.compile(r"\] INFO: Sample (?:accepted|rejected): .*quality_score=\d\.\d{4}\n")


def generate(world: World) -> tuple[str, ...]:
    """Return the command that generates the campaign, without an orchestrator."""
    generator = (sys.executable, "-m", "agents.training.scripts.generate_campaign")
    return (*generator, "--target", str(TARGET), "--recipe", str(world.recipe()), "--export")


def auto(world: World) -> tuple[str, ...]:
    """Return the verb and flags of the whole workflow about the campaign."""
    return ("auto", "--recipe", str(world.recipe()), "--campaign-target", str(TARGET), "--json")


def freeze(world: World, accepted: int = 20) -> int:
    """Stop the campaign's generator in the middle, so that what comes next is in time; return its pid."""
    wait_until(lambda: world.accepted(RUN) >= accepted)
    generator = holder(world.home.run(RUN).lease)
    assert generator is not None
    os.kill(generator.pid, signal.SIGSTOP)
    assert world.accepted(RUN) < TARGET
    return generator.pid


def thaw(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


def acknowledged(world: World) -> int:
    """Return how many samples the campaign's log says are settled."""
    return len(_SETTLED.findall(world.home.campaign_log.read_text()))


def check_nothing_acknowledged_is_lost(world: World) -> None:
    accounts = LedgerView(world.home.run(RUN).ledger).accounts() or Accounts()
    assert accounts.balanced
    assert acknowledged(world) <= accounts.settled


def check_all_is_whole(world: World) -> None:
    """Every status file is a document, no half-written one is left, and the stores are in order."""
    for path in world.home.training.glob("*.json"):
        world.read(path)
    assert not list(world.home.training.glob(".*"))
    for path in world.home.training.rglob("*.sqlite"):
        with closing(sqlite3.connect(path)) as store:
            assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",), path


def launches(world: World) -> int:
    """Return how often a campaign was launched."""
    with closing(sqlite3.connect(f"{world.home.workflows.as_uri()}?mode=ro", uri=True)) as store:
        count: int = store.execute("SELECT count(*) FROM launches WHERE kind = 'campaign'").fetchone()[0]
    return count


def goes_on(world: World) -> None:
    """Run the same workflow again, to its end."""
    again = world.campaign(*auto(world))
    if again.returncode != 0 or world.state["phase"] != "campaign_complete":
        pytest.fail(again.stdout + again.stderr)
