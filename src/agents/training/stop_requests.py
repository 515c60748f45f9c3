"""Requests to stop: SIGTERM and SIGINT, counted from the first line of a program to its last.

Owns the process's signal handlers. Never decides what a request stops.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import FrameType, TracebackType
from typing import Any, Self, TypeVarTuple

from agents.campaign.errors import PausedError

Arguments = TypeVarTuple("Arguments")

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequests:
    """Counts the requests of this process; a context manager around all that can be stopped.

    The first request is for whoever asks or listens. The second one raises KeyboardInterrupt, unless somebody listens,
    and the block ends with PausedError. Behind the block nothing is left to stop, and further ones are ignored.
    """

    def __init__(self) -> None:
        self._requests: list[int] = []
        self._listeners: dict[int, Callable[[], object]] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            signal.signal(number, self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ignore what comes later; raises PausedError where a second request ended the block."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if isinstance(error, KeyboardInterrupt):
            raise stopped_at_once() from None

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop whose signal handlers listen here: they hear of earlier requests too."""
        return _loop_of(self)

    def listen(self, number: int, listener: Callable[[], object]) -> None:
        """Call ``listener`` for every request by signal ``number``, and for each that there was before."""
        self._listeners[number] = listener
        for _ in range(self._requests.count(number)):
            listener()

    def listen_no_more(self) -> None:
        """Call no listener again."""
        self._listeners.clear()

    def _count(self, number: int, _frame: FrameType | None) -> None:
        self._requests.append(number)
        if number in self._listeners:
            self._listeners[number]()
        elif len(self._requests) == 2:
            raise KeyboardInterrupt


def stopped_at_once() -> PausedError:
    """Return the error of a run that a second request ended."""
    return PausedError("stopped at once on a second signal", "run the same command again")


def loop_class() -> type[asyncio.AbstractEventLoop]:
    """Return the class of the quickest loop that is installed."""
    if find_spec("uvloop") is None:
        return asyncio.SelectorEventLoop
    found: type[asyncio.AbstractEventLoop] = import_module("uvloop").Loop
    return found


def _loop_of(requests: StopRequests) -> asyncio.AbstractEventLoop:
    """Return a loop that leaves the handlers of the process where they are: what came before and comes after counts."""
    base: Any = loop_class()

    class Loop(base):  # type: ignore[misc]  # one of two classes
        def add_signal_handler(self, sig: int, callback: Callable[[*Arguments], object], *args: *Arguments) -> None:
            requests.listen(sig, partial(self.call_soon_threadsafe, callback, *args))

        def close(self) -> None:
            requests.listen_no_more()
            super().close()

    loop: asyncio.AbstractEventLoop = Loop()
    return loop
