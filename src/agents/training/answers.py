"""What a structured answer says: its JSON, found and mended where that loses nothing, and held against a schema.

Pure. Owns the forms of an answer. Never completes one: an answer that ends in the middle is torn, whatever could be
read of it, and never says whether an answer is good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from itertools import islice

import jsonschema_rs
import orjson
from json_repair import repair_json

from agents.campaign.errors import UsageError
from agents.campaign.printable import printable
from agents.campaign.values import value
from agents.training.embedded import DEEPEST, Span, is_deep, mended, outside_strings, spans
from agents.training.sample import Json

LONGEST_TEXT = 1_000_000
"""Characters of an answer that is looked at."""
LONGEST_REPAIRED = 50_000
"""Characters of an answer that may be guessed at, which takes about 2 µs for each in a string."""
MOST_LOOKED_AT = 16_000_000
"""How often a guess may look at a character: for each outside a string it may look at all that follow, in 20 ns each.
Models that repeat themselves for ever write such."""
LONGEST_DETAIL = 200
MOST_SPANS = 32
"""Pieces of a text that are tried."""

_FENCE = re.compile(r"```[\w-]*+\s*+\Z")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_WORD = re.compile(r"\w+")


class Form(StrEnum):
    """How an answer came."""

    EXACT = "exact"
    FENCED = "fenced"
    """in a block of code"""
    EXTRACTED = "extracted"
    """with prose around it"""
    REPAIRED = "repaired"
    """with slips in its JSON"""
    TORN = "torn"
    """it ends in the middle"""
    NO_JSON = "no json"
    WRONG_SHAPE = "wrong shape"
    """JSON that the schema refuses"""
    TOO_LARGE = "too large"
    """longer or deeper than is looked at"""


_READ = frozenset({Form.EXACT, Form.FENCED, Form.EXTRACTED, Form.REPAIRED})


@value
class Parsed:
    """What an answer says. ``value`` satisfies the schema if ``is_read``, else it is None.

    ``detail`` is one printable line for people: what was wrong, and where.
    """

    form: Form
    value: Json | None
    detail: str = ""

    @property
    def is_read(self) -> bool:
        """Whether the whole answer could be read."""
        return self.form in _READ


class AnswerSchema:
    """A JSON schema that answers are read by. It can be pickled.

    Raises:
        UsageError: for a schema that is none, or one that refers to another document.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self._schema = dict(schema)
        self._brackets = {"object": "{", "array": "["}.get(str(schema.get("type")), "{[")
        try:
            self._validator = jsonschema_rs.validator_for(self._schema, offline=True)
        except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
            reason = _line(str(error).partition("\n")[0])
            cure = (
                "write a JSON schema, such as {type: object, required: [output], properties: {output: {type: string}}}"
            )
            raise UsageError(f"the schema of the answer is none: {reason}", cure) from None

    def __reduce__(self) -> tuple[type[AnswerSchema], tuple[dict[str, Json]]]:
        return type(self), (self._schema,)

    def parsed(self, text: str) -> Parsed:
        """Return what ``text`` says; never raises.

        In time linear in its length, and a third of a second at most for what must be guessed at.
        """
        if len(text) > LONGEST_TEXT:
            return Parsed(Form.TOO_LARGE, None, f"it has {len(text):,} characters, more than {LONGEST_TEXT:,}")
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self._found(text)
        return _TOO_DEEP if is_deep(text) else self._shaped(Form.EXACT, value)

    def _found(self, text: str) -> Parsed:
        """Return the first piece of ``text`` that satisfies the schema, or why there is none."""
        refused = Parsed(Form.NO_JSON, None, "there is no JSON in it")
        for at, span in enumerate(islice(spans(text, self._brackets), MOST_SPANS)):
            if span.is_deep:
                return _TOO_DEEP
            if span.end is None:
                return Parsed(Form.TORN, None, f"what begins at character {span.start + 1:,} never ends")
            parsed = self._piece(text, span)
            if parsed.is_read:
                return parsed
            refused = parsed if at == 0 else refused
        return refused

    def _piece(self, text: str, span: Span) -> Parsed:
        reading = _reading(text, span)
        if reading is None:
            return Parsed(Form.NO_JSON, None, f"what begins at character {span.start + 1:,} is no JSON")
        return self._shaped(*reading)

    def _shaped(self, form: Form, value: Json) -> Parsed:
        if self._validator.is_valid(value):
            return Parsed(form, value)
        error = next(iter(self._validator.iter_errors(value)))
        path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.instance_path)
        return Parsed(Form.WRONG_SHAPE, None, _line(f"${path[-80:]}: {error.message}"))


_TOO_DEEP = Parsed(Form.TOO_LARGE, None, f"it is nested deeper than {DEEPEST} levels")


def _reading(text: str, span: Span) -> tuple[Form, Json] | None:
    """Return what the JSON in a piece of ``text`` says, and how it came."""
    piece = text[span.start : span.end]
    with suppress(orjson.JSONDecodeError):
        return _surroundings(text, span), orjson.loads(piece)
    with suppress(orjson.JSONDecodeError):
        return Form.REPAIRED, orjson.loads(mended(piece))
    is_soon_guessed = len(text) <= LONGEST_REPAIRED and outside_strings(piece) * len(text) <= MOST_LOOKED_AT
    guess = _guess(piece) if is_soon_guessed else None
    return None if guess is None else (Form.REPAIRED, guess)


def _surroundings(text: str, span: Span) -> Form:
    return Form.FENCED if _FENCE.search(text, max(0, span.start - 40), span.start) else Form.EXTRACTED


def _guess(piece: str) -> Json | None:
    """Return what ``piece`` was meant to say; None for a guess that lacks a word of it, or has another one."""
    try:
        value = repair_json(piece, return_objects=True, skip_json_loads=True)
        written = orjson.dumps(value).decode()
    except (ValueError, TypeError, RecursionError):
        return None
    is_meant = written[0] == piece[0] and _words(written) == _words(piece)
    return value if is_meant else None


def _words(json: str) -> list[str]:
    return _WORD.findall(_ESCAPE.sub(_unescaped, json).lower())


def _unescaped(found: re.Match[str]) -> str:
    if code := found[1]:
        return chr(int(code, 16))
    return " " if found[0][1] in "bfnrt" else found[0][1]


def _line(text: str) -> str:
    return " ".join(printable(text[:LONGEST_DETAIL]).split())
