from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from agents.training.curate.contamination import RUN, Contamination, runs_of

WORDS = st.lists(st.sampled_from(["lda", "sta", "#", "$", "7E", "x1"]), max_size=40)


def numbered(start: int, count: int) -> str:
    return " ".join(f"word{number}" for number in range(start, start + count))


def test_thirteen_words_in_a_row_are_a_repetition_and_twelve_are_none() -> None:
    contamination = Contamination()
    contamination.add(numbered(0, 100))
    assert contamination.is_in(["nothing", f"before {numbered(50, RUN).upper()}\n after"])
    assert not contamination.is_in([numbered(50, RUN - 1), numbered(200, 50)])
    assert len(contamination) == 100 - RUN + 1


def test_short_texts_have_no_runs_and_repeat_nothing() -> None:
    contamination = Contamination()
    contamination.add(numbered(0, RUN - 1))
    assert len(contamination) == 0
    assert not contamination.is_in([numbered(0, RUN - 1)])


def test_order_counts() -> None:
    words = numbered(0, 30).split()
    contamination = Contamination()
    contamination.add(" ".join(words))
    random.Random(1).shuffle(words)
    assert not contamination.is_in([" ".join(words)])


@given(WORDS, WORDS)
def test_a_rolling_hash_is_equal_exactly_for_equal_runs(one: list[str], other: list[str]) -> None:
    def runs(words: list[str]) -> list[tuple[str, ...]]:
        return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]

    known: dict[int, tuple[str, ...]] = {}
    for words in (one, other):
        hashes = list(runs_of(" ".join(words)))
        assert len(hashes) == len(runs(words))
        for hashed, run in zip(hashes, runs(words), strict=True):
            assert known.setdefault(hashed, run) == run
    assert len(known) == len({*runs(one), *runs(other)})
