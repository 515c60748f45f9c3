"""Every command and snippet of the document that the system was asked for, as written there.

Where a command would run for long, the recipe named by CAMPAIGN_RECIPE makes it small, or it is stopped once it works.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import sys
import textwrap
from pathlib import Path

import pytest
from far_machine import far_machine, missing_programs
from world import World, wait_until

from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.lease import is_held
from agents.training.sft.preflight import PACKAGES

pytestmark = pytest.mark.story

NOT_INSTALLED = [name for name in PACKAGES if importlib.util.find_spec(name) is None]

TARGET = 60
RUN = f"full_campaign_{TARGET}"


@pytest.fixture
def world(world: World) -> World:
    """A world in which campaigns are small unless a command says otherwise."""
    world.variables["CAMPAIGN_RECIPE"] = str(world.recipe(f"campaign: {{target: {TARGET}}}\n"))
    return world


def finished(world: World, command: str) -> str:
    done = world.shell(command)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


# Quick start


def test_bash_launcher(world: World) -> None:
    output = finished(world, "./scripts/launch_autonomous_training.sh")

    assert "AUTONOMOUS WORKFLOW ACTIVE" in output
    assert "The orchestrator is now running autonomously and will:" in output
    wait_until(world.phase_is("campaign_complete"))
    world.check_accounts(RUN, accepted=TARGET)


def test_bash_launcher_with_custom_configuration(world: World) -> None:
    finished(world, "QUALITY_THRESHOLD=0.80 CAMPAIGN_TARGET=50000 ./scripts/launch_autonomous_training.sh")

    wait_until(lambda: world.home.launch_status.exists() and world.accepted("full_campaign_50000") > 0)
    assert world.read(world.home.launch_status)["target"] == 50_000
    assert world.read(world.home.validation)["gate"]["quality_threshold"] == 0.80
    assert world.campaign("stop").returncode == 0


@pytest.mark.parametrize("no", ["false", "OFF"])
def test_bash_launcher_without_auto_launch(world: World, no: str) -> None:
    finished(world, f"AUTO_LAUNCH={no} ./scripts/launch_autonomous_training.sh")

    wait_until(world.phase_is("awaiting_approval"))
    assert not world.home.run(RUN).ledger.exists()


def test_python_launcher_auto_in_background(world: World) -> None:
    finished(world, "python scripts/launch_training.py auto --background")

    wait_until(world.phase_is("campaign_complete"))


def test_python_launcher_step_by_step_after_auto_launch_was_off(world: World) -> None:
    world.variables["AUTO_LAUNCH"] = "false"
    finished(world, "./scripts/launch_autonomous_training.sh")
    wait_until(world.phase_is("awaiting_approval"))
    wait_until(lambda: not is_held(world.home.orchestrator_lease))

    finished(world, "python scripts/launch_training.py monitor")
    assert "APPROVED" in finished(world, "python scripts/launch_training.py validate")
    finished(world, "python scripts/launch_training.py launch")

    wait_until(lambda: world.accepted(RUN) == TARGET)


def test_python_launcher_auto_and_all_that_is_looked_at_then(world: World) -> None:
    assert "campaign_complete" in finished(world, "python scripts/launch_training.py auto")

    status = finished(world, "python scripts/launch_training.py status")
    assert "TRAINING WORKFLOW STATUS" in status
    shown = json.loads(status[status.index("Orchestrator:\n") + 14 : status.index("\n\nPilot:")])
    assert shown["phase"] == "campaign_complete"
    assert set(shown["pilot_result"]) == {"progress", "total", "estimated_quality"}
    logs = finished(world, "python scripts/launch_training.py logs --no-follow --lines 1000")
    assert "[PilotQualityMonitor] INFO: Progress: 190/190 (100.0%) | Quality: " in logs

    finished(world, "ls -lh ~/.context/training/pilot_campaign.log")
    assert RUN in finished(world, "ls -lh ~/.context/training/datasets/")
    assert "Progress:" in finished(world, "tail ~/.context/training/pilot_campaign.log")
    for log in ("logs/training_orchestrator.log", "training/pilot_campaign.log", "training/full_campaign.log"):
        assert finished(world, f"tail -n 1 ~/.context/{log}")

    snippet = """
