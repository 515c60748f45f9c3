"""Somebody else's generator: a program that only prints log lines is watched, judged, launched and watched again."""

from __future__ import annotations

import os
import random
import re
import sys
import textwrap
from pathlib import Path

import pytest
from world import World, kill_hard, wait_until

from agents.campaign.lease import holder, is_held

pytestmark = pytest.mark.story

GENERATOR = textwrap.dedent("""
    import pathlib, sys, time
    name, target = sys.argv[1], int(sys.argv[2])
    for done in range(1, target + 1):
        print(f"sample {done} quality_score: 0.9", flush=True)
        print(f"Progress: {done}/{target}", flush=True)
        time.sleep(0.002)
    pathlib.Path(sys.argv[3]).write_text(name)
    """)


@pytest.fixture
def theirs(world: World) -> World:
    """A world whose recipe names the other's generator."""
    program = world.folder / "their generator.py"
    program.write_text(GENERATOR)
    command = [sys.executable, str(program), "{output_name}", "{target}", str(world.folder / "theirs {{done}}.txt")]
    world.variables["CAMPAIGN_RECIPE"] = str(world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n"))
    return world


def log_of_a_pilot(world: World, scores: list[float | str], total: int = 190) -> Path:
    lines = []
    for done, score in enumerate(scores, 1):
        lines += [f"[gen] quality_score: {score}", f"Progress: {done}/{total}"]
    world.home.pilot_log.parent.mkdir(parents=True, exist_ok=True)
    world.home.pilot_log.write_text("\n".join(lines) + "\n")
    return world.home.pilot_log


def good_scores(count: int = 190) -> list[float | str]:
    rng = random.Random(190)
    return [round(min(1.0, max(0.0, rng.gauss(0.85, 0.1))), 3) for _ in range(count)]


def test_a_live_pilot_is_watched_validated_and_its_campaign_command_launched(theirs: World) -> None:
    orchestrator = theirs.start_campaign("auto", "--json")
    wait_until(theirs.phase_is("monitoring_pilot"))
    theirs.home.pilot_log.parent.mkdir(parents=True, exist_ok=True)
    with theirs.home.pilot_log.open("a") as log:
        for done, score in enumerate(good_scores(), 1):
            print(f"quality_score={score} accepted={'true' if float(score) >= 0.7 else 'false'}", file=log)
            print(f"\r{done}/190 [00:01<00:02]", file=log)
            log.flush()
            if done == 100:
                wait_until(lambda: theirs.read(theirs.home.pilot_status)["progress"] == 100)

    output, complaints = orchestrator.communicate(timeout=120)

    assert orchestrator.returncode == 0, complaints + output
    assert theirs.state["phase"] == "campaign_complete"
    assert theirs.state["campaign_result"]["source"] == "log"
    assert (theirs.folder / "theirs {done}.txt").read_text() == "full_campaign_80"
    assert theirs.read(theirs.home.launch_status)["argv"][0] == sys.executable


@pytest.mark.parametrize(
    ("scores", "code", "reason"),
    [
        ([0.6] * 190, 3, "Quality 0.600 < 0.75"),
        ([0.9] * 189 + ["nan"], 1, "score"),
        ([0.9] * 189 + [82], 1, "score"),
        ([0.9] * 189 + ["0.9 0.8"], 1, "score"),
    ],
    ids=["low", "NaN", "82", "two numbers"],
)
def test_a_bad_pilot_launches_nothing(theirs: World, scores: list[float | str], code: int, reason: str) -> None:
    log_of_a_pilot(theirs, scores)

    refused = theirs.campaign("auto")

    assert refused.returncode == code, refused.stdout
    assert reason in theirs.read(theirs.home.validation)["reason"]
    assert theirs.state["phase"] == "validation_failed"
    assert not theirs.home.launch_status.exists()
    assert not theirs.home.campaign_log.exists()


def test_progress_without_scores_is_no_evidence(theirs: World) -> None:
    theirs.home.pilot_log.parent.mkdir(parents=True)
    theirs.home.pilot_log.write_text("Connection accepted\n" + "Sample accepted\n" * 190 + "Progress: 190/190\n")

    refused = theirs.campaign("auto")

    assert refused.returncode == 1
    assert "No quality scores" in theirs.read(theirs.home.validation)["reason"]


def test_only_accepted_samples_scored_is_refused(theirs: World) -> None:
    lines = [f"quality_score=0.9\nProgress: {done}/190" for done in range(1, 121)]
    theirs.home.pilot_log.parent.mkdir(parents=True)
    theirs.home.pilot_log.write_text("\n".join([*lines, "Progress: 190/190\n"]))

    refused = theirs.campaign("auto")

    assert refused.returncode == 1
    assert "denominators do not match" in theirs.read(theirs.home.validation)["reason"]


@pytest.mark.parametrize(
    ("program", "phase", "words"),
    [
        ("import sys; print('key missing'); sys.exit(3)", "launch_failed", "key missing"),
        ("print('Progress: 10/80')", "campaign_failed", "exit code 0"),
        ("import os; print('Progress: 10/80', flush=True); os.kill(os.getpid(), 9)", "launch_failed", "signal 9"),
    ],
    ids=["exits at once", "ends too early", "is killed"],
)
def test_a_campaign_that_does_not_deliver_is_never_complete(world: World, program: str, phase: str, words: str) -> None:
    command = [sys.executable, "-c", program]
    recipe = world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n")
    log_of_a_pilot(world, good_scores())

    failed = world.campaign("auto", "--recipe", str(recipe))

    assert failed.returncode == 1
    assert world.state["phase"] == phase
    assert words in world.state["cause"]


def test_yesterdays_campaign_log_does_not_complete_todays(world: World) -> None:
    command = [sys.executable, "-c", "print('nothing to do')"]
    recipe = world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n")
    log_of_a_pilot(world, good_scores())
    world.home.campaign_log.write_text("Progress: 80/80\n")

    failed = world.campaign("auto", "--recipe", str(recipe))

    assert failed.returncode == 1
    assert world.state["phase"] == "campaign_failed"
    assert world.home.campaign_log.read_text().startswith("Progress: 80/80\n")


def test_a_pilot_log_that_never_appears_is_waited_for_and_then_an_error_with_a_cure(theirs: World) -> None:
    recipe = Path(theirs.variables["CAMPAIGN_RECIPE"])
    text = recipe.read_text().replace("campaign_seconds: 0.2}", "campaign_seconds: 0.2, stall_minutes: 0.01}")
    recipe.write_text(text)

    paused = theirs.campaign("auto")

    assert paused.returncode == 6
    assert theirs.state["phase"] == "paused"
    assert str(theirs.home.pilot_log) in theirs.state["cause"]
    assert not theirs.home.launch_status.exists()


def test_a_fresh_foreign_pilot_is_used_before_an_own_one_is_started(world: World) -> None:
    log_of_a_pilot(world, good_scores())

    done = world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "50")

    assert done.returncode == 0, done.stderr
    assert world.read(world.home.pilot_status)["source"] == "log"
    world.check_accounts("full_campaign_50", accepted=50)


