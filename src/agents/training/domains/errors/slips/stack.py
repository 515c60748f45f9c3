"""The stack: what is pushed and pulled, and how a routine returns.

Owns the families ``stack_imbalance`` and ``rts_rtl``. Facts: JSR pushes two bytes and RTS pulls two, JSL
and RTL three; PHA, PHX and PHY push one byte or two by the width of the register; PHP and PHB push one (WDC W65C816S
data sheet, table 5-7; Eyes and Lichty, "Programming the 65816", chapter 18).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, inserted, relabelled, target_of, without
from agents.training.domains.errors.slips.nouns import AHEAD, LOOPS, SAVES
from agents.training.routines.contract import Line, Routine

_PAIRS = {"pha": "pla", "phx": "plx", "phy": "ply", "php": "plp", "phb": "plb"}
_PULLS = {pull: push for push, pull in _PAIRS.items()}
_HELD = {"pha": "A", "phx": "X", "phy": "Y", "php": "P", "phb": "DB"}


def _bytes(routine: Routine, push: str) -> int:
    return routine.width(_HELD[push]) if _HELD[push] in {"A", "X", "Y"} else 1


def _return(lines: tuple[Line, ...]) -> int:
    return max(at for at, line in enumerate(lines) if line.op in {"rts", "rtl"})


def imbalance(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield pushes without their pulls, on all paths or on one."""
    sheet = Sheet.of(routine)
    lines, end = sheet.lines, _return(sheet.lines)
    for at, line in enumerate(lines):
        push = _PULLS.get(line.op) or (line.op if line.op in _PAIRS else "")
        if not push:
            continue
        tells = {"push": push.upper(), "pull": _PAIRS[push].upper(), "held": _HELD[push]}
        tells["bytes"] = "1 byte" if _bytes(routine, push) == 1 else f"{_bytes(routine, push)} bytes"
        cause = "missing_push" if line.op == push else "missing_pull"
        near = (("line", at - 1),) if at else ()
        yield Defect(cause, Sheet(sheet.head, without(lines, at)), sheet, ("line", at), None, line, tells, near)
        nxt = lines[at + 1] if at + 1 < len(lines) else line
        if line.op in _PULLS and nxt.op in _PULLS and not nxt.label and nxt.op != line.op:
            swapped = changed(changed(lines, at, nxt.text), at + 1, line.text)
            tells = {"first": nxt.op.upper(), "second": line.op.upper(), "cure": "swap"}
            yield Defect(
                "crossed_pulls", Sheet(sheet.head, swapped), sheet, ("line", at), swapped[at], line, tells,
                (("line", at + 1),),
            )  # fmt: skip
    yield from _in_loop(rng, routine, sheet)
    undo = [at for at in range(end) if lines[at].op in _PULLS and at > end - 6]
    branches = [
        (at, target_of(lines, line.arg))
        for at, line in enumerate(lines[:end])
        if line.op in {"bcc", "bcs", "beq", "bne"}
    ]
    for at, target in branches:
        if undo and target is not None and at < target <= min(undo) and not lines[end].label:
            dot = "." if lines[at].arg.startswith(".") else ""
            name = f"{dot}{('out', 'leave', 'ready', 'finish', 'bail')[int(rng.random() * 5)]}_{routine.theme}"
            broken = changed(relabelled(lines, end, name), at, f"{lines[at].op} {name}")
            pulls = ", ".join(line.op.upper() for line in lines[min(undo) : end] if line.op in _PULLS)
            tells = {"exit": name, "name": lines[at].arg, "pulls": pulls}
            yield Defect(
                "exit_skips_pull", Sheet(sheet.head, broken), sheet, ("line", at), broken[at], lines[at], tells
            )


def _in_loop(rng: Random, routine: Routine, sheet: Sheet) -> Iterator[Defect]:
    head = target_of(sheet.lines, routine.loop) if routine.loop else None
    if head is None or not sheet.lines[head].op:
        return
    push = ("pha", "phx", "phy", "php")[int(rng.random() * 4)]
    broken = inserted(sheet.lines, head, push, note="keep it for this round", inside=True)
    tells = {"push": push.upper(), "pull": _PAIRS[push].upper(), "loop": routine.loop}
    yield Defect("push_in_loop", Sheet(sheet.head, broken), sheet, ("line", head), broken[head], None, tells)


