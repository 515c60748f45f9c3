from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stage import PILOT_RUN, HandClock, Played, Stage, append, make_ledger, plan, run, sample_lines, tick

from agents.autonomous.approval import approve_waiting
from agents.autonomous.resumption import resume_paused
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.errors import AlreadyRunningError, AnotherPlanError, CampaignError, DamagedFileError, UsageError
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.lease import holder, is_held
from agents.campaign.phases import Phase
from agents.campaign.process import Identity
from agents.campaign.workflows import Intent, Workflows

TARGET = 20
RUN = f"full_campaign_{TARGET}"
RECIPE = {"campaign__target": TARGET, "watch__pilot_seconds": 0.001, "watch__campaign_seconds": 0.001}

WAY = ["monitoring_pilot", "validating_pilot", "validation_complete", "campaign_launched", "campaign_complete"]


def orchestrator(home: Home, clock: HandClock | None = None, **recipe: Any) -> TrainingOrchestrator:
    return TrainingOrchestrator(plan=plan(**RECIPE | recipe), home=home, clock=clock)


def tick_to(orchestrator: TrainingOrchestrator, phase: str) -> dict[str, Any]:
    for _ in range(20):
        document = tick(orchestrator)
        if document["phase"] == phase:
            return document
    pytest.fail(f"{phase} was never reached, it is {document['phase']}")


def works_well(stage: Stage, quality: float = 0.9) -> Callable[[Played], None]:
    """Return what a generator does that makes everything it owes and ends."""

    def play(played: Played) -> None:
        is_pilot = played.kind == "pilot"
        total = 190 if is_pilot else TARGET
        scores = [quality if is_pilot else 0.9] * total
        make_ledger(stage.home, played.run, scores, kind=played.kind, total=total)
        stage.end(played.kind)

    return play


