"""Facts in a text: numbers in any notation, names, bytes; and what a text says that nobody told it.

Owns the reading of numbers and names. Never decides what must be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = re.compile(
    r"\$?\b([0-9A-Fa-f]{2}):([0-9A-Fa-f]{4})\b|(?:\$|\b0x)([0-9A-Fa-f]{1,8})\b|#([0-9A-Fa-f]{6})\b"
    r"|(?<![\w#])(\d{1,9})(?!\w)|\b(" + "|".join(_WORDS) + r")\b",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b[0-9A-F]{2}\b")
_NOT_HEX = re.compile(r"0x|[^0-9a-z]")
_LIST_NUMBER = re.compile(r"^\s{0,8}\d{1,2}[.)]\s", re.MULTILINE)
_EXAMPLE = re.compile(r"(?:\be\.g\.|\bsuch as|\blike|\bfor example),? [^\s,;)]+|\b(?:8|16|24)-bit", re.IGNORECASE)
"""What is said for example, and widths that everybody knows, are no claims."""
_IDENTIFIER = re.compile(r"\b[A-Za-z]+(?:_\w+)+\b|\b[a-z]+[A-Z]\w+\b|`([^`\n]{1,80})`")
_INSIDE = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]+\b|(?<=[a-z] \")[A-Z][^\"\n]{1,80}(?=\")")
_PLAIN = frozenset(
    (
        "i",
        "rom",
        "ram",
        "snes",
        "pc",
        "id",
        "ids",
        "hex",
        "lorom",
        "hirom",
        "ok",
        "xy",
        "ascii",
        "rgb",
        "bgr",
        "cpu",
        "json",
    )
)
NEAR = 90
"""Characters around a name in which its numbers are looked for."""


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

    @property
    def label(self) -> str:
        """The fact for people."""
        return self.texts[0] if self.texts else self.pattern or str(self.number)


class Spoken:
    """A text, read for facts."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.lower = self.text.lower().replace("\u2019", "'")
        self.numbers = list(numbers(_LIST_NUMBER.sub(" ", text)))
        self._values = {value for _, value in self.numbers}
        self._bare = _NOT_HEX.sub("", self.lower)

    def says(self, fact: Fact) -> bool:
        """Return whether the text states ``fact``."""
        if fact.pattern:
            return re.search(fact.pattern, self.lower) is not None
        if fact.number is not None:
            return fact.number in self._values
        if fact.is_bytes:
            return fact.texts[0] in self._bare
        return any(self._beside(text, fact.near) for text in fact.texts)

    def _beside(self, text: str, near: tuple[int, ...]) -> bool:
        at = self.lower.find(text)
        while at >= 0:
            around = self.text[max(0, at - NEAR // 2) : at + len(text) + NEAR]
            if not near or set(near) <= {value for _, value in numbers(around)}:
                return True
            at = self.lower.find(text, at + 1)
        return False


def numbers(text: str) -> Iterable[tuple[str, int]]:
    """Yield the numbers of ``text`` as they are written, with their values; 24-bit addresses may have a colon."""
    for found in _NUMBER.finditer(text):
        bank, low, sixteen, color, ten, word = found.groups()
        if bank:
            yield found[0], int(bank + low, 16)
        elif sixteen or color:
            yield found[0], int(sixteen or color, 16)
        elif ten:
            yield found[0], int(ten)
        else:
            yield found[0], _WORDS.index(word.lower())


def known_numbers(source: str) -> set[int]:
    """Return the values that ``source`` has in any notation; bytes such as ``A9`` count without a prefix."""
    return {value for _, value in numbers(source)} | {int(pair, 16) for pair in _PAIR.findall(source)}


def inventions(text: str, source: str, allowed: Iterable[int]) -> list[str]:
    """Return the numbers and names of ``text`` that neither ``source`` nor ``allowed`` has."""
    known = known_numbers(source) | set(allowed) | {0, 1, 255}
    spoken = _EXAMPLE.sub(" ", _LIST_NUMBER.sub(" ", text))
    strange = [shown for shown, value in numbers(spoken) if value not in known and not shown.isalpha()]
    lower = source.lower()
    for found in _IDENTIFIER.finditer(text):
        name = (found[1] or found[0]).lower().strip()
        values = [value for _, value in numbers(name)]
        if name not in lower and not (values and known.issuperset(values)):
            strange.append(name)
    names = (found[0].lower() for found in _INSIDE.finditer(text))
    return [*strange, *(name for name in names if name not in lower and name not in _PLAIN)]


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
