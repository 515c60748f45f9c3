"""The caps of a campaign: money, tickets, hours and disk, looked at before every call.

Pure. Owns what each cap means. Never reads a clock or a disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.campaign.errors import PausedError
from agents.campaign.values import value

GIGABYTE = 1_000_000_000


@value
class Spent:
    """What a run has used when an attempt is to begin.

    ``cost`` is what its attempts cost, those in flight and those that nobody priced at their reservation, plus the
    reservation of the next one; ``hours`` count from the start of this process.
    """

    tickets: int
    hours: float
    free_bytes: int
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of a run; None sets none."""

    max_tickets: int | None = None
    max_hours: float | None = None
    max_cost: float | None = None
    min_free_gb: float = 0.0

    def reached(self, spent: Spent) -> PausedError | None:
        """Return why no attempt may begin, or None when one may."""
        if self.max_tickets is not None and spent.tickets >= self.max_tickets:
            return PausedError(
                f"{spent.tickets} tickets were begun, guards.max_tickets allows {self.max_tickets}",
                "raise guards.max_tickets in the recipe and run the same command again",
            )
        if self.max_hours is not None and spent.hours >= self.max_hours:
            return PausedError(
                f"guards.max_hours are over: {self.max_hours:g} since this start",
                "raise it in the recipe, or run the same command for as long again",
            )
        if (dear := cost_reached(spent.cost, self.max_cost, "guards.max_cost", " in the recipe")) is not None:
            return dear
        if spent.free_bytes < self.min_free_gb * GIGABYTE:
            return PausedError(
                f"{spent.free_bytes / GIGABYTE:.3g} GB are free on the ledger's disk, guards.min_free_gb wants "
                f"{self.min_free_gb:g}",
                "free some space, or lower guards.min_free_gb in the recipe, and run the same command again",
            )
        return None


def cost_reached(cost: float | None, max_cost: float | None, cap: str, place: str = "") -> PausedError | None:
    """Return why no call may begin that could bring the cost to ``cost``, or None when one may.

    ``cap`` is what a person calls ``max_cost``, and ``place`` where it is written; None sets none.
    """
    if max_cost is None or cost is None or cost <= max_cost:
        return None
    return PausedError(
        f"the next answer could bring the cost to {cost:.6g}, {cap} allows {max_cost:g}; answers whose cost nobody "
        "told count with what was reserved for them",
        f"raise {cap}{place} and run the same command again",
    )
