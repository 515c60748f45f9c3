"""Registers that the caller does not get back.

Owns the family ``clobber``.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, without
from agents.training.domains.errors.slips.nouns import SAVES
from agents.training.routines.contract import Line, Routine

_PULLS = {"pha": "pla", "phx": "plx", "phy": "ply"}
_LOADS = {"X": ("ldx", "tax", "tyx", "plx"), "Y": ("ldy", "tay", "txy", "ply"), "A": ("lda", "txa", "tya", "pla")}


def clobber(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield registers that the caller does not get back."""
    del rng
    sheet = Sheet.of(routine)
    lines = sheet.lines
    for at, line in enumerate(lines):
        pull, name = _PULLS.get(line.op), line.op[-1].upper()
        back = next((k for k in range(len(lines) - 1, at, -1) if lines[k].op == pull), None)
        if pull is None or back is None or name not in routine.keeps:
            continue
        tells: dict[str, str | Line] = {"register": name, "push": line.op.upper(), "pull": lines[back].op.upper()}
        broken = Sheet(sheet.head, without(without(lines, back), at))
        pair = tells | {"cure": "pair"}
        near = (("line", max(0, at - 1)),)
        yield Defect("not_saved", broken, sheet, ("line", at), None, line, pair, near)
        for k in range(at + 1, back):
            if lines[k].op in _LOADS[name] and not any(
                one.label or one.op[:2] == "ph" for one in lines[at + 1 : k + 1]
            ):
                late = _moved(lines, at, k)
                tells_late = tells | {"change": lines[k], "cure": "before"}
                yield Defect(
                    "saved_too_late", Sheet(sheet.head, late), sheet, ("line", k), late[k], line, tells_late,
                    (("line", at), ("line", k - 1)),
                )  # fmt: skip
                break
        other = {"phx": "phy", "phy": "phx"}.get(line.op)
        if other and routine.width("X") == routine.width("Y"):
            wrong = changed(lines, at, other)
            tells_wrong = tells | {"saved": other[2].upper()}
            yield Defect(
                "wrong_register_saved", Sheet(sheet.head, wrong), sheet, ("line", at), wrong[at], line, tells_wrong
            )


def _moved(lines: tuple[Line, ...], at: int, to: int) -> tuple[Line, ...]:
    """Return ``lines`` with the instruction at ``at`` behind that at ``to``; the label at ``at`` stays in place."""
    line, label = lines[at], lines[at].label
    rest = [*lines[at + 1 : to + 1]]
    if label:
        rest[0] = Line(label, rest[0].op, rest[0].arg, rest[0].note)
    return (*lines[:at], *rest, Line("", line.op, line.arg, line.note), *lines[to + 1 :])


_KEEP = (
    "<Compare|Check> the list of registers to keep in the contract with the registers that the code writes to.",
    "<Save|Push> first, at the entry, before any instruction that changes a register.",
    "<Test|Call> the routine with odd values in all registers that it must keep, and compare <after|at> the return.",
)
CLOBBER = Family(
    clobber,
    frozenset({"kept"}),
    {
        "not_saved": Words(
            (
                "{register} is used by the routine and must survive it, but nobody saves it: {push} at the beginning "
                "and {pull} before the return are missing.",
                "The caller needs {register} again and gets what the routine left in it. <Both halves of the frame "
                "are|The whole frame is> missing: {push} at the entry and {pull} at the exit.",
            ),
            _KEEP,
        ),
        "saved_too_late": Words(
            (
                "{wrong} comes after {change}, which has changed {register} already. What is saved and given back is "
                "the routine's own value, not the caller's.",
                "The order is wrong: {change} overwrites {register} first and {push} saves the new value. Push, then "
                "change.",
            ),
            _KEEP[1:],
        ),
        "wrong_register_saved": Words(
            (
                "{wrong} saves {saved}, but {pull} at the end gives its value to {register}. The sizes agree, so the "
                "stack is in order, and the caller finds {saved} in {register}.",
                "Push and pull do not belong together: {saved} goes on the stack and {register} comes off it. {right} "
                "is the partner of {pull}.",
            ),
            _KEEP,
        ),
    },
    nouns=SAVES,
)
