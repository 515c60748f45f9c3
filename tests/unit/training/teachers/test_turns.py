"""Turns at endpoints that begin when they are told to, on a clock that stands still."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from agents.training.teachers.endpoint import Endpoint
from agents.training.teachers.turns import Turns


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.looks = 0

    def now(self) -> datetime:
        return datetime(2026, 11, 5, tzinfo=UTC)

    def monotonic(self) -> float:
        self.looks += 1
        return self.seconds


class Place:
    """Stands for an endpoint: ``room`` calls may be under way, the next one ``later``."""

    def __init__(self, room: int = 1, later: float = 0.0) -> None:
        self.room = room
        self.later = later
        self.under_way = 0
        self.out_of_order: object | None = None
        self.is_failing = False

    def wait(self, now: float) -> float:
        return math.inf if self.under_way >= self.room or self.out_of_order else max(0.0, self.later - now)

    def begin(self, _: float) -> None:
        assert self.under_way < self.room
        self.under_way += 1

    def give_back(self) -> None:
        self.under_way -= 1

    def is_let_be(self, _: float) -> bool:
        return self.is_failing or self.out_of_order is not None


def turns(*places: Place, most: int = 100, clock: Clock | None = None) -> Turns:
    return Turns(cast(list[Endpoint], list(places)), most, clock or Clock())


def never() -> bool:
    return False


def run(story: Callable[[], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        return await story()

    return asyncio.run(asyncio.wait_for(go(), 5))


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_those_who_wait_come_in_the_order_in_which_they_asked() -> None:
    async def story() -> list[int]:
        place, came = Place(), []
        queue = turns(place)

        async def ask(number: int) -> None:
            await queue.next(None, never)
            came.append(number)

        tasks = [asyncio.create_task(ask(number)) for number in range(5)]
        for _ in range(5):
            await settled()
            place.give_back()
            queue.see()
        await asyncio.gather(*tasks)
        return came

    assert run(story) == list(range(5))


def test_the_endpoint_with_the_fewest_calls_is_taken_and_the_last_one_that_failed_at_last() -> None:
    async def story() -> None:
        first, second = Place(room=3), Place(room=3)
        queue = turns(first, second, most=5)
        taken = [await queue.next(None, never) for _ in range(4)]
        assert taken == [first, second, first, second]
        assert await queue.next(cast(Endpoint, first), never) is second
        waiting = asyncio.create_task(queue.next(None, never))
        await settled()
        assert not waiting.done(), "there is room, but as many as may be are under way"
        second.give_back()
        second.give_back()
        queue.see()
        assert await waiting is second
        second.room = 0
        assert await queue.next(cast(Endpoint, first), never) is first, "better than none"

    run(story)


def test_a_moment_is_waited_for_with_one_timer_and_without_looking_all_the_time() -> None:
    async def story() -> int:
        clock, place = Clock(), Place(room=10, later=0.0004)
        queue = turns(place, clock=clock)
        tasks = [asyncio.create_task(queue.next(None, never)) for _ in range(3)]
        await settled()
        clock.seconds = 0.001
        await asyncio.gather(*tasks)
        return clock.looks

    assert run(story) < 12


def test_a_model_that_is_let_be_is_waited_for_by_those_who_cannot_leave() -> None:
    async def story() -> None:
        place = Place(room=0)
        queue = turns(place)
        patient, free = (
            asyncio.create_task(queue.next(None, may_leave)) for may_leave in (never, lambda: place.is_failing)
        )
        await settled()
        assert not patient.done()
        assert not free.done()
        place.is_failing = True
        queue.see()
        assert await free is None
        assert not patient.done()
        place.out_of_order = "key"
        queue.see()
        assert await patient is None

    run(story)


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_a_turn_of_one_who_has_gone_is_taken_by_the_next(is_handed_over: bool) -> None:
    async def story() -> None:
        place = Place()
        queue = turns(place)
        await queue.next(None, never)
        gone, next_one = (asyncio.create_task(queue.next(None, never)) for _ in range(2))
        await settled()
        if is_handed_over:
            place.give_back()
            queue.see()
            gone.cancel()
        else:
            gone.cancel()
            await settled()
            place.give_back()
            queue.see()
        assert await next_one is place
        assert gone.cancelled()
        assert place.under_way == 1

    run(story)


def test_nobody_waits_for_what_is_closed() -> None:
    async def story() -> None:
        queue = turns(Place(room=0))
        waiting = asyncio.create_task(queue.next(None, never))
        await settled()
        queue.close(RuntimeError("closed"))
        with pytest.raises(RuntimeError, match="closed"):
            await waiting
        with pytest.raises(RuntimeError, match="closed"):
            await queue.next(None, never)

    run(story)
