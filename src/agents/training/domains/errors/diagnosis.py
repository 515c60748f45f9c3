"""What the tools say about a program: the assembler's message, or how a run ended and what it left behind.

Owns the words of a run's report. Every number in it was read from the machine after the run. Never guesses a cause.

Facts: JSR pushes two bytes and JSL three, and S then points at the next free byte; RTS and RTL pull them again (WDC
W65C816S data sheet, section 3.5; Eyes and Lichty, "Programming the 65816", chapter 18).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from agents.training.routines.contract import Case, Place, Routine, Value
from agents.training.routines.proof import entry_of
from agents.training.w65816 import Machine, Program, Reason, Registers, Run, TraceStep, canonical

BUDGET = 2_000
"""Instructions of a run."""
TRACED = 320
"""How many of them are recorded; references need fewer."""
_TAIL = 40
"""How many of the last recorded instructions say where an endless run is."""
_STRAY = {"A": 0x5AA7, "X": 0x3C91, "Y": 0x6BD2}
_POISON = 0xCD
_SCRATCH = range(0x10)
_UNIT = frozenset(range(0x4202, 0x4207)) | frozenset(range(0x4214, 0x4218))
_HOME = Registers().s
_PLAIN = frozenset({"mem", "A", "X", "Y", "C"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, and the line that the tool prints."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How one case ended: the findings (none: all is well) and every executed instruction."""

    case: Case
    findings: tuple[Finding, ...]
    steps: tuple[TraceStep, ...]
    entry: Registers

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the findings."""
        return frozenset(finding.kind for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Watched:
    """The machine after a run, and who wrote what."""

    machine: Machine
    run: Run
    steps: list[TraceStep]
    writers: dict[int, TraceStep]


@lru_cache(maxsize=1)
def _machine() -> Machine:
    """Return the machine of this process; diagnoses of one process must not run in several threads."""
    return Machine()


def place(address: int) -> str:
    """Return a 24-bit address as the tools print it: ``$00:8012``."""
    return f"${address >> 16:02X}:{address & 0xFFFF:04X}"


def diagnose(routine: Routine, program: Program) -> Ending | None:
    """Return how the first case that goes wrong ends, or None where every case is as promised."""
    for number in range(len(routine.cases)):
        ending = run_case(routine, program, number)
        if ending.findings:
            return ending
    return None


def run_case(routine: Routine, program: Program, number: int) -> Ending:
    """Return how case ``number`` ends; bounded by `BUDGET`."""
    case, machine = routine.cases[number], _machine()
    machine.clear()
    for where in (*routine.outputs, *routine.scratch):
        if where.in_memory:
            machine.load(where.addr, bytes([_POISON]) * where.size)
    for where in routine.inputs:
        if where.in_memory:
            machine.load(where.addr, where.encode(case.given[where.name]))
    machine.load(program.origin, program.code)
    steps: list[TraceStep] = []
    writers: dict[int, TraceStep] = {}

    def keep(step: TraceStep) -> None:
        steps.append(step)
        for address in islice(machine.writes, len(writers), None):
            writers[address] = step

    registers = entry_registers(routine, case, number & 1)
    entry = entry_of(routine, program)
    run = machine.call(entry, registers=registers, budget=TRACED, far=routine.far, trace=keep)
    if run.reason is Reason.BUDGET:
        machine.reset()
        run = machine.call(entry, registers=registers, budget=BUDGET, far=routine.far)
    watched = _Watched(machine, run, steps, writers)
    findings = tuple(_findings(routine, program, watched, case, registers))
    if findings and len(steps) < run.instructions < BUDGET:
        findings = (Finding("slow", f"budget: it ends after {run.instructions} instructions, {TRACED} are recorded"),)
    machine.reset()
    return Ending(case, findings, tuple(steps), registers)


def cost(routine: Routine, program: Program, case: Case) -> Run:
    """Return a run of ``case``, for its instructions and cycles; bounded by `BUDGET`."""
    machine = _machine()
    machine.clear()
    for where in routine.inputs:
        if where.in_memory:
            machine.load(where.addr, where.encode(case.given[where.name]))
    machine.load(program.origin, program.code)
    entry, registers = entry_of(routine, program), entry_registers(routine, case, 0)
    run = machine.call(entry, registers=registers, budget=BUDGET, far=routine.far)
    machine.reset()
    return run


def entry_registers(routine: Routine, case: Case, carry: int) -> Registers:
    """Return the registers of ``case`` at entry; what carries no value holds something arbitrary."""
    values = dict(_STRAY)
    for where in routine.inputs:
        value = case.given[where.name]
        if isinstance(value, int) and where.where in values:
            values[where.where] = value | (0 if where.size == 2 else values[where.where] & 0xFF00)
    index = 0xFF if routine.x8 else 0xFFFF
    p = (0x20 if routine.m8 else 0) | (0x10 if routine.x8 else 0) | carry
    return Registers(a=values["A"], x=values["X"] & index, y=values["Y"] & index, p=p)


def _findings(routine: Routine, program: Program, seen: _Watched, case: Case, before: Registers) -> Iterator[Finding]:
    if not seen.run.returned:
        yield _unreturned(program, seen)
        return
    end = seen.run.registers
    yield from _state(routine, end)
    for name in routine.keeps:
        mask = (1 << 8 * routine.width(name)) - 1
        was, now = _register(before, name) & mask, _register(end, name) & mask
        if was != now:
            digits = 2 * routine.width(name)
            yield Finding("kept", f"contract: {name} is ${now:0{digits}X} at the return, ${was:0{digits}X} expected")
    yield from islice(_stray(routine, seen), 2)
    for where in routine.outputs:
        if where.where in _PLAIN:
            found, wanted = _read(seen, where), case.expect[where.name]
            if where.show(found) != where.show(wanted):
                text = f"result: {where.key} is {where.show(found)} after the return, {where.show(wanted)} expected"
                yield Finding("result", text)


def _state(routine: Routine, end: Registers) -> Iterator[Finding]:
    for letter, what, now, wanted in (("M", "A", end.m8, routine.m8), ("X", "X/Y", end.x8, routine.x8)):
        if now != wanted:
            flag = f"{letter} flag is {int(now)} ({what} {8 if now else 16} bits)"
            yield Finding("width", f"contract: {flag} at the return, {int(wanted)} expected")
    if end.decimal:
        yield Finding("decimal", "contract: D flag is 1 (decimal mode) at the return, 0 expected")
    if end.d:
        yield Finding("direct", f"contract: direct page register is ${end.d:04X} at the return, $0000 expected")
    if end.dbr:
        yield Finding("bank", f"contract: DB is ${end.dbr:02X} at the return, $00 expected")


def _unreturned(program: Program, seen: _Watched) -> Finding:
    last, run = seen.steps[-1], seen.run
    if run.reason is Reason.BUDGET:
        around = [step.address for step in seen.steps[-_TAIL:]]
        span = f"{place(min(around))}-{place(max(around))}"
        late = f"numbers {TRACED - _TAIL + 1} to {TRACED}"
        text = f"{run.instructions} instructions and no return; of these, {late} are at {span}"
        return Finding("budget", f"budget: {text}")
    if run.reason is Reason.STOPPED:
        inside = program.origin <= last.address < program.origin + len(program.code)
        where = "inside the program" if inside else "outside the program"
        name = last.text.split()[0].upper()
        return Finding("stopped", f"stopped: {name} at {place(last.address)}, {where}, S = ${run.registers.s:04X}")
    name = last.text.split()[0].upper()
    if last.text in {"rts", "rtl"} and run.registers.s < _HOME:
        text = f"{name} at {place(last.address)} reached the caller with S = ${run.registers.s:04X}, $1FFF expected"
    elif run.registers.s > _HOME:
        text = f"{name} at {place(last.address)} pulled beyond the return address: S = ${run.registers.s:04X}"
    else:
        text = f"{name} at {place(last.address)} overflowed the stack: S = ${run.registers.s:04X}"
    return Finding("stack", f"stack: {text}")


def _stray(routine: Routine, seen: _Watched) -> Iterator[Finding]:
    allowed: set[int] = set()
    for where in (*routine.outputs, *routine.scratch):
        if where.where == "mem" or where.where not in _PLAIN:
            first = canonical(where.addr)
            allowed.update(range(first, first + where.size))
    for address, was in seen.machine.writes.items():
        if address in allowed or address in seen.run.stack or address in _SCRATCH or address in _UNIT:
            continue
        step = seen.writers[address]
        now = seen.machine.peek(address)[0]
        text = f"{step.text} at {place(step.address)} wrote {place(address)} (${was:02X} -> ${now:02X})"
        yield Finding("stray", f"contract: {text}, which is none of the routine's places")


def _read(seen: _Watched, where: Place) -> Value:
    if where.in_memory:
        return where.decode(seen.machine.peek(where.addr, where.size))
    if where.where == "C":
        return int(seen.run.registers.carry)
    return _register(seen.run.registers, where.where) & ((1 << 8 * where.size) - 1)


def _register(registers: Registers, name: str) -> int:
    return {"A": registers.a, "X": registers.x, "Y": registers.y}[name]
