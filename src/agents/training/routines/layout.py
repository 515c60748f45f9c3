"""Sections of an answer: headings in one manner, optional parts, joined in an order.

Owns the arrangement of text. Never knows what the sections say.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.phrases import phrase, pick


def arrange(rng: Random, sections: Sequence[tuple[str, str]]) -> str:
    """Return ``(heading alternatives, body)`` pairs under headings of one manner, or without any.

    A body that begins with the words of its heading loses them there.
    """
    manner = pick(rng, "none|none|hash|bold|colon|upper")
    out = []
    for headings, body in sections:
        if not body:
            continue
        head = pick(rng, headings) if headings and manner != "none" else ""
        text = body.removeprefix(f"{head}: ")
        if not head:
            out.append(text)
        elif manner == "hash":
            out.append(f"## {head}\n\n{text}")
        elif manner == "bold":
            out.append(f"**{head}**\n\n{text}")
        elif manner == "upper":
            out.append(f"{head.upper()}\n{text}")
        else:
            out.append(f"{head}:\n{text}")
    return "\n\n".join(out)


def result_lines(rng: Random, facts: Sequence[tuple[str, str, str]]) -> str:
    """Return the facts as ``key = value`` lines, fenced or not."""
    lines = "\n".join(f"{key} = {value}" for key, value, _ in facts)
    return f"```\n{lines}\n```" if rng.random() < 0.35 else lines


_LEADS = (
    "End with one line per value, `key = value`, for",
    "Finish with a result block of `key = value` lines:",
    "The last lines must read `key = value`, one for each of",
    "Close with these results as `key = value` lines:",
    "Put the results at the end, one `key = value` per line:",
    "At the end, state as `key = value` lines:",
)


def asked_lines(rng: Random, facts: Sequence[tuple[str, str, str]]) -> str:
    """Return the request for the ``key = value`` lines at the end of the answer."""
    lead = phrase(rng, _LEADS)
    if rng.random() < 0.5:
        mark = pick(rng, "- |* |  ")
        return lead + "\n" + "\n".join(f"{mark}{key}: {what}" for key, _, what in facts)
    return f"{lead} " + "; ".join(f"{key} ({what})" for key, _, what in facts) + "."
