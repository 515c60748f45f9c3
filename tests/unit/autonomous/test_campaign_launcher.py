from __future__ import annotations

import asyncio
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stage import FINGERPRINT, PILOT_RUN, HandClock, Stage, append, make_ledger, plan, sample_lines, write_exit

from agents.autonomous.campaign_launcher import CampaignLauncher
from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor
from agents.campaign.errors import AnotherPlanError
from agents.campaign.files import read_json, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.plan import Plan
from agents.campaign.workflows import Launch, Workflows

RUN = "full_campaign_34500"


def approve(home: Home, quality: float = 0.9) -> dict[str, Any]:
    """Let a pilot of ours be watched and judged; return the verdict."""
    make_ledger(home, PILOT_RUN, [quality] * 190)
    PilotQualityMonitor(run=PILOT_RUN, home=home).look()
    return asyncio.run(CampaignValidator(home=home).run_task())


def approve_foreign(home: Home) -> dict[str, Any]:
    append(home.pilot_log, *sample_lines([0.9] * 190))
    PilotQualityMonitor(home=home, checkpoint_interval=0).look()
    return asyncio.run(CampaignValidator(home=home).run_task())


def launched(home: Home, task: str = "launch", **arguments: Any) -> dict[str, Any]:
    document = asyncio.run(CampaignLauncher(home=home, **arguments).run_task(task))
    assert read_json(home.launch_status) == document
    return document


def launch_recorded(home: Home, run: str = RUN) -> Launch | None:
    with closing(Workflows(home.workflows)) as store:
        return store.launch_of(run)


@pytest.fixture
def foreign(tmp_path: Path) -> Plan:
    program = tmp_path / "their program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    return plan(campaign__target=50, campaign__command=[str(program), "--n", "{target}", "{output_name}", "{log}"])


# Launches.


def test_an_approved_campaign_is_launched_with_the_seeds_command(home: Home, stage: Stage) -> None:
    validation = approve(home)

    document = launched(home)

    played = stage.started[0]
    assert (played.kind, played.run) == ("campaign", RUN)
    line = " ".join(played.argv)
    assert "-m agents.training.scripts.generate_campaign --target 34500 --output-name full_campaign_34500" in line
    assert {"--parallel", "--use-active-learning"} <= set(played.argv)
    assert (document["launched"], document["pid"], document["validation"]) == (True, os.getpid(), validation)
    recorded = launch_recorded(home)
    assert recorded is not None
    assert (recorded.id, recorded.fingerprint) == (played.launch, FINGERPRINT)
    assert recorded.warden is not None
    assert recorded.warden.pid == document["pid"]


def test_the_target_of_the_constructor_names_the_run(home: Home, stage: Stage) -> None:
    approve(home)
    assert launched(home, campaign_target=50_000)["run"] == stage.started[0].run == "full_campaign_50000"


def test_the_launch_notes_where_the_log_ends_and_keeps_it(home: Home, stage: Stage) -> None:
    approve(home)
    append(home.campaign_log, "Progress: 34500/34500")

    launched(home)

    recorded = launch_recorded(home)
    assert recorded is not None
    assert recorded.log_position == home.campaign_log.stat().st_size > 0


def test_a_generator_of_somebody_else_is_launched_with_its_places_filled_in(
    home: Home, stage: Stage, foreign: Plan
) -> None:
    approve_foreign(home)

    document = launched(home, plan=foreign)

    assert document["launched"] is True
    assert document["argv"][1:] == ["--n", "50", "full_campaign_50", str(home.campaign_log)]


def test_another_validation_file_can_be_named(home: Home, stage: Stage, tmp_path: Path) -> None:
    approve(home)
    elsewhere = tmp_path / "validation.json"
    home.validation.rename(elsewhere)

    assert launched(home)["reason"] == "No validation results"
    assert launched(home, validation_file=str(elsewhere))["launched"] is True


# Refusals: each is written, nothing is started, and the verdict stays as it was.


