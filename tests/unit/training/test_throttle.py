"""Throttles in virtual time: a provider with limits that nobody is told of, and calls as many as may be."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.throttle import QUICK_SECONDS, QUICK_WINDOW, SMALLER, Throttle

LONGEST_PAUSE = 300.0
DOOR = 0.002
"""Seconds to a refusal by a provider that looks at its limit before it begins to answer."""

Limit = Callable[[float], bool]
Latency = Callable[[], float]


def always(seconds: float) -> Latency:
    return lambda: seconds


def between(least: float, most: float) -> Latency:
    rng = Random("latency")
    return lambda: rng.uniform(least, most)


class Sliding:
    """Grants at most ``limits`` calls (by the time from which they hold) in any ``within`` seconds."""

    def __init__(self, limits: dict[float, float], within: float = 1.0) -> None:
        self.limits = limits
        self.within = within
        self.granted: deque[float] = deque()

    def __call__(self, now: float) -> bool:
        limit = [most for since, most in self.limits.items() if since <= now][-1]
        while self.granted and self.granted[0] <= now - self.within:
            self.granted.popleft()
        if len(self.granted) >= limit:
            return False
        self.granted.append(now)
        return True


class Bucket:
    """Grants a call for a token; ``rates`` tokens per second come in until there are ``burst``."""

    def __init__(self, rates: dict[float, float], burst: float) -> None:
        self.rates = rates
        self.tokens = self.burst = burst
        self.seen = 0.0

    def __call__(self, now: float) -> bool:
        rate = [rate for since, rate in self.rates.items() if since <= now][-1]
        self.tokens = min(self.burst, self.tokens + (now - self.seen) * rate)
        self.seen = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Story:
    """When calls were answered and refused, in seconds."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.answered[-1]

    def rate(self, since: float, until: float) -> float:
        return sum(since <= moment < until for moment in self.answered) / (until - since)

    def refused_within(self, since: float, until: float) -> int:
        return sum(since <= moment < until for moment in self.refused)


def play(
    calls: int,
    limit: Limit,
    latency: Latency,
    *,
    door: float | None = DOOR,
    retry_after: Callable[[float], float | None] = lambda _: None,
    most: int = 64,
) -> Story:
    """Ask until all calls are answered, the refused ones again; ``door`` None refuses as late as it answers."""
    throttle, story, under_way = Throttle(most, 0.0), Story(), []
    now, wanted, number = 0.0, calls, 0
    while len(story.answered) < calls:
        wait = math.inf
        while wanted and (wait := throttle.wait(now)) == 0.0:
            throttle.begin(now)
            granted = limit(now)
            takes = latency() if granted or door is None else door
            heapq.heappush(under_way, (now + takes, number := number + 1, granted))
            wanted -= 1
        assert len(under_way) <= most
        now = min(under_way[0][0] if under_way else math.inf, now + wait if wanted else math.inf)
        assert now < math.inf, "it has locked up"
        while under_way and under_way[0][0] <= now:
            granted = heapq.heappop(under_way)[2]
            if granted:
                throttle.succeed(now)
                story.answered.append(now)
            else:
                throttle.refuse(now, retry_after(now))
                story.refused.append(now)
                wanted += 1
    return story


def test_without_a_limit_nearly_all_that_64_calls_can_do_is_done() -> None:
    story = play(2_000, lambda _: True, always(0.2))
    assert 2_000 / story.seconds >= 305
    assert play(2_000, lambda _: True, always(0.0002)).seconds < 0.1


def test_each_of_the_first_answers_makes_room_for_two_calls() -> None:
    throttle = Throttle(64, 0.0)
    now = 0.0
    for _ in range(QUICK_WINDOW):
        now += throttle.wait(now)
        throttle.begin(now)
    begun = [QUICK_WINDOW]
    for number in range(QUICK_WINDOW):
        now = 0.2 + number * 0.005
        throttle.succeed(now)
        count = 0
        while throttle.wait(now) == 0.0:
            throttle.begin(now)
            count += 1
        begun.append(count)
    assert sum(begun) - QUICK_WINDOW == 2 * QUICK_WINDOW


@pytest.mark.parametrize("answers_at", [None, 0.01])
def test_a_teacher_that_is_slow_is_asked_for_more_before_it_answers(answers_at: float | None) -> None:
    throttle, begun, answered = Throttle(64, 0.0), 0, 0
    for moment in range(1, 2_001):
        now = moment / 10_000
        if answers_at is not None and not answered and now >= answers_at:
            throttle.succeed(now)
            answered = 1
        while throttle.wait(now) == 0.0:
            throttle.begin(now)
            begun += 1
    assert begun == (64 if answers_at is None else QUICK_WINDOW + 1)


