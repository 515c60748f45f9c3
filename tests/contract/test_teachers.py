"""What every teacher promises. A new teacher is one more subclass."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from agents.training import domains
from agents.training.bench import Bench, InlineBench
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply, Ticket
from agents.training.teachers import Request, Teacher
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
    def teacher(self, bench: Bench[Domains]) -> Teacher:
        """Return the teacher that is held to the contract."""

    def replies(self, asked: list[Request]) -> list[Reply]:
        async def main() -> list[Reply]:
            async with InlineBench(DOMAINS) as bench:
                teacher = self.teacher(bench)
                return list(await asyncio.gather(*(teacher.answer(request) for request in asked)))

        return asyncio.run(main())

    def test_every_request_gets_a_reply_that_names_its_model(self) -> None:
        for reply in self.replies(requests(20)):
            assert reply.outcome in Outcome
            assert reply.model
            assert bool(reply.text.strip()) or reply.outcome is not Outcome.ANSWERED

    def test_replies_belong_to_their_requests(self) -> None:
        asked = requests(12)
        together = self.replies(asked)
        assert together == [reply for request in asked for reply in self.replies([request])]


class TestProceduralTeacher(TeacherContract):
    def teacher(self, bench: Bench[Domains]) -> Teacher:
        return ProceduralTeacher(bench, fault_rate=0.3, seed=1)
