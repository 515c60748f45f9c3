"""A hundred real workflows, killed hard at seeded moments: the same command ends in the same ledger."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from stage_real import check_end, command, finish, live, sleep_until
from world import World, kill_hard

pytestmark = pytest.mark.story

RUNS = 100
VICTIMS = {
    "orchestrator": ("orchestrator",),
    "warden": ("warden", "pilot's warden"),
    "generator": ("generator", "pilot"),
    "all": ("orchestrator", "warden", "pilot's warden", "generator", "pilot"),
}
ROWS = {"orchestrator": 1, "warden": 6, "generator": 5, "all": (1, 5, 6)}


def _case(number: int) -> Any:
    whom = list(VICTIMS)[number % len(VICTIMS)]
    return pytest.param(number, whom, marks=pytest.mark.fault(row=ROWS[whom]), id=f"{number}-{whom}")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "whom"), [_case(number) for number in range(RUNS)])
def test_killed_hard(world: World, undisturbed: Any, number: int, whom: str) -> None:
    random = Random(f"kill/{number}")
    begun = time.monotonic()
    moments = sorted(begun + random.uniform(0.1, undisturbed.seconds) for _ in range(random.choice((1, 1, 2, 3))))
    orchestrator = world.start_campaign(*command(world))

    for moment in moments:
        sleep_until(moment)
        there = live(world)
        for role in VICTIMS[whom]:
            if role in there:
                kill_hard(there[role].pid)
        if "orchestrator" in VICTIMS[whom]:
            orchestrator.kill()
            orchestrator.communicate()
            orchestrator = world.start_campaign(*command(world))
    orchestrator.communicate(timeout=120)

    finish(world, *command(world))
    check_end(world, undisturbed.contents)
