"""Whether a text is language: small words where they can stand, sentences that begin and end, an end that is one.

Owns the measure and the pairs of words that English does not put together. Never looks at what is said, and never
counts how much: honest prose, lists, tables and notes all pass, the same words in any order do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_TOKEN = re.compile(r"[\w$#.]*\w|[^\w\s]|\n")
_STRETCH = re.compile(r"[^\w\s$#.]|\.(?=\s|$)|\n")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARTICLES = _words("the a an its every")
_OPENERS = _words("of from with into for to")
_VERBS = _words("is are was be has have")
_JOINERS = _words("and or but")
_OTHERS = _words("by at on than that which when until while it they them if as so then")
_NEVER_BEHIND = (
    dict.fromkeys(_ARTICLES, _ARTICLES | _OPENERS | _VERBS | _JOINERS | _words("by at than that which when until it"))
    | dict.fromkeys(_OPENERS, (_VERBS | _OPENERS | _JOINERS | _OTHERS) - _words("be have it them that which at"))
    | dict.fromkeys(_VERBS, _words("is are was has of and or into than"))
    | dict.fromkeys(_JOINERS, _words("and or but of than"))
)
"""Small word -> those that do not follow it directly."""
_BEGINNERS = _words("The An It In At With From To Then If For This These That They When Both Each Every All")
_LONG, _TOO_LONG = 16, 3
"""Plain words in a row without punctuation from which on each further few count as a misplaced one."""
_SMALL, _LEAST_BROKEN, _BROKEN = 8, 0.06, 0.12

_ENDED = re.compile(r"""[.!?\u2026)\]"'\u201d][*_`]*$|^\W*[A-Za-z_]\w*\W*=.+$|^```$""")
_ITEM = re.compile(r"^(?:[-*+\u2022]|\d+[.)])\s")


def ordered(text: str) -> float:
    """Return from 0 to 1 how far the words of ``text`` stand in the order of a language; nothing is in order.

    Looks at the places where order shows: behind articles, prepositions, forms of "to be" and "and", at the beginning
    and the end of sentences, and at long stretches without punctuation. A slip of the writer does no harm.
    """
    kept = broken = 0
    for fits in _joints(_TOKEN.findall(text)):
        kept += fits
        broken += not fits
    for stretch in _STRETCH.split(text):
        broken += max(0, sum(map(str.islower, stretch.split())) - _LONG) // _TOO_LONG
    share = broken / (kept + broken + _SMALL)
    return min(1.0, max(0.0, (_BROKEN - share) / (_BROKEN - _LEAST_BROKEN)))


def _joints(tokens: list[str]) -> Iterator[bool]:
    """Yield, for each place where order shows, whether what stands there can."""
    before = ""
    for this, following in pairwise(tokens):
        is_word = following[0].isalpha()
        never = _NEVER_BEHIND.get(this)
        if never and is_word:
            yield following.isupper() or following.lower() not in never
        elif never and following in ".,;:)" and (this in _ARTICLES or this in _JOINERS):
            yield False
        if this == "." and is_word and before.isalpha():
            yield not following[0].islower()
        if following in _BEGINNERS:
            yield not (this[0].isalnum() or this == ",")
        before = this


def breaks_off(answer: str) -> bool:
    """Return whether the last line of ``answer`` stops in the middle: of a span, of a row, of a sentence.

    A list whose items carry no full stop may end without one, and so may a ``key = value`` line or a block of code.
    """
    lines = [line.strip() for line in answer.rstrip().split("\n")[-2:]]
    last = lines[-1]
    if last.startswith("|"):
        return not last.endswith("|")
    if _ENDED.search(last):
        return last.count("(") > last.count(")")
    if last.count("`") % 2 or last.count("(") > last.count(")"):
        return True
    return not (_ITEM.match(last) and len(lines) > 1 and _ITEM.match(lines[0]) and not _ENDED.search(lines[0]))
