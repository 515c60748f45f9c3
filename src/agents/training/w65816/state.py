"""The processor while it runs: registers as slots, flags one by one, the stack, and how a run stops.

Owns the mutable registers and their conversion from and to `Registers`. Never decodes instructions.

Sources: WDC W65C816S data sheet, sections 2.8-2.12; Bruce Clark, "65C816 Opcodes", section 5 (stack wrapping).
"""

from __future__ import annotations

from enum import StrEnum

from agents.training.w65816.memory import DIRECT, Memory
from agents.training.w65816.registers import Registers


class Reason(StrEnum):
    """Why a run ended."""

    RETURNED = "returned"
    """RTS (RTL when called far, RTI of an interrupt) came back with the stack pointer where it was."""
    BUDGET = "budget"
    """The instruction budget was used up."""
    STOPPED = "stopped"
    """STP or WAI, or BRK or COP without vectors; the program counter is that of the instruction."""
    STACK = "stack"
    """The stack pointer left its window, or a return came back with the stack unbalanced."""


class Stop(Exception):  # noqa: N818 - not an error: every run ends with one
    """Ends a run from inside an instruction."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason


class State:
    """Registers during a run.

    ``at`` is PBR and PC as one 24-bit address; ``db`` is DBR << 16. ``n`` and ``z`` hold values: N is set when
    ``n`` is not 0, Z when ``z`` is 0. ``c``, ``v``, ``decimal`` and ``i`` are 0 or 1. ``extra`` counts cycles
    that depend on data. X and Y have a zero high byte while ``x8``. ``width`` numbers the decoding table in use.
    ``sentinel`` is the program counter at which RTS and RTL end the run, ``resumed`` the stack pointer at which RTI
    does, ``home`` where the stack pointer has to be then; -1 is never reached. ``vectors``: BRK and COP run handlers.
    """

    __slots__ = (
        "a", "at", "c", "d", "db", "decimal", "e", "extra", "home", "i", "m8", "memory", "n", "resumed", "s",
        "sentinel", "stack_high", "stack_low", "v", "vectors", "width", "x", "x8", "y", "z",
    )  # fmt: skip

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.extra = 0
        self.home = self.sentinel = self.resumed = -1
        self.vectors = False
        self.stack_low, self.stack_high = 0, 0xFFFF
        self.enter(Registers())

    def enter(self, registers: Registers) -> None:
        """Take over ``registers``, each cut to its size; ``pbr`` and ``pc`` give ``at``."""
        self.a = registers.a & 0xFFFF
        self.x = registers.x & 0xFFFF
        self.y = registers.y & 0xFFFF
        self.s = registers.s & 0xFFFF
        self.d = registers.d & 0xFFFF
        self.db = (registers.dbr & 0xFF) << 16
        self.at = (registers.pbr & 0xFF) << 16 | registers.pc & 0xFFFF
        self.e = registers.e
        self.set_p(registers.p)
        if self.e:
            self.s = 0x100 | self.s & 0xFF

    def leave(self) -> Registers:
        """Return the registers as a value."""
        at = self.at
        return Registers(self.a, self.x, self.y, self.s, self.d, self.db >> 16, at >> 16, at & 0xFFFF, self.p(), self.e)

    def p(self) -> int:
        """Return the processor status byte."""
        return (
            (0x80 if self.n else 0)
            | self.v << 6
            | (0x20 if self.m8 else 0)
            | (0x10 if self.x8 else 0)
            | self.decimal << 3
            | self.i << 2
            | (0 if self.z else 2)
            | self.c
        )

    def set_p(self, p: int) -> None:
        """Set all flags; 8-bit index registers lose their high bytes, emulation mode keeps M and X set."""
        self.n = p & 0x80
        self.v = p >> 6 & 1
        self.m8 = self.e or bool(p & 0x20)
        self.x8 = self.e or bool(p & 0x10)
        self.decimal = p >> 3 & 1
        self.i = p >> 2 & 1
        self.z = ~p & 2
        self.c = p & 1
        if self.x8:
            self.x &= 0xFF
            self.y &= 0xFF
        self.choose_width()

    def choose_width(self) -> None:
        """Number the decoding table: E, M, X and whether the direct page is aligned decide what a byte means."""
        self.width = self.e << 3 | self.m8 << 2 | self.x8 << 1 | (not self.d & 0xFF)

    def move_stack(self, s: int) -> None:
        """Set the stack pointer; in emulation mode its high byte is 1.

        Raises:
            Stop: it left the window that the caller allowed.
        """
        s = 0x100 | s & 0xFF if self.e else s & 0xFFFF
        self.s = s
        if not self.stack_low <= s <= self.stack_high:
            raise Stop(Reason.STACK)

    def push(self, value: int) -> None:
        """Push a byte; nothing is written if that leaves the window."""
        s = self.s
        self.move_stack(s - 1)
        self.memory.write(DIRECT | s, value)

    def push_word(self, value: int) -> None:
        """Push a 16-bit value, high byte first; in emulation mode each byte stays in page 1."""
        self.push(value >> 8)
        self.push(value & 0xFF)

    def pull(self) -> int:
        """Pull a byte."""
        self.move_stack(self.s + 1)
        return self.memory.read(DIRECT | self.s)

    def pull_word(self) -> int:
        """Pull a 16-bit value; in emulation mode each byte stays in page 1."""
        low = self.pull()
        return low | self.pull() << 8

    def push_long(self, value: int, size: int) -> None:
        """Push ``size`` bytes of ``value`` as instructions new to the 65816 do: out of page 1 if need be."""
        s = self.s
        self.move_stack(s - size)
        for shift in range(8 * size - 8, -8, -8):
            self.memory.write(DIRECT | s & 0xFFFF, value >> shift & 0xFF)
            s -= 1

    def pull_long(self, size: int) -> int:
        """Pull ``size`` bytes as instructions new to the 65816 do: from beyond page 1 if need be."""
        s, value = self.s, 0
        for shift in range(0, 8 * size, 8):
            s = (s + 1) & 0xFFFF
            value |= self.memory.read(DIRECT | s) << shift
        self.move_stack(s)
        return value
