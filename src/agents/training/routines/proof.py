"""Proof by execution: assembles a text, runs it on a routine's cases, compares with the oracle and the contract.

Owns the machine of the process and what counts as keeping a contract. Never reads prose.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agents.training.routines.contract import Case, Place, Routine, Value, hex_address
from agents.training.w65816 import (
    Machine,
    Program,
    Reason,
    Registers,
    Run,
    TraceStep,
    assemble,
    canonical,
)

ORIGIN = 0x8000
BUDGET = 1_000
"""Instructions a case may take; references need fewer than 150."""
_PROBE = 400
"""The same where only the first failure is wanted."""
_MAX_CODE = 1_024
_STRAY = {"A": 0x5AA7, "X": 0x3C91, "Y": 0x6BD2}
"""What registers without a meaning hold at entry."""
_POISON, _GUARD = 0xCD, 0xB6
"""What outputs hold at entry, and what stands before and behind every place."""
_UNIT = frozenset(range(0x4202, 0x4207)) | frozenset(range(0x4214, 0x4218))
_FREE = range(0x10)
_FIRST_STEPS, _LAST_STEPS = 12, 4


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
    """One run of a reference: cost, visits of the main loop, bytes written, end state, first and last steps."""

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
    """Run ``program`` on every case of ``routine``, or up to the first failure; bounded by the budget of each case."""
    machine = _machine()
    machine.clear()
    _guard(machine, routine)
    machine.load(program.origin, program.code)
    entry, allowed = entry_of(routine, program), _allowed(routine)
    passed, failure, breach = 0, "", ""
    for number, case in enumerate(routine.cases):
        carry = number & 1
        registers = _entry_registers(routine, case, carry, _STRAY)
        run = _call(machine, routine, entry, registers, case, budget=_PROBE if first_failure else BUDGET)
        problem = _difference(machine, routine, case, run)
        if problem and not failure:
            failure = f"with {_entry_words(routine, case, carry)}, {problem}"
        breach = breach or _breach(machine, routine, run, case, allowed)
        machine.reset()
        passed += not problem
        if run.reason is Reason.BUDGET or (first_failure and (failure or breach)):
            break
    return Proof(passed, len(routine.cases), failure, breach)


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
    first: list[Step] = []
    last: deque[TraceStep] = deque(maxlen=_LAST_STEPS)

    def keep(step: TraceStep) -> None:
        visits[step.address] += 1
        if len(first) < _FIRST_STEPS:
            first.append((rows.get(step.address, 0), step.registers))
        else:
            last.append(step)

    registers = _entry_registers(routine, case, 0, {})
    run = _call(machine, routine, entry_of(routine, program), registers, case, trace=keep)
    values = {place.name: _read(machine, place, run) for place in routine.outputs}
    written = sum(1 for address in machine.writes if address not in run.stack and address not in _UNIT)
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
    """Return the registers of ``case`` at entry; ``stray`` fills those that carry no value, and unused high bytes."""
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
        p=(0x20 if routine.m8 else 0) | (0x10 if routine.x8 else 0) | carry,
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


def _read(machine: Machine, place: Place, run: Run) -> Value:
    if place.in_memory:
        return place.decode(machine.peek(place.addr, place.size))
    if place.where == "C":
        return int(run.registers.carry)
    register = {"A": run.registers.a, "X": run.registers.x, "Y": run.registers.y}[place.where]
    return register & ((1 << 8 * place.size) - 1)


def _difference(machine: Machine, routine: Routine, case: Case, run: Run) -> str:
    """Return how the results differ from the case, in words, or nothing."""
    if not run.returned:
        return f"the routine does not return ({_end(run)})"
    for place in routine.outputs:
        found, wanted = _read(machine, place, run), case.expect[place.name]
        if place.encode(found) != place.encode(wanted) if place.size else found != wanted:
            return f"{place.key} becomes {place.show(found)} instead of {place.show(wanted)}"
    return ""


def _end(run: Run) -> str:
    return {
        Reason.BUDGET: f"it is still running after {run.instructions} instructions",
        Reason.STOPPED: "it runs into BRK, COP, STP or WAI",
        Reason.STACK: "the stack is unbalanced",
        Reason.RETURNED: "it returned",
    }[run.reason]


def _breach(machine: Machine, routine: Routine, run: Run, case: Case, allowed: frozenset[int]) -> str:
    """Return the first broken promise of the contract, or nothing."""
    end = run.registers
    if not run.returned:
        return f"no return: {_end(run)}"
    if end.m8 != routine.m8 or end.x8 != routine.x8:
        return "register widths at return differ from those at entry"
    if end.decimal or end.d or end.dbr:
        return "the decimal flag, D or DB is changed"
    given = {place.where: case.given[place.name] for place in routine.inputs if not place.in_memory}
    for register in routine.keeps:
        mask = (1 << 8 * routine.width(register)) - 1
        before = given.get(register, _STRAY[register])
        if isinstance(before, int) and ({"A": end.a, "X": end.x, "Y": end.y}[register] ^ before) & mask:
            return f"{register} is not kept"
    for address in machine.writes:
        if address not in allowed and address not in run.stack and address not in _FREE:
            return f"{hex_address(address)} is written, which the contract does not allow"
    return ""


def _guard(machine: Machine, routine: Routine) -> None:
    places = [place for place in (*routine.inputs, *routine.outputs, *routine.scratch) if place.in_memory]
    for place in places:
        if place.addr < 0x2000 or place.addr >= 0x7E0000:
            machine.load(place.addr - 1, bytes([_GUARD]) * (place.size + 2))
    for place in (*routine.outputs, *routine.scratch):
        if place.in_memory:
            machine.load(place.addr, bytes([_POISON]) * place.size)


def _allowed(routine: Routine) -> frozenset[int]:
    found: set[int] = set()
    for place in (*routine.outputs, *routine.scratch):
        if place.in_memory:
            first = canonical(place.addr)
            found.update(range(first, first + place.size))
    if routine.noun.startswith("hardware"):
        found |= _UNIT
    return frozenset(found)
