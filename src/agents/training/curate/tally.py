"""The numbers of a dataset: samples, quality and tokens of each split, and samples of each domain and difficulty.

Pure.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from agents.campaign.datasets import Split
from agents.training.curate.selection import Candidate


class Tally:
    """The numbers of ``candidates``, all of which are in one of ``splits``."""

    def __init__(self, splits: Sequence[Split], candidates: Iterable[Candidate]) -> None:
        self._tokens = {split: array("I") for split in splits}
        self._quality = {split: array("f") for split in splits}
        self._cells: Counter[tuple[str, int, Split]] = Counter()
        for candidate in candidates:
            self._tokens[candidate.split].append(candidate.tokens)
            self._quality[candidate.split].append(candidate.quality)
            kind, _, difficulty = candidate.cell.rpartition("/d")
            self._cells[kind.partition("/")[0], int(difficulty), candidate.split] += 1

    @property
    def empty(self) -> list[Split]:
        """The splits that have no sample."""
        return [split for split, tokens in self._tokens.items() if not tokens]

    def splits(self) -> dict[str, Any]:
        """Return samples, quality and tokens of each split, as JSON values."""
        return {
            split: {
                "samples": len(tokens),
                "quality": summary(self._quality[split]),
                "tokens": {"sum": sum(tokens), **summary(tokens)},
            }
            for split, tokens in self._tokens.items()
        }

    def cells(self) -> list[dict[str, Any]]:
        """Return how many samples of each domain and difficulty each split has, as JSON values."""
        kinds = sorted({(domain, difficulty) for domain, difficulty, _ in self._cells})
        return [
            {
                "domain": domain,
                "difficulty": difficulty,
                "samples": {split: self._cells[domain, difficulty, split] for split in self._tokens},
            }
            for domain, difficulty in kinds
        ]


def summary(values: Sequence[float] | array[int] | array[float]) -> dict[str, float]:
    """Return mean, median, 95th percentile and maximum of ``values``; nothing of none."""
    if not values:
        return {}
    ordered = sorted(values)
    return {
        "mean": round(math.fsum(ordered) / len(ordered), 4),
        "median": round(ordered[len(ordered) // 2], 4),
        "p95": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 4),
        "max": round(ordered[-1], 4),
    }
