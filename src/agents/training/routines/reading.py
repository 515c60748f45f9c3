"""Reading an answer: its code block, its prose, its ``key = value`` lines.

Owns the parsing of replies, in time linear in their length. Never judges what it finds.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 20_000
"""Longer answers are not read."""

_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
_PAIR = re.compile(r"^[\s>*`|+-]{0,8}([A-Za-z_]\w{0,40})[`* \t]{0,6}[=:][`* \t]{0,6}([^\n|`]{1,120})", re.MULTILINE)
_NUMBER = re.compile(r"#?(?:\$|0x)([0-9A-Fa-f]{1,8})\b|%([01]{1,32})\b|(\d{1,10})\b")
_BYTE = re.compile(r"(?:\$|\b0x|\b)([0-9A-Fa-f]{2})\b")
_WORD = re.compile(r"[.$]?[A-Za-z_0-9]+")


def code_blocks(answer: str) -> list[str]:
    """Return the contents of the closed code fences."""
    return _FENCE.findall(answer)


def longest_block(answer: str) -> str:
    """Return the longest code block, or nothing."""
    return max(code_blocks(answer), key=len, default="")


def outside(answer: str) -> str:
    """Return the text outside of the fences."""
    return _FENCE.sub("\n", answer)


def prose(answer: str) -> str:
    """Return the text outside of the fences together with the comments inside them."""
    comments = [row.partition(";")[2] for block in code_blocks(answer) for row in block.split("\n") if ";" in row]
    return "\n".join([outside(answer), *comments])


def before_code(answer: str) -> str:
    """Return the text before the first fence."""
    return answer.partition("```")[0]


def words(text: str) -> list[str]:
    """Return the words of ``text``; ``$1234``, ``.loop`` and ``16`` are words."""
    return _WORD.findall(text)


def commented(block: str) -> set[str]:
    """Return the mnemonics of the lines of ``block`` that carry a comment of two words or more."""
    found = set()
    for row in block.split("\n"):
        code, _, comment = row.partition(";")
        if len(_WORD.findall(comment)) > 1:
            found.update(code.lower().split()[:2])
    return found


def pairs(answer: str) -> dict[str, str]:
    """Return the ``key = value`` lines, the last one of each key, keys in lower case."""
    return {key.lower(): value.strip() for key, value in _PAIR.findall(answer)}


def number(text: str) -> int | None:
    """Return the number that ``text`` starts with ($hex, 0xhex, %binary or decimal), or None."""
    found = _NUMBER.match(text)
    if not found:
        return None
    sixteen, two, ten = found.groups()
    return int(sixteen, 16) if sixteen else int(two, 2) if two else int(ten)


def octets(text: str) -> bytes:
    """Return the bytes that ``text`` lists in hexadecimal."""
    return bytes(int(pair, 16) for pair in _BYTE.findall(text))
