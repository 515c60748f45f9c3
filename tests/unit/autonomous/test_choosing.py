from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from stage import Played, Stage, make_ledger, plan

from agents.autonomous import generators
from agents.autonomous.choosing import chosen_plan
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.phases import Phase
from agents.campaign.workflows import Workflow, Workflows

TARGET = 20
QUALITIES = {"careful": 0.95, "middling": 0.85, "hasty": 0.3}
RECIPE: dict[str, Any] = {
    "campaign__target": TARGET,
    "watch__pilot_seconds": 0.001,
    "watch__campaign_seconds": 0.001,
    "trials__tickets": 120,
    "candidates": {name: {"teacher": {"fault_rate": 1 - quality}} for name, quality in QUALITIES.items()},
}


def orchestrator(home: Home, **recipe: Any) -> TrainingOrchestrator:
    return TrainingOrchestrator(plan=plan(**RECIPE | recipe), home=home)


def run(orchestrator: TrainingOrchestrator) -> dict[str, Any]:
    return asyncio.run(asyncio.wait_for(orchestrator.run_autonomous(), 30))


def plays(stage: Stage, qualities: dict[str, float]) -> Callable[[Played], None]:
    """Return what a generator does: a trial makes what it lacks, of its candidate's quality."""

    def play(played: Played) -> None:
        totals = {"pilot": 190, "campaign": TARGET, "trial": 0}
        total, quality = totals[played.kind], 0.95
        if played.kind == "trial":
            total = int(played.argv[played.argv.index("--tickets") + 1])
            quality = qualities[played.run.removeprefix("trial_")]
        there = LedgerView(stage.home.run(played.run).ledger).progress()
        lacking = total - (there.scored if there else 0)
        make_ledger(stage.home, played.run, [quality] * lacking, kind=played.kind, total=total)
        stage.end(played.kind)

    return play


@pytest.fixture
def stage(stage: Stage) -> Stage:
    stage.at_start = plays(stage, QUALITIES)
    return stage


def started(stage: Stage) -> list[tuple[str, str]]:
    return [(played.kind, played.run) for played in stage.started]


def test_candidates_are_tried_and_the_winner_makes_pilot_and_campaign(home: Home, stage: Stage) -> None:
    done = run(orchestrator(home))

    assert done["phase"] == "campaign_complete"
    assert (done["candidate"], done["choice_result"]["winner"]) == ("careful", "careful")
    assert started(stage) == [
        *(("trial", f"trial_{name}") for name in ("careful", "middling", "hasty", "careful", "middling")),
        ("pilot", "pilot_ours"),
        ("campaign", f"full_campaign_{TARGET}"),
    ]
    for played in stage.started[-2:]:
        assert played.argv[played.argv.index("--candidate") + 1] == "careful"
    issued = {name: LedgerView(home.run(f"trial_{name}").ledger).accounts() for name in QUALITIES}
    assert sum(accounts.issued for accounts in issued.values() if accounts) == 120


def test_run_again_it_is_the_same_choice_and_nobody_is_tried_twice(home: Home, stage: Stage) -> None:
    waiting = run(orchestrator(home, campaign__auto_launch=False))
    assert waiting["phase"] == "awaiting_approval"
    tried = started(stage)

    done = run(orchestrator(home))

    assert (done["phase"], done["candidate"]) == ("campaign_complete", "careful")
    assert started(stage) == [*tried, ("campaign", f"full_campaign_{TARGET}")]


def test_a_launch_by_hand_is_of_the_candidate_that_was_chosen(home: Home, stage: Stage) -> None:
    run(orchestrator(home, campaign__auto_launch=False))
    launched = asyncio.run(orchestrator(home).launch_only())
    assert launched["launched"], launched
    assert launched["argv"][launched["argv"].index("--candidate") + 1] == "careful"


