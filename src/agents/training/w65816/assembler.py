"""The assembler: source text to a program.

Owns labels, sizes and encoding. Never runs anything.

Syntax follows the assemblers common for the SNES (asar, WDC): see `assemble`. Encodings: `opcodes`. Operands of
MVN and MVP are source bank, destination bank, as in the WDC data sheet; the bytes are stored the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agents.training.w65816.expressions import AssemblyError, ErrorKind, Value, evaluate
from agents.training.w65816.opcodes import ENCODINGS, Mode, Opcode
from agents.training.w65816.source import Statement, items, shape, statements


@dataclass(frozen=True, slots=True)
class Line:
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


_BY_SIZE = {
    "e": (Mode.DIRECT, Mode.ABSOLUTE, Mode.LONG),
    "e,x": (Mode.DIRECT_X, Mode.ABSOLUTE_X, Mode.LONG_X),
    "e,y": (Mode.DIRECT_Y, Mode.ABSOLUTE_Y),
    "e,s": (Mode.STACK,),
    "(e)": (Mode.DIRECT_INDIRECT, Mode.ABSOLUTE_INDIRECT),
    "(e,x)": (Mode.DIRECT_X_INDIRECT, Mode.ABSOLUTE_X_INDIRECT),
    "(e),y": (Mode.DIRECT_INDIRECT_Y,),
    "(e,s),y": (Mode.STACK_INDIRECT_Y,),
    "[e]": (Mode.DIRECT_LONG, Mode.ABSOLUTE_INDIRECT_LONG),
    "[e],y": (Mode.DIRECT_LONG_Y,),
}
"""Shape of an operand -> modes for addresses of one, two and three bytes."""

_BY_MNEMONIC = {
    "": (Mode.IMPLIED, Mode.ACCUMULATOR, Mode.IMMEDIATE_BYTE),
    "a": (Mode.ACCUMULATOR,),
    "#": (Mode.IMMEDIATE_M, Mode.IMMEDIATE_X, Mode.IMMEDIATE_BYTE, Mode.IMMEDIATE_WORD, Mode.BLOCK_MOVE),
    "e": (Mode.RELATIVE, Mode.RELATIVE_LONG, Mode.IMMEDIATE_WORD, Mode.BLOCK_MOVE, Mode.IMMEDIATE_BYTE),
}
"""Shape of an operand -> modes that the mnemonic alone decides."""

_SIGNATURE = frozenset({"BRK", "COP", "WDM"})
_FLOW = frozenset({"JMP", "JSR"})
_SIZES = {"": 0, "b": 1, "w": 2, "l": 3}
_DATA = {"db": 1, "dw": 2, "dl": 3}
_IMMEDIATE = frozenset({Mode.IMMEDIATE_M, Mode.IMMEDIATE_X, Mode.IMMEDIATE_BYTE, Mode.IMMEDIATE_WORD})
_ALIASES = {
    "BLT": "BCC", "BGE": "BCS", "CPA": "CMP", "INA": "INC", "DEA": "DEC", "SWA": "XBA",
    "TAS": "TCS", "TSA": "TSC", "TAD": "TCD", "TDA": "TDC",
}  # fmt: skip
_FORMS = {name: dict(modes) for name, modes in ENCODINGS.items()}
_FORMS["JMP"] |= ENCODINGS["JML"]
for _alias, _mnemonic in _ALIASES.items():
    _FORMS[_alias] = _FORMS[_mnemonic]


def assemble(source: str, *, origin: int = 0x8000, max_bytes: int = 4096, m8: bool = True, x8: bool = True) -> Program:
    """Assemble ``source`` at the 24-bit ``origin``.

    Labels are ``name:``, ``.local`` (belongs to the last ``name:``) and ``+``/``-`` (any number of signs, next or
    last one); constants ``NAME = expression``; comments start with ``;``; several statements share a line with
    `` : `` between them. Directives: ``db dw dl`` (also ``.db``, ``.byte``, ``.word`` and so on), ``org``, and
    ``.a8 .a16 .i8 .i16``. Suffixes ``.b .w .l`` force a size. Names are case-sensitive, mnemonics are not.

    Immediate operands have the width tracked through REP, SEP and the directives in the order of the text, from
    ``m8`` and ``x8`` on. Addresses have the size they are written with: ``$12`` is direct, ``$0012`` absolute,
    ``$000012`` long; labels are absolute.

    Raises:
        AssemblyError: the source is not a program of at most ``max_bytes`` bytes in one bank. No other
            exception is raised, whatever the text.
    """
    return _Assembly(origin, max_bytes, m8, x8).run(source)


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
    """Two passes over the statements: place them, then encode them."""

    def __init__(self, origin: int, max_bytes: int, m8: bool, x8: bool) -> None:
        self._origin = self._address = origin
        self._max_bytes = max_bytes
        self._m8, self._x8 = m8, x8
        self._scope = ""
        self._names: dict[str, Value] = {}
        self._labels: dict[str, int] = {}
        self._anonymous: dict[str, list[int]] = {}
        self._placed: list[_Placed] = []

    def run(self, source: str) -> Program:
        for statement in statements(source):
            self._place(statement)
        code = bytearray()
        listing = []
        for placed in self._placed:
            data = self._encode(placed)
            if data:
                code += bytes(placed.address - self._origin - len(code))
                code += data
            statement = placed.statement
            listing.append(Line(statement.line, placed.address, data, statement.text))
        return Program(bytes(code), self._origin, MappingProxyType(self._labels), tuple(listing))

    # First pass

    def _place(self, statement: Statement) -> None:
        name = statement.name
        if name == "=":
            value = self._value(statement.operand, statement, self._address)
            self._define(statement, statement.label, value)
            self._placed.append(_Placed(statement, self._address, self._scope))
            return
        if name == "org":
            self._move(statement)
        if statement.label:
            self._define_label(statement)
        placed = _Placed(statement, self._address, self._scope)
        if name in _FORMS:
            self._size_instruction(placed)
        elif name in _DATA:
            placed.size = _DATA[name] * sum(
                len(item) - 2 if _is_string(item) else 1 for item in items(statement.operand, statement.line)
            )
        elif name[:1] == ".":
            self._set_width(statement)
        elif name and name != "org":
            raise AssemblyError(statement.line, "unknown-mnemonic", name)
        self._placed.append(placed)
        self._advance(statement, self._address + placed.size)

    def _advance(self, statement: Statement, address: int) -> None:
        if address - self._origin > self._max_bytes:
            raise AssemblyError(statement.line, "too-long", f"the program has more than {self._max_bytes} bytes")
        if address - 1 >> 16 != self._origin >> 16 and address != self._origin:
            raise AssemblyError(statement.line, "too-long", "the program leaves its bank")
        self._address = address

    def _move(self, statement: Statement) -> None:
        address = self._value(statement.operand, statement, self._address).number
        if not 0 <= address <= 0xFFFFFF:
            raise AssemblyError(statement.line, "value-range", "org needs a 24-bit address")
        if not any(placed.size for placed in self._placed) and not self._labels and not self._anonymous:
            self._origin = self._address = address
        if address < self._address:
            raise AssemblyError(statement.line, "value-range", "org cannot go back")
        self._advance(statement, address)

    def _define_label(self, statement: Statement) -> None:
        label = statement.label
        if label[0] in "+-":
            self._anonymous.setdefault(label, []).append(self._address)
            return
        if label[0] != ".":
            self._scope = label
        self._define(statement, label, Value(self._address, 2, address=True))
        self._labels[self._full_name(label, self._scope)] = self._address

    def _define(self, statement: Statement, name: str, value: Value) -> None:
        full = self._full_name(name, self._scope)
        if full in self._names:
            raise AssemblyError(statement.line, "duplicate-label", full)
        self._names[full] = value

    def _set_width(self, statement: Statement) -> None:
        if statement.operand:
            raise AssemblyError(statement.line, "syntax", f"{statement.name} takes no operand")
        if statement.name in {".a8", ".a16"}:
            self._m8 = statement.name == ".a8"
        else:
            self._x8 = statement.name == ".i8"

    def _size_instruction(self, placed: _Placed) -> None:
        statement = placed.statement
        kind, placed.expression = shape(statement.operand)
        forced = _SIZES[statement.suffix]
        opcode = placed.opcode = self._choose(placed, kind, forced)
        size = opcode.operand_bytes(self._m8, self._x8)
        if opcode.mode in {Mode.IMMEDIATE_M, Mode.IMMEDIATE_X} and forced:
            if forced == 3:
                raise AssemblyError(statement.line, "bad-mode", "an immediate has one or two bytes")
            size = forced
        placed.size = 1 + size
        if opcode.mnemonic in {"REP", "SEP"}:
            bits = self._value(placed.expression, statement, placed.address).number
            if bits & 0x20:
                self._m8 = opcode.mnemonic == "SEP"
            if bits & 0x10:
                self._x8 = opcode.mnemonic == "SEP"

    def _choose(self, placed: _Placed, kind: str, forced: int) -> Opcode:
        statement = placed.statement
        forms = _FORMS[statement.name]
        for mode in _BY_MNEMONIC.get(kind, ()):
            if mode in forms and (mode is not Mode.IMMEDIATE_BYTE or kind == "#" or forms[mode].mnemonic in _SIGNATURE):
                return forms[mode]
        modes = _BY_SIZE.get(kind, ())
        if statement.name == "PEI" and kind == "e":
            return forms[Mode.DIRECT_INDIRECT]
        if forced:
            modes, sizes = modes[forced - 1 : forced], [0]
        else:
            size = self._address_size(placed) if len(modes) > 1 else 1
            sizes = [*range(size - 1, len(modes)), *range(min(size - 1, len(modes)) - 1, -1, -1)]
        for index in sizes:
            if index < len(modes) and modes[index] in forms:
                return forms[modes[index]]
        raise AssemblyError(
            statement.line, "bad-mode", f"{statement.name} has no such operand: {statement.operand[:60]!r}"
        )

    def _address_size(self, placed: _Placed) -> int:
        """Return the size of the operand as it is known so far; a name defined later counts as a label."""
        try:
            return self._value(placed.expression, placed.statement, placed.address, placed.scope).size
        except AssemblyError as error:
            if error.kind != "undefined-label":
                raise
            return 2

    # Second pass

    def _encode(self, placed: _Placed) -> bytes:
        if placed.opcode:
            return bytes((placed.opcode.code, *self._operand(placed, placed.opcode)))
        name = placed.statement.name
        return self._data(placed, _DATA[name]) if name in _DATA else b""

    def _data(self, placed: _Placed, size: int) -> bytes:
        data = bytearray()
        statement = placed.statement
        for item in items(statement.operand, statement.line):
            if _is_string(item):
                if not all(" " <= character <= "~" for character in item):
                    raise AssemblyError(statement.line, "value-range", "a string holds printable ASCII only")
                for character in item[1:-1]:
                    data += ord(character).to_bytes(size, "little")
            else:
                data += self._bytes(placed, self._placed_value(placed, item), size, signed=True)
        return bytes(data)

    def _operand(self, placed: _Placed, opcode: Opcode) -> bytes:
        size = placed.size - 1
        if not size or (not placed.expression and opcode.mnemonic in _SIGNATURE):
            return bytes(size)
        if opcode.mode is Mode.BLOCK_MOVE:
            return self._banks(placed)
        value = self._placed_value(placed, placed.expression)
        if opcode.mode in {Mode.RELATIVE, Mode.RELATIVE_LONG}:
            return self._offset(placed, value.number, size)
        if opcode.mnemonic in _FLOW and size == 2 and value.address and value.number >> 16 != placed.address >> 16:
            raise self._error(placed, "value-range", "the label is in another bank")
        return self._bytes(placed, value, size, signed=opcode.mode in _IMMEDIATE)

    def _banks(self, placed: _Placed) -> bytes:
        operands = [item.removeprefix("#") for item in placed.expression.split(",")]
        if len(operands) != 2:
            raise self._error(placed, "syntax", "a block move needs source bank, destination bank")
        source, target = (self._placed_value(placed, item.strip()) for item in operands)
        return self._bytes(placed, target, 1) + self._bytes(placed, source, 1)

    def _offset(self, placed: _Placed, target: int, size: int) -> bytes:
        if target >> 16 not in {0, placed.address >> 16}:
            raise self._error(placed, "branch-range", "the target is in another bank")
        offset = (target - placed.address - placed.size + 0x8000 & 0xFFFF) - 0x8000
        if size == 1 and not -0x80 <= offset <= 0x7F:
            raise self._error(placed, "branch-range", f"{offset} bytes is too far")
        return (offset & 0xFFFF).to_bytes(2, "little")[:size]

    def _bytes(self, placed: _Placed, value: Value, size: int, *, signed: bool = False) -> bytes:
        """Encode ``value``; a label gives up its bank where two bytes are wanted."""
        number, limit = value.number, 1 << 8 * size
        if value.address and size == 2:
            number &= 0xFFFF
        if not (-(limit >> 1) if signed else 0) <= number < limit:
            fits_wider = signed and placed.opcode and size == 1 and -0x8000 <= number < 0x10000
            raise self._error(
                placed, "width" if fits_wider else "value-range", f"{number} does not fit in {8 * size} bits"
            )
        return (number % limit).to_bytes(size, "little")

    def _placed_value(self, placed: _Placed, expression: str) -> Value:
        return self._value(expression, placed.statement, placed.address, placed.scope)

    # Names

    def _value(self, expression: str, statement: Statement, address: int, scope: str | None = None) -> Value:
        if (expression and not expression.strip("+")) or (expression and not expression.strip("-")):
            return self._nearest(expression, statement, address)
        within = self._scope if scope is None else scope

        def lookup(name: str) -> Value:
            if name == "*":
                return Value(address, 2, address=True)
            value = self._names.get(self._full_name(name, within))
            if value is None:
                raise AssemblyError(statement.line, "undefined-label", name)
            return value

        return evaluate(expression, lookup, statement.line)

    def _nearest(self, name: str, statement: Statement, address: int) -> Value:
        """Return the next ``+`` label behind ``address`` or the last ``-`` label up to it."""
        places = self._anonymous.get(name, [])
        found = (
            next((place for place in places if place > address), None)
            if name[0] == "+"
            else next((place for place in reversed(places) if place <= address), None)
        )
        if found is None:
            raise AssemblyError(statement.line, "undefined-label", name)
        return Value(found, 2, address=True)

    @staticmethod
    def _full_name(name: str, scope: str) -> str:
        return scope + name if name[0] == "." else name

    @staticmethod
    def _error(placed: _Placed, kind: ErrorKind, message: str) -> AssemblyError:
        statement = placed.statement
        return AssemblyError(statement.line, kind, f"{message} in {statement.text[:60]!r}")


def _is_string(item: str) -> bool:
    return len(item) >= 2 and item[0] == item[-1] == '"'
