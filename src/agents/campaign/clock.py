"""Time as a value that is passed in. Durations come from ``monotonic``; wall time is only shown."""

from __future__ import annotations

import time
from datetime import datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    """Where a program reads the time."""

    def now(self) -> datetime:
        """Return the local wall time, with its UTC offset."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    _second = -1
    _zone: tzinfo | None = None  # of that second

    def now(self) -> datetime:
        """Return the local wall time, with its UTC offset."""
        moment = time.time()
        if (second := int(moment)) != self._second:
            self._second, self._zone = second, datetime.fromtimestamp(moment).astimezone().tzinfo
        return datetime.fromtimestamp(moment, self._zone)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        return time.monotonic()


def stamp(moment: datetime) -> str:
    """Return ``moment`` as ISO 8601 with offset, to the second; raises ValueError for one without an offset."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no UTC offset")
    return moment.isoformat(timespec="seconds")
