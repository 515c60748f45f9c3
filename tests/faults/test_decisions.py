"""Rows about what is decided: numbers that cannot be, scores that are missing, plans that changed on the way."""

from __future__ import annotations

from typing import Any

import pytest
from stage_real import RUN, SMALL, TARGET, campaigns, check_end, command
from world import World, wait_until

pytestmark = pytest.mark.story

GOOD = [f"quality_score: 0.9\nProgress: {done}/20\n" for done in range(1, 21)]


def judged(world: World, log: str) -> dict[str, Any]:
    """Have a finished log of somebody else's pilot judged; return the verdict."""
    world.home.pilot_log.parent.mkdir(parents=True)
    world.home.pilot_log.write_text(log)
    recipe = world.recipe(SMALL.replace("pilot: {", f"pilot: {{log: {world.home.pilot_log}, "))
    recipe.write_text(recipe.read_text().replace("watch: {", "watch: {stall_minutes: 0.02, "))
    ended = world.campaign("auto", "--recipe", str(recipe), "--campaign-target", str(TARGET))
    assert ended.returncode in {1, 3, 6}, ended.stdout + ended.stderr
    assert not (world.home.training / "runs").exists()
    assert world.state["phase"] in {"validation_failed", "paused"}
    return world.state


@pytest.mark.fault(row=19)
@pytest.mark.parametrize(
    "last",
    [
        pytest.param("Progress: 0/0", id="nothing of nothing", marks=pytest.mark.slow),
        pytest.param("Progress: 5/0", id="five of nothing", marks=pytest.mark.slow),
        pytest.param("Progress: 999/20", id="more than all"),
        pytest.param("Progress: 4/4", id="all of one domain"),
        pytest.param("Progress: 12/20\nProgress: 7/20", id="backwards", marks=pytest.mark.slow),
    ],
)
def test_progress_that_completes_nothing(world: World, last: str) -> None:
    state = judged(world, "".join(GOOD[:10]) + f"{last}\n")

    assert state["phase"] == "paused"
    assert state["pilot_result"]["is_complete"] is False
    assert state["pilot_result"]["problems"]


@pytest.mark.fault(row=20)
@pytest.mark.parametrize(
    "score", ["nan", "82", *(pytest.param(score, marks=pytest.mark.slow) for score in ("inf", "-0.1", "0.9 0.8"))]
)
def test_a_score_that_cannot_be_one(world: World, score: str) -> None:
    state = judged(
        world, "".join(GOOD).replace("quality_score: 0.9\nProgress: 7/", f"quality_score: {score}\nProgress: 7/")
    )

    assert state["phase"] == "validation_failed"
    assert state["validation_result"]["verdict"] == "ERROR"
    assert world.read(world.home.pilot_status)["problems"]


@pytest.mark.fault(row=21)
def test_acceptance_is_no_quality(world: World) -> None:
    state = judged(world, "".join(f"Sample accepted\nProgress: {done}/20\n" for done in range(1, 21)))

    assert state["validation_result"]["approved"] is False
    assert "No quality scores" in state["validation_result"]["reason"]


@pytest.mark.slow
@pytest.mark.fault(row=27)
def test_an_approval_is_for_the_plan_that_it_was_given_to(world: World) -> None:
    waiting = world.campaign(*command(world), "--no-auto-launch")
    assert waiting.returncode == 5
    before = world.read(world.home.validation)["fingerprint"]

    refused = world.campaign("launch", *command(world, more="seed: 7\n")[1:])
    again = world.campaign(*command(world, more="seed: 7\n"), "--no-auto-launch")

    assert refused.returncode == 2
    assert "was made by another plan: seed was 65816, now 7" in refused.stdout + refused.stderr
    assert again.returncode == 5
    assert world.read(world.home.validation)["fingerprint"] != before
    assert campaigns(world) == 0


@pytest.mark.fault(row=45)
def test_another_plan_under_the_same_name(world: World, undisturbed: Any) -> None:
    first = world.start_campaign(*command(world))
    wait_until(lambda: world.accepted(RUN) >= 5)
    first.kill()
    first.communicate()

    other = world.campaign(*command(world, more=f"seed: 7\ncampaign: {{output_name: {RUN}}}\n"))
    done = world.campaign(*command(world))

    assert other.returncode == 2, other.stderr
    assert "seed" in other.stderr
    assert done.returncode == 0
    check_end(world, undisturbed.contents)
