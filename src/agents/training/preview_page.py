"""The page of a preview, as a person reads it in a terminal.

Pure. Owns the words. Nothing that a model said drives the terminal, or looks like a line of the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from unicodedata import category

from agents.campaign.printable import printable
from agents.training.judge import Verdict
from agents.training.preview import Call, Preview, Shown, total
from agents.training.sample import Check

INDENT = "    "
WEAK = 0.5
"""A check that scores less is marked as failed."""
SHORTEST_SECONDS = 0.1
"""What is shorter is not told exactly."""


def preview_text(preview: Preview) -> str:
    """Return the preview as a page; nothing in it drives a terminal."""
    blocks = ["\n".join(_block(at, shown, preview)) for at, shown in enumerate(preview.shown, 1)]
    return "\n\n".join([*blocks, _summary(preview)])


def visible(text: str) -> str:
    """Return ``text`` with its lines as they are, and whatever else cannot be printed written as an escape."""
    return "".join(map(_shown, text.replace("\r\n", "\n"))).expandtabs(len(INDENT))


def _shown(char: str) -> str:
    is_text = char.isprintable() or char in "\n\t" or category(char) == "Zs"
    return char if is_text else char.encode("unicode_escape").decode("ascii")


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
        *(f"{INDENT}{line}" for message in shown.sample for line in _part(message.role, message.told)),
    ]


def _part(name: str, text: str) -> list[str]:
    return [f"{name}:", *(f"{INDENT}{line}".rstrip() for line in visible(text).split("\n"))]


def _check(check: Check) -> str:
    mark = "ok" if check.score >= 1.0 else "weak" if check.score >= WEAK else "FAIL"
    return f"{mark:4} {check.name} {check.score:.2f} {printable(check.detail)}".rstrip()


def _taken(calls: Sequence[Call], *, is_paid: bool) -> str:
    seconds = duration(sum(call.seconds for call in calls))
    return "; ".join([*_tokens(calls), seconds, *([_money(total(call.cost for call in calls))] if is_paid else [])])


def _summary(preview: Preview) -> str:
    parts = [
        f"{preview.accepted} of {len(preview.shown)} would be accepted",
        f"mean quality {preview.quality:.2f}",
        *_tokens(preview.calls),
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
    takes = "up to a day, in batches" if seconds is None else f"about {duration(max(seconds, SHORTEST_SECONDS))}"
    costs = f" and cost about {amount(cost)}" if preview.is_paid and cost is not None else ""
    return f"a pilot of {preview.pilot_tickets:,} would take {takes}{costs}"


def amount(cost: float) -> str:
    """Return an amount of money, at least 0, with two digits behind the point, or two that say something."""
    digits = 2 if cost >= 0.1 or cost == 0.0 else 1 - math.floor(math.log10(cost))
    return f"{cost:,.{digits}f}"


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    units = ((3_600.0, "h"), (60.0, "min"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= 2 * size), (1.0, "s"))
    if seconds < SHORTEST_SECONDS:
        return f"less than {SHORTEST_SECONDS:g} s"
    return f"{seconds / size:.0f} {unit}" if seconds >= 10.0 else f"{seconds:.1f} s"
