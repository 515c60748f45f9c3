"""The assembler: source text to a program.

Owns the first pass, which places statements and tracks widths; `encoder` has the second. Never runs anything.

Syntax follows asar, the assembler most used for the SNES: see `assemble`. As in asar, operands of MVN and MVP are
destination bank, source bank, in the order of the bytes; the WDC data sheet writes them the other way round. Unlike
in asar, the width of an immediate follows REP and SEP, and a number behind a branch is the address to go to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from agents.training.w65816 import diagnostics, selection
from agents.training.w65816.encoder import BY_WIDTH, DATA_SIZES, Encoder, Placed, is_string
from agents.training.w65816.expressions import Value
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
    (any number of signs, the next or the last one); constants ``NAME = expression`` or ``!NAME = expression``, known
    where they are defined, a value and not a piece of text. Comments start with ``;``; statements share a line with
    `` : `` between them. Directives: ``db dw dl`` (also ``.db``, ``.byte``, ``.word`` and so on; strings allowed),
    ``ds count`` or ``ds count, byte`` for space (also ``fill``, ``skip``), ``org`` (gaps are zero),
    ``repeat count : statements`` up to the end of the line, ``.a8 .a16 .i8 .i16``. Suffixes ``.b .w .l`` force a
    size. Names are case-sensitive, mnemonics are not. For expressions see `expressions.evaluate`.

    Immediate operands have the width tracked through REP, SEP and the directives in the order of the text, from
    ``m8`` and ``x8`` on. Addresses have the size they are written with: ``$12`` is direct, ``$0012`` absolute,
    ``$000012`` long; labels are absolute.

    Raises:
        AssemblyError: the source is not a program of at most ``max_bytes`` bytes in one bank. No other
            exception is raised, whatever the text.
    """
    return _Assembly(origin, max_bytes, m8, x8).run(source)


_SUFFIX_SIZES = {"b": 1, "w": 2, "l": 3}
_MAX_STATEMENTS = 16_384
"""With all repeats written out; a source of 64 Ki characters has fewer without them."""
_FLAGS = {"REP": False, "SEP": True}


