"""A campaign's dataset examines a student: its answers are proved, asked for once, and survive Ctrl-C."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from knowing_student import KnowingStudent
from world import World, wait_until

from agents.training.evaluation.examining import NONE_BEFORE
from agents.training.sft.preflight import PACKAGES

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]

RECIPE = """
domains: {{{domains}}}
datasets: {{tried: {{domains: [asm, errors, yaze]}}}}
splits: {{train: 0.6, validation: 0.1, test: 0.3}}
"""
STUDENT = """
models: {{student: {{model: knowing, base_url: "{url}", timeout_seconds: 20}}}}
speed: {{in_flight: 2}}
"""
PRICED = """
models: {{student: {{model: knowing, base_url: "{url}", timeout_seconds: 20, input_price: 1, output_price: 10000}}}}
speed: {{in_flight: 2}}
"""
MISSING = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
needs_training = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (the extra train)")
PROGRAM = """
import json, os, sys
from pathlib import Path
from agents.campaign.clock import SystemClock
from agents.campaign.errors import CampaignError
from agents.campaign.home import Home
from agents.training.evaluation.evaluating import evaluate
from agents.training.evaluation.examining import EvaluationWish
try:
    wish = EvaluationWish(alias="student", recipe=Path(sys.argv[1]))
    say = lambda text: print(text, file=sys.stderr)
    print(json.dumps(evaluate(Home.from_environment(os.environ), wish, os.environ, SystemClock(), say)))
except CampaignError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def exported(world: World, domains: str) -> Path:
    """Generate a campaign, export its dataset, and return its test split."""
    recipe = str(world.recipe(RECIPE.format(domains=domains)))
    generator = (sys.executable, "-m", "agents.training.scripts.generate_campaign")
    made = world.run(*generator, "--target", "60", "--output-name", "made", "--recipe", recipe)
    assert made.returncode == 0, made.stderr
    exporter = (sys.executable, "-m", "agents.training.exporter")
    done = world.run(*exporter, "--input", "made", "--output", "tried", "--recipe", recipe)
    assert done.returncode == 0, done.stderr
    return world.home.datasets / "tried" / "test.jsonl"


def start(world: World, student: KnowingStudent) -> subprocess.Popen[str]:
    recipe = world.folder / "student.yaml"
    recipe.write_text(STUDENT.format(url=student.url))
    return world.start(sys.executable, "-c", PROGRAM, str(recipe))


def test_a_student_that_knows_passes_and_what_was_answered_survives_a_stop(world: World) -> None:
    lines = exported(world, "asm: {weight: 0.5}, errors: {weight: 0.5}")
    with KnowingStudent(lines, latency=0.1) as student:
        first = start(world, student)
        wait_until(lambda: len(student.asked) >= 4)
        first.send_signal(signal.SIGINT)
        output, complaints = first.communicate(timeout=60)
        assert first.returncode == 6, output + complaints
        assert "only what is missing is asked" in output
        assert "stopping when the questions under way are answered" in complaints

        again = start(world, student)
        output, complaints = again.communicate(timeout=60)
        assert again.returncode == 0, output + complaints
        report = json.loads(output)
        count = len(lines.read_bytes().splitlines())
        assert set(student.asked.values()) == {1}
        assert len(student.asked) == count == report["asked"]
        overall = report["models"]["after"]["overall"]
        assert (overall["pass_rate"], overall["proven"]) == (1.0, 1.0)
        assert report["models"]["after"]["answered_by"] == ["knowing-1"]
        page = (Path(report["folder"]) / "report.txt").read_text()
        assert f"{count} of {count} tickets of its test split" in page


def test_a_student_that_errs_passes_what_it_knows(world: World) -> None:
    lines = exported(world, "asm: {weight: 1.0}")
    with KnowingStudent(lines, errs=3) as student:
        output, complaints = start(world, student).communicate(timeout=60)
        report = json.loads(output)
        overall = report["models"]["after"]["overall"]
        assert overall["tickets"] - overall["passed"] == student.erring, complaints
        assert sum(overall["failures"].values()) == student.erring
        assert overall["low"] < overall["pass_rate"] < overall["high"] < 1.0


def test_a_student_calls_tools_as_the_protocol_has_it(world: World) -> None:
    lines = exported(world, "yaze: {weight: 1.0}")
    with KnowingStudent(lines, errs=4) as student:
        output, complaints = start(world, student).communicate(timeout=60)
        report = json.loads(output)
        overall = report["models"]["after"]["overall"]
        assert b'"tool_calls"' in lines.read_bytes()
        assert overall["tickets"] - overall["passed"] == student.erring, complaints


