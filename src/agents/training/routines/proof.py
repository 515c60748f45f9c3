"""Proof by execution: assembles a text, runs it on a routine's cases, compares with the oracle and the contract.

Owns the machine of the process and what counts as keeping a contract. Never reads prose.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agents.training.routines.contract import Case, Place, Routine, Value
from agents.training.routines.ports import MDMAEN, Watch
from agents.training.routines.promises import FREE, UNIT, broken, writable
from agents.training.w65816 import (
    Machine,
    Program,
    Reason,
    Registers,
    Run,
    TraceStep,
    assemble,
)

ORIGIN = 0x8000
BUDGET = 1_000
"""Instructions a case may take; references need fewer than 250."""
_BRIEF = 400
"""The same where only the first failure is wanted."""
_MAX_CODE = 1_024
_STRAYS = (
    {"A": 0x5AA7, "X": 0x3C91, "Y": 0x6BD2, "P": 0x00},
    {"A": 0xFFFF, "X": 0xFFFF, "Y": 0xFFFF, "P": 0xC4},
    {"A": 0x0180, "X": 0x0100, "Y": 0x0200, "P": 0x42},
    {"A": 0x00FF, "X": 0x7FFE, "Y": 0x0001, "P": 0x84},
    {"A": 0x8000, "X": 0x0000, "Y": 0x8080, "P": 0x06},
)
"""What registers without a meaning, unused high bytes, and N, V, Z and I hold at entry, case by case in turn."""
_POISONS, _GUARD = (0xCD, 0x00, 0xFF, 0x31), 0xB6
"""What outputs and scratch hold at entry, changing every few cases, and what stands around every place."""
_POISONED_FOR = 3
_WATCHED = 4
"""Probes whose writes to ports are followed one by one, besides all cases; of the others only the last write counts."""
_FIRST_STEPS, _LAST_STEPS = 40, 4


@lru_cache(maxsize=1)
def _machine() -> Machine:
    """Return the machine of this process; proofs of one process must not run in several threads."""
    return Machine()


@dataclass(frozen=True, slots=True)
class Proof:
    """What execution showed: cases passed of ``total``, the first failure, the first broken promise."""

    passed: int
    total: int
    failure: str = ""
    breach: str = ""

    @property
    def holds(self) -> bool:
        """Whether every case passed and the contract was kept."""
        return self.passed == self.total and not self.breach


Step = tuple[int, Registers]
"""The source row (from 1) of an executed instruction, and the registers after it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One run of a reference: cost, visits of the main loop, bytes written, end state, steps.

    ``first`` has the steps from the start on, all of a short run; ``last`` has the final few.
    """

    instructions: int
    cycles: int
    size: int
    rounds: int
    written: int
    registers: Registers
    values: dict[str, Value]
    first: tuple[Step, ...]
    last: tuple[Step, ...]


def assembled(routine: Routine, source: str) -> Program:
    """Return the program that ``source`` makes at the routine's entry widths.

    Raises:
        AssemblyError: it is no program of at most 1,024 bytes.
    """
    return assemble(source, origin=ORIGIN, max_bytes=_MAX_CODE, m8=routine.m8, x8=routine.x8)


def entry_of(routine: Routine, program: Program) -> int:
    """Return the address of the routine's label, or of the first byte where the label is missing."""
    return program.labels.get(routine.label, program.origin)


