"""Conversations that templates are tried with."""

from __future__ import annotations

from typing import Any

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "read_room",
            "description": "Liest Räume: <b>& more</b>",
            "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}},
        },
    }
]
SYSTEM = {"role": "system", "content": " Be exact. "}
USER = {"role": "user", "content": '  What is "$7E0010"? & <x>\n'}
ANSWER = {"role": "assistant", "content": " The mode: é.\n"}
CALLS = [
    {"id": "call00001", "type": "function", "function": {"name": "read_room", "arguments": '{"id":1,"s":"é"}'}},
    {"id": "call00002", "type": "function", "function": {"name": "read_room", "arguments": "{}"}},
]
CALL = {"role": "assistant", "content": "", "tool_calls": CALLS[:1]}
TWO_CALLS = {"role": "assistant", "content": "Look:", "tool_calls": CALLS}
RESULT = {"role": "tool", "content": '{"a": "ü"}', "tool_call_id": "call00001"}
OTHER_RESULT = {"role": "tool", "content": "none", "tool_call_id": "call00002"}

Conversation = tuple[list[dict[str, Any]], list[dict[str, Any]] | None]

CONVERSATIONS: dict[str, Conversation] = {
    "question": ([USER, ANSWER], None),
    "system": ([SYSTEM, USER, ANSWER], None),
    "two questions": ([SYSTEM, USER, ANSWER, USER, ANSWER], None),
    "tools that are not called": ([SYSTEM, USER, ANSWER], TOOLS),
    "a call": ([SYSTEM, USER, CALL, RESULT, ANSWER], TOOLS),
    "a call without system": ([USER, CALL, RESULT, ANSWER], TOOLS),
    "two calls and a question": ([USER, TWO_CALLS, RESULT, OTHER_RESULT, ANSWER, USER, ANSWER], TOOLS),
}
