"""A campaign's dataset examines a student: its answers are proved, asked for once, and survive Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from knowing_student import KnowingStudent
from world import World, wait_until

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
