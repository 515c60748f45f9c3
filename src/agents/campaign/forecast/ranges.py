"""Ranges: an expected value between a low and a high end, and how a person reads them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

End = Literal["low", "expected", "high"]
ENDS: tuple[End, ...] = ("low", "expected", "high")

SPREAD = 2.0
"""How many standard deviations the ends of a range are from its expected value."""


@dataclass(frozen=True, slots=True)
class Range:
    """An expected value between a low and a high one; ``high`` is infinite where nothing bounds it."""

    low: float
    expected: float
    high: float

    @classmethod
    def each(cls, value: Callable[[End], float]) -> Range:
        """Return the range whose ends are ``value("low")``, ``value("expected")`` and ``value("high")``."""
        return cls(*map(value, ENDS))

    @classmethod
    def total(cls, ranges: Sequence[Range]) -> Range:
        """Return the range of the sum, as if all erred in the same direction: wider than it need be."""
        return cls.each(lambda end: sum(one.at(end) for one in ranges))

    def at(self, end: End) -> float:
        """Return one of the three values."""
        return {"low": self.low, "expected": self.expected, "high": self.high}[end]

    def times(self, other: Range) -> Range:
        """Return the range of the product of two that are not negative; nothing times no end is nothing."""
        return Range.each(lambda end: self.at(end) * other.at(end) if self.at(end) and other.at(end) else 0.0)


def span(numbers: Range) -> str:
    """Return a range in words: the expected value, and the low and high one where they differ."""
    return _span(numbers, number)


def whole_span(numbers: Range) -> str:
    """Return a range of things that are counted in words, each end rounded."""
    return _span(numbers, lambda value: number(float(round(value)) if math.isfinite(value) else value))


def _span(numbers: Range, shown: Callable[[float], str]) -> str:
    low, expected, high = (shown(numbers.at(end)) for end in ENDS)
    return expected if low == high else f"{expected} ({low} to {high})"


def number(value: float) -> str:
    """Return a number as a person writes it."""
    if math.isinf(value):
        return "no end"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
