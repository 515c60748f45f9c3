"""An explanation is told from a heap of the right words."""

from __future__ import annotations

import re

import pytest

from agents.training.phrases import seeded
from agents.training.routines.completeness import completeness, mnemonics
from agents.training.routines.contract import Routine
from agents.training.routines.draft import Draft
from agents.training.routines.render import Style, fence, rows
from agents.training.routines.templates import TEMPLATES
from agents.training.routines.walkthrough import afterword, example, walk

PLAIN = Style("  ", " ", False, False, True, False, 0)


def drawn(noun: str) -> tuple[Routine, str]:
    routine = TEMPLATES[noun](Draft(seeded("told", noun), 2))
    return routine, "\n".join(rows(routine, routine.lines, PLAIN)[0])


def score(routine: Routine, code: str, text: str) -> float:
    return completeness(routine, text, mnemonics(code), routine.cases).score


def told(routine: Routine, code: str, seed: int) -> str:
    rng = seeded(seed)
    idea = f"{routine.goal} {routine.plan} A is {8 * routine.width('A')} bits wide at entry and at the return."
    parts = [idea, fence(code), walk(rng, routine.lines, PLAIN), example(rng, routine, routine.cases[0])]
    return "\n\n".join([*parts, afterword(rng, routine)])


def heap(routine: Routine, code: str) -> list[str]:
    names = [place.name for place in (*routine.inputs, *routine.outputs)]
    numbers = [f"{routine.given(case)} {routine.expected(case)}" for case in routine.cases]
    return [*sorted(mnemonics(code)) * 4, *names * 5, *numbers, *["8-bit", "16-bit", "kept", "rts", "rtl"] * 3]


@pytest.mark.parametrize("noun", ["add", "fill", "text_order", "scroll_write", "jump_table", "lorom_address"])
def test_real_explanations_score_high_in_every_shape(noun):
    routine, code = drawn(noun)
    for seed in range(8):
        assert score(routine, code, told(routine, code, seed)) >= 0.85


@pytest.mark.parametrize("noun", ["add", "fill", "text_order", "scroll_write", "jump_table", "lorom_address"])
@pytest.mark.parametrize("joint", [" ", "\n", " the ", ", "])
def test_heaps_of_the_right_words_score_low(noun, joint):
    routine, code = drawn(noun)
    text = joint.join(heap(routine, code))
    assert score(routine, code, f"{text}\n{fence(code)}\n{text}") <= 0.33


def test_saying_nothing_scores_nearly_nothing():
    routine, code = drawn("add")
    assert score(routine, code, fence(code)) <= 0.05


def test_the_detail_names_what_is_not_explained():
    routine, code = drawn("add")
    check = completeness(routine, "It adds the two numbers with `adc`, from the low end up.", mnemonics(code), ())
    assert "lda" in check.detail
    assert "adc" not in check.detail


@pytest.mark.parametrize("noun", ["add", "fill", "text_order", "scroll_write", "jump_table", "lorom_address"])
def test_the_words_of_an_explanation_in_no_order_score_low_beside_commented_code(noun):
    routine, code = drawn(noun)
    commented = "\n".join(rows(routine, routine.lines, Style("  ", " ", False, False, True, True, 24))[0])
    for seed in range(6):
        words = re.findall(r"[\w$.#]+", told(routine, "", seed))
        seeded(seed).shuffle(words)
        assert score(routine, code, f"{' '.join(words)}\n\n{fence(commented)}") <= 0.33


@pytest.mark.parametrize("noun", ["add", "fill", "text_order", "scroll_write", "jump_table", "lorom_address"])
def test_an_explanation_cut_in_the_middle_scores_low_and_says_so(noun):
    routine, code = drawn(noun)
    whole = told(routine, code, 3)
    behind = whole.rindex("```") + 4
    cut = whole[: behind + (len(whole) - behind) // 5].rstrip(" .`)\n") + " and"
    check = completeness(routine, cut, mnemonics(code), routine.cases)
    assert check.score <= 0.3
    assert "breaks off" in check.detail
