"""Evidence by betting: how strongly scores speak for a mean above or below a threshold, valid at every look.

Pure. Owns the arithmetic of evidence and bounds; what follows from them belongs to ``gate``.

A gambler starts with 1 and bets on every score x in [0, 1] against the claim "the mean is m" at odds that are fair
under the claim. With the stakes c in ``STAKES`` her wealth is ``M(m) = mean over c of prod (1 - c + c x / m)``, the
capital process of Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024).
Under a true mean of at most m it exceeds 1/alpha at any time with probability at most alpha (Ville 1939). Evidence for
a mean below m is evidence that the mean of 1 - x is above 1 - m.

Of several domains with weights w, the claim "the weighted mean is at most tau" is refuted only when every split of tau
over the domains is: ``E(tau) = min over {m in [0,1]^K: sum w m = tau} of prod M_d(m_d)``, a union of intersections
(Spertus, Sridhar & Stark, "Sequential stratified inference for the mean", 2024). ``log M`` is convex in m, so the
minimum is found by its dual: at a price p each domain picks the m that minimises ``log M_d(m) + p w_d m``, and p is
raised until the picks sum to tau. Every p gives a lower bound, so an unfinished search errs on the safe side.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul

STAKES = (0.25, 0.5, 0.9)
"""Shares of her wealth that the gambler stakes on a mean above the threshold."""
COUNTER_STAKES = (0.05, 0.1, 0.25, 0.5)
"""Her stakes on a mean below it: smaller, for where a high mean is claimed bad scores are rare, and each pays a lot."""
GRID = 1_024
"""Scores are rounded to this many steps, downwards for evidence of a high mean: that can only weaken it."""

_SMALLEST = 1e-9
_LOWEST, _HIGHEST = math.log(1e-9), math.log(1e12)
"""Between these lies the logarithm of every price that matters."""
_STEPS = 60
_CLOSE = 1e-7


@dataclass(frozen=True, slots=True)
class Stratum:
    """The scores of one domain: its weight in (0, 1], and how often each multiple of 1/GRID was seen."""

    weight: float
    counts: Mapping[int, int]

    @classmethod
    def of(cls, weight: float, scores: Iterable[float], missing: int = 0) -> Stratum:
        """Return the stratum of ``scores`` in [0, 1], rounded down; ``missing`` ones count as 0.

        Raises:
            ValueError: a score is not in [0, 1].
        """
        counts: Counter[int] = Counter()
        for score in scores:
            if not 0.0 <= score <= 1.0:
                raise ValueError(f"score {score} is not in [0, 1]")
            counts[math.floor(score * GRID)] += 1
        if missing:
            counts[0] += missing
        return cls(weight, counts)

    @property
    def mirrored(self) -> Stratum:
        """The stratum of 1 - x, rounded down again."""
        counts: Counter[int] = Counter()
        for step, count in self.counts.items():
            counts[max(0, GRID - 1 - step)] += count
        return Stratum(self.weight, counts)

    def lifted(self, count: int) -> Stratum:
        """Return the stratum in which ``count`` of the zeros are ones: what is not known, at its best."""
        return (
            Stratum(self.weight, Counter(self.counts) + Counter({GRID: count}) - Counter({0: count})) if count else self
        )

    @property
    def mean(self) -> float:
        """The mean of its scores; 0 without any."""
        return sum(step * times for step, times in self.counts.items()) / (GRID * max(1, sum(self.counts.values())))


def log_evidence(strata: Iterable[Stratum], threshold: float) -> float:
    """Return the natural logarithm of the evidence that the weighted mean is above ``threshold`` in [0, 1].

    Weights must sum to 1. The result is a lower bound, exact to about 1e-6; ``log(1/alpha)`` of it refutes "at most
    ``threshold``" at level alpha, whenever one looks.
    """
    return _log_evidence(strata, threshold, STAKES)


def log_refutation(strata: Iterable[Stratum], threshold: float) -> float:
    """Return the natural logarithm of the evidence that the weighted mean is below ``threshold`` in [0, 1]."""
    return _log_evidence((stratum.mirrored for stratum in strata), 1.0 - threshold, COUNTER_STAKES)


def is_proven(strata: Iterable[Stratum], threshold: float, wanted: float) -> bool:
    """Return whether ``log_evidence`` is at least ``wanted``: fast where it is far from it."""
    strata = list(strata)
    return _ceiling(strata, threshold, STAKES) >= wanted and log_evidence(strata, threshold) >= wanted


def is_refuted(strata: Iterable[Stratum], threshold: float, wanted: float) -> bool:
    """Return whether ``log_refutation`` is at least ``wanted``: fast where it is far from it."""
    strata = list(strata)
    mirrored = [stratum.mirrored for stratum in strata]
    return _ceiling(mirrored, 1.0 - threshold, COUNTER_STAKES) >= wanted and log_refutation(strata, threshold) >= wanted


def _ceiling(strata: Sequence[Stratum], threshold: float, stakes: Sequence[float]) -> float:
    """Return the wealth at one split of ``threshold``, the means moved to it together: the least is no higher."""
    strata = [stratum for stratum in strata if stratum.weight > 0]
    away = threshold - sum(stratum.weight * stratum.mean for stratum in strata)
    split = [stratum.mean + away for stratum in strata]
    if not all(_SMALLEST <= mean <= 1.0 for mean in split):
        return math.inf
    return sum(_Wealth(stratum.counts, stakes).at(mean)[0] for stratum, mean in zip(strata, split, strict=True))


def _log_evidence(strata: Iterable[Stratum], threshold: float, stakes: Sequence[float]) -> float:
    strata = [stratum for stratum in strata if stratum.weight > 0]
    if len(strata) == 1:
        return _Wealth(strata[0].counts, stakes).at(max(threshold, _SMALLEST))[0]
    market = _Market(strata, stakes)
    best = -math.inf

    def excess(price: float) -> tuple[float, float]:
        nonlocal best
        value, mean, ease = market.at(price)
        best = max(best, value + price * (mean - threshold))
        return mean - threshold, -price * ease

    _root(excess, _LOWEST, _HIGHEST, rises=False, through=math.exp, start=_log(market.push(threshold)))
    return best


def bounds(strata: Iterable[Stratum], alpha: float) -> tuple[float, float]:
    """Return the lower and the upper confidence bound of the weighted mean, each at level ``alpha`` in (0, 1)."""
    strata = list(strata)
    return lower_bound(strata, alpha), upper_bound(strata, alpha)


def upper_bound(strata: Iterable[Stratum], alpha: float) -> float:
    """Return the smallest weighted mean that the evidence refutes from above at level ``alpha`` in (0, 1)."""
    return 1.0 - lower_bound([stratum.mirrored for stratum in strata], alpha, COUNTER_STAKES)


def lower_bound(strata: Iterable[Stratum], alpha: float, stakes: Sequence[float] = STAKES) -> float:
    """Return the largest weighted mean that the evidence refutes at level ``alpha`` in (0, 1), whenever one looks.

    These are the picks at the price at which they are worth 1/alpha. With stakes of which the smallest is c it comes no
    nearer to the mean than about c/2 times the variance over the mean, however many scores there are.
    """
    strata = [stratum for stratum in strata if stratum.weight > 0]
    market, wanted = _Market(strata, stakes), math.log(1 / alpha)

    def shortfall(price: float) -> tuple[float, float]:
        value, _, ease = market.at(price)
        return value - wanted, price * price * ease

    if shortfall(math.exp(_HIGHEST))[0] < 0:
        return 0.0
    near = _log(market.push(sum(stratum.weight * stratum.mean for stratum in strata)))
    dearest = math.exp(_root(shortfall, _LOWEST, _HIGHEST, rises=True, through=math.exp, start=near))
    return max(0.0, market.at(dearest)[1] - _CLOSE)


def _log(number: float) -> float | None:
    return math.log(number) if number > 0 else None


class _Wealth:
    """The gambler's wealth on one stratum, as a function of the mean that is claimed of it."""

    def __init__(self, counts: Mapping[int, int], stakes: Sequence[float]) -> None:
        self._counts = list(counts.items())
        self._stakes = stakes

    @cached_property
    def slope_at_0(self) -> float:
        """The derivative at the smallest mean."""
        return self.at(_SMALLEST)[1]

    @cached_property
    def slope_at_1(self) -> float:
        """The derivative at the largest mean."""
        return self.at(1.0)[1]

    def at(self, mean: float) -> tuple[float, float, float]:
        """Return ``log M(mean)`` and its first and second derivative."""
        logs, slopes, bends = [], [], []
        for stake in self._stakes:
            kept, won = 1.0 - stake, stake / (GRID * mean)
            log = slope = bend = 0.0
            for step, count in self._counts:
                total = kept + won * step
                share = 1.0 - kept / total
                log += count * math.log(total)
                slope -= count * share
                bend += count * share * (2.0 - share)
            logs.append(log)
            slopes.append(slope / mean)
            bends.append(bend / (mean * mean))
        top = max(logs)
        weights = [math.exp(log - top) for log in logs]
        total = sum(weights)
        slope = sum(map(mul, weights, slopes)) / total
        curve = sum(weight * (bend + s * s) for weight, bend, s in zip(weights, bends, slopes, strict=True)) / total
        return top + math.log(total / len(self._stakes)), slope, curve - slope * slope


