"""The whole chain with the embedded default: pilot, gate, launch, a campaign verified against its ledger."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import datetime

import pytest
from world import World, wait_until

from agents.campaign.ledger_view import LedgerView

pytestmark = pytest.mark.story

SEED_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[PilotQualityMonitor\] INFO: "
    r"Progress: 190/190 \(100\.0%\) \| Quality: 0\.\d{3} \| Acceptance: \d\d\.\d\d%$",
    re.MULTILINE,
)


def test_auto_ends_with_a_campaign_that_its_ledger_proves(world: World) -> None:
    done = world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "300", "--json")

    assert done.returncode == 0, done.stderr
    assert world.state["phase"] == "campaign_complete"
    world.check_accounts("full_campaign_300", accepted=300)
    assert SEED_LINE.search(world.home.orchestrator_log.read_text())
    assert not world.home.orchestrator_pid.exists()
    assert not world.home.campaign_pid.exists()


def test_status_files_have_the_fields_that_readers_rely_on(world: World) -> None:
    world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "200")

    pilot = world.read(world.home.pilot_status)
    assert (pilot["progress"], pilot["total"], pilot["is_complete"]) == (190, 190, True)
    assert len(pilot["quality_scores"]) == 190
    assert pilot["accepted"] + pilot["rejected"] == 190
    assert pilot["acceptance_rate"] == pytest.approx(pilot["accepted"] / 190, abs=1e-6)
    assert pilot["estimated_quality"] == pytest.approx(sum(pilot["quality_scores"]) / 190, abs=1e-4)
    assert pilot["quality_pass"] is True
    validation = world.read(world.home.validation)
    assert validation["approved"] is True
    assert validation["verdict"] == "APPROVED"
    assert validation["checks"].items() >= {"completion": True, "min_samples": True, "quality": True}.items()
    assert all(validation["checks"].values())
    launch = world.read(world.home.launch_status)
    assert launch["launched"] is True
    assert isinstance(launch["pid"], int)
    assert launch["target"] == 200
    assert launch["log_path"] == str(world.home.campaign_log)
    assert launch["validation"] == validation
    campaign = world.read(world.home.campaign_status)
    assert (campaign["progress"], campaign["total"], campaign["percentage"]) == (200, 200, 100.0)
    assert (campaign["is_running"], campaign["state"]) == (False, "complete")
    for document, name in ((pilot, "last_update"), (validation, "validation_timestamp"), (launch, "launch_time")):
        assert datetime.fromisoformat(document[name]).tzinfo is not None
    assert {
        "started",
        "phase",
        "pilot_result",
        "validation_result",
        "launch_result",
        "campaign_result",
        "completed",
    } <= (world.state.keys())


def test_running_it_again_says_that_it_is_complete_and_changes_nothing(world: World) -> None:
    command = ("auto", "--recipe", str(world.recipe()), "--campaign-target", "200")
    assert world.campaign(*command).returncode == 0
    before = world.contents("full_campaign_200")

    again = world.campaign(*command)

    assert again.returncode == 0
    assert "campaign_complete" in again.stdout
    assert world.contents("full_campaign_200") == before


def test_a_campaign_is_verified_from_its_ledger_alone(world: World) -> None:
    world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "200")
    verified = world.campaign("verify")
    assert verified.returncode == 0, verified.stderr
    assert "200 of" in verified.stdout
    assert "verified: each of them was judged again" in verified.stdout
    with closing(sqlite3.connect(world.home.run("full_campaign_200").ledger)) as connection, connection:
        connection.execute("UPDATE attempts SET reply = 'No.' WHERE seq = (SELECT min(seq) FROM tickets)")

    refuted = world.campaign("verify", "full_campaign_200", "--json")

    assert refuted.returncode == 1
    document = json.loads(refuted.stdout)
    assert (document["is_verified"], document["different"], document["is_complete"]) == (False, 1, True)


def test_a_bad_teacher_is_rejected_with_reasons_and_nothing_is_launched(world: World) -> None:
    recipe = world.recipe("teacher: {fault_rate: 0.6}\n")

    rejected = world.campaign("auto", "--recipe", str(recipe), "--campaign-target", "300")

    assert rejected.returncode == 3
    assert "validation_failed" in rejected.stdout
    validation = world.read(world.home.validation)
    assert validation["approved"] is False
    assert validation["verdict"] == "REJECTED"
    assert validation["checks"]["quality"] is False
    assert "0.75" in validation["reason"]
    assert not world.home.launch_status.exists()
    assert not world.home.run("full_campaign_300").ledger.exists()
    run = world.read(world.home.pilot_status)["run"]
    assert LedgerView(world.home.run(run).ledger).reasons()


@pytest.mark.slow
def test_a_lower_threshold_decides_anew_on_the_same_pilot(world: World) -> None:
    recipe = str(world.recipe("teacher: {fault_rate: 0.35}\n"))
    target = ("--campaign-target", "100")
    assert world.campaign("auto", "--recipe", recipe, *target).returncode == 3
    pilot = world.read(world.home.pilot_status)["run"]
    before = world.contents(pilot)

    again = world.campaign("auto", "--recipe", recipe, *target, "--quality-threshold", "0.5")

    assert again.returncode == 0, again.stderr
    assert world.contents(pilot) == before


def test_without_auto_launch_a_person_approves_and_it_goes_on_alone(world: World) -> None:
    recipe = str(world.recipe())
    waiting = world.campaign("auto", "--recipe", recipe, "--campaign-target", "150", "--no-auto-launch")
    assert waiting.returncode == 5
    assert world.state["phase"] == "awaiting_approval"
    assert "campaign approve" in waiting.stdout
    assert not world.home.launch_status.exists()

    approved = world.campaign("approve", "--by", "Zelda", "--reason", "looks right")

    assert approved.returncode == 0, approved.stderr
    wait_until(world.phase_is("campaign_complete"))
    world.check_accounts("full_campaign_150", accepted=150)


def test_nobody_approves_what_does_not_wait(world: World) -> None:
    refused = world.campaign("approve")

    assert refused.returncode == 2
    assert "no workflow waits" in refused.stderr
    assert not world.home.root.exists()


def test_monitor_validate_and_launch_by_hand(world: World) -> None:
    recipe = str(world.recipe())
    generated = world.run(
        sys.executable, "-m", "agents.training.scripts.generate_campaign", "--pilot", "--recipe", recipe
    )
    assert generated.returncode == 0, generated.stderr

    monitored = world.campaign("monitor", "--recipe", recipe)
    validated = world.campaign("validate", "--recipe", recipe)
    launched = world.campaign("launch", "--recipe", recipe, "--campaign-target", "120")

    assert (monitored.returncode, validated.returncode, launched.returncode) == (0, 0, 0), launched.stderr
    assert "190/190" in monitored.stdout
    assert "APPROVED" in validated.stdout
    wait_until(lambda: world.accepted("full_campaign_120") == 120)
    assert world.state["phase"] == "campaign_launched"
    watched = world.campaign("auto", "--recipe", recipe, "--campaign-target", "120")
    assert watched.returncode == 0, watched.stderr
    assert world.state["phase"] == "campaign_complete"


@pytest.mark.parametrize("verb", ["validate", "launch"])
def test_nothing_is_decided_or_launched_on_nothing(world: World, verb: str) -> None:
    done = world.campaign(verb)

    assert done.returncode == 1
    assert {"validate": "No pilot status available", "launch": "No validation results"}[verb] in done.stdout
    assert not (world.home.training / "runs").exists()


@pytest.mark.slow
def test_a_complete_campaign_without_its_dataset_writes_it_again(world: World) -> None:
    command = ("auto", "--recipe", str(world.recipe()), "--campaign-target", "40")
    assert world.campaign(*command).returncode == 0
    dataset = world.home.datasets / "full_campaign_40"
    before = world.contents("full_campaign_40")
    shutil.rmtree(dataset)

    again = world.campaign(*command)

    assert again.returncode == 0, again.stderr
    assert (dataset / "manifest.json").exists()
    assert world.contents("full_campaign_40") == before


@pytest.mark.slow
def test_a_complete_campaign_without_its_ledger_is_not_complete(world: World) -> None:
    command = ("auto", "--recipe", str(world.recipe()), "--campaign-target", "40")
    assert world.campaign(*command).returncode == 0
    shutil.rmtree(world.home.runs)

    refused = world.campaign(*command)

    assert refused.returncode == 1
    assert "its ledger is gone" in refused.stderr
    assert not world.home.run("full_campaign_40").ledger.exists()


def test_what_is_wrong_at_once_is_said_before_anything_goes_to_the_background(world: World) -> None:
    recipe = world.recipe("domains: {nosuch: {weight: 1.0}}\n")

    refused = world.campaign("auto", "--background", "--recipe", str(recipe))

    assert refused.returncode == 2
    assert "nosuch" in refused.stderr
    assert "ACTIVE" not in refused.stdout
    assert not world.home.orchestrator_log.exists()
