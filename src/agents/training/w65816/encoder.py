"""The second pass of the assembler: a statement with its place becomes bytes.

Owns what is said of operands that do not fit. Never moves a statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.w65816 import diagnostics, selection
from agents.training.w65816.expressions import AssemblyError, ErrorKind, Value
from agents.training.w65816.opcodes import Mode, Opcode
from agents.training.w65816.source import Statement, items
from agents.training.w65816.symbols import Symbols

DATA_SIZES = {"db": 1, "dw": 2, "dl": 3}
BY_WIDTH = frozenset({Mode.IMMEDIATE_M, Mode.IMMEDIATE_X})
_IMMEDIATE = BY_WIDTH | {Mode.IMMEDIATE_BYTE, Mode.IMMEDIATE_WORD}
_RELATIVE = frozenset({Mode.RELATIVE, Mode.RELATIVE_LONG})
_WITHIN_BANK = frozenset({"JMP", "JSR"})


@dataclass(slots=True)
class Placed:
    """A statement after the first pass; ``size`` is the bytes it makes, ``setter`` what chose its width."""

    statement: Statement
    address: int
    scope: str
    size: int = 0
    opcode: Opcode | None = None
    expression: str = ""
    setter: Statement | None = None

    def error(self, kind: ErrorKind, message: str) -> AssemblyError:
        """Return an error that shows the statement."""
        return AssemblyError(self.statement.line, kind, f"{diagnostics.shown(self.statement.text)}: {message}")


def is_string(item: str) -> bool:
    """Tell whether an item of data is a string in double quotes."""
    return len(item) >= 2 and item[0] == item[-1] == '"'


class Encoder:
    """Encodes statements once all names are known."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def encode(self, placed: Placed) -> bytes:
        """Return the bytes of a statement; none for labels, constants, ``org`` and widths.

        Raises:
            AssemblyError: an operand is not defined or does not fit.
        """
        if placed.opcode:
            return bytes((placed.opcode.code,)) + self._operand(placed, placed.opcode)
        name = placed.statement.name
        if name == "ds":
            return self._space(placed)
        return self._data(placed, DATA_SIZES[name]) if name in DATA_SIZES else b""

    def _space(self, placed: Placed) -> bytes:
        _, *filling = items(placed.statement.operand, placed.statement.line)
        if len(filling) > 1:
            raise placed.error("syntax", "space has a count and at most one byte to fill it: ds 16, $FF")
        byte = self._bytes(placed, self._value(placed, filling[0]), 1, signed=True) if filling else b"\0"
        return byte * placed.size

    def _data(self, placed: Placed, size: int) -> bytes:
        data = bytearray()
        for item in items(placed.statement.operand, placed.statement.line):
            if not is_string(item):
                data += self._bytes(placed, self._value(placed, item), size, signed=True)
                continue
            for character in item[1:-1]:
                if not " " <= character <= "~":
                    raise placed.error("value-range", f"{character!r} is not printable ASCII: write its code")
                data += ord(character).to_bytes(size, "little")
        return bytes(data)

    def _operand(self, placed: Placed, opcode: Opcode) -> bytes:
        size = placed.size - 1
        if not size or (not placed.statement.operand and opcode.mnemonic in selection.SIGNATURE):
            return bytes(size)
        if opcode.mode is Mode.BLOCK_MOVE:
            return self._banks(placed)
        value = self._value(placed, placed.expression)
        if opcode.mode in _RELATIVE:
            return self._offset(placed, value.number, size)
        if (
            value.address
            and value.number >> 16 != placed.address >> 16
            and opcode.mode is Mode.ABSOLUTE
            and opcode.mnemonic in _WITHIN_BANK
        ):
            call = "JSL" if opcode.mnemonic == "JSR" else "JML"
            raise placed.error("value-range", f"the label is in bank ${value.number >> 16:02X}: use {call}")
        return self._bytes(placed, value, size, signed=opcode.mode in _IMMEDIATE)

    def _banks(self, placed: Placed) -> bytes:
        banks = placed.expression.split(",")
        if len(banks) != 2:
            raise placed.error("syntax", "a block move takes two banks: mvn destination, source")
        return b"".join(self._bytes(placed, self._value(placed, bank.strip()), 1) for bank in banks)

    def _offset(self, placed: Placed, target: int, size: int) -> bytes:
        if target >> 16 not in {0, placed.address >> 16}:
            raise placed.error("branch-range", "the target is in another bank: use JML")
        offset = (target - placed.address - placed.size + 0x8000 & 0xFFFF) - 0x8000
        if size == 1 and not -0x80 <= offset <= 0x7F:
            raise placed.error("branch-range", diagnostics.too_far(placed.statement.name, offset))
        return (offset & 0xFFFF).to_bytes(2, "little")[:size]

    def _bytes(self, placed: Placed, value: Value, size: int, *, signed: bool = False) -> bytes:
        """Encode ``value``; a label gives up its bank where two bytes are wanted."""
        number, limit = value.number, 1 << 8 * size
        if value.address and size == 2:
            number &= 0xFFFF
        if not (-limit // 2 if signed else 0) <= number < limit:
            raise self._misfit(placed, number, size)
        return (number % limit).to_bytes(size, "little")

    def _misfit(self, placed: Placed, number: int, size: int) -> AssemblyError:
        mode = placed.opcode.mode if placed.opcode else None
        if mode in BY_WIDTH and -0x8000 <= number < 0x10000:
            return placed.error("width", diagnostics.too_narrow(placed.statement, number, mode, placed.setter))
        return placed.error("value-range", diagnostics.out_of_range(placed.statement, number, size, mode))

    def _value(self, placed: Placed, expression: str) -> Value:
        return self._symbols.value(expression, line=placed.statement.line, address=placed.address, scope=placed.scope)