def kinds(stage: Stage) -> list[str]:
    return [played.kind for played in stage.started]


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage on which every generator works well."""
    stage.at_start = works_well(stage)
    return stage


# The way of a workflow.


def test_a_tick_is_one_step_and_the_phases_follow_each_other(home: Home, stage: Stage) -> None:
    ours = orchestrator(home)
    phases = []
    for _ in WAY:
        document = tick(ours)
        assert document == read_json(home.orchestrator_state)
        assert document["next"] == Phase(document["phase"]).next_step
        phases.append(document["phase"])
    assert phases == WAY
    assert kinds(stage) == ["pilot", "campaign"]


def test_while_it_works_it_holds_the_lease_and_its_pid_is_told(home: Home, stage: Stage) -> None:
    ours = orchestrator(home)
    for _ in WAY[:-1]:
        tick(ours)
        assert holder(home.orchestrator_lease) == Identity.mine()
        assert home.orchestrator_pid.read_text() == f"{os.getpid()}\n"
    tick(ours)
    assert not is_held(home.orchestrator_lease)
    assert not home.orchestrator_pid.exists()


def test_after_the_end_a_tick_only_says_so_again(home: Home, stage: Stage) -> None:
    ours = orchestrator(home)
    last = run(ours)
    home.orchestrator_state.write_text("another one writes this now")

    assert [tick(ours), run(ours)] == [last, last]
    assert home.orchestrator_state.read_text() == "another one writes this now"
    assert not is_held(home.orchestrator_lease)
    assert len(stage.started) == 2


def test_a_complete_campaign_stays_complete_for_the_next_orchestrator(home: Home, stage: Stage) -> None:
    first = run(orchestrator(home))
    again = run(orchestrator(home))
    assert again["phase"] == "campaign_complete"
    assert (again["started"], again["completed"]) == (first["started"], first["completed"])
    assert len(stage.started) == 2


def test_a_pilot_that_works_is_shown_while_it_works(home: Home, stage: Stage) -> None:
    stage.at_start = lambda played: None
    ours = orchestrator(home)
    tick(ours)
    for more, progress in ((5, 5), (0, 5), (85, 90)):
        if more:
            make_ledger(home, PILOT_RUN, [0.9] * more)
        document = tick(ours)
        assert (document["phase"], document["pilot_result"]["progress"]) == ("monitoring_pilot", progress)
    ours.close()


@pytest.mark.parametrize("phase", ["monitoring_pilot", "validating_pilot", "validation_complete", "campaign_launched"])
def test_one_that_was_killed_in_any_phase_is_followed_by_one_that_ends_the_same(
    home: Home, stage: Stage, phase: str
) -> None:
    killed = orchestrator(home)
    before = tick_to(killed, phase)
    killed.close()

    after = run(orchestrator(home))

    assert after["phase"] == "campaign_complete"
    assert after["started"] == before["started"]
    assert kinds(stage) == ["pilot", "campaign"]


def test_a_campaign_that_lives_on_is_adopted(home: Home, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    finish = stage.at_start
    stage.at_start = lambda played: finish(played) if played.kind == "pilot" else None
    killed = orchestrator(home)
    tick_to(killed, "campaign_launched")
    killed.close()
    caplog.set_level(logging.INFO)

    ours = orchestrator(home)
    assert tick(ours)["phase"] == "campaign_launched"
    finish(stage.started[-1])

    assert run(ours)["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign"]
    assert f"Campaign {RUN} is running: adopted" in caplog.messages


def test_a_launch_that_lived_without_being_confirmed_is_adopted(home: Home, stage: Stage) -> None:
    with closing(Workflows(home.workflows)) as store:
        store.intend(Intent(RUN, "campaign", ("x",), stage.fingerprint, 0), HandClock().now())
    stage.live("campaign", RUN)
    ours = orchestrator(home)
    assert tick(ours)["phase"] == "campaign_launched"
    assert stage.started == []
    ours.close()


def test_an_intent_that_came_to_nothing_is_decided_anew(home: Home, stage: Stage) -> None:
    with closing(Workflows(home.workflows)) as store:
        store.intend(Intent(RUN, "campaign", ("x",), stage.fingerprint, 0), HandClock().now())
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign"]


# Ends besides the good one.


def test_a_bad_pilot_ends_it_and_a_changed_threshold_decides_anew_without_a_new_pilot(home: Home, stage: Stage) -> None:
    stage.at_start = works_well(stage, quality=0.72)
    rejected = run(orchestrator(home, gate__acceptance_floor=0.0))
    assert rejected["phase"] == "validation_failed"
    assert rejected["cause"] == "Quality 0.720 < 0.75 over 190 samples (0.704 to 0.733): refuted"
    assert "launch_result" not in rejected
    assert kinds(stage) == ["pilot"]

    lowered = orchestrator(home, gate__acceptance_floor=0.0, gate__quality_threshold=0.5)
    assert run(lowered)["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign"]


def alarm(home: Home, cause: str, made: int = 5) -> None:
    """Make ``made`` more samples of the campaign, on the last of which a guard alarms."""
    ledger = make_ledger(home, RUN, [0.9] * made, kind="campaign", total=TARGET)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        pause = ("then", "quality", cause, "look at the newest samples; then go on: campaign resume")
        connection.execute("INSERT INTO pauses (at, guard, cause, cure) VALUES (?, ?, ?, ?)", pause)


def acknowledged(played: Played) -> str | None:
    return played.argv[played.argv.index("--acknowledge") + 1] if "--acknowledge" in played.argv else None


def test_a_campaign_that_a_guard_paused_goes_on_only_when_a_person_resumes_it(home: Home, stage: Stage) -> None:
    def play(played: Played) -> None:
        if played.kind == "pilot":
            works_well(stage)(played)
            return
        if (answered := acknowledged(played)) is not None:
            with closing(sqlite3.connect(home.run(RUN).ledger)) as connection, connection:
                connection.execute("UPDATE pauses SET cleared = 'now' WHERE id <= ?", (answered,))
        if answered == "2":
            finishes(stage, played)
        else:
            alarm(home, "it is worse" if answered is None else "it is worse again")
            stage.end("campaign", 6)

    stage.at_start = play
    first = run(orchestrator(home))
    assert (first["phase"], first["cause"]) == ("paused", f"campaign {RUN} paused: it is worse")
    assert first["next"] == "Look at the newest samples; then go on: campaign resume."
    begun = kinds(stage)

    again = run(orchestrator(home))
    assert (again["phase"], again["cause"]) == ("paused", first["cause"])
    by_hand = asyncio.run(orchestrator(home).launch_only())
    assert (by_hand["launched"], by_hand["exit_code"]) == (False, 6)
    assert "it is worse" in by_hand["reason"]
    assert kinds(stage) == begun, "nothing is started as long as nobody has said that it may go on"

    plan_then = resume_paused(home, "Zelda")
    assert plan_then.recipe == orchestrator(home).plan.recipe
    second = run(orchestrator(home))
    assert second["cause"] == f"campaign {RUN} paused: it is worse again", "a word is about one alarm"
    resume_paused(home, "Zelda")
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert [acknowledged(played) for played in stage.started] == [None, None, "1", "2"]
    with pytest.raises(UsageError, match="no campaign is paused"):
        resume_paused(home, "Zelda")


def finishes(stage: Stage, played: Played) -> None:
    """Do what is left of a campaign of which 10 samples are there."""
    make_ledger(stage.home, played.run, [0.9] * (TARGET - 10), kind="campaign", total=TARGET)
    stage.end("campaign")


def test_without_auto_launch_it_waits_for_a_person_and_goes_on_after_the_approval(home: Home, stage: Stage) -> None:
    waiting = run(orchestrator(home, campaign__auto_launch=False))
    assert (waiting["phase"], kinds(stage)) == ("awaiting_approval", ["pilot"])
    assert "launch_result" not in waiting

    assert run(orchestrator(home, campaign__auto_launch=False))["phase"] == "awaiting_approval"
    approved = approve_waiting(home, "Zelda", "looks right")
    assert approved.recipe.campaign.target == TARGET

    done = run(TrainingOrchestrator(plan=approved, home=home))
    assert (done["phase"], kinds(stage)) == ("campaign_complete", ["pilot", "campaign"])


def test_an_approval_is_of_one_pilot(home: Home, stage: Stage) -> None:
    run(orchestrator(home, campaign__auto_launch=False))
    approve_waiting(home, "Zelda", "")
    stage.fingerprint = "a" * 16
    home.run(PILOT_RUN).ledger.unlink()
    stage.at_start = lambda played: (
        make_ledger(home, PILOT_RUN, [0.9] * 190, fingerprint="a" * 16),
        stage.end(played.kind),
    )

    assert run(orchestrator(home, campaign__auto_launch=False))["phase"] == "awaiting_approval"


def test_a_campaign_that_ends_at_once_is_no_launch_and_the_next_start_asks_the_gate_again(
    home: Home, stage: Stage
) -> None:
    finish = stage.at_start
    append(home.campaign_log, "API key missing")
    stage.at_start = lambda played: finish(played) if played.kind == "pilot" else stage.end("campaign", 1)
    failed = run(orchestrator(home))
    assert failed["phase"] == "launch_failed"
    assert "API key missing" in failed["cause"]

    assert run(orchestrator(home, gate__quality_threshold=0.95))["phase"] == "validation_failed"
    assert run(orchestrator(home, campaign__auto_launch=False))["phase"] == "awaiting_approval"
    assert kinds(stage) == ["pilot", "campaign"]
    stage.at_start = finish
    assert run(orchestrator(home))["phase"] == "campaign_complete"


@pytest.mark.parametrize(("code", "phase"), [(6, "paused"), (1, "campaign_failed"), (0, "campaign_failed")])
def test_a_campaign_that_ends_early(home: Home, stage: Stage, code: int, phase: str) -> None:
    finish = stage.at_start

    def end_early(played: Played) -> None:
        if played.kind == "pilot":
            return finish(played)
        make_ledger(home, RUN, [0.9] * 7, kind="campaign", total=TARGET)
        return None

    stage.at_start = end_early
    ours = orchestrator(home)
    tick_to(ours, "campaign_launched")
    append(home.campaign_log, "its last words")
    stage.end("campaign", code)

    ended = run(ours)

    assert ended["phase"] == phase
    assert f"{'paused' if code == 6 else f'ended with exit code {code}'}: its last words" in ended["cause"]
    assert "its last words" in ended["cause"]
    assert ended["campaign_result"]["progress"] == 7
    assert len(stage.started) == 2
    stage.at_start = lambda played: (
        make_ledger(home, RUN, [0.9] * 13, kind="campaign", total=TARGET),
        stage.end("campaign"),
    )
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign", "campaign"]


def test_a_campaign_that_is_silent_is_stalled_and_neither_complete_nor_over(
    home: Home, stage: Stage, clock: HandClock
) -> None:
    finish = stage.at_start
    stage.at_start = lambda played: finish(played) if played.kind == "pilot" else None
    ours = orchestrator(home, clock)
    tick_to(ours, "campaign_launched")
    tick(ours)
    clock.pass_by(601)
    document = tick(ours)
    assert (document["phase"], document["campaign_result"]["state"]) == ("campaign_launched", "stalled")
    ours.close()


def test_a_foreign_pilot_that_is_silent_pauses_it_and_names_the_log(
    home: Home, stage: Stage, clock: HandClock, tmp_path: Path
) -> None:
    log = tmp_path / "their.log"
    append(log, "Progress: 5/190")
    ours = orchestrator(home, clock, pilot__log=str(log))
    tick(ours)
    tick(ours)
    clock.pass_by(601)
    paused = tick(ours)
    assert (paused["phase"], paused["pilot_result"]["progress"]) == ("paused", 5)
    assert str(log) in paused["cause"]
    assert stage.started == []


def test_a_pilot_of_ours_that_is_silent_and_alive_is_stalled_and_not_over(
    home: Home, stage: Stage, clock: HandClock
) -> None:
    stage.at_start = lambda played: None
    ours = orchestrator(home, clock)
    tick(ours)
    tick(ours)
    clock.pass_by(601)
    document = tick(ours)
    assert (document["phase"], document["pilot_result"]["state"]) == ("monitoring_pilot", "stalled")
    works_well(stage)(stage.started[0])
    assert tick(ours)["phase"] == "validating_pilot"
    ours.close()


# Deaths.


@pytest.mark.parametrize("how", ["killed", "vanished"])
@pytest.mark.parametrize("kind", ["pilot", "campaign"])
def test_a_generator_that_dies_is_started_again_and_goes_on(home: Home, stage: Stage, kind: str, how: str) -> None:
    finish, deaths = stage.at_start, []

    def die_once(played: Played) -> None:
        if played.kind != kind or deaths:
            finish(played)
        else:
            total = 190 if kind == "pilot" else TARGET
            make_ledger(home, played.run, [], kind=played.kind, total=total)

    stage.at_start = die_once
    ours = orchestrator(home)
    tick_to(ours, "monitoring_pilot" if kind == "pilot" else "campaign_launched")
    deaths.append(kind)
    stage.vanish(kind) if how == "vanished" else stage.end(kind, None, 9)

    assert run(ours)["phase"] == "campaign_complete"
    assert kinds(stage).count(kind) == 2


@pytest.mark.parametrize("restarts", [0, 1, 3])
@pytest.mark.parametrize(("kind", "phase"), [("pilot", "paused"), ("campaign", "campaign_failed")])
def test_a_crash_loop_ends(home: Home, stage: Stage, clock: HandClock, kind: str, phase: str, restarts: int) -> None:
    stage.at_start = dying(stage, kind, stage.at_start)
    ours = orchestrator(home, clock, campaign__restarts=restarts)
    document = tick(ours)
    for _ in range(20):
        if "completed" in document:
            break
        if stage.started and is_held(home.warden_lease(kind)):
            stage.end(kind, None, 11)
        document = tick(ours)
        clock.pass_by(30)
    assert document["phase"] == phase
    assert "killed by signal 11" in document["cause"]
    assert kinds(stage).count(kind) == 1 + restarts


def dying(stage: Stage, kind: str, finish: Callable[[Played], None]) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        if played.kind == kind:
            total = 190 if kind == "pilot" else TARGET
            make_ledger(stage.home, played.run, [], kind=played.kind, total=total)
        else:
            finish(played)

    return play


def test_deaths_that_are_long_apart_do_not_add_up(home: Home, stage: Stage, clock: HandClock) -> None:
    stage.at_start = dying(stage, "campaign", stage.at_start)
    ours = orchestrator(home, clock, campaign__restarts=1)
    tick_to(ours, "campaign_launched")
    for _ in range(5):
        stage.end("campaign", None, 9)
        assert tick(ours)["phase"] == "campaign_launched"
        clock.pass_by(601)
    ours.close()
    assert kinds(stage).count("campaign") == 6


@pytest.mark.parametrize(("kind", "phase"), [("pilot", "paused"), ("campaign", "campaign_failed")])
def test_a_restart_that_fails_ends_it_with_both_causes(home: Home, stage: Stage, kind: str, phase: str) -> None:
    stage.at_start = dying(stage, kind, stage.at_start)
    ours = orchestrator(home)
    tick_to(ours, "monitoring_pilot" if kind == "pilot" else "campaign_launched")
    stage.end(kind, None, 9)
    stage.refusal = CampaignError("the key was revoked", "renew it")

    ended = run(ours)

    assert ended["phase"] == phase
    assert "killed by signal 9" in ended["cause"]
    assert "the key was revoked" in ended["cause"]


def test_a_pilot_that_cannot_be_started_pauses_it_with_the_cause(home: Home, stage: Stage) -> None:
    stage.at_start = lambda played: stage.end("pilot", 1)
    append(home.pilot_log, "no such model")
    # The log tells of no progress, so it is nobody else's pilot.
    paused = run(orchestrator(home))
    assert paused["phase"] == "paused"
    assert "no such model" in paused["cause"]


@pytest.mark.parametrize("code", [0, 1, 6])
def test_a_pilot_that_gives_up_is_not_started_again(home: Home, stage: Stage, code: int) -> None:
    stage.at_start = dying(stage, "pilot", stage.at_start)
    ours = orchestrator(home)
    tick_to(ours, "monitoring_pilot")
    stage.end("pilot", code)

    ended = run(ours)

    assert ended["phase"] == "paused"
    assert f"exit code {code}" in ended["cause"]
    assert kinds(stage) == ["pilot"]


# Stops.


@pytest.mark.parametrize("phase", WAY[:-1])
def test_it_stops_between_two_steps_wherever_it_is_and_goes_on_later(home: Home, stage: Stage, phase: str) -> None:
    ours = orchestrator(home)
    if phase != WAY[0]:
        tick_to(ours, WAY[WAY.index(phase) - 1])
    ours.stop()

    stopped = run(ours)

    assert (stopped["phase"], stopped["cause"]) == ("stopped", "stopped by a signal or a person")
    assert not is_held(home.orchestrator_lease)
    assert not home.orchestrator_pid.exists()
    with closing(sqlite3.connect(home.workflows)) as store:
        newest = store.execute("SELECT phase FROM steps ORDER BY id DESC LIMIT 2").fetchall()
    assert newest == [("stopped",), (phase,)]
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign"]


def test_a_stop_while_it_waits_is_heard_at_once_and_what_was_seen_is_kept(home: Home, stage: Stage) -> None:
    stage.at_start = lambda played: None
    ours = orchestrator(home, watch__pilot_seconds=3600.0)

    async def stopped() -> dict[str, Any]:
        running = asyncio.create_task(ours.run_autonomous())
        while not home.orchestrator_state.exists() or read_json(home.orchestrator_state)["pilot_result"] == {}:  # type: ignore[index]
            await asyncio.sleep(0.001)
        ours.stop()
        return await asyncio.wait_for(running, 10)

    document = asyncio.run(stopped())
    assert document["phase"] == "stopped"
    assert document["pilot_result"]["state"] == "waiting"
    assert is_held(home.warden_lease("pilot"))


# Whose pilot it is.


@pytest.mark.parametrize(
    ("lines", "hours_old", "is_foreign"),
    [
        ([], 0, False),
        (["loading the model"], 0, False),
        (["Progress: 0/190"], 0, True),
        (["Progress: 5/190"], 0, True),
        (["Progress: 5/190"], 0.1, True),
        (["Progress: 5/190"], 0.2, False),
        (["quality_score: 0.9"], 0, True),
        (["quality_score: 82"], 0, True),
        (["Progress: 190/190"], 0, True),
        (["Progress: 190/190"], 23, True),
        (["Progress: 190/190"], 25, False),
        ([f"Run started: run=p kind=pilot total=190 fingerprint={'f' * 16}", "Progress: 5/190"], 0, False),
    ],
    ids=str,
)
def test_a_live_or_fresh_log_of_somebody_else_is_watched_and_else_a_pilot_is_started(
    home: Home, stage: Stage, lines: list[str], hours_old: float, is_foreign: bool
) -> None:
    clock = HandClock()
    append(home.pilot_log, *lines)
    clock.pass_by(hours_old * 3600 + 1)

    ours = orchestrator(home, clock)
    tick(ours)
    ours.close()

    assert kinds(stage) == ([] if is_foreign else ["pilot"])


@pytest.mark.parametrize(
    "recipe", [{"pilot__log": "their.log"}, {"campaign__command": ["/bin/sh", "-c", "exit"]}], ids=str
)
def test_a_recipe_that_names_a_foreign_pilot_never_starts_one(home: Home, stage: Stage, recipe: dict[str, Any]) -> None:
    ours = orchestrator(home, **recipe)
    for _ in range(3):
        assert tick(ours)["phase"] == "monitoring_pilot"
    ours.close()
    assert stage.started == []


def test_a_foreign_pilot_is_watched_validated_and_followed_by_our_campaign(home: Home, stage: Stage) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 190))
    done = run(orchestrator(home))
    assert (done["phase"], done["pilot_result"]["source"]) == ("campaign_complete", "log")
    assert kinds(stage) == ["campaign"]


# Trouble at the door.


def test_a_second_one_is_told_who_works(home: Home, stage: Stage) -> None:
    first = orchestrator(home)
    tick(first)
    for method in ("run_autonomous", "tick", "monitor_only", "validate_only", "launch_only"):
        with pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}"):
            asyncio.run(getattr(orchestrator(home), method)())
    assert home.orchestrator_pid.read_text() == f"{os.getpid()}\n"
    assert run(first)["phase"] == "campaign_complete"


@pytest.mark.parametrize("pid", ["1", "mine", "999999999", "many", ""])
def test_a_stale_pid_file_stops_nothing(home: Home, stage: Stage, pid: str) -> None:
    home.orchestrator_pid.write_text(str(os.getpid()) if pid == "mine" else pid)
    assert run(orchestrator(home))["phase"] == "campaign_complete"


def test_a_plan_that_cannot_be_carried_out_starts_no_workflow(home: Home, stage: Stage) -> None:
    stage.refusal = AnotherPlanError("run exists", "take another name")
    for _ in range(2):
        with pytest.raises(AnotherPlanError):
            tick(orchestrator(home))
    with closing(Workflows(home.workflows)) as store:
        assert store.newest() is None
    assert not home.orchestrator_state.exists()
    assert not home.orchestrator_pid.exists()


@pytest.mark.parametrize("method", ["tick", "run_autonomous", "monitor_only", "launch_only"])
def test_a_store_that_is_damaged_is_told_every_time_and_the_lease_is_given_back(
    home: Home, stage: Stage, method: str
) -> None:
    home.workflows.write_bytes(b"no database " * 1000)
    ours = orchestrator(home)
    for _ in range(2):
        with pytest.raises(DamagedFileError, match="damaged"):
            asyncio.run(getattr(ours, method)())
        assert not is_held(home.orchestrator_lease)
        assert not home.orchestrator_pid.exists()


def test_a_status_file_that_cannot_be_written_loses_no_step(home: Home, stage: Stage) -> None:
    ours = orchestrator(home)
    tick(ours)
    home.orchestrator_state.unlink()
    home.orchestrator_state.mkdir()
    assert run(ours)["phase"] == "campaign_complete"
    home.orchestrator_state.rmdir()
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert kinds(stage) == ["pilot", "campaign"]


def test_files_of_a_workflow_are_its_owners_alone(home: Home, stage: Stage) -> None:
    run(orchestrator(home))
    for path in (home.orchestrator_state, home.validation, home.launch_status, home.workflows, home.orchestrator_lease):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


# One task at a time.


def test_the_tasks_of_the_doors_hold_the_lease_only_while_they_work(home: Home, stage: Stage) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 190))
    ours = orchestrator(home)

    watched = asyncio.run(ours.run_task("monitor"))
    judged = asyncio.run(ours.run_task("validate"))
    launched = asyncio.run(ours.run_task("launch"))

    assert watched["is_complete"] is True
    assert judged["approved"] is True
    assert launched["launched"] is True
    assert not is_held(home.orchestrator_lease)
    assert kinds(stage) == ["campaign"]
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert kinds(stage) == ["campaign"]


def test_validating_looks_at_the_pilot_once_more(home: Home, stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "their.log"
    append(log, *sample_lines([0.9] * 189))
    clock = HandClock()
    ours = orchestrator(home, clock, pilot__log=str(log))
    assert asyncio.run(ours.validate_only())["verdict"] == "PENDING"
    append(log, *sample_lines([0.9], first=190))
    clock.pass_by(60)
    assert asyncio.run(ours.validate_only())["verdict"] == "APPROVED"


def test_the_constructors_numbers_are_the_plan(home: Home) -> None:
    recipe = TrainingOrchestrator(0.8, 180, 50_000, False, home=home).plan.recipe
    assert (recipe.gate.quality_threshold, recipe.gate.min_samples) == (0.8, 180)
    assert (recipe.campaign.target, recipe.campaign.auto_launch) == (50_000, False)
    with pytest.raises(UsageError, match=r"gate\.quality_threshold"):
        TrainingOrchestrator(80)
