"""Names and alternatives."""

from __future__ import annotations

import pytest

from agents.training.domains.asm.words import RESERVED, Namer, phrase, pick, seeded, vary
from agents.training.w65816 import assemble


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


@pytest.mark.parametrize("seed", range(30))
def test_names_are_distinct_and_the_assembler_takes_them(seed):
    namer = Namer(seeded(seed))
    names = [namer.name("a|x|count|src") for _ in range(10)] + [namer.label("loop|next|done") for _ in range(10)]
    names += [namer.entry("add|inc|clear all") for _ in range(5)]
    assert len({name.lower() for name in names}) == len(names)
    assert not RESERVED & {name.lower() for name in names}
    program = assemble("\n".join(f"{name}:\n nop" for name in names))
    assert set(program.labels) == set(names)
