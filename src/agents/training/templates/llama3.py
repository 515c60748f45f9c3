"""Llama 3.1 to 3.3: header ids, tools as indented JSON in the first question, their results said by ``ipython``.

Pure. The template knows one call a turn, and no text beside it: what an assistant says to a call is left away.

Reference: chat_template of meta-llama/Llama-3.1-8B-Instruct, with its default date.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.training.templates import InexpressibleError, Turn, arguments_of, calls_of, written

_KNOWLEDGE = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
_HOW_TO_CALL = (
    "Given the following functions, please respond with a JSON for a function call with its proper arguments that best "
    'answers the given prompt.\n\nRespond in the format {"name": function name, "parameters": dictionary of argument '
    "name and its value}.Do not use variables.\n\n"
)


def render(messages: Sequence[Turn], tools: Sequence[Any] | None) -> str:
    """Return the conversation as the template writes it.

    Raises:
        InexpressibleError: a turn calls several tools, or tools are offered to nobody.
    """
    rest = list(messages)
    system = rest.pop(0)["content"].strip() if rest and rest[0]["role"] == "system" else ""
    environment = "Environment: ipython\n" if tools else ""
    parts = ["<|begin_of_text|>", _turn("system", f"{environment}{_KNOWLEDGE}{system}")]
    if tools:
        if not rest or rest[0]["role"] != "user":
            raise InexpressibleError("tools without a question")
        offered = "".join(f"{written(tool, indent=4)}\n\n" for tool in tools)
        parts.append(_turn("user", f"{_HOW_TO_CALL}{offered}{rest.pop(0)['content'].strip()}"))
    parts.extend(map(_told, rest))
    return "".join(parts)


def _told(turn: Turn) -> str:
    calls = calls_of(turn)
    if len(calls) > 1:
        raise InexpressibleError("several calls in one turn")
    if calls:
        name = calls[0]["function"]["name"]
        return _turn("assistant", f'{{"name": "{name}", "parameters": {arguments_of(calls[0])}}}')
    if turn["role"] == "tool":
        return _turn("ipython", written(turn["content"]))
    return _turn(turn["role"], turn["content"].strip())


def _turn(role: str, content: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>"
