"""A conversation up to the turn that is asked for, and what that turn must do.

Owns the shapes. Never words, executes or judges anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.domains.yaze.facts import Fact
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

Forms = tuple[str, ...]
"""Ways to say the same, with ``<one|another>`` inside."""


@dataclass(frozen=True)
class Call:
    """One call of a tool."""

    name: str
    arguments: dict[str, Json]

    def document(self) -> Json:
        """Return the call as answers write it."""
        return {"name": self.name, "arguments": self.arguments}


@dataclass(frozen=True)
class User:
    """What the user says: whole ``sentences``, or ``clauses`` in the imperative, each in several forms."""

    clauses: tuple[Forms, ...] = ()
    sentences: Forms = ()


@dataclass(frozen=True)
class Calls:
    """A turn of the assistant that called tools, and what they answered."""

    thought: str
    calls: tuple[Call, ...]
    results: tuple[Json, ...]


@dataclass(frozen=True)
class Said:
    """A turn of the assistant that was text."""

    text: str


Turn = User | Calls | Said


@dataclass(frozen=True)
class Act:
    """Call tools. Each of ``goals``, the best first, is a way to do it; other calls that reach the same count as well.

    ``anchors`` are what a thought should speak of. With a ``target``, calls that change nothing and whose results have
    it somewhere count too.
    """

    goals: tuple[tuple[Call, ...], ...]
    thoughts: Forms
    anchors: Forms
    target: Json = None


@dataclass(frozen=True)
class Tell:
    """Answer from the results: ``facts`` must be said, ``also`` should be."""

    facts: tuple[Fact, ...]
    replies: Forms
    thoughts: Forms
    also: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Ask:
    """Ask back. Every pattern of ``about`` must occur, of ``also`` should."""

    about: Forms
    replies: Forms
    thoughts: Forms
    also: Forms = ()


@dataclass(frozen=True)
class Decline:
    """Say that it cannot be done: every pattern of ``because`` must occur; ``instead`` is what could be done."""

    because: Forms
    instead: Forms
    replies: Forms
    thoughts: Forms


Want = Act | Tell | Ask | Decline


@dataclass(frozen=True)
class Case:
    """One item: ``world`` is the project before the turn that is asked for; it is copied, never changed."""

    world: World
    brief: str
    tools: tuple[str, ...]
    turns: tuple[Turn, ...]
    want: Want
