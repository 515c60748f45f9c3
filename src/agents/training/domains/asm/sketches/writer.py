"""A small C function in the making: the globals, parameters and return value of a routine's contract.

Owns the frame of a sketch and the names in it. Never knows what a routine computes.

Types are as wide as the places: ``u8``, ``u16``, ``u24`` and ``u32`` are unsigned, ``s8`` and ``s16`` two's complement.
Expressions are computed without overflow, and what is stored keeps its low bits.
"""

from __future__ import annotations

import re

from agents.training.routines.contract import Place, Routine, hex_address

_TYPES = {0: "u8", 1: "u8", 2: "u16", 3: "u24", 4: "u32"}
_WHERE = {"A": "in A", "X": "in X", "Y": "in Y", "C": "in the carry"}


def type_of(place: Place) -> str:
    """Return the type of a value of ``place``, of one element for an array."""
    return "u8" if place.array else _TYPES[place.size]


def name_of(place: Place) -> str:
    """Return the name of ``place`` in C."""
    return place.name.replace(" ", "_")


class Sketch:
    """The function for ``routine``; statements are added in order, indented by blocks."""

    def __init__(self, routine: Routine) -> None:
        self.routine = routine
        self.inputs = [name_of(place) for place in routine.inputs]
        self.outputs = [name_of(place) for place in routine.outputs]
        self.size = routine.inputs[0].size if routine.inputs else routine.outputs[0].size
        self._taken = {name.lower() for name in (*self.inputs, *self.outputs, routine.label)}
        self._locals: dict[str, list[str]] = {}
        self._body: list[str] = []
        self._depth = 1

    def local(self, kind: str, names: str) -> str:
        """Declare a local variable of type ``kind`` by the first free one of the ``|``-separated names."""
        options = names.split("|")
        name = next((option for option in options if option.lower() not in self._taken), f"{options[0]}_")
        self._taken.add(name.lower())
        self._locals.setdefault(kind, []).append(name)
        return name

    def add(self, *statements: str) -> None:
        """Add statements; one that ends with ``{`` opens a block, one that starts with ``}`` closes it."""
        for statement in statements:
            self._depth -= statement.startswith("}")
            self._body.append("    " * self._depth + statement)
            self._depth += statement.endswith("{")

    def give(self, expression: str, at: int = 0) -> None:
        """Store ``expression`` in output ``at``, or return it where that is a register."""
        place = self.routine.outputs[at]
        self.add(f"{self.outputs[at]} = {expression};" if place.in_memory else f"return {expression};")

    def found(self, pattern: str) -> list[str]:
        """Return the groups of ``pattern`` in the goal and the rules of the routine.

        Raises:
            LookupError: neither says anything like it.
        """
        text = " ".join((self.routine.goal, *self.routine.rules))
        found = re.search(pattern, text)
        if not found:
            raise LookupError(f"{self.routine.noun}: nothing like {pattern!r} in {text!r}")
        return list(found.groups())

    def says(self, words: str) -> bool:
        """Return whether the goal or a rule of the routine contains ``words``."""
        return words in " ".join((self.routine.goal, *self.routine.rules))

    def text(self) -> str:
        """Return the whole sketch."""
        routine = self.routine
        places = {place.name: place for place in (*routine.inputs, *routine.outputs) if place.in_memory}
        shown = [f"{_declared(place)};" for place in places.values()]
        room = max((len(row) for row in shown), default=0)
        declared = [
            f"{row.ljust(room)}  /* {_spot(place)} */" for row, place in zip(shown, places.values(), strict=True)
        ]
        returned = [place for place in routine.outputs if not place.in_memory]
        result = type_of(returned[0]) if returned else "void"
        parameters = [
            f"{type_of(place)} {name_of(place)} /* {_WHERE[place.where]} */"
            for place in routine.inputs
            if not place.in_memory
        ]
        head = f"{result} {routine.label}({', '.join(parameters) or 'void'})"
        if returned:
            head += f"  /* returned {_WHERE[returned[0].where]} */"
        body = [f"    {kind} {', '.join(names)};" for kind, names in self._locals.items()]
        body += [*([""] if body else []), *self._body]
        return "\n".join([*declared, *([""] if declared else []), head, "{", *body, "}"])


def _declared(place: Place) -> str:
    return f"{type_of(place)} {name_of(place)}" + (f"[{place.size}]" if place.array else "")


def _spot(place: Place) -> str:
    last = f"-{hex_address(place.addr + place.size - 1)}" if place.size > 1 else ""
    return hex_address(place.addr) + last
