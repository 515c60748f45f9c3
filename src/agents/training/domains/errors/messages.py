"""What a tool's message means, and what a trace shows.

Owns the wording for kinds of errors and endings. Never knows a cause.
"""

from __future__ import annotations

import re
from random import Random

from agents.training.domains.errors.diagnosis import Ending, place
from agents.training.domains.errors.scene import Scene, code
from agents.training.phrases import phrase
from agents.training.w65816 import TraceStep

_READING = {
    "width": (
        "`{kind}` means that an immediate does not fit the width that the assembler has <tracked|worked out> for the "
        "register up to row {row}, `{reported}`.",
        "The assembler follows REP and SEP through the text. At row {row}, `{reported}`, the number does not fit the "
        "<width|size> it has arrived at; it calls that `{kind}`.",
    ),
    "undefined-label": (
        "`{kind}` means that row {row}, `{reported}`, uses a name <for which the assembler has no value|whose value "
        "the assembler does not know> at that point.",
        "The message points at row {row}, `{reported}`: a name in it is unknown there (`{kind}`).",
    ),
    "duplicate-label": (
        "`{kind}` means that the name in row {row}, `{reported}`, <has a value already|was defined before>.",
        "The assembler stops at row {row}, `{reported}`, because that name <is taken|exists> (`{kind}`).",
    ),
    "branch-range": (
        "`{kind}` means that the branch in row {row}, `{reported}`, cannot reach its target.",
        "Row {row}, `{reported}`, is a short branch, and `{kind}` says that its target is out of reach.",
    ),
    "bad-mode": (
        "`{kind}` means that the instruction exists, but not with this kind of operand: row {row}, `{reported}`.",
        "The mnemonic in row {row}, `{reported}`, is known; an operand of that form is not (`{kind}`).",
    ),
    "value-range": (
        "`{kind}` means that a value does not fit the bytes there are for it, in row {row}: `{reported}`.",
        "In row {row}, `{reported}`, a number is too big for its place; that is `{kind}`.",
    ),
    "unknown-mnemonic": (
        "`{kind}` means that the first word of row {row}, `{reported}`, is no instruction of the 65816.",
        "The assembler takes the first word of row {row}, `{reported}`, for an instruction and finds none of that name "
        "(`{kind}`).",
    ),
    "syntax": (
        "`{kind}` means that row {row}, `{reported}`, cannot be read at all; what it should do plays no part yet.",
        "Row {row}, `{reported}`, breaks the rules of writing, not those of the CPU: that is a `{kind}` error.",
    ),
}
_ENDED = {
    "stack": (
        "The report says `{said}`. JSR leaves $1FFD in S and JSL $1FFC, and after the return S must be $1FFF again: "
        "pushes and pulls do not balance.",
        "`{said}`: the return found the stack at another depth than the call had left it.",
    ),
    "stopped": (
        "The report says `{said}`. Nobody wrote that instruction there: execution <has left the code|went where no "
        "code is>.",
        "`{said}` means that the processor met {name} where it should never have been; the interesting part is how it "
        "came there.",
    ),
    "budget": (
        "The report says `{said}`. The routine did not crash, it never came back.",
        "`{said}`: the run was cut off while the code was still going, and the addresses say where.",
    ),
    "contract": (
        "The routine returned, but it broke a promise: `{said}`.",
        "`{said}`. It came back, and not in the state that the caller may expect.",
    ),
    "result": (
        "The routine returned in good order, only the value is wrong: `{said}`.",
        "`{said}`. At the return the stack, the widths and the registers are in order, so it is the work itself that "
        "goes wrong.",
    ),
}
_DERAILED = (
    "The trace shows where it leaves the rails: `{text}` at {at} is {what}.",
    "Follow the trace down to {at}: `{text}` <there|in that row> is {what}.",
    "The first wrong row of the trace is the one at {at}, `{text}`: that is {what}.",
)
_LEFT = (
    "Up to `{last}` at {before} the trace follows the source; from there it lands at {at}, outside of the program.",
    "The last row of the trace that belongs to the source is `{last}` at {before}; what comes next, at {at}, does not.",
    "In the trace, `{last}` at {before} leads to {at}, where there is no code of ours.",
)
_UNEQUAL = (
    "A push and its pull were executed with different widths, one byte against two, and that moved S away from the "
    "return address.",
    "What was pushed with one width is pulled with the other, so S is off by one byte when the return address is "
    "wanted.",
)
_SECOND = (
    "With 16-bit {what} `{text}` at {at} writes two bytes, and {hit} is one of them.",
    "`{text}` at {at} is executed with 16-bit {what}: it writes two bytes, {hit} among them.",
)
_TRACED = (
    "The trace ends with `{last}` at {at}, S = ${s:04X}.",
    "Last executed: `{last}` at {at}, with A = ${a:04X} and S = ${s:04X}.",
    "In the trace, `{last}` at {at} is the last row; A is ${a:04X} there.",
)