def test_a_stale_foreign_pilot_is_not_launched_on(world: World) -> None:
    log = log_of_a_pilot(world, good_scores())
    three_days_ago = log.stat().st_mtime - 3 * 86_400
    os.utime(log, (three_days_ago, three_days_ago))

    done = world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "50")

    assert done.returncode == 0, done.stderr
    assert world.read(world.home.pilot_status)["source"] == "ledger"
    assert log.read_text().startswith("[gen] quality_score")


def test_their_campaign_outlives_the_orchestrator_and_is_adopted(world: World) -> None:
    program = "import time\nfor n in range(1, 401): print(f'Progress: {{n}}/400', flush=True); time.sleep(0.02)"
    command = [sys.executable, "-c", program]
    recipe = str(world.recipe(f"campaign: {{target: 400, command: {command!r}}}\n"))
    log_of_a_pilot(world, good_scores())
    first = world.start_campaign("auto", "--recipe", recipe)
    wait_until(world.phase_is("campaign_launched"))
    first.kill()
    first.wait()
    assert is_held(world.home.warden_lease("campaign"))

    again = world.campaign("auto", "--recipe", recipe)

    assert again.returncode == 0, again.stderr
    assert "adopted" in again.stderr
    assert world.home.campaign_log.read_text().count("Progress: 1/400\n") == 1


def test_a_live_pilot_that_has_not_finished_anything_is_somebodys_pilot(world: World) -> None:
    log = log_of_a_pilot(world, [])
    log.write_text("Progress: 0/190\n")
    orchestrator = world.start_campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "50")

    wait_until(world.phase_is("monitoring_pilot"))

    assert world.read(world.home.pilot_status)["source"] == "log"
    assert log.read_text() == "Progress: 0/190\n"
    orchestrator.terminate()
    assert orchestrator.wait(timeout=30) == 6