def prove(routine: Routine, program: Program, *, first_failure: bool = False) -> Proof:
    """Run ``program`` on the cases and probes of ``routine``, or up to the first failure; bounded by a budget for each.

    From one to the next, what must not matter changes: the carry and the other flags, registers without a meaning,
    and what outputs and scratch hold at entry. Decimal mode is off at entry.
    """
    machine = _machine()
    machine.clear()
    _guard(machine, routine)
    machine.load(0, bytes([_GUARD]) * len(FREE))
    machine.load(program.origin, program.code)
    entry, allowed = entry_of(routine, program), writable(routine)
    ports = any(place.is_port for place in routine.outputs)
    once = routine.unit or any(place.addr == MDMAEN for place in routine.outputs)
    passed, failure, breach = 0, "", ""
    cases = (*routine.cases, *routine.probes)
    for number, case in enumerate(cases):
        carry = number & 1
        if number % _POISONED_FOR == 0:
            _poison(machine, routine, _POISONS[number // _POISONED_FOR % len(_POISONS)])
        stray = _STRAYS[number % len(_STRAYS)]
        registers = _entry_registers(routine, case, carry, stray)
        watched = number < len(routine.cases) + _WATCHED if ports else once and not number
        watch = Watch(machine) if watched else None
        budget = _BRIEF if first_failure or ports else BUDGET
        run = _call(machine, routine, entry, registers, case, budget=budget, trace=watch.see if watch else None)
        problem = _difference(machine, routine, case, run, watch)
        if problem and not failure:
            failure = f"with {_entry_words(routine, case, carry)}, {problem}"
        broke = broken(routine, registers, run, machine.writes, allowed) if run.returned else f"no return: {_end(run)}"
        breach = breach or broke or (watch.hasty if watch else "")
        machine.reset()
        passed += not problem
        if run.reason is Reason.BUDGET or (first_failure and (failure or breach)):
            break
    return Proof(passed, len(cases), failure, breach)


def _entry_words(routine: Routine, case: Case, carry: int) -> str:
    given = routine.given(case)
    return f"{given}{' and ' if given else ''}the carry {'set' if carry else 'clear'} at entry"


def observe(routine: Routine, program: Program, case: Case) -> Observation:
    """Run one case with all other registers and memory 0 and record it."""
    machine = _machine()
    machine.clear()
    machine.load(program.origin, program.code)
    rows = {line.address: line.number for line in program.listing if line.data}
    visits = Counter[int]()
    watch = Watch(machine)
    first: list[Step] = []
    last: deque[TraceStep] = deque(maxlen=_LAST_STEPS)

    def keep(step: TraceStep) -> None:
        visits[step.address] += 1
        watch.see(step)
        if len(first) < _FIRST_STEPS:
            first.append((rows.get(step.address, 0), step.registers))
        last.append(step)

    registers = _entry_registers(routine, case, 0, {})
    run = _call(machine, routine, entry_of(routine, program), registers, case, trace=keep)
    values = {place.name: _read(machine, place, run, watch) for place in routine.outputs}
    written = sum(1 for address in machine.writes if address not in run.stack and address not in UNIT)
    machine.reset()
    loop = routine.label + routine.loop if routine.loop.startswith(".") else routine.loop
    return Observation(
        instructions=run.instructions,
        cycles=run.cycles,
        size=len(program.code),
        rounds=visits[program.labels[loop]] if loop in program.labels else 0,
        written=written,
        registers=run.registers,
        values=values,
        first=tuple(first),
        last=tuple((rows.get(step.address, 0), step.registers) for step in last),
    )


def _entry_registers(routine: Routine, case: Case, carry: int, stray: Mapping[str, int]) -> Registers:
    """Return the registers of ``case`` at entry; ``stray`` fills those that carry no value, and unused high bytes.

    ``stray`` also gives the flags other than the carry and the widths.
    """
    values = dict(stray)
    for place in routine.inputs:
        value = case.given[place.name]
        if isinstance(value, int) and not place.in_memory:
            high = 0 if place.size == 2 else stray.get(place.where, 0) & 0xFF00
            values[place.where] = value | high
    index = 0xFF if routine.x8 else 0xFFFF
    return Registers(
        a=values.get("A", 0),
        x=values.get("X", 0) & index,
        y=values.get("Y", 0) & index,
        p=(0x20 if routine.m8 else 0) | (0x10 if routine.x8 else 0) | stray.get("P", 0) | carry,
    )


def _call(
    machine: Machine,
    routine: Routine,
    entry: int,
    registers: Registers,
    case: Case,
    *,
    budget: int = BUDGET,
    trace: Callable[[TraceStep], None] | None = None,
) -> Run:
    for place in routine.inputs:
        if place.in_memory:
            machine.load(place.addr, place.encode(case.given[place.name]))
    return machine.call(entry, registers=registers, budget=budget, far=routine.far, trace=trace)


def _read(machine: Machine, place: Place, run: Run, watch: Watch | None) -> Value:
    if place.in_memory:
        return place.decode(machine.peek(place.addr, place.size))
    if place.where == "C":
        return int(run.registers.carry)
    if place.is_port:
        return int.from_bytes(watch.written[place.addr][: place.size] if watch else b"", "little")
    register = {"A": run.registers.a, "X": run.registers.x, "Y": run.registers.y}[place.where]
    return register & ((1 << 8 * place.size) - 1)


def _difference(machine: Machine, routine: Routine, case: Case, run: Run, watch: Watch | None) -> str:
    """Return how the results differ from the case, in words, or nothing."""
    if not run.returned:
        if run.reason is Reason.BUDGET:
            return f"the routine does not return within {run.instructions} instructions"
        return f"the routine does not return ({_end(run)})"
    for place in routine.outputs:
        wanted = case.expect[place.name]
        if watch is None and place.is_port:
            last = machine.peek(place.addr)[0]
            if last != place.encode(wanted)[-1]:
                return f"the last write to {place.where} is ${last:02X} instead of ${place.encode(wanted)[-1]:02X}"
            continue
        found = _read(machine, place, run, watch)
        if watch and place.is_port and len(watch.written[place.addr]) != place.size:
            return f"{place.where} is written {_times(len(watch.written[place.addr]))}, not {_times(place.size)}"
        if place.encode(found) != place.encode(wanted) if place.size else found != wanted:
            return f"{place.key} becomes {place.show(found)} instead of {place.show(wanted)}"
    return ""


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _end(run: Run) -> str:
    return {
        Reason.BUDGET: f"it is still running after {run.instructions} instructions",
        Reason.STOPPED: "it runs into BRK, COP, STP or WAI",
        Reason.STACK: "the stack is unbalanced",
        Reason.RETURNED: "it returned",
    }[run.reason]


def _guard(machine: Machine, routine: Routine) -> None:
    places = [place for place in (*routine.inputs, *routine.outputs, *routine.scratch) if place.in_memory]
    for place in places:
        if place.addr < 0x2000 or place.addr >= 0x7E0000:
            machine.load(place.addr - 1, bytes([_GUARD]) * (place.size + 2))


def _poison(machine: Machine, routine: Routine, poison: int) -> None:
    for place in (*routine.outputs, *routine.scratch):
        if place.in_memory:
            machine.load(place.addr, bytes([poison]) * place.size)
