"""Explanations of code: line by line, block by block, register by register, with an example.

Owns the wording of answers about a reference. Never decides whether a statement is true: notes and cases come from
the routine itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .contract import Case, Line, Routine
from .phrasing import show_case
from .render import Style
from .words import pick

Step = tuple[str, int, str, str]
"""Label before the step, how often the instruction stands in a row, its text and its note."""


def steps(lines: Sequence[Line], style: Style) -> list[Step]:
    """Return the explained instructions; repetitions in a row become one step."""
    found: list[Step] = []
    for line in lines:
        text = style.instruction(line) if line.op else ""
        if not text:
            continue
        if found and not line.label and found[-1][2] == text:
            label, times, _, note = found[-1]
            found[-1] = (label, times + 1, text, note)
        else:
            found.append((line.label, 1, text, line.note))
    return found


def _times(count: int) -> str:
    return f" (x{count})" if count > 1 else ""


def _numbered(rng: Random, found: list[Step]) -> str:
    mark = pick(rng, ". |) ")
    dash = pick(rng, ": | - | -> ")
    out = []
    for number, (label, times, text, note) in enumerate(found, 1):
        at = f"at {label} " if label and number > 1 else ""
        out.append(f"{number}{mark}{at}`{text}`{_times(times)}{dash}{note}.")
    return "\n".join(out)


def _bullets(rng: Random, found: list[Step]) -> str:
    mark, dash = pick(rng, "- |* |+ "), pick(rng, ": | = | ... |, that is: ")
    return "\n".join(
        f"{mark}{f'[{label}] ' if label else ''}`{text}`{_times(times)}{dash}{note}"
        for label, times, text, note in found
    )


def _table(rng: Random, found: list[Step]) -> str:
    head = pick(rng, "instruction|code|line"), pick(rng, "effect|what it does|purpose|why")
    out = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    return "\n".join(
        out
        + [
            f"| `{text}`{_times(times)} | {note}{f' ({label})' if label else ''} |"
            for label, times, text, note in found
        ]
    )


def _prose(rng: Random, found: list[Step]) -> str:
    out = []
    for number, (label, times, text, note) in enumerate(found):
        link = pick(
            rng,
            "First |To begin, |At the start "
            if number == 0
            else "Then |Next, |After that |Now |Here | |It goes on: |From there ",
        )
        if label and number:
            link = pick(rng, f"At {label}, |Label {label}: |{label} is next: ")
        out.append(f"{link}`{text}`{_times(times)} ({note}).")
    return " ".join(out)


def _blocks(rng: Random, found: list[Step]) -> str:
    out, sep = [], pick(rng, "; |, then | / ")
    block: list[str] = []
    bold = pick(rng, "**{}**: |{}: |`{}`: |[{}] ")
    for label, times, text, note in found:
        if label and block:
            out.append(sep.join(block))
            block = []
        block.append((bold.format(label) if label else "") + f"`{text}`{_times(times)} {note}")
    return "\n\n".join([*out, sep.join(block)])


_SHAPES = (_numbered, _bullets, _table, _prose, _blocks)


def walk(rng: Random, lines: Sequence[Line], style: Style) -> str:
    """Return an explanation of every instruction, in one of five shapes."""
    return _SHAPES[int(rng.random() * len(_SHAPES))](rng, steps(lines, style))


_EXAMPLE = (
    "Example: with {given} the routine leaves {expect}.",
    "For instance, {given} gives {expect}.",
    "Check by hand: {given} -> {expect}.",
    "With numbers: from {given} you get {expect}.",
    "Take {given}. Afterwards {expect}.",
    "A test worth keeping: {given} must produce {expect}.",
    "Worked case: start with {given} and {label} ends with {expect}.",
    "If {given}, then after the {ret} we have {expect}.",
)


def example(rng: Random, routine: Routine, case: Case) -> str:
    """Return one case of the routine as a sentence with its numbers."""
    form = _EXAMPLE[int(rng.random() * len(_EXAMPLE))]
    given = show_case(routine, case, "given") or "any memory contents"
    return form.format(given=given, expect=show_case(routine, case, "expect"), label=routine.label, ret=routine.ret)


def registers_used(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return which of A, X and Y the code reads or writes by name."""
    found = dict.fromkeys("AXY", False)
    for line in lines:
        op, arg = line.op.lower(), line.arg.lower()
        if op in {"db", "dw", "php", "plp", "rep", "sep", "phb", "plb"}:
            continue
        for register in "xy":
            if arg.endswith("," + register) or op in _INDEXED[register]:
                found[register.upper()] = True
        if op in _ACCUMULATOR or arg == "a":
            found["A"] = True
    return tuple(register for register, used in found.items() if used)


_INDEXED = {
    "x": {"ldx", "stx", "inx", "dex", "cpx", "tax", "txa", "phx", "plx", "mvn", "txy", "tyx"},
    "y": {"ldy", "sty", "iny", "dey", "cpy", "tay", "tya", "phy", "ply", "mvn", "txy", "tyx"},
}
_ACCUMULATOR = set(
    [
        "lda",
        "sta",
        "adc",
        "sbc",
        "and",
        "ora",
        "eor",
        "cmp",
        "bit",
        "tax",
        "tay",
        "txa",
        "tya",
        "xba",
        "pha",
        "pla",
        "tsb",
        "trb",
        "mvn",
    ]
)


def afterword(rng: Random, routine: Routine) -> str:
    """Return what a caller should know: registers changed and kept, widths, return."""
    used = registers_used(routine.lines)
    changed = [register for register in used if register not in routine.keeps]
    out = []
    if changed:
        verb = (
            pick(rng, "is changed|is used up|does not survive|is overwritten")
            if len(changed) == 1
            else pick(rng, "are changed|are used|do not survive|are overwritten")
        )
        out.append(f"{' and '.join(changed)} {verb}")
    if routine.keeps:
        out.append(
            f"{' and '.join(routine.keeps)} {pick(rng, 'keep' if len(routine.keeps) > 1 else 'keeps')} {pick(rng, 'the old value|what the caller had|its contents' if len(routine.keeps) == 1 else 'their old values|what the caller had')}"
        )
    out.append(
        f"{pick(rng, 'call it with|reach it by|use')} {'JSL' if routine.far else 'JSR'}, {pick(rng, 'since it ends with|because the exit is|as it returns by')} {routine.ret}"
    )
    text = "; ".join(out)
    return text[0].upper() + text[1:] + "."