@pytest.mark.parametrize(
    ("flag", "code", "phase"),
    [("--no-auto-launch", 5, "awaiting_approval"), ("--quality-threshold=0.99", 3, "validation_failed")],
)
def test_a_launch_that_never_came_to_life_is_decided_anew(world: World, flag: str, code: int, phase: str) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    recipe = str(world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n"))
    log_of_a_pilot(world, good_scores())
    assert world.campaign("auto", "--recipe", recipe).returncode == 1
    assert world.state["phase"] == "launch_failed"
    before = world.home.campaign_log.read_text()

    again = world.campaign("auto", "--recipe", recipe, flag)

    assert again.returncode == code, again.stdout
    assert world.state["phase"] == phase
    assert world.home.campaign_log.read_text() == before


def test_what_a_generator_leaves_running_is_ended_and_listed(world: World) -> None:
    child = "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_IGN); time.sleep(600)"
    program = (
        "import subprocess, sys\n"
        f"left = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)\n"
        "print(f'left {left.pid}')\n"
        "for n in range(1, 81): print(f'Progress: {n}/80')\n"
    )
    path = world.folder / "leaves a child.py"
    path.write_text(program)
    recipe = world.recipe(f"campaign: {{target: 80, command: {[sys.executable, str(path)]!r}}}\n")
    log_of_a_pilot(world, good_scores())

    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 0, done.stderr
    (left,) = re.findall(r"left (\d+)", world.home.campaign_log.read_text())
    assert not Path(f"/proc/{left}").exists()
    (listed,) = world.read(world.home.run("full_campaign_80").exit_record)["leftovers"]
    assert listed.startswith(f"{left} python")


def test_a_campaign_that_lost_its_warden_is_not_joined_by_a_second_one(world: World) -> None:
    program = world.folder / "goes on.py"
    program.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for n in range(1, 81): print(f'Progress: {n}/80', flush=True); time.sleep(0.05)\n"
    )
    command = ["/bin/sh", "-c", f"{sys.executable} '{program}'; true"]
    recipe = str(world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n"))
    log_of_a_pilot(world, good_scores())
    orchestrator = world.start_campaign("auto", "--recipe", recipe)
    wait_until(lambda: world.home.campaign_log.exists() and "Progress: 5/80" in world.home.campaign_log.read_text())
    warden = holder(world.home.warden_lease("campaign"))
    assert warden is not None
    kill_hard(warden.pid)

    orchestrator.communicate(timeout=60)

    assert orchestrator.returncode == 1
    assert "no exit record" in world.state["cause"]
    assert world.home.campaign_log.read_text().count("Progress: 1/80\n") == 1


def test_an_old_finished_pilot_is_not_launched_on_unless_the_recipe_says_so(theirs: World) -> None:
    log = log_of_a_pilot(theirs, good_scores())
    sixty_days_ago = log.stat().st_mtime - 60 * 86_400
    os.utime(log, (sixty_days_ago, sixty_days_ago))

    paused = theirs.campaign("auto")

    assert paused.returncode == 6
    assert "pilot.fresh_hours" in theirs.state["cause"]
    assert not theirs.home.launch_status.exists()
    recipe = Path(theirs.variables["CAMPAIGN_RECIPE"])
    recipe.write_text(recipe.read_text() + "pilot: {fresh_hours: 2000}\n")
    assert theirs.campaign("auto").returncode == 0


def test_a_pilot_that_is_too_small_is_told_how_to_be_big_enough(theirs: World) -> None:
    recipe = Path(theirs.variables["CAMPAIGN_RECIPE"])
    recipe.write_text(recipe.read_text().replace("0.2}", "0.2, stall_minutes: 0.01}"))
    log_of_a_pilot(theirs, good_scores(180), total=180)

    paused = theirs.campaign("auto")

    assert paused.returncode == 6
    assert "180/180" in theirs.state["cause"]
    assert "pilot.tickets" in theirs.state["cause"]


def test_another_command_under_the_name_of_a_complete_campaign_is_refused(theirs: World) -> None:
    log_of_a_pilot(theirs, good_scores())
    assert theirs.campaign("auto").returncode == 0
    recipe = Path(theirs.variables["CAMPAIGN_RECIPE"])
    recipe.write_text(recipe.read_text().replace("{output_name}", "another"))

    refused = theirs.campaign("auto")

    assert refused.returncode == 2, refused.stdout
    assert "campaign.output_name" in refused.stderr
