from __future__ import annotations

from agents.training.phrases import phrase, pick, seeded, vary


def test_alternatives_are_settled_one_by_one():
    seen = {vary(seeded(number), "<a|b> and <c|d|>.") for number in range(60)}
    assert seen == {f"{left} and {right}." for left in "ab" for right in ("c", "d", "")}


def test_brackets_without_a_choice_stay():
    assert vary(seeded(1), "lda #<label") == "lda #<label"


def test_pick_reaches_every_option():
    assert {pick(seeded(number), "a|b|c") for number in range(40)} == {"a", "b", "c"}


def test_fields_are_filled_after_the_choice():
    assert phrase(seeded(1), ["<x|x> {name}"], name="<y|z>") == "x <y|z>"


def test_equal_parts_give_equal_choices():
    assert seeded(1, "a").random() == seeded(1, "a").random() != seeded(1, "b").random()
