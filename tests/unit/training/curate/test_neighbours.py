from __future__ import annotations

import random
import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.curate.neighbours import NOWHERE, leaking
from agents.training.dedup import SLOTS, bands_for, restored, trace

TRAIN, TEST, VALIDATION = range(3)
Texts = dict[int, tuple[int, str]]
"""The rank and the text of samples by their ``seq``."""


def found(samples: Texts, threshold: float, chunk: int = 50, backwards: bool = False) -> list[int]:
    ranks = bytearray([NOWHERE]) * (max(samples) + 1)
    for seq, (rank, _) in samples.items():
        ranks[seq] = rank
    signatures = [(seq, trace(text).signature) for seq, (_, text) in samples.items()]
    return list(leaking(lambda: iter(signatures[::-1] if backwards else signatures), bytes(ranks), threshold, chunk))


def words(rng: random.Random, count: int = 200) -> list[str]:
    return [f"w{rng.randrange(5_000)}" for _ in range(count)]


@pytest.fixture(scope="module")
def samples() -> Texts:
    rng = random.Random(1)
    made = {seq: (seq % 3, " ".join(words(rng))) for seq in range(300)}
    text = words(rng)
    near = [*text[:-3], "another", "end", "here"]
    made |= {1_000: (TRAIN, " ".join(text)), 1_001: (TRAIN, " ".join(near))}
    made |= {1_002: (TEST, " ".join(near)), 1_003: (VALIDATION, " ".join(text).upper())}
    only = words(rng)
    made |= {1_004: (VALIDATION, " ".join(only)), 1_005: (TEST, " ".join(only))}
    half = [*only[:140], *words(rng, 60)]
    return made | {1_006: (TRAIN, " ".join(half))}


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_the_weaker_one_of_two_that_are_alike_goes(samples: Texts, chunk: int) -> None:
    assert found(samples, 0.7, chunk) == [1_002, 1_003, 1_004]


def test_the_order_makes_no_difference(samples: Texts) -> None:
    assert found(samples, 0.7, backwards=True) == [1_002, 1_003, 1_004]


def test_a_lower_threshold_finds_more(samples: Texts) -> None:
    assert found(samples, 0.4) == [1_002, 1_003, 1_004, 1_005]


def test_one_split_has_nothing_to_leak() -> None:
    text = " ".join(words(random.Random(1)))
    assert not found({0: (TRAIN, text), 1: (TRAIN, text)}, 0.7)
    assert not leaking(lambda: iter(()), b"", 0.7)


def test_what_has_no_sample_is_alike_nothing() -> None:
    text = " ".join(words(random.Random(1)))
    assert found({0: (TEST, text), 1: (NOWHERE, text), 2: (VALIDATION, text)}, 0.7) == [2]


@st.composite
def texts_with_near_duplicates(draw: st.DrawFn) -> Texts:
    """Return texts of any splits, many of them copies of others with a few words changed, at any places."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    texts = [words(rng, rng.randint(3, 120)) for _ in range(draw(st.integers(1, 20)))]
    for _ in range(draw(st.integers(1, 40))):
        copy = list(rng.choice(texts))
        for _ in range(rng.randint(0, 6)):
            copy[rng.randrange(len(copy))] = f"new{rng.randrange(100)}"
        texts.append(copy)
    rng.shuffle(texts)
    return {seq: (rng.randrange(3), " ".join(text)) for seq, text in enumerate(texts)}


@settings(max_examples=60, deadline=None)
@given(texts_with_near_duplicates(), st.sampled_from([0.5, 0.7, 0.85, 1.0]), st.sampled_from([1, 3, 1_000]))
def test_what_is_found_is_what_comparing_every_pair_finds(samples: Texts, threshold: float, chunk: int) -> None:
    digests = {seq: restored(trace(text).signature).digest() for seq, (_, text) in samples.items()}
    weaker_ones = {
        weak
        for strong, weak in product(samples, samples)
        if samples[strong][0] < samples[weak][0] and are_alike(digests[strong], digests[weak], threshold)
    }
    assert found(samples, threshold, chunk) == sorted(weaker_ones)


def are_alike(one: list[int], other: list[int], threshold: float) -> bool:
    """Return whether signatures have a band in common, and as many values as make them alike."""
    equal = [a == b for a, b in zip(one, other, strict=True)]
    size = SLOTS // bands_for(threshold)
    return any(all(equal[at : at + size]) for at in range(0, SLOTS, size)) and sum(equal) / SLOTS >= threshold


@settings(max_examples=60, deadline=None)
@given(texts_with_near_duplicates())
def test_no_two_of_different_splits_stay_whose_similarity_is_clearly_more(samples: Texts) -> None:
    """0.2 is five standard errors of an estimate of 0.7; no pair that is so much less alike is found either."""
    leaks = set(found(samples, 0.7))
    shingles = {seq: shingles_of(text) for seq, (_, text) in samples.items()}
    for weak, (rank, _) in samples.items():
        others = [similarity(shingles[weak], shingles[seq]) for seq, (own, _) in samples.items() if own < rank]
        assert weak in leaks or max(others, default=0.0) < 0.9
        assert weak not in leaks or max(others) > 0.5


def shingles_of(text: str) -> frozenset[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    return frozenset(zip(*(tokens[at:] for at in range(5)), strict=False)) or frozenset([tuple(tokens)])


def similarity(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)
