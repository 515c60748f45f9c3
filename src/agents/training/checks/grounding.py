"""Whether an answer speaks of what its source speaks of: the names and numbers in it.

Pure. Owns what counts as a name and as a number. Never says whether what is said of them is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from agents.training.checks.language import most_like
from agents.training.checks.words import words_of
from agents.training.sample import Check

LONGEST_READ = 50_000
"""Characters of an answer that are looked at."""
LONGEST_SOURCE = 1_000_000
MOST_CLAIMS = 200
"""Names and numbers of an answer that are looked for."""
MOST_PLACES = 1_000
"""Places in a source where a name is looked at; beyond, it is taken for a part of longer words."""
SHOWN = 5
"""Missing ones that are named."""

GERMAN_SHARE = 0.1
"""Share of capitalised words inside sentences from which a text may be German."""

_CODE_SPAN = re.compile(r"`([^`\n]{1,200})`")
_IN_CODE = re.compile(r"\b[^\W\d]\w+")
_PART = re.compile(r"\$?\w+(?:\.\w+|,\d{3}\b)*")
_TITLE = re.compile(r"\s*+(?:#{1,6}\s.*|(?:(?:[-*+>]|\d{1,3}[.)])\s++)?\*\*(?!\s).{1,200}?\*\*)")
"""A heading of Markdown, or a label in bold at the beginning of a line."""
_LIST_NUMBER = re.compile(r"\d{1,3}[.)]")
_DOTTED = re.compile(r"\w{2,}(?:\.\w{2,})+")
_NUMBER = re.compile(r"\$[0-9A-Fa-f]+\b|\b\d\w*(?:,\d{3}\b)*(?:\.\d+)?")
_HEXADECIMAL = re.compile(r"(?:0[xX]|\$)([0-9A-Fa-f]{1,32})|((?=\d*[A-F])[0-9A-F]{4,32})")
_DECIMAL = re.compile(r"\$?(\d[\d,]{0,40}(?:\.\d{1,40})?)(?![xX])[a-zA-Z]{0,3}")
_ENDS = '.!?:"\u201d\u00bb'
_MARKS = ".!?:,;)"
_QUOTES = '"\u201c\u2018\u00ab\u201e'


def grounding(answer: str, source: str, question: str) -> Check:
    """Return the share of the different names and numbers of ``answer`` that the source or the question has.

    Names are identifiers such as CamelCase, snake_case, dotted.ones and ALLCAPS, words in code spans, and capitalised
    words inside a sentence, except in German, where every noun is one; those of headings and of labels in bold may be
    capitalised for no other reason. Numbers are equal by value: 1,000 is 1000 and
    $10 is 0x10. Numbers of one digit and those of a list are no claims; an answer without any claim is grounded.
    """
    claims = list(islice(_claims(answer[:LONGEST_READ]), MOST_CLAIMS))
    if not claims:
        return Check("grounding", 1.0)
    known = _Known(f"{source[:LONGEST_SOURCE]}\n{question[:LONGEST_SOURCE]}")
    missing = [claim for claim in claims if not known.has(claim)]
    if not missing:
        return Check("grounding", 1.0)
    named = ", ".join(claim[:40] for claim in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return Check("grounding", 1.0 - len(missing) / len(claims), f"not in the source: {named}{more}")


class _Known:
    """What a text has: names as they stand in it, numbers by their value."""

    def __init__(self, text: str) -> None:
        self._written = text
        self._lower = text.lower()

    def has(self, claim: str) -> bool:
        name = claim.lower()
        if self._has_word(name):
            return True
        if _is_number(claim):
            return not self._values.isdisjoint(_values(claim))
        return name.endswith("s") and self._has_word(name[:-1])

    @cached_property
    def _values(self) -> frozenset[float]:
        return frozenset(value for number in _NUMBER.findall(self._written) for value in _values(number))

    def _has_word(self, name: str) -> bool:
        """Return whether ``name`` stands somewhere as a word, perhaps in its plural, or as a part of snake_case."""
        text, start = self._lower, -1
        for _ in range(MOST_PLACES):
            start = text.find(name, start + 1)
            if start < 0:
                return False
            end = start + len(name)
            end += text[end : end + 1] == "s"
            begins_inside = name[0].isalnum() and text[max(0, start - 1) : start].isalnum()
            if not begins_inside and not text[end : end + 1].isalnum():
                return True
        return False


def _claims(text: str) -> Iterator[str]:
    """Yield the different names and numbers of ``text``."""
    claims: dict[str, None] = {}
    capitalised: list[str] = []
    for part, begins in _parts(text):
        if _is_number(part):
            digits = _DECIMAL.fullmatch(part)
            if digits is None or len(digits[1]) > 1:
                claims[part] = None
        elif _is_identifier(part):
            claims[part] = None
        elif not begins and len(part) > 1 and part.istitle():
            capitalised.append(part)
    for code in _CODE_SPAN.findall(text):
        claims.update(dict.fromkeys(_IN_CODE.findall(code)))
    if not _is_german(text, len(capitalised)):
        claims.update(dict.fromkeys(capitalised))
    return iter(claims)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield what may be a name or a number, and whether it may be capitalised for no other reason than its place."""
    for line in text.splitlines():
        title = _TITLE.match(line)
        if title is None:
            yield from _parts_of_prose(line)
            continue
        words = (word for word in title[0].split() if not _LIST_NUMBER.fullmatch(word))
        yield from ((part, True) for word in words for part in _PART.findall(word))
        yield from _parts_of_prose(line[title.end() :])


def _parts_of_prose(line: str) -> Iterator[tuple[str, bool]]:
    begins = True
    for word in line.split():
        if word.isalpha() and word.islower():  # most words are such, and need no closer look
            begins = False
            continue
        core = word.rstrip(_MARKS)
        if core.isalpha() and (core.islower() or (begins and core.istitle())):
            begins = word[-1] in _ENDS
            continue
        if not (begins and _LIST_NUMBER.fullmatch(word)):
            begins = begins or word[0] in _QUOTES
            for part in _PART.findall(word):
                yield part, begins
        begins = word[-1] in _ENDS or not any(map(str.isalnum, word))


def _is_number(part: str) -> bool:
    return part[0].isdecimal() or (part[0] == "$" and bool(_values(part)))


def _is_identifier(part: str) -> bool:
    """Return whether no plain word is written like ``part``: with a capital, digit, dot or underscore inside."""
    rest = part[1:]
    if part.isalpha():
        return rest != rest.lower()
    return "." not in part or _DOTTED.fullmatch(part) is not None


def _values(number: str) -> list[float]:
    """Return what a number may mean: $100 is 256 in assembly, and 100 in money."""
    values = []
    if found := _HEXADECIMAL.fullmatch(number):
        values.append(float(int(found[1] or found[2], 16)))
    if found := _DECIMAL.fullmatch(number):
        values.append(float(found[1].replace(",", "")))
    return values


def _is_german(text: str, capitalised: int) -> bool:
    return capitalised > GERMAN_SHARE * text.count(" ") and most_like(words_of(text)) == "de"
