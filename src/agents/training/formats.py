"""The forms in which a dataset can be written: what a line of each holds.

Pure. Owns the forms and their names. Never chooses a sample and never writes a file.

A sample is what ``LedgerView.samples`` yields: ``messages`` as chat protocols write them, ``tools`` or None, and what
is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from agents.training.templates import (
    InexpressibleError,
    Turn,
    calls_of,
    chatml,
    gemma,
    has_tools,
    llama3,
    mistral,
    written,
)

Row = dict[str, Any]
Tools = Sequence[Any] | None


@dataclass(frozen=True, slots=True)
class Format:
    """A form; ``row`` returns a line of it, without metadata, or raises InexpressibleError.

    ``render`` returns the conversation as the text whose tokens are counted. ``columns`` are those that a line can
    have. ``leaves_text`` is True where what an assistant says beside a call of a tool is not written.
    """

    name: str
    about: str
    columns: tuple[str, ...]
    row: Callable[[Sequence[Turn], Tools], Row]
    render: Callable[[Sequence[Turn], Tools], str] = chatml.render
    leaves_text: bool = False


def says_beside_calls(messages: Sequence[Turn]) -> bool:
    """Return whether an assistant says something in a turn in which it calls a tool."""
    return any(calls_of(turn) and turn["content"].strip() for turn in messages)


def _conversation(messages: Sequence[Turn], tools: Tools) -> Row:
    return {"messages": messages, "tools": tools} if tools else {"messages": messages}


def _rendered(render: Callable[[Sequence[Turn], Tools], str]) -> Callable[[Sequence[Turn], Tools], Row]:
    return lambda messages, tools: {"text": render(messages, tools), **_conversation(messages, tools)}


def _prompt_completion(messages: Sequence[Turn], tools: Tools) -> Row:
    if not messages or messages[-1]["role"] != "assistant":
        raise InexpressibleError("no answer at the end")
    row: Row = {"prompt": messages[:-1], "completion": messages[-1:]}
    return row | {"tools": tools} if tools else row


def _alpaca(messages: Sequence[Turn], tools: Tools) -> Row:
    if has_tools(messages, tools):
        raise InexpressibleError("tools")
    system = messages[0]["content"] if messages and messages[0]["role"] == "system" else ""
    turns = messages[1:] if system else messages
    if len(turns) < 2 or [turn["role"] for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise InexpressibleError("turns that do not alternate")
    said = [turn["content"] for turn in turns]
    row: Row = {"instruction": said[-2], "input": "", "output": said[-1]}
    row |= {"system": system} if system else {}
    return row | {"history": [said[at : at + 2] for at in range(0, len(said) - 2, 2)]} if len(said) > 2 else row


def _sharegpt(messages: Sequence[Turn], tools: Tools) -> Row:
    system = messages[0]["content"] if messages and messages[0]["role"] == "system" else ""
    row: Row = {"conversations": [_speech(turn) for turn in (messages[1:] if system else messages)]}
    row |= {"system": system} if system else {}
    return row | {"tools": written([tool.get("function", tool) for tool in tools])} if tools else row


def _speech(turn: Turn) -> Mapping[str, str]:
    if calls := calls_of(turn):
        made = [{"name": call["function"]["name"], "arguments": _parsed(call)} for call in calls]
        return {"from": "function_call", "value": written(made[0] if len(made) == 1 else made)}
    speaker = {"user": "human", "assistant": "gpt", "tool": "observation"}
    if turn["role"] not in speaker:
        raise InexpressibleError("a system message inside the conversation")
    return {"from": speaker[turn["role"]], "value": turn["content"]}


def _parsed(call: Turn) -> Any:
    arguments = call["function"]["arguments"]
    try:
        return orjson.loads(arguments) if isinstance(arguments, str) else arguments
    except orjson.JSONDecodeError:
        return arguments


_TEXT = ("text", "messages", "tools")

FORMATS = {
    form.name: form
    for form in (
        Format(
            "qwen",
            "text with the template of the Qwen 3 instruct models",
            _TEXT,
            _rendered(chatml.render_qwen),
            chatml.render_qwen,
        ),
        Format("chatml", "text in plain ChatML", _TEXT, _rendered(chatml.render)),
        Format(
            "llama3",
            "text with the template of Llama 3.1 to 3.3",
            _TEXT,
            _rendered(llama3.render),
            llama3.render,
            leaves_text=True,
        ),
        Format(
            "mistral",
            "text with the template of Mistral's models of version 7",
            _TEXT,
            _rendered(mistral.render),
            mistral.render,
        ),
        Format("gemma", "text with the template of Gemma 2 and 3", _TEXT, _rendered(gemma.render), gemma.render),
        Format(
            "alpaca",
            "instruction, input and output, with system and history where there is one",
            ("instruction", "input", "output", "system", "history"),
            _alpaca,
        ),
        Format(
            "sharegpt",
            "conversations of human, gpt, function_call and observation, with tools as JSON text",
            ("conversations", "system", "tools"),
            _sharegpt,
            leaves_text=True,
        ),
        Format("messages", "messages and tools as chat protocols write them", ("messages", "tools"), _conversation),
        Format(
            "prompt-completion",
            "messages before the last answer, and that answer, for training on it alone",
            ("prompt", "completion", "tools"),
            _prompt_completion,
        ),
    )
}
"""Every form by its name."""
