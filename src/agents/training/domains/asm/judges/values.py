"""Stated values against executed ones.

Owns the comparison of ``key = value`` lines. Never weighs what it finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from agents.training.routines import reading
from agents.training.sample import Check

Facts = Sequence[tuple[str, str, str]]
"""Keys with their true values as text, and what they mean."""


def explanation(answer: str, keys: Iterable[str]) -> str:
    """Return the prose of ``answer`` in lower case, without the lines that state the values of ``keys``."""
    wanted = {key.lower() for key in keys}
    rows = reading.prose(answer).lower().split("\n")
    return "\n".join(row for row in rows if wanted.isdisjoint(reading.pairs(row)))


def compared(facts: Facts, stated: Mapping[str, str], arrays: Collection[str] = ()) -> tuple[Check, Check]:
    """Return the checks ``form`` (every key stated) and ``results`` (every value right).

    Values of the keys in ``arrays`` are lists of bytes; all others are numbers in any usual notation.
    """
    missing, wrong = [], []
    for key, value, _ in facts:
        found = stated.get(key.lower())
        if found is None:
            missing.append(key)
            continue
        same = (
            reading.octets(found) == reading.octets(value)
            if key in arrays
            else reading.number(found) == reading.number(value)
        )
        if not same:
            wrong.append(f"{key} is {value}, not {found[:40]}")
    total = len(facts)
    right = total - len(missing) - len(wrong)
    return (
        Check("form", 1.0 - len(missing) / total, f"no line for {', '.join(missing)}" if missing else ""),
        Check("results", right / total, wrong[0] if wrong else f"{right} of {total} values"),
    )
