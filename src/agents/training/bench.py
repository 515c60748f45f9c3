"""Where the CPU work is done: in this process, or in worker processes; the results are the same.

Owns the workers and what travels to them. Never knows what the work is.

A call is ``function(context, argument)`` with a module-level function. Calls that wait are sent to a worker together,
so that a trip costs little for each. Calls of one ``lane`` go to one worker, where what an earlier one computed may be
at hand. A worker reads from a socket and ends when the other side of it is closed, which
the kernel does for a bench that was killed; SIGINT and SIGTERM are left to the bench's own process.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import pickle
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from agents.campaign.errors import CampaignError, PausedError

BATCH = 32
"""Most calls of one trip."""
STRETCH_SECONDS = 0.002
"""For how long calls may follow each other in this process before other tasks have their turn."""
_TRIPS_PER_WORKER = 2
"""One to work on and one to find in the socket when it is done."""
_LENGTH = struct.Struct("!Q")
_END_SECONDS = 5.0

C_co = TypeVar("C_co", covariant=True)
A = TypeVar("A")
R = TypeVar("R")


class Bench(Protocol[C_co]):
    """Does work that is asked for; an async context manager."""

    async def run(self, function: Callable[[C_co, A], R], argument: A, lane: int = 0) -> R:
        """Return ``function(context, argument)``; calls of one ``lane`` are done where earlier ones of it were.

        Raises:
            CampaignError: as the function raised it; what else it raises is a fault of its code, and told as that.
            PausedError: the worker that had the call was killed.
        """
        ...

    async def run_all(self, function: Callable[[C_co, A], R], calls: Sequence[tuple[A, int]]) -> list[R]:
        """Return the results of calls with an argument and a lane each, in their order; raises as ``run`` does."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InlineBench(Bench[C_co]):
    """Works in this process, one call after the other."""

    def __init__(self, context: C_co) -> None:
        self._context = context

    async def run(self, function: Callable[[C_co, A], R], argument: A, lane: int = 0) -> R:
        """Return ``function(context, argument)``; lets other tasks go first. There is one lane."""
        await asyncio.sleep(0)
        return self._done(function, argument)

    async def run_all(self, function: Callable[[C_co, A], R], calls: Sequence[tuple[A, int]]) -> list[R]:
        """Return the results; lets other tasks go first, and after each stretch."""
        results: list[R] = []
        until = -math.inf
        for argument, _ in calls:
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                until = time.monotonic() + STRETCH_SECONDS
            results.append(self._done(function, argument))
        return results

    def _done(self, function: Callable[[C_co, A], R], argument: A) -> R:
        try:
            return function(self._context, argument)
        except CampaignError:
            raise
        except Exception as error:
            raise _broken(function.__qualname__, traceback.format_exc()) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@dataclass(slots=True)
class _Call:
    function: Callable[[Any, Any], Any]
    argument: Any
    result: asyncio.Future[Any]


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    waiting: deque[_Call] = field(default_factory=deque)
    trips: deque[list[_Call]] = field(default_factory=deque)
    listener: asyncio.Task[None] | None = None


