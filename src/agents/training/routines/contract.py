"""What a routine promises: where its values live, what it keeps, and the cases that prove it.

Owns the values that all task kinds share. Never draws, renders or executes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = int | bytes
"""A number (stored little-endian) or an array of bytes."""


def number(values: Mapping[str, Value], name: str) -> int:
    """Return the number ``name`` of ``values``; an array counts as little-endian."""
    value = values[name]
    return value if isinstance(value, int) else int.from_bytes(value, "little")


def octets(values: Mapping[str, Value], name: str) -> bytes:
    """Return the array ``name`` of ``values``; a number counts as one byte."""
    value = values[name]
    return value if isinstance(value, bytes) else bytes([value])


_HOMES = frozenset({"mem", "A", "X", "Y", "C"})


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a contract and where it lives.

    ``where`` is ``A``, ``X``, ``Y``, ``C`` (the carry flag), ``mem``, or the name of a port that takes several
    writes, such as ``BG1HOFS``; ``addr`` is a 24-bit CPU address and counts in memory and for ports; ``size`` is in
    bytes (0 for the carry flag, writes for a port, low byte first); ``ref`` is the operand by which code names the
    place.
    """

    name: str
    where: str
    addr: int
    size: int
    meaning: str
    ref: str = ""
    array: bool = False

    @property
    def in_memory(self) -> bool:
        """Whether the value lives in memory."""
        return self.where == "mem"

    @property
    def is_port(self) -> bool:
        """Whether the value is what a port gets in several writes."""
        return self.where not in _HOMES

    @property
    def key(self) -> str:
        """The word for the value in ``key = value`` lines: a register's name or the place's own."""
        return self.name if self.in_memory else self.where

    def encode(self, value: Value) -> bytes:
        """Return ``value`` as the bytes of this place."""
        if isinstance(value, bytes):
            return value
        return (value & ((1 << (8 * self.size)) - 1)).to_bytes(self.size, "little")

    def decode(self, data: bytes) -> Value:
        """Return the value that ``data`` stands for in this place."""
        return data if self.array else int.from_bytes(data, "little")

    def show(self, value: Value) -> str:
        """Return ``value`` as assembly programmers write it."""
        if isinstance(value, bytes):
            return " ".join(f"{byte:02X}" for byte in value)
        if self.size == 0:
            return str(value)
        return f"${value & ((1 << (8 * self.size)) - 1):0{2 * self.size}X}"


def hex_address(addr: int) -> str:
    """Return a CPU address in the shortest customary form: $12, $1234 or $7E1234."""
    if addr < 0x100:
        return f"${addr:02X}"
    return f"${addr:04X}" if addr < 0x10000 else f"${addr:06X}"


@dataclass(frozen=True, slots=True)
class Case:
    """One proof obligation: the values given, by place name, and those expected afterwards."""

    given: Mapping[str, Value]
    expect: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reference: an optional label, then a mnemonic with its operand, and why it is there."""

    label: str
    op: str
    arg: str
    note: str

    @property
    def text(self) -> str:
        """The instruction without its label."""
        return f"{self.op} {self.arg}" if self.arg else self.op


@dataclass(frozen=True, slots=True)
class Routine:
    """A concrete routine: contract, reference and cases. The direct page is 0 and the data bank is 0.

    ``m8`` and ``x8`` are the widths of A and of X/Y at entry, and again at exit. ``keeps`` names the registers
    whose value at entry widths survives the call. ``data`` holds ``name = address`` pairs that the code uses
    as symbols. ``cases`` has the cases shown to a reader first; ``probes`` are further ones that only a proof runs.
    ``unit`` says that the code uses the multiply/divide registers $4202-$4206, which it then may write.
    """

    noun: str
    theme: str
    label: str
    goal: str
    plan: str
    m8: bool
    x8: bool
    far: bool
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    scratch: tuple[Place, ...]
    keeps: tuple[str, ...]
    rules: tuple[str, ...]
    symbols: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]
    loop: str
    cases: tuple[Case, ...]
    probes: tuple[Case, ...] = ()
    unit: bool = False

    @property
    def ret(self) -> str:
        """The instruction by which the routine returns."""
        return "RTL" if self.far else "RTS"

    def given(self, case: Case) -> str:
        """Return the inputs of ``case`` as ``key = value`` pairs, or nothing."""
        return ", ".join(f"{place.key} = {place.show(case.given[place.name])}" for place in self.inputs)

    def expected(self, case: Case) -> str:
        """Return the results of ``case`` as ``key = value`` pairs."""
        return ", ".join(f"{place.key} = {place.show(case.expect[place.name])}" for place in self.outputs)

    def width(self, register: str) -> int:
        """Return the bytes of ``register`` (A, X or Y) at entry and exit."""
        return 1 if (self.m8 if register == "A" else self.x8) else 2
