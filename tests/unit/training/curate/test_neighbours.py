from __future__ import annotations

import random

import pytest

from agents.campaign.datasets import Split
from agents.training.curate.neighbours import Signed, leaking
from agents.training.dedup import trace

STRENGTH: list[Split] = ["train", "test", "validation"]


def signed(seq: int, split: Split, text: str) -> Signed:
    return Signed(seq, split, trace(text).signature)


def words(rng: random.Random, count: int = 200) -> list[str]:
    return [f"w{rng.randrange(5_000)}" for _ in range(count)]


@pytest.fixture(scope="module")
def samples() -> list[Signed]:
    rng = random.Random(1)
    made = [signed(seq, STRENGTH[seq % 3], " ".join(words(rng))) for seq in range(300)]
    text = words(rng)
    near = [*text[:-3], "another", "end", "here"]
    made += [signed(1_000, "train", " ".join(text)), signed(1_001, "train", " ".join(near))]
    made += [signed(1_002, "test", " ".join(near)), signed(1_003, "validation", " ".join(text).upper())]
    only = words(rng)
    made += [signed(1_004, "validation", " ".join(only)), signed(1_005, "test", " ".join(only))]
    half = [*only[:140], *words(rng, 60)]
    made.append(signed(1_006, "train", " ".join(half)))
    return made


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_the_weaker_one_of_two_that_are_alike_goes(samples: list[Signed], chunk: int) -> None:
    assert list(leaking(lambda: iter(samples), STRENGTH, 0.7, chunk)) == [1_002, 1_003, 1_004]


def test_the_order_makes_no_difference(samples: list[Signed]) -> None:
    assert list(leaking(lambda: reversed(samples), STRENGTH, 0.7, 50)) == [1_002, 1_003, 1_004]


def test_a_lower_threshold_finds_more(samples: list[Signed]) -> None:
    assert list(leaking(lambda: iter(samples), STRENGTH, 0.4)) == [1_002, 1_003, 1_004, 1_005]


def test_one_split_has_nothing_to_leak() -> None:
    rng = random.Random(1)
    text = " ".join(words(rng))
    assert not leaking(lambda: iter([signed(0, "train", text), signed(1, "train", text)]), ["train"], 0.7)
