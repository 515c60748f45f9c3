"""Proof by execution: assembles a text, runs it on a routine's cases, compares with the oracle and the contract.

Owns the machine of the process and what counts as keeping a contract. Never reads prose.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from agents.training.w65816 import (
    AssemblyError,
    Machine,
    Program,
    Reason,
    Registers,
    Run,
    TraceStep,
    assemble,
    canonical,
)

from .contract import Case, Place, Routine, Value

ORIGIN = 0x8000
BUDGET = 1_000
"""Instructions a case may take; references need fewer than 150."""
_MAX_CODE = 1_024
_STRAY = {"A": 0x5AA7, "X": 0x3C91, "Y": 0x6BD2}
"""What registers without a meaning hold at entry."""
_POISON, _GUARD = 0xCD, 0xB6
"""What outputs hold at entry, and what stands before and behind every place."""
_UNIT = frozenset(range(0x4202, 0x4207)) | frozenset(range(0x4214, 0x4218))
_FREE = range(0x10)


@lru_cache(maxsize=1)
def _machine() -> Machine:
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


@dataclass(frozen=True, slots=True)
class Observation:
    """One run of a reference: its cost, its end state, its first steps as (row, registers after)."""

    instructions: int
    cycles: int
    size: int
    rounds: int
    written: int
    registers: Registers
    values: dict[str, Value]
    steps: tuple[tuple[int, Registers], ...]


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
    entry = entry_of(routine, program)
    allowed = _allowed(routine)
    passed, failure, breach = 0, "", ""
    for number, case in enumerate(routine.cases):
        run = _call(machine, routine, case, entry, carry=number & 1, stray=True)
        problem = _difference(machine, routine, case, run)
        breach = breach or _breach(machine, routine, run, case, allowed)
        machine.reset()
        failure = failure or problem
        passed += not problem
        if run.reason is Reason.BUDGET or (first_failure and (failure or breach)):
            break
    return Proof(passed, len(routine.cases), failure, breach)


def observe(routine: Routine, program: Program, case: Case, watched: int = 0) -> Observation:
    """Run one case with all other registers and memory 0 and record it; ``watched`` steps are kept."""
    machine = _machine()
    machine.clear()
    machine.load(program.origin, program.code)
    entry = entry_of(routine, program)
    rows = {line.address: line.number for line in program.listing if line.data}
    heads = Counter[int]()
    steps: list[tuple[int, Registers]] = []

    def keep(step: TraceStep) -> None:
        heads[step.address] += 1
        if len(steps) < watched:
            steps.append((rows.get(step.address, 0), step.registers))

    run = _call(machine, routine, case, entry, carry=0, stray=False, trace=keep if watched else None)
    values = {place.name: _read(machine, place, run) for place in routine.outputs}
    written = sum(1 for address in machine.writes if address not in run.stack and address not in _UNIT)
    machine.reset()
    loop = routine.label + routine.loop if routine.loop.startswith(".") else routine.loop
    rounds = heads[program.labels[loop]] if loop in program.labels else 0
    return Observation(
        run.instructions, run.cycles, len(program.code), rounds, written, run.registers, values, tuple(steps)
    )


def _call(machine: Machine, routine: Routine, case: Case, entry: int, *, carry: int, stray: bool, trace=None) -> Run:  # type: ignore[no-untyped-def]
    values = dict(_STRAY) if stray else {}
    for place in routine.inputs:
        value = case.given[place.name]
        if place.in_memory:
            machine.load(place.addr, place.encode(value))
        elif isinstance(value, int):
            values[place.where] = value if not stray or place.size == 2 else value | _STRAY[place.where] & 0xFF00
    keep = 0xFF if routine.x8 else 0xFFFF
    registers = Registers(a=values.get("A", 0), x=values.get("X", 0) & keep, y=values.get("Y", 0) & keep,
                          p=(0x20 if routine.m8 else 0) | (0x10 if routine.x8 else 0) | carry)  # fmt: skip
    return machine.call(entry, registers=registers, budget=BUDGET, far=routine.far, trace=trace)


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
        return f"did not return ({run.reason}) after {run.instructions} instructions"
    for place in routine.outputs:
        found, wanted = _read(machine, place, run), case.expect[place.name]
        if place.encode(found) != place.encode(wanted) if place.size else found != wanted:
            return f"{place.key} is {place.show(found)}, not {place.show(wanted)}"
    return ""


def _breach(machine: Machine, routine: Routine, run: Run, case: Case, allowed: frozenset[int]) -> str:
    """Return the first broken promise of the contract, or nothing."""
    end = run.registers
    if not run.returned:
        return f"no return: {run.reason}"
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
            return f"${address:06X} is written"
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


__all__ = ["AssemblyError", "Observation", "Proof", "assembled", "entry_of", "observe", "prove"]
