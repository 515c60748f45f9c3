"""The choice between candidates in whole stories: tried on the same items, the winner judged on fresh ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from world import World, kill_hard, wait_until

from agents.campaign.lease import holder, is_held

pytestmark = pytest.mark.story

CANDIDATES = """
candidates:
  hasty: {teacher: {fault_rate: 0.5}}
  careful: {teacher: {fault_rate: 0.01}}
  middling: {teacher: {fault_rate: 0.2}}
trials: {tickets: 120}
campaign: {target: 60}
"""


def items(world: World, run: str) -> list[str]:
    with closing(sqlite3.connect(f"{world.home.run(run).ledger.as_uri()}?mode=ro", uri=True)) as ledger:
        return [item for (item,) in ledger.execute("SELECT item_id FROM tickets ORDER BY seq")]


def trials(world: World) -> dict[str, str]:
    """Return the run of each candidate's trial."""
    runs = [folder.name for folder in world.home.runs.glob("trial_*")]
    return {name.split("_")[1]: name for name in runs}


def test_the_best_candidate_makes_the_campaign_after_a_pilot_of_its_own(world: World) -> None:
    done = world.campaign("auto", "--recipe", str(world.recipe(CANDIDATES)))

    assert done.returncode == 0, done.stderr
    assert world.state["candidate"] == "careful"
    of = trials(world)
    assert {name: len(items(world, run)) for name, run in of.items()} == {"hasty": 20, "careful": 50, "middling": 50}
    assert items(world, of["careful"]) == items(world, of["middling"])
    assert items(world, of["careful"])[:20] == items(world, of["hasty"])
    validation = world.read(world.home.validation)
    assert validation["verdict"] == "APPROVED"
    assert not {*items(world, validation["pilot_status"]["run"])} & {*items(world, of["careful"])}
    world.check_accounts("full_campaign_60", accepted=60)
    plan = world.campaign("report")
    assert "## Candidates" in plan.stdout
    assert "Chosen by quality: careful" in plan.stdout
    assert "Candidate: careful" in world.campaign("status").stdout


def test_killed_while_it_tries_it_goes_on_and_nobody_is_launched_on_a_trial(world: World) -> None:
    recipe = str(world.recipe(CANDIDATES.replace("  middling: {teacher: {fault_rate: 0.2}}\n", "")))
    first = world.start_campaign("auto", "--recipe", recipe)
    wait_until(lambda: is_held(world.home.warden_lease("trial")) and trials(world))
    kill_hard(first.pid)
    first.wait()
    if warden := holder(world.home.warden_lease("trial")):
        kill_hard(warden.pid)

    done = world.campaign("auto", "--recipe", recipe, "--no-auto-launch")

    assert done.returncode == 5, done.stderr
    assert world.state["candidate"] == "careful"
    assert [len({*items(world, run)}) for run in trials(world).values()] == [60, 60]

    pilot, text = world.read(world.home.pilot_status)["run"], world.home.pilot_status.read_text()
    world.home.pilot_status.write_text(text.replace(pilot, trials(world)["careful"]))
    world.home.pilot_log.unlink()
    judged = world.campaign("validate", "--recipe", recipe)
    assert judged.returncode == 1, judged.stdout
    assert "which has no pilot's ledger" in judged.stdout

    approved = world.campaign("approve")
    assert approved.returncode == 0, approved.stderr
    wait_until(world.phase_is("campaign_complete"))
    world.check_accounts("full_campaign_60", accepted=60)
