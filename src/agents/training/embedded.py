"""JSON inside other text: where it begins, whether it ends, and slips of the pen in it that can be undone for sure.

Pure, linear in the length of the text, without recursion. Never guesses: what is mended has every character it had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 200
"""Levels of nesting that are followed."""

_OBJECT = r"\{(?=\s*+(?:[\"'}]|[^\W\d]\w*+\s*+:|\Z))"
_ARRAY = r"\[(?=\s*+(?:[\"'\[{\]\d-]|(?:true|false|null|True|False|None)\b))"
_OPENINGS = {"{": re.compile(_OBJECT), "[": re.compile(_ARRAY), "{[": re.compile(f"{_OBJECT}|{_ARRAY}")}
"""Brackets that begin JSON; prose has brackets too, as in {name} or [sic]."""

_STRING = r"{0}[^{0}\\]*+(?:\\.[^{0}\\]*+)*+{0}"
_STRINGS = f"{_STRING.format(chr(34))}|{_STRING.format(chr(39))}"
_STRING_TOKEN = re.compile(_STRINGS, re.DOTALL)
_STRICT = re.compile(rf"{_STRINGS}|[\"'\[\]{{}}]", re.DOTALL)
_LENIENT_STRING = r"{0}(?:[^{0}\\]++|\\.|{0}(?!\s*+[,:}}\]]))*+{0}"
_LENIENT = re.compile(rf"{_LENIENT_STRING.format(chr(34))}|{_LENIENT_STRING.format(chr(39))}|[\"'\[\]{{}}]", re.DOTALL)
"""As above, but a quote ends a string only where something of JSON follows it."""
_GOES_ON = re.compile(r"\s*+[\"']")

_PIECE = re.compile(rf"{_STRINGS}|,(?=\s*+[}}\]])|\b(?:True|False|None)\b", re.DOTALL)
_LITERALS = {"True": "true", "False": "false", "None": "null", ",": ""}
_SLIP = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U000[0-9a-fA-F]{5}|U0010[0-9a-fA-F]{4}|.)|[\x00-\x1f\"]", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text, from a bracket to the one that closes it.

    ``end`` is None where nothing closes it, and where it is nested deeper than `DEEPEST`, which ``is_deep`` tells.
    """

    start: int
    end: int | None
    is_deep: bool = False


def spans(text: str, brackets: str) -> Iterator[Span]:
    """Yield what in ``text`` begins as JSON does, one after the other; ends after one that is never closed.

    ``brackets`` is one of ``{``, ``[`` and ``{[``: what the JSON begins with.
    """
    opening, at = _OPENINGS[brackets], 0
    while found := opening.search(text, at):
        span = _span(text, found.start())
        yield span
        if span.end is None:
            return
        at = span.end


def is_deep(text: str) -> bool:
    """Return whether ``text``, which is JSON, is nested deeper than `DEEPEST`."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    return _closed(text, 0, _STRICT).is_deep


def mended(text: str) -> str:
    """Return ``text`` as JSON where its slips are of these kinds; every other one stays.

    Control characters in strings, strings in single quotes, commas before a closing bracket, the literals and escapes
    of Python, and backslashes that escape nothing, which then stand for themselves.
    """
    return _PIECE.sub(_mended_piece, text)


def outside_strings(text: str) -> int:
    """Return how many characters of ``text``, JSON with slips, are in no string, by the quotes as they are."""
    return len(_STRING_TOKEN.sub("", text))


def _span(text: str, start: int) -> Span:
    """Return what begins at ``start``, by the quotes as they are, or else by those that something of JSON follows."""
    for tokens in (_STRICT, _LENIENT):
        span = _closed(text, start, tokens)
        if span.is_deep or (span.end is not None and not _goes_on(text, start, span.end)):
            return span
    return Span(start, None)


def _closed(text: str, start: int, tokens: re.Pattern[str]) -> Span:
    """Return the span from the bracket at ``start``; a string that never ends closes nothing."""
    depth = 0
    for token in tokens.finditer(text, start):
        match token[0]:
            case "{" | "[":
                depth += 1
                if depth > DEEPEST:
                    return Span(start, None, is_deep=True)
            case "}" | "]":
                depth -= 1
                if depth == 0:
                    return Span(start, token.end())
            case '"' | "'":
                break
    return Span(start, None)


def _goes_on(text: str, start: int, end: int) -> bool:
    """Return whether a string seems to go on after the last bracket, because a quote in it was not escaped."""
    quote = _GOES_ON.match(text, end)
    return quote is not None and text[start - 1 : start] != quote[0][-1]


def _mended_piece(found: re.Match[str]) -> str:
    piece = found[0]
    if piece in _LITERALS:
        return _LITERALS[piece]
    return f'"{_SLIP.sub(_mended_slip, piece[1:-1])}"'


def _mended_slip(found: re.Match[str]) -> str:
    """Return what JSON writes for an escape, a control character or a quote."""
    slip = found[0]
    match slip[:2]:
        case r"\u" if len(slip) > 2:
            return slip
        case r"\"" | r"\\" | r"\/" | r"\b" | r"\f" | r"\n" | r"\r" | r"\t":
            return slip
        case r"\x" | r"\U" if len(slip) > 2:
            meant = chr(int(slip[2:], 16))
        case r"\'" | "\\\n":
            meant = slip[1]
        case _:
            meant = slip
    return json.dumps(meant)[1:-1]
