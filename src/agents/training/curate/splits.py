"""In which split a sample is: settled by what it was made from, so that no source is in two of them.

Pure. Depends on nothing but the seed, the group and the shares: not on the dataset, the other samples, or how far a
campaign is.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from agents.campaign.datasets import Split

_RANGE = 2**64


class Splitter:
    """The splits of a campaign with their ``shares``, which sum to 1."""

    def __init__(self, shares: Mapping[Split, float], seed: int) -> None:
        self._start = hashlib.sha256(f"split {seed} ".encode())
        self._splits = list(shares)
        self._bounds = [round(bound * _RANGE) for bound in accumulate(shares.values())][:-1]

    def split_of(self, group: str) -> Split:
        """Return the split of everything that was made from ``group``."""
        hashed = self._start.copy()
        hashed.update(group.encode(errors="surrogatepass"))
        return self._splits[bisect_right(self._bounds, int.from_bytes(hashed.digest()[:8], "big"))]


def by_strength(shares: Mapping[Split, float]) -> list[Split]:
    """Return the splits, those first that keep a sample which is near one of another split.

    The larger one keeps it; of equal ones train does, then test.
    """
    order: list[Split] = ["train", "test", "validation"]
    return sorted(shares, key=lambda split: (-shares[split], order.index(split)))
