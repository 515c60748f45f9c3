"""A folder of a person's own notes becomes a dataset: pilot, gate, campaign and export, asked of a local server."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from world import World, wait_until

pytestmark = pytest.mark.story

IN_FLIGHT = 16
RECIPE = """
models:
  writer: {{model: stand-in, base_url: "{url}"}}
  critic: {{model: critic, base_url: "{url}", input_price: 1, output_price: 2}}
teacher: {{kind: chat, model: writer}}
domains:
  notes:
    weight: 1.0
    sources:
      - {{files: ["notes/**/*.md"], licence: own, provenance: my island diary}}
    samples_per_item: 3
    prompt:
      user:
        - "Question {{{{ take }}}} about this note, as JSON with instruction and output: {{{{ text }}}}"
        - "As JSON with instruction and output, question {{{{ take }}}} on: {{{{ text }}}}"
    answer:
      json_schema:
        type: object
        properties: {{instruction: {{type: string}}, output: {{type: string}}}}
        required: [instruction, output]
        additionalProperties: false
{judge}
pilot: {{tickets: 80, top_up: 0}}
gate: {{min_samples: 60, rule: threshold}}
campaign: {{target: 150, output_name: diary}}
"""
JUDGE = "    judge: {model: critic, rubric: 'Is the answer in the note?', weight: 5}"


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Start the project's own server; yield where it is."""
    server = world.start(sys.executable, "-m", "agents.training.scripts.stand_in", "--latency", "0.03", "--faults",
                         "429=0.03,500=0.02,reset=0.01,malformed=0.05")  # fmt: skip
    assert server.stdout is not None
    yield server.stdout.readline().split()[-1]
    server.terminate()


def notes(world: World) -> None:
    folder = world.folder / "notes" / "islands"
    folder.mkdir(parents=True)
    for island in range(1, 17):
        sections = (
            f"## Year {year}\n\nThe keeper of lighthouse {island * 7} burned {year % 100 * 13 + island} barrels of oil "
            f"in the year {year}, and saw {island * year % 997} ships.\n"
            for year in range(1900, 1905)
        )
        (folder / f"island_{island}.md").write_text(f"# Island {island}\n\n" + "\n".join(sections))


def asked(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address.replace("/v1", "/stats")) as reply:  # noqa: S310 -- our own server
        counts: dict[str, Any] = json.load(reply)
    return counts


def answered(world: World, run: str) -> int:
    """How many answers a run has; none of its tickets has two."""
    with closing(sqlite3.connect(world.home.run(run).ledger)) as ledger:
        attempts = "SELECT count(*), count(DISTINCT seq) FROM attempts WHERE outcome = 'answered'"
        answers, tickets = ledger.execute(attempts).fetchone()
    assert answers == tickets
    return int(answers)


def test_a_folder_of_notes_becomes_a_dataset_and_a_kill_costs_what_was_in_flight(world: World, address: str) -> None:
    notes(world)
    recipe = world.recipe(RECIPE.format(url=address, judge=""))
    recipe.write_text(recipe.read_text().replace("speed: {", f"speed: {{in_flight: {IN_FLIGHT}, "))

    inspected = world.campaign("validate", str(recipe))
    assert inspected.returncode == 0, inspected.stderr
    assert "240 samples of 80 texts" in inspected.stdout

    done = world.start_campaign("auto", "--recipe", str(recipe))
    wait_until(lambda: world.accepted("diary") >= 40)
    world.kill_generator("diary")
    _, complaints = done.communicate(timeout=120)

    assert done.returncode == 0, complaints
    world.check_accounts("diary", accepted=150)
    came_back = sum(answered(world, run) for run in (world.state["pilot_result"]["run"], "diary"))
    assert 0 <= asked(address)["answered"] - came_back <= IN_FLIGHT
    lines = (world.home.datasets / "diary" / "samples.jsonl").read_text().splitlines()
    assert len(lines) == 150
    for sample in map(json.loads, lines):
        question, answer = sample["messages"]
        assert (question["role"], answer["role"]) == ("user", "assistant")
        assert question["content"].startswith("What is meant by this:")
        assert sample["metadata"]["item"]["licence"] == "own"
        assert re.fullmatch(r"notes/islands/island_\d+\.md", sample["metadata"]["item"]["group"])
    rejected = map(json.loads, (world.home.datasets / "diary" / "rejected.jsonl").read_text().splitlines())
    assert {sample["metadata"]["reason"] for sample in rejected} <= {"check form", "near-duplicate", "duplicate"}


def test_a_judge_counts_and_its_cost_is_told_apart(world: World, address: str) -> None:
    notes(world)
    recipe = world.recipe(RECIPE.format(url=address, judge=JUDGE))

    done = world.campaign("auto", "--recipe", str(recipe))

    assert done.returncode == 0, done.stderr
    pilot = world.state["pilot_result"]["run"]
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger:
        (opinions,) = ledger.execute("SELECT count(*) FROM opinions WHERE outcome = 'answered'").fetchone()
        (judged,) = ledger.execute("SELECT count(*) FROM samples WHERE checks LIKE '%\"judge\"%'").fetchone()
    assert opinions == judged > 60
    status = world.campaign("status", "--json")
    spent = {(one["role"], one["alias"]): one for one in json.loads(status.stdout)["spent"][pilot]}
    assert spent["judge", "critic"]["cost"] > 0
    assert spent["teacher", ""]["cost"] is None, "what nobody told is unknown"


def test_a_judge_that_is_not_there_pauses_and_loses_no_answer(world: World, address: str) -> None:
    notes(world)
    text = RECIPE.format(url=address, judge=JUDGE)
    gone = text.replace(f'critic, base_url: "{address}"', 'critic, base_url: "http://127.0.0.1:9/v1"')
    recipe = world.recipe(gone)

    paused = world.campaign("auto", "--recipe", str(recipe))
    assert paused.returncode == 6, paused.stderr
    before = asked(address)["answered"]
    assert before > 0

    world.recipe(text)
    done = world.campaign("auto", "--recipe", str(recipe))
    assert done.returncode == 0, done.stderr
    pilot = world.state["pilot_result"]["run"]
    assert answered(world, pilot) == 80


def test_a_batch_is_left_when_the_run_stops_and_collected_by_the_next_start(world: World) -> None:
    server = world.start(sys.executable, "-m", "agents.training.scripts.stand_in", "--batch-seconds", "3")
    assert server.stdout is not None
    address = server.stdout.readline().split()[-1]
    notes(world)
    text = RECIPE.format(url=address, judge="").replace("kind: chat, model: writer", "kind: batch, model: writer")
    recipe = str(world.recipe(text))
    generator = (sys.executable, "-m", "agents.training.scripts.generate_campaign", "--pilot", "--recipe", recipe)

    first = world.start(*generator)
    (folder,) = wait_for_batch(world)
    first.terminate()
    first.communicate(timeout=30)
    assert first.returncode == 6

    done = world.campaign("auto", "--recipe", recipe)

    assert done.returncode == 0, done.stderr
    world.check_accounts("diary", accepted=150)
    runs = folder.parent.name, "diary"
    assert asked(address)["answered"] == sum(answered(world, run) for run in runs), "nothing is paid for twice"
    server.terminate()


def wait_for_batch(world: World) -> list[Path]:
    """Wait until a batch of a pilot is at its server; return its folder."""
    log = world.home.pilot_log
    wait_until(lambda: log.exists() and "requests submitted" in log.read_text())
    return list(world.home.runs.glob("pilot_*/batches"))
