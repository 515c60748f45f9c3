"""Values of the factory: source items, tickets, replies and judgements.

Owns their shapes and identities. Never generates, judges or stores any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from agents.campaign.digest import digest
from agents.campaign.values import value

Json = Any
"""A value made of dicts with string keys, lists, strings, numbers, booleans and None."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A kind of item inside a domain: task family x difficulty (1 = easiest)."""

    family: str
    difficulty: int

    def __str__(self) -> str:
        return f"{self.family}/d{self.difficulty}"


@value
class SourceItem:
    """What one sample is made from. Equal parameters mean the same item, whatever their index was."""

    domain: str
    cell: Cell
    params: Mapping[str, Json]

    @property
    def id(self) -> str:
        """Content hash of domain, cell and parameters."""
        return digest(self.domain, str(self.cell), dict(self.params))


@value
class Ticket:
    """One planned sample. ``seq`` counts from 0 in the order in which tickets are settled."""

    run: str
    seq: int
    item: SourceItem
    variant: int = 0

    @property
    def id(self) -> str:
        """Content hash of run, item and variant: the same ticket is never planned twice in a run."""
        return ticket_id(self.run, self.item.id, self.variant)


def ticket_id(run: str, item_id: str, variant: int) -> str:
    """Return the id of the ticket for that item and phrasing in ``run``."""
    return digest(run, item_id, variant)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool that an assistant makes; ``arguments`` is JSON text, as in chat protocols."""

    id: str
    name: str
    arguments: str


@value
class Message:
    """One turn of a conversation.

    An assistant's turn may call tools; a turn of role ``tool`` is the result of the call ``tool_call_id``. ``tools``,
    of a system message, are the definitions of what may be called from there on, as chat protocols take them.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    tools: tuple[Json, ...] = ()

    @property
    def told(self) -> str:
        """The content, and the name and arguments of each call, a line for each."""
        if not self.tool_calls:
            return self.content
        calls = (f"{call.name} {call.arguments}" for call in self.tool_calls)
        return "\n".join(filter(None, (self.content, *calls)))

    def document(self) -> dict[str, Json]:
        """Return the turn as chat protocols write it: role, content, and what else it has."""
        document: dict[str, Json] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            document["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.tool_calls
            ]
        if self.tool_call_id:
            document["tool_call_id"] = self.tool_call_id
        if self.tools:
            document["tools"] = list(self.tools)
        return document


class Outcome(StrEnum):
    """How one call of the teacher ended."""

    ANSWERED = "answered"
    EMPTY = "empty"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FAILED = "failed"


@value
class Reply:
    """What came back from the teacher; ``text`` is empty unless something was said.

    ``tokens_in`` and ``tokens_out`` are what the teacher says that it read and wrote, None where it does not say.
    ``alias`` is the recipe's name for the model that was asked, where that was another one than the teacher's own.
    ``seconds`` is how long the call took that was answered, without what it waited for its turn; None of one that was
    no call by itself.
    """

    outcome: Outcome
    text: str
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    alias: str = ""
    seconds: float | None = field(default=None, compare=False)


@value
class Check:
    """One judgement of one aspect of a reply; ``score`` in [0, 1]."""

    name: str
    score: float
    detail: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.score) and 0.0 <= self.score <= 1.0):
            raise ValueError(f"score of check {self.name!r} must be in [0, 1], not {self.score}")


@dataclass(frozen=True, slots=True)
class Referral:
    """What a model that judges is asked about an answer, and what its score, from 1 to ``scale``, counts.

    ``share`` in (0, 1] is the part of the score in the quality; below ``at_least``, in [0, 1], the quality is 0.
    """

    question: tuple[Message, ...]
    scale: int
    share: float
    at_least: float


@value
class Judgement:
    """The checks of a reply and the quality in [0, 1] that follows from them.

    Where ``is_known`` is False the judge itself failed, and nothing was found out about the answer. ``sample`` is the
    conversation that a student learns from; None: the prompt, and the answer as it is. With a ``referral`` the quality
    is not settled before a model has judged too.
    """

    quality: float
    checks: tuple[Check, ...]
    is_known: bool = True
    sample: tuple[Message, ...] | None = None
    referral: Referral | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.quality) and 0.0 <= self.quality <= 1.0):
            raise ValueError(f"quality must be in [0, 1], not {self.quality}")
