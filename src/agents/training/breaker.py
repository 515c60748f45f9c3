"""The breaker: when a teacher fails and fails, nobody asks it for a while, then one does.

Pure: the time is handed in. Owns when a call may be tried again after failures, and when hope ends.
"""

from __future__ import annotations

FAILURES = 10
"""Failures in a row that open it."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds without a call; doubled after each probe that fails."""


class Breaker:
    """Closed while calls succeed. ``patience`` is for how many seconds nothing may succeed; times are seconds.

    Opened by ``FAILURES`` in a row; then one call at a time is a probe, after a pause. A success closes it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0
        self._failing_since: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether so many calls in a row failed that it is let be for a while."""
        return self._failures >= FAILURES

    def wait(self, now: float) -> float:
        """Return the seconds until a call may begin; infinite while a probe is under way."""
        if not self.is_open:
            return 0.0
        return float("inf") if self._is_probing else max(0.0, self._until - now)

    def begin(self) -> None:
        """Note that a call began."""
        self._is_probing = self.is_open

    def succeed(self) -> None:
        """Note an answer of any kind: the teacher is there."""
        self._failures, self._pause, self._failing_since, self._is_probing = 0, FIRST_PAUSE, None, False

    def fail(self, now: float) -> None:
        """Note a call that came to nothing."""
        self._failing_since = now if self._failing_since is None else self._failing_since
        self._failures += 1
        if self._failures == FAILURES or self._is_probing:
            self._until = now + self._pause
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        self._is_probing = False

    def forget(self) -> None:
        """Note a call that was given up before it ended: it says nothing."""
        self._is_probing = False

    def is_hopeless(self, now: float) -> bool:
        """Whether it is open and nothing has succeeded for longer than patience."""
        since = self._failing_since
        return self.is_open and since is not None and now - since > self._patience
