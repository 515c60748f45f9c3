"""Runs the C functions of the ``translate`` tasks: the few statements that they are made of, turned into Python."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agents.training.domains.asm.sketches import sketch
from agents.training.domains.asm.sketches.writer import name_of, type_of
from agents.training.routines.contract import Case, Place, Routine, Value

_BITS = {"u8": 8, "u16": 16, "u24": 24, "u32": 32, "s8": 8, "s16": 16}
_TYPE = "|".join(_BITS)
_DECLARED = re.compile(rf"({_TYPE}) ([^=()]+);$")
_ASSIGNED = re.compile(r"(\w+)(?:\[(.+?)\])? (\S*)= (.+);$")
_COUNTED = re.compile(r"(\w+)(\+\+|--);?$")


def _cast(kind: str):
    bits = _BITS[kind]

    def cast(value: int) -> int:
        value &= (1 << bits) - 1
        return value - (1 << bits) if kind[0] == "s" and value >> (bits - 1) else value

    return cast


def _expression(text: str) -> str:
    text = re.sub(rf"\(({_TYPE})\)\(", r"\1(", text)
    text = re.sub(rf"\(({_TYPE})\)(\w+(?:\[\w+\])?)", r"\1(\2)", text)
    text = re.sub(r"'(.)'", lambda found: str(ord(found[1])), text)
    return text.replace("&&", " and ").replace("||", " or ").replace("/", "//")


class _Translation:
    """The body of a function as Python, line by line."""

    def __init__(self, types: dict[str, str]) -> None:
        self.types = types
        self.rows: list[str] = []
        self._steps: list[str] = []

    def row(self, text: str) -> None:
        self.rows.append("    " * (len(self._steps) + 1) + text)

    def take(self, line: str) -> None:
        """Translate one line of C."""
        if line.startswith("}") and (step := self._steps[-1]):
            self.simple(step)
        if line.startswith("}"):
            self._steps.pop()
        if found := re.match(r"for \((.*?); (.*?); (.*?)\) \{$", line):
            self.simple(found[1])
            self._open(f"while {_expression(found[2])}:", found[3])
        elif found := re.match(r"(while|if) \((.*)\) \{$", line):
            self._open(f"{found[1]} {_expression(found[2])}:")
        elif line == "} else {":
            self._open("else:")
        elif line != "}":
            self.simple(line)

    def _open(self, head: str, step: str = "") -> None:
        self.row(head)
        self._steps.append(step)

    def simple(self, statement: str) -> None:
        """Translate a declaration, an assignment, a return or a break."""
        statement = statement.removesuffix(";")
        if found := _DECLARED.match(f"{statement};"):
            self.types.update(dict.fromkeys(found[2].split(", "), found[1]))
            return
        if found := _COUNTED.match(statement):
            statement = f"{found[1]} {found[2][0]}= 1"
        if found := _ASSIGNED.match(f"{statement};"):
            name, index, op, value = found[1], found[2], found[3], _expression(found[4])
            target = f"{name}[{index}]" if index else name
            value = f"{target} {op} ({value})" if op else value
            statement = f"{target} = ({value}) & {(1 << _BITS[self.types[name]]) - 1}"
        self.row(f"return {_expression(statement[7:])}" if statement.startswith("return ") else statement)


def run(routine: Routine, case: Case) -> Mapping[str, Value | None]:
    """Return what the sketch of ``routine`` leaves in its outputs; None is what it does not leave at all."""
    values: dict[str, object] = {kind: _cast(kind) for kind in _BITS}
    types: dict[str, str] = {}
    for place in (*routine.outputs, *routine.inputs):
        given = case.given.get(place.name, bytes([0xCD]) * place.size if place.array else 0xCD)
        values[name_of(place)] = list(given) if isinstance(given, bytes) else given
        types[name_of(place)] = type_of(place)
    head, _, body = re.sub(r" */\*.*?\*/", "", sketch(routine)).partition("\n{\n")
    assert routine.label in head
    translation = _Translation(types)
    for line in body.strip().removesuffix("}").split("\n"):
        if line.strip():
            translation.take(line.strip())
    scalars = sorted(name for name in types if not isinstance(values.get(name), list))
    text = ["def function():", f"    global {', '.join(scalars)}", *translation.rows, "    pass"]
    exec("\n".join(text), values)  # noqa: S102 -- our own text
    returned = values["function"]()  # type: ignore[operator]
    return {place.name: _left(place, values.get(name_of(place)), returned) for place in routine.outputs}


def _left(place: Place, value: object, returned: int | None) -> Value | None:
    if not place.in_memory:
        return None if returned is None else returned & ((1 << max(1, 8 * place.size)) - 1)
    return bytes(value) if isinstance(value, list) else value