def test_a_trial_that_is_killed_is_started_again_and_one_that_fails_pauses(home: Home, stage: Stage) -> None:
    stage.dies_with = (None, 9)
    stage.at_start = lambda _: None
    document = run(orchestrator(home))
    assert document["phase"] == "paused"
    assert "trial_careful" in document["cause"]
    deaths = len(stage.started)
    assert deaths >= 1

    stage.dies_with, stage.at_start = None, plays(stage, QUALITIES)
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert len(stage.started) == deaths + 7


def test_a_candidate_that_cannot_be_tried_pauses_with_the_cause(
    home: Home, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dry_run(argv: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
        if "--trial" in argv:
            raise CampaignError("the candidate is broken", "mend it")
        return await stage.dry_run(argv, environment)

    monkeypatch.setattr(generators, "_dry_run", dry_run)
    document = run(orchestrator(home))
    assert document["phase"] == "paused"
    assert "the candidate is broken" in document["cause"]
    assert not stage.started


def test_before_the_launch_a_changed_recipe_is_chosen_from_anew(home: Home, stage: Stage) -> None:
    assert run(orchestrator(home, campaign__auto_launch=False))["candidate"] == "careful"
    left = {name: {"teacher": {"fault_rate": 1 - QUALITIES[name]}} for name in ("middling", "hasty")}

    done = run(orchestrator(home, candidates=left, gate__quality_threshold=0.5))

    assert (done["phase"], done["candidate"]) == ("campaign_complete", "middling")


def test_a_launched_campaign_keeps_its_candidate_under_another_gate(home: Home, stage: Stage) -> None:
    ends_well = stage.at_start

    def play(played: Played) -> None:
        if played.kind == "campaign":
            make_ledger(home, played.run, [0.9] * 5, kind="campaign", total=TARGET)
            stage.end("campaign", 6)
        else:
            ends_well(played)

    stage.at_start = play
    assert run(orchestrator(home))["phase"] == "paused"
    stage.at_start = ends_well
    better = RECIPE["candidates"] | {"best": {"teacher": {"fault_rate": 0.0}}}

    done = run(orchestrator(home, gate__quality_threshold=0.8, candidates=better))

    assert (done["phase"], done["candidate"]) == ("campaign_complete", "careful")
    assert ("trial", "trial_best") not in started(stage)


def test_a_campaign_whose_candidate_is_gone_says_so(home: Home, stage: Stage) -> None:
    run(orchestrator(home))
    left = {name: {"teacher": {"fault_rate": 1 - QUALITIES[name]}} for name in ("middling", "hasty")}
    with pytest.raises(UsageError, match="goes to candidate 'careful'"):
        run(orchestrator(home, candidates=left))


def workflow(results: dict[str, Any]) -> Workflow:
    return Workflow(1, "run", "then", {}, Phase.CAMPAIGN_LAUNCHED, results, None)


def test_the_plan_of_a_choice(home: Home) -> None:
    asked = plan(**RECIPE)
    assert chosen_plan(asked, None) is asked
    assert chosen_plan(asked, workflow({"candidate": None})) is asked
    assert chosen_plan(asked, workflow({"candidate": "hasty"})).candidate == "hasty"
    with pytest.raises(UsageError, match="goes to candidate 'gone', which is no longer in the recipe"):
        chosen_plan(asked, workflow({"candidate": "gone"}))
    moved_to_the_top = plan(teacher__fault_rate=0.05)
    assert chosen_plan(moved_to_the_top, workflow({"candidate": "careful"})) is moved_to_the_top


def test_what_was_chosen_is_kept_with_the_workflow(home: Home, stage: Stage) -> None:
    run(orchestrator(home))
    store = Workflows(home.workflows)
    kept = store.find(f"full_campaign_{TARGET}")
    store.close()
    assert kept is not None
    assert kept.results["candidate"] == "careful"
    assert [place["name"] for place in kept.results["choice_result"]["rungs"][0]] == ["careful", "middling", "hasty"]
