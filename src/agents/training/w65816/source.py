"""Assembly source as text: lines to statements, operands to shapes.

Owns the surface syntax: comments, labels, suffixes, repeats, punctuation of addressing modes. Never evaluates anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.training.w65816.expressions import AssemblyError

MAX_CHARACTERS = 64 * 1024
MAX_LINES = 4000
MAX_LINE_CHARACTERS = 1000

DIRECTIVES = {
    "db": "db", "dw": "dw", "dl": "dl", ".db": "db", ".dw": "dw", ".dl": "dl",
    ".byte": "db", ".word": "dw", ".long": "dl", "org": "org", ".org": "org",
    "ds": "ds", "fill": "ds", "skip": "ds", "repeat": "repeat",
    ".a8": ".a8", ".a16": ".a16", ".i8": ".i8", ".i16": ".i16",
}  # fmt: skip
"""Spelling -> name."""
_RESERVED = frozenset("axys")

_STATEMENT = re.compile(
    r"(?:(?P<anonymous>\++|-+):?(?=\s|$)|(?P<label>\.?[A-Za-z_]\w*):)?\s*"
    r"(?:(?P<name>[.!]?[A-Za-z_]\w*)(?:\.(?P<suffix>[bwlBWL])(?!\w))?(?P<operand>.*))?",
    re.ASCII | re.DOTALL,
)
_COMMENT = re.compile(r"""(?:[^;"']|"[^"]*"|'[^']*'|["'])*?(?=;|$)""", re.DOTALL)
_COLON = re.compile(r"""((?:[^:"']|"[^"]*"|'[^']*'|["']|(?<!\s):|:(?!\s))*)(?:\s:\s|$)""")
_ITEM = re.compile(r"""\s*((?:"[^"]*"|'[^']'|[^,"'])+),""")
_INDEXED = re.compile(r"(.+),\s*([xysXYS])")


@dataclass(slots=True)
class Statement:
    """One statement: ``name`` in capitals (a mnemonic), a directive, ``=`` or empty; ``suffix`` is b, w, l or empty.

    ``body`` holds what a ``repeat`` repeats.
    """

    line: int
    text: str
    label: str
    name: str
    suffix: str
    operand: str
    body: tuple[Statement, ...] = ()


def statements(source: str) -> Iterator[Statement]:
    """Yield the statements of ``source``; empty lines and comments yield none.

    Raises:
        AssemblyError: kind ``too-long`` beyond 64 Ki characters, 4000 lines or 1000 characters in a line; kind
            ``syntax`` for a line that is no statement.
    """
    if len(source) > MAX_CHARACTERS:
        raise AssemblyError(0, "too-long", f"the source has more than {MAX_CHARACTERS} characters: split it")
    lines = source.split("\n")
    if len(lines) > MAX_LINES:
        raise AssemblyError(0, "too-long", f"the source has more than {MAX_LINES} lines: split it")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARACTERS:
            raise AssemblyError(
                number, "too-long", f"the line has more than {MAX_LINE_CHARACTERS} characters: split it"
            )
        text = _without_comment(line).strip()
        if not text:
            continue
        yield from _repeats([_statement(number, part) for part in _parts(text)])


def _repeats(line: list[Statement]) -> list[Statement]:
    """Give a ``repeat`` the statements behind it on its line."""
    for place, statement in enumerate(line):
        if statement.name == "repeat":
            statement.body = tuple(line[place + 1 :])
            if not statement.body or any(inner.name == "repeat" for inner in statement.body):
                raise AssemblyError(
                    statement.line,
                    "syntax",
                    "a repeat has what it repeats on its own line: repeat 5 : nop, not nested",
                )
            return line[: place + 1]
    return line


def _without_comment(line: str) -> str:
    if ";" not in line:
        return line
    if '"' not in line and "'" not in line:
        return line[: line.index(";")]
    match = _COMMENT.match(line)
    return match[0] if match else line


def _parts(text: str) -> list[str]:
    """Split at colons that stand between spaces, as in ``rep #$20 : lda $10``."""
    if " :" not in text and "\t:" not in text:
        return [text]
    return [part for part in (found.strip() for found in _COLON.findall(text)) if part]


def _statement(line: int, text: str) -> Statement:
    match = _STATEMENT.fullmatch(text)
    if not match:
        raise AssemblyError(
            line, "syntax", f"cannot read {text[:60]!r}: a statement is a label, an instruction or NAME = value"
        )
    anonymous, label, name, suffix, operand = match.groups("")
    operand = operand.strip()
    if _is_local(name):
        if anonymous or label or suffix or _is_local(operand.split()[0] if operand else ""):
            raise AssemblyError(line, "syntax", f"a local label stands alone in front of its statement: {text[:60]!r}")
        rest = _statement(line, operand) if operand else Statement(line, text, "", "", "", "")
        if rest.label:
            raise AssemblyError(line, "syntax", f"two labels in {text[:60]!r}: put them on two lines")
        return Statement(line, text, name, rest.name, rest.suffix, rest.operand)
    if operand.startswith(("=", "#=") if name[:1] == "!" else "=") and not suffix and not label and not anonymous:
        return Statement(line, text, _checked(line, name), "=", "", operand.lstrip("#")[1:].strip())
    folded = name.lower()
    return Statement(
        line, text, anonymous or _checked(line, label), DIRECTIVES.get(folded, name.upper()), suffix.lower(), operand
    )


def _is_local(name: str) -> bool:
    return name.startswith(".") and name.lower() not in DIRECTIVES


def _checked(line: int, name: str) -> str:
    if name.lower() in _RESERVED:
        raise AssemblyError(line, "syntax", f"{name!r} is the name of a register: use a longer name")
    return name


def items(operand: str, line: int) -> list[str]:
    """Split the operand of a data directive at the commas outside quotes.

    Raises:
        AssemblyError: kind ``syntax`` for an empty item or an open quote.
    """
    found: list[str] = []
    at, ended = 0, operand + ","
    while at < len(ended):
        match = _ITEM.match(ended, at)
        if not match or not match[1].strip():
            raise AssemblyError(
                line,
                "syntax",
                f"cannot read the data {operand[at : at + 60]!r}: items are numbers or strings between commas",
            )
        found.append(match[1].strip())
        at = match.end()
    return found


def shape(operand: str) -> tuple[str, str]:
    """Return the shape of an operand and the expression in it.

    Shapes are ``""``, ``a`` (accumulator), ``#``, ``e``, ``e,x``, ``e,y``, ``e,s``, ``(e)``, ``(e,x)``, ``(e),y``,
    ``(e,s),y``, ``[e]`` and ``[e],y``. The expression may still hold a comma (block moves).
    """
    if not operand:
        return "", ""
    if operand[0] == "#":
        return "#", operand[1:].strip()
    if operand in {"a", "A"}:
        return "a", ""
    outer = _INDEXED.fullmatch(operand)
    rest, index = (outer[1].rstrip(), "," + outer[2].lower()) if outer else (operand, "")
    if rest[0] + rest[-1] in {"()", "[]"} and _encloses(rest):
        inside = rest[1:-1].strip()
        inner = _INDEXED.fullmatch(inside) if rest[0] == "(" else None
        if inner:
            return f"(e,{inner[2].lower()}){index}", inner[1].strip()
        return f"{rest[0]}e{rest[-1]}{index}", inside
    return "e" + index, rest


def _encloses(text: str) -> bool:
    """Tell whether the first bracket closes with the last character."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth <= 0:
            return place == len(text) - 1
    return False
