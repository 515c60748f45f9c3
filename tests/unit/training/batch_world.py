"""A stand-in that takes batches, with somebody at its door who can let calls fail, and batch teachers that ask it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.campaign.clock import SystemClock
from agents.campaign.models import ModelSection
from agents.training.batches import Batch
from agents.training.sample import Cell, Message, Reply, SourceItem, Ticket
from agents.training.scripts.stand_in import application
from agents.training.scripts.stand_in_decisions import StandIn
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.teachers import Request
from agents.training.teachers.access import unheard
from agents.training.teachers.batch import BatchTeacher
from agents.training.teachers.batch_folder import BatchFolder
from agents.training.teachers.forms import Forms

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Door = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
UPLOAD, CREATE, LIST = "POST /v1/files", "POST /v1/batches", "GET /v1/batches"
LOOK, RESULTS = r"GET /v1/batches/\w+", r"GET /v1/files/[\w-]+/content"


def request(number: int, domain: str = "d") -> Request:
    ticket = Ticket("run", number, SourceItem(domain, Cell("f", 1), {"n": number}))
    return Request(ticket, (Message("system", "Be brief."), Message("user", f"Question {number}?")))


def requests(count: int) -> list[Request]:
    return [request(number) for number in range(count)]


@dataclass
class HandClock(SystemClock):
    """A clock that goes by itself until ``seconds`` are set."""

    seconds: float | None = None

    def monotonic(self) -> float:
        return super().monotonic() if self.seconds is None else self.seconds


@dataclass
class World:
    """``clock`` is the stand-in's; ``doors`` stand before calls, by a pattern of their method and path.

    ``said`` is what teachers told, ``calls`` is what came to the doors.
    """

    folder: Path
    stand_in: StandIn
    url: str
    clock: HandClock
    doors: dict[str, Door] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def teacher(self, size: int = 1_000, asks: dict[str, Any] | None = None, **options: Any) -> BatchTeacher:
        model = ModelSection.model_validate({"model": "m", "base_url": self.url, **(asks or {})})
        environment = {"OPENAI_API_KEY": "right", "OTHER_KEY": "other"}
        options = {"poll_seconds": 0.005, "gather_seconds": 0.01, **options}
        return BatchTeacher(
            model, environment, self.folder, "run", size, SystemClock(), say=self.said.append, **options
        )

    async def answered(self, asked: list[Request], size: int = 1_000, **options: Any) -> list[Reply]:
        async with self.teacher(size, **options) as teacher:
            return await asyncio.gather(*(teacher.answer(one) for one in asked))

    def uploads(self) -> list[bytes]:
        """Return the requests of every batch, the first batch first."""
        page = orjson.loads(self.stand_in.batches.listed(100, None, "right").pieces[0])
        files = [batch["input_file_id"] for batch in reversed(page["data"])]
        return [b"".join(self.stand_in.batches.content(file, "right").pieces) for file in files]

    def under_way(self) -> list[Batch]:
        """Return the batches that a start now would take up."""
        return BatchFolder(self.folder, Forms(ModelSection(model="m"), (), "m", unheard)).under_way()

    def told(self, pattern: str) -> list[str]:
        return [line for line in self.said if re.search(pattern, line)]


@asynccontextmanager
async def world(folder: Path, **knobs: Any) -> AsyncIterator[World]:
    clock = HandClock()
    stand_in = StandIn(Knobs.of({"batch_seconds": 0.02, **knobs}), clock=clock)
    made = World(folder, stand_in, "", clock)

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = f"{request.method} {request.path}"
        made.calls.append(call)
        found = next((door for pattern, door in made.doors.items() if re.fullmatch(pattern, call)), None)
        return await (found(request, handler) if found else handler(request))

    server = application(stand_in, asyncio.Event())
    server.middlewares.append(door)
    async with TestServer(server) as listening:
        made.url = str(listening.make_url("/v1"))
        yield made


def within(path: Path, test: Callable[[World], Awaitable[None]], **knobs: Any) -> None:
    """Run ``test`` with a world whose batches are recorded below ``path``."""

    async def main() -> None:
        async with asyncio.timeout(60), world(path / "batches", **knobs) as made:
            await test(made)

    asyncio.run(main())


def first(times: int, response: Callable[[], web.Response]) -> Door:
    """Answer the first calls with ``response``."""
    seen = 0

    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal seen
        seen += 1
        return response() if seen <= times else await handler(request)

    return door
