from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.templates import InexpressibleError, chatml, gemma, llama3, mistral

sys.path.insert(0, str(Path(__file__).parent))

from conversations import ANSWER, CALL, CONVERSATIONS, OTHER_RESULT, RESULT, SYSTEM, TOOLS, TWO_CALLS, USER

Render = Callable[[Sequence[Any], Sequence[Any] | None], str]
FAMILIES: dict[str, Render] = {
    "qwen": chatml.render_qwen,
    "chatml": chatml.render,
    "llama3": llama3.render,
    "mistral": mistral.render,
    "gemma": gemma.render,
}
TOOL = json.dumps(TOOLS[0], ensure_ascii=False)

GOLDEN = {
    ("qwen", "system"): (
        "<|im_start|>system\n Be exact. <|im_end|>\n"
        '<|im_start|>user\n  What is "$7E0010"? & <x>\n<|im_end|>\n'
        "<|im_start|>assistant\n The mode: é.\n<|im_end|>\n"
    ),
    ("qwen", "two calls and a question"): (
        "<|im_start|>system\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        f"You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n{TOOL}\n</tools>\n\n"
        "For each function call, return a json object with function name and arguments within <tool_call></tool_call> "
        'XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n'
        '<|im_start|>user\n  What is "$7E0010"? & <x>\n<|im_end|>\n'
        '<|im_start|>assistant\nLook:\n<tool_call>\n{"name": "read_room", "arguments": {"id": 1, "s": "é"}}\n'
        '</tool_call>\n<tool_call>\n{"name": "read_room", "arguments": {}}\n</tool_call><|im_end|>\n'
        '<|im_start|>user\n<tool_response>\n{"a": "ü"}\n</tool_response>\n<tool_response>\nnone\n</tool_response>'
        "<|im_end|>\n<|im_start|>assistant\n The mode: é.\n<|im_end|>\n"
        '<|im_start|>user\n  What is "$7E0010"? & <x>\n<|im_end|>\n'
        "<|im_start|>assistant\n The mode: é.\n<|im_end|>\n"
    ),
    ("chatml", "question"): (
        '<|im_start|>user\n  What is "$7E0010"? & <x>\n<|im_end|>\n<|im_start|>assistant\n The mode: é.\n<|im_end|>\n'
    ),
    ("llama3", "system"): (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nBe exact.<|eot_id|>"
        '<|start_header_id|>user<|end_header_id|>\n\nWhat is "$7E0010"? & <x><|eot_id|>'
        "<|start_header_id|>assistant<|end_header_id|>\n\nThe mode: é.<|eot_id|>"
    ),
    ("llama3", "a call without system"): (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nEnvironment: ipython\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nGiven the following functions, please respond with a JSON for a "
        "function call with its proper arguments that best answers the given prompt.\n\nRespond in the format "
        '{"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.\n\n'
        f"{json.dumps(TOOLS[0], ensure_ascii=False, indent=4)}\n\n"
        'What is "$7E0010"? & <x><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n'
        '{"name": "read_room", "parameters": {"id": 1, "s": "é"}}<|eot_id|>'
        '<|start_header_id|>ipython<|end_header_id|>\n\n"{\\"a\\": \\"ü\\"}"<|eot_id|>'
        "<|start_header_id|>assistant<|end_header_id|>\n\nThe mode: é.<|eot_id|>"
    ),
    ("mistral", "two questions"): (
        '<s>[SYSTEM_PROMPT] Be exact. [/SYSTEM_PROMPT][INST]  What is "$7E0010"? & <x>\n[/INST] The mode: é.\n</s>'
        '[INST]  What is "$7E0010"? & <x>\n[/INST] The mode: é.\n</s>'
    ),
    ("mistral", "a call"): (
        f"<s>[SYSTEM_PROMPT] Be exact. [/SYSTEM_PROMPT][AVAILABLE_TOOLS][{TOOL}][/AVAILABLE_TOOLS]"
        '[INST]  What is "$7E0010"? & <x>\n[/INST]'
        '[TOOL_CALLS][{"name": "read_room", "arguments": {"id": 1, "s": "é"}, "id": "call00001"}]</s>'
        '[TOOL_RESULTS]call00001[TOOL_CONTENT]{"a": "ü"}[/TOOL_RESULTS] The mode: é.\n</s>'
    ),
    ("gemma", "two questions"): (
        '<bos><start_of_turn>user\n Be exact. \n\nWhat is "$7E0010"? & <x><end_of_turn>\n'
        "<start_of_turn>model\nThe mode: é.<end_of_turn>\n"
        '<start_of_turn>user\nWhat is "$7E0010"? & <x><end_of_turn>\n'
        "<start_of_turn>model\nThe mode: é.<end_of_turn>\n"
    ),
}


@pytest.mark.parametrize(("family", "name"), GOLDEN)
def test_the_text_is_the_one_written_by_hand(family: str, name: str) -> None:
    assert FAMILIES[family](*CONVERSATIONS[name]) == GOLDEN[family, name]


@pytest.mark.parametrize(
    ("family", "messages", "tools", "told"),
    [
        ("llama3", [USER, TWO_CALLS, RESULT, OTHER_RESULT, ANSWER], TOOLS, "several calls in one turn"),
        ("llama3", [SYSTEM, ANSWER], TOOLS, "tools without a question"),
        ("mistral", [ANSWER, USER], None, "turns in another order"),
        ("mistral", [USER, RESULT], TOOLS, "turns in another order"),
        ("mistral", [USER, {"role": "assistant", "content": ""}], None, "an empty answer"),
        ("gemma", [USER, ANSWER], TOOLS, "tools"),
        ("gemma", [USER, CALL, RESULT, ANSWER], None, "tools"),
        ("gemma", [USER, USER, ANSWER], None, "turns that do not alternate"),
    ],
)
def test_what_a_template_cannot_say_is_refused(family: str, messages: Any, tools: Any, told: str) -> None:
    with pytest.raises(InexpressibleError, match=told):
        FAMILIES[family](messages, tools)


def test_ids_of_calls_fit_mistral_and_belong_together() -> None:
    call = {**CALL, "tool_calls": [{**CALL["tool_calls"][0], "id": "call_abc-1"}]}
    text = mistral.render([USER, call, {**RESULT, "tool_call_id": "call_abc-1"}, ANSWER], TOOLS)
    short = mistral.call_id("call_abc-1")
    assert len(short) == 9
    assert short.isalnum()
    assert text.count(short) == 2


def test_turns_of_one_side_are_one_turn_for_mistral() -> None:
    assert mistral.render([USER, USER, ANSWER], None).count("[INST]") == 1


@given(st.text(), st.text(), st.sampled_from(sorted(FAMILIES)))
def test_every_answer_is_in_the_text_without_its_margins(question: str, answer: str, family: str) -> None:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": f"x{answer}"}]
    text = FAMILIES[family](messages, None)
    assert f"x{answer}".strip() in text
    assert question.strip() in text
