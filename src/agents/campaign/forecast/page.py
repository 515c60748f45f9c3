"""The forecast as JSON values, as a page and as one line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agents.campaign.forecast import DAY_HOURS, Forecast
from agents.campaign.forecast.ranges import ENDS, Range, number, span, whole_span

Document = Mapping[str, Any]
NOT_KNOWN = "not known"


def forecast_document(found: Forecast) -> dict[str, Any]:
    """Return the forecast as JSON values; what has no end is None."""
    document: dict[str, Any] = _finite(asdict(found))
    return document


def forecast_text(document: Document) -> str:
    """Return the forecast that ``forecast_document`` gave, as a page."""
    rows = [
        ("tickets", _tickets(document)),
        ("time", _time(document["hours"])),
        ("tokens in", _span(document["tokens_in"])),
        ("tokens out", _span(document["tokens_out"])),
        ("cost", _span(document["cost"])),
        *(row for domain in document["domains"] for row in _domain(domain)),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        [
            f"For {document['target']:,} accepted samples, as {document['pilot_tickets']:,} tickets of the pilot tell",
            "(in brackets: from the best to the worst that is likely):",
            *(f"  {name:{width}}  {text}" for name, text in rows),
            *_outlook(document),
        ]
    )


def forecast_line(document: Document) -> str:
    """Return the figures of the forecast in one line."""
    cost = "" if document["cost"] is None else f", cost {_span(document['cost'])}"
    return f"{_tickets(document)} tickets, time {_time(document['hours'])}{cost}"


def _outlook(document: Document) -> list[str]:
    begun = document.get("begun")
    there = begun and f"{begun['accepted']:,} samples are there, from {begun['tickets']:,} finished tickets."
    if begun and begun["accepted"] >= document["target"]:
        return [f"It is complete: {there}"]
    return [
        *(f"It cannot reach its target: {sentence}." for sentence in document["obstacles"]),
        *(f"It may pause before its target: {sentence}." for sentence in document["doubts"]),
        *([] if document["obstacles"] or document["doubts"] else ["The target can be reached."]),
        *([f"It has begun: {there}", "The figures are for all of it, not for the rest."] if begun else []),
    ]


def _domain(domain: Document) -> list[tuple[str, str]]:
    low, expected, high = (f"{domain['acceptance'][end]:.1%}" for end in ENDS)
    items = "items without end" if domain["capacity"] is None else f"{domain['capacity']:,} items"
    return [
        (domain["name"], f"{domain['owes']:,} samples; acceptance {expected} ({low} to {high})"),
        ("", f"{_tickets(domain)} tickets of {domain['budget']:,} that it may use; {items}"),
    ]


def _tickets(document: Document) -> str:
    return whole_span(_range(document["tickets"]))


def _span(values: Mapping[str, float | None] | None) -> str:
    return NOT_KNOWN if values is None else span(_range(values))


def _range(values: Mapping[str, float | None]) -> Range:
    return Range.each(lambda end: _or_endless(values[end]))


def _time(hours: Mapping[str, float | None] | None) -> str:
    if hours is None:
        return NOT_KNOWN
    low, expected, high = (_duration(_or_endless(hours[end])) for end in ENDS)
    return expected if low == high else f"{expected} ({low} to {high})"


def _duration(hours: float) -> str:
    units = ((DAY_HOURS, "days"), (1.0, "h"), (1 / 60, "min"))
    size, unit = next(((size, unit) for size, unit in units if hours >= 2 * size), (1 / 3_600, "s"))
    value = hours / size
    return number(value) if math.isinf(value) else f"{value:.{0 if value >= 10 else 1}f} {unit}".replace(".0 ", " ")


def _or_endless(value: float | None) -> float:
    return math.inf if value is None else value


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