_WROTE = re.compile(r"contract: (.+) at (\S+) wrote (\S+) ")
_DATA = re.compile(r"(?:^|\s)d[bwl]\s", re.IGNORECASE)


def reading(rng: Random, scene: Scene) -> str:
    """Return what the tool's message means."""
    if scene.error:
        forms = _READING.get(scene.kind, ("The assembler reports `{kind}` in row {row}, `{reported}`.",))
        reported = code(scene.shown[scene.error.line - 1])
        return phrase(rng, forms, kind=scene.kind, row=str(scene.error.line), reported=reported)
    said = scene.report[0]
    text = phrase(rng, _ENDED[scene.kind], said=said, name=said.partition(": ")[2].split(" ")[0])
    if scene.ending and scene.kind != "budget" and rng.random() < 0.6:
        last = scene.ending.steps[-1]
        form = _TRACED[int(rng.random() * len(_TRACED))]
        end = last.registers
        text += " " + form.format(last=last.text, at=place(last.address), s=end.s, a=end.a)
    return text


def derailed(rng: Random, scene: Scene) -> str:
    """Return which executed bytes are no instruction of the source, or what a wrong width did where all are."""
    if scene.ending is None or scene.program is None:
        return ""
    program = scene.program
    starts = {line.address: line.text for line in program.listing if line.data}
    before = scene.ending.steps[0]
    for step in scene.ending.steps:
        text = starts.get(step.address)
        if text is None or _DATA.search(text):
            if not program.origin <= step.address < program.origin + len(program.code):
                return _left(rng, scene, before, step)
            what = "data taken for an instruction"
            if text is None:
                what = "no instruction of the source; those bytes begin in the middle of another row"
                if any(_DATA.search(row) and start < step.address < start + 64 for start, row in starts.items()):
                    what = "no instruction of the source"
            return phrase(rng, _DERAILED, text=step.text, at=place(step.address), what=what)
        before = step
    if scene.family != "width_runtime":
        return ""
    return phrase(rng, _UNEQUAL) if scene.kind == "stack" else _second(rng, scene, scene.ending)


def _second(rng: Random, scene: Scene, ending: Ending) -> str:
    """Return that a store of 16 bits wrote a byte more than it should, if the report says so."""
    found = _WROTE.match(scene.report[0])
    step = next((step for step in ending.steps if found and place(step.address) == found[2]), None)
    if found is None or step is None:
        return ""
    by_index = found[1][:3] in {"stx", "sty"}
    if step.registers.x8 if by_index else step.registers.m8:
        return ""
    what = "X and Y" if by_index else "A"
    return phrase(rng, _SECOND, what=what, text=found[1], at=found[2], hit=found[3])


def _left(rng: Random, scene: Scene, before: TraceStep, step: TraceStep) -> str:
    """Return how the trace left the program; with the source followed so far, only widths can have moved S."""
    said = phrase(rng, _LEFT, last=before.text, before=place(before.address), at=place(step.address))
    return f"{phrase(rng, _UNEQUAL)} {said}" if scene.family == "width_runtime" else said
