from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agents.training.sft.chatml import TEMPLATE
from agents.training.sft.conversation import (
    IGNORED,
    answer_spans,
    check_labels,
    common_start,
    conversation_of,
    labels_of,
    mask_of,
)
from agents.training.sft.troubles import BlankError, TemplateError, UsageError
from agents.training.templates import written
from agents.training.templates.chatml import render_qwen

TOOL = {"type": "function", "function": {"name": "read_room", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "1", "type": "function", "function": {"name": "read_room", "arguments": '{"room": 3, "größe": "ß"}'}}
ASKED: list[dict[str, Any]] = [{"role": "system", "content": "You know it."}, {"role": "user", "content": "Room 3?"}]
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
HEARD = {"role": "tool", "tool_call_id": "1", "content": "empty"}
SAID = {"role": "assistant", "content": "It is empty."}
CONVERSATIONS = {
    "plain": ([*ASKED, SAID], None),
    "no system": ([ASKED[1], SAID, ASKED[1], SAID], None),
    "tools": ([*ASKED, CALLED, HEARD, SAID], [TOOL]),
    "tools without a system": ([ASKED[1], CALLED, HEARD, HEARD, SAID], [TOOL, TOOL]),
    "text beside calls": (
        [*ASKED, {**CALLED, "content": "Let me see.", "tool_calls": [CALL, CALL]}, HEARD, SAID],
        [TOOL],
    ),
}

_ENVIRONMENT = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.filters["tojson"] = written
_TEMPLATE = _ENVIRONMENT.from_string(TEMPLATE.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", ""))


def chatml(turns: Sequence[dict[str, Any]], has_header: bool, tools: Any = None) -> str:
    return _TEMPLATE.render(messages=list(turns), tools=tools, add_generation_prompt=has_header)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_template_writes_what_the_exporter_writes(name: str) -> None:
    messages, tools = CONVERSATIONS[name]
    conversation = conversation_of({"messages": messages, "tools": tools})
    assert chatml(conversation.turns, False, conversation.tools) == render_qwen(messages, tools)


def test_a_line_becomes_a_conversation() -> None:
    messages, tools = CONVERSATIONS["tools"]
    whole = conversation_of({"messages": messages, "tools": tools, "text": "x", "metadata": {}})
    assert (whole.tools, whole.learnt_from) == ([TOOL], 0)
    assert whole.turns[2]["tool_calls"][0]["function"]["arguments"] == {"room": 3, "größe": "ß"}
    assert messages[2]["tool_calls"][0]["function"]["arguments"] == CALL["function"]["arguments"]
    asked = conversation_of({"prompt": messages[:2], "completion": [SAID]})
    assert (asked.turns, asked.learnt_from, asked.tools) == ([*ASKED, SAID], 2, None)
    none = conversation_of({"messages": [{"role": "assistant", "content": None, "tool_calls": None}], "tools": []})
    assert (none.turns, none.tools) == ([{"role": "assistant", "content": ""}], None)
    odd = CALL | {"function": {"name": "f", "arguments": "{no json"}}
    kept = conversation_of({"messages": [CALLED | {"tool_calls": [odd]}]})
    assert kept.turns[0]["tool_calls"] == [odd]


@pytest.mark.parametrize("row", [{}, {"instruction": "a", "output": "b"}, {"conversations": []}, {"messages": "text"}])
def test_other_forms_are_refused_with_the_ones_that_work(row: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        conversation_of(row)
    assert "--format messages" in caught.value.cure


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), st.text(max_size=12)), min_size=1, max_size=8)
)
def test_answers_are_found_to_the_letter_in_any_conversation(said: list[tuple[str, str]]) -> None:
    turns = [{"role": role, "content": content} for role, content in said]
    text = chatml(turns, False)
    mask = mask_of([(at, at + 1) for at in range(len(text))], answer_spans(turns, chatml))
    learnt = "".join(letter for letter, is_learnt in zip(text, mask, strict=True) if is_learnt)
    assert learnt == "".join(f"{content}<|im_end|>\n" for role, content in said if role == "assistant")


def test_a_template_that_rewrites_earlier_turns_marks_no_answers() -> None:
    with pytest.raises(TemplateError, match="rewrites"):
        answer_spans([*ASKED, SAID, *ASKED, SAID], lambda turns, header: f"{len(turns)}: {chatml(turns, header)}")


def test_a_token_is_learnt_where_it_begins_in_an_answer() -> None:
    assert mask_of([(0, 2), (2, 5), (4, 4), (5, 9), (9, 10)], [(2, 6), (9, 20)]) == [0, 1, 0, 1, 1]
    assert labels_of([7, 8, 9], [0, 1, 0]) == [IGNORED, 8, IGNORED]
    assert (common_start([1, 2, 3], [1, 2, 4]), common_start([1], [1, 2]), common_start([], [1])) == (2, 1, 0)


def test_blank_or_wrong_labels_are_never_trained_on() -> None:
    assert check_labels([1, 2, 3, 4], [IGNORED, 2, 3, IGNORED]) == 0.5
    for labels in ([IGNORED] * 4, [1, 2, 3, 4], [IGNORED, 3, 3, IGNORED]):
        with pytest.raises(BlankError):
            check_labels([1, 2, 3, 4], labels)