def refused(home: Home, stage: Stage, **arguments: Any) -> dict[str, Any]:
    before = home.validation.read_bytes() if home.validation.exists() else None
    document = launched(home, **arguments)
    assert document["launched"] is False
    assert document["reason"]
    assert stage.started == []
    assert not home.campaign_log.exists()
    assert not home.campaign_pid.exists()
    assert (home.validation.read_bytes() if home.validation.exists() else None) == before
    return document


def test_without_a_validation(home: Home, stage: Stage) -> None:
    document = refused(home, stage)
    assert (document["reason"], document["exit_code"]) == ("No validation results", 1)
    assert "campaign validate" in document["cure"]


def test_with_a_validation_that_did_not_approve(home: Home, stage: Stage) -> None:
    validation = approve(home, quality=0.5)
    document = refused(home, stage)
    assert (document["reason"], document["exit_code"]) == ("Validation failed", 3)
    assert document["validation"] == validation
    assert "Quality 0.500 < 0.75" in document["cure"]


def test_with_a_threshold_that_was_raised_since_the_validation(home: Home, stage: Stage) -> None:
    approve(home, quality=0.8)
    document = refused(home, stage, plan=plan(**{"gate.quality_threshold": 0.95}))
    assert (document["reason"], document["exit_code"]) == ("Validation failed", 3)
    assert "Quality 0.800 < 0.95" in document["cure"]


def test_with_auto_launch_off(home: Home, stage: Stage) -> None:
    validation = approve(home)
    document = refused(home, stage, auto_launch=False)
    assert (document["reason"], document["exit_code"]) == ("Auto-launch disabled", 5)
    assert document["validation"] == validation


def test_with_auto_launch_off_a_bad_verdict_is_what_is_told(home: Home, stage: Stage) -> None:
    approve(home, quality=0.5)
    assert refused(home, stage, auto_launch=False)["reason"] == "Validation failed"


@pytest.mark.parametrize("orchestrated", [False, True])
@pytest.mark.parametrize("task", ["launch", "relaunch"])
def test_while_a_campaign_runs(home: Home, stage: Stage, task: str, orchestrated: bool) -> None:
    approve(home)
    stage.live("campaign", "another")
    lease = Lease(home.orchestrator_lease, "Orchestrator")

    if orchestrated:
        with lease:
            document = launched(home, task)
    else:
        document = launched(home, task)

    assert (document["launched"], document["reason"]) == (False, "Campaign already running")
    assert (document["pid_file"], document["pid"]) == (str(home.campaign_pid), os.getpid())
    assert (document["what"], document["exit_code"]) == ("campaign another", 4)
    assert stage.started == []


def test_while_an_orchestrator_is_at_work(home: Home, stage: Stage) -> None:
    approve(home)
    with Lease(home.orchestrator_lease, "Orchestrator"):
        document = refused(home, stage)
    assert "already running" in document["reason"]
    assert str(os.getpid()) in document["cure"]


@pytest.mark.parametrize("pid", ["1", "mine", "999999999", "-1", "0", "many", ""])
def test_a_pid_file_is_a_hint_that_stops_nothing(home: Home, stage: Stage, pid: str) -> None:
    approve(home)
    home.campaign_pid.write_text(str(os.getpid()) if pid == "mine" else pid)
    assert launched(home)["launched"] is True


