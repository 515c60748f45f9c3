"""From an item to its material: the routine, its program, the case asked about, the injected fault.

Owns the derivation (pure, remembered for the last items of the process). Never writes prose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from agents.training.phrases import seeded
from agents.training.routines.contract import Case, Line, Place, Routine, hex_address
from agents.training.routines.draft import Draft
from agents.training.routines.faults import slips
from agents.training.routines.proof import Observation, assembled, observe, prove
from agents.training.routines.render import Style, rows
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import SourceItem
from agents.training.w65816 import AssemblyError

_NO_RETURN = 0.85
"""How often RTS for RTL, which every routine invites, is the last slip to be tried."""
_PLAIN = Style("  ", " ", False, False, True, False, 0)


@dataclass(frozen=True, slots=True)
class Fault:
    """A routine with one slip: ``at`` indexes the line that is wrong, or the one behind a missing instruction."""

    lines: tuple[Line, ...]
    at: int
    kind: str
    right: Line
    failure: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a trace or an explanation must state: keys with their true values as text, and the run behind them."""

    case: Case
    facts: tuple[tuple[str, str, str], ...]
    seen: Observation


def kind_of(item: SourceItem) -> str:
    """Return the task kind, a key of `kinds.KINDS`."""
    return item.cell.family.partition(".")[0]


