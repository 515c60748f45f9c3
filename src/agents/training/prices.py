"""What an answer costs: reserved before it is asked for, known when it came.

Pure. Owns the arithmetic of tokens and prices. What is not known is None, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.training.sample import Message, Reply

MILLION = 1_000_000
FRAME_TOKENS = 16
"""Tokens that a chat template may put around one message; those in use need fewer than ten."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a million tokens, in any one currency, and the most tokens that an answer may have."""

    input: float | None = None
    output: float | None = None
    answer_tokens: int = 0

    def cost(self, reply: Reply) -> float | None:
        """Return what ``reply`` cost; None without prices, or where the teacher did not say how many tokens it was."""
        if self.input is None or self.output is None or reply.tokens_in is None or reply.tokens_out is None:
            return None
        return (self.input * reply.tokens_in + self.output * reply.tokens_out) / MILLION

    def most(self, prompt: Iterable[Message]) -> float | None:
        """Return what an answer to ``prompt`` can cost at most: a token is at least one byte. None without prices."""
        if self.input is None or self.output is None:
            return None
        read = sum(len(message.content.encode()) + FRAME_TOKENS for message in prompt)
        return (self.input * read + self.output * self.answer_tokens) / MILLION


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of a teacher's own model, and by alias those of the models that answer in its place."""

    own: Prices = field(default_factory=Prices)
    others: Mapping[str, Prices] = field(default_factory=dict)

    def cost(self, reply: Reply) -> float | None:
        """Return what ``reply`` cost by the prices of who gave it; None as ``Prices.cost``."""
        return self.others.get(reply.alias, self.own).cost(reply)

    def most(self, prompt: tuple[Message, ...]) -> float | None:
        """Return what an answer to ``prompt`` can cost at most, whoever gives it; None where one has no prices."""
        most = [prices.most(prompt) for prices in (self.own, *self.others.values())]
        known = [cost for cost in most if cost is not None]
        return max(known) if len(known) == len(most) else None
