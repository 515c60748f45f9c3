"""Contracts are told so that nothing is missing and places are named as they are."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agents.training.phrases import seeded
from agents.training.routines.contract import Place
from agents.training.routines.draft import Draft
from agents.training.routines.phrasing import contract, keeps, spot
from agents.training.routines.templates import TEMPLATES
from agents.training.routines.walkthrough import changed, interface


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place("a", "mem", 0x12, 1, ""), "$12"),
        (Place("a", "mem", 0x7E2000, 3, ""), "$7E2000-$7E2002"),
        (Place("a", "X", 0, 2, ""), "X (16 bits)"),
        (Place("a", "C", 0, 0, ""), "the carry flag"),
        (Place("BG1HOFS", "BG1HOFS", 0x210D, 2, ""), "$210D, in 2 writes"),
    ],
)
def test_every_kind_of_place_has_its_words(place, words):
    assert spot(place) == words


def test_kept_registers_are_listed():
    routine = TEMPLATES["add"](Draft(seeded("keeps"), 1))
    told = [keeps(replace(routine, keeps=kept, m8=True)) for kept in (("X",), ("A", "X"), ("A", "X", "Y"))]
    assert told == ["X", "A (8 bits) and X", "A (8 bits), X and Y"]
    assert "none" in keeps(replace(routine, keeps=()))


@pytest.mark.parametrize("noun", TEMPLATES)
def test_a_contract_names_every_place_with_its_spot_and_every_rule(noun):
    routine = TEMPLATES[noun](Draft(seeded("told", noun), 3))
    for seed in range(6):
        text = contract(seeded(seed), routine)
        for place in (*routine.inputs, *routine.outputs):
            assert spot(place) in text
            assert place.meaning in text
        assert all(rule in text for rule in routine.rules)
        assert routine.ret in text


@pytest.mark.parametrize("noun", TEMPLATES)
def test_the_interface_names_every_place_and_what_is_lost(noun):
    routine = TEMPLATES[noun](Draft(seeded("use", noun), 2))
    text = interface(seeded("use"), routine)
    assert all(spot(place) in text for place in (*routine.inputs, *routine.outputs))
    assert not set(changed(routine)) & set(routine.keeps)
    assert all(name in re.findall(r"\w+", text) for name in changed(routine))


@pytest.mark.parametrize("noun", TEMPLATES)
def test_scratch_is_what_the_code_uses(noun):
    for level in (1, 2, 3):
        routine = TEMPLATES[noun](Draft(seeded("scratch", noun), level))
        for place in routine.scratch:
            assert any(place.ref in line.arg for line in routine.lines)
