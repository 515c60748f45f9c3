"""Patterns that a reply, in lower case, must match: a no, a way out, and things by their names.

Owns what counts as saying them. Never words a reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.training.domains.yaze.requests import Deed

NEGATED = (
    r"n't\b|\b(cannot|can not|no|not|unable|only|outside|beyond|past|refuse|impossible|without|neither|none|more than"
    r"|longer|locked|too long)\b"
)


INSTEAD = (
    r"\b(can|could|instead|alternatively|shall|should|if you|would|want|happy|pick|choose|try|make|give|free to)\b"
)


REST = r"(?:[^.!?]|\.(?=\S)){0,160}"
"""What may stand between two words of one sentence."""
_MATTERS = {
    "rom-write": "writ|bytes?|patch",
    "message-write": "message|text",
    "symbol-add": "label|symbol",
    "palette-set-color": "colou?r|palette",
    "dungeon-set-property": "header|propert",
}
"""What edits are about, where the last word of the tool's name does not say it."""


def named(text: str) -> str:
    """Return a pattern that finds ``text``; a number may have either prefix, an address a colon or none."""
    lower = text.lower()
    if re.fullmatch(r"\$[0-9a-f]{2}:[0-9a-f]{4}", lower):
        return rf"\b{lower[1:3]}:?{lower[4:]}\b"
    if lower[:2] == "0x":
        return rf"(?:0x|\$)0*{lower[2:].lstrip('0') or '0'}\b"
    return "".join(f"\\{letter}" if letter in "$?.()[]+*|" else letter for letter in lower)


def any_of(texts: Iterable[str]) -> str:
    """Return a pattern that finds one of ``texts``."""
    return "|".join(map(named, texts))


def lacking(deed: Deed) -> str:
    """Return a pattern for a sentence which says that ``deed``, or an edit of its kind, cannot be made."""
    kind = _MATTERS.get(deed.call.name, deed.call.name.rpartition("-")[2])
    matter = "|".join((rf"\b(?:{kind})", any_of(anchor for anchor in deed.anchors if len(anchor) > 2)))
    return rf"(?:{NEGATED}){REST}?(?:{matter})|(?:{matter}){REST}(?:{NEGATED})"
