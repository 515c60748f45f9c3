from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stage import PILOT_RUN, Stage, append, make_ledger, plan, sample_lines

from agents.autonomous import runner
from agents.autonomous.runner import arguments_of, exit_code_of, main, run_mode, start_in_background
from agents.autonomous.stopping import stop_all
from agents.campaign.errors import AlreadyRunningError, CampaignError, ExitCode, PausedError
from agents.campaign.gate import Verdict
from agents.campaign.home import Home
from agents.campaign.lease import Lease, holder, is_held
from agents.campaign.phases import Phase
from agents.campaign.plan import Plan, plan_for
from agents.campaign.process import Identity

QUICK = {"watch__pilot_seconds": 0.001, "watch__campaign_seconds": 0.001, "campaign__target": 20}


# Exit codes.


@pytest.mark.parametrize(
    ("phase", "verdict", "code"),
    [
        (Phase.CAMPAIGN_COMPLETE, Verdict.APPROVED, 0),
        (Phase.VALIDATION_FAILED, Verdict.REJECTED, 3),
        (Phase.VALIDATION_FAILED, Verdict.PENDING, 5),
        (Phase.VALIDATION_FAILED, Verdict.INCONCLUSIVE, 5),
        (Phase.VALIDATION_FAILED, Verdict.ERROR, 1),
        (Phase.VALIDATION_FAILED, None, 3),
        (Phase.AWAITING_APPROVAL, Verdict.APPROVED, 5),
        (Phase.AWAITING_APPROVAL, Verdict.INCONCLUSIVE, 5),
        (Phase.LAUNCH_FAILED, Verdict.APPROVED, 1),
        (Phase.CAMPAIGN_FAILED, Verdict.APPROVED, 1),
        (Phase.PAUSED, None, 6),
        (Phase.PAUSED, Verdict.APPROVED, 6),
        (Phase.STOPPED, None, 6),
        (Phase.STOPPED, Verdict.REJECTED, 6),
        (Phase.STARTING_PILOT, None, 1),
        (Phase.MONITORING_PILOT, None, 1),
        (Phase.CAMPAIGN_LAUNCHED, Verdict.APPROVED, 1),
    ],
)
def test_auto_exits_as_its_workflow_stands(phase: Phase, verdict: Verdict | None, code: int) -> None:
    document: dict[str, Any] = {"phase": phase.value}
    if verdict is not None:
        document["validation_result"] = {"verdict": verdict.value}
    assert exit_code_of("auto", document) == code


def test_every_end_of_a_workflow_has_an_exit_code_of_its_own_kind() -> None:
    assert {exit_code_of("auto", {"phase": phase.value}) for phase in Phase if phase.is_end} == {0, 1, 3, 5, 6}


@pytest.mark.parametrize(
    ("verdict", "code"), [("APPROVED", 0), ("REJECTED", 3), ("PENDING", 5), ("INCONCLUSIVE", 5), ("ERROR", 1)]
)
def test_validate_exits_as_the_verdict_says(verdict: str, code: int) -> None:
    assert exit_code_of("validate", {"verdict": verdict}) == code


@pytest.mark.parametrize("code", list(ExitCode))
def test_launch_exits_as_it_says(code: ExitCode) -> None:
    assert exit_code_of("launch", {"launched": code == ExitCode.DONE, "exit_code": int(code)}) is code


def test_monitor_exits_with_0_only_for_a_pilot_that_is_complete() -> None:
    assert exit_code_of("monitor", {"is_complete": True, "state": "complete"}) == 0
    assert exit_code_of("monitor", {"is_complete": False, "state": "stalled"}) == 6


# Signals.


async def signalled(mode: str, recipe: Plan, home: Home, *numbers: signal.Signals) -> dict[str, Any]:
    """Run ``mode``; send the signals one after another once it watches."""
    running = asyncio.create_task(run_mode(mode, recipe, home))
    while not home.pilot_status.exists():
        await asyncio.sleep(0.001)
    for number in numbers:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.01)
    return await asyncio.wait_for(running, 10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_ends_auto_after_its_step(home: Home, stage: Stage, number: signal.Signals) -> None:
    document = asyncio.run(signalled("auto", plan(**QUICK | {"watch__pilot_seconds": 3600.0}), home, number))
    assert document["phase"] == "stopped"
    assert not is_held(home.orchestrator_lease)
    assert is_held(home.warden_lease("pilot"))


def test_a_second_request_ends_auto_in_the_middle_of_its_step(
    home: Home, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def long_step(_self: object) -> None:
        home.pilot_status.write_text("{}")
        await asyncio.sleep(3600)

    monkeypatch.setattr(runner.TrainingOrchestrator, "tick", long_step)
    with pytest.raises(PausedError, match="stopped by a signal"):
        asyncio.run(signalled("auto", plan(**QUICK), home, signal.SIGTERM, signal.SIGTERM))
    assert not is_held(home.orchestrator_lease)


def test_a_request_to_stop_ends_monitoring_at_once(home: Home) -> None:
    with pytest.raises(PausedError, match="stopped by a signal") as stopped:
        asyncio.run(signalled("monitor", plan(**QUICK | {"watch__pilot_seconds": 3600.0}), home, signal.SIGTERM))
    assert stopped.value.exit_code == ExitCode.PAUSED
    assert not is_held(home.orchestrator_lease)
    assert json.loads(home.pilot_status.read_text())["state"] == "waiting"


def test_a_closed_terminal_is_nothing_to_it(home: Home) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 189))

    async def hung_up() -> dict[str, Any]:
        running = asyncio.create_task(signalled("monitor", plan(**QUICK), home, signal.SIGHUP))
        await asyncio.sleep(0.05)
        append(home.pilot_log, *sample_lines([0.9], first=190))
        return await running

    assert asyncio.run(hung_up())["is_complete"] is True


