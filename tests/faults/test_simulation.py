"""Thousands of seeded runs of the whole workflow on a simulated machine, each disturbed and audited.

``FAULT_SEEDS=0-9999`` runs other seeds than the 2,000 of ``make faults``.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from simulation.boundary import simulated_machine
from simulation.crashes import KINDS
from simulation.run import Story, run

pytestmark = pytest.mark.fault(row=())  # the rows are those that strike

CHUNK = 25
QUICK = 100
FIRST, LAST = (int(seed) for seed in os.environ.get("FAULT_SEEDS", "0-1999").split("-"))


@pytest.fixture(scope="module", autouse=True)
def on_a_simulated_machine() -> Iterator[None]:
    logging.disable()
    with simulated_machine():
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    "first",
    [pytest.param(seed, marks=[pytest.mark.slow] if seed >= QUICK else []) for seed in range(FIRST, LAST + 1, CHUNK)],
)
def test_every_account_holds_whatever_strikes(first: int, record_property: Callable[[str, object], None]) -> None:
    stories = [run(seed) for seed in range(first, min(first + CHUNK, LAST + 1))]

    struck = Counter(row for story in stories for strike in story.struck for row in strike.rows)
    record_property("struck", sorted(struck.items()))
    record_property("seeds", len(stories))


def test_a_seed_gives_the_same_story_again() -> None:
    assert [run(seed) for seed in range(5)] == [run(seed) for seed in range(5)]


@pytest.mark.slow
def test_the_faults_of_a_hundred_seeds_are_of_every_kind_and_at_many_boundaries() -> None:
    stories: list[Story] = [run(seed) for seed in range(QUICK, 2 * QUICK)]

    struck = [strike for story in stories for strike in story.struck]
    assert {strike.fault for strike in struck} == {kind.name for kind in KINDS}
    assert len({strike.at for strike in struck}) > 40
    assert len({story.scenario for story in stories}) == 5
