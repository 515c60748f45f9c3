from __future__ import annotations

from stage import HandClock

from agents.autonomous.restarts import SPAN_SECONDS, Restarts


def test_so_many_deaths_are_allowed_in_each_span(clock: HandClock) -> None:
    restarts = Restarts(2, clock)
    assert [restarts.allow() for _ in range(3)] == [True, True, False]
    clock.pass_by(SPAN_SECONDS)
    assert not restarts.allow()
    clock.pass_by(SPAN_SECONDS + 1)
    assert [restarts.allow() for _ in range(3)] == [True, True, False]


def test_none_is_none(clock: HandClock) -> None:
    assert not Restarts(0, clock).allow()
