from __future__ import annotations

import json
from typing import Any

import pytest

from agents.training.formats import FORMATS
from agents.training.templates import InexpressibleError

TOOL = {"type": "function", "function": {"name": "read_room", "parameters": {}}}
SYSTEM = {"role": "system", "content": "Be exact."}
USER, ANSWER = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
MORE, AGAIN = {"role": "user", "content": "q2"}, {"role": "assistant", "content": "a2"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "read_room", "arguments": '{"id":1}'}}],
}
RESULT = {"role": "tool", "content": "3", "tool_call_id": "1"}


def row(form: str, messages: list[dict[str, Any]], tools: list[Any] | None = None) -> dict[str, Any]:
    found = FORMATS[form].row(messages, tools)
    assert set(found) <= set(FORMATS[form].columns)
    return found


def test_the_formats_are_those_of_the_contract() -> None:
    assert list(FORMATS) == [
        *("qwen", "chatml", "llama3", "mistral", "gemma"),
        *("alpaca", "sharegpt", "messages", "prompt-completion"),
    ]


@pytest.mark.parametrize("form", ["qwen", "chatml", "llama3", "mistral", "gemma"])
def test_a_rendered_line_keeps_the_messages_for_those_who_mask(form: str) -> None:
    assert row(form, [SYSTEM, USER, ANSWER]) == {
        "text": FORMATS[form].render([SYSTEM, USER, ANSWER], None),
        "messages": [SYSTEM, USER, ANSWER],
    }


def test_messages_are_as_they_are() -> None:
    assert row("messages", [USER, ANSWER]) == {"messages": [USER, ANSWER]}
    assert row("messages", [USER, CALL, RESULT, ANSWER], [TOOL])["tools"] == [TOOL]


def test_a_completion_is_the_last_answer() -> None:
    assert row("prompt-completion", [SYSTEM, USER, ANSWER]) == {"prompt": [SYSTEM, USER], "completion": [ANSWER]}
    with pytest.raises(InexpressibleError, match="no answer at the end"):
        row("prompt-completion", [USER])


def test_alpaca_has_an_instruction_and_an_output() -> None:
    assert row("alpaca", [USER, ANSWER]) == {"instruction": "q", "input": "", "output": "a"}
    whole = row("alpaca", [SYSTEM, USER, ANSWER, MORE, AGAIN])
    assert whole["history"] == [["q", "a"]]
    assert (whole["system"], whole["instruction"], whole["output"]) == ("Be exact.", "q2", "a2")


@pytest.mark.parametrize(
    ("messages", "tools", "told"),
    [
        ([USER, ANSWER], [TOOL], "tools"),
        ([USER, CALL, RESULT, ANSWER], None, "tools"),
        ([USER, MORE, ANSWER], None, "do not alternate"),
        ([SYSTEM, USER], None, "do not alternate"),
        ([], None, "do not alternate"),
    ],
)
def test_alpaca_refuses_what_it_has_no_place_for(messages: Any, tools: Any, told: str) -> None:
    with pytest.raises(InexpressibleError, match=told):
        row("alpaca", messages, tools)


def test_sharegpt_names_the_speakers() -> None:
    found = row("sharegpt", [SYSTEM, USER, CALL, RESULT, ANSWER], [TOOL])
    assert found["system"] == "Be exact."
    assert found["conversations"] == [
        {"from": "human", "value": "q"},
        {"from": "function_call", "value": '{"name": "read_room", "arguments": {"id": 1}}'},
        {"from": "observation", "value": "3"},
        {"from": "gpt", "value": "a"},
    ]
    assert json.loads(found["tools"]) == [{"name": "read_room", "parameters": {}}]
    with pytest.raises(InexpressibleError, match="inside the conversation"):
        row("sharegpt", [USER, SYSTEM, ANSWER])


def test_several_calls_at_once_are_a_list_in_sharegpt() -> None:
    both = {**CALL, "tool_calls": CALL["tool_calls"] * 2}
    (_, calls, *_) = row("sharegpt", [USER, both, RESULT, RESULT, ANSWER], [TOOL])["conversations"]
    assert json.loads(calls["value"]) == [{"name": "read_room", "arguments": {"id": 1}}] * 2
