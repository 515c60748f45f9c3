"""Facts in a text: numbers in any notation, names, bytes, and an old and a new value the right way round.

Owns the reading of facts. Never decides what must be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.training.domains.yaze.changes import is_reversed
from agents.training.domains.yaze.spelling import numbers

_NOT_HEX = re.compile(r"0x|\band\b|[^0-9a-z]")
LIST_NUMBER = re.compile(r"^\s{0,8}\d{1,2}[.)]\s", re.MULTILINE)
"""The number of an entry in a list, which is no value."""
Span = tuple[int, int]
NEAR = 90
"""Characters on either side of a name in which its numbers are looked for, up to the next name of its kind."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to be said: a ``number``, or any of ``texts`` (lower case), with the numbers ``near`` it.

    Of bytes, ``texts`` are the bare digits, which any way of writing them yields.
    """

    texts: tuple[str, ...] = ()
    number: int | None = None
    near: tuple[int, ...] = ()
    is_bytes: bool = False
    pattern: str = ""
    """A regular expression that the text, in lower case, must match instead."""
    change: tuple[str, str] | None = None
    """An old and a new value; neither has to be said, but the old one must not be called new."""

    @property
    def label(self) -> str:
        """The fact for people."""
        if self.change:
            return "{1}, which was {0} before".format(*self.change)
        return self.texts[0] if self.texts else self.pattern or str(self.number)


class Spoken:
    """A text, read for facts."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.lower = self.text.lower().replace("\u2019", "'")
        self.numbers = list(numbers(LIST_NUMBER.sub(" ", text)))
        self._values = {value for _, value in self.numbers}
        self._bare = _NOT_HEX.sub("", self.lower)

    def lacks(self, facts: Sequence[Fact]) -> list[Fact]:
        """Return those of ``facts`` that the text does not state; numbers belong to the name next to them."""
        beside = [fact for fact in facts if fact.near]
        spans = {
            is_word: self._spans({text for fact in beside for text in fact.texts if text[0].isalpha() == is_word})
            for is_word in {fact.texts[0][0].isalpha() for fact in beside}
        }
        return [fact for fact in facts if not self._says(fact, spans)]

    def says(self, fact: Fact) -> bool:
        """Return whether the text states ``fact``."""
        return not self.lacks([fact])

    def _says(self, fact: Fact, spans: Mapping[bool, Sequence[Span]]) -> bool:
        if fact.change:
            return not is_reversed(self.text, *fact.change)
        if fact.pattern:
            return re.search(fact.pattern, self.lower) is not None
        if fact.number is not None:
            return fact.number in self._values
        if fact.is_bytes:
            return fact.texts[0] in self._bare
        if not fact.near:
            return any(text in self.lower for text in fact.texts)
        names = spans[fact.texts[0][0].isalpha()]
        return any(self._beside(number, names, fact) for number in range(len(names)))

    def _spans(self, names: set[str]) -> list[Span]:
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        return [found.span() for found in re.finditer("|".join(map(re.escape, longest_first)), self.lower)]

    def _beside(self, number: int, spans: Sequence[Span], fact: Fact) -> bool:
        start, end = spans[number]
        if self.lower[start:end] not in fact.texts:
            return False
        least = spans[number - 1][1] if number else 0
        most = spans[number + 1][0] if number + 1 < len(spans) else len(self.lower)
        sides = self.lower[end : min(most, end + NEAR)], self.lower[max(least, start - NEAR) : start]
        return any(set(fact.near) <= {value for _, value in numbers(side)} for side in sides)


def fact(value: object, *near: int) -> Fact:
    """Return the fact that ``value`` is: a number, text such as ``0x1A`` or ``$0A:8000``, bytes, or a name."""
    if isinstance(value, int):
        return Fact(number=value)
    said = str(value)
    if re.fullmatch(r"[0-9A-F]{2}( [0-9A-F]{2})*", said):
        return Fact((said.lower().replace(" ", ""),), is_bytes=True)
    if said[:1] == "$" or said[:2] == "0x":
        return Fact(number=next(iter(numbers(said)))[1])
    return Fact((said.lower(),), near=near)


def worded(name: str) -> Fact:
    """Return the fact that a value such as ``small_key`` is, with spaces or hyphens as well."""
    return Fact((name, name.replace("_", " "), name.replace("_", "-")))


def changed(before: object, after: object) -> Fact:
    """Return the fact that ``after`` is new, and ``before`` old."""
    return Fact(change=(str(before), str(after)))
