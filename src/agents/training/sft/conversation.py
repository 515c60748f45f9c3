"""A line of a dataset as the conversation that a model learns from, and which of its tokens are learnt.

Pure. Knows no tokenizer: it works on texts, and on the places of tokens in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .troubles import BlankError, TemplateError, UsageError

IGNORED = -100
"""The label of a token that is not learnt."""
Turn = dict[str, Any]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns and the tools on offer; answers before the turn ``learnt_from`` are not learnt."""

    turns: list[Turn]
    tools: list[Any] | None = None
    learnt_from: int = 0


def conversation_of(row: dict[str, Any]) -> Conversation:
    """Return the conversation of a line that has ``messages``, or ``prompt`` and ``completion``; raises UsageError."""
    tools = row.get("tools")
    tools = json.loads(tools) if isinstance(tools, str) else tools
    match row:
        case {"messages": [*messages]}:
            return Conversation([*map(_turn, messages)], tools or None)
        case {"prompt": [*prompt], "completion": [*completion]}:
            return Conversation([*map(_turn, [*prompt, *completion])], tools or None, len(prompt))
    raise UsageError(
        f"a line has {', '.join(sorted(row)) or 'nothing'}, and training needs messages, or prompt and completion",
        "export the dataset in another format: --format messages, qwen, chatml, llama3, mistral or gemma",
    )


def _turn(message: Turn) -> Turn:
    """Return a message as templates expect it: content is text, and the arguments of calls are no text."""
    turn = message | {"content": message.get("content") or ""}
    if calls := turn.pop("tool_calls", None):
        turn["tool_calls"] = [call | {"function": _called(call["function"])} for call in calls]
    return turn


def _called(function: dict[str, Any]) -> dict[str, Any]:
    arguments = function.get("arguments", {})
    try:
        return function | {"arguments": json.loads(arguments) if isinstance(arguments, str) else arguments}
    except ValueError:
        return function


def answer_spans(turns: Sequence[Turn], written: Callable[[Sequence[Turn], bool], str]) -> list[Span]:
    """Return where in the text of a conversation its answers are, ends of turns included.

    ``written`` returns the text of turns, with the header of an answer behind them if wanted.

    Raises:
        TemplateError: the template writes a turn another way once others follow it.
    """
    whole, spans = written(turns, False), []
    for at in _answers(turns):
        before, after = written(turns[:at], True), written(turns[: at + 1], False)
        if not (len(before) < len(after) and after.startswith(before) and whole.startswith(after)):
            raise TemplateError(
                "the chat template of this model rewrites earlier turns, and marks no answers",
                "give a template with {% generation %} around answers: --chat-template FILE",
            )
        spans.append((len(before), len(after)))
    return spans


def _answers(turns: Sequence[Turn]) -> Iterator[int]:
    return (at for at, turn in enumerate(turns) if turn["role"] == "assistant")


def mask_of(offsets: Sequence[Span], spans: Sequence[Span]) -> list[int]:
    """Return 1 for each token that begins inside a span, and 0 for the others, for the ``offsets`` of tokens."""
    return [int(begin < end and any(start <= begin < stop for start, stop in spans)) for begin, end in offsets]


def common_start(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def labels_of(tokens: Sequence[int], mask: Sequence[int]) -> list[int]:
    """Return the token itself where it is learnt, and IGNORED elsewhere."""
    return [token if is_learnt else IGNORED for token, is_learnt in zip(tokens, mask, strict=True)]


def check_labels(tokens: Sequence[int], labels: Sequence[int]) -> float:
    """Return which share of the tokens of a batch is learnt.

    Raises:
        BlankError: none of them is, all of them are, or a label is not its token.
    """
    learnt = [(token, label) for token, label in zip(tokens, labels, strict=True) if label != IGNORED]
    cure = "check the chat template of the model, or give one with --chat-template FILE"
    if not learnt:
        raise BlankError("a batch has no token of an answer: the model would learn nothing", cure)
    if len(learnt) == len(tokens):
        raise BlankError("a batch has nothing but answers: the model would learn the questions too", cure)
    if any(token != label for token, label in learnt):
        raise BlankError("the labels of a batch are not its own tokens", cure)
    return len(learnt) / len(tokens)
