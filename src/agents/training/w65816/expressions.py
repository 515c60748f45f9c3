"""Expressions in assembly source: numbers, names and operators to a value with a size.

Owns the grammar of expressions and the error type of the assembler. Never knows instructions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

ErrorKind = Literal[
    "syntax", "unknown-mnemonic", "bad-mode", "undefined-label", "duplicate-label", "branch-range",
    "value-range", "width", "too-long",
]  # fmt: skip

MAX_DEPTH = 16
"""Nesting of parentheses and prefix operators."""
LIMIT = 1 << 32
"""Values stay below this in magnitude."""


class AssemblyError(Exception):
    """Source that cannot be assembled. ``line`` counts from 1; 0 is the source as a whole."""

    def __init__(self, line: int, kind: ErrorKind, message: str) -> None:
        super().__init__(f"line {line}: {kind}: {message}")
        self.line = line
        self.kind = kind
        self.message = message


class Value(NamedTuple):
    """A number; ``size`` is the bytes (1-3) it was written with, ``address`` whether it is a place in the code."""

    number: int
    size: int
    address: bool = False


Lookup = Callable[[str], Value]
"""Returns the value of a name (``main``, ``.loop``, ``main.loop`` or ``*``, the current address)."""

_TOKEN = re.compile(
    r"\s*(?:(?P<hex>\$[0-9A-Fa-f]{1,8})|(?P<binary>%[01]{1,32})|(?P<decimal>[0-9]{1,10})(?![0-9A-Za-z_])"
    r"|(?P<char>'[^']'|\"[^\"]\")|(?P<name>[.!]?[A-Za-z_]\w*(?:\.\w+)?)|(?P<operator><<|>>|[-+*/&|^<>()~]))",
    re.ASCII,
)
_HEX = re.compile(r"\$([0-9A-Fa-f]{1,6})", re.ASCII)
_PRECEDENCE = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6}


def evaluate(text: str, lookup: Lookup, line: int) -> Value:
    """Return the value of ``text``.

    Operators bind as in C: ``* /``, ``+ -``, ``<< >>``, ``&``, ``^``, ``|``; prefixes ``- ~ < > ^`` (low, high and
    bank byte) bind tighter. A hexadecimal or binary number is as wide as its digits, others as their value needs.

    Raises:
        AssemblyError: kind ``syntax`` or ``value-range``, or what ``lookup`` raises.
    """
    literal = _HEX.fullmatch(text)
    if literal:
        digits = literal[1]
        return Value(int(digits, 16), (len(digits) + 1) // 2)
    return _Parser(text, lookup, line).parse()


def size_of(number: int) -> int:
    """Return how many bytes (1-3) ``number`` needs; a negative one as two's complement."""
    if -0x80 <= number <= 0xFF:
        return 1
    return 2 if -0x8000 <= number <= 0xFFFF else 3


class _Parser:
    """Precedence climbing over the tokens of one expression."""

    def __init__(self, text: str, lookup: Lookup, line: int) -> None:
        self._text, self._lookup, self._line = text, lookup, line
        self._tokens = self._scan()
        self._next = 0
        self._depth = 0

    def parse(self) -> Value:
        value = self._binary(1)
        if self._next < len(self._tokens):
            raise self._error("syntax", f"an operator is missing before {self._tokens[self._next][1]!r}")
        return value

    def _scan(self) -> list[tuple[str, str]]:
        text = self._text.rstrip()
        tokens, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match or not match.lastgroup:
                raise self._error("syntax", f"cannot read {text[at : at + 20]!r}: numbers are $12, %1010, 18 or 'A'")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return tokens

    def _binary(self, lowest: int) -> Value:
        left = self._prefix()
        while self._next < len(self._tokens):
            operator = self._tokens[self._next][1]
            precedence = _PRECEDENCE.get(operator, 0)
            if precedence < lowest:
                break
            self._next += 1
            left = self._apply(operator, left, self._binary(precedence + 1))
        return left

    def _prefix(self) -> Value:
        if self._next >= len(self._tokens):
            raise self._error("syntax", "a number or a name is missing")
        kind, token = self._tokens[self._next]
        self._next += 1
        if kind != "operator":
            return self._atom(kind, token)
        if token == "*":  # noqa: S105 - the current address
            return self._lookup("*")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error("syntax", f"nested deeper than {MAX_DEPTH}: give a part a name with NAME = value")
        value = self._grouped() if token == "(" else self._unary(token)  # noqa: S105
        self._depth -= 1
        return value

    def _grouped(self) -> Value:
        value = self._binary(1)
        if self._next >= len(self._tokens) or self._tokens[self._next][1] != ")":
            raise self._error("syntax", "a parenthesis is not closed: add )")
        self._next += 1
        return value

    def _unary(self, operator: str) -> Value:
        if operator not in "-~<>^":
            raise self._error("syntax", f"a number or a name is missing before {operator!r}")
        number = self._prefix().number
        if operator in "-~":
            number = -number if operator == "-" else ~number
            return Value(number, size_of(number))
        return Value(number >> {"<": 0, ">": 8, "^": 16}[operator] & 0xFF, 1)

    def _atom(self, kind: str, token: str) -> Value:
        if kind == "hex":
            return self._sized(int(token[1:], 16), (len(token)) // 2)
        if kind == "binary":
            return self._sized(int(token[1:], 2), (len(token) + 6) // 8)
        if kind == "decimal":
            return self._sized(int(token), 1)
        if kind == "char":
            if not " " <= token[1] <= "~":
                raise self._error("value-range", f"{token[1]!r} is not printable ASCII: write its code, such as $41")
            return Value(ord(token[1]), 1)
        return self._lookup(token)

    def _apply(self, operator: str, left: Value, right: Value) -> Value:
        a, b = left.number, right.number
        if operator == "/" and b == 0:
            raise self._error("value-range", "division by zero: correct the divisor")
        if operator in {"<<", ">>"} and not 0 <= b < 32:
            raise self._error("value-range", f"a shift by {b} is not between 0 and 31")
        number = _OPERATIONS[operator](a, b)
        address = left.address != right.address and (operator == "+" or (operator == "-" and left.address))
        return self._sized(number, max(left.size, right.size), address)

    def _sized(self, number: int, size: int, address: bool = False) -> Value:
        if abs(number) >= LIMIT:
            raise self._error("value-range", "a value needs more than 32 bits: make it smaller")
        return Value(number, min(3, max(size, size_of(number))), address)

    def _error(self, kind: ErrorKind, message: str) -> AssemblyError:
        return AssemblyError(self._line, kind, f"{message} in {self._text.strip()[:60]!r}")


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
}
