"""Before and after: whether a text has an old and a new value the wrong way round.

Owns the phrases that tell the one from the other. Never decides which values those are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agents.training.domains.yaze.spelling import PLACED, value_of

OLD, NEW = "\ue000", "\ue001"
"""What stands for either value while a text is looked at."""
_SOME = r"[^.;!?\ue000\ue001]"
_WORDS = r"(?:\w+ ){0,2}"
_TO_NEW = r"\b(?:with|by|now|to|after|new|is|becomes?|became)\b"
_TO_OLD = r"\b(?:was|were|before|old|from|of|than|longer|previous|previously|formerly|used|replac\w*|had)\b"
_WAS = r"\b(?:old|previous(?:ly)?|former(?:ly)?|prior|original|before)\b"
_REVERSED = re.compile(
    "|".join(
        (
            rf"\bfrom {_WORDS}{NEW}{_SOME}{{0,20}}\bto {_WORDS}{OLD}",
            rf"{NEW} ?(?:->|→|=>|to|became|becomes|is now|has become|turned into) ?{_WORDS}{OLD}",
            rf"\b(?:instead of|rather than|no longer|used to \w+|replac(?:es|ed|ing)) (?:at )?{NEW}",
            rf"{OLD} (?:has )?(?:replaced|replaces|took the place of)\b",
            rf"{NEW} (?:was|were|has been|is|got) (?:replaced|overwritten)\b",
            rf"\b(?:replaced|overwritten|changed) (?:by|with|to|into) {_WORDS}{OLD}",
            rf"{NEW} (?:before|previously|earlier|formerly)\b",
            rf"\b(?:was|were|had been) (?:at |previously |formerly |before )?{NEW}",
            rf"(?<!{OLD} ){_WAS}(?:(?!{_TO_NEW}){_SOME}){{0,30}}{NEW}",
            rf"(?<!{NEW} )\b(?:now|new|after|current|currently)\b(?:(?!{_TO_OLD}){_SOME}){{0,30}}{OLD}",
            rf"{OLD}(?: ?\([^)]*\))?[^.;,!?\ue000\ue001]{{0,12}}\bnow\b(?! {_WORDS}{NEW})",
        )
    )
)
_MARKS = str.maketrans({"_": " ", "-": " ", "*": None, "`": None, '"': None})


def is_reversed(text: str, before: str, after: str) -> bool:
    """Return whether ``text`` calls ``after`` the old value or ``before`` the new one.

    Both are as tools write them: a number, ``0x1A``, ``$2A4F``, ``(3, 4)``, bytes such as ``A9 0F``, or words.
    """
    if before == after:
        return False
    plain = " ".join(text.lower().replace("->", "→").translate(_MARKS).split())
    marked = _marked(_marked(plain, before, OLD), after, NEW)
    return _REVERSED.search(re.sub(r"\ue000(?: \ue000)+", OLD, marked)) is not None


def _marked(text: str, value: str, mark: str) -> str:
    number = value_of(value)
    if number is None:
        return _pattern(value).sub(mark, text)
    return PLACED.sub(lambda found: mark if value_of(found[0]) == number else found[0], text)


@lru_cache(maxsize=4096)
def _pattern(value: str) -> re.Pattern[str]:
    lower = value.lower()
    if place := re.fullmatch(r"\((\d+), (\d+)\)", lower):
        x, y = place.groups()
        return re.compile(rf"\(?(?:(?:x|column) ?=? ?)?\b{x}\b,?(?: and)? ?(?:(?:y|row) ?=? ?)?\b{y}\b\)?")
    if re.fullmatch(r"[0-9a-f]{2}( [0-9a-f]{2})*", lower):
        return re.compile(r"[ ,]*".join(rf"(?:\$|0x)?{pair}" for pair in lower.split()))
    return re.compile(rf"\b{re.escape(lower.translate(_MARKS))}\b")
