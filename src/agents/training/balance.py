"""Whether the accepted samples of a campaign are spread over its domains as they should be.

Pure. Owns the arithmetic of shares. What follows from an imbalance belongs to ``guards``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FEWEST = 500
"""Accepted samples before which shares are left to chance."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The accepted samples of each domain, and between which shares of all each may be.

    One that is ``off`` was seen outside, and a person wants to go on: it is watched again once all shares are inside.
    """

    allowed: Mapping[str, tuple[float, float]]
    accepted: Mapping[str, int] = field(default_factory=dict)
    is_off: bool = False

    @classmethod
    def of(cls, weights: Mapping[str, float], acceptance: Mapping[str, float], most: float) -> Balance:
        """Return the balance of a campaign that has not begun.

        A domain's share begins at its part of what a pilot's acceptance gives and ends at its weight, for a campaign
        owes each its weight; it may be further out by ``most``.

        Args:
            weights: share of each domain, together 1.
            acceptance: of the domains as a pilot showed it, in [0, 1]; without one, shares are held to the weights.
            most: how far outside a share may be, in [0, 1].
        """
        given = {name: weight * acceptance.get(name, 1.0) for name, weight in weights.items()}
        total = sum(given.values())
        shares = {name: part / total for name, part in given.items()} if total else dict(weights)
        return cls(
            {
                name: (min(weight, shares[name]) - most, max(weight, shares[name]) + most)
                for name, weight in weights.items()
            }
        )

    def after(self, domain: str, *, accepted: bool) -> Balance:
        """Return the balance after one more settled ticket of ``domain``."""
        if not accepted:
            return self
        counted = replace(self, accepted={**self.accepted, domain: self.accepted.get(domain, 0) + 1})
        return replace(counted, is_off=False) if counted.is_off and counted.outside() is None else counted

    def outside(self) -> str | None:
        """Return in words which domain's share is outside, or None."""
        total = sum(self.accepted.values())
        if total < FEWEST:
            return None
        for name, (low, high) in self.allowed.items():
            share = self.accepted.get(name, 0) / total
            if not low <= share <= high:
                return f"{name} has {share:.1%} of the {total:,} accepted samples, {low:.1%} to {high:.1%} are allowed"
        return None
