"""Whose turn it is to call: tickets wait in the order in which they came, for the first endpoint that is free.

Owns the queue of a model and its one timer. Never calls and decides nothing about an endpoint.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence

from agents.campaign.clock import Clock
from agents.campaign.values import value
from agents.training.teachers.endpoint import Endpoint

TICK = 0.001
"""Seconds: timers of an event loop are no finer, and one that is shorter only keeps the processor busy."""
LONGEST_WAIT = 60.0
"""Seconds after which it is looked again, whatever was expected."""


@value
class _Waiting:
    turn: asyncio.Future[Endpoint | None]
    last: Endpoint | None
    may_leave: Callable[[], bool]


class Turns:
    """Hands out the endpoints of one model; ``most`` calls are under way at most, over all of them."""

    def __init__(self, endpoints: Sequence[Endpoint], most: int, clock: Clock) -> None:
        self._endpoints = endpoints
        self._most = most
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the timer ends
        self._closed: Exception | None = None

    async def next(self, last: Endpoint | None, may_leave: Callable[[], bool]) -> Endpoint | None:
        """Return the endpoint to call, its turn taken; None where there is nothing to wait for.

        ``last`` failed before, and is taken only where no other is free. While the model is let be, only those wait
        for it who may not leave.

        Raises:
            Exception: what ``close`` was told.
        """
        if self._closed is not None:
            raise self._closed
        if not self._waiting:
            now = self._clock.monotonic()
            if (endpoint := self._free(now, last)) is not None:
                endpoint.begin(now)
                return endpoint
        waiting = _Waiting(asyncio.get_running_loop().create_future(), last, may_leave)
        self._waiting.append(waiting)
        self.see()
        try:
            return await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled() and (endpoint := waiting.turn.result()) is not None:
                endpoint.give_back()
                self.see()
            raise

    def see(self) -> None:
        """Hand out what has become free; to be called whenever a call has ended."""
        if not self._waiting:
            return
        now = self._clock.monotonic()
        while self._waiting:
            first = self._waiting[0]
            if not first.turn.done():
                if (endpoint := self._free(now, first.last)) is None:
                    break
                endpoint.begin(now)
                first.turn.set_result(endpoint)
            self._waiting.popleft()
        if self._waiting and all(endpoint.is_let_be(now) for endpoint in self._endpoints):
            self._send_away()
        self._look_again(now)

    def close(self, error: Exception) -> None:
        """Let nobody wait any longer: ``error`` is raised instead, also for those who come later."""
        self._closed = error
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.turn.done():
                waiting.turn.set_exception(error)
        self._look_again(0.0)

    def _free(self, now: float, last: Endpoint | None) -> Endpoint | None:
        """Return the endpoint that may be called now and has the fewest calls under way."""
        if len(self._endpoints) == 1:
            only = self._endpoints[0]
            return only if only.wait(now) <= 0.0 else None
        if self._is_full:
            return None
        free = [endpoint for endpoint in self._endpoints if endpoint.wait(now) <= 0.0]
        return min(free, key=lambda endpoint: (endpoint is last, endpoint.under_way), default=None)

    @property
    def _is_full(self) -> bool:
        return sum(endpoint.under_way for endpoint in self._endpoints) >= self._most

    def _send_away(self) -> None:
        is_over = all(endpoint.out_of_order is not None for endpoint in self._endpoints)
        staying: deque[_Waiting] = deque()
        for waiting in self._waiting:
            if waiting.turn.done():
                continue
            if is_over or waiting.may_leave():
                waiting.turn.set_result(None)
            else:
                staying.append(waiting)
        self._waiting = staying

    def _look_again(self, now: float) -> None:
        """Set the timer, where somebody waits for a moment rather than for the end of a call."""
        is_idle = not self._waiting or self._is_full
        wait = math.inf if is_idle else min(endpoint.wait(now) for endpoint in self._endpoints)
        if self._timer is not None:
            if wait < math.inf and now < self._due <= now + wait + TICK:
                return
            self._timer.cancel()
            self._timer = None
        if wait < math.inf:
            ticks = max(1, math.ceil(min(wait, LONGEST_WAIT) / TICK))
            self._due = now + ticks * TICK
            self._timer = asyncio.get_running_loop().call_later(ticks * TICK, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.see()
