"""Classes of failure: why a settled ticket gave nothing, in one word.

Pure. Owns the words that gate, guards and reports share. Never judges an answer.
"""

from __future__ import annotations

UNREADABLE = "unreadable"
DUPLICATE = "duplicate"
UNJUDGED = "unjudged"
"""The judge itself failed; also the reason in the ledger."""
CHECKS = "checks"

FORM_CHECK = "form"
"""The check of a domain that says whether an answer could be read: where quality is 0 for it, it could not."""


def failure_of(reason: str | None, quality: float) -> str | None:
    """Return the class of a ledger's ``reason``; None for an accepted ticket.

    Replies without an answer keep the name of their outcome: ``empty``, ``refused``, ``truncated``, ``failed``.
    """
    if reason is None:
        return None
    if reason.startswith("reply "):
        return reason.removeprefix("reply ")
    if reason in {"duplicate", "near-duplicate"}:
        return DUPLICATE
    if reason == UNJUDGED:
        return UNJUDGED
    return UNREADABLE if reason == f"check {FORM_CHECK}" and quality == 0.0 else CHECKS
