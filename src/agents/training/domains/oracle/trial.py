"""Running a patched ROM: what went in, what has to come out, and whether it did.

Owns the machine of the process and the comparison after a run. Never reads an answer's prose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agents.training.domains.oracle.patch import Patch
from agents.training.domains.oracle.rom import Region, mirror, show
from agents.training.routines.contract import hex_address
from agents.training.w65816 import Machine, Reason, Registers, Run

BUDGET = 1_500
"""Instructions per run; a routine and its hook need fewer than 300."""
_STOP = b"\xdb"
"""STP: marks the moment at which a run is to be looked at."""

Image = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Start:
    """One call: registers, and memory given as (address, bytes)."""

    registers: Registers
    loads: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The end of an original run: registers and the final value of every byte written outside of the stack."""

    registers: Registers
    written: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """One proof obligation: call ``entry`` as JSL (``far``) or JSR does; then memory and registers must be so.

    ``expect`` maps canonical addresses to bytes; a byte that is not in it must be as before the call. ``kept`` names
    registers (a, x, y, p) with the value they must have under a mask.
    """

    entry: int
    far: bool
    start: Start
    expect: Mapping[int, int]
    kept: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """An address at which all registers must be as in the original; one entry per trial, None for no visit."""

    at: int
    registers: tuple[Registers | None, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A ROM, where it may be changed, and what must hold afterwards; ``trials`` are at least twelve."""

    image: Image
    allowed: tuple[Region, ...]
    trials: tuple[Trial, ...]
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Trials passed of ``total`` and the first failure in words."""

    passed: int
    total: int
    failure: str = ""

    @property
    def holds(self) -> bool:
        """Whether every trial passed."""
        return self.passed == self.total


@lru_cache(maxsize=1)
def _machine() -> Machine:
    """Return the machine of this process; proofs of one process must not run in several threads."""
    return Machine()


def _boot(image: Image, cells: Mapping[int, int]) -> Machine:
    machine = _machine()
    machine.clear()
    for address, data in image:
        machine.load(address, data)
        machine.load(mirror(address), data)
    for address, data in _runs(cells):
        machine.load(address, data)
        machine.load(mirror(address), data)
    return machine


def _runs(cells: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of ``cells`` as stretches without gaps."""
    start, data = -1, bytearray()
    for address in sorted(cells):
        if address != start + len(data):
            if data:
                yield start, bytes(data)
            start, data = address, bytearray()
        data.append(cells[address])
    if data:
        yield start, bytes(data)


def _call(machine: Machine, entry: int, far: bool, start: Start) -> Run:
    for address, data in start.loads:
        machine.load(address, data)
    return machine.call(entry, registers=start.registers, far=far, budget=BUDGET)


def record(image: Image, entry: int, far: bool, starts: Iterable[Start]) -> list[Seen | None]:
    """Run the original once per start; None where it does not return."""
    machine = _boot(image, {})
    found: list[Seen | None] = []
    for start in starts:
        run = _call(machine, entry, far, start)
        written = {address: machine.peek(address)[0] for address in machine.writes if address not in run.stack}
        found.append(Seen(run.registers, written) if run.returned else None)
        machine.reset()
    return found


@dataclass(frozen=True, slots=True)
class Moment:
    """The machine when execution comes to an address: registers, and the bytes of the places asked for."""

    registers: Registers
    places: Mapping[tuple[int, int], int]


def moments(
    image: Image, entry: int, far: bool, starts: Iterable[Start], at: int, places: Iterable[tuple[int, int]]
) -> list[Moment | None]:
    """Run the original up to address ``at`` once per start; None where it never comes there.

    ``places`` are (address, size) of little-endian numbers to be read there.
    """
    wanted = tuple(places)
    machine = _boot(image, {})
    machine.load(at, _STOP)
    found: list[Moment | None] = []
    for start in starts:
        run = _call(machine, entry, far, start)
        values = {place: int.from_bytes(machine.peek(*place), "little") for place in wanted}
        found.append(Moment(run.registers, values) if _is_at(run, at) else None)
        machine.reset()
    return found


def _is_at(run: Run, at: int) -> bool:
    """Return whether the run was stopped at ``at``, in either half of the address space."""
    end = run.registers
    return run.reason is Reason.STOPPED and (end.pbr << 16 | end.pc) & 0x7FFFFF == at & 0x7FFFFF


def outside(job: Job, patch: Patch) -> str:
    """Return which byte the patch writes that it may not, in words, or nothing."""
    for address in patch.cells:
        if not any(region.holds(address) for region in job.allowed):
            return f"{show(address)} is written, which is neither free nor displaced"
    return ""


def prove(job: Job, patch: Patch, *, first_failure: bool = False) -> Proof:
    """Run the patched ROM on every trial, or up to the first failure."""
    machine = _boot(job.image, patch.cells)
    passed, failure = 0, ""
    for trial in job.trials:
        run = _call(machine, trial.entry, trial.far, trial.start)
        problem = _difference(machine, trial, run)
        machine.reset()
        passed += not problem
        failure = failure or problem
        if run.reason is Reason.BUDGET or (first_failure and failure):
            return Proof(passed, len(job.trials), failure)
    failure = failure or _paused(machine, job)
    return Proof(min(passed, len(job.trials) - bool(failure)), len(job.trials), failure)


def _paused(machine: Machine, job: Job) -> str:
    """Return which register differs from the original at the job's pause, in words, or nothing."""
    if job.pause is None:
        return ""
    for address in (job.pause.at, mirror(job.pause.at)):
        machine.load(address, _STOP)
    for trial, wanted in zip(job.trials, job.pause.registers, strict=True):
        if wanted is None:
            continue
        run = _call(machine, trial.entry, trial.far, trial.start)
        machine.reset()
        where = f"at {show(job.pause.at)}"
        if not _is_at(run, job.pause.at):
            return f"execution does not come {where}"
        for name in ("a", "x", "y", "s", "d", "dbr", "p"):
            found, before = getattr(run.registers, name), getattr(wanted, name)
            if found != before:
                shown = {"dbr": "DB", "p": "P (flags and widths)"}.get(name, name.upper())
                return f"{where} {shown} is ${found:02X}, without the patch it is ${before:02X}"
    return ""


_ENDS = {
    Reason.BUDGET: "it does not come back (still running)",
    Reason.STOPPED: "it crashes (runs into BRK, COP, STP or WAI)",
    Reason.STACK: "it comes back with the stack unbalanced",
}


def _difference(machine: Machine, trial: Trial, run: Run) -> str:
    if not run.returned:
        return _ENDS[run.reason]
    return _state(trial, run.registers) or _memory(machine, trial, run)


def _state(trial: Trial, end: Registers) -> str:
    """Return which register or flag is not as it must be at the return, in words, or nothing."""
    given = trial.start.registers
    if not trial.far and (end.pbr ^ trial.entry >> 16) & 0x7F:
        return f"it returns into bank ${end.pbr:02X}"
    if end.d != given.d or end.dbr != given.dbr or end.e:
        return "D or DB is another one at the return"
    for name, value, mask in trial.kept:
        found = getattr(end, name) & mask
        if found != value & mask:
            shown = f"{name.upper()} is ${found:02X} at the return, not ${value & mask:02X}"
            return _flagged(found, value & mask) if name == "p" else shown
    return ""


def _memory(machine: Machine, trial: Trial, run: Run) -> str:
    """Return which byte is not as it must be, in words, or nothing."""
    before = {address: value for address, value in machine.writes.items() if address not in run.stack}
    for address, wanted in {**before, **trial.expect}.items():
        found = machine.peek(address)[0]
        if found != wanted:
            return f"the byte at {hex_address(address)} is ${found:02X} afterwards, not ${wanted:02X}"
    return ""


_FLAGS = {
    0x20: "the width of A",
    0x10: "the width of X and Y",
    0x08: "decimal mode",
    0x04: "the I flag",
    0x01: "the carry",
}


def _flagged(found: int, wanted: int) -> str:
    wrong = [name for bit, name in _FLAGS.items() if (found ^ wanted) & bit]
    return f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong at the return"
