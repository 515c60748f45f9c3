"""Works waste into a reference: piece by piece, each proved harmless and measured.

Owns the choice of pieces and what each costs. Never writes prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from agents.training.domains.asm.timing import cycles
from agents.training.domains.asm.waste.detours import DETOURS
from agents.training.domains.asm.waste.frame import Edit, Frame
from agents.training.domains.asm.waste.roundabouts import ROUNDABOUTS
from agents.training.routines.contract import Case, Line, Routine
from agents.training.routines.proof import assembled, prove
from agents.training.routines.render import Style, rows
from agents.training.w65816 import AssemblyError, Program

_PLAIN = Style("  ", " ", False, False, True, False, 0)
_REPEATS = frozenset({"absolute_for_direct", "long_for_absolute", "shift_by_rotating", "zero_through_a", "load_again"})
"""Kinds that may occur more than once; the others are drawn once at most."""


_MANNERS = (*DETOURS, *ROUNDABOUTS)
_COMMON = {
    "width_again": 5.0,
    "far_addressing": 2.0,
    "branch_around_jump": 2.0,
    "split_tail": 2.5,
    "load_again": 1.5,
    "needless_save": 2.5,
}
"""How much later than the others the manners come that fit nearly everywhere."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of waste: its kind, its wasteful lines, what the remedy names, and what it costs."""

    kind: str
    lines: tuple[Line, ...]
    right: str
    cost: int


@dataclass(frozen=True, slots=True)
class Wasteful:
    """A routine with waste: its lines, the pieces, and what it costs with and without them.

    Costs are bytes of code or, for a routine wasted ``by_cycles``, CPU cycles of the call ``case``.
    """

    lines: tuple[Line, ...]
    pieces: tuple[Piece, ...]
    before: int
    after: int
    by_cycles: bool
    case: Case


def source(routine: Routine, lines: Sequence[Line]) -> str:
    """Return plain source text of ``lines``."""
    return "\n".join(rows(routine, lines, _PLAIN)[0])


def cost(routine: Routine, program: Program, case: Case, *, by_cycles: bool) -> int | None:
    """Return the bytes of ``program``, or its cycles in ``case``; None if that call does not return."""
    return cycles(routine, program, case) if by_cycles else len(program.code)


def inject(rng: Random, routine: Routine, count: int, *, by_cycles: bool) -> Wasteful:
    """Return ``routine`` with up to ``count`` pieces of waste, at least one.

    Raises:
        LookupError: no waste fits.
    """
    case = routine.cases[int(rng.random() * min(3, len(routine.cases)))]
    best = cost(routine, assembled(routine, source(routine, routine.lines)), case, by_cycles=by_cycles) or 0
    for _ in range(4):
        lines, pieces = _worked_in(rng, routine, case, count, best, by_cycles=by_cycles)
        if pieces and prove(routine, assembled(routine, source(routine, lines)), first_failure=True).holds:
            total = best + sum(piece.cost for piece in pieces)
            return Wasteful(tuple(lines), tuple(pieces), total, best, by_cycles, case)
    raise LookupError(f"no waste fits {routine.noun}")


def _worked_in(
    rng: Random, routine: Routine, case: Case, count: int, best: int, *, by_cycles: bool
) -> tuple[list[Line], list[Piece]]:
    lines, taken, now = list(routine.lines), [False] * len(routine.lines), best
    pieces: list[Piece] = []
    for _ in range(2 * count + 4):
        edit = _draw(rng, Frame(routine, lines, taken), {piece.kind for piece in pieces})
        if edit is None or len(pieces) == count:
            break
        changed, marked = _apply(lines, taken, edit)
        try:
            found = cost(routine, assembled(routine, source(routine, changed)), case, by_cycles=by_cycles)
        except AssemblyError:
            continue
        if found is None or found <= now:
            continue
        wasteful = tuple(line for line in edit.lines if not line.note)
        pieces.append(Piece(edit.kind, wasteful, edit.right, found - now))
        lines, taken, now = changed, marked, found
    return lines, pieces


def _draw(rng: Random, frame: Frame, used: set[str]) -> Edit | None:
    """Return an edit of a random manner that fits somewhere; kinds used before come last."""
    keys = [rng.random() * _COMMON.get(manner.__name__, 1.0) for manner in _MANNERS]
    late: list[Edit] = []
    for _, manner in sorted(zip(keys, _MANNERS, strict=True), key=lambda pair: pair[0]):
        edits = list(manner(frame))
        fresh = [edit for edit in edits if edit.kind not in used]
        if fresh:
            return fresh[int(rng.random() * len(fresh))]
        late += [edit for edit in edits if edit.kind in _REPEATS]
    return late[int(rng.random() * len(late))] if late else None


def _apply(lines: Sequence[Line], taken: Sequence[bool], edit: Edit) -> tuple[list[Line], list[bool]]:
    end = edit.at + edit.count
    own = list(zip(lines[edit.at : end], taken[edit.at : end], strict=True)) if edit.spans else []
    marks = [next((mark for old, mark in own if old is line), True) for line in edit.lines]
    return [*lines[: edit.at], *edit.lines, *lines[end:]], [*taken[: edit.at], *marks, *taken[end:]]
