"""The programmer's registers of the W65C816S as a value, and the bits of P.

Owns the register file as callers see it. Never executes anything.

Source: WDC W65C816S data sheet, section "Processor Status Register (P)".
"""

from __future__ import annotations

from dataclasses import dataclass

NEGATIVE, OVERFLOW, WIDE_M, WIDE_X, DECIMAL, INTERRUPT, ZERO, CARRY = (0x80 >> bit for bit in range(8))
"""Bits of P. ``WIDE_M`` and ``WIDE_X`` mean 8 bits when set; both read as 1 in emulation mode."""


@dataclass(frozen=True, slots=True)
class Registers:
    """The state of the processor before or after a run.

    ``a`` (B in the high byte), ``x``, ``y``, ``s``, ``d`` and ``pc`` have 16 bits; ``dbr``, ``pbr`` and ``p``
    have 8. The default is native mode, 8-bit registers, the stack at the end of the low 8 KiB.
    """

    a: int = 0
    x: int = 0
    y: int = 0
    s: int = 0x1FFF
    d: int = 0
    dbr: int = 0
    pbr: int = 0
    pc: int = 0
    p: int = WIDE_M | WIDE_X
    e: bool = False

    @property
    def m8(self) -> bool:
        """Whether the accumulator and memory accesses have 8 bits."""
        return self.e or bool(self.p & WIDE_M)

    @property
    def x8(self) -> bool:
        """Whether the index registers have 8 bits."""
        return self.e or bool(self.p & WIDE_X)

    @property
    def negative(self) -> bool:
        """The N flag."""
        return bool(self.p & NEGATIVE)

    @property
    def overflow(self) -> bool:
        """The V flag."""
        return bool(self.p & OVERFLOW)

    @property
    def decimal(self) -> bool:
        """The D flag."""
        return bool(self.p & DECIMAL)

    @property
    def zero(self) -> bool:
        """The Z flag."""
        return bool(self.p & ZERO)

    @property
    def carry(self) -> bool:
        """The C flag."""
        return bool(self.p & CARRY)

    @property
    def flags(self) -> str:
        """The flags as eight letters, capital when set: ``nvMXdizC``."""
        return "".join(letter.upper() if self.p & 0x80 >> bit else letter for bit, letter in enumerate("nvmxdizc"))
