"""The teacher port: who answers a ticket."""

from __future__ import annotations

from typing import Protocol

from agents.campaign.values import value
from agents.training.sample import Message, Reply, Ticket


@value
class Request:
    """A ticket and the conversation that asks for its answer."""

    ticket: Ticket
    prompt: tuple[Message, ...]


class Teacher(Protocol):
    """Answers requests, many at a time."""

    async def answer(self, request: Request) -> Reply:
        """Return what came back. A bad answer is a reply; an exception is a broken machine.

        Raises:
            PausedError: no ticket can be answered until a person has mended something.
        """
        ...
