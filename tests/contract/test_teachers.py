"""What every teacher promises. A new teacher is one more subclass."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from agents.campaign.clock import SystemClock
from agents.campaign.models import ModelSection
from agents.training import domains
from agents.training.bench import Bench, InlineBench
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply, Ticket
from agents.training.scripts.stand_in import Knobs, StandIn, application
from agents.training.teachers import Request, Teacher
from agents.training.teachers.batch import BatchTeacher
from agents.training.teachers.chat import ChatTeacher
from agents.training.teachers.procedural import ProceduralTeacher

NAME = domains.names()[0]
DOMAINS: Domains = {NAME: domains.load(NAME)}


def requests(count: int) -> list[Request]:
    domain = DOMAINS[NAME]
    every = list(domain.cells())
    items = [domain.item(every[n * len(every) // count], n, 1) for n in range(count)]
    return [Request(Ticket("run", n, item, n), domain.prompt(item, n)) for n, item in enumerate(items)]


class TeacherContract(ABC):
    @abstractmethod
    def teacher(self, bench: Bench[Domains]) -> AbstractAsyncContextManager[Teacher]:
        """Return the teacher that is held to the contract."""

    def replies(self, asked: list[Request]) -> list[Reply]:
        async def main() -> list[Reply]:
            async with InlineBench(DOMAINS) as bench, self.teacher(bench) as teacher:
                return list(await asyncio.gather(*(teacher.answer(request) for request in asked)))

        return asyncio.run(asyncio.wait_for(main(), 60))

    def test_every_request_gets_a_reply_that_names_its_model(self) -> None:
        for reply in self.replies(requests(20)):
            assert reply.outcome in Outcome
            assert reply.model
            assert bool(reply.text.strip()) or reply.outcome is not Outcome.ANSWERED

    def test_replies_belong_to_their_requests(self) -> None:
        asked = requests(12)
        together = self.replies(asked)
        assert together == [reply for request in asked for reply in self.replies([request])]

    def test_one_who_waits_no_more_leaves_the_others_their_answers(self) -> None:
        async def main() -> list[Reply]:
            async with InlineBench(DOMAINS) as bench, self.teacher(bench) as teacher:
                impatient, *others = [asyncio.create_task(teacher.answer(request)) for request in requests(8)]
                await asyncio.sleep(0)
                impatient.cancel()
                return list(await asyncio.gather(*others))

        assert [reply.outcome for reply in asyncio.run(asyncio.wait_for(main(), 60))] == [Outcome.ANSWERED] * 7


class TestProceduralTeacher(TeacherContract):
    @asynccontextmanager
    async def teacher(self, bench: Bench[Domains]) -> AsyncIterator[Teacher]:
        yield ProceduralTeacher(bench, fault_rate=0.3, seed=1)


@asynccontextmanager
async def served() -> AsyncIterator[ModelSection]:
    """Yield a model that the project's own server answers for."""
    async with TestServer(application(StandIn(Knobs()), asyncio.Event())) as server:
        yield ModelSection(model="m", base_url=str(server.make_url("/v1")))


class TestChatTeacher(TeacherContract):
    @asynccontextmanager
    async def teacher(self, bench: Bench[Domains]) -> AsyncIterator[Teacher]:
        async with served() as model, ChatTeacher({"m": model}, "m", {}, 8, SystemClock()) as teacher:
            yield teacher


class TestBatchTeacher(TeacherContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def teacher(self, bench: Bench[Domains]) -> AsyncIterator[Teacher]:
        patience = {"poll_seconds": 0.01, "gather_seconds": 0.01}
        async with served() as model:
            batches = BatchTeacher(model, {}, self.folder, "r", 5, SystemClock(), say=lambda _: None, **patience)
            async with batches as teacher:
                yield teacher
