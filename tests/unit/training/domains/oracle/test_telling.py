"""The measure of an explanation: sentences, not heaps of words, and what was asked for by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.oracle import DOMAIN
from agents.training.domains.oracle.kinds import PATCHES
from agents.training.domains.oracle.telling import is_heap, told, unsaid
from agents.training.phrases import seeded
from agents.training.routines import reading
from agents.training.sample import Cell, SourceItem

CELLS = list(DOMAIN.cells())
ITEMS = [DOMAIN.item(cell, index, 8) for cell in CELLS for index in range(2)]


def shuffled(item: SourceItem) -> str:
    """Return the patch of an own answer and all other words of it in another order."""
    answer = DOMAIN.answer(item, 0)
    block = reading.longest_block(answer)
    words = re.findall(r"[\w$.#]+", answer.replace(block, ""))
    seeded("heap", item.params["salt"]).shuffle(words)
    return f"{' '.join(words)}\n\n```asm\n{block}```"


def test_own_answers_are_sentences() -> None:
    for number, item in enumerate(ITEMS):
        assert not is_heap(reading.prose(DOMAIN.answer(item, number))), item.cell


def test_the_same_words_in_no_order_are_a_heap_and_not_accepted() -> None:
    patches = [item for item in ITEMS if item.cell.family in PATCHES]
    accepted = [item for item in patches if DOMAIN.judge(item, (), shuffled(item)).quality >= 0.7]
    assert len(accepted) <= 1


def test_points_count_by_any_of_their_ways() -> None:
    text = "The jump to $80:8000 needs four bytes, and so " * 20
    assert told(text, [("$80:8000", "$808000")]).score == pytest.approx(1.0)
    assert told(text, [("$80:8001", "$808001")]).score == pytest.approx(0.2)
    assert told(text, [("$80:8001", "$808001")]).detail == "not said: $80:8001"


def test_what_was_asked_for_has_to_be_said() -> None:
    assert unsaid("The hook is at file offset $1234.", [("$1234", "0x1234")]) == ""
    assert unsaid("The hook is there.", [("$1234", "0x1234")]) == "$1234"


@pytest.mark.parametrize("family", ["hook.entry", "preserve", "far_call", "replace", "table_extend"])
def test_an_answer_without_file_offsets_is_right_and_not_accepted(family: str) -> None:
    item = DOMAIN.item(Cell(family, 2), 1, 8)
    answer = DOMAIN.answer(item, 0)
    silent = "\n".join(re.sub(r"-> \$[0-9A-F]{6}", "", row) for row in answer.split("\n"))
    assert DOMAIN.judge(item, (), answer).quality >= 0.9
    assert 0.55 <= DOMAIN.judge(item, (), silent).quality < 0.7


@given(text=st.text(max_size=300))
def test_any_text_can_be_measured(text: str) -> None:
    assert is_heap(text) in {True, False}
    assert 0.0 <= told(text, [("php",)]).score <= 1.0
