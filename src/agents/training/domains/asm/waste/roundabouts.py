"""Waste in the flow of control: jumps, loops, calls and registers saved for nothing.

Owns where each fits. Never decides whether an edit is harmless in the end: execution does.

Facts: BRA takes 2 bytes and JMP 3, both 3 cycles; a branch reaches 128 bytes back and 127 ahead (WDC W65C816S data
sheet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agents.training.domains.asm.waste.frame import Edit, Frame, waste
from agents.training.routines.contract import Line

Edits = Iterator[Edit]

_OPPOSITE = {
    "beq": "bne", "bne": "beq", "bpl": "bmi", "bmi": "bpl", "bcc": "bcs", "bcs": "bcc", "bvc": "bvs", "bvs": "bvc",
}  # fmt: skip


def jump_for_branch(frame: Frame) -> Edits:
    """JMP where BRA reaches."""
    for at, line in frame.free():
        if line.op == "bra":
            yield Edit("jump_for_branch", at, 1, (waste("jmp", line.arg, line.label),), line.text)


def branch_around_jump(frame: Frame) -> Edits:
    """A branch around a jump where the opposite branch reaches."""
    for at, line in frame.free():
        follow = frame.lines[at + 1] if at + 1 < len(frame.lines) else None
        if line.op not in _OPPOSITE or follow is None or follow.label or not follow.op or frame.taken[at + 1]:
            continue
        skip = frame.label("over")
        way: tuple[Line, ...] = (waste(_OPPOSITE[line.op], skip, line.label), waste("jmp", line.arg))
        way += (Line(skip, follow.op, follow.arg, follow.note),)
        yield Edit("branch_around_jump", at, 2, way, line.text)


def needless_save(frame: Frame) -> Edits:
    """Push and pull of an index register that the routine never changes."""
    ends = [at for at, line in enumerate(frame.lines) if line.op in {"rts", "rtl"}]
    touched = {line.op[2].upper() for line in frame.lines if line.op[:2] in {"ld", "in", "de", "ta", "pl", "tx", "ty"}}
    if len(ends) != 1 or "mvn" in frame.ops or "jsr" in frame.ops or not frame.is_free(0) or frame.lines[0].label == "":
        return
    for register in "XY":
        if register not in touched and frame.is_free(ends[0]):
            first = frame.lines[0]
            body = frame.lines[1 : ends[0]]
            save, back = f"ph{register.lower()}", f"pl{register.lower()}"
            if any(frame.taken[1 : ends[0]]):
                continue
            last = frame.lines[ends[0]]
            way = (
                waste(save, "", first.label), Line("", first.op, first.arg, first.note), *body,
                waste(back, "", last.label), Line("", last.op, last.arg, last.note),
            )  # fmt: skip
            yield Edit("needless_save", 0, ends[0] + 1, way, register, True)


def clear_known_carry(frame: Frame) -> Edits:
    """CLC or SEC where the branch before has decided the carry."""
    for at, line in frame.free():
        state = {"bcs": "clc", "bcc": "sec"}.get(line.op)
        follow = frame.lines[at + 1] if at + 1 < len(frame.lines) else None
        if state and follow and not follow.label and follow.op in {"adc", "sbc"}:
            yield Edit("clear_known_carry", at, 1, (line, waste(state)), line.text)


def reload_in_loop(frame: Frame) -> Edits:
    """A load of a constant repeated in a loop that never changes the register."""
    heads = [at for at, line in enumerate(frame.lines) if line.label and line.label == frame.routine.loop]
    for head in heads:
        ends = [at for at, line in enumerate(frame.lines) if at >= head and line.arg == frame.routine.loop]
        before = frame.lines[max(0, head - 2) : head]
        loads = [line for line in before if line.op == "lda" and line.arg.startswith("#")]
        loads = loads if all(line.op in {"lda", "ldx", "ldy"} for line in before) else []
        if not ends or not loads or not frame.is_free(head):
            continue
        body = frame.lines[head : ends[-1] + 1]
        steady = {"sta", "stz", "inx", "iny", "dex", "dey", "cpx", "cpy", "bpl", "bne", "bcc"}
        if all(line.op in steady for line in body):
            first = frame.lines[head]
            way = (waste("lda", loads[-1].arg, first.label), Line("", first.op, first.arg, first.note))
            yield Edit("reload_in_loop", head, 1, way, first.text)


def count_upwards(frame: Frame) -> Edits:
    """A counter that runs up to a limit, with a compare, where running down to 0 needs none."""
    for at, line in frame.free(2):
        branch = frame.lines[at + 1]
        index = {"dex": "x", "dey": "y"}.get(line.op)
        if index is None or branch.op != "bne" or not frame.is_dead_before(at + 2, index.upper() + "C"):
            continue
        heads = [head for head, other in enumerate(frame.lines) if other.label == branch.arg]
        if len(heads) != 1 or not 0 < heads[0] <= at:
            continue
        head = heads[0]
        if not frame.is_dead_before(head, "C"):
            continue
        start = frame.lines[head - 1]
        body = frame.lines[head:at]
        if start.op != f"ld{index}" or not start.arg.startswith("#") or any(frame.taken[head - 1 : at + 2]):
            continue
        uses = {
            f"ld{index}",
            f"st{index}",
            f"in{index}",
            f"de{index}",
            f"cp{index}",
            f"t{index}a",
            f"ta{index}",
            f"ph{index}",
        }
        if any(other.op in uses or other.arg.endswith(f",{index}") for other in body):
            continue
        way = (
            waste(start.op, "#0", start.label), *body, waste(f"in{index}", "", line.label),
            waste(f"cp{index}", start.arg), branch,
        )  # fmt: skip
        yield Edit("count_upwards", head - 1, at - head + 3, way, f"{start.text} / {line.text}", True)


def split_tail(frame: Frame) -> Edits:
    """The end of the routine called as a subroutine, with a return right behind the call."""
    ends = [at for at, line in enumerate(frame.lines) if line.op in {"rts", "rtl"}]
    if len(ends) != 1 or frame.lines[ends[0]].op != "rts" or "jsr" in frame.ops:
        return
    stack = {"pha", "phx", "phy", "php", "phb", "pla", "plx", "ply", "plp", "plb"}
    if any(line.op in stack for line in frame.lines):
        return
    for at in range(2, ends[0]):
        line = frame.lines[at]
        if line.label or not frame.is_free(at - 1, 2) or frame.lines[at - 1].op in _OPPOSITE:
            continue
        before = {other.label for other in frame.lines[:at] if other.label}
        if any(other.arg in before for other in frame.lines[at:]):
            continue
        tail = frame.label("tail")
        way = (waste("jsr", tail), waste("rts"), Line(tail, line.op, line.arg, line.note))
        yield Edit("split_tail", at, 1, way, line.text)


ROUNDABOUTS: tuple[Callable[[Frame], Edits], ...] = (
    jump_for_branch, branch_around_jump, needless_save, clear_known_carry, reload_in_loop, count_upwards, split_tail,
)  # fmt: skip
