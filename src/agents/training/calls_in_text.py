"""Calls of tools in the text that a model writes: how families of models write them, and what such a text says.

Pure. Owns reading a turn from text, and writing one. A text of which a call cannot be read is no call: it is what was
said, as it is for a program that would have to run it.

References: the chat templates of Qwen 3 and Hermes (tags), Mistral's format of version 7, Llama 3.1.
"""

from __future__ import annotations

import json

import orjson

from agents.training.sample import Json, Message, ToolCall

_THINKS, _HAS_THOUGHT = "<think>", "</think>"
_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_LISTED = "[TOOL_CALLS]"
_PYTHON_TAG = "<|python_tag|>"

Call = tuple[str, str]
"""Name and arguments, these as JSON text."""


def text_of(turn: Message) -> str:
    """Return an assistant's turn as text: what is said, then each call between tags."""
    return "\n".join(filter(None, (turn.content, *map(_written, turn.tool_calls))))


def _written(call: ToolCall) -> str:
    given = call.arguments.replace(_CLOSE, _CLOSE.replace("/", "\\/"))  # it stands in a string, where JSON allows that
    return f'{_OPEN}\n{{"name": {json.dumps(call.name)}, "arguments": {given}}}\n{_CLOSE}'


def turn_of(text: str) -> Message:
    """Return the turn that a model wrote as ``text``, in time linear in its length; any text is one."""
    text = said_of(text)
    for read in (_tagged, _listed, _bare):
        if (found := read(text)) is not None:
            content, calls = found
            made = tuple(ToolCall(f"call_{at}", name, given) for at, (name, given) in enumerate(calls, 1))
            return Message("assistant", content.strip(), made)
    return Message("assistant", text.strip())


def said_of(text: str) -> str:
    """Return ``text`` without what its writer thought before it spoke; nothing is left of a thought without an end."""
    begun = text.lstrip()
    if not begun.startswith(_THINKS):
        return text
    return begun.partition(_HAS_THOUGHT)[2].lstrip("\n")


def answer_of(turn: Message, thought: str) -> str:
    """Return a turn as the one JSON object in which domains with tools read answers.

    ``{"thought": ..., "tool_calls": [{"name": ..., "arguments": {...}}]}`` where it calls tools, and
    ``{"thought": ..., "reply": ...}`` elsewhere. What is said beside calls is their thought; where a turn has none, as
    no reply has, it is ``thought``.
    """
    if not turn.tool_calls:
        return json.dumps({"thought": thought, "reply": turn.content})
    calls = [{"name": call.name, "arguments": _parsed(call.arguments)} for call in turn.tool_calls]
    return json.dumps({"thought": turn.content or thought, "tool_calls": calls})


def thought_in(answer: str) -> str:
    """Return the thought of an answer in that form, with or without a block of code around it; "" where none is."""
    value = _parsed(answer[answer.find("{") : answer.rfind("}") + 1])
    thought = value.get("thought") if isinstance(value, dict) else None
    return thought if isinstance(thought, str) else ""


def _tagged(text: str) -> tuple[str, list[Call]] | None:
    """Read calls between tags; nothing but space may stand between and behind them."""
    content, opened, rest = text.partition(_OPEN)
    calls = []
    while opened:
        piece, closed, rest = rest.partition(_CLOSE)
        call = _call(_parsed(piece), "arguments")
        if not closed or call is None:
            return None
        calls.append(call)
        between, opened, rest = rest.partition(_OPEN)
        if between.strip():
            return None
    return (content, calls) if calls else None


def _listed(text: str) -> tuple[str, list[Call]] | None:
    content, tag, rest = text.partition(_LISTED)
    value = _parsed(rest) if tag else None
    calls = [_call(one, "arguments") for one in value] if isinstance(value, list) else []
    known = [call for call in calls if call is not None]
    return (content, known) if known and len(known) == len(calls) else None


def _bare(text: str) -> tuple[str, list[Call]] | None:
    """Read a text that is a call and nothing else."""
    value = _parsed(text.strip().removeprefix(_PYTHON_TAG))
    is_call = isinstance(value, dict) and value.keys() == {"name", "parameters"}
    call = _call(value, "parameters") if is_call else None
    return None if call is None else ("", [call])


def _call(value: Json, key: str) -> Call | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    given = value.get(key, {})
    return value["name"], given if isinstance(given, str) else orjson.dumps(given).decode()


def _parsed(text: str) -> Json:
    """Return what JSON ``text`` says; the text itself where it is none."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return text
