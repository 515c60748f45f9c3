"""The families: their causes have words, their routines exist, their defects are well formed."""

from __future__ import annotations

from string import Formatter

import pytest

from agents.training.domains.errors.slips import FAMILIES
from agents.training.phrases import seeded
from agents.training.routines.draft import Draft
from agents.training.routines.templates import TEMPLATES

GIVEN = {"wrong", "right", "line", "ret", "reported", "distance"}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_routines_that_invite_a_cause_exist(family):
    named = {*FAMILIES[family].nouns, *(noun for words in FAMILIES[family].words.values() for noun in words.nouns)}
    assert named <= set(TEMPLATES)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_cause_has_two_ways_to_be_explained_and_advice(family):
    for words in FAMILIES[family].words.values():
        assert len(words.why) >= 2
        assert words.avoid


@pytest.mark.parametrize("family", FAMILIES)
def test_a_defect_tells_what_the_words_of_its_cause_need(family):
    for number, noun in enumerate(sorted(TEMPLATES)[::3]):
        level = number % 3 + 1
        routine = TEMPLATES[noun](Draft(seeded("slips", noun), level))
        for defect in FAMILIES[family].slips(seeded("slips", noun), routine):
            words = FAMILIES[family].words[defect.cause]
            fields = {name for form in (*words.why, *words.avoid) for _, name, _, _ in Formatter().parse(form) if name}
            assert fields - GIVEN <= set(defect.tells), (noun, defect.cause)
            assert defect.broken != defect.fixed
            assert defect.wrong or defect.right
