"""One simulated machine: time that costs nothing, processes with pids and boots, signals, and sudden death.

Knows nothing of campaigns. A process is a coroutine; what it opened is dropped when it dies, what it wrote stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.campaign.errors import CampaignError, ExitCode
from agents.campaign.process import Identity

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST_PID = 1_000
TICKS = 100
"""Clock ticks per second, in which start times are counted."""

Main = Callable[[], Coroutine[Any, Any, int]]


class KilledError(BaseException):
    """The simulated process that is running here is dead: nothing that it still does has an effect."""


class Clock:
    """Fake time. Wall time can jump; monotonic time begins again with each boot."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.jumped = 0.0
        self.booted = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.elapsed + self.jumped)

    def monotonic(self) -> float:
        return self.elapsed - self.booted


class Loop(asyncio.BaseEventLoop):
    """An event loop that jumps to the next timer instead of waiting for it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._selector = self
        self.set_task_factory(_new_task)
        self.set_exception_handler(_unhandled)

    def time(self) -> float:
        return self._clock.elapsed

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise RuntimeError("every simulated process waits for something that never happens")
        self._clock.elapsed += timeout
        return []

    def _process_events(self, _events: list[object]) -> None:
        """There are no files to watch."""

    def add_signal_handler(self, number: int, callback: Callable[..., object], *args: Any) -> None:
        current().handlers[number] = lambda: callback(*args)


@dataclass(eq=False)
class Process:
    """A simulated process; ``code`` and ``signal`` tell how it ended, both None while it lives."""

    machine: Machine
    identity: Identity
    role: str
    parent: Process | None = None
    code: int | None = None
    signal: int | None = None
    words: str = ""
    """What it printed last."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    handlers: dict[int, Callable[[], object]] = field(default_factory=dict)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    """Locked files, which the kernel closes when the process ends."""
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def is_alive(self) -> bool:
        return not self.ended.is_set()

    def __str__(self) -> str:
        return f"{self.role}[{self.identity.pid}]"


_PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


def current() -> Process:
    """Return the simulated process in which this code runs."""
    process = _PROCESS.get()
    assert process is not None
    return process


def is_simulated() -> bool:
    return _PROCESS.get() is not None


class Machine:
    """Processes on one computer. ``at_point`` is asked at every named point and may kill there."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self.boot = "boot-0"
        self.at_point: Callable[[Process, str], None] = lambda _process, _name: None
        self.trace: list[str] = []
        self.tracebacks: list[BaseException] = []
        self.wrongly_signalled: list[Process] = []
        self._boots = 0
        self._next_pid = FIRST_PID
        self._table: dict[int, Process] = {}

    def note(self, text: str) -> None:
        self.trace.append(f"{self.clock.elapsed:10.2f}  {text}")

    def start(self, role: str, main: Main, *, parent: Process | None = None) -> Process:
        """Start a process; it is alive at once and runs when the loop comes to it."""
        process = self._enter(role, parent)
        process.context.run(_PROCESS.set, process)
        self.loop.create_task(self._live(process, main), context=process.context)
        self.note(f"{process} starts")
        return process

    def find(self, pid: int) -> Process | None:
        process = self._table.get(pid)
        return process if process is not None and process.is_alive else None

    def alive(self, *roles: str) -> list[Process]:
        return [process for process in self._table.values() if process.is_alive and process.role in roles]

    def send(self, process: Process, number: int) -> None:
        """Deliver a signal as a kernel does: to the handler, or to death."""
        if process.role == "stranger":
            self.wrongly_signalled.append(process)
        handler = process.handlers.get(number)
        if handler is None or number == signal.SIGKILL:
            self.kill(process, number)
        elif process.is_alive:
            self.note(f"{process} gets signal {number}")
            self.loop.call_soon(handler, context=process.context)

    def kill(self, process: Process, number: int = signal.SIGKILL) -> None:
        """End a process here and now; raises KilledError when it is the one that runs."""
        if not process.is_alive:
            return
        self.note(f"{process} is killed by signal {number}")
        self._end(process, None, number)
        running = asyncio.current_task(self.loop)
        for task in process.tasks:
            if task is not running:
                self._forget(task, process)
        if _PROCESS.get() is process:
            raise KilledError

    def kill_all(self, roles: tuple[str, ...]) -> None:
        """Kill every process of these roles at the same moment."""
        victims = self.alive(*roles)
        for victim in sorted(victims, key=lambda victim: victim is _PROCESS.get()):
            self.kill(victim)

    def reboot(self, strangers: int) -> None:
        """Lose every process; afterwards the first pids belong to ``strangers`` who have nothing to do with us."""
        self.note("the machine reboots")
        try:
            self.kill_all(("orchestrator", "warden", "generator", "stranger"))
        finally:
            self._boots += 1
            self.boot = f"boot-{self._boots}"
            self.clock.booted = self.clock.elapsed
            self._next_pid = FIRST_PID
            self._table = {pid: person for pid, person in self._table.items() if person.is_alive}
            for _ in range(strangers):
                self._enter("stranger", None)

    def stranger(self) -> Process:
        """Return a process that has nothing to do with us."""
        return self._enter("stranger", None)

    def point(self, name: str) -> None:
        """A named moment at which the running process may die. A dead one gets no further."""
        process = _PROCESS.get()
        if process is None:
            return
        if not process.is_alive:
            raise KilledError
        self.at_point(process, name)

    def close(self) -> None:
        for process in list(self._table.values()):
            if process.is_alive:
                self._end(process, None, signal.SIGKILL)
            for task in process.tasks:
                self._forget(task, process)
        self.loop.close()

    def _enter(self, role: str, parent: Process | None) -> Process:
        while self.find(self._next_pid):
            self._next_pid += 1
        identity = Identity(self._next_pid, round(self.clock.monotonic() * TICKS), self.boot)
        self._next_pid += 1
        process = Process(self, identity, role, parent)
        self._table[identity.pid] = process
        return process

    async def _live(self, process: Process, main: Main) -> None:
        code: int = ExitCode.FAILED
        try:
            code = await main()
        except KilledError:
            return
        except CampaignError as error:
            code, process.words = error.exit_code, str(error)
        except Exception as error:
            self.tracebacks.append(error)
            process.words = repr(error)
        if process.is_alive:
            self.note(f"{process} ends with code {int(code)} {process.words}")
            self._end(process, code, None)

    def _end(self, process: Process, code: int | None, number: int | None) -> None:
        process.code, process.signal = code, number
        for descriptor in process.descriptors:
            os.close(descriptor)
        process.descriptors.clear()
        process.ended.set()
        for child in list(self._table.values()):
            if child.parent is process and child.is_alive and _PROCESS.get() is not child:
                self.send(child, signal.SIGTERM)

    def _forget(self, task: asyncio.Task[Any], process: Process) -> None:
        """Take a dead process's coroutine apart; what its clean-up code does meets ``point`` and has no effect."""
        if not task.done():
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with contextlib.suppress(BaseException):
                process.context.copy().run(task.get_coro().close)


def _new_task(loop: asyncio.AbstractEventLoop, coroutine: Any, context: Any = None) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=context)
    process = _PROCESS.get() if context is None else context.get(_PROCESS)
    if process is not None:
        process.tasks.append(task)
    return task


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Dead processes leave exceptions behind that nobody looks at; anything else is a fault of the simulation."""
    error = context.get("exception")
    if isinstance(error, KilledError) or "already awaited coroutine" in str(error):
        return
    loop.default_exception_handler(context)
