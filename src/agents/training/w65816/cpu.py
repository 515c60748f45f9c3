"""The machine: runs routines, handlers and instructions, and says how they ended, what they cost and what they wrote.

Owns a run from the first instruction to its end. Never judges the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.training.w65816 import interrupts
from agents.training.w65816.decoder import DecodingTable
from agents.training.w65816.disassembler import disassemble_one
from agents.training.w65816.interrupts import Interrupt
from agents.training.w65816.memory import Memory
from agents.training.w65816.registers import Registers
from agents.training.w65816.state import Reason, State, Stop

_RETURN_PC = 0xFFFF
_POWER_ON = Registers()


@dataclass(frozen=True, slots=True)
class Run:
    """How a call ended.

    ``instructions`` and ``cycles`` count what was executed, the last instruction included. ``stack`` is the
    window of bank 0 in which the call could use the stack, return address included.
    """

    reason: Reason
    instructions: int
    cycles: int
    registers: Registers
    stack: range

    @property
    def returned(self) -> bool:
        """Whether the routine came back properly."""
        return self.reason is Reason.RETURNED


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One executed instruction: its address, its text and the registers after it."""

    address: int
    text: str
    registers: Registers


Tracer = Callable[[TraceStep], None]
"""Told of every executed instruction."""


class Machine:
    """A 65816 with 16 MiB of RAM and the multiply/divide unit of the SNES.

    Costs some milliseconds to create; reuse it: `reset` between runs, `clear` between programs. Not safe for
    use from several threads at once.
    """

    def __init__(self) -> None:
        self._memory = Memory(self._forget_code)
        self._tables = [DecodingTable(self._memory, width) for width in range(16)]
        self._state = State(self._memory)

    def _forget_code(self) -> None:
        for table in self._tables:
            table.clear()

    @property
    def writes(self) -> Mapping[int, int]:
        """Every address written by calls since the last `reset`, with its value before.

        Addresses are canonical (`memory.canonical`): the first 8 KiB of $7E are named $000000-$001FFF. Stack
        use is included, and so are result registers that the multiply/divide unit changed.
        """
        return self._memory.writes

    def load(self, address: int, data: bytes) -> None:
        """Place ``data`` at a 24-bit address. It stays through `reset`, until `clear`, and is not in `writes`.

        Raises:
            ValueError: the data does not fit below $100:0000.
        """
        self._memory.load(address, data)

    def peek(self, address: int, size: int = 1) -> bytes:
        """Return ``size`` bytes from a 24-bit address on; behind $FF:FFFF comes $00:0000."""
        return bytes(self._memory.read(address + index & 0xFFFFFF) for index in range(size))

    def reset(self) -> None:
        """Undo every write of the calls since the last reset; costs what was written."""
        self._memory.reset()

    def clear(self) -> None:
        """Undo every write and every load."""
        self._memory.clear()

    def call(
        self,
        entry: int,
        *,
        registers: Registers = _POWER_ON,
        budget: int = 20_000,
        far: bool = False,
        stack_bytes: int = 256,
        vectors: bool = False,
        trace: Tracer | None = None,
    ) -> Run:
        """Run the routine at 24-bit ``entry`` as if JSR (JSL when ``far``) had called it.

        A return address is pushed at ``registers.s``; the routine may use ``stack_bytes`` in all.
        ``registers.pbr`` and ``.pc`` are replaced by ``entry``. ``trace`` is called after each instruction.
        At most ``budget`` instructions are executed; a block move counts one per byte. BRK and COP end the run,
        or with ``vectors`` go through the vectors in memory (`interrupts.VECTORS`).
        """
        state = self._enter(registers, vectors)
        state.at = entry & 0xFFFFFF
        state.sentinel = _RETURN_PC
        if far:
            state.push(0)
        state.push_word(_RETURN_PC - 1)
        return self._run_in_window(budget, stack_bytes, trace)

    def interrupt(
        self,
        kind: Interrupt,
        *,
        registers: Registers = _POWER_ON,
        budget: int = 20_000,
        stack_bytes: int = 256,
        trace: Tracer | None = None,
    ) -> Run:
        """Interrupt a program that stands at ``registers.pbr`` and ``.pc``, and run the handler up to its last RTI.

        The handler is found through the vector of ``kind`` in memory; what is pushed counts as stack use, and
        entering it costs cycles but no instruction. BRK and COP inside the handler go through their vectors too.
        For the rest see `call`.
        """
        state = self._enter(registers, vectors=True)
        state.resumed = state.home
        state.extra = interrupts.enter(state, kind)
        return self._run_in_window(budget, stack_bytes, trace)

    def step(self, registers: Registers, *, vectors: bool = True) -> Run:
        """Execute the instruction at ``registers.pbr`` and ``.pc``, whatever the state; the whole stack may be used.

        The reason is ``BUDGET``, unless the instruction stops. A block move moves one byte and, if it goes on,
        leaves the program counter where it was.
        """
        state = self._enter(registers, vectors)
        reason, instructions, cycles = self._run(1)
        return Run(reason, instructions, cycles + state.extra, state.leave(), range(0x10000))

    def _enter(self, registers: Registers, vectors: bool) -> State:
        state = self._state
        state.stack_low, state.stack_high = 0, 0xFFFF
        state.enter(registers)
        state.extra = 0
        state.home, state.sentinel, state.resumed, state.vectors = state.s, -1, -1, vectors
        return state

    def _run_in_window(self, budget: int, stack_bytes: int, trace: Tracer | None) -> Run:
        state = self._state
        window = range(0x100, 0x200) if state.e else range(max(0, state.home - stack_bytes + 1), state.home + 1)
        state.stack_low, state.stack_high = window.start - (not state.e), state.home | 0xFF * state.e
        reason, instructions, cycles = self._run(budget) if trace is None else self._run_traced(budget, trace)
        return Run(reason, instructions, cycles + state.extra, state.leave(), window)

    def _run(self, budget: int) -> tuple[Reason, int, int]:
        state, tables = self._state, self._tables
        cycles = instructions = 0
        try:
            for instructions in range(1, budget + 1):  # noqa: B007 - read after the loop
                step, state.at, cost = tables[state.width][state.at]
                cycles += cost
                step(state)
        except Stop as stop:
            return stop.reason, instructions, cycles
        return Reason.BUDGET, instructions, cycles

    def _run_traced(self, budget: int, trace: Tracer) -> tuple[Reason, int, int]:
        state = self._state
        total = 0
        for instructions in range(1, budget + 1):
            address, m8, x8 = state.at, state.m8, state.x8
            text = disassemble_one(self.peek(address, 4), address, m8=m8, x8=x8).text
            reason, _, cycles = self._run(1)
            total += cycles
            trace(TraceStep(address, text, state.leave()))
            if reason is not Reason.BUDGET:
                return reason, instructions, total
        return Reason.BUDGET, budget, total
