"""Pace: rates from what was seen, and a silence that is judged by them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.pace import SPAN_SECONDS, STALL_GAPS, Pace


def paced(*marks: tuple[float, int]) -> Pace:
    pace = Pace()
    for now, done in marks:
        pace.mark(now, done)
    return pace


def test_nothing_is_known_before_two_marks() -> None:
    assert Pace().per_minute(5.0) is None
    assert paced((0.0, 7)).per_minute(60.0) is None
    assert paced((0.0, 7)).stall_after(600.0) == 600.0


def test_the_rate_falls_while_nothing_comes() -> None:
    pace = paced((0.0, 0), (60.0, 30))

    assert pace.per_minute(60.0) == 30.0
    assert pace.per_minute(120.0) == 15.0


def test_silence_is_counted_from_the_last_sample() -> None:
    pace = paced((0.0, 0), (10.0, 5))

    assert pace.mark(25.0, 5) == 15.0
    assert pace.mark(26.0, 6) == 0.0


def test_old_marks_do_not_slow_the_rate() -> None:
    slow_then_fast = [(0.0, 0), (SPAN_SECONDS, 1), *((SPAN_SECONDS + 100.0 * n, 1 + 100 * n) for n in range(1, 20))]

    assert paced(*slow_then_fast).per_minute(SPAN_SECONDS + 1900.0) == pytest.approx(60.0, rel=0.01)


def test_a_fast_run_is_stalled_after_the_floor_and_a_slow_one_later() -> None:
    fast, slow = paced((0.0, 0), (60.0, 600)), paced((0.0, 0), (300.0, 1), (600.0, 2))

    assert fast.stall_after(600.0) == 600.0
    assert slow.stall_after(600.0) == STALL_GAPS * 300.0


def test_silence_does_not_make_a_run_slow() -> None:
    pace = paced((0.0, 0), (60.0, 600))
    pace.mark(10_000.0, 600)

    assert pace.stall_after(600.0) == 600.0


def test_a_count_that_falls_is_no_rate() -> None:
    pace = paced((0.0, 100), (60.0, 10))

    assert pace.per_minute(60.0) is None
    assert pace.stall_after(600.0) == 600.0


@given(st.lists(st.tuples(st.floats(0.0, 5_000.0), st.integers(0, 10_000)), max_size=60), st.floats(1.0, 5_000.0))
def test_a_stall_is_never_called_before_the_floor(steps: list[tuple[float, int]], floor: float) -> None:
    now, pace = 0.0, Pace()
    for seconds, done in steps:
        now += seconds
        assert 0.0 <= pace.mark(now, done) <= now
    assert pace.stall_after(floor) >= floor
    assert (pace.per_minute(now) or 1.0) > 0.0
