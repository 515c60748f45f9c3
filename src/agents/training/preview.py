"""A preview: what a few tickets of a recipe came to, whole, and what a pilot of such tickets would take.

Pure. Owns the figures, the document and the page. Never asks anybody and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any
from unicodedata import category

from agents.campaign.printable import printable
from agents.training.judge import Verdict
from agents.training.sample import Check, Message, Reply, Ticket

INDENT = "    "
WEAK = 0.5
"""A check that scores less is marked as failed."""


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
        return total(call.cost for call in self._calls)

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
            "tokens_in": total(call.reply.tokens_in for call in self._calls),
            "tokens_out": total(call.reply.tokens_out for call in self._calls),
            "cost": self.cost if self.is_paid else 0.0,
            "pilot": {
                "tickets": self.pilot_tickets,
                "seconds": None if self.pilot_seconds is None else round(self.pilot_seconds, 3),
                "cost": self.pilot_cost if self.is_paid else 0.0,
            },
        }

    @property
    def _calls(self) -> list[Call]:
        return [call for shown in self.shown for call in shown.calls]


def total(amounts: Iterable[float | None]) -> float | None:
    """Return the sum; None where one of them is not known."""
    known: float = 0
    for amount in amounts:
        if amount is None:
            return None
        known += amount
    return known


def preview_text(preview: Preview) -> str:
    """Return the preview as a page; nothing in it drives a terminal."""
    blocks = ["\n".join(_block(at, shown, preview)) for at, shown in enumerate(preview.shown, 1)]
    return "\n\n".join([*blocks, _summary(preview)])


def visible(text: str) -> str:
    """Return ``text`` with its lines as they are, and whatever else cannot be printed written as an escape."""
    return "".join(
        char if char.isprintable() or char == "\n" or category(char) == "Zs" else _escape(char)
        for char in text.expandtabs(4).replace("\r\n", "\n")
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _block(at: int, shown: Shown, preview: Preview) -> list[str]:
    item, reply = shown.ticket.item, shown.answer.reply
    lines = [
        f"{at} of {len(preview.shown)}: {_decision(shown.verdict)}",
        f"domain {item.domain}, from {printable(shown.source)}",
        *(line for message in shown.prompt for line in _part(message.role, message.content)),
        *_part(f"answer of {printable(reply.model) or 'the teacher'} ({reply.outcome})", reply.text),
        *_learned(shown),
    ]
    if shown.opinion is not None:
        lines += _part("what the judge said", shown.opinion.reply.text)
    lines += (
        ["checks:", *(f"{INDENT}{_check(check)}" for check in shown.verdict.checks)] if shown.verdict.checks else []
    )
    return [*lines, _taken(shown.calls, is_paid=preview.is_paid)]


def _decision(verdict: Verdict) -> str:
    quality = f"quality {verdict.quality:.2f}"
    if verdict.state == "accepted":
        return f"would be accepted, {quality}"
    twin = "" if verdict.twin is None else f" of {verdict.twin + 1}"
    return f"would not be accepted, {quality}: {verdict.reason}{twin}"


def _learned(shown: Shown) -> list[str]:
    if shown.sample is None:
        return ["sample: none, there is nothing to learn from"]
    if shown.sample[:-1] == shown.prompt:
        return ["sample: the prompt, and the answer as it is"]
    return [
        "sample that a student learns from:",
        *(f"{INDENT}{line}" for message in shown.sample for line in _part(message.role, message.content)),
    ]


def _part(name: str, text: str) -> list[str]:
    return [f"{name}:", *(f"{INDENT}{line}".rstrip() for line in visible(text).split("\n"))]


def _check(check: Check) -> str:
    mark = "ok" if check.score >= 1.0 else "weak" if check.score >= WEAK else "FAIL"
    return f"{mark:4} {check.name} {check.score:.2f} {printable(check.detail)}".rstrip()


def _taken(calls: Sequence[Call], *, is_paid: bool) -> str:
    seconds = f"{sum(call.seconds for call in calls):.2g} s"
    return "; ".join([*_tokens(calls), seconds, *([_money(total(call.cost for call in calls))] if is_paid else [])])


def _summary(preview: Preview) -> str:
    calls = [call for shown in preview.shown for call in shown.calls]
    parts = [
        f"{preview.accepted} of {len(preview.shown)} would be accepted",
        f"mean quality {preview.quality:.2f}",
        *_tokens(calls),
        *([_money(preview.cost)] if preview.is_paid else []),
        _pilot(preview),
    ]
    lacking = preview.wanted - len(preview.shown)
    more = [f"There are no more: {lacking} of {preview.wanted} could not be drawn."] if lacking else []
    return "\n".join([*more, "; ".join(parts)])


def _tokens(calls: Sequence[Call]) -> list[str]:
    """Return the tokens of ``calls`` in words; nothing where a teacher that is no model answered."""
    sums = [total(call.reply.tokens_in for call in calls), total(call.reply.tokens_out for call in calls)]
    return [] if None in sums else [f"{sums[0]:,} tokens in, {sums[1]:,} out"]


def _money(cost: float | None) -> str:
    return "cost unknown" if cost is None else f"{amount(cost)} spent"


def _pilot(preview: Preview) -> str:
    seconds, cost = preview.pilot_seconds, preview.pilot_cost
    takes = "up to a day, in batches" if seconds is None else f"about {duration(seconds)}"
    costs = f" and cost about {amount(cost)}" if preview.is_paid and cost is not None else ""
    return f"a pilot of {preview.pilot_tickets:,} would take {takes}{costs}"


def amount(cost: float) -> str:
    """Return an amount of money with two figures that count, however small it is."""
    return f"{cost:,.2f}" if cost >= 1.0 or cost == 0.0 else f"{cost:.2g}"


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    units = ((3_600.0, "h"), (60.0, "min"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= 2 * size), (1.0, "s"))
    return f"{max(seconds / size, 0.1):.2g} {unit}"
