"""The kinds have their shares, and no routine or difficulty is forgotten."""

from __future__ import annotations

from collections import Counter

import pytest

from agents.training.domains.asm import catalogue
from agents.training.domains.asm.kinds import KINDS

CELLS = catalogue.cells()


def kind_of(family: str) -> str:
    return family.partition(".")[0]


def test_every_kind_has_its_share():
    counts = Counter(kind_of(cell.family) for cell in CELLS)
    assert sum(catalogue.PERCENT.values()) == 100
    assert set(counts) == set(KINDS) == set(catalogue.PERCENT)
    for kind, percent in catalogue.PERCENT.items():
        assert 100 * counts[kind] / len(CELLS) == pytest.approx(percent, abs=0.5)


def test_there_are_enough_cells_and_none_twice():
    assert len(set(CELLS)) == len(CELLS) >= 500
    assert sorted(CELLS) == CELLS


@pytest.mark.parametrize("kind", KINDS)
def test_the_difficulties_of_a_kind_are_balanced(kind):
    levels = Counter(cell.difficulty for cell in CELLS if kind_of(cell.family) == kind)
    assert set(levels) == {1, 2, 3}
    assert max(levels.values()) - min(levels.values()) <= 4


def test_every_routine_can_be_asked_for():
    for kind in ("write", "trace", "fix"):
        nouns = {cell.family.partition(".")[2] for cell in CELLS if kind_of(cell.family) == kind}
        assert nouns == set(catalogue.nouns(kind))
    assert len({cell.family for cell in CELLS if kind_of(cell.family) == "translate"}) >= 20
