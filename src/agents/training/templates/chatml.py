"""ChatML, and Qwen's way of it: a header and an end for each turn, tools as XML tags around JSON.

Pure. ``render_qwen`` is the template of the Qwen 3 instruct models (2507); that of Qwen 2.5 writes the same wherever
there is a system message, and puts in one of its own elsewhere. ``render`` is plain ChatML, whose results of tools are
turns of their own.

Reference: chat_template of Qwen/Qwen3-4B-Instruct-2507.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.training.templates import Turn, arguments_of, calls_of, written

_OFFER = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_HOW_TO_CALL = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def render(messages: Sequence[Turn], tools: Sequence[Any] | None) -> str:
    """Return the conversation in ChatML."""
    return "".join(_parts(messages, tools, results_are_users=False))


def render_qwen(messages: Sequence[Turn], tools: Sequence[Any] | None) -> str:
    """Return the conversation as Qwen's template writes it: what tools return is said by the user."""
    return "".join(_parts(messages, tools, results_are_users=True))


def _parts(messages: Sequence[Turn], tools: Sequence[Any] | None, *, results_are_users: bool) -> list[str]:
    parts = []
    first = messages[0]["role"] if messages else ""
    if tools:
        system = f"{messages[0]['content']}\n\n" if first == "system" else ""
        offered = "".join(f"\n{written(tool)}" for tool in tools)
        parts.append(_turn("system", f"{system}{_OFFER}{offered}{_HOW_TO_CALL}"))
    for at, turn in enumerate(messages):
        role, content = turn["role"], turn["content"]
        if role == "tool":
            is_first = not results_are_users or at == 0 or messages[at - 1]["role"] != "tool"
            is_last = not results_are_users or at + 1 == len(messages) or messages[at + 1]["role"] != "tool"
            header = "<|im_start|>user" if results_are_users else "<|im_start|>tool"
            parts.append(header if is_first else "")
            parts.append(f"\n<tool_response>\n{content}\n</tool_response>")
            parts.append("<|im_end|>\n" if is_last else "")
        elif calls := calls_of(turn):
            told = [content] if content else []
            parts.append(_turn(role, "\n".join([*told, *map(_call, calls)])))
        elif not (tools and at == 0 and role == "system"):
            parts.append(_turn(role, content))
    return parts


def _turn(role: str, content: str) -> str:
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def _call(call: Turn) -> str:
    name = call["function"]["name"]
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments_of(call)}}}\n</tool_call>'