# In the background.

TINY = """
import os, sys, time
from agents.campaign.home import Home
from agents.campaign.lease import Lease
print(" ".join(sys.argv[1:]), flush=True)
if "0.5" in sys.argv:
    sys.exit("no such model")
with Lease(Home.from_environment(os.environ).orchestrator_lease, "Orchestrator"):
    time.sleep(60)
"""


@pytest.fixture
def tiny(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An orchestrator that only holds its lease, or ends at once where the threshold is 0.5."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "tiny_orchestrator.py").write_text(TINY)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(runner, "ORCHESTRATOR", "tiny_orchestrator")
    yield
    stop_all(home, orchestrator_only=True, grace_seconds=0.5)


@pytest.mark.usefixtures("tiny")
def test_in_the_background_it_is_started_when_it_holds_its_lease(home: Home) -> None:
    append(home.orchestrator_log, "yesterday")

    started = start_in_background("monitor", plan(campaign__target=7), home)

    assert holder(home.orchestrator_lease) == started
    assert started.pid != os.getpid()
    told = home.orchestrator_log.read_text().splitlines()
    assert told == ["yesterday", " ".join(["--mode", "monitor", *arguments_of(plan(campaign__target=7))])]
    with pytest.raises(AlreadyRunningError, match=f"pid {started.pid}"):
        start_in_background("auto", plan(), home)


@pytest.mark.usefixtures("tiny")
def test_in_the_background_one_that_ends_at_once_is_an_error_with_its_last_words(home: Home) -> None:
    with pytest.raises(CampaignError, match=r"ended at once: .*no such model") as refused:
        start_in_background("auto", plan(gate__quality_threshold=0.5), home)
    assert str(home.orchestrator_log) in refused.value.cure


@pytest.mark.usefixtures("tiny")
def test_in_the_background_one_that_loses_the_race_names_the_winner(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, start = Lease(home.orchestrator_lease, "Orchestrator"), runner.start_detached

    def overtaken(*arguments: Any) -> Identity:
        lease.__enter__()
        return start(*arguments)

    monkeypatch.setattr(runner, "start_detached", overtaken)
    with pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}"):
        start_in_background("auto", plan(), home)
    lease.__exit__(None, None, None)


# The seed's direct door.


@pytest.fixture
def context(home: Home, monkeypatch: pytest.MonkeyPatch, root_logger: None) -> Home:
    monkeypatch.setenv("CONTEXT_ROOT", str(home.root))
    return home


def test_the_direct_door_prints_the_document_and_exits_as_it_says(
    context: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ledger(context, PILOT_RUN, [0.8] * 190)
    header = f"Run started: run={PILOT_RUN} kind=pilot total=190 fingerprint={'f' * 16}"
    append(context.pilot_log, header)

    codes = [main(["--mode", "validate", "--quality-threshold", threshold]) for threshold in ("0.75", "0.9")]

    assert codes == [0, 3]
    shown = capsys.readouterr().out
    assert json.loads(shown[shown.index("}\n{") + 2 :]) == json.loads(context.validation.read_text())
    assert "[CampaignValidator] INFO: REJECTED: Quality 0.800 < 0.9" in context.orchestrator_log.read_text()


@pytest.mark.parametrize("flags", [["--quality-threshold", "80"], ["--campaign-target", "0"], ["--recipe", "/no/such"]])
def test_the_direct_door_tells_what_is_wrong_and_the_cure(
    context: Home, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ")
    assert "cure: " in shown.err
    assert shown.out == ""
    assert not context.orchestrator_log.exists()


@pytest.mark.parametrize("flags", [["--mode", "dance"], ["--quality-threshold", "high"], ["--no-such-flag"]])
def test_the_direct_door_refuses_what_it_does_not_know(context: Home, flags: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(flags)
    assert refused.value.code == ExitCode.USAGE


def test_the_direct_door_exits_with_4_while_another_works(context: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with Lease(context.orchestrator_lease, "Orchestrator"):
        assert main(["--mode", "validate"]) == ExitCode.ALREADY_RUNNING
    assert str(os.getpid()) in capsys.readouterr().err


@pytest.mark.parametrize("auto_launch", [True, False])
@pytest.mark.parametrize("with_recipe", [True, False])
def test_the_arguments_of_a_plan_are_that_plan_for_another_process(
    context: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auto_launch: bool, with_recipe: bool
) -> None:
    monkeypatch.setenv("CAMPAIGN_TARGET", "9")
    recipe = tmp_path / "a recipe.yaml"
    recipe.write_text("seed: 7\ngate: {min_samples: 20}\ncampaign: {output_name: mine}\n")
    flags = {"a": ("campaign.auto_launch", auto_launch), "q": ("gate.quality_threshold", 0.123456789)}
    wanted = plan_for(flags, recipe if with_recipe else None)
    seen = []

    async def note(_mode: str, found: Plan, _home: Home) -> dict[str, Any]:
        seen.append(found)
        return {"phase": "campaign_complete"}

    monkeypatch.setattr(runner, "run_mode", note)
    assert main(["--mode", "auto", *arguments_of(wanted)]) == ExitCode.DONE
    assert seen[0].recipe == wanted.recipe
    assert seen[0].recipe_path == wanted.recipe_path
