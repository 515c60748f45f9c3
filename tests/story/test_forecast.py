"""The forecast: what it says before and after a pilot, which launch it refuses, and that what is used lies in it."""

from __future__ import annotations

import json

import pytest
from world import World

from agents.campaign.ledger_view import LedgerView

pytestmark = pytest.mark.story

SMALL = "teacher: {{fault_rate: 0.15}}\ncampaign: {{target: 300}}\nguards: {{max_tickets: {}}}\n"


def test_a_campaign_whose_tickets_cannot_be_enough_is_refused_until_it_is_cured(world: World) -> None:
    recipe = str(world.recipe(SMALL.format(250)))

    told = world.campaign("plan", "--recipe", recipe, "--json")
    assert told.returncode == 0, told.stderr
    before = json.loads(told.stdout)
    assert before["forecast"] is None
    assert "there is no pilot of this plan yet" in before["no_forecast"]
    assert "whatever it shows, guards.max_tickets allows 250 tickets" in before["no_forecast"]

    too_few = world.campaign("auto", "--recipe", recipe)
    assert too_few.returncode == 1, too_few.stdout
    assert "the target cannot be reached: guards.max_tickets allows 250 tickets, and 300 are needed" in too_few.stderr
    assert not [*world.home.runs.glob("*")], "no pilot is paid for"

    world.recipe(SMALL.format(300))
    refused = world.campaign("auto", "--recipe", recipe)
    assert refused.returncode == 1, refused.stderr
    assert (world.state["phase"], world.state["pilot_result"]["progress"]) == ("launch_failed", 190)
    assert "the target cannot be reached: guards.max_tickets allows 300 tickets" in world.state["cause"]
    assert world.read(world.home.launch_status)["launched"] is False
    assert not world.home.run("full_campaign_300").folder.exists()

    world.recipe(SMALL.format(500))
    raised = world.campaign("auto", "--recipe", recipe)
    assert raised.returncode == 0, raised.stderr
    world.check_accounts("full_campaign_300", accepted=300)


def test_what_is_used_lies_in_the_forecast(world: World) -> None:
    recipe = str(world.recipe("teacher: {fault_rate: 0.1}\ncampaign: {target: 300}\n"))
    assert world.campaign("auto", "--recipe", recipe, "--no-auto-launch").returncode == 5

    told = world.campaign("plan", "--recipe", recipe)

    assert told.returncode == 0, told.stderr
    assert "For 300 accepted samples, as 190 tickets of the pilot tell" in told.stdout
    assert "The target can be reached." in told.stdout
    assert "cost        not known" in told.stdout

    assert world.campaign("auto", "--recipe", recipe).returncode == 0
    forecast = world.read(world.home.launch_status)["forecast"]
    ledger = LedgerView(world.home.run("full_campaign_300").ledger)
    accounts, calls = ledger.accounts(), ledger.calls()
    assert accounts is not None
    assert forecast["tickets"]["low"] <= accounts.issued <= forecast["tickets"]["high"]
    hours = (max(call.ended for call in calls) - min(call.began for call in calls)) / 3_600
    assert 0 < forecast["hours"]["low"] <= hours, "a busy machine is slower, by nobody knows how much"
    assert "Forecast: " in world.home.orchestrator_log.read_text()
