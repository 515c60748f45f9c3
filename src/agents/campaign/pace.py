"""The pace of a run: how fast it goes, and from which silence on something is wrong. Pure: the time is handed in."""

from __future__ import annotations

from collections import deque

SPAN_SECONDS = 600.0
"""The rate is measured over this span, or over all that was seen of a younger run."""
STALL_GAPS = 20.0
"""A silence of this many mean gaps between samples: of gaps that come by chance, fewer than one in 10^8 is as long."""


class Pace:
    """Remembers when how much was done; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, done: int) -> float:
        """Note that ``done`` samples are finished ``now``; return for how many seconds nothing was."""
        if not self._marks or self._marks[-1][1] != done:
            self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] > SPAN_SECONDS:
            self._marks.popleft()
        return now - self._marks[-1][0]

    def per_minute(self, now: float) -> float | None:
        """Return samples per minute up to ``now``; None before there are two marks."""
        begun, first = self._marks[0] if self._marks else (now, 0)
        last = self._marks[-1][1] if self._marks else 0
        return 60.0 * (last - first) / (now - begun) if last > first and now > begun else None

    def stall_after(self, at_least: float) -> float:
        """Return from how many seconds of silence on a run is stalled: ``at_least``, more where samples are rare."""
        if len(self._marks) < 2:
            return at_least
        (begun, first), (ended, last) = self._marks[0], self._marks[-1]
        return max(at_least, STALL_GAPS * (ended - begun) / (last - first)) if last > first else at_least
