"""The report of an evaluation as a page for people.

Pure. Owns the words. The text of answers is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_REASONS = 6
"""Reasons of failures that are told of each model."""
_WIDTHS = "  {:<12}{:>10}{:>9}{:>9}{:>18}{:>10}{:>9}"
_CHANGES = "  {:<12}{:>10}{:>9}{:>9}{:>9}{:>12}{:>20}{:>10}"
_TITLES = {"after": "after training", "before": "before training"}

Document = Mapping[str, Any]


def evaluation_text(document: Document) -> str:
    """Return the page of what ``evaluate`` returned."""
    return "\n".join(_lines(document))


def _lines(document: Document) -> Iterator[str]:
    how = "greedy" if document["temperature"] == 0 else f"drawn at temperature {document['temperature']:g}"
    count = document["samples"]
    asked, tickets = document["asked"], document["tickets"]
    yield f"{document['dataset']}: {asked:,} of {tickets:,} tickets of its {document['split']} split"
    yield (
        f"{'one answer' if count == 1 else f'{count} answers'} each, {how}, at most {document['max_tokens']:,} tokens; "
        f"passed from quality {document['accept_at']:.2f} on"
    )
    for role, model in document["models"].items():
        yield ""
        yield f"{_TITLES[role]}: {model['place']}"
        yield from _model(model, document["level"])
    if document["comparison"] is not None:
        yield ""
        yield "what training changed, on the same tickets:"
        yield from _comparison(document["comparison"], document["level"])
    yield ""
    yield "not measured:"
    yield from (f"  {sentence}" for sentence in document["not_measured"])
    yield ""
    yield f"intervals: {document['methods']['rate']}"
    if document["comparison"] is not None:
        yield f"differences: {document['methods']['difference']}; p: {document['methods']['test']}"


def _model(model: Document, level: float) -> Iterator[str]:
    yield _WIDTHS.format("domain", "difficulty", "tickets", "passed", f"{level:.0%} interval", "quality", "proven")
    for cell in model["cells"]:
        difficulty = "all" if cell["difficulty"] is None else str(cell["difficulty"])
        yield _rated(cell["domain"], difficulty, cell)
    overall = model["overall"]
    yield _rated("all", "all", overall)
    failures = list(overall["failures"].items())
    if failures:
        told = ", ".join(f"{reason} {count:,}" for reason, count in failures[:MOST_REASONS])
        others = sum(count for _, count in failures[MOST_REASONS:])
        yield f"  did not pass: {told}{f', others {others:,}' if others else ''}"
    else:
        yield "  did not pass: none"
    yield f"  cost: {_cost(model)}"
    for why, count in model["why_failed"].items():
        yield f"  failed {count:,} times: {why}"


def _cost(model: Document) -> str:
    if model["cost"] is not None:
        return f"{model['cost']:g}"
    return "not known" if model["cost_at_most"] is None else f"not known, {model['cost_at_most']:g} at most"


def _rated(domain: str, difficulty: str, numbers: Document) -> str:
    interval = f"{numbers['low']:.1%} to {numbers['high']:.1%}"
    return _WIDTHS.format(
        domain,
        difficulty,
        f"{numbers['tickets']:,}",
        _shown(numbers["pass_rate"], ".1%"),
        interval,
        _shown(numbers["quality"], ".3f"),
        _shown(numbers["proven"], ".3f"),
    )


def _comparison(compared: Document, level: float) -> Iterator[str]:
    interval = f"{level:.0%} interval"
    yield _CHANGES.format("domain", "difficulty", "tickets", "gained", "lost", "difference", interval, "p")
    for cell in compared["cells"]:
        difficulty = "all" if cell["difficulty"] is None else str(cell["difficulty"])
        yield _changed(cell["domain"], difficulty, cell)
    yield _changed("all", "all", compared["overall"])


def _changed(domain: str, difficulty: str, change: Document) -> str:
    return _CHANGES.format(
        domain,
        difficulty,
        f"{change['tickets']:,}",
        f"{change['gained']:,}",
        f"{change['lost']:,}",
        _shown(change["difference"], "+.1%"),
        f"{change['low']:+.1%} to {change['high']:+.1%}",
        f"{change['p_value']:.2g}",
    )


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
