from __future__ import annotations

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
