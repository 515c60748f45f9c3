"""How a model is evaluated: it is asked the tickets that its training never saw, and its answers are proved.

Owns which models are asked and how they draw their answers, and what a signal does. The evaluation itself belongs to
``examining``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.follow_ups import BASE
from agents.campaign.home import Home
from agents.campaign.recipe import Recipe
from agents.training.evaluation.examining import EvaluationWish, Examiner, Progressed, Say
from agents.training.evaluation.questions import examination
from agents.training.evaluation.results import Question
from agents.training.evaluation.student import Student, check_before, student_before, student_behind, student_in
from agents.training.evaluation.trainings import newest_training
from agents.training.stop_requests import SIGNALS
from agents.training.teachers.local import Sampling

LEAST_ROOM, MOST_ROOM, CHARACTERS_PER_TOKEN = 256, 8_192, 2
"""An answer may have as many tokens as the longest one of the split has characters, halved, in these bounds."""
DRAWN = 0.7
"""The temperature where several answers to one question are wanted."""


def evaluate(
    home: Home,
    wish: EvaluationWish,
    environment: Mapping[str, str],
    clock: Clock,
    say: Say = lambda _: None,
    progressed: Progressed = lambda *_: None,
) -> dict[str, Any]:
    """Ask, judge and return the report, which is written too; ``progressed`` hears how many answers are there of all.

    Run in the main thread: SIGINT or SIGTERM lets the questions under way be answered and kept, a second one does not.

    Raises:
        UsageError: the dataset or a model is not there, or cannot be evaluated, or no cost could be known.
        AlreadyRunningError: this evaluation is at work elsewhere.
        PausedError: stopped, the cap on money is reached, or the model cannot be asked: the same command asks what is
            missing.
        CampaignError: whatever else must be mended first.
    """

    async def until_signal() -> dict[str, Any]:
        stop, loop, task = asyncio.Event(), asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 -- this is one

        def stopped() -> None:
            if stop.is_set():
                task.cancel()
            else:
                say("stopping when the questions under way are answered")
                stop.set()

        for number in SIGNALS:
            loop.add_signal_handler(number, stopped)
        return await evaluated(home, wish, environment, clock, say, progressed, stop)

    try:
        return asyncio.run(until_signal())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise PausedError("stopped at once on a second signal", "run the same command again") from None


async def evaluated(
    home: Home,
    wish: EvaluationWish,
    environment: Mapping[str, str],
    clock: Clock,
    say: Say,
    progressed: Progressed,
    stop: asyncio.Event,
) -> dict[str, Any]:
    """Return the report as ``evaluate`` does; ends early, with PausedError, when ``stop`` is set."""
    _check(wish)
    exam = await asyncio.to_thread(examination, home, wish.dataset, wish.recipe)
    if wish.model is None and wish.alias is None:
        newest = await asyncio.to_thread(newest_training, home.models, exam.name, exam.fingerprint)
        say(f"the newest training of {exam.name} is of {newest.created:%Y-%m-%d %H:%M}: {newest.folder}")
        wish = replace(wish, model=newest.folder)
    sampling = _sampling(wish, exam.questions)
    students = await asyncio.to_thread(_students, wish, exam.recipe, sampling, environment, clock, say)
    return await Examiner(home, wish, exam, sampling, clock, say, progressed, stop).report(students)


def _check(wish: EvaluationWish) -> None:
    if wish.model is not None and wish.alias is not None:
        raise UsageError("one model is evaluated", "give --model FOLDER, or --alias NAME of a recipe")
    if wish.alias is not None and wish.before == BASE:
        raise UsageError(
            f"nobody knows what the model behind {wish.alias!r} was before its training",
            "give that model: --before FOLDER, or ALIAS; or --model FOLDER instead of --alias",
        )
    counts = {"count": wish.count, "samples": wish.samples, "max_tokens": wish.max_tokens, "batch": wish.batch}
    for name, value in counts.items():
        if value is not None and value < 1:
            raise UsageError(f"{name} = {value} asks for nothing", "give a positive number")
    if wish.max_cost is not None and not 0.0 < wish.max_cost < inf:
        raise UsageError(f"max_cost = {wish.max_cost:g} is no cap", "give a positive number, in the prices' currency")


def _students(
    wish: EvaluationWish,
    recipe: Recipe,
    sampling: Sampling,
    environment: Mapping[str, str],
    clock: Clock,
    say: Say,
) -> dict[str, Student]:
    """Return whom to ask, by the role ``after`` training and perhaps ``before``."""

    def behind(alias: str) -> Student:
        student = student_behind(alias, recipe, sampling, environment, clock, say)
        if wish.max_cost is not None and None in recipe.prices(alias):
            raise UsageError(
                f"--max-cost is given and the prices of model {alias!r} are not: no cost could be known",
                f"set models.{alias}.input_price and output_price in the recipe, the prices of a million tokens, or "
                "costs.input and costs.output",
            )
        return student

    def inside(folder: Path) -> Student:
        return student_in(folder, sampling, wish.batch, say)

    students = {"after": behind(str(wish.alias)) if wish.model is None else inside(wish.model)}
    if wish.before == BASE and wish.model is not None:
        before = student_before(wish.model, sampling, wish.batch, say)
        return students if before is None else students | {"before": before}
    if wish.before is not None:
        check_before(wish.before, recipe)
        students["before"] = behind(wish.before) if wish.before in recipe.models else inside(Path(wish.before))
    return students


def _sampling(wish: EvaluationWish, questions: Sequence[Question]) -> Sampling:
    temperature = wish.temperature
    if temperature is None:
        temperature = DRAWN if wish.samples > 1 else 0.0
    if wish.samples > 1 and temperature == 0.0:
        raise UsageError(f"{wish.samples} answers at temperature 0 are all the same", "raise it, or ask for one answer")
    longest = max((question.room for question in questions), default=0)
    room = min(MOST_ROOM, max(LEAST_ROOM, longest // CHARACTERS_PER_TOKEN))
    return Sampling(temperature, wish.max_tokens or room, wish.seed)
