from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from agents.campaign.clock import SystemClock, stamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 12, 21, 6, 50, 15, 999_999, UTC), "2025-12-21T06:50:15+00:00"),
        (datetime(2025, 12, 21, 6, 50, 15, tzinfo=timezone(timedelta(hours=-8))), "2025-12-21T06:50:15-08:00"),
    ],
)
def test_a_stamp_has_seconds_and_an_offset(moment: datetime, text: str) -> None:
    assert stamp(moment) == text


def test_a_stamp_of_now_is_read_back_with_its_offset() -> None:
    now = SystemClock().now()
    again = datetime.fromisoformat(stamp(now))
    assert again.utcoffset() is not None
    assert now - again < timedelta(seconds=1)


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        stamp(datetime(2025, 12, 21, 6, 50))  # noqa: DTZ001 -- that is the point


def test_durations_do_not_depend_on_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.monotonic()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert 0.0 <= clock.monotonic() - before < 60.0


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_the_wall_time_follows_the_hour_of_summer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    summer = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    seen = []
    for moment in (summer - 0.75, summer - 0.25, summer, summer + 0.5):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        seen.append(clock.now().isoformat(timespec="milliseconds"))
    assert seen == [
        "2026-03-29T01:59:59.250+01:00",
        "2026-03-29T01:59:59.750+01:00",
        "2026-03-29T03:00:00.000+02:00",
        "2026-03-29T03:00:00.500+02:00",
    ]
