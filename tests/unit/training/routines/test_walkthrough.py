"""Code is told step by step: repetitions once, sentences that end once, cases that differ."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.training.phrases import seeded
from agents.training.routines.contract import Line
from agents.training.routines.draft import Draft
from agents.training.routines.layout import arrange
from agents.training.routines.render import Style
from agents.training.routines.templates import TEMPLATES
from agents.training.routines.walkthrough import examples, interface, steps, walk

PLAIN = Style("  ", " ", False, False, True, False, 0)


def test_a_repetition_is_one_step_whose_note_no_longer_counts():
    lines = [Line("", "lsr", "", f"into the low nibble, {turn} of 4") for turn in (1, 2, 3, 4)]
    lines += [Line("", "nop", "", f"wait: {2 * turn} of 8 cycles") for turn in (1, 2, 3, 4)]
    assert steps(lines, PLAIN) == [("", 4, "lsr", "into the low nibble"), ("", 4, "nop", "wait: 8 cycles")]


@pytest.mark.parametrize("noun", TEMPLATES)
def test_every_shape_ends_its_sentences_once(noun):
    routine = TEMPLATES[noun](Draft(seeded("walk", noun), 2))
    for seed in range(8):
        text = walk(seeded(seed), routine.lines, PLAIN)
        assert "?." not in text
        assert "...." not in text
        assert all(f"`{op}" in text for op in {line.op for line in routine.lines if line.op})


def test_examples_are_told_once_each():
    constant = next(
        routine for seed in range(40) if not (routine := TEMPLATES["fill"](Draft(seeded("same", seed), 1))).inputs
    )
    assert len(examples(seeded(1), constant, 2).split("\n")) == 1
    other = TEMPLATES["add"](Draft(seeded("two"), 1))
    told = examples(seeded(1), other, 2).split("\n")
    assert len(told) == 2
    assert told[0].split()[0] != told[1].split()[0]


def test_what_is_changed_in_place_is_told_once():
    routine = TEMPLATES["bubble_sort"](Draft(seeded("place"), 2))
    (place,) = routine.outputs
    assert place in routine.inputs
    for seed in range(10):
        assert interface(seeded(seed), routine).count(place.meaning) == 1


def test_a_body_does_not_repeat_its_heading():
    texts = {arrange(seeded(seed), [("Purpose", "Purpose: Add two numbers.")]) for seed in range(20)}
    assert any(text.startswith("## Purpose") for text in texts)
    assert all(text.count("urpose:") <= 1 for text in texts)
    assert "## Purpose\n\nAdd two numbers." in texts


@pytest.mark.parametrize("noun", TEMPLATES)
def test_no_width_is_switched_right_before_it_is_switched_anyway(noun):
    for level in (1, 2, 3):
        for salt in range(4):
            lines = TEMPLATES[noun](Draft(seeded("widths", salt, noun), level)).lines
            for line, following in pairwise(lines):
                assert not (line.op in {"rep", "sep"} and following.op == "plp" and not following.label)
                assert {line.op, following.op} != {"rep", "sep"} or line.arg != following.arg