from pathlib import Path
import json

status_file = Path.home() / ".context/training/orchestrator_state.json"
if status_file.exists():
    status = json.loads(status_file.read_text())
"""
    told = world.run(sys.executable, "-c", f"{snippet}print(status['phase'])")
    assert told.stdout.strip() == "campaign_complete", told.stderr


def test_logs_follow_until_they_are_stopped(world: World) -> None:
    following = world.start("python", "scripts/launch_training.py", "logs")
    assert following.stdout is not None
    finished(world, "python scripts/launch_training.py auto")

    lines = iter(following.stdout.readline, "")
    assert any("campaign_launched -> campaign_complete" in line for line in lines)


def test_direct_orchestrator(world: World) -> None:
    orchestrator = world.start(
        "bash",
        "-c",
        "PYTHONPATH=src exec python -m agents.autonomous.training_orchestrator "
        "--mode auto --quality-threshold 0.75 --campaign-target 34500",
    )
    wait_until(lambda: world.accepted("full_campaign_34500") > 0)

    finished(world, "kill $(cat ~/.context/training/orchestrator.pid)")
    assert orchestrator.wait(timeout=60) == 6
    finished(world, "kill $(cat ~/.context/training/campaign.pid)")
    wait_until(lambda: not is_held(world.home.warden_lease("campaign")))
    assert not world.home.campaign_pid.exists()


def test_campaign_command(world: World) -> None:
    generator = world.start(
        "bash",
        "-c",
        "exec python -m agents.training.scripts.generate_campaign "
        "--target 34500 --output-name full_campaign_34500 --parallel --use-active-learning",
    )
    wait_until(lambda: world.accepted("full_campaign_34500") > 0)

    generator.terminate()

    assert generator.wait(timeout=60) == 6
    assert world.accepted("full_campaign_34500") > 0


# Configuration and integration, as Python


def test_programmatic_configuration(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    script = world.folder / "program.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio
        from agents.autonomous.training_orchestrator import TrainingOrchestrator

        async def main():
            orchestrator = TrainingOrchestrator(
                quality_threshold=0.80,
                min_pilot_samples=180,
                campaign_target=50,
                auto_launch=True,
            )
            await orchestrator.setup()
            result = await orchestrator.run_autonomous()
            print(result["phase"])

        asyncio.run(main())
        """)
    )
    world.variables["PYTHONPATH"] = "src"

    done = world.run(sys.executable, str(script))

    assert done.stdout.strip() == "campaign_complete", done.stderr
    assert world.read(world.home.validation)["gate"]["min_samples"] == 180
    world.check_accounts("full_campaign_50", accepted=50)


def test_a_host_that_awaits_its_tasks_in_turn_uses_ticks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_RECIPE", world.variables["CAMPAIGN_RECIPE"])

    async def host() -> set[str]:
        orchestrator = TrainingOrchestrator(campaign_target=40, home=world.home)
        await orchestrator.setup()
        phases = set()
        while "campaign_complete" not in phases:
            phases.add((await orchestrator.tick())["phase"])
            await asyncio.sleep(0.01)
        return phases

    phases = asyncio.run(asyncio.wait_for(host(), 120))

    assert {"monitoring_pilot", "campaign_launched", "campaign_complete"} <= phases
    assert not is_held(world.home.orchestrator_lease)


# Monitoring, control and troubleshooting


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed (Debian package jq)")
def test_jq_lines(world: World) -> None:
    finished(world, "python scripts/launch_training.py auto")

    assert "campaign_complete" in finished(world, "cat ~/.context/training/orchestrator_state.json | jq")
    for name in ("pilot_monitor_status", "campaign_validation", "campaign_status"):
        finished(world, f"jq . ~/.context/training/{name}.json")
    quality = finished(world, "cat ~/.context/training/pilot_monitor_status.json | jq '.estimated_quality'")
    assert 0.75 <= float(quality) <= 1.0


