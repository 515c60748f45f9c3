"""What readers and hosts of the five agents rely on: constructors, coroutines, every field of the five documents."""

from __future__ import annotations

import asyncio
import inspect
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stage import HandClock, Stage, append, make_ledger, plan, sample_lines

from agents.autonomous.campaign_launcher import CampaignLauncher, CampaignMonitor
from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.home import Home

CONSTRUCTORS: dict[type, dict[str, Any]] = {
    PilotQualityMonitor: {"pilot_log_path": None, "checkpoint_interval": 10, "quality_threshold": 0.75},
    CampaignValidator: {"status_file": None, "quality_threshold": 0.75, "min_samples": 150},
    CampaignLauncher: {"validation_file": None, "campaign_target": 34_500, "auto_launch": True},
    CampaignMonitor: {"campaign_log": None, "status_file": None, "check_interval": 60},
    TrainingOrchestrator: {
        "quality_threshold": 0.75,
        "min_pilot_samples": 150,
        "campaign_target": 34_500,
        "auto_launch": True,
    },
}
AGENTS = pytest.mark.parametrize("agent", CONSTRUCTORS, ids=lambda agent: agent.__name__)

FLOAT, NULLABLE = float, (float, type(None))
PILOT = {
    "progress": int, "total": int, "quality_scores": list, "acceptance_rate": NULLABLE, "accepted": int,
    "rejected": int, "is_complete": bool, "last_update": str, "estimated_quality": NULLABLE,
    "quality_threshold": FLOAT, "quality_pass": (bool, type(None)), "monitor_timestamp": str,
}  # fmt: skip
VALIDATION = {
    "approved": bool, "verdict": str, "reason": str, "recommendation": str, "checks": dict, "pilot_status": dict,
    "validation_timestamp": str, "fingerprint": str,
}  # fmt: skip
LAUNCH = {"launched": bool, "pid": int, "log_path": str, "target": int, "launch_time": str, "validation": dict}
CAMPAIGN = {
    "progress": int, "total": int, "percentage": FLOAT, "is_running": bool, "last_update": str, "state": str,
    "rate_per_minute": NULLABLE, "eta": (str, type(None)),
}  # fmt: skip
TIMES = ("last_update", "monitor_timestamp", "validation_timestamp", "launch_time", "started", "completed", "eta")


def check(document: dict[str, Any], shape: dict[str, Any], file: Path) -> None:
    """Check that ``document`` has the fields of ``shape`` and is what ``file`` holds."""
    text = file.read_text(encoding="utf-8")
    assert json.loads(text) == document
    assert text.startswith('{\n  "')
    for name, kind in shape.items():
        assert isinstance(document[name], kind), name
        assert kind is not int or type(document[name]) is int, name
    for name in TIMES:
        if document.get(name) is not None:
            assert datetime.fromisoformat(document[name]).utcoffset() is not None, name


@AGENTS
def test_the_first_arguments_of_a_constructor_and_their_defaults_are_a_promise(agent: type) -> None:
    parameters = list(inspect.signature(agent).parameters.values())
    promised = CONSTRUCTORS[agent]

    assert [parameter.name for parameter in parameters[: len(promised)]] == list(promised)
    for parameter in parameters[: len(promised)]:
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert type(parameter.default) is type(promised[parameter.name])
        assert parameter.default == promised[parameter.name]
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters[len(promised) :])


@AGENTS
def test_an_agent_is_set_up_and_run_by_awaiting(agent: type) -> None:
    task = inspect.signature(agent.run_task).parameters["task"]

    assert inspect.iscoroutinefunction(agent.run_task)
    assert inspect.iscoroutinefunction(agent.setup)
    assert isinstance(task.default, str)
    assert list(inspect.signature(agent.setup).parameters) == ["self"]


@AGENTS
def test_an_agent_needs_no_argument_and_touches_nothing_until_it_is_set_up(agent: type) -> None:
    root = Home.from_environment({"HOME": str(Path.home())}).root

    made = agent()
    assert not root.exists()
    asyncio.run(made.setup())
    assert (root / "training").is_dir()


@AGENTS
def test_an_agent_asked_for_something_else_says_what_it_knows(agent: type, home: Home) -> None:
    with pytest.raises(ValueError, match=rf"{agent.__name__} knows the task.* not 'dance'"):
        asyncio.run(agent(home=home).run_task("dance"))
    assert list(home.training.iterdir()) == []