def test_money_is_capped_and_what_was_paid_is_not_paid_again(world: World) -> None:
    lines = exported(world, "errors: {weight: 1.0}")
    count = len(lines.read_bytes().splitlines())
    with KnowingStudent(lines, latency=0.01) as student:
        recipe = world.folder / "student.yaml"
        recipe.write_text(PRICED.format(url=student.url))
        command = ("evaluate", "tried", "--alias", "student", "--recipe", str(recipe), "--max-tokens", "256", "--json")
        few = world.campaign(*command, "--max-cost", "3")
        assert few.returncode == 6, few.stdout + few.stderr
        refused = json.loads(few.stdout)
        assert "--max-cost allows 3" in refused["error"]
        assert refused["cure"] == "raise --max-cost and run the same command again"
        assert 0 < len(student.asked) < count

        done = world.campaign(*command, "--max-cost", "30")
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)["models"]["after"]
        assert len(student.asked) == count
        assert set(student.asked.values()) == {1}
        assert report["overall"]["pass_rate"] == 1.0
        assert report["cost"] == pytest.approx(count * (11 + 10_000 * 7) / 1e6)


TINY = ("--model", "tiny", "--max-steps", "2", "--batch-size", "1", "--json")
ASK = ("evaluate", "tried", "--before", "base", "--count", "3", "--max-tokens", "8", "--json")


@pytest.fixture
def alone(world: World) -> World:
    """A machine without a hub, and without a card."""
    world.variables |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(world.folder / "hub")}
    exported(world, "errors: {weight: 1.0}")
    return world


def trained(world: World, *options: str) -> Path:
    done = world.campaign("train", "tried", *TINY, *options)
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["folder"])


def evaluated(world: World) -> dict[str, Any]:
    done = world.campaign(*ASK)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.slow
@needs_training
@pytest.mark.timeout(240)
def test_what_a_training_wrote_is_found_and_compared_with_what_it_was_trained_on(alone: World) -> None:
    none = alone.campaign("evaluate", "tried", "--json")
    assert none.returncode == 2
    assert "campaign train tried" in json.loads(none.stdout)["cure"]

    made = trained(alone)
    whole = evaluated(alone)
    assert whole["models"]["after"]["place"] == str(made / "model")
    assert list(whole["models"]) == ["after"]
    assert NONE_BEFORE in whole["not_measured"]

    adapted = trained(alone, "--lora-rank", "4", "--output", str(alone.home.models / "adapted"))
    compared = evaluated(alone)
    after, before = compared["models"]["after"], compared["models"]["before"]
    assert (after["place"], before["place"]) == (str(adapted / "adapter"), str(adapted / "base"))
    assert after["fingerprint"] != before["fingerprint"]
    assert (after["cost"], before["cost"]) == (None, None)
    assert compared["comparison"]["overall"]["tickets"] == 3


@pytest.mark.slow
@needs_training
@pytest.mark.timeout(240)
def test_a_model_from_a_folder_or_a_hub_is_found_again_as_what_was_trained_on(alone: World) -> None:
    base = trained(alone, "--max-steps", "1") / "base"
    given = trained(alone, "--model", str(base), "--full", "--cpu", "--output", str(alone.home.models / "given"))
    from_folder = evaluated(alone)["models"]
    assert from_folder["after"]["place"] == str(given / "model")
    assert from_folder["before"]["place"] == str(base)

    put_into_hub(base, alone.folder / "hub", "acme/base")
    hub = ("--model", "acme/base", "--lora-rank", "4", "--cpu", "--output", str(alone.home.models / "hub"))
    adapted = trained(alone, *hub)
    from_hub = evaluated(alone)["models"]
    assert (from_hub["after"]["place"], from_hub["before"]["place"]) == (str(adapted / "adapter"), "acme/base")
    assert from_hub["after"]["fingerprint"] != from_hub["before"]["fingerprint"]
    assert from_hub["before"]["overall"] == from_folder["before"]["overall"]


def put_into_hub(model: Path, cache: Path, name: str) -> None:
    """Have a hub's cache hold ``model`` under ``name``, as a download would leave it."""
    folder = cache / f"models--{name.replace('/', '--')}"
    revision = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(model, folder / "snapshots" / revision)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(revision)
