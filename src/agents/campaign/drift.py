"""Drift: a stream's evidence that its mean has fallen below a floor, at some time that nobody knows.

Pure. Owns the arithmetic of one stream: its detector, and the floor that it proves of itself. Which streams are
watched, and what follows from an alarm, belongs to the guards of a run.

This is the Shiryaev-Roberts e-detector of Shin, Ramdas & Rinaldo, "E-detectors: a nonparametric framework for
sequential change detection" (2023): at every ticket a new gambler begins with 1 to bet against "the mean stays at least
the floor", and all gamblers' wealth is summed. While the claim is true the sum grows by at most 1 a ticket, so that it
passes ``planned / error_level`` in ``planned`` tickets with a chance of at most ``error_level``.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.campaign.betting import GRID, Stratum, lower_bound
from agents.campaign.values import value

STAKES = _LOW, _MIDDLE, _HIGH = (0.1, 0.25, 0.5)
_MOST = 1e300

BINS = 64
"""Values are counted in so many steps, rounded down: a floor can only be lower for it."""
LEARNING_STAKES = (0.02, 0.05, 0.1, 0.25)
"""Small ones: a campaign has thousands of tickets, and its floor should come near its mean."""
CHECKS = frozenset(round(256 * 1.25**step) for step in range(64))
"""Numbers of values after which a floor is learned; a quarter more each time, far beyond any campaign."""


@value
class Detector:
    """One stream of values in [0, 1] whose mean is claimed to be at least ``floor``, in [0, 1).

    Raises:
        ValueError: the floor is not in [0, 1): of values that are never above 1 nothing can fall below 1 and be rare.
    """

    floor: float
    values: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not 0.0 <= self.floor < 1.0:
            raise ValueError(f"floor {self.floor} is not in [0, 1)")

    def after(self, x: float) -> Detector:
        """Return the detector that has also seen ``x``; raises ValueError for one outside [0, 1]."""
        if not 0.0 <= x <= 1.0:
            raise ValueError(f"value {x} is not in [0, 1]")
        return Detector(self.floor, _bet(self.values, (1.0 - x) / (1.0 - self.floor) - 1.0))

    @property
    def evidence(self) -> float:
        """The mean of the sums of all stakes."""
        first, second, third = self.values
        return (first + second + third) / 3


def highest_evidence(values: Iterable[float], floor: float) -> float:
    """Return the highest evidence of a detector on the way through ``values`` in [0, 1]; ``floor`` as it wants it."""
    sums, highest = (0.0, 0.0, 0.0), 0.0
    for x in values:
        sums = _bet(sums, (1.0 - x) / (1.0 - floor) - 1.0)
        first, second, third = sums
        highest = max(highest, first + second + third)
    return highest / 3


def _bet(sums: tuple[float, float, float], gain: float) -> tuple[float, float, float]:
    """Return the sums of the three stakes after one more bet, on which a stake of all would win ``gain``."""
    first, second, third = sums
    first = (1.0 + first) * (1.0 + _LOW * gain)
    second = (1.0 + second) * (1.0 + _MIDDLE * gain)
    third = (1.0 + third) * (1.0 + _HIGH * gain)
    if first < _MOST and second < _MOST and third < _MOST:
        return first, second, third
    return min(_MOST, first), min(_MOST, second), min(_MOST, third)


@value
class Baseline:
    """The floor in [0, 1] that a stream has proven of itself, or was given; it only rises.

    As long as the mean stays what it was, the floor is above it with a chance of at most ``error_level``.
    """

    floor: float
    error_level: float
    seen: int = 0
    counts: tuple[int, ...] = (0,) * (BINS + 1)

    def after(self, x: float) -> Baseline:
        """Return the baseline that has also seen ``x`` in [0, 1]."""
        step, seen, floor = int(x * BINS), self.seen + 1, self.floor
        counts = (*self.counts[:step], self.counts[step] + 1, *self.counts[step + 1 :])
        if seen in CHECKS:
            stratum = Stratum(1.0, {step * GRID // BINS: count for step, count in enumerate(counts) if count})
            floor = max(floor, lower_bound([stratum], self.error_level, LEARNING_STAKES))
        return Baseline(floor, self.error_level, seen, counts)


def alarm_level(planned: int, streams: int, error_level: float) -> float:
    """Return the evidence from which a stream alarms.

    Args:
        planned: tickets that the run may issue.
        streams: streams that are watched at once.
        error_level: chance in (0, 1) that any of them alarms in the whole run while all means stay at their floors.
    """
    return planned * streams / error_level
