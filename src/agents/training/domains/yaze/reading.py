"""Reading an answer: the calls or the reply in its JSON object.

Owns the form of answers. Never judges what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.answers import AnswerSchema, Parsed
from agents.training.domains.yaze.dialog import Call

LONGEST = 20_000
"""Characters of an answer that is read."""
MOST_CALLS = 24
_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "properties": {
            "thought": {"type": "string"},
            "tool_calls": {
                "type": "array",
                "maxItems": MOST_CALLS,
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "arguments": {"type": "object"}},
                    "required": ["name", "arguments"],
                },
            },
            "reply": {"type": "string"},
        },
        "anyOf": [{"required": ["tool_calls"]}, {"required": ["reply"]}],
    }
)


@dataclass(frozen=True)
class Answered:
    """What an answer says: ``calls`` or a ``reply``, and the thought before it."""

    thought: str
    calls: tuple[Call, ...]
    reply: str


def answered(text: str) -> Answered | str:
    """Return what ``text`` says, or what is wrong with its form; never raises."""
    if not text.strip():
        return "empty"
    if len(text) > LONGEST:
        return f"longer than {LONGEST:,} characters"
    parsed: Parsed = _SCHEMA.parsed(text)
    if not parsed.is_read or parsed.value is None:
        return f"{parsed.form}: {parsed.detail}"
    value = parsed.value
    calls = tuple(Call(call["name"], call["arguments"]) for call in value.get("tool_calls", ()))
    reply = value.get("reply", "").strip()
    if calls and reply:
        return "it calls tools and replies at once"
    if not calls and not reply:
        return "it neither calls a tool nor replies"
    return Answered(value.get("thought", "").strip(), calls, reply)
