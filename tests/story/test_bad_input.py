"""Bad input: a clear error that names the cure, the exit code of the table, nothing lost and nothing half-written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from world import World

pytestmark = pytest.mark.story

GENERATOR = (sys.executable, "-m", "agents.training.scripts.generate_campaign")


@pytest.mark.parametrize(
    ("recipe", "named"),
    [
        ("qality: {}\n", "qality"),
        ("gate: {quality_treshold: 0.8}\n", "quality_threshold"),
        ("domains: {asm: {weight: 0.5}}\n", "sum"),
        ("gate: {quality_threshold: 80}\n", "0.8"),
        ("gate: {quality_threshold: .nan}\n", "gate.quality_threshold"),
        ("campaign: {target: 0}\n", "campaign.target"),
        ("campaign: {output_name: ../elsewhere}\n", "../elsewhere"),
        ("domains: {asn: {weight: 1}}\n", "asn"),
        ("campaign: {command: [no-such-program-here]}\n", "no-such-program-here"),
        ("pilot: [1, 2\n", "YAML"),
    ],
)
def test_a_bad_recipe_is_refused_before_anything_is_started(world: World, recipe: str, named: str) -> None:
    refused = world.campaign("auto", "--recipe", str(world.recipe(recipe)))

    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert named in refused.stderr
    assert "cure:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (world.home.training / "runs").exists()


@pytest.mark.parametrize(
    "flags",
    [
        ("--quality-threshold", "80"),
        ("--quality-threshold", "nan"),
        ("--quality-threshold", "high"),
        ("--campaign-target", "0"),
        ("--campaign-target", "-5"),
        ("--campaign-target", "many"),
        ("--recipe", "/no/such/recipe.yaml"),
        ("--colour", "red"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("door", [("-m", "agents", "auto"), ("-m", "agents.autonomous.training_orchestrator")], ids=str)
def test_bad_flags_exit_with_2(world: World, door: tuple[str, ...], flags: tuple[str, ...]) -> None:
    refused = world.run(sys.executable, *door, *flags)

    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (world.home.training / "runs").exists()


@pytest.mark.parametrize("value", ["maybe", "2", "tru"])
def test_auto_launch_is_yes_or_no(world: World, value: str) -> None:
    refused = world.shell(f"AUTO_LAUNCH={value} ./scripts/launch_autonomous_training.sh")

    assert refused.returncode == 2
    assert "AUTO_LAUNCH" in refused.stderr
    assert not world.home.root.exists()


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "x" * 200])
def test_an_output_name_stays_in_its_folder(world: World, name: str) -> None:
    refused = world.run(*GENERATOR, "--target", "10", "--output-name", name)

    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert not world.home.run("x").folder.parent.exists()


def test_a_second_campaign_of_the_same_name_with_another_plan_is_refused(world: World) -> None:
    first = world.run(*GENERATOR, "--target", "30", "--output-name", "mine", "--recipe", str(world.recipe()))
    assert first.returncode == 0, first.stderr
    before = world.contents("mine")

    others = [
        world.run(*GENERATOR, "--target", "31", "--output-name", "mine", "--recipe", str(world.recipe())),
        world.run(*GENERATOR, "--target", "30", "--output-name", "mine", "--recipe", str(world.recipe("seed: 7\n"))),
        world.campaign("auto", "--recipe", str(world.recipe("seed: 7\ncampaign: {target: 30, output_name: mine}\n"))),
    ]

    assert [other.returncode for other in others] == [2, 2, 2]
    assert all("--output-name" in other.stderr for other in others), others
    assert "seed" in others[1].stderr
    assert world.contents("mine") == before


@pytest.mark.parametrize("verb", ["auto", "status", "logs", "stop"])
def test_a_context_folder_that_cannot_be_one(world: World, verb: str) -> None:
    blocked = world.folder / "a-file"
    blocked.write_text("keep me")
    world.variables["CONTEXT_ROOT"] = str(blocked / "context")

    refused = world.campaign(verb)

    assert refused.returncode == 2
    assert "CONTEXT_ROOT" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert blocked.read_text() == "keep me"


@pytest.mark.parametrize(
    "text",
    ["{", *(pytest.param(text, marks=pytest.mark.slow) for text in ('{"phase": 7}', "", "[1]", "null", "\x00\xff"))],
    ids=repr,
)
def test_corrupt_status_files_are_told_and_written_again(world: World, text: str) -> None:
    world.home.training.mkdir(parents=True)
    projections = [world.home.orchestrator_state, world.home.pilot_status, world.home.validation]
    for path in projections:
        path.write_text(text)

    shown = world.campaign("status")
    validated = world.campaign("validate")
    done = world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "20")

    assert shown.returncode == 1
    assert "Traceback" not in shown.stderr + validated.stderr
    assert validated.returncode == 1
    assert done.returncode == 0, done.stderr
    assert all(world.read(path) for path in projections)


@pytest.mark.parametrize("which", ["ledger", "workflows"])
def test_a_damaged_database_is_refused_and_kept(world: World, which: str) -> None:
    command = ("auto", "--recipe", str(world.recipe()), "--campaign-target", "20")
    assert world.campaign(*command).returncode == 0
    damaged = world.home.run("full_campaign_20").ledger if which == "ledger" else world.home.workflows
    for beside in Path(damaged.parent).glob(f"{damaged.name}-*"):
        beside.unlink()
    damaged.write_bytes(b"not a database " * 1000)
    before = damaged.read_bytes()

    refused = world.campaign(*command)

    assert refused.returncode == 1, refused.stdout
    assert str(damaged) in refused.stderr
    assert "cure:" in refused.stderr
    assert damaged.read_bytes() == before


def test_a_pid_file_is_a_hint_and_never_obeyed(world: World) -> None:
    bystander = world.start("sleep", "600")
    world.home.training.mkdir(parents=True)
    for path in (world.home.orchestrator_pid, world.home.campaign_pid):
        path.write_text(f"{bystander.pid}\n")

    stopped = world.campaign("stop")
    done = world.campaign("auto", "--recipe", str(world.recipe()), "--campaign-target", "20")

    assert "Nothing was running" in stopped.stdout
    assert bystander.poll() is None
    assert done.returncode == 0, done.stderr


def test_the_exporter_says_that_there_is_no_such_run(world: World) -> None:
    refused = world.run(
        sys.executable, "-m", "agents.training.exporter", "--input", "x", "--output", "y", "--format", "qwen"
    )

    assert refused.returncode == 2
    assert "there is no run 'x'" in refused.stderr
