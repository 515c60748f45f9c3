"""Names in assembly source: labels, local labels, anonymous labels and constants.

Owns their definitions and the values of expressions that use them. Never knows instructions.
"""

from __future__ import annotations

from bisect import bisect_right

from agents.training.w65816.expressions import AssemblyError, Value, evaluate


class Symbols:
    """The names defined so far. ``scope`` is the last global label, to which local names belong."""

    def __init__(self) -> None:
        self.scope = ""
        self.labels: dict[str, int] = {}
        self._values: dict[str, Value] = {}
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
            raise AssemblyError(line, "duplicate-label", full)
        self._values[full] = value

    def value(self, expression: str, *, line: int, address: int, scope: str) -> Value:
        """Return the value of ``expression`` in a statement at ``address`` under the global label ``scope``.

        Raises:
            AssemblyError: kind ``undefined-label``, or as `evaluate` raises.
        """
        if expression and expression[0] in "+-" and not expression.strip(expression[0]):
            return self._nearest(expression, line, address)

        def lookup(name: str) -> Value:
            if name == "*":
                return Value(address, 2, address=True)
            value = self._values.get(_full(name, scope))
            if value is None:
                raise AssemblyError(line, "undefined-label", name)
            return value

        return evaluate(expression, lookup, line)

    def _nearest(self, name: str, line: int, address: int) -> Value:
        """Return the next ``+`` label behind ``address`` or the last ``-`` label up to it."""
        places = self._anonymous.get(name, [])
        index = bisect_right(places, address) - (name[0] == "-")
        if not 0 <= index < len(places):
            raise AssemblyError(line, "undefined-label", name)
        return Value(places[index], 2, address=True)


def _full(name: str, scope: str) -> str:
    return scope + name if name[0] == "." else name
