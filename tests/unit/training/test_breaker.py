from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker


def failed(times: int, now: float = 0.0, patience: float = 600.0) -> Breaker:
    breaker = Breaker(patience)
    for _ in range(times):
        breaker.begin()
        breaker.fail(now)
    return breaker


def test_a_few_failures_stop_nobody_and_many_in_a_row_do() -> None:
    assert failed(FAILURES - 1).wait(0.0) == 0.0
    assert failed(FAILURES).wait(0.5) == FIRST_PAUSE - 0.5


def test_after_the_pause_one_call_at_a_time_is_a_probe() -> None:
    breaker = failed(FAILURES)
    assert breaker.wait(FIRST_PAUSE) == 0.0
    breaker.begin()
    assert breaker.wait(FIRST_PAUSE) == math.inf
    breaker.fail(3.0)
    assert breaker.wait(3.0) == 2 * FIRST_PAUSE
    breaker.begin()
    breaker.succeed()
    assert breaker.wait(3.0) == 0.0


def test_a_probe_that_is_given_up_is_made_by_somebody_else() -> None:
    breaker = failed(FAILURES)
    breaker.begin()
    breaker.forget()
    assert breaker.is_open
    assert breaker.wait(FIRST_PAUSE) == 0.0


def test_pauses_grow_up_to_a_minute() -> None:
    breaker, now = failed(FAILURES), 0.0
    for _ in range(20):
        now += breaker.wait(now)
        breaker.begin()
        breaker.fail(now)
    assert breaker.wait(now) == LONGEST_PAUSE


def test_hope_ends_when_nothing_succeeded_for_longer_than_patience() -> None:
    breaker = failed(FAILURES, now=100.0, patience=60.0)
    assert not breaker.is_hopeless(160.0)
    assert breaker.is_hopeless(161.0)
    breaker.succeed()
    assert not breaker.is_hopeless(1e9)
    assert not failed(1, patience=60.0).is_hopeless(1e9), "one failure is no outage"


@given(st.lists(st.sampled_from(["begin", "succeed", "fail", "forget"]), max_size=80))
def test_whatever_happens_somebody_may_ask_again(events: list[str]) -> None:
    breaker, now = Breaker(600.0), 0.0
    for event in events:
        now += 1.0
        if event == "fail":
            breaker.fail(now)
        else:
            getattr(breaker, event)()
        assert breaker.wait(now) >= 0.0
    breaker.fail(now)
    assert breaker.wait(now + LONGEST_PAUSE) == pytest.approx(0.0)
