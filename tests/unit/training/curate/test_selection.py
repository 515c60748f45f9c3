from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.datasets import SPLITS
from agents.training.curate.selection import Candidate, Pool, even_quotas
from agents.training.curate.tally import Tally, summary


def pool_of(*cells: str) -> Pool:
    pool = Pool()
    for seq, cell in enumerate(cells):
        rank = (seq * 2**61 + 12_345) * 7 % 2**64
        pool.add(Candidate(seq, cell, SPLITS[seq % 3], rank, 100 + seq, 0.5))
    return pool


@given(st.lists(st.integers(0, 1_000), max_size=30), st.integers(0, 10_000))
def test_quotas_are_as_even_as_can_be(sizes: list[int], total: int) -> None:
    sizes.sort()
    quotas = even_quotas(sizes, total)
    assert sum(quotas) == min(total, sum(sizes))
    assert all(0 <= quota <= size for quota, size in zip(quotas, sizes, strict=True))
    short = [quota for quota, size in zip(quotas, sizes, strict=True) if quota < size]
    assert not short or max(quotas) - min(short) <= 1


def test_what_is_chosen_is_balanced_and_keeps_its_order_and_values() -> None:
    pool = pool_of(*["asm/write/d1"] * 60, *["asm/fix/d1"] * 10, *["oracle/patch/d2"] * 40)
    chosen = list(pool.chosen(50))
    assert Counter(candidate.cell for candidate in chosen) == {
        "asm/write/d1": 20,
        "asm/fix/d1": 10,
        "oracle/patch/d2": 20,
    }
    assert [candidate.seq for candidate in chosen] == sorted(candidate.seq for candidate in chosen)
    assert set(chosen) <= set(pool)
    assert list(pool_of(*["a/b/d1"] * 5).chosen(None)) == list(pool_of(*["a/b/d1"] * 5).chosen(5))


def test_a_larger_choice_holds_the_smaller_one() -> None:
    pool = pool_of(*["asm/write/d1"] * 60, *["asm/fix/d1"] * 30)
    assert set(pool.chosen(20)) < set(pool.chosen(40)) < set(pool)


def test_a_tally_counts_by_split_domain_and_difficulty() -> None:
    tally = Tally(["train", "validation", "test"], pool_of("asm/write/d1", "asm/fix/d1", "yaze/d2/d3", "asm/fix/d2"))
    splits = tally.splits()
    assert {split: told["samples"] for split, told in splits.items()} == {"train": 2, "validation": 1, "test": 1}
    assert splits["train"]["tokens"] == {"sum": 203, "mean": 101.5, "median": 103, "p95": 103, "max": 103}
    assert [(cell["domain"], cell["difficulty"], sum(cell["samples"].values())) for cell in tally.cells()] == [
        ("asm", 1, 2),
        ("asm", 2, 1),
        ("yaze", 3, 1),
    ]
    assert Tally(["train", "test"], pool_of("a/b/d1")).empty == ["test"]


def test_a_summary_of_nothing_is_empty() -> None:
    assert summary([]) == {}
    assert summary([*range(1, 101)]) == {"mean": 50.5, "median": 51, "p95": 95, "max": 100}
