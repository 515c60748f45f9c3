"""Names in assembly source: labels, local labels, anonymous labels and constants.

Owns their definitions and the values of expressions that use them. Never knows instructions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from agents.training.w65816 import diagnostics
from agents.training.w65816.expressions import AssemblyError, Value, evaluate


class Symbols:
    """The names defined so far. ``scope`` is the last global label, to which local names belong."""

    def __init__(self) -> None:
        self.scope = ""
        self.labels: dict[str, int] = {}
        self._values: dict[str, Value] = {}
        self._lines: dict[str, int] = {}
        self._anonymous: dict[str, list[int]] = {}

    def define_label(self, name: str, address: int, line: int) -> None:
        """Define ``name``, ``.name`` or a run of plus or minus signs as ``address``.

        Addresses never decrease from one call to the next.

        Raises:
            AssemblyError: kind ``duplicate-label``.
        """
        if name[0] in "+-":
            self._anonymous.setdefault(name, []).append(address)
            return
        if name[0] != ".":
            self.scope = name
        self.define(name, Value(address, 2, address=True), line)
        self.labels[_full(name, self.scope)] = address

    def define(self, name: str, value: Value, line: int) -> None:
        """Define a constant.

        Raises:
            AssemblyError: kind ``duplicate-label``.
        """
        full = _full(name, self.scope)
        if full in self._values:
            text = diagnostics.duplicate(full, self._lines[full], label=value.address)
            raise AssemblyError(line, "duplicate-label", text)
        self._values[full] = value
        self._lines[full] = line

    def value(self, expression: str, *, line: int, address: int, scope: str, early: bool = False) -> Value:
        """Return the value of ``expression`` in a statement at ``address`` under the global label ``scope``.

        ``early`` says that the program is not yet known as a whole.

        Raises:
            AssemblyError: kind ``undefined-label``, or as `evaluate` raises.
        """
        try:
            return self._evaluate(expression, line, address, scope)
        except _Undefined as missing:
            text = diagnostics.undefined(missing.name, self._seen_from(scope), early=early)
            raise AssemblyError(line, "undefined-label", text) from None

    def value_if_known(self, expression: str, *, line: int, address: int, scope: str) -> Value | None:
        """Return the value as `value` does, or None if a name in it is not defined so far."""
        try:
            return self._evaluate(expression, line, address, scope)
        except _Undefined:
            return None

    def _evaluate(self, expression: str, line: int, address: int, scope: str) -> Value:
        if expression and expression[0] in "+-" and not expression.strip(expression[0]):
            return self._nearest(expression, address)

        def lookup(name: str) -> Value:
            if name == "*":
                return Value(address, 2, address=True)
            value = self._values.get(_full(name, scope))
            if value is None:
                raise _Undefined(name)
            return value

        return evaluate(expression, lookup, line)

    def _seen_from(self, scope: str) -> Iterator[str]:
        """Yield the defined names as source under ``scope`` may write them, local ones of ``scope`` first."""
        own = f"{scope}."
        yield from (name.removeprefix(scope) for name in self._values if scope and name.startswith(own))
        yield from self._values

    def _nearest(self, name: str, address: int) -> Value:
        """Return the next ``+`` label behind ``address`` or the last ``-`` label up to it."""
        places = self._anonymous.get(name, [])
        index = bisect_right(places, address) - (name[0] == "-")
        if not 0 <= index < len(places):
            raise _Undefined(name)
        return Value(places[index], 2, address=True)


class _Undefined(Exception):  # noqa: N818 - becomes an AssemblyError where the name has to be known
    """A name without a definition."""

    def __init__(self, name: str) -> None:
        self.name = name


def _full(name: str, scope: str) -> str:
    return scope + name if name[0] == "." else name
