"""Contamination: samples that repeat a run of words of a text which a model is going to be tested with.

Pure. Owns what a run is. Never reads a file.

Thirteen words in a row: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C. Runs are kept as
hashes of 61 bits, about 70 bytes each: a text of ten million words takes 0.7 GB.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache

RUN = 13
"""Words, or signs of punctuation, in a row."""
_WORD = re.compile(r"\w+|[^\w\s]")
_PRIME = 2**61 - 1
_BASE = 1_000_003
_OLDEST = pow(_BASE, RUN, _PRIME)


class Contamination:
    """The runs of the texts that must not be repeated."""

    def __init__(self) -> None:
        self._runs: set[int] = set()
        self.texts = 0
        """Texts that were added."""

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, text: str) -> None:
        """Remember all runs of ``text``; one that is shorter than a run has none."""
        self.texts += 1
        self._runs.update(runs_of(text))

    def is_in(self, texts: Iterable[str]) -> bool:
        """Return whether one of ``texts`` repeats a run."""
        return bool(self._runs) and any(not self._runs.isdisjoint(runs_of(text)) for text in texts)


def runs_of(text: str) -> Iterator[int]:
    """Yield the hash of each run of ``text``, in order; letter case and spacing make no difference."""
    last: deque[int] = deque(maxlen=RUN)
    rolling = 0
    for match in _WORD.finditer(text.lower()):
        value = _value_of(match.group())
        oldest = last[0] if len(last) == RUN else 0
        rolling = (rolling * _BASE + value - oldest * _OLDEST) % _PRIME
        last.append(value)
        if len(last) == RUN:
            yield rolling


@lru_cache(maxsize=2**16)
def _value_of(word: str) -> int:
    hashed = hashlib.blake2b(word.encode(errors="surrogatepass"), digest_size=8)
    return int.from_bytes(hashed.digest(), "big") % _PRIME