class WorkerBench(Bench[C_co]):
    """Works in ``workers`` processes; ``context`` is sent to each of them once and must be picklable."""

    def __init__(self, context: C_co, workers: int) -> None:
        self._context = context
        self._count = workers
        self._workers: list[_Worker] = []
        self._failure: CampaignError | None = None

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    async def run(self, function: Callable[[C_co, A], R], argument: A, lane: int = 0) -> R:
        """Return ``function(context, argument)``."""
        return await self._sent(function, argument, lane)

    async def run_all(self, function: Callable[[C_co, A], R], calls: Sequence[tuple[A, int]]) -> list[R]:
        """Return the results."""
        return await asyncio.gather(*(self._sent(function, argument, lane) for argument, lane in calls))

    def _sent(self, function: Callable[[C_co, A], R], argument: A, lane: int) -> asyncio.Future[R]:
        """Return the future result of a call that is sent with others."""
        if self._failure is not None:
            raise self._failure
        loop = asyncio.get_running_loop()
        result: asyncio.Future[R] = loop.create_future()
        worker = self._workers[lane % len(self._workers)]
        if not worker.waiting:
            loop.call_soon(self._dispatch, worker)
        worker.waiting.append(_Call(function, argument, result))
        return result

    async def __aenter__(self) -> Self:
        hello = pickle.dumps((sys.path, pickle.dumps(self._context)))
        for _ in range(self._count):
            worker = await _start_worker()
            self._workers.append(worker)
            worker.writer.write(_LENGTH.pack(len(hello)) + hello)
            worker.listener = asyncio.create_task(self._listen(worker))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            if worker.listener is not None:
                worker.listener.cancel()
            worker.writer.transport.abort()
        for worker in self._workers:
            await asyncio.to_thread(_end, worker.process)
        self._workers.clear()

    def _dispatch(self, worker: _Worker) -> None:
        while worker.waiting and len(worker.trips) < _TRIPS_PER_WORKER:
            calls = [worker.waiting.popleft() for _ in range(min(BATCH, len(worker.waiting)))]
            trip = pickle.dumps([(call.function, call.argument) for call in calls], pickle.HIGHEST_PROTOCOL)
            worker.trips.append(calls)
            worker.writer.write(_LENGTH.pack(len(trip)) + trip)

    async def _listen(self, worker: _Worker) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(await worker.reader.readexactly(_LENGTH.size))
                answers = pickle.loads(await worker.reader.readexactly(length))  # noqa: S301 -- from our own worker
                for call, (ok, value) in zip(worker.trips.popleft(), answers, strict=True):
                    if not call.result.done():
                        if ok:
                            call.result.set_result(value)
                        else:
                            is_told = isinstance(value, CampaignError)
                            call.result.set_exception(value if is_told else _broken(call.function.__qualname__, value))
                self._dispatch(worker)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._fail(_gone(worker.process.pid, await asyncio.to_thread(_end, worker.process)))

    def _fail(self, failure: CampaignError) -> None:
        self._failure = failure
        for worker in self._workers:
            for call in (*worker.waiting, *(call for trip in worker.trips for call in trip)):
                if not call.result.done():
                    call.result.set_exception(failure)
            worker.waiting.clear()


async def _start_worker() -> _Worker:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-c", "from agents.training import bench; bench.work()", str(theirs.fileno())]
        process = subprocess.Popen(  # noqa: S603 -- our own program
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, process_group=0
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    return _Worker(process, reader, writer)


def _end(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def work() -> None:
    """Serve calls from the socket whose descriptor is the last argument, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[-1])) as channel, channel.makefile("rb") as requests:
        path, context_bytes = _received(requests)
        sys.path[:] = path
        context = pickle.loads(context_bytes)  # noqa: S301 -- from the process that started this one
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                answers = [_called(context, function, argument) for function, argument in _received(requests)]
                trip = pickle.dumps(answers, pickle.HIGHEST_PROTOCOL)
                channel.sendall(_LENGTH.pack(len(trip)) + trip)


def _received(requests: Any) -> Any:
    head = requests.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    body = requests.read(_LENGTH.unpack(head)[0])
    return pickle.loads(body)  # noqa: S301 -- from the process that started this one


def _called(context: Any, function: Callable[[Any, Any], Any], argument: Any) -> tuple[bool, Any]:
    try:
        return True, function(context, argument)
    except CampaignError as error:
        return False, error
    except Exception:
        return False, traceback.format_exc()


def _broken(function: str, trace: str) -> CampaignError:
    return CampaignError(
        f"{function} raised an exception:\n{trace.rstrip()}",
        "this is a fault in the code named in the last lines above; mend it and run the same command again",
    )


def _gone(pid: int, code: int) -> PausedError:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return PausedError(
        f"worker process {pid} {how}",
        "run the same command again: nothing is lost; where memory ran out, give fewer --workers",
    )