def test_campaign_already_running(world: World) -> None:
    finished(world, "CAMPAIGN_TARGET=34500 python scripts/launch_training.py auto --background")
    wait_until(lambda: world.accepted("full_campaign_34500") > 0)
    finished(world, "kill $(cat ~/.context/training/orchestrator.pid)")
    wait_until(lambda: not is_held(world.home.orchestrator_lease))

    second = world.shell("python scripts/launch_training.py launch")

    assert second.returncode == 4
    assert "Campaign already running" in second.stdout
    assert world.read(world.home.launch_status)["pid_file"] == str(world.home.campaign_pid)
    finished(world, "ps -p $(cat ~/.context/training/campaign.pid)")
    finished(world, "kill $(cat ~/.context/training/campaign.pid)")


def test_a_borderline_pilot_passes_with_an_adjusted_threshold(world: World) -> None:
    recipe = world.recipe(f"campaign: {{target: {TARGET}}}\nteacher: {{fault_rate: 0.32}}\n")
    world.variables["CAMPAIGN_RECIPE"] = str(recipe)
    finished(world, "./scripts/launch_autonomous_training.sh")
    wait_until(world.phase_is("validation_failed"))
    wait_until(lambda: not is_held(world.home.orchestrator_lease))

    finished(world, "QUALITY_THRESHOLD=0.50 ./scripts/launch_autonomous_training.sh")

    wait_until(world.phase_is("campaign_complete"))


# Next steps


def test_export_datasets(world: World) -> None:
    world.variables.pop("CAMPAIGN_RECIPE", None)
    finished(
        world, "python -m agents.training.scripts.generate_campaign --target 800 --output-name full_campaign_34500"
    )
    finished(
        world,
        "python -m agents.training.exporter --input full_campaign_34500 "
        "--output alttp_asm_24k yaze_tools_7k --format qwen",
    )
    for name in ("alttp_asm_24k", "yaze_tools_7k"):
        manifest = world.read(world.home.datasets / name / "manifest.json")
        assert {"train.jsonl", "validation.jsonl", "test.jsonl", "README.md"} <= manifest["files"].keys()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    bool(missing_programs() or NOT_INSTALLED),
    reason=f"not installed: {', '.join([*missing_programs(), *NOT_INSTALLED])}",
)
def test_the_next_steps_as_they_are_written(world: World, tmp_path: Path) -> None:
    """From the data to two trained models; ``campaign transfer`` puts the training scripts where they are run."""
    steps = "--max-steps, '4', --batch-size, '1', --gradient-accumulation, '1'"
    tiny = f"training: [--model, tiny, --max-length, '8192', {steps}]"
    recipe = world.folder / "seed.yaml"
    recipe.write_text(
        "campaign: {target: 300, output_name: full_campaign_34500}\n"
        f"datasets:\n  alttp_asm_24k: {{domains: [asm, oracle, errors], at_most: 24000, {tiny}}}\n"
        f"  yaze_tools_7k: {{domains: [yaze], at_most: 7000, {tiny}}}\n"
        "splits: {train: 0.8, validation: 0.1, test: 0.1}\n"
    )
    world.variables |= {"CAMPAIGN_RECIPE": str(recipe), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    finished(world, "python scripts/launch_training.py auto")
    own = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with far_machine(tmp_path / "far", own) as far:
        (far.home / "training").mkdir()
        bin_folder = world.folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F "{far.config}" "$@"\n')
        (bin_folder / "ssh").chmod(0o755)
        from_here = f'export PATH="{bin_folder}:$PATH"; '

        assert "full_campaign_34500" in finished(world, "ls -lh ~/.context/training/datasets/")
        finished(
            world,
            "python -m agents.training.exporter --input full_campaign_34500 "
            "--output alttp_asm_24k yaze_tools_7k --format qwen",
        )
        finished(world, from_here + "rsync -avz ~/.context/training/datasets/ medical-mechanica:~/training/datasets/")
        assert "train_alttp_asm.py" in finished(world, from_here + "python scripts/launch_training.py transfer")
        for script in ("train_alttp_asm.py", "train_yaze_tools.py"):
            finished(
                world, f"{from_here}ssh medical-mechanica 'export HF_HUB_OFFLINE=1; cd ~/training && python {script}'"
            )
        for name in ("alttp_asm_24k", "yaze_tools_7k"):
            manifest = world.read(far.home / "training" / "models" / f"{name}-tiny" / "manifest.json")
            assert manifest["steps"] == 4
            assert manifest["dataset"]["name"] == name
