from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.datasets import Split
from agents.training.curate.splits import Splitter, by_strength

SHARES: dict[Split, float] = {"train": 0.9, "validation": 0.05, "test": 0.05}


def test_groups_fall_into_the_splits_as_their_shares_say() -> None:
    splitter = Splitter(SHARES, 65_816)
    counts = Counter(splitter.split_of(f"group {number}") for number in range(20_000))
    assert {split: count / 20_000 for split, count in counts.items()} == pytest.approx(SHARES, abs=0.006)


def test_the_split_of_a_group_is_the_same_in_every_process_and_on_any_day() -> None:
    splits = [Splitter(SHARES, 65_816).split_of(f"file{number}") for number in range(40)]
    assert {number: split for number, split in enumerate(splits) if split != "train"} == {
        5: "test",
        14: "test",
        26: "test",
    }


@given(st.text(), st.integers(0, 2**63 - 1))
def test_every_group_has_one_split(group: str, seed: int) -> None:
    assert Splitter(SHARES, seed).split_of(group) == Splitter(dict(SHARES), seed).split_of(group)
    assert Splitter({"train": 1.0}, seed).split_of(group) == "train"


def test_another_seed_splits_otherwise() -> None:
    groups = [f"group {number}" for number in range(200)]
    one, other = (list(map(Splitter(SHARES, seed).split_of, groups)) for seed in (1, 2))
    assert one != other


def test_the_larger_split_keeps_what_is_alike() -> None:
    assert by_strength(SHARES) == ["train", "test", "validation"]
    assert by_strength({"train": 0.2, "validation": 0.5, "test": 0.3}) == ["validation", "test", "train"]
