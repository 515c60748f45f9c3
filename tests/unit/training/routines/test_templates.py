"""Every reference does what its own oracle says, keeps its contract and really varies."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.training.phrases import seeded
from agents.training.routines.contract import Routine
from agents.training.routines.draft import Draft
from agents.training.routines.proof import assembled, prove
from agents.training.routines.render import Style, rows
from agents.training.routines.templates import TEMPLATES

SEEDS = range(6)


def drawn(noun: str, level: int, seed: int) -> Routine:
    return TEMPLATES[noun](Draft(seeded(noun, level, seed), level))


@pytest.mark.parametrize("noun", TEMPLATES)
def test_references_are_proved_in_any_layout(noun):
    for level in (1, 2, 3):
        for seed in SEEDS:
            routine = drawn(noun, level, seed)
            style = Style.draw(seeded("style", seed), comments=bool(seed & 1))
            proof = prove(routine, assembled(routine, "\n".join(rows(routine, routine.lines, style)[0])))
            assert proof.holds, (level, seed, proof)


@pytest.mark.parametrize("noun", TEMPLATES)
def test_a_routine_that_does_nothing_fails(noun):
    for level in (1, 3):
        routine = drawn(noun, level, 0)
        assert not prove(routine, assembled(routine, f"{routine.label}:\n {routine.ret}")).holds


@pytest.mark.parametrize("noun", TEMPLATES)
def test_references_differ_in_code_names_and_contract(noun):
    routines = [drawn(noun, level, seed) for level in (1, 2, 3) for seed in range(12)]
    assert len({"\n".join(line.text for line in routine.lines) for routine in routines}) >= 28
    assert len({tuple(line.op for line in routine.lines) for routine in routines}) >= 8
    assert len({routine.keeps for routine in routines}) >= 2
    assert {routine.far for routine in routines} == {True, False}


@pytest.mark.parametrize("noun", TEMPLATES)
def test_cases_are_few_short_and_not_all_alike(noun):
    routine = drawn(noun, 2, 1)
    assert 1 <= len(routine.cases) <= 6
    if routine.inputs:
        assert len({str(case.given) for case in routine.cases}) >= len(routine.cases) - 1
    for case in routine.cases:
        assert set(case.given) == {place.name for place in routine.inputs}
        assert set(case.expect) == {place.name for place in routine.outputs}


def test_places_never_overlap_and_stay_clear_of_scratch_and_stack():
    for noun in TEMPLATES:
        for seed in SEEDS:
            routine = drawn(noun, 3, seed)
            places = (*routine.inputs, *routine.outputs, *routine.scratch)
            spans = sorted({(place.addr, place.size) for place in places if place.in_memory})
            for (first, size), (second, _) in pairwise(spans):
                assert first + size <= second, (noun, seed)
            assert all(addr >= 0x10 and not 0x1F00 <= addr < 0x2000 for addr, _ in spans)


def test_more_than_25_routines_on_three_levels():
    assert len(TEMPLATES) >= 25
