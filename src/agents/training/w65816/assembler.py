"""The assembler: source text to a program.

Owns the two passes: placing statements, then encoding them. Never runs anything.

Syntax follows asar, the assembler most used for the SNES: see `assemble`. As in asar, operands of MVN and MVP are
destination bank, source bank, in the order of the bytes; the WDC data sheet writes them the other way round. Unlike
in asar, the width of an immediate follows REP and SEP, and a number behind a branch is the address to go to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from agents.training.w65816 import selection
from agents.training.w65816.expressions import AssemblyError, ErrorKind, Value
from agents.training.w65816.opcodes import Mode, Opcode
from agents.training.w65816.source import Statement, items, shape, statements
from agents.training.w65816.symbols import Symbols


class Line(NamedTuple):
    """A statement with its place: source line from 1, 24-bit address, the bytes it made, its text."""

    number: int
    address: int
    data: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Program:
    """Machine code: ``code`` starts at the 24-bit ``origin``; ``labels`` maps full names to 24-bit addresses."""

    code: bytes
    origin: int
    labels: Mapping[str, int]
    listing: tuple[Line, ...]


def assemble(source: str, *, origin: int = 0x8000, max_bytes: int = 4096, m8: bool = True, x8: bool = True) -> Program:
    """Assemble ``source`` at the 24-bit ``origin``.

    Labels are ``name:``, ``.local`` (belongs to the last ``name:``; from elsewhere ``name.local``) and ``+``/``-``
    (any number of signs, the next or the last one); constants ``NAME = expression``, known where they are defined;
    comments start with ``;``; statements share a line with `` : `` between them. Directives: ``db dw dl`` (also
    ``.db``, ``.byte``, ``.word`` and so on; strings allowed), ``org`` (gaps are zero), ``.a8 .a16 .i8 .i16``.
    Suffixes ``.b .w .l`` force a size. Names are case-sensitive, mnemonics are not. For expressions see
    `expressions.evaluate`.

    Immediate operands have the width tracked through REP, SEP and the directives in the order of the text, from
    ``m8`` and ``x8`` on. Addresses have the size they are written with: ``$12`` is direct, ``$0012`` absolute,
    ``$000012`` long; labels are absolute.

    Raises:
        AssemblyError: the source is not a program of at most ``max_bytes`` bytes in one bank. No other
            exception is raised, whatever the text.
    """
    return _Assembly(origin, max_bytes, m8, x8).run(source)


_SUFFIX_SIZES = {"b": 1, "w": 2, "l": 3}
_DATA_SIZES = {"db": 1, "dw": 2, "dl": 3}
_FLAGS = {"REP": False, "SEP": True}
_BY_WIDTH = frozenset({Mode.IMMEDIATE_M, Mode.IMMEDIATE_X})
_IMMEDIATE = _BY_WIDTH | {Mode.IMMEDIATE_BYTE, Mode.IMMEDIATE_WORD}
_RELATIVE = frozenset({Mode.RELATIVE, Mode.RELATIVE_LONG})
_WITHIN_BANK = frozenset({"JMP", "JSR"})


@dataclass(slots=True)
class _Placed:
    """A statement after the first pass; ``size`` is the bytes it makes."""

    statement: Statement
    address: int
    scope: str
    size: int = 0
    opcode: Opcode | None = None
    expression: str = ""


class _Assembly:
    """Two passes over the statements."""

    def __init__(self, origin: int, max_bytes: int, m8: bool, x8: bool) -> None:
        self._origin = self._address = origin
        self._max_bytes = max_bytes
        self._m8, self._x8 = m8, x8
        self._symbols = Symbols()
        self._placed: list[_Placed] = []
        self._started = False

    def run(self, source: str) -> Program:
        for statement in statements(source):
            self._place(statement)
        code = bytearray()
        listing = []
        for placed in self._placed:
            data = self._encode(placed)
            if data:
                code += bytes(placed.address - self._origin - len(code)) + data
            listing.append(Line(placed.statement.line, placed.address, data, placed.statement.text))
        return Program(bytes(code), self._origin, MappingProxyType(self._symbols.labels), tuple(listing))

    # First pass

    def _place(self, statement: Statement) -> None:
        name = statement.name
        if name == "org":
            self._move(statement)
        if statement.label and name != "=":
            self._symbols.define_label(statement.label, self._address, statement.line)
        placed = _Placed(statement, self._address, self._symbols.scope)
        if name in selection.FORMS:
            self._size_instruction(placed)
        elif name in _DATA_SIZES:
            data = items(statement.operand, statement.line)
            placed.size = _DATA_SIZES[name] * sum(len(item) - 2 if _is_string(item) else 1 for item in data)
        elif name == "=":
            self._symbols.define(statement.label, self._value(placed, statement.operand), statement.line)
        elif name.startswith("."):
            self._set_width(placed)
        elif name not in {"", "org"}:
            raise AssemblyError(statement.line, "unknown-mnemonic", f"{name[:60]!r}")
        self._started |= name != "="
        self._placed.append(placed)
        self._advance(placed, self._address + placed.size)

    def _move(self, statement: Statement) -> None:
        placed = _Placed(statement, self._address, self._symbols.scope)
        address = self._value(placed, statement.operand).number
        if not 0 <= address <= 0xFFFFFF:
            raise self._error(placed, "value-range", "not a 24-bit address")
        if not self._started:
            self._origin = self._address = address
        if address < self._address:
            raise self._error(placed, "value-range", "org cannot go back")
        self._advance(placed, address)

    def _advance(self, placed: _Placed, address: int) -> None:
        if address - self._origin > self._max_bytes:
            raise self._error(placed, "too-long", f"the program has more than {self._max_bytes} bytes")
        if address > (self._origin | 0xFFFF) + 1:
            raise self._error(placed, "too-long", "the program leaves its bank")
        self._address = address

    def _set_width(self, placed: _Placed) -> None:
        name = placed.statement.name
        if placed.statement.operand:
            raise self._error(placed, "syntax", f"{name} takes no operand")
        if name in {".a8", ".a16"}:
            self._m8 = name == ".a8"
        else:
            self._x8 = name == ".i8"

    def _size_instruction(self, placed: _Placed) -> None:
        kind, placed.expression = shape(placed.statement.operand)
        suffix = _SUFFIX_SIZES.get(placed.statement.suffix, 0)
        opcode = placed.opcode = self._choose(placed, kind, suffix)
        size = opcode.operand_bytes(self._m8, self._x8)
        if suffix and opcode.mode in _BY_WIDTH:
            if suffix == 3:
                raise self._error(placed, "bad-mode", "an immediate has one or two bytes")
            size = suffix
        placed.size = 1 + size
        if opcode.mnemonic in _FLAGS:
            bits = self._value(placed, placed.expression).number
            if bits & 0x20:
                self._m8 = _FLAGS[opcode.mnemonic]
            if bits & 0x10:
                self._x8 = _FLAGS[opcode.mnemonic]

    def _choose(self, placed: _Placed, kind: str, suffix: int) -> Opcode:
        name = placed.statement.name
        opcode = selection.choose(name, kind, suffix, lambda: self._address_size(placed))
        if opcode is None:
            raise self._error(placed, "bad-mode", f"{name} has no such operand")
        return opcode

    def _address_size(self, placed: _Placed) -> int:
        """Return the size of the operand as it is known so far; a name defined later counts as a label."""
        try:
            return self._value(placed, placed.expression).size
        except AssemblyError as error:
            if error.kind != "undefined-label":
                raise
            return 2

    # Second pass

    def _encode(self, placed: _Placed) -> bytes:
        if placed.opcode:
            return bytes((placed.opcode.code,)) + self._operand(placed, placed.opcode)
        name = placed.statement.name
        return self._data(placed, _DATA_SIZES[name]) if name in _DATA_SIZES else b""

    def _data(self, placed: _Placed, size: int) -> bytes:
        data = bytearray()
        for item in items(placed.statement.operand, placed.statement.line):
            if not _is_string(item):
                data += self._bytes(placed, self._value(placed, item), size, signed=True)
                continue
            for character in item[1:-1]:
                if not " " <= character <= "~":
                    raise self._error(placed, "value-range", "a string holds printable ASCII only")
                data += ord(character).to_bytes(size, "little")
        return bytes(data)

    def _operand(self, placed: _Placed, opcode: Opcode) -> bytes:
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
            raise self._error(placed, "value-range", "the label is in another bank")
        return self._bytes(placed, value, size, signed=opcode.mode in _IMMEDIATE)

    def _banks(self, placed: _Placed) -> bytes:
        banks = placed.expression.split(",")
        if len(banks) != 2:
            raise self._error(placed, "syntax", "a block move needs destination bank, source bank")
        return b"".join(self._bytes(placed, self._value(placed, bank.strip()), 1) for bank in banks)

    def _offset(self, placed: _Placed, target: int, size: int) -> bytes:
        if target >> 16 not in {0, placed.address >> 16}:
            raise self._error(placed, "branch-range", "the target is in another bank")
        offset = (target - placed.address - placed.size + 0x8000 & 0xFFFF) - 0x8000
        if size == 1 and not -0x80 <= offset <= 0x7F:
            raise self._error(placed, "branch-range", f"{offset} bytes are too far")
        return (offset & 0xFFFF).to_bytes(2, "little")[:size]

    def _bytes(self, placed: _Placed, value: Value, size: int, *, signed: bool = False) -> bytes:
        """Encode ``value``; a label gives up its bank where two bytes are wanted."""
        number, limit = value.number, 1 << 8 * size
        if value.address and size == 2:
            number &= 0xFFFF
        if not (-limit // 2 if signed else 0) <= number < limit:
            too_narrow = placed.opcode and placed.opcode.mode in _BY_WIDTH and -0x8000 <= number < 0x10000
            raise self._error(
                placed, "width" if too_narrow else "value-range", f"{number} does not fit in {8 * size} bits"
            )
        return (number % limit).to_bytes(size, "little")

    def _value(self, placed: _Placed, expression: str) -> Value:
        return self._symbols.value(expression, line=placed.statement.line, address=placed.address, scope=placed.scope)

    @staticmethod
    def _error(placed: _Placed, kind: ErrorKind, message: str) -> AssemblyError:
        return AssemblyError(placed.statement.line, kind, f"{message} in {placed.statement.text[:60]!r}")


def _is_string(item: str) -> bool:
    return len(item) >= 2 and item[0] == item[-1] == '"'
