"""Rows about a teacher that is asked by the batch: killed at any step, late answers, an account that is used up.

As a program, this file is a generator that asks such a teacher: it is killed, and started again.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from batch_world import CREATE, LOOK, RESULTS, UPLOAD, Handler, World, within
from tiny_run import GOAL, TinyRun, audit

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training.teachers import Teacher
from agents.training.teachers.batch import BatchTeacher

TICKETS, SIZE = 60, 25
PILOT = replace(GOAL, kind="pilot", total=TICKETS, budget=TICKETS)
STEPS = [(step, when) for step in (UPLOAD, CREATE, LOOK, RESULTS) for when in ("before", "after")]
QUICK = [(UPLOAD, "after"), (CREATE, "after"), (RESULTS, "after")]


def teacher_at(url: str, folder: Path) -> BatchTeacher:
    model = ModelSection(model="m", base_url=url, tries=20)
    timing = {"poll_seconds": 0.01, "gather_seconds": 0.05}
    return BatchTeacher(model, {}, folder, "test", SIZE, SystemClock(), say=lambda _: None, **timing)


async def generated(run: TinyRun, url: str) -> None:
    async with teacher_at(url, run.path.parent / "batches") as teacher:
        await asked(run, teacher)


async def asked(run: TinyRun, teacher: Teacher) -> None:
    await replace(run, teacher=lambda _: teacher, in_flight=TICKETS)._go()


def attempts(path: Path) -> Counter[str]:
    with closing(sqlite3.connect(path)) as ledger:
        return Counter(outcome for (outcome,) in ledger.execute("SELECT outcome FROM attempts"))


def settled(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as ledger:
        return ledger.execute("SELECT s.seq, s.attempt, s.quality FROM samples s ORDER BY s.seq").fetchall()


@pytest.fixture
def run(tmp_path: Path) -> TinyRun:
    return TinyRun(tmp_path / "ledger.sqlite", goal=PILOT)


async def started(path: Path, url: str) -> asyncio.subprocess.Process:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return await asyncio.create_subprocess_exec(sys.executable, __file__, str(path), url, env=environment)


@pytest.mark.fault(row=5)
@pytest.mark.parametrize(
    ("step", "when"),
    [pytest.param(*one, marks=() if one in QUICK else pytest.mark.slow, id=f"{one[1]} {one[0][:14]}") for one in STEPS],
)
def test_a_generator_killed_at_any_step_pays_for_no_answer_twice(run: TinyRun, step: str, when: str) -> None:
    async def test(world: World) -> None:
        seen = 0

        async def killing(request: web.Request, handler: Handler) -> web.StreamResponse:
            nonlocal seen
            seen += 1
            if seen != 2:
                return await handler(request)
            response = await handler(request) if when == "after" else web.Response(status=503)
            process.kill()
            await process.wait()
            return response

        world.doors[step] = killing
        process = await started(run.path, world.url)
        assert await process.wait() == -9
        process = await started(run.path, world.url)
        assert await process.wait() == 0
        stats = world.stand_in.stats()
        assert stats["answered"] == stats["distinct"] == TICKETS
        audit(run.path)
        assert attempts(run.path)["answered"] == len(settled(run.path)) == TICKETS

    within(run.path.parent, test)


@pytest.mark.fault(row=39)
def test_tickets_that_were_given_up_take_their_late_answers_once(run: TinyRun) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match="nothing came back"):
            await generated(replace(run, silence_seconds=0.2), world.url)
        assert settled(run.path) == []
        world.stand_in.change({"batch_seconds": 0.1})
        await generated(run, world.url)
        assert attempts(run.path) == {"lost": TICKETS, "answered": TICKETS}
        assert world.stand_in.stats()["batches"] == 3, "the late answers are the only ones that were paid"
        assert world.stand_in.answered == TICKETS
        audit(run.path)

    within(run.path.parent, test, batch_seconds=60)


@pytest.mark.fault(row=39)
def test_a_late_answer_to_a_ticket_that_is_settled_changes_nothing(run: TinyRun) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match="nothing came back"):
            await generated(replace(run, silence_seconds=0.2), world.url)
        await run._go()
        before, tried = settled(run.path), attempts(run.path)
        assert len(before) == TICKETS
        world.stand_in.change({"batch_seconds": 0})
        async with teacher_at(world.url, world.folder) as teacher:
            while world.under_way():
                await asyncio.sleep(0.01)
            await asked(run, teacher)
        assert (settled(run.path), attempts(run.path)) == (before, tried)
        audit(run.path)

    within(run.path.parent, test, batch_seconds=60)


@pytest.mark.fault(row=36)
@pytest.mark.parametrize("knobs", [{"quota": 20}, {"revoke_after": 20}], ids=["quota", "key"])
def test_a_quota_or_a_key_that_ends_in_a_batch_pauses_and_the_cure_goes_on(run: TinyRun, knobs: dict[str, int]) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match="refuses"):
            await generated(run, world.url)
        audit(run.path)
        world.stand_in.change(dict.fromkeys(knobs))
        await generated(run, world.url)
        stats = world.stand_in.stats()
        assert stats["answered"] == stats["distinct"] == TICKETS
        audit(run.path)

    within(run.path.parent, test, **knobs)


@pytest.mark.fault(row=37)
def test_a_teacher_that_often_fails_or_expires_is_asked_again_within_a_budget(run: TinyRun) -> None:
    async def test(world: World) -> None:
        await generated(run, world.url)
        assert attempts(run.path) == {"answered": TICKETS}
        assert world.stand_in.answered == TICKETS
        audit(run.path)

    within(run.path.parent, test, faults="500=0.2,503=0.1,reset=0.05", batch_expires=0.1)


if __name__ == "__main__":
    asyncio.run(generated(TinyRun(Path(sys.argv[1]), goal=PILOT), sys.argv[2]))
