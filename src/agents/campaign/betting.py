"""Evidence by betting: how strongly scores speak for a mean above or below a threshold, valid at every look.

Pure. Owns the arithmetic of evidence and bounds; what follows from them belongs to ``gate``.

A gambler starts with 1 and bets on every score x in [0, 1] against the claim "the mean is m" at odds that are fair
under the claim. With the stakes c in ``STAKES`` her wealth is ``M(m) = mean over c of prod (1 - c + c x / m)``, the
capital process of Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024).
Under a true mean of at most m it exceeds 1/alpha at any time with probability at most alpha (Ville 1939).

Of several domains with weights w, the claim "the weighted mean is at most tau" is refuted only when every split of tau
over the domains is: ``E(tau) = min over {m in [0,1]^K: sum w m = tau} of prod M_d(m_d)``, a union of intersections
(Spertus, Sridhar & Stark, "Sequential stratified inference for the mean", 2024). ``log M`` is convex in m, so the
minimum is found by its dual, and every multiplier gives a lower bound: rounding errs on the safe side.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STAKES = (0.25, 0.5, 0.9)
GRID = 1_024
"""Scores are rounded to this many steps, downwards for evidence of a high mean: that can only weaken it."""

_SMALLEST = 1e-9
_DEAREST = 1e12
_STEPS = 40
_BOUND_STEPS = 14


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
        return Stratum(self.weight, {max(0, GRID - 1 - step): count for step, count in self.counts.items()})


def log_evidence(strata: Iterable[Stratum], threshold: float) -> float:
    """Return the natural logarithm of the evidence that the weighted mean is above ``threshold`` in [0, 1].

    Weights must sum to 1. The result is a lower bound, exact to about 1e-6; ``log(1/alpha)`` of it refutes "at most
    ``threshold``" at level alpha, whenever one looks.
    """
    strata = [stratum for stratum in strata if stratum.weight > 0]
    if len(strata) == 1:
        return _log_wealth(strata[0].counts, max(threshold, _SMALLEST))[0]
    low, high = 0.0, 1.0
    while _dual(strata, high, threshold)[1] > threshold and high < _DEAREST:
        low, high = high, 4 * high
    best = -math.inf
    for _ in range(_STEPS):
        price = (low + high) / 2
        value, spent = _dual(strata, price, threshold)
        best = max(best, value)
        low, high = (price, high) if spent > threshold else (low, price)
    return best


def bounds(strata: Iterable[Stratum], alpha: float) -> tuple[float, float]:
    """Return the lower and the upper confidence bound of the weighted mean, each at level ``alpha`` in (0, 1)."""
    strata = list(strata)
    mirrored = [stratum.mirrored for stratum in strata]
    return _refuted_up_to(strata, alpha), 1.0 - _refuted_up_to(mirrored, alpha)


def _refuted_up_to(strata: list[Stratum], alpha: float) -> float:
    """Return the largest threshold, to 1e-4, that the evidence refutes the mean to lie at or below."""
    wanted, low, high = math.log(1 / alpha), 0.0, 1.0
    for _ in range(_BOUND_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if log_evidence(strata, middle) >= wanted else (low, middle)
    return low


def _dual(strata: list[Stratum], price: float, threshold: float) -> tuple[float, float]:
    """Return the dual value at ``price``, and the weighted mean of the split that attains it."""
    value, spent = -price * threshold, 0.0
    for stratum in strata:
        mean = _cheapest(stratum, price * stratum.weight)
        value += _log_wealth(stratum.counts, mean)[0] + price * stratum.weight * mean
        spent += stratum.weight * mean
    return value, spent


def _cheapest(stratum: Stratum, price: float) -> float:
    """Return the m in (0, 1] that minimises ``log M(m) + price m``: where its rising derivative is 0."""
    low, high = _SMALLEST, 1.0
    if _log_wealth(stratum.counts, high)[1] + price <= 0:
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _log_wealth(stratum.counts, middle)[1] + price < 0 else (low, middle)
    return low


def _log_wealth(counts: Mapping[int, int], mean: float) -> tuple[float, float]:
    """Return ``log M(mean)`` and its derivative."""
    logs, slopes = [], []
    for stake in STAKES:
        kept, won = 1.0 - stake, stake / (GRID * mean)
        log = slope = 0.0
        for step, count in counts.items():
            gain = won * step
            log += count * math.log(kept + gain)
            slope -= count * gain / (kept + gain)
        logs.append(log)
        slopes.append(slope / mean)
    top = max(logs)
    shares = [math.exp(log - top) for log in logs]
    total = sum(shares)
    slope = sum(share * slope for share, slope in zip(shares, slopes, strict=True)) / total
    return top + math.log(total / len(STAKES)), slope
