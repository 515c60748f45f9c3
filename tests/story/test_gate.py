"""The gate at work: a pilot is topped up, stopped early, overruled by a person, or refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from world import World, wait_until

pytestmark = pytest.mark.story

CLOSE = "teacher: {{fault_rate: {}}}\ncampaign: {{target: 60}}\n"


def test_a_pilot_that_proves_nothing_is_topped_up_until_it_does(world: World) -> None:
    recipe = world.recipe(CLOSE.format(0.19))

    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 0, done.stderr
    log = world.home.orchestrator_log.read_text()
    assert "INCONCLUSIVE" in log
    assert "topped up to 380 tickets" in log
    assert "(topped_up)" in log
    validation = world.read(world.home.validation)
    assert (validation["verdict"], validation["pilot_status"]["total"]) == ("APPROVED", 380)
    pilot = validation["pilot_status"]["run"]
    world.check_accounts("full_campaign_60", accepted=60)
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger:
        assert ledger.execute("SELECT tickets FROM rounds ORDER BY round").fetchall() == [(190,), (190,)]
        assert ledger.execute("SELECT count(DISTINCT item_id), count(*) FROM tickets").fetchone() == (380, 380)


def test_what_stays_unproven_waits_for_a_person_who_says_why(world: World) -> None:
    recipe = world.recipe(CLOSE.format(0.24) + "pilot: {max_tickets: 190}\n")

    waits = world.campaign("auto", "--recipe", str(recipe))
    assert waits.returncode == 5, waits.stderr
    assert world.state["phase"] == "awaiting_approval"
    bare = world.campaign("approve")
    assert bare.returncode == 2
    assert "--override" in bare.stderr
    silent = world.campaign("approve", "--override")
    assert silent.returncode == 2
    assert "needs a reason" in silent.stderr

    approved = world.campaign("approve", "--override", "--by", "Zelda", "--reason", "a rehearsal")
    assert approved.returncode == 0, approved.stderr
    wait_until(lambda: world.state["phase"] == "campaign_complete")
    world.check_accounts("full_campaign_60", accepted=60)
    validation = world.read(world.home.validation)
    assert (validation["verdict"], validation["approved"]) == ("INCONCLUSIVE", False)
    assert validation["override"] == {"by": "Zelda", "reason": "a rehearsal"}


def test_an_override_is_for_one_evidence(world: World) -> None:
    recipe = world.recipe(CLOSE.format(0.24) + "pilot: {max_tickets: 190}\n")
    assert world.campaign("auto", "--recipe", str(recipe)).returncode == 5
    with closing(sqlite3.connect(world.home.workflows)) as store, store:
        store.execute(
            "INSERT INTO approvals (workflow, at, fingerprint, approver, reason, evidence, overruled) "
            "VALUES (1, 'now', ?, 'Zelda', 'another pilot', 'another', 'INCONCLUSIVE')",
            (world.read(world.home.validation)["fingerprint"],),
        )

    assert world.campaign("auto", "--recipe", str(recipe)).returncode == 5
    assert "override" not in world.read(world.home.validation)
    assert not world.home.run("full_campaign_60").ledger.exists()


def test_a_hopeless_pilot_is_stopped_and_not_started_again(world: World) -> None:
    recipe = world.recipe(
        "teacher: {fault_rate: 1.0}\ncampaign: {target: 60}\npilot: {tickets: 3000, max_tickets: 3000}\n"
    )

    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 3, done.stderr
    validation = world.read(world.home.validation)
    assert validation["verdict"] == "REJECTED"
    assert validation["checks"]["completion"] is False
    assert "refuted" in validation["reason"]
    made = validation["pilot_status"]["scored"]
    assert made < 3_000
    again = world.campaign("auto", "--recipe", str(recipe))
    assert again.returncode == 3, again.stderr
    settled = world.read(world.home.validation)["pilot_status"]["scored"]
    third = world.campaign("auto", "--recipe", str(recipe))
    assert third.returncode == 3
    assert world.read(world.home.validation)["pilot_status"]["scored"] == settled
    assert not world.home.run("full_campaign_60").ledger.exists()


def test_weights_changed_after_the_pilot_and_edited_evidence_launch_nothing(world: World) -> None:
    recipe = world.recipe("campaign: {target: 60}\n")
    assert world.campaign("auto", "--recipe", str(recipe), "--no-auto-launch").returncode == 5
    pilot = world.read(world.home.validation)["pilot_status"]["run"]
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger, ledger:
        ledger.execute("UPDATE samples SET quality = 1.0")
        ledger.execute("UPDATE counters SET quality_sum = 190.0")

    edited = world.campaign("launch", "--recipe", str(recipe), "--json")

    assert edited.returncode == 1, edited.stdout
    assert "another pilot, or was edited" in edited.stdout
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger, ledger:
        weight = '"domains.asm.weight":'
        ledger.execute("UPDATE run SET plan_values = replace(plan_values, ?, ?)", (f"{weight}1.0", f"{weight}0.5"))
    reweighed = world.campaign("validate", "--recipe", str(recipe))
    assert reweighed.returncode == 1, reweighed.stdout
    assert "domains and weights" in reweighed.stdout
    assert not world.home.run("full_campaign_60").ledger.exists()


def test_a_campaign_whose_teacher_gets_worse_is_paused_and_goes_on_after_the_cure(world: World) -> None:
    recipe = str(world.recipe("campaign: {target: 1500}\n"))
    world.variables["REHEARSE_DRIFT"] = "600:0.6"

    drifting = world.campaign("auto", "--recipe", recipe)

    assert drifting.returncode == 6, drifting.stderr
    assert "quality has fallen below 0.75" in world.state["cause"]
    with closing(sqlite3.connect(world.home.run("full_campaign_1500").ledger)) as ledger:
        ((guard, cause, cleared),) = ledger.execute("SELECT guard, cause, cleared FROM pauses").fetchall()
        (settled,) = ledger.execute("SELECT count(*) FROM samples").fetchone()
    assert (guard, cleared) == ("quality", None)
    assert f"(after {settled:,} tickets;" in cause
    assert 600 < settled <= 600 + 350
    del world.variables["REHEARSE_DRIFT"]

    again = world.campaign("auto", "--recipe", recipe)
    assert again.returncode == 6, again.stderr
    assert "quality has fallen below 0.75" in world.state["cause"]
    with closing(sqlite3.connect(world.home.run("full_campaign_1500").ledger)) as ledger:
        assert ledger.execute("SELECT count(*) FROM samples").fetchone() == (settled,)

    resumed = world.campaign("resume", "--by", "Zelda")
    assert resumed.returncode == 0, resumed.stderr
    wait_until(lambda: world.state["phase"] == "campaign_complete")
    world.check_accounts("full_campaign_1500", accepted=1500)
    nothing = world.campaign("resume")
    assert (nothing.returncode, "no campaign is paused" in nothing.stderr) == (2, True)


def test_a_campaign_below_what_the_pilot_proved_warns_and_goes_on(world: World) -> None:
    world.variables["REHEARSE_DRIFT"] = "400:0.2"

    done = world.campaign("auto", "--recipe", str(world.recipe("campaign: {target: 1500}\n")))

    assert done.returncode == 0, done.stderr
    (warning, *_) = world.read(world.home.campaign_status)["warnings"]
    assert " so far has fallen below 0." in warning
    assert world.home.orchestrator_log.read_text().count("Below what was proven before") >= 1
    page = world.campaign("status")
    assert " so far has fallen below 0." in page.stdout


def test_an_impossible_rehearsal_is_refused(world: World) -> None:
    world.variables["REHEARSE_DRIFT"] = "soon"
    done = world.campaign("auto", "--recipe", str(world.recipe("campaign: {target: 60}\n")))
    assert done.returncode != 0
    assert "REHEARSE_DRIFT='soon' is no drift" in done.stderr
