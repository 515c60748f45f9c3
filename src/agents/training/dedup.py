"""Duplicates: equal texts by digest, alike texts by MinHash over shingles of five tokens.

Owns what "alike" means and the index of what was accepted. Never decides what happens to a duplicate.

MinHash and banding: Broder 1997; Indyk & Motwani 1998; signatures by ``rensa`` (version 2 of its R-MinHash).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rensa import RMinHash, RMinHashDeduplicator  # type: ignore[import-untyped]  # it ships no types

from agents.campaign.digest import digest
from agents.campaign.values import value

SHINGLE = 5
"""Tokens per shingle."""
SLOTS = 128
"""Values of a signature: the standard error of an estimated similarity of 0.85 is 0.032."""
_SEED = 42
_MOST_MISSED = 0.01
"""Share of pairs exactly at the threshold that banding may overlook."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_MARKS = [char for char in map(chr, range(128)) if re.match(r"[^\w\s]", char)]
"""The characters of ASCII that are tokens by themselves."""


@value
class Trace:
    """What a text leaves behind for comparison: a digest of its tokens, and a serialised MinHash signature."""

    digest: str
    signature: bytes


def trace(text: str) -> Trace:
    """Return the trace of ``text``; spacing and letter case leave none. Equal in every process, on any day."""
    tokens = _tokens(text.lower())
    signature = RMinHash(SLOTS, _SEED)
    shingles = zip(*(tokens[at:] for at in range(SHINGLE)), strict=False) if len(tokens) >= SHINGLE else [tokens]
    signature.update([*map(" ".join, shingles)])
    return Trace(digest(tokens), signature.__getstate__())


def _tokens(text: str) -> list[str]:
    if not text.isascii():
        return _TOKEN.findall(text)
    for mark in _MARKS:  # a third of the time of the expression
        if mark in text:
            text = text.replace(mark, f" {mark} ")
    return text.split()


@dataclass(frozen=True, slots=True)
class Twin:
    """The accepted sample that another one repeats."""

    seq: int
    exact: bool


class Duplicates:
    """The accepted samples of a run, by trace; ``threshold`` is the Jaccard similarity from which two are alike."""

    def __init__(self, threshold: float) -> None:
        self._exact: dict[str, int] = {}
        self._near = RMinHashDeduplicator(threshold, SLOTS, use_lsh=True, num_bands=bands_for(threshold), seed=_SEED)

    def find(self, found: Trace) -> Twin | None:
        """Return the first accepted sample that ``found`` repeats, equal ones before alike ones."""
        equal = self._exact.get(found.digest)
        if equal is not None:
            return Twin(equal, exact=True)
        alike = self._near.get_duplicates(restored(found.signature))
        return Twin(min(int(key) for key in alike), exact=False) if alike else None

    def add(self, seq: int, accepted: Trace) -> None:
        """Remember an accepted sample for which ``find`` found nothing."""
        self._exact[accepted.digest] = seq
        self._near.add(str(seq), restored(accepted.signature))


def bands_for(threshold: float) -> int:
    """Return the least number of bands that misses at most 1 % of the pairs exactly at ``threshold``."""
    bands = 1
    while bands < SLOTS and (1 - threshold ** (SLOTS // bands)) ** bands > _MOST_MISSED:
        bands *= 2
    return bands


def restored(state: bytes) -> RMinHash:
    """Return the signature of a trace, to be compared."""
    signature = RMinHash(SLOTS, _SEED)
    signature.__setstate__(state)
    return signature
