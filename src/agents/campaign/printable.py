"""Text from outside, without what could drive a terminal or forge a line.

Pure. Never escapes markup: that is for those who write it.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Return ``text`` as one line, as long as it was: a space for each character that cannot be printed."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
