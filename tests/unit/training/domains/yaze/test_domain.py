"""The port: every family, mistakes, samples, and what a student sees."""

import json
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.domains.yaze import DOMAIN
from agents.training.domains.yaze.editor import CATALOGUE
from agents.training.sample import Cell, Judgement, Message, SourceItem

CELLS = list(DOMAIN.cells())
KEYS = st.sampled_from(["thought", "tool_calls", "reply", "name", "arguments", "room"])
ANSWERS = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda s: st.lists(s, max_size=3) | st.dictionaries(KEYS, s, max_size=4),
    max_leaves=9,
)
HUGE = (
    '{"reply": "' + "x" * 1_000_000 + '"}',
    "[" * 1_000_000,
    '{"tool_calls": [' + '{"name":"a","arguments":{}},' * 500 + "]}",
)


def judged(item: SourceItem, answer: str, variant: int = 0) -> Judgement:
    return DOMAIN.judge(item, DOMAIN.prompt(item, variant), answer)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_own_answers_are_right_and_complete(cell: Cell) -> None:
    for index in range(4):
        item = DOMAIN.item(cell, index, 11)
        judgement = judged(item, DOMAIN.answer(item, index), index)
        assert judgement.quality >= 0.85, judgement.checks


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_mistakes_are_caught(cell: Cell) -> None:
    for index in range(4):
        item = DOMAIN.item(cell, index, 12)
        spoiled = DOMAIN.spoil(item, DOMAIN.answer(item, index), Random(index))
        assert judged(item, spoiled).quality <= 0.3, spoiled


@pytest.mark.parametrize("cell", CELLS[::3], ids=str)
def test_a_sample_is_a_conversation_that_is_well_formed(cell: Cell) -> None:
    item = DOMAIN.item(cell, 1, 13)
    sample = judged(item, DOMAIN.answer(item, 0), 5).sample
    assert sample is not None
    assert [sample[0].role, sample[1].role, sample[-1].role] == ["system", "user", "assistant"]
    offered = {tool["function"]["name"] for tool in sample[0].tools}
    waiting: list[str] = []
    for message in sample:
        assert not waiting or message.role == "tool"
        if message.role == "tool":
            assert message.tool_call_id == waiting.pop(0)
        for call in message.tool_calls:
            assert call.name in offered
            waiting.append(call.id)
    assert waiting == [call.id for call in sample[-1].tool_calls]
    for call in sample[-1].tool_calls:
        assert CATALOGUE.error(call.name, orjson.loads(call.arguments)) == ""


def test_the_sample_has_the_wording_of_its_prompt() -> None:
    item = DOMAIN.item(Cell("single.write", 2), 3, 1)
    for variant in range(6):
        prompt = DOMAIN.prompt(item, variant)
        sample = DOMAIN.judge(item, prompt, DOMAIN.answer(item, 0)).sample
        assert sample is not None
        assert all(f"<user>\n{turn.content}\n</user>" in prompt[-1].content for turn in sample if turn.role == "user")


def test_a_strange_prompt_does_not_stop_the_judge() -> None:
    item = DOMAIN.item(Cell("single.read", 1), 3, 1)
    assert DOMAIN.judge(item, (Message("user", "hello"),), DOMAIN.answer(item, 0)).quality > 0.85


def test_variants_differ_in_words_alone() -> None:
    item = DOMAIN.item(Cell("single.write", 1), 4, 1)
    prompts = {DOMAIN.prompt(item, variant)[-1].content for variant in range(12)}
    assert len(prompts) > 6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(CELLS) - 1), ANSWERS)
def test_any_json_can_be_judged(number: int, value: object) -> None:
    item = DOMAIN.item(CELLS[number], 0, 1)
    assert judged(item, json.dumps(value)).quality <= 0.3


def test_huge_answers_are_not_read() -> None:
    item = DOMAIN.item(CELLS[0], 0, 1)
    for text in HUGE:
        assert judged(item, text).quality <= 0.3
