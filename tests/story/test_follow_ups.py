"""What follows a campaign by itself, with real programs: exported, sent to a real sshd, trained on, evaluated."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from far_machine import FarMachine, far_machine, missing_programs
from world import World, kill_hard, wait_until

from agents.campaign.files import read_json
from agents.campaign.lease import is_held
from agents.training.sft.preflight import PACKAGES

pytestmark = pytest.mark.story

TARGET = 150
RUN = f"full_campaign_{TARGET}"
CAMPAIGN = f"campaign: {{target: {TARGET}}}\nsplits: {{train: 0.8, validation: 0.1, test: 0.1}}\n"
NAME = "alttp_asm_24k"
TINY = "[--model, tiny, --max-steps, '30', --save-steps, '5', --batch-size, '1', --gradient-accumulation, '1']"
NOT_INSTALLED = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
needs_ssh = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")
needs_torch = pytest.mark.skipif(
    bool(NOT_INSTALLED), reason=f"not installed: {', '.join(NOT_INSTALLED)} (the extra train)"
)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarMachine]:
    with far_machine(tmp_path / "far") as machine:
        yield machine


def told(world: World) -> dict[str, dict[str, Any]]:
    return {entry["task"]: entry for entry in world.state.get("after_campaign", ())}


def states(world: World) -> dict[str, str]:
    return {task: entry["state"] for task, entry in told(world).items()}


def test_a_campaign_is_exported_and_what_is_added_later_is_done_then(world: World) -> None:
    recipe = world.recipe(CAMPAIGN)
    assert world.campaign("auto", "--recipe", str(recipe)).returncode == 0
    assert not (world.home.datasets / NAME).exists()
    tickets = world.contents(RUN)

    recipe = world.recipe(f"{CAMPAIGN}after_campaign: [export]\n")
    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 0, done.stderr
    assert "After it: export: done" in done.stdout
    manifest = world.read(world.home.datasets / NAME / "manifest.json")
    assert told(world)["export"]["result"] == {NAME: manifest["samples"]}
    assert world.contents(RUN) == tickets
    world.check_accounts(RUN, accepted=TARGET)


@pytest.mark.skipif(not NOT_INSTALLED, reason="all that a training needs is installed")
def test_what_could_not_be_done_is_told_before_the_pilot(world: World) -> None:
    recipe = world.recipe(f"{CAMPAIGN}after_campaign: [export, train]\n")
    refused = world.campaign("auto", "--recipe", str(recipe))
    assert refused.returncode == 2
    assert "train: not installed: " in refused.stderr
    assert not world.home.runs.exists()


@needs_ssh
def test_a_machine_that_is_not_there_pauses_and_the_same_command_goes_on(world: World, far: FarMachine) -> None:
    far.configure(Port="1")
    recipe = world.recipe(f"{CAMPAIGN}after_campaign: [export, transfer]\ntransfer: {{config: {far.config}}}\n")

    paused = world.campaign("auto", "--recipe", str(recipe))

    assert paused.returncode == 6
    assert states(world) == {"export": "done", "transfer": "failed"}
    assert world.state["campaign_result"]["state"] == "complete"
    assert "cannot be reached" in world.state["cause"]
    exported = world.read(world.home.datasets / NAME / "manifest.json")

    far.configure()
    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 0, done.stderr
    assert states(world) == {"export": "done", "transfer": "done"}
    assert world.read(far.home / "training" / "datasets" / NAME / "manifest.json") == exported
    assert (far.home / "training" / "train_alttp_asm.py").exists()
    world.check_accounts(RUN, accepted=TARGET)


@needs_ssh
@needs_torch
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_zero_touch_to_a_tested_model_whatever_is_killed(world: World, far: FarMachine) -> None:
    recipe = world.recipe(
        f"{CAMPAIGN}transfer: {{config: {far.config}}}\n"
        f"datasets: {{{NAME}: {{domains: [asm], training: {TINY}}}}}\n"
        "after_campaign: [export, transfer, train, evaluate]\nevaluation: {count: 6}\n"
    )
    world.variables |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    first = world.start_campaign("auto", "--recipe", str(recipe))
    wait_until(lambda: (read_json(world.home.training_status) or {}).get("checkpoint"))
    kill_hard(first.pid)
    first.communicate()
    assert is_held(world.home.warden_lease("follow_up"))

    second = world.start_campaign("auto", "--recipe", str(recipe))
    wait_until(lambda: is_shown_to_train(world, pid=second.pid))
    world.kill_generator(f"{RUN}.train.{NAME}")
    output, complaints = second.communicate(timeout=300)

    assert second.returncode == 0, complaints
    assert "killed by signal 9" in complaints
    assert "started again" in complaints
    assert set(states(world).values()) == {"done"}
    assert "6 tickets passed" in output
    result = told(world)[f"evaluate {NAME}"]["result"]
    assert (result["after"]["tickets"], "before" in result) == (6, False)
    assert "no model before it" in Path(result["report"]).read_text(encoding="utf-8")
    log = (world.home.models / NAME / "training.log").read_text(encoding="utf-8")
    assert "going on from step" in log
    assert (far.home / "training" / "datasets" / NAME / "manifest.json").exists()
    assert not is_held(world.home.warden_lease("follow_up"))
    world.check_accounts(RUN, accepted=TARGET)


def is_shown_to_train(world: World, *, pid: int) -> bool:
    return world.state["pid"] == pid and states(world).get(f"train {NAME}") == "running"