def test_a_quick_start_grows_slowly_at_first() -> None:
    throttle, now = Throttle(64, 0.0), 0.0
    for _ in range(100):
        now += throttle.wait(now)
        throttle.begin(now)
        now += 0.0001
        throttle.succeed(now)
    count = 0
    while throttle.wait(now) == 0.0:
        throttle.begin(now)
        count += 1
    assert count == int(QUICK_WINDOW * (1 + (now / QUICK_SECONDS) ** 2))


@pytest.mark.parametrize(
    ("latency", "door"),
    [
        (always(0.0), DOOR),
        (always(0.0), None),
        (always(0.001), DOOR),
        (always(0.001), None),
        (always(0.005), DOOR),
        (always(0.005), None),
        (between(0.0, 0.005), DOOR),
        (between(0.0, 0.005), None),
        (always(0.2), DOOR),
        (between(0.1, 0.3), DOOR),
    ],
)
def test_a_limit_of_100_per_second_is_found_without_being_told(latency: Latency, door: float | None) -> None:
    story = play(2_000, Sliding({0.0: 100}), latency, door=door)
    assert story.seconds <= 22.0
    assert len(story.refused) <= 40


def test_refusals_that_take_as_long_as_answers_cost_little_more_than_the_calls_that_were_under_way() -> None:
    story = play(2_000, Sliding({0.0: 100}), always(0.2), door=None)
    assert story.seconds <= 22.0
    assert len(story.refused) <= 64 + 20


@pytest.mark.parametrize("latency", [0.0, 0.2])
def test_a_limit_that_grants_no_burst_is_not_taken_for_a_far_lower_one(latency: float) -> None:
    story = play(2_000, Bucket({0.0: 100}, burst=1), always(latency))
    assert story.seconds <= 30.0
    assert len(story.refused) <= 50


@pytest.mark.parametrize("limit", [Sliding({0.0: 10, 300.0: 3}), Bucket({0.0: 10, 300.0: 3}, burst=10)])
def test_a_limit_that_falls_from_600_to_180_a_minute_is_followed(limit: Limit) -> None:
    calls = 300 * 10 + 300 * 3
    story = play(calls, limit, always(0.2))
    assert len(story.answered) == calls
    assert story.seconds <= 600 / 0.9
    assert len(story.refused) < 0.02 * calls


def test_a_limit_that_is_lifted_is_found_again_within_about_a_minute() -> None:
    story = play(4_000, Sliding({0.0: 3, 120.0: 10}), always(0.2))
    assert story.rate(60.0, 120.0) > 0.85 * 3
    assert story.rate(190.0, 250.0) > 0.9 * 10
    freed = play(30_000, Sliding({0.0: 100, 60.0: 1e9}), always(0.2))
    assert freed.rate(80.0, 90.0) > 0.95 * 320


def test_a_minute_whose_calls_are_used_up_is_waited_for() -> None:
    story = play(1_800, Sliding({0.0: 600}, within=60.0), always(0.2))
    assert story.seconds <= 4 * 60.0
    assert len(story.refused) < 0.2 * 1_800


@pytest.mark.parametrize("told", [30.0, 0.0, None])
@pytest.mark.parametrize("usual", [100.0, 1e9])
@pytest.mark.parametrize("door", [DOOR, None])
def test_a_storm_of_refusals_is_sat_out(told: float | None, usual: float, door: float | None) -> None:
    story = play(
        9_000 if usual == 100 else 25_000,
        Sliding({0.0: usual, 20.0: 0.0, 80.0: usual}),
        always(0.2),
        door=door,
        retry_after=lambda now: told if 20.0 <= now < 81.0 else None,
    )
    assert story.refused_within(20.0, 80.5) <= 130
    back = 95.0 if told else 110.0
    assert story.rate(back, back + 5.0) > 0.85 * min(usual, 320)


def test_refusals_by_chance_are_not_taken_for_a_limit() -> None:
    rng = Random("chance")
    story = play(2_000, lambda _: rng.random() > 0.05, always(0.2))
    assert len(story.refused) > 80
    assert story.seconds < 1.2 * 2_000 / 320


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_many_refusals_by_chance_slow_it_down_for_a_while_only(share: float) -> None:
    for seed in range(3):
        rng = Random(seed)
        story = play(10_000, lambda _: rng.random() > share, always(0.2))  # noqa: B023 -- played at once
        assert story.seconds < 10_000 / 320 / 0.55