def edit(home: Home, **changes: Any) -> None:
    document = read_json(home.validation)
    assert document is not None
    write_json(home.validation, {name: value for name, value in (document | changes).items() if value != "REMOVED"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"validation_timestamp": "REMOVED"}, "the validation has no date"),
        ({"validation_timestamp": None}, "the validation has no date"),
        ({"validation_timestamp": "yesterday"}, "the validation has no date"),
        ({"validation_timestamp": 20260101}, "the validation has no date"),
        ({"validation_timestamp": "2026-01-01T00:00:00"}, "the validation has no date"),
        ({"validation_timestamp": "2020-01-01T00:00:00+00:00"}, "hours old"),
        ({"fingerprint": "0" * 16}, "made on another pilot, or was edited"),
        ({"fingerprint": ""}, "made on another pilot, or was edited"),
        ({"fingerprint": 7}, "made on another pilot, or was edited"),
        ({"pilot_status": "REMOVED"}, "Validation failed"),
        ({"pilot_status": []}, "Validation failed"),
        ({"pilot_status": {}}, "progress = None"),
        ({"pilot_status": {"run": "nothing_there"}}, "has no pilot's ledger"),
        ({"pilot_status": {"run": "../../etc"}}, "cannot name a run"),
        ({"approved": "true"}, "Validation failed"),
        ({"approved": 1}, "Validation failed"),
        ({"approved": "REMOVED"}, "Validation failed"),
    ],
    ids=str,
)
def test_with_an_approval_that_was_edited(home: Home, stage: Stage, changes: dict[str, Any], reason: str) -> None:
    approve(home)
    edit(home, **changes)
    assert reason in refused(home, stage)["reason"]


def test_with_another_pilots_status_in_the_approval(home: Home, stage: Stage) -> None:
    approve(home)
    theirs = {"progress": 190, "total": 190, "is_complete": True, "quality_scores": [0.99] * 190}
    edit(home, pilot_status=theirs | {"estimated_quality": 0.99})
    assert "another pilot, or was edited" in refused(home, stage)["reason"]


@pytest.mark.parametrize("make", [approve, lambda home, _: approve_low_foreign(home)], ids=["ours", "foreign"])
def test_with_a_refusal_flipped_to_an_approval(home: Home, stage: Stage, make: Any) -> None:
    make(home, 0.5)
    edit(home, approved=True, verdict="APPROVED")
    assert refused(home, stage)["reason"] == "Validation failed"


def approve_low_foreign(home: Home) -> None:
    append(home.pilot_log, *sample_lines([0.5] * 190))
    PilotQualityMonitor(home=home, checkpoint_interval=0).look()
    asyncio.run(CampaignValidator(home=home).run_task())


def test_with_numbers_edited_in_a_foreign_approval(home: Home, stage: Stage) -> None:
    validation = approve_foreign(home)
    edit(home, pilot_status=validation["pilot_status"] | {"score_sum": 189.0})
    assert launched(home)["launched"] is True, "the log is read again, whatever the document says"


def test_with_a_foreign_log_that_went_on_since_its_approval(home: Home, stage: Stage) -> None:
    approve_foreign(home)
    append(home.pilot_log, "quality_score=0.9", "Progress: 191/191")
    assert "another pilot, or was edited" in refused(home, stage)["reason"]


@pytest.mark.parametrize("fingerprint", ["REMOVED", None, "0123456789abcdef"])
def test_with_an_approval_by_hand(home: Home, stage: Stage, fingerprint: str | None) -> None:
    approve_foreign(home)
    edit(home, fingerprint=fingerprint)
    assert "another pilot, or was edited" in refused(home, stage)["reason"]


def test_with_an_approval_from_the_future(home: Home, stage: Stage) -> None:
    approve_foreign(home)
    edit(home, validation_timestamp="2199-01-01T00:00:00+00:00")
    assert "future" in refused(home, stage)["reason"]


def test_with_an_approval_of_a_pilot_that_went_on(home: Home, stage: Stage) -> None:
    approve(home)
    home.run(PILOT_RUN).ledger.unlink()
    make_ledger(home, PILOT_RUN, [0.9] * 100)
    assert refused(home, stage)["reason"] == "Validation failed"


@pytest.mark.parametrize(("hours", "is_launched"), [(0.9, True), (1.1, False), (24 * 400, False)])
def test_with_an_approval_that_is_too_old(
    home: Home, stage: Stage, clock: HandClock, hours: float, is_launched: bool
) -> None:
    approve(home)
    clock.pass_by(hours * 3600)
    document = launched(home, plan=plan(gate__approval_hours=1.0), clock=clock)
    assert document["launched"] is is_launched
    if not is_launched:
        assert "hours old" in document["reason"]
        assert "campaign validate" in document["cure"]


