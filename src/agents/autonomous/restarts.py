"""How often what was killed is started again: the deaths of a while are counted against what the recipe allows."""

from __future__ import annotations

from collections import deque

from agents.campaign.clock import Clock

SPAN_SECONDS = 600.0
"""Deaths are counted over this span against ``campaign.restarts``."""


class Restarts:
    """Allows ``most`` restarts in each span of time."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._deaths: deque[float] = deque()

    def allow(self) -> bool:
        """Count one death; return whether there were few enough lately."""
        now = self._clock.monotonic()
        self._deaths.append(now)
        while now - self._deaths[0] > SPAN_SECONDS:
            self._deaths.popleft()
        return len(self._deaths) <= self._most