class _Assembly:
    """Places the statements one after the other, then has them encoded."""

    def __init__(self, origin: int, max_bytes: int, m8: bool, x8: bool) -> None:
        self._origin = self._address = origin
        self._max_bytes = max_bytes
        self._m8, self._x8 = m8, x8
        self._m_setter: Statement | None = None
        self._x_setter: Statement | None = None
        self._symbols = Symbols()
        self._placed: list[Placed] = []
        self._started = False

    def run(self, source: str) -> Program:
        for statement in statements(source):
            self._place(statement)
        code, encoder = bytearray(), Encoder(self._symbols)
        listing = []
        for placed in self._placed:
            data = encoder.encode(placed)
            if data:
                code += bytes(placed.address - self._origin - len(code)) + data
            listing.append(Line(placed.statement.line, placed.address, data, placed.statement.text))
        return Program(bytes(code), self._origin, MappingProxyType(self._symbols.labels), tuple(listing))

    def _place(self, statement: Statement) -> None:
        name = statement.name
        if name == "org":
            self._move(statement)
        if statement.label and name != "=":
            self._symbols.define_label(statement.label, self._address, statement.line)
        placed = Placed(statement, self._address, self._symbols.scope)
        if name == "repeat":
            self._repeat(placed)
            return
        self._size(placed)
        self._started |= name != "="
        self._placed.append(placed)
        if len(self._placed) > _MAX_STATEMENTS:
            raise placed.error("too-long", f"more than {_MAX_STATEMENTS} statements: write fewer or repeat less")
        self._advance(placed, self._address + placed.size)

    def _size(self, placed: Placed) -> None:
        """Find out how many bytes a statement makes, and what it changes for those behind it."""
        statement = placed.statement
        name = statement.name
        if name in selection.FORMS:
            self._size_instruction(placed)
        elif name in DATA_SIZES:
            data = items(statement.operand, statement.line)
            placed.size = DATA_SIZES[name] * sum(len(item) - 2 if is_string(item) else 1 for item in data)
        elif name == "ds":
            placed.size = self._count(placed, items(statement.operand, statement.line)[0], self._max_bytes)
        elif name == "=":
            self._symbols.define(statement.label, self._early(placed, statement.operand), statement.line)
        elif name.startswith("."):
            self._set_width(placed)
        elif name not in {"", "org"}:
            raise placed.error("unknown-mnemonic", diagnostics.unknown_mnemonic(statement))

    def _repeat(self, placed: Placed) -> None:
        body = placed.statement.body
        for _ in range(self._count(placed, placed.statement.operand, _MAX_STATEMENTS // len(body))):
            for statement in body:
                self._place(statement)

    def _count(self, placed: Placed, expression: str, most: int) -> int:
        count = self._early(placed, expression).number
        if count < 0:
            raise placed.error("value-range", f"the count {count} is negative: it is 0 or more")
        if count > most:
            raise placed.error("too-long", f"the count {count} is too large: at most {most} here")
        return count

    def _move(self, statement: Statement) -> None:
        placed = Placed(statement, self._address, self._symbols.scope)
        address = self._early(placed, statement.operand).number
        if not 0 <= address <= 0xFFFFFF:
            raise placed.error("value-range", "an address is between $000000 and $FFFFFF")
        if not self._started:
            self._origin = self._address = address
        if address < self._address:
            place = f"the code has reached ${self._address:06X}"
            raise placed.error("value-range", f"org cannot go back: {place}; move the block up in the source")
        self._advance(placed, address)

    def _advance(self, placed: Placed, address: int) -> None:
        if address - self._origin > self._max_bytes:
            raise placed.error("too-long", f"the program has more than {self._max_bytes} bytes: make it shorter")
        if address > (self._origin | 0xFFFF) + 1:
            bank = f"bank ${self._origin >> 16:02X}"
            raise placed.error("too-long", f"the program leaves {bank} at its end: make it shorter or move it")
        self._address = address

    def _set_width(self, placed: Placed) -> None:
        name = placed.statement.name
        if placed.statement.operand:
            raise placed.error("syntax", f"{name} takes no operand")
        if name in {".a8", ".a16"}:
            self._m8, self._m_setter = name == ".a8", placed.statement
        else:
            self._x8, self._x_setter = name == ".i8", placed.statement

    def _size_instruction(self, placed: Placed) -> None:
        kind, placed.expression = shape(placed.statement.operand)
        suffix = _SUFFIX_SIZES.get(placed.statement.suffix, 0)
        opcode = placed.opcode = self._choose(placed, kind, suffix)
        size = opcode.operand_bytes(self._m8, self._x8)
        placed.setter = self._m_setter if opcode.mode is Mode.IMMEDIATE_M else self._x_setter
        if suffix and opcode.mode in BY_WIDTH:
            if suffix == 3:
                raise placed.error("bad-mode", diagnostics.bad_mode(placed.statement, kind))
            size = suffix
        placed.size = 1 + size
        if opcode.mnemonic in _FLAGS:
            bits = self._early(placed, placed.expression).number
            if bits & 0x20:
                self._m8, self._m_setter = _FLAGS[opcode.mnemonic], placed.statement
            if bits & 0x10:
                self._x8, self._x_setter = _FLAGS[opcode.mnemonic], placed.statement

    def _choose(self, placed: Placed, kind: str, suffix: int) -> Opcode:
        opcode = selection.choose(placed.statement.name, kind, suffix, lambda: self._address_size(placed))
        if opcode is None:
            raise placed.error("bad-mode", diagnostics.bad_mode(placed.statement, kind))
        return opcode

    def _address_size(self, placed: Placed) -> int:
        """Return the size of the operand as it is known so far; a name defined later counts as a label."""
        value = self._symbols.value_if_known(
            placed.expression, line=placed.statement.line, address=placed.address, scope=placed.scope
        )
        return 2 if value is None else value.size

    def _early(self, placed: Placed, expression: str) -> Value:
        """Return a value that the first pass needs."""
        return self._symbols.value(
            expression, line=placed.statement.line, address=placed.address, scope=placed.scope, early=True
        )
