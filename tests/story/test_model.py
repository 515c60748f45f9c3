"""A language model as the teacher: its answers are judged by execution, and none is paid for twice without need."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from knowing_model import KnowingModel
from world import World, wait_until

pytestmark = pytest.mark.story

RECIPE = """
models:
  writer: {{model: knowing, base_url: "{url}", timeout_seconds: 20}}
teacher: {{kind: chat, model: writer}}
costs: {{input: 1, output: 4}}
guards: {{max_cost: 100}}
campaign: {{target: 120, output_name: answered}}
"""
IN_FLIGHT = 16


def test_a_model_answers_pilot_and_campaign_and_what_came_back_is_never_asked_again(world: World) -> None:
    with KnowingModel(world.home.runs, fault_rate=0.05, latency=0.05) as model:
        recipe = world.recipe(RECIPE.format(url=model.url))
        recipe.write_text(recipe.read_text().replace("speed: {", f"speed: {{in_flight: {IN_FLIGHT}, "))
        done = world.start_campaign("auto", "--recipe", str(recipe))
        wait_until(lambda: world.accepted("answered") >= 30)
        world.kill_generator("answered")

        _, complaints = done.communicate(timeout=120)

        assert done.returncode == 0, complaints
        world.check_accounts("answered", accepted=120)
        assert sum(model.asked.values()) - len(model.asked) <= IN_FLIGHT
        assert world.read(world.home.validation)["verdict"] == "APPROVED"
        with closing(sqlite3.connect(world.home.run("answered").ledger)) as ledger:
            answered = "SELECT count(*), count(cost), count(DISTINCT model) FROM attempts WHERE outcome = 'answered'"
            count, priced, models = ledger.execute(answered).fetchone()
            assert count == priced >= 120
            assert models == 1
        plan = world.campaign("plan", "--recipe", str(recipe))
        assert "cost        not known" not in plan.stdout


def test_a_server_that_is_not_there_pauses_at_once_and_costs_no_ticket(world: World) -> None:
    recipe = str(world.recipe(RECIPE.format(url="http://127.0.0.1:9/v1")))

    done = world.campaign("auto", "--recipe", recipe)

    assert done.returncode == 6, done.stderr
    assert "model writer (knowing) has not answered a single call" in world.state["cause"]
    (pilot,) = world.home.runs.glob("pilot_*/ledger.sqlite")
    with closing(sqlite3.connect(pilot)) as ledger:
        assert ledger.execute("SELECT count(*) FROM samples").fetchone() == (0,)
