"""Conversations as the one text that a family of models is trained on.

Pure. Owns what is common to all families: how JSON is written, and what a template cannot say. Each family is a module
with ``render(messages, tools)``; its text is that of the family's own chat template, character for character.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Turn = Mapping[str, Any]
"""One message as chat protocols write it: role, content, perhaps tool_calls or tool_call_id."""


class InexpressibleError(Exception):
    """A conversation has something in it that a format has no way to write; says what, in a few words."""


def written(value: Any, indent: int | None = None) -> str:
    """Return ``value`` as chat templates write JSON: with spaces, not sorted, and every letter as it is."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def arguments_of(call: Turn) -> str:
    """Return the arguments of a call as a template writes them; as they are where they are no JSON."""
    arguments = call["function"]["arguments"]
    if not isinstance(arguments, str):
        return written(arguments)
    try:
        return written(json.loads(arguments))
    except ValueError:
        return arguments


def calls_of(turn: Turn) -> Sequence[Turn]:
    """Return the calls of tools that a turn makes."""
    return turn.get("tool_calls") or ()


def has_tools(messages: Sequence[Turn], tools: Sequence[Any] | None) -> bool:
    """Return whether tools are offered, called or heard anywhere."""
    return bool(tools) or any(turn["role"] == "tool" or calls_of(turn) for turn in messages)
