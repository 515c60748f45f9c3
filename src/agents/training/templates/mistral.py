"""Mistral's models with the instruction format of version 7: tags in brackets around system, question, tools, results.

Pure. The ids of calls have nine letters and digits there: others are replaced, each by the same one everywhere.

Reference: the template that mistral-common generates for tokenizers of version 7 without SentencePiece, as
mistralai/Mistral-Small-24B-Instruct-2501 has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from agents.campaign.digest import digest
from agents.training.templates import InexpressibleError, Turn, arguments_of, calls_of, written

_ID = re.compile(r"[A-Za-z0-9]{9}")
_JOINED = ("user", "assistant")
"""Turns of these that follow each other are one."""


def render(messages: Sequence[Turn], tools: Sequence[Any] | None) -> str:
    """Return the conversation as the template writes it.

    Raises:
        InexpressibleError: an assistant's turn says nothing, or a tool or an assistant speaks out of turn.
    """
    turns = _joined(messages)
    questions = [at for at, turn in enumerate(turns) if turn["role"] == "user"]
    _check_order([turn["role"] for turn in turns])
    parts = ["<s>"]
    for at, turn in enumerate(turns):
        if tools and questions and at == questions[-1]:
            parts.append(f"[AVAILABLE_TOOLS]{written(tools)}[/AVAILABLE_TOOLS]")
        parts.append(_told(turn))
    return "".join(parts)


def call_id(known: str) -> str:
    """Return the id of a call in the form that the format asks for."""
    return known if _ID.fullmatch(known) else digest("call", known)[:9]


def _joined(messages: Sequence[Turn]) -> list[Turn]:
    turns: list[Turn] = []
    for role, group in groupby(messages, key=lambda turn: turn["role"]):
        same = list(group)
        if role in _JOINED and len(same) > 1:
            calls = [call for turn in same for call in calls_of(turn)]
            content = "\n\n".join(turn["content"] for turn in same)
            same = [{"role": role, "content": content, "tool_calls": calls}]
        turns.extend(same)
    return turns


def _check_order(roles: Sequence[str]) -> None:
    allowed = {"user": ("assistant", "system", "user"), "assistant": ("assistant", "user", "tool")}
    allowed |= {"system": ("user", "assistant", "system"), "tool": ("assistant", "tool", "user")}
    if roles[:1] not in (["user"], ["system"]) or any(
        after not in allowed[before] for before, after in pairwise(roles)
    ):
        raise InexpressibleError("turns in another order")


def _told(turn: Turn) -> str:
    role, content, calls = turn["role"], turn["content"], calls_of(turn)
    if role == "user":
        return f"[INST]{content}[/INST]"
    if role == "system":
        return f"[SYSTEM_PROMPT]{content}[/SYSTEM_PROMPT]"
    if role == "tool":
        return f"[TOOL_RESULTS]{call_id(turn.get('tool_call_id', ''))}[TOOL_CONTENT]{content}[/TOOL_RESULTS]"
    if not content and not calls:
        raise InexpressibleError("an empty answer")
    return f"{content}[TOOL_CALLS][{', '.join(map(_call, calls))}]</s>" if calls else f"{content}</s>"


def _call(call: Turn) -> str:
    name, number = call["function"]["name"], call_id(call.get("id", ""))
    return f'{{"name": "{name}", "arguments": {arguments_of(call)}, "id": "{number}"}}'
