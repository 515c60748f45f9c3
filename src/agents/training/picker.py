"""Who gets the next tickets: shares of domains and cells.

Owns arithmetic on counts. Never makes an item and remembers nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from random import Random

from agents.campaign.values import value
from agents.training.sample import Cell


def shares(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Return ``total`` split in proportion to ``weights``, by largest remainder; ties go to the earlier name.

    Raises:
        ValueError: a weight is negative, or none is positive while something is to be split.
    """
    weight_sum = sum(weights.values())
    if total and (min(weights.values(), default=0.0) < 0 or weight_sum <= 0):
        raise ValueError(f"cannot split {total} by the weights {dict(weights)}")
    exact = {name: total * weights[name] / weight_sum if total else 0.0 for name in sorted(weights)}
    split = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: split[name] - exact[name])
    for name in by_remainder[: total - sum(split.values())]:
        split[name] += 1
    return split


@value
class Tally:
    """What happened to the tickets of one cell."""

    accepted: int = 0
    rejected: int = 0
    open: int = 0

    @property
    def coverage(self) -> int:
        """Twice the samples that the cell has or may still get, and once those it failed to give.

        A failure counts half, so that a cell in which nothing is ever accepted draws at most twice the tickets of
        one in which everything is, instead of all of them.
        """
        return 2 * (self.accepted + self.open) + self.rejected


def least_covered(count: int, coverage: Mapping[Cell, int], step: int = 2) -> list[Cell]:
    """Return ``count`` cells, each time the least covered one; each pick adds ``step``, ties go to the smaller cell."""
    heap = [(covered, cell) for cell, covered in coverage.items()]
    heapq.heapify(heap)
    picked = []
    for _ in range(count):
        covered, cell = heap[0]
        heapq.heapreplace(heap, (covered + step, cell))
        picked.append(cell)
    return picked


def drawn(rng: Random, coverage: Mapping[Cell, int]) -> Cell:
    """Return a cell at random, each with equal chance."""
    return rng.choice(sorted(coverage))