@pytest.mark.parametrize("text", ["", "{", "[true]", "null", '{"approved": true', "\x00\xff"], ids=repr)
def test_with_a_validation_that_is_no_document(home: Home, stage: Stage, text: str) -> None:
    home.validation.write_text(text)
    document = refused(home, stage)
    assert str(home.validation) in document["reason"]
    assert document["error"] == document["reason"]
    assert document["cure"]


def test_with_a_raised_threshold_the_old_approval_is_not_enough(home: Home, stage: Stage) -> None:
    approve(home)
    assert refused(home, stage, plan=plan(gate__quality_threshold=0.95))["reason"] == "Validation failed"


def test_with_a_pilot_made_by_another_plan(home: Home, stage: Stage) -> None:
    approve(home)
    stage.fingerprint = "a" * 16
    document = refused(home, stage)
    assert FINGERPRINT in document["reason"]
    assert "a" * 16 in document["reason"]
    assert "campaign auto" in document["cure"]


def test_with_a_generator_that_refuses_in_its_dry_run(home: Home, stage: Stage) -> None:
    approve(home)
    stage.refusal = AnotherPlanError("run exists", "take another name")
    document = refused(home, stage)
    assert (document["reason"], document["error"], document["cure"]) == (
        "run exists",
        "run exists",
        "take another name",
    )


def test_with_a_program_that_is_not_there(home: Home, stage: Stage) -> None:
    approve_foreign(home)
    document = refused(home, stage, plan=plan(campaign__command=["/no/such/program"]))
    assert "/no/such/program" in document["reason"]


# Failures and relaunches.


@pytest.mark.parametrize(("code", "signal", "words"), [(1, None, "exit code 1"), (None, 9, "killed by signal 9")])
def test_a_campaign_that_ends_at_once_was_not_launched(
    home: Home, stage: Stage, code: int | None, signal: int | None, words: str
) -> None:
    approve(home)
    append(home.campaign_log, "API key missing")
    stage.dies_with = (code, signal)

    document = launched(home)

    assert document["launched"] is False
    assert words in document["error"]
    assert "API key missing" in document["error"]
    recorded = launch_recorded(home)
    assert recorded is not None
    assert recorded.warden is None


@pytest.mark.parametrize("code", [0, 6])
def test_a_campaign_that_is_done_or_paused_at_once_was_launched(home: Home, stage: Stage, code: int) -> None:
    approve(home)
    stage.dies_with = (code, None)
    assert launched(home)["launched"] is True


@pytest.mark.parametrize("torn", [None, b"", b"[]", b'{"approved": tr'])
def test_a_campaign_of_the_same_plan_is_started_again_without_asking_the_verdict(
    home: Home, stage: Stage, torn: bytes | None
) -> None:
    approve(home)
    launched(home)
    stage.end("campaign", None, 9)
    if torn is None:
        home.validation.unlink()
    else:
        home.validation.write_bytes(torn)

    document = launched(home, "relaunch")

    assert document["launched"] is True
    assert [played.launch for played in stage.started] == [1, 2]


@pytest.mark.parametrize("before", ["never launched", "launched by another plan"])
def test_a_campaign_that_this_plan_never_launched_is_not_started_again(home: Home, stage: Stage, before: str) -> None:
    approve(home)
    if before == "launched by another plan":
        launched(home)
        stage.end("campaign")
        stage.fingerprint = "a" * 16

    document = launched(home, "relaunch")

    assert document["launched"] is False
    assert "by another plan" in document["reason"]
    assert "campaign.output_name" in document["cure"]
    assert len(stage.started) == (before == "launched by another plan")


def test_an_exit_record_of_an_earlier_launch_is_not_taken_for_this_one(home: Home, stage: Stage) -> None:
    approve(home)
    write_exit(home, RUN, code=1, launch=99)
    assert launched(home)["launched"] is True
