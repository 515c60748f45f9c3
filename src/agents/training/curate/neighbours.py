"""Near-duplicates across splits: which samples must go so that no split repeats another one.

Pure. Owns the search. What "alike" means belongs to ``dedup``, whose signatures are compared.

Memory is constant: of the smaller splits, ``CHUNK`` samples at a time are indexed (about 3 kB each), and all others are
streamed past them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import chain, islice

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]  # it ships no types

from agents.training.dedup import SLOTS, bands_for, restored

CHUNK = 57_344
"""7/8 of 2**16: the tables of an index are full there, and a single sample more would double all of them, from 180 MB
to 253 MB."""
NOWHERE = 255
"""The rank of a ticket that has no sample to compare."""
Signatures = Iterable[tuple[int, bytes]]
"""``seq`` of samples, each with its signature as ``dedup.trace`` makes it."""


class Neighbours:
    """Samples of which others are found that are alike: of at least ``threshold``, a Jaccard similarity."""

    def __init__(self, threshold: float, samples: Signatures) -> None:
        self._threshold = threshold
        self._near = RMinHashLSH(threshold, SLOTS, bands_for(threshold))
        self._kept: list[tuple[int, RMinHash]] = []
        for at, (seq, state) in enumerate(samples):
            signature = restored(state)
            self._near.insert(at, signature)
            self._kept.append((seq, signature))

    def of(self, state: bytes) -> list[int]:
        """Return ``seq`` of those that are alike a sample with this signature, itself included if it is one of them."""
        signature = restored(state)
        near = map(self._kept.__getitem__, self._near.query(signature))
        return [seq for seq, known in near if known.jaccard(signature) >= self._threshold]


def leaking(signatures: Callable[[], Signatures], ranks: bytes, threshold: float, chunk: int = CHUNK) -> array[int]:
    """Return the ``seq`` of every sample that is alike one of a stronger split, sorted.

    ``signatures`` begins the stream of all samples anew, in the same order each time; ``ranks`` has a byte for every
    ``seq``: of the strongest split 0, of the next one 1, and ``NOWHERE``.
    """
    weaker = (sample for sample in signatures() if 0 < ranks[sample[0]] < NOWHERE)
    found: set[int] = set()
    while first := next(weaker, None):
        found |= _weaker_ones(Neighbours(threshold, chain([first], islice(weaker, chunk - 1))), signatures(), ranks)
    return array("q", sorted(found))


def _weaker_ones(indexed: Neighbours, samples: Signatures, ranks: bytes) -> set[int]:
    found: set[int] = set()
    weakest = max({*ranks} - {NOWHERE})
    for seq, signature in samples:
        if (own := ranks[seq]) < weakest:
            for other in indexed.of(signature):
                if ranks[other] > own:
                    found.add(other)
    return found