@pytest.mark.parametrize("method", ["run_autonomous", "monitor_only", "validate_only", "launch_only", "tick"])
def test_the_orchestrators_methods_are_coroutines_without_arguments(method: str) -> None:
    function = getattr(TrainingOrchestrator, method)
    assert inspect.iscoroutinefunction(function)
    assert list(inspect.signature(function).parameters) == ["self"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Progress: 3/190"],
        sample_lines([0.9, 0.5]),
        ["Sample accepted", "Sample rejected", "Progress: 2/190"],
        [*sample_lines([0.9, 1, 0]), "quality_score: 82"],
    ],
    ids=["no log", "progress only", "scores", "judged only", "impossible score"],
)
def test_pilot_monitor_status_has_every_field_whatever_the_log_tells(home: Home, lines: list[str]) -> None:
    if lines:
        append(home.pilot_log, *lines)

    document = asyncio.run(PilotQualityMonitor(home=home).run_task("check"))

    check(document, PILOT, home.pilot_status)
    assert all(type(score) is float for score in document["quality_scores"])


def test_pilot_monitor_status_keeps_the_newest_200_scores_and_counts_all(home: Home) -> None:
    append(home.pilot_log, *sample_lines([0.0] * 100 + [1.0] * 200, total=400))

    document = asyncio.run(PilotQualityMonitor(home=home, expected=400).run_task("check"))

    assert document["quality_scores"] == [1.0] * 200
    assert document["estimated_quality"] == pytest.approx(200 / 300, abs=1e-6)


@pytest.mark.parametrize("state", ["no status", "not JSON", "unusable", "incomplete", "low", "good"])
def test_campaign_validation_has_every_field_at_every_decision(home: Home, state: str) -> None:
    if state == "not JSON":
        home.pilot_status.write_text("{")
    elif state == "unusable":
        home.pilot_status.write_text('{"progress": "many"}')
    elif state != "no status":
        scores = {"incomplete": [0.9] * 189, "low": [0.5] * 190, "good": [0.9] * 190}[state]
        append(home.pilot_log, *sample_lines(scores))
        asyncio.run(PilotQualityMonitor(home=home, checkpoint_interval=0).run_task("check"))

    document = asyncio.run(CampaignValidator(home=home).run_task())

    check(document, VALIDATION, home.validation)
    assert document["approved"] is (state == "good")
    assert {name: type(value) for name, value in document["checks"].items()} == dict.fromkeys(
        ("completion", "min_samples", "quality"), bool
    )
    assert document["reason"]
    assert document["recommendation"]


def test_without_a_pilot_the_validator_says_so(home: Home) -> None:
    document = asyncio.run(CampaignValidator(home=home).run_task())

    assert document["approved"] is False
    assert document["reason"] == "No pilot status available"
    assert document["verdict"] == "ERROR"
    assert document["pilot_status"] == {}


def test_campaign_status_of_a_launch(home: Home, stage: Stage, clock: HandClock) -> None:
    make_ledger(home, "pilot_ours", [0.9] * 190)
    asyncio.run(PilotQualityMonitor(run="pilot_ours", home=home).run_task("check"))
    validation = asyncio.run(CampaignValidator(home=home, clock=clock).run_task())

    document = asyncio.run(CampaignLauncher(campaign_target=40, home=home, clock=clock).run_task())

    check(document, LAUNCH, home.launch_status)
    assert document["launched"] is True
    assert document["target"] == 40
    assert document["log_path"] == str(home.campaign_log)
    assert document["validation"] == validation
    assert stage.started[0].run == "full_campaign_40"


def test_campaign_monitor_status_has_every_field_before_during_and_after(home: Home, clock: HandClock) -> None:
    monitor = CampaignMonitor(home=home, clock=clock, target=40)

    for lines in ([], ["Progress: 4/40"], ["Progress: 8/40"]):
        append(home.campaign_log, *lines)
        clock.pass_by(60)
        check(asyncio.run(monitor.run_task("check")), CAMPAIGN, home.campaign_status)


def test_orchestrator_state_has_its_fields_from_the_first_tick_to_the_last(home: Home, stage: Stage) -> None:
    make_ledger(home, "pilot_ours", [0.9] * 190)
    orchestrator = TrainingOrchestrator(plan=plan(campaign__target=20), home=home)
    results = ("pilot_result", "validation_result", "launch_result", "campaign_result")
    seen = []

    async def run() -> None:
        document: dict[str, Any] = {}
        while document.get("phase") != "campaign_complete":
            if stage.started and not home.run("full_campaign_20").ledger.exists():
                make_ledger(home, "full_campaign_20", [0.9] * 20, kind="campaign", total=20)
                stage.end("campaign")
            document = await orchestrator.tick()
            check(document, {"started": str, "phase": str}, home.orchestrator_state)
            assert all(isinstance(document[name], dict) for name in results if name in document)
            assert ("completed" in document) is (document["phase"] == "campaign_complete")
            seen.append({name for name in results if name in document})

    asyncio.run(run())

    assert seen[-1] == set(results)
    assert seen == sorted(seen, key=len)
