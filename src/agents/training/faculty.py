"""The faculty of a run: its teacher and its judges, as the plan names them, ready to be asked.

Owns who is made from which part of a plan. Never asks them.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from agents.campaign.clock import Clock
from agents.campaign.recipe import BATCH_SIZE
from agents.training.bench import Bench
from agents.training.calls import Asked, Judge
from agents.training.judge import Domains
from agents.training.opinion import SCHEMA
from agents.training.preflight import Prepared
from agents.training.teachers import Teacher
from agents.training.teachers.procedural import Drift, ProceduralTeacher

if TYPE_CHECKING:
    from agents.training.teachers.chat import ChatTeacher


@contextlib.asynccontextmanager
async def faculty(
    prepared: Prepared,
    bench: Bench[Domains],
    environment: Mapping[str, str],
    clock: Clock,
    say: Callable[[str], None],
    drift: Drift | None = None,
) -> AsyncIterator[Asked]:
    """Yield whom the run ``prepared`` asks; ``say`` hears what a person would want to know of them."""
    recipe = prepared.plan.recipe
    judged = {name: section.judge.model for name, section in recipe.domains.items() if section.judge is not None}
    async with contextlib.AsyncExitStack() as stack:
        teacher: Teacher
        if recipe.teacher.kind == "procedural":
            teacher = ProceduralTeacher(bench, recipe.teacher.fault_rate, recipe.seed, drift)
        elif recipe.teacher.kind == "batch":
            teacher = await stack.enter_async_context(_batch_teacher(prepared, environment, clock, say))
        else:
            own = str(recipe.teacher.model)
            teacher = await stack.enter_async_context(_chat(prepared, own, environment, clock, say, prepared.schemas))
        judges: dict[str, Judge] = {}
        for alias in sorted(set(judged.values())):
            domains = [name for name, of in judged.items() if of == alias]
            schemas = dict.fromkeys(domains, SCHEMA)
            chat = await stack.enter_async_context(_chat(prepared, alias, environment, clock, say, schemas))
            judges |= dict.fromkeys(domains, Judge(chat, alias, prepared.tariff_of(alias)))
        yield Asked(teacher, prepared.tariff, judges, takes_up=recipe.teacher.kind == "batch")


def _chat(
    prepared: Prepared,
    alias: str,
    environment: Mapping[str, str],
    clock: Clock,
    say: Callable[[str], None],
    schemas: Mapping[str, Mapping[str, object]],
) -> ChatTeacher:
    from agents.training.teachers.chat import ChatTeacher  # noqa: PLC0415 -- aiohttp, where a model is asked

    recipe = prepared.plan.recipe
    return ChatTeacher(recipe.models, alias, environment, recipe.speed.in_flight, clock, schemas, say)


def _batch_teacher(
    prepared: Prepared, environment: Mapping[str, str], clock: Clock, say: Callable[[str], None]
) -> contextlib.AbstractAsyncContextManager[Teacher]:
    from agents.training.teachers.batch import BatchTeacher  # noqa: PLC0415 -- aiohttp, where a model is asked

    recipe = prepared.plan.recipe
    return BatchTeacher(
        recipe.models[str(recipe.teacher.model)],
        environment,
        prepared.paths.folder / "batches",
        prepared.header.run,
        recipe.teacher.batch_size or BATCH_SIZE,
        clock,
        schemas=prepared.schemas,
        say=say,
    )
