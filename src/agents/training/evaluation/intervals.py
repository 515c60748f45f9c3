"""How sure a measured rate is, and a difference of two of them on the same tickets.

Pure. Owns the formulas. Never decides what is good enough.
"""

from __future__ import annotations

import math
from statistics import NormalDist

LEVEL = 0.95
"""Of so many intervals, in the long run, that share covers what it is about."""
RATE = "Wilson score interval (Wilson 1927; recommended by Brown, Cai and DasGupta 2001)"
DIFFERENCE = "Wald interval with the adjustment of Bonett and Price (2012) for paired proportions"
TEST = "exact McNemar test, which is the sign test of the tickets that differ (McNemar 1947)"


def rate_interval(rate: float, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval in [0, 1] of a ``rate`` of ``count`` >= 1 tickets.

    It holds as well where a ticket counts as a value between 0 and 1: such values vary no more than a coin of the same
    mean does (Bhatia and Davis 2000).
    """
    z = _quantile(level)
    spread = z * math.sqrt(rate * (1.0 - rate) / count + z * z / (4.0 * count * count))
    scale = 1.0 + z * z / count
    middle = rate + z * z / (2.0 * count)
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def difference_interval(gained: float, lost: float, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval in [-1, 1] of (gained - lost) / count, of ``count`` pairs.

    ``gained`` and ``lost`` are what the second of a pair has more and less than the first, summed over the pairs.
    """
    more, less = (gained + 1.0) / (count + 2.0), (lost + 1.0) / (count + 2.0)
    spread = _quantile(level) * math.sqrt((more + less - (more - less) ** 2) / (count + 2.0))
    return max(-1.0, more - less - spread), min(1.0, more - less + spread)


def sign_test(gained: int, lost: int) -> float:
    """Return how likely it is, in [0, 1], that chance alone parts the pairs that differ so unevenly, either way."""
    differing = gained + lost
    tail, ways = 0, 1
    for fewer in range(min(gained, lost) + 1):
        tail += ways
        ways = ways * (differing - fewer) // (fewer + 1)
    return min(1.0, 2 * tail / (1 << differing))


def _quantile(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 2.0)