class _Market:
    """The picks of all strata at a price; remembers the last ones, from which the next search begins."""

    def __init__(self, strata: Sequence[Stratum], stakes: Sequence[float]) -> None:
        self._sides = [(stratum.weight, _Wealth(stratum.counts, stakes)) for stratum in strata]
        self._picks = [0.5] * len(self._sides)

    def push(self, mean: float) -> float:
        """Return the price that all strata together would pay for a lower claim than ``mean`` of each."""
        return -sum(wealth.at(max(mean, _SMALLEST))[1] for _, wealth in self._sides)

    def at(self, price: float) -> tuple[float, float, float]:
        """Return the logarithm of the wealth at the picks, their weighted mean, and how easily a price moves it."""
        value = mean = ease = 0.0
        for side, (weight, wealth) in enumerate(self._sides):
            pick = self._picks[side] = _cheapest(wealth, price * weight, self._picks[side])
            log, _, bend = wealth.at(pick)
            value += log
            mean += weight * pick
            if _SMALLEST < pick < 1.0 and bend > 0.0:
                ease += weight * weight / bend
        return value, mean, ease


def _cheapest(wealth: _Wealth, price: float, start: float) -> float:
    """Return the m in (0, 1] that minimises ``log M(m) + price m``: where its rising derivative is 0."""

    def excess(mean: float) -> tuple[float, float]:
        # The derivative is about -n / mean, so that its inverse is about straight: Newton's steps are few.
        _, first, second = wealth.at(mean)
        return (-1 / first - 1 / price, second / (first * first)) if first < 0 else (math.inf, 0.0)

    if wealth.slope_at_1 + price <= 0:
        return 1.0
    if wealth.slope_at_0 + price >= 0:
        return _SMALLEST
    return _root(excess, _SMALLEST, 1.0, rises=True, start=start)


def _root(
    function: Callable[[float], tuple[float, float]],
    low: float,
    high: float,
    *,
    rises: bool,
    start: float | None = None,
    through: Callable[[float], float] = float,
) -> float:
    """Return where a monotone ``function`` is 0, by Newton's steps kept inside a bracket that halves otherwise.

    ``function`` takes ``through(x)`` and returns its value and its derivative by x.
    """
    x = start if start is not None and low < start < high else (low + high) / 2
    for _ in range(_STEPS):
        value, slope = function(through(x))
        if (value > 0) is rises:
            high = x
        else:
            low = x
        step = value / slope if slope else math.inf
        after = x - step if low < x - step < high else (low + high) / 2
        if abs(after - x) <= _CLOSE * max(1e-3, abs(x)):
            return after
        x = after
    return x