def routine_of(item: SourceItem) -> Routine:
    """Return the concrete routine of ``item``."""
    return routine_from(item.cell.family.partition(".")[2], item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def routine_from(noun: str, level: int, salt: str) -> Routine:
    """Return the routine that the template ``noun`` draws up at difficulty ``level`` for ``salt``."""
    return TEMPLATES[noun](Draft(seeded(salt, noun, level), level))


def source_of(routine: Routine, lines: tuple[Line, ...]) -> str:
    """Return plain source text for ``lines`` in the frame of ``routine``."""
    return "\n".join(rows(routine, lines, _PLAIN)[0])


def line_at(routine: Routine) -> dict[int, Line]:
    """Return the lines of ``routine`` by their row (from 1) in its plain source, which observations refer to."""
    places = rows(routine, routine.lines, _PLAIN)[1]
    return {row + 1: line for row, line in zip(places, routine.lines, strict=True)}


def fault_of(item: SourceItem) -> Fault:
    """Return the fault of a ``fix`` or ``find`` item: injected, and proved to fail a case or to break the contract."""
    return _fault(item.cell.family.partition(".")[2], item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _fault(noun: str, level: int, salt: str) -> Fault:
    routine = routine_from(noun, level, salt)
    rng = seeded(salt, "fault")
    candidates = [
        (at, slip)
        for at, line in enumerate(routine.lines)
        if line.op not in {"db", "dw"}
        for slip in slips(line.op, line.arg)
    ]
    rng.shuffle(candidates)
    kinds = sorted({slip.kind for _, slip in candidates})
    rng.shuffle(kinds)
    if rng.random() < _NO_RETURN:
        kinds.sort(key=lambda kind: kind == "return")
    for at, slip in sorted(candidates, key=lambda candidate: kinds.index(candidate[1].kind)):
        lines = _with(routine.lines, at, slip.text)
        try:
            proof = prove(routine, assembled(routine, source_of(routine, lines)), first_failure=True)
        except AssemblyError:
            continue
        if not proof.holds:
            return Fault(lines, at, slip.kind, routine.lines[at], proof.failure or proof.breach)
    raise LookupError(f"no slip shows in {noun} with salt {salt}")


def shown(item: SourceItem) -> tuple[Style, list[str], list[int]]:
    """Return the code that the prompt of ``item`` shows: its style, its rows, and the row of each line."""
    return _shown(item.cell.family, item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _shown(family: str, level: int, salt: str) -> tuple[Style, list[str], list[int]]:
    kind, _, noun = family.partition(".")
    routine, rng = routine_from(noun, level, salt), seeded(salt, "code")
    is_faulty = kind in {"fix", "find"}
    style = Style.draw(rng, comments=is_faulty and rng.random() < 0.5 / level)
    lines = _fault(noun, level, salt).lines if is_faulty else routine.lines
    return (style, *rows(routine, lines, style))


def fault_rows(item: SourceItem) -> tuple[int, int, int]:
    """Return the row (from 1) to name for the fault of ``item``, and the lowest and highest that count as well.

    A wrong instruction has one row; a missing one lies between two, labels included, and naming either is right.
    """
    fault = fault_of(item)
    _, text, places = shown(item)
    at = min(fault.at, len(places) - 1)
    row = min(places[at], len(text) - 1)
    if fault.kind != "missing":
        return row + 1, row + 1, row + 1
    before = max((place for place in places[: fault.at] if place < row), default=row)
    line = fault.lines[at]
    named = row - 1 if line.op and line.label and text[row - 1].strip().rstrip(":") == line.label else row
    return named + 1, before + 1, row + 1


def _with(lines: tuple[Line, ...], at: int, text: str) -> tuple[Line, ...]:
    line = lines[at]
    if text:
        op, _, arg = text.partition(" ")
        return (*lines[:at], replace(line, op=op, arg=arg), *lines[at + 1 :])
    if not line.label:
        return (*lines[:at], *lines[at + 1 :])
    return (*lines[:at], Line(line.label, "", "", ""), *lines[at + 1 :])


def asked_of(item: SourceItem) -> Asked:
    """Return what a ``trace`` or ``explain`` item asks for."""
    return _asked(item.cell.family, item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _asked(family: str, level: int, salt: str) -> Asked:
    kind, _, noun = family.partition(".")
    routine = routine_from(noun, level, salt)
    rng = seeded(salt, "ask")
    case = routine.cases[int(rng.random() ** 2 * min(4, len(routine.cases)))]
    program = assembled(routine, source_of(routine, routine.lines))
    seen = observe(routine, program, case)
    facts = [(place.key, place.show(seen.values[place.name]), _of(place)) for place in routine.outputs]
    facts += _registers(routine, seen, rng) if kind == "trace" else _costs(routine, seen, rng)
    return Asked(case, tuple(facts), seen)


def spoken_of(item: SourceItem) -> Iterable[Line]:
    """Return the lines that an answer must speak of: those in the steps of a trace, all of an explanation."""
    routine, seen = routine_of(item), asked_of(item).seen
    if kind_of(item) == "explain":
        return routine.lines
    lines = line_at(routine)
    return [lines[row] for row, _ in (*seen.first[:6], *seen.last)]


def block_move(routine: Routine) -> str:
    """Return the block move that the code of ``routine`` uses, MVN or MVP, or nothing."""
    return next((line.op.upper() for line in routine.lines if line.op in {"mvn", "mvp"}), "")


def _of(place: Place) -> str:
    if not place.size:
        return "the carry flag, 0 or 1"
    if place.is_port:
        return f"the {place.size} bytes written to {hex_address(place.addr)} as one number, the first one lowest"
    if not place.in_memory:
        return f"register {place.where} after the return, {8 * place.size} bits"
    where = hex_address(place.addr)
    if place.array:
        if place.size == 1:
            return f"the byte at {where}, hexadecimal"
        return f"the {place.size} bytes from {where} on in hexadecimal, lowest address first"
    return f"the {8 * place.size}-bit value at {where}, hexadecimal"


def _registers(routine: Routine, seen: Observation, rng: Random) -> list[tuple[str, str, str]]:
    taken = {place.where for place in routine.outputs}
    end = seen.registers
    found = []
    for name, value in (("A", end.a), ("X", end.x), ("Y", end.y)):
        width = routine.width(name)
        if name not in taken and rng.random() < 0.6:
            shown = f"${value & ((1 << 8 * width) - 1):0{2 * width}X}"
            found.append((name, shown, f"register {name} after the return, {8 * width} bits"))
    if "C" not in taken and rng.random() < 0.4:
        found.append(("C", str(int(end.carry)), "the carry flag after the return, 0 or 1"))
    return found


def _costs(routine: Routine, seen: Observation, rng: Random) -> list[tuple[str, str, str]]:
    moves = f"; {block_move(routine)} counts once per byte" if block_move(routine) else ""
    found = [
        ("code_bytes", str(seen.size), "size of the code and its tables in bytes"),
        ("instructions", str(seen.instructions), f"instructions executed, the return included{moves}"),
        ("written", str(seen.written), "different addresses written, stack and multiply/divide registers aside"),
    ]
    if routine.loop:
        found.append(("rounds", str(seen.rounds), f"how often execution reaches {routine.loop}"))
    rng.shuffle(found)
    return found[: 2 + int(rng.random() * 2)]
