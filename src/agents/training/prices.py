"""What an answer costs: reserved before it is asked for, known when it came.

Pure. Owns the arithmetic of tokens and prices. What is not known is None, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.training.sample import Message, Reply

MILLION = 1_000_000
FRAME_TOKENS = 16
"""Tokens that a chat template may put around one message; those in use need fewer than ten."""
TOOLS_TOKENS = 1_024
"""Tokens that a template or a server may say around the tools on offer; hosted ones that tell need up to 530."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a million tokens, in any one currency, and the most tokens that an answer may have.

    ``frame`` are the bytes that are said beside every prompt, such as a schema.
    """

    input: float | None = None
    output: float | None = None
    answer_tokens: int = 0
    frame: int = 0

    def cost(self, reply: Reply) -> float | None:
        """Return what ``reply`` cost; None without prices, or where the teacher did not say how many tokens it was."""
        if reply.tokens_in is None or reply.tokens_out is None:
            return None
        return self.of(reply.tokens_in, reply.tokens_out)

    def of(self, tokens_in: float, tokens_out: float) -> float | None:
        """Return what so many tokens cost; None without prices."""
        if self.input is None or self.output is None:
            return None
        return (self.input * tokens_in + self.output * tokens_out) / MILLION

    def most(self, prompt: Iterable[Message]) -> float | None:
        """Return what an answer to ``prompt`` can cost at most: a token is at least one byte. None without prices."""
        if self.input is None or self.output is None:
            return None
        return self.of(self.frame + sum(map(_most_tokens, prompt)), self.answer_tokens)


NO_PRICES = Prices()


def _most_tokens(message: Message) -> int:
    """Return how many tokens ``message`` can be: tools and calls are told as JSON, at its widest with an indent."""
    if not message.tools and not message.tool_calls:
        return len(message.content.encode()) + FRAME_TOKENS
    around = TOOLS_TOKENS if message.tools else 0
    return len(json.dumps(message.document(), indent=4)) + FRAME_TOKENS + around


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of a teacher's own model, and by alias those of the models that answer in its place."""

    own: Prices = field(default_factory=Prices)
    others: Mapping[str, Prices] = field(default_factory=dict)

    def cost(self, reply: Reply) -> float | None:
        """Return what ``reply`` cost by the prices of who gave it; None as ``Prices.cost``."""
        return self.others.get(reply.alias, self.own).cost(reply)

    def by_alias(self, own: str = "") -> dict[str, Prices]:
        """Return all prices, those of the model's own under the name ``own``."""
        return {own: self.own, **self.others}

    def most(self, prompt: tuple[Message, ...]) -> float | None:
        """Return what an answer to ``prompt`` can cost at most, whoever gives it; None where one has no prices."""
        most = [prices.most(prompt) for prices in (self.own, *self.others.values())]
        known = [cost for cost in most if cost is not None]
        return max(known) if len(known) == len(most) else None
