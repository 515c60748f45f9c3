"""Which of more samples than are wanted a dataset holds: balanced over cells, the same ones every time.

Pure. Owns the choice, and what is remembered of a sample for it: 29 bytes, of a million samples 29 MB.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agents.campaign.datasets import SPLITS, Split


class Candidate(NamedTuple):
    """A sample that can be chosen.

    ``cell`` names its domain, family and difficulty; of a cell those with the least ``rank`` are chosen, which is in
    [0, 2**64) and looks random. ``tokens`` is its length and ``quality`` in [0, 1].
    """

    seq: int
    cell: str
    split: Split
    rank: int
    tokens: int
    quality: float


class Pool:
    """Samples in the order of their ``seq``, packed."""

    def __init__(self) -> None:
        self._cells: dict[str, int] = {}
        self._seq, self._rank = array("Q"), array("Q")
        self._cell, self._tokens = array("I"), array("I")
        self._split = bytearray()
        self._quality = array("f")

    def __len__(self) -> int:
        return len(self._seq)

    def add(self, candidate: Candidate) -> None:
        """Put in a sample whose ``seq`` is greater than all before it."""
        self._seq.append(candidate.seq)
        self._rank.append(candidate.rank)
        self._cell.append(self._cells.setdefault(candidate.cell, len(self._cells)))
        self._tokens.append(candidate.tokens)
        self._split.append(SPLITS.index(candidate.split))
        self._quality.append(candidate.quality)

    def __iter__(self) -> Iterator[Candidate]:
        cells = list(self._cells)
        columns = zip(self._seq, self._cell, self._split, self._rank, self._tokens, self._quality, strict=True)
        for seq, cell, split, rank, tokens, quality in columns:
            yield Candidate(seq, cells[cell], SPLITS[split], rank, tokens, quality)

    def chosen(self, at_most: int | None) -> Pool:
        """Return the pool of at most so many of these: as evenly from all cells as these have samples."""
        if at_most is None or len(self) <= at_most:
            return self
        by_cell: list[list[int]] = [[] for _ in self._cells]
        for at, cell in enumerate(self._cell):
            by_cell[cell].append(at)
        names = sorted(self._cells, key=lambda name: (len(by_cell[self._cells[name]]), name))
        quotas = even_quotas([len(by_cell[self._cells[name]]) for name in names], at_most)
        kept = bytearray(len(self))
        for name, quota in zip(names, quotas, strict=True):
            for at in sorted(by_cell[self._cells[name]], key=self._rank.__getitem__)[:quota]:
                kept[at] = 1
        chosen = Pool()
        for candidate, is_kept in zip(self, kept, strict=True):
            if is_kept:
                chosen.add(candidate)
        return chosen


def even_quotas(sizes: Sequence[int], total: int) -> list[int]:
    """Return how many to take of each, ``total`` in all, as evenly as ``sizes``, which are sorted, allow.

    Where it does not come out even, the last ones give one more.
    """
    quotas = []
    for at, size in enumerate(sizes):
        quota = min(size, math.floor(total / (len(sizes) - at)))
        quotas.append(quota)
        total -= quota
    return quotas
