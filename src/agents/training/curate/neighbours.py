"""Near-duplicates across splits: which samples must go so that no split repeats another one.

Pure. Owns the search. What "alike" means belongs to ``dedup``, whose signatures are compared.

Memory is constant: of the smaller splits, ``CHUNK`` samples at a time are indexed (about 4 kB each), and all others are
streamed past them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]  # it ships no types

from agents.campaign.datasets import Split
from agents.training.dedup import SLOTS, bands_for, restored

CHUNK = 65_536


class Signed(NamedTuple):
    """A sample as it is compared; ``signature`` as ``dedup.trace`` makes it."""

    seq: int
    split: Split
    signature: bytes


class Neighbours:
    """Samples of which others are found that are alike: of at least ``threshold``, a Jaccard similarity."""

    def __init__(self, threshold: float, samples: Iterable[Signed]) -> None:
        self._threshold = threshold
        self._near = RMinHashLSH(threshold, SLOTS, bands_for(threshold))
        self._kept: list[tuple[int, Split, RMinHash]] = []
        for at, (seq, split, state) in enumerate(samples):
            signature = restored(state)
            self._near.insert(at, signature)
            self._kept.append((seq, split, signature))

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, sample: Signed) -> Iterator[tuple[int, Split]]:
        """Yield ``seq`` and split of those that are alike ``sample``, itself included if it is one of them."""
        signature = restored(sample.signature)
        for at in self._near.query(signature):
            seq, split, known = self._kept[at]
            if known.jaccard(signature) >= self._threshold:
                yield seq, split


def leaking(
    samples: Callable[[], Iterable[Signed]], strength: Sequence[Split], threshold: float, chunk: int = CHUNK
) -> array[int]:
    """Return the ``seq`` of every sample that is alike one of a stronger split, sorted.

    ``samples`` begins the stream of all samples anew, in the same order each time; ``strength`` are the splits, the
    strongest first.
    """
    rank = {split: at for at, split in enumerate(strength)}
    weaker = (sample for sample in samples() if rank[sample.split])
    found: set[int] = set()
    while first := next(weaker, None):
        found |= _weaker_ones(Neighbours(threshold, chain([first], islice(weaker, chunk - 1))), samples(), rank)
    return array("q", sorted(found))


def _weaker_ones(indexed: Neighbours, samples: Iterable[Signed], rank: Mapping[Split, int]) -> set[int]:
    found: set[int] = set()
    weakest = len(rank) - 1
    for sample in samples:
        if (own := rank[sample.split]) < weakest:
            found.update(seq for seq, split in indexed.of(sample) if rank[split] > own)
    return found