def test_a_limit_is_found_among_refusals_by_chance() -> None:
    rates = []
    for seed in ("both", "a", "b"):
        rng, limit = Random(seed), Sliding({0.0: 1e9, 60.0: 50})
        story = play(22_000, lambda now: rng.random() > 0.1 and limit(now), always(0.2))  # noqa: B023 -- played at once
        rates.append(story.rate(90.0, 150.0))
        assert story.refused_within(90.0, 150.0) < 0.5 * 60 * 50
    assert sum(rates) / len(rates) > 0.5 * 50


def test_retry_after_pauses_all_calls_up_to_the_longest_pause() -> None:
    for told, held in [(30.0, 30.0), (1e6, LONGEST_PAUSE), (math.inf, LONGEST_PAUSE)]:
        throttle = Throttle(64, 100.0)
        throttle.begin(100.0)
        throttle.refuse(100.0, told)
        assert throttle.wait(100.0) == held
        assert throttle.wait(100.0 + held) == 0.0
    patient = Throttle(64, 0.0, longest_pause=7_200.0)
    patient.begin(0.0)
    patient.refuse(0.0, 3_600.0)
    assert patient.wait(0.0) == 3_600.0


@pytest.mark.parametrize("told", [None, 0.0, -5.0, math.nan])
def test_a_retry_after_without_sense_is_none(told: float | None) -> None:
    throttle = Throttle(64, 0.0)
    throttle.begin(0.0)
    throttle.refuse(0.0, told)
    assert throttle.wait(0.0) < 0.001


def test_refusals_of_calls_that_began_before_a_decrease_are_one_refusal() -> None:
    throttle, now = Throttle(64, 0.0), 0.0
    for _ in range(QUICK_WINDOW):
        now += throttle.wait(now)
        throttle.begin(now)
    for number in range(QUICK_WINDOW):
        throttle.refuse(10.0 + number, None)
    now, count = 100.0, 0
    while throttle.wait(now) < math.inf:
        now += throttle.wait(now)
        throttle.begin(now)
        count += 1
    assert count == int(QUICK_WINDOW * SMALLER)


def test_trouble_that_says_nothing_about_the_rate_changes_nothing_but_the_calls_under_way() -> None:
    throttle = Throttle(1, 0.0)
    for number in range(100):
        assert throttle.wait(float(number)) == 0.0
        throttle.begin(float(number))
        assert throttle.wait(float(number)) == math.inf
        throttle.fail(float(number))


def test_more_calls_than_may_be_are_refused_by_the_throttle_itself() -> None:
    throttle = Throttle(1, 0.0)
    throttle.begin(0.0)
    with pytest.raises(ValueError, match="under way"):
        throttle.begin(1.0)
    with pytest.raises(ValueError, match="at least 1"):
        Throttle(0, 0.0)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "begin", "begin", "succeed", "succeed", "refuse", "fail"]),
        st.floats(-5.0, 90.0) | st.floats(0.0, 0.01),
        st.none() | st.floats(),
    ),
    max_size=300,
)


def happen(throttle: Throttle, events: list[tuple[str, float, float | None]]) -> Iterator[tuple[float, int]]:
    """Let the events happen, with clocks that may go back; yield the time and the calls under way after each."""
    now, under_way = 1_000.0, 0
    for event, later, told in events:
        now += later
        match event:
            case "begin":
                if throttle.wait(now) == 0.0:
                    throttle.begin(now)
                    under_way += 1
            case "refuse":
                throttle.refuse(now, told)
                under_way = max(0, under_way - 1)
            case _:
                getattr(throttle, event)(now)
                under_way = max(0, under_way - 1)
        yield now, under_way


@settings(max_examples=300, deadline=None)
@given(most=st.integers(1, 100), events=EVENTS)
def test_whatever_happens_no_more_than_may_be_are_under_way_and_no_wait_is_negative(
    most: int, events: list[tuple[str, float, float | None]]
) -> None:
    throttle = Throttle(most, 1_000.0)
    for now, under_way in happen(throttle, events):
        assert under_way <= most
        assert throttle.wait(now) >= 0.0
        assert under_way or throttle.wait(now) < math.inf


@settings(max_examples=300, deadline=None)
@given(most=st.integers(1, 100), events=EVENTS)
def test_whatever_happened_a_call_may_begin_in_the_end(
    most: int, events: list[tuple[str, float, float | None]]
) -> None:
    throttle, latest, under_way = Throttle(most, 1_000.0), 1_000.0, 0
    for now, under_way in happen(throttle, events):  # noqa: B007 -- the last one counts
        latest = max(latest, now)
    for _ in range(under_way):
        throttle.fail(latest)
    wait = throttle.wait(latest)
    assert wait <= LONGEST_PAUSE + 0.001
    assert throttle.wait(latest + wait) == 0.0
