"""What a text says that nobody told it: numbers and names without a source.

Owns what counts as a name. Never decides what must be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.training.domains.yaze.facts import LIST_NUMBER
from agents.training.domains.yaze.spelling import known_numbers, numbers

_EXAMPLE = re.compile(r"(?:\be\.g\.|\bsuch as|\blike|\bfor example),? [^\s,;)]+|\b(?:8|16|24)-bit", re.IGNORECASE)
"""What is said for example, and widths that everybody knows, are no claims."""
_IDENTIFIER = re.compile(r"\b[A-Za-z]+(?:_\w+)+\b|\b[a-z]+[A-Z]\w+\b|`([^`\n]{1,80})`")
_NAME = re.compile(
    r"(?<=[a-z,:] )[A-Z][a-z]+(?: (?:(?:of|and|the) )*[A-Z][a-z]+)+\b"
    r"|(?<=called )[A-Z][a-z]+|(?<=[a-z] \")[A-Z][^\"\n]{1,80}(?=\")"
)
"""Two capitals in a row, what is called so, or a quotation; one alone may be any word that somebody stresses."""
_WORD = re.compile(r"[a-z_]\w*")
_ORDINARY = """a an the and or of in on at to for is it i we you yes no not new old next last first final total all
other current previous original value position address result note please thanks done rom ram snes pc id ids hex
lorom hirom ok xy ascii rgb bgr cpu json"""
_PLAIN = frozenset(_ORDINARY.split())
"""Words that may have a capital without being names."""


def inventions(text: str, source: str, allowed: Iterable[int]) -> list[str]:
    """Return the numbers and names of ``text`` that neither ``source`` nor ``allowed`` has."""
    known = known_numbers(source) | set(allowed) | {0, 1, 255}
    spoken = _EXAMPLE.sub(" ", LIST_NUMBER.sub(" ", text))
    strange = [shown for shown, value in numbers(spoken) if value not in known and not shown.isalpha()]
    lower = source.lower()
    for found in _IDENTIFIER.finditer(text):
        name = (found[1] or found[0]).lower().strip()
        if name not in lower and not _is_composed(name, lower, known):
            strange.append(name)
    for found in _NAME.finditer(text):
        name = found[0].lower()
        words = [word.removesuffix("s") for word in _WORD.findall(name) if word not in _PLAIN]
        if name not in lower and any(word not in lower for word in words):
            strange.append(name)
    return strange


def _is_composed(name: str, source: str, known: set[int]) -> bool:
    """Return whether ``name``, such as a list of instructions, is made of words and numbers of the source alone."""
    values = [value for _, value in numbers(name)]
    words = _WORD.findall(re.sub(r"(?:\$|0x)[0-9a-f]+", " ", name))
    return bool(values or len(words) > 1) and known.issuperset(values) and all(word in source for word in words)
