"""A preview: what a few tickets of a recipe came to, whole, and what a pilot of such tickets would take.

Pure. Owns the figures and the document. Never asks anybody and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from agents.training.judge import Verdict
from agents.training.sample import Message, Reply, Ticket


@dataclass(frozen=True, slots=True)
class Call:
    """One question that was asked: what came back, after how many seconds, at what price; None where not known."""

    reply: Reply
    seconds: float
    cost: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One ticket: what was asked and said, what a student would learn, and how it would be decided on.

    ``opinion`` is the call of the model that judges, None where none was asked; ``sample`` is None where there was
    nothing to judge.
    """

    ticket: Ticket
    prompt: tuple[Message, ...]
    answer: Call
    opinion: Call | None
    sample: tuple[Message, ...] | None
    verdict: Verdict

    @property
    def is_accepted(self) -> bool:
        """Whether a campaign would keep the sample."""
        return self.verdict.state == "accepted"

    @property
    def source(self) -> str:
        """What the sample is made from, for people: the name of its text, or of its kind of item."""
        return str(self.ticket.item.params.get("name") or self.ticket.item.cell)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that were made for it."""
        return (self.answer,) if self.opinion is None else (self.answer, self.opinion)

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        item, reply, verdict = self.ticket.item, self.answer.reply, self.verdict
        return {
            "seq": self.ticket.seq,
            "domain": item.domain,
            "source": self.source,
            "item_id": item.id,
            "prompt": [asdict(message) for message in self.prompt],
            "outcome": str(reply.outcome),
            "answer": reply.text,
            "model": reply.model,
            "opinion": None if self.opinion is None else self.opinion.reply.text,
            "sample": None if self.sample is None else [asdict(message) for message in self.sample],
            "checks": [asdict(check) for check in verdict.checks],
            "quality": verdict.quality,
            "state": verdict.state,
            "reason": verdict.reason,
            "twin": verdict.twin,
            "tokens_in": total(call.reply.tokens_in for call in self.calls),
            "tokens_out": total(call.reply.tokens_out for call in self.calls),
            "seconds": round(sum(call.seconds for call in self.calls), 3),
            "cost": total(call.cost for call in self.calls),
        }


@dataclass(frozen=True, slots=True)
class Preview:
    """Tickets as a pilot would draw them. ``wanted`` more could not be drawn where the texts do not suffice.

    A pilot has ``pilot_tickets``, and as many as ``at_once`` under way; None: its answers come in batches.
    ``is_paid`` is False of a teacher that costs nothing.
    """

    shown: tuple[Shown, ...]
    wanted: int
    pilot_tickets: int
    at_once: int | None
    is_paid: bool

    @property
    def accepted(self) -> int:
        """How many would be accepted."""
        return sum(shown.is_accepted for shown in self.shown)

    @property
    def quality(self) -> float:
        """The mean quality, in [0, 1]."""
        return fmean(shown.verdict.quality for shown in self.shown)

    @property
    def cost(self) -> float | None:
        """What was spent; None where it is not known."""
        return total(call.cost for call in self.calls)

    @property
    def pilot_seconds(self) -> float | None:
        """About how long a pilot would take; None where its answers come in batches."""
        if self.at_once is None:
            return None
        each = fmean(sum(call.seconds for call in shown.calls) for shown in self.shown)
        return each * max(1.0, self.pilot_tickets / self.at_once)

    @property
    def pilot_cost(self) -> float | None:
        """About what a pilot would cost; None where that is not known."""
        return None if self.cost is None else self.cost / len(self.shown) * self.pilot_tickets

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "samples": [shown.document() for shown in self.shown],
            "wanted": self.wanted,
            "accepted": self.accepted,
            "quality": self.quality,
            "tokens_in": total(call.reply.tokens_in for call in self.calls),
            "tokens_out": total(call.reply.tokens_out for call in self.calls),
            "cost": self.cost if self.is_paid else 0.0,
            "pilot": {
                "tickets": self.pilot_tickets,
                "seconds": None if self.pilot_seconds is None else round(self.pilot_seconds, 3),
                "cost": self.pilot_cost if self.is_paid else 0.0,
            },
        }

    @property
    def calls(self) -> list[Call]:
        """All calls that were made."""
        return [call for shown in self.shown for call in shown.calls]


def total(amounts: Iterable[float | None]) -> float | None:
    """Return the sum; None where one of them is not known."""
    known: float = 0
    for amount in amounts:
        if amount is None:
            return None
        known += amount
    return known
