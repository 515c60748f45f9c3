"""How numbers are spelled: addresses with a colon, hexadecimal, colours, decimal, and small ones in words.

Owns their patterns and values. Never knows what a number means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
PLACED = re.compile(
    r"\$?\b([0-9A-Fa-f]{2}):([0-9A-Fa-f]{4})\b|(?:\$|\b0x)([0-9A-Fa-f]{1,8})\b|#([0-9A-Fa-f]{6})\b"
    r"|(?<![\w#])(\d{1,9})(?!\w)|\b(" + "|".join(_WORDS) + r")\b",
    re.IGNORECASE,
)
"""A number in a text, in any notation."""
_PAIR = re.compile(r"\b[0-9A-F]{2}\b")


def numbers(text: str) -> Iterator[tuple[str, int]]:
    """Yield the numbers of ``text`` as they are written, with their values; 24-bit addresses may have a colon."""
    for found in PLACED.finditer(text):
        yield found[0], _value(found)


def value_of(text: str) -> int | None:
    """Return the value of ``text`` where it is one number and nothing else; bare pairs such as ``12`` are decimal."""
    found = PLACED.fullmatch(text)
    return _value(found) if found else None


def known_numbers(source: str) -> set[int]:
    """Return the values that ``source`` has in any notation; bytes such as ``A9`` count without a prefix."""
    return {value for _, value in numbers(source)} | {int(pair, 16) for pair in _PAIR.findall(source)}


def _value(found: re.Match[str]) -> int:
    bank, low, sixteen, color, ten, word = found.groups()
    if bank:
        return int(bank + low, 16)
    if sixteen or color:
        return int(sixteen or color, 16)
    return int(ten) if ten else _WORDS.index(word.lower())
