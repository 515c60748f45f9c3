"""A teacher that is asked by the batch: many requests in one file, answered within a day for half the price.

Owns when a batch begins, and its way from there to its end. Who waits for it belongs to ``batch_waiting``, what is on
disk to ``batch_folder``, what is said to a server to ``batch_server``.

Every step is on disk before the next one: a killed run takes up the batches that it left, and pays for none twice.
An answer that nobody waits for any more stays there, for whoever asks for that ticket again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training.batches import AGAIN, FAILED, Batch, Standing, State
from agents.training.sample import Reply
from agents.training.teachers import Request
from agents.training.teachers.access import accesses_of
from agents.training.teachers.batch_folder import BatchFolder
from agents.training.teachers.batch_waiting import WaitingList
from agents.training.teachers.forms import Forms

if TYPE_CHECKING:
    from agents.training.teachers.batch_server import BatchServer

POLL_SECONDS, GATHER_SECONDS = 30.0, 2.0
FIRST_POLL_SECONDS, LATER = 1.0, 1.5
"""Between the first two looks at a batch, and by how much longer between later ones."""
LONGEST_REST = 600.0
"""Seconds without a new batch after several of which nothing came; doubled with each, from two looks at a batch."""


class BatchTeacher:
    """Asks one model by the batch; an async context manager. Raises UsageError where a key is missing.

    Args:
        model: how it is asked; every address with every key takes batches.
        environment: has the keys, and OPENAI_BASE_URL where the model has no address.
        folder: where the batches are recorded; it belongs to this run, and to one question for each of its tickets.
        run: what the batches are called on their server.
        size: requests of one batch at most.
        clock: measures durations.
        say: hears a line about each step.
        schemas: JSON schemas of answers, by domain.
        poll_seconds: between two looks at a batch, once it has taken a while.
        gather_seconds: when no request has come for so long, those that are there make a batch.
    """

    def __init__(
        self,
        model: ModelSection,
        environment: Mapping[str, str],
        folder: Path,
        run: str,
        size: int,
        clock: Clock,
        *,
        say: Callable[[str], None],
        schemas: Mapping[str, Mapping[str, Any]] | None = None,
        poll_seconds: float = POLL_SECONDS,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        self._model = model.model_copy(update={"stream": False})
        self._accesses = {(access.address, access.variable): access for access in accesses_of(model, environment, say)}
        self._path = folder
        self._run = run
        self._size = size
        self._clock = clock
        self._say = say
        self._schemas = schemas or {}
        self._poll_seconds = poll_seconds
        self._gather_seconds = gather_seconds
        self._folder: BatchFolder
        self._waiting: WaitingList
        self._servers: dict[tuple[str, str], BatchServer] = {}
        self._barren = 0  # batches in a row of which nothing came
        self._tasks: dict[asyncio.Task[None], int] = {}  # the number of the batch that it follows, or 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Take up the batches that are under way.

        Raises:
            DamagedFileError: the record of one is damaged.
            CampaignError: the folder cannot be written to.
        """
        from agents.training.teachers.batch_server import BatchServer  # noqa: PLC0415 -- aiohttp, where it is needed

        forms = Forms(self._model, self._schemas, self._model.model, self._say)
        self._folder = BatchFolder(self._path, forms)
        self._waiting = WaitingList(self._model, self._folder, self._schemas, forms)
        for place, access in self._accesses.items():
            server = BatchServer(access, self._model.timeout_seconds, self._clock)
            self._servers[place] = await self._stack.enter_async_context(server)
        for batch in self._folder.under_way():
            self._start(self._take_up(batch), batch.number)
        self._start(self._gather())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave batches that are under way on their servers: the next start collects them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stack.aclose()
        for batch in self._folder.under_way():
            if batch.state is State.SUBMITTED:
                self._say(f"Batch {batch.number}: left on its server ({batch.id}); the next start collects it")

    async def answer(self, request: Request) -> Reply:
        """Return what the model said, or a FAILED reply where that can never be, or not within ``model.tries``.

        Raises:
            PausedError: a person must mend something; batches that are under way are collected by the next start.
            ValueError: somebody waits for the answer to this ticket already.
        """
        return await self._waiting.answer(request)

    async def _gather(self) -> None:
        """Begin a batch whenever there are enough requests, or no more come."""
        while True:
            await self._waiting.came.wait()
            while len(self._waiting) < self._size and await self._another_comes():
                pass
            if self._barren:
                await asyncio.sleep(min(LONGEST_REST, self._poll_seconds * 2**self._barren))
            if self._waiting:
                batch = self._begun()
                self._start(self._submit(batch), batch.number)
            else:
                self._waiting.came.clear()

    async def _another_comes(self) -> bool:
        came = self._waiting.came
        came.clear()
        try:
            async with asyncio.timeout(self._gather_seconds):
                await came.wait()
        except TimeoutError:
            came.set()
            return False
        return True

    def _begun(self) -> Batch:
        """Write a new batch of those who wait the longest, for the server that has the fewest."""
        load = Counter((batch.address, batch.variable) for batch in self._folder.under_way())
        place = min(self._servers, key=lambda place: load[place])
        batch = self._folder.begin(uuid4().hex, *place, self._waiting.requests(self._size))
        self._waiting.begin(batch.tickets)
        return batch

    async def _submit(self, batch: Batch) -> None:
        server = self._server_of(batch)
        file_id = await server.upload(self._folder.requests(batch.number))
        standing = await server.create(batch, file_id, self._run)
        batch = self._folder.submitted(batch, standing.id)
        self._say(f"Batch {batch.number}: {len(batch.tickets):,} requests submitted ({batch.id})")
        await self._follow(batch)

    async def _take_up(self, batch: Batch) -> None:
        """Go on with a batch that an earlier start has left."""
        if batch.state is State.INTENDED:
            standing = await self._server_of(batch).find(batch.mark)
            if standing is None:
                self._folder.drop(batch)
                self._say(f"Batch {batch.number}: it never reached its server, its requests are submitted again")
                self._waiting.put_back(batch.tickets)
                return
            batch = self._folder.submitted(batch, standing.id)
        self._say(f"Batch {batch.number}: {len(batch.tickets):,} requests are under way ({batch.id})")
        await self._follow(batch)

    async def _follow(self, batch: Batch) -> None:
        """Wait for the end of a batch, and hand out what came back."""
        server, done = self._server_of(batch), 0
        pause = min(FIRST_POLL_SECONDS, self._poll_seconds)
        while not (standing := await server.standing(batch)).is_over:
            if standing.done != done:
                done = standing.done
                self._say(f"Batch {batch.number}: {done:,} of {len(batch.tickets):,} done")
            await asyncio.sleep(pause)
            pause = min(LATER * pause, self._poll_seconds)
        if standing.status == FAILED:
            await self._fail(batch, standing)
        else:
            await self._collect(batch, standing)

    async def _fail(self, batch: Batch, standing: Standing) -> None:
        """Forget a batch that its server did not take; where it only lacked room, ask again when another one ends."""
        self._folder.drop(batch)
        others = {other.number for other in self._folder.under_way()}
        if not (standing.is_crowded and others):
            raise PausedError(
                f"the server did not take batch {batch.number} ({batch.id}): {standing.problem}",
                f"mend what it names, or lower teacher.batch_size, {AGAIN}",
            )
        self._say(f"Batch {batch.number}: there is no room for it beside the others, it waits for one to end")
        followers = [task for task, number in self._tasks.items() if number in others]
        await asyncio.wait(followers, return_when=asyncio.FIRST_COMPLETED)
        self._waiting.put_back(batch.tickets)

    async def _collect(self, batch: Batch, standing: Standing) -> None:
        """Store what came back, then hand it out."""
        with self._folder.collecting(batch) as results:
            for file_id in standing.files:
                await self._server_of(batch).download(file_id, results)
        counts = Counter({True: 0, False: 0})
        for result in self._folder.results(batch):
            counts[self._waiting.hand_out(result)] += 1
            await asyncio.sleep(0)  # what was handed out is judged meanwhile
        self._barren = 0 if counts[True] else self._barren + 1
        ending = "collected" if standing.status == "completed" else f"{standing.status}, collected"
        self._say(f"Batch {batch.number}: {ending} {counts[True]:,}, {counts[False]:,} to be asked again")

    def _server_of(self, batch: Batch) -> BatchServer:
        place = batch.address, batch.variable
        if place not in self._servers:
            key = f" with the key of {batch.variable}" if batch.variable else ""
            raise PausedError(
                f"batch {batch.number} is at {batch.address}{key}, which the recipe no longer names",
                f"name it again, {AGAIN}",
            )
        return self._servers[place]

    def _start(self, work: Coroutine[Any, Any, None], number: int = 0) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = number
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._waiting.fail(failure)
