from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.calls_in_text import answer_of, said_of, text_of, thought_in, turn_of
from agents.training.sample import Message, ToolCall
from agents.training.templates import chatml

ARGUMENTS = st.dictionaries(
    st.text(max_size=5), st.one_of(st.text(max_size=20), st.integers(-9, 9), st.none()), max_size=3
)
NAMES = st.text('abc_"\\é', min_size=1, max_size=8)
CALL = '<tool_call>\n{"name": "look", "arguments": {"id": 3}}\n</tool_call>'


@given(st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=3), st.text("ab \n.", max_size=20))
def test_calls_that_were_written_are_read_again(calls: list[tuple[str, dict[str, object]]], content: str) -> None:
    made = tuple(
        ToolCall(f"call_{at}", name, json.dumps(given, separators=(",", ":"), ensure_ascii=False))
        for at, (name, given) in enumerate(calls, 1)
    )
    read = turn_of(text_of(Message("assistant", content.strip(), made)))
    assert read.content == content.strip()
    assert [(call.name, json.loads(call.arguments)) for call in read.tool_calls] == calls


def test_an_end_tag_in_an_argument_ends_nothing() -> None:
    turn = Message("assistant", "", (ToolCall("call_1", "say", '{"text":"</tool_call>"}'),))
    assert turn_of(text_of(turn)) == turn


def test_text_is_read_as_the_template_of_a_family_writes_it() -> None:
    turn = Message("assistant", "I look.", (ToolCall("call_1", "look", '{"id":3}'), ToolCall("call_2", "save", "{}")))
    text = chatml.render_qwen([turn.document()], None)
    assert turn_of(text.removeprefix("<|im_start|>assistant\n").removesuffix("<|im_end|>\n")) == turn


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('[TOOL_CALLS][{"name": "look", "arguments": {"id": 3}}]', ""),
        ('I look.[TOOL_CALLS] [{"name": "look", "arguments": {"id": 3}}]', "I look."),
        ('{"name": "look", "parameters": {"id": 3}}', ""),
        ('<|python_tag|>{"name": "look", "parameters": {"id": 3}}', ""),
        (f"<think>\nWhich room?\n</think>\n\n{CALL}", ""),
        (f"I look.\n{CALL}", "I look."),
    ],
)
def test_families_write_calls_in_their_own_ways(text: str, content: str) -> None:
    assert turn_of(text) == Message("assistant", content, (ToolCall("call_1", "look", '{"id":3}'),))


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is called here.",
        '<tool_call>\n{"name": "look", "arguments": {',
        "<tool_call>\nlook(3)\n</tool_call>",
        f"{CALL}\n<tool_call>torn</tool_call>",
        f"{CALL} And that was that.",
        '{"name": "look"}',
        '{"thought": "x", "tool_calls": [{"name": "look", "arguments": {}}]}',
        '[TOOL_CALLS][{"arguments": {}}]',
        "[TOOL_CALLS][]",
        '[TOOL_CALLS]{"name": "look"}',
    ],
)
def test_what_no_program_could_run_is_no_call(text: str) -> None:
    assert turn_of(text) == Message("assistant", text)


def test_a_turn_becomes_the_answer_that_domains_with_tools_read() -> None:
    assert json.loads(answer_of(turn_of("It has 3."), "I read it.")) == {"thought": "I read it.", "reply": "It has 3."}
    calls = [{"name": "look", "arguments": {"id": 3}}]
    assert json.loads(answer_of(turn_of(f"I look.\n{CALL}"), "Own.")) == {"thought": "I look.", "tool_calls": calls}
    assert json.loads(answer_of(turn_of(CALL), "Own.")) == {"thought": "Own.", "tool_calls": calls}
    raw = Message("assistant", "", (ToolCall("call_1", "look", "no json"),))
    assert json.loads(answer_of(raw, ""))["tool_calls"] == [{"name": "look", "arguments": "no json"}]


@pytest.mark.parametrize(
    ("answer", "thought"),
    [
        ('{"thought": "I look.", "reply": "x"}', "I look."),
        ('```json\n{"thought": "I look.", "reply": "{x}"}\n```', "I look."),
        ('{"reply": "x"}', ""),
        ('{"thought": 3}', ""),
        ("no JSON", ""),
        ("}{", ""),
    ],
)
def test_the_thought_of_an_answer_is_found(answer: str, thought: str) -> None:
    assert thought_in(answer) == thought


def test_what_was_thought_is_not_said() -> None:
    assert said_of("<think>\nhm\n</think>\n\nIt is 3.") == "It is 3."
    assert said_of("<think> without an end") == ""
    assert said_of("A <think> inside") == "A <think> inside"


@given(st.text())
def test_any_text_is_a_turn(text: str) -> None:
    assert json.loads(answer_of(turn_of(text), ""))


@pytest.mark.parametrize("piece", ["<tool_call>", "<tool_call>{}</tool_call>", "[TOOL_CALLS][", "<think>", '{"name":'])
def test_a_megabyte_of_tags_is_read_in_no_time(piece: str) -> None:
    began = time.perf_counter()
    turn_of(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 1.0