def returns(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield a return that does not fit the call."""
    del rng
    sheet = Sheet.of(routine)
    end = _return(sheet.lines)
    wrong = "rts" if routine.far else "rtl"
    lines = changed(sheet.lines, end, wrong)
    cause = "rts_after_jsl" if routine.far else "rtl_after_jsr"
    call, other = ("JSL", "JSR") if routine.far else ("JSR", "JSL")
    counts = ("3 bytes", "2 bytes") if routine.far else ("2 bytes", "3 bytes")
    tells = {"call": call, "other": other, "pushed": counts[0], "pulled": counts[1]}
    yield Defect(cause, Sheet(sheet.head, lines), sheet, ("line", end), lines[end], sheet.lines[end], tells)
    if end > 1:
        for at in range(end):
            line = sheet.lines[at]
            if line.op in {"beq", "bne", "bcc", "bcs"} and target_of(sheet.lines, line.arg) is not None:
                yield from _early(sheet, at, end, routine)
                break


def _early(sheet: Sheet, at: int, end: int, routine: Routine) -> Iterator[Defect]:
    """Yield a return where the code should run on."""
    for place in range(at + 1, end):
        line = sheet.lines[place]
        if not line.label and line.op not in {"db", "dw"}:
            lines = inserted(sheet.lines, place, routine.ret.lower(), note="done")
            tells = {"next": line}
            wrong = lines[place]
            yield Defect("return_too_early", Sheet(sheet.head, lines), sheet, ("line", place), wrong, None, tells)
            return


_BALANCE = (
    "<Write|Type> a pull together with its push, and only then the code between them.",
    "<Draw|Sketch> the stack beside the code: one column, a row for each push; at the return only the return address "
    "may be left.",
    "<Let|Have> every path leave through one exit, at which everything is pulled.",
)
_MISSING_PULL = (
    "{right} is missing: {push} puts {bytes} on the stack and nothing takes <it|that> away again. The return then "
    "pulls what was saved of {held} as part of the return address, and <goes somewhere else|S does not come back to "
    "$1FFF>.",
    "What {push} pushed is never pulled. <At the return|When the routine ends> {held} ({bytes}) still lies on top of "
    "the return address, where {ret} <looks for|expects> it; {right} must stand before.",
)
STACK = Family(
    imbalance,
    frozenset({"stack", "stopped", "budget"}),
    {
        "missing_pull": Words(_MISSING_PULL, _BALANCE, nouns=SAVES),
        "missing_push": Words(
            (
                "{pull} pulls {bytes} that {push} never pushed: {right} is missing at the beginning. So {pull} takes "
                "<the first bytes|a part> of the return address, and {ret} pulls the rest and something above it.",
                "There is a {pull} without its {push}. It <eats|takes away> {bytes} of the return address; {right} "
                "has to stand where the routine begins to use {held}.",
            ),
            _BALANCE,
            nouns=SAVES,
        ),
        "crossed_pulls": Words(
            (
                "The stack gives back in reverse order: what was pushed last comes off first. Here {first} and "
                "{second} have changed places, so each gets the bytes of the other one, and where their sizes differ "
                "even the return address is hit.",
                "{first} comes before {second}, but the pushes were in the order that needs {second} first. Each pull "
                "takes what lies on top: with crossed pulls P or a register gets <foreign|the other one's> bytes, and "
                "S or the widths are wrong at the return.",
            ),
            ("<Read|Check> the pushes from the bottom up: that is the order of the pulls.", *_BALANCE[:2]),
            nouns=("reverse", "block_move", "lorom_offset", "decimal_digits", "search", "extreme"),
        ),
        "push_in_loop": Words(
            (
                "{wrong} is inside the loop {loop}, so it pushes in every round, and no {pull} follows. {ret} finds "
                "these bytes where the return address should be.",
                "Every round of {loop} leaves one more value on the stack: {push} has no {pull} in the same round. "
                "The loop does not need it; {wrong} goes.",
            ),
            (
                "<Inside a loop|In a loop body> the stack must be as deep at the end of a round as at its start.",
                *_BALANCE[:2],
            ),
            nouns=LOOPS,
        ),
        "exit_skips_pull": Words(
            (
                "On the path that {wrong} takes, {pulls} is never executed: {exit} lies behind the pulls. It has to "
                "go to {name}, from which the way leads through them.",
                "{wrong} jumps over the pulls ({pulls}) straight to the return. The stack is right on one path and "
                "wrong on this one; the target is {name}.",
            ),
            _BALANCE[1:],
            nouns=AHEAD,
        ),
    },
)
_CALLS = (
    "<Note|Write> in the header of each routine how it is called: JSR with RTS, JSL with RTL.",
    "Let the routines of a bank end in RTS, and give those that other banks call a small entry that does JSR and RTL.",
)
_UNFIT = (
    "The routine is called by {call}, which pushes {pushed}; {wrong} pulls {pulled}, the counterpart of {other}. So S "
    "<is off by one|misses by one byte> at the return; {right} <belongs|fits> here.",
    "{call} and {wrong} do not match: {pushed} were pushed and {pulled} are pulled. {right} is the return that goes "
    "with {call}.",
)
RETURNS = Family(
    returns,
    frozenset({"stack", "stopped", "result", "width", "decimal", "kept", "bank"}),
    {
        "rts_after_jsl": Words(_UNFIT, _CALLS),
        "rtl_after_jsr": Words(_UNFIT, _CALLS),
        "return_too_early": Words(
            (
                "{wrong} stands in the middle: the routine leaves before {next} and what follows. <Nothing below is "
                "executed|The rest is never reached> on that path.",
                "There is a {ret} too many. Behind it come {next} and the rest of the work, which the path never "
                "reaches.",
            ),
            _BALANCE[2:],
            nouns=AHEAD,
        ),
    },
)
