"""Gemma 2 and 3: turns of user and model alone. What a system says begins the first question; tools are unknown.

Pure.

Reference: chat_template of google/gemma-3-4b-it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.training.templates import InexpressibleError, Turn, has_tools


def render(messages: Sequence[Turn], tools: Sequence[Any] | None) -> str:
    """Return the conversation as the template writes it.

    Raises:
        InexpressibleError: it has tools, or user and assistant do not take turns.
    """
    if has_tools(messages, tools):
        raise InexpressibleError("tools")
    rest = list(messages)
    system = f"{rest.pop(0)['content']}\n\n" if rest and rest[0]["role"] == "system" else ""
    parts = ["<bos>"]
    for at, turn in enumerate(rest):
        if turn["role"] != ("assistant" if at % 2 else "user"):
            raise InexpressibleError("turns that do not alternate")
        role = "model" if at % 2 else "user"
        parts.append(f"<start_of_turn>{role}\n{'' if at else system}{turn['content'].strip()}<end_of_turn>\n")
    return "".join(parts)
