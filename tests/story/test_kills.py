"""Processes are killed in the middle: the same command goes on, to the same ledger and never with two campaigns."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from world import World, kill_hard, wait_until

from agents.campaign.lease import holder, is_held

pytestmark = pytest.mark.story

TARGET = 600
RUN = f"full_campaign_{TARGET}"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """What the ledger of the campaign holds when nobody disturbs it."""
    world = World(tmp_path_factory.mktemp("undisturbed"))
    assert world.campaign(*command(world)).returncode == 0
    return world.contents(RUN)


def command(world: World) -> tuple[str, ...]:
    return ("auto", "--recipe", str(world.recipe()), "--campaign-target", str(TARGET), "--json")


def launches(world: World, kind: str) -> int:
    with closing(sqlite3.connect(f"{world.home.workflows.as_uri()}?mode=ro", uri=True)) as store:
        count: int = store.execute("SELECT count(*) FROM launches WHERE kind = ?", (kind,)).fetchone()[0]
    return count


@pytest.mark.parametrize(
    "moment",
    [*("monitoring_pilot", "campaign_launched"), pytest.param("validation_complete", marks=pytest.mark.slow)],
    ids=lambda moment: f"in {moment}",
)
def test_the_orchestrator_killed_hard_goes_on_and_launches_one_campaign(
    world: World, undisturbed: list[tuple[object, ...]], moment: str
) -> None:
    first = world.start_campaign(*command(world))
    wait_until(lambda: phase_seen(world, moment))
    kill_hard(first.pid)
    first.wait()

    again = world.campaign(*command(world))

    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed
    assert launches(world, "campaign") == 1


def phase_seen(world: World, phase: str) -> bool:
    log = world.home.orchestrator_log
    return log.exists() and f"-> {phase}" in log.read_text()


@pytest.mark.parametrize("accepted", [150, *(pytest.param(accepted, marks=pytest.mark.slow) for accepted in (1, 400))])
def test_a_generator_killed_hard_is_started_again(
    world: World, undisturbed: list[tuple[object, ...]], accepted: int
) -> None:
    orchestrator = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= accepted)
    generator = holder(world.home.run(RUN).lease)
    assert generator is not None
    kill_hard(generator.pid)

    output, complaints = orchestrator.communicate(timeout=120)

    assert orchestrator.returncode == 0, complaints + output
    assert world.contents(RUN) == undisturbed
    assert launches(world, "campaign") == 2
    assert "killed by signal 9" in complaints


def test_a_warden_killed_hard_is_found_lost_and_the_campaign_ends_all_the_same(
    world: World, undisturbed: list[tuple[object, ...]]
) -> None:
    orchestrator = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 50)
    warden = holder(world.home.warden_lease("campaign"))
    assert warden is not None
    kill_hard(warden.pid)

    output, complaints = orchestrator.communicate(timeout=120)

    assert orchestrator.returncode == 0, complaints + output
    assert world.contents(RUN) == undisturbed


@pytest.mark.slow
def test_everything_killed_hard_at_once(world: World, undisturbed: list[tuple[object, ...]]) -> None:
    orchestrator = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 100)
    owners = [holder(world.home.warden_lease("campaign")), holder(world.home.run(RUN).lease)]
    for pid in [orchestrator.pid, *(owner.pid for owner in owners if owner)]:
        kill_hard(pid)
    orchestrator.wait()
    wait_until(lambda: not is_held(world.home.run(RUN).lease))

    again = world.campaign(*command(world))

    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed


def test_the_seeds_kill_of_the_orchestrator_leaves_the_campaign_running(
    world: World, undisturbed: list[tuple[object, ...]]
) -> None:
    first = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 1)
    assert world.shell("kill $(cat ~/.context/training/orchestrator.pid)").returncode == 0
    first.wait(timeout=30)

    assert first.returncode == 6
    assert world.state["phase"] == "stopped"
    assert not world.home.orchestrator_pid.exists()
    again = world.campaign(*command(world))
    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed
    assert launches(world, "campaign") == 1


def test_the_seeds_kill_of_the_campaign_drains_it_and_it_goes_on_later(
    world: World, undisturbed: list[tuple[object, ...]]
) -> None:
    orchestrator = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 1)
    assert world.shell("ps -p $(cat ~/.context/training/campaign.pid)").returncode == 0
    assert world.shell("kill $(cat ~/.context/training/campaign.pid)").returncode == 0

    _, complaints = orchestrator.communicate(timeout=60)

    assert orchestrator.returncode == 6, complaints
    assert world.state["phase"] == "paused"
    assert "stopped on request" in world.state["cause"]
    assert not world.home.campaign_pid.exists()
    again = world.campaign(*command(world))
    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed


def test_of_many_orchestrators_started_at_once_one_works(world: World, undisturbed: list[tuple[object, ...]]) -> None:
    processes = [world.start_campaign(*command(world)) for _ in range(5)]
    outputs = [process.communicate(timeout=180) for process in processes]

    codes = sorted(process.returncode for process in processes)
    assert codes.count(0) >= 1, outputs
    assert set(codes) <= {0, 4}
    assert all(
        "pid" in output[1] for process, output in zip(processes, outputs, strict=True) if process.returncode == 4
    )
    assert launches(world, "campaign") == 1
    assert world.contents(RUN) == undisturbed


@pytest.mark.slow
def test_stop_drains_all_and_auto_goes_on(world: World, undisturbed: list[tuple[object, ...]]) -> None:
    world.campaign("auto", "--background", "--recipe", str(world.recipe()), "--campaign-target", str(TARGET))
    wait_until(lambda: world.accepted(RUN) >= 20)

    stopped = world.campaign("stop")

    assert stopped.returncode == 0
    assert {line.split(":")[0] for line in stopped.stdout.splitlines()} == {"orchestrator", "campaign"}
    assert not is_held(world.home.warden_lease("campaign"))
    assert not is_held(world.home.run(RUN).lease)
    assert world.campaign(*command(world)).returncode == 0
    assert world.contents(RUN) == undisturbed


@pytest.mark.slow
def test_the_terminal_is_closed_and_the_campaign_lives(world: World, tmp_path: Path) -> None:
    first = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 1)
    os.kill(first.pid, signal.SIGHUP)

    first.communicate(timeout=120)

    assert world.state["phase"] == "campaign_complete"
