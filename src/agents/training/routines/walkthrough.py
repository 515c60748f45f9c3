"""Explanations of code: line by line, block by block, register by register, with an example.

Owns the wording of answers about a reference. Never decides whether a statement is true: notes and cases come from
the routine itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Case, Line, Place, Routine
from agents.training.routines.phrasing import keeps, listed, roles, spot
from agents.training.routines.render import Style

_COUNTED = re.compile(r"(?:, \d+ of \d+| \(\d+ of \d+\)|(?<=: )\d+ of (?=\d+ cycles$))$|(?<=wait: )\d+ of ")

Step = tuple[str, int, str, str]
"""Label before the step, how often the instruction stands in a row, its text and its note."""


def steps(lines: Sequence[Line], style: Style) -> list[Step]:
    """Return the explained instructions; repetitions in a row become one step with the last note, not counted."""
    found: list[Step] = []
    for line in lines:
        text = style.instruction(line) if line.op else ""
        if not text:
            continue
        if found and not line.label and found[-1][2] == text:
            label, times, _, _ = found[-1]
            found[-1] = (label, times + 1, text, _COUNTED.sub("", line.note))
        else:
            found.append((line.label, 1, text, line.note))
    return found


def _times(count: int) -> str:
    return f" (x{count})" if count > 1 else ""


def stopped(text: str) -> str:
    """Return ``text`` with the full stop that it may lack."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _numbered(rng: Random, found: list[Step]) -> str:
    mark = pick(rng, ". |) ")
    dash = pick(rng, ": | - | -> ")
    out = []
    for number, (label, times, text, note) in enumerate(found, 1):
        at = f" at {label}" if label and number > 1 else ""
        out.append(f"{number}{mark}`{text}`{_times(times)}{at}{dash}{stopped(note)}")
    return "\n".join(out)


def _bullets(rng: Random, found: list[Step]) -> str:
    mark, dash = pick(rng, "- |* |+ "), pick(rng, ": | - | -> ")
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
    out, last = [], ""
    for number, (label, times, text, note) in enumerate(found):
        links = ["First comes ", "It begins with "] if not number else [link for link in _LINKS if link != last]
        if label and number:
            links = [f"At {label}: ", f"Label {label}: "]
        last = links[int(rng.random() * len(links))]
        out.append(f"{last}`{text}`{_times(times)} ({note}).")
    return " ".join(out)


_LINKS = ("Then ", "Next comes ", "After that ", "Now ", "Next is ", "It is followed by ")


def _blocks(rng: Random, found: list[Step]) -> str:
    out, sep = [], pick(rng, "; |, then ")
    block: list[str] = []
    bold = pick(rng, "**{}**: |{}: |`{}`: |[{}] ")
    for label, times, text, note in found:
        if label and block:
            out.append(sep.join(block) + ".")
            block = []
        block.append((bold.format(label) if label else "") + f"`{text}`{_times(times)} ({note})")
    return "\n\n".join([*out, sep.join(block) + "."])


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
    return _example(rng, routine, case, _EXAMPLE)


def examples(rng: Random, routine: Routine, count: int) -> str:
    """Return up to ``count`` different cases of the routine, a sentence in a form of its own for each."""
    first = int(rng.random() * len(routine.cases))
    cases: dict[str, Case] = {}
    for at in range(count):
        case = routine.cases[(first + at) % len(routine.cases)]
        cases.setdefault(f"{routine.given(case)} {routine.expected(case)}", case)
    forms = list(_EXAMPLE)
    rng.shuffle(forms)
    return "\n".join(_example(rng, routine, case, [form]) for case, form in zip(cases.values(), forms, strict=False))


def _example(rng: Random, routine: Routine, case: Case, forms: Sequence[str]) -> str:
    given = routine.given(case) or "any memory contents"
    return phrase(rng, forms, given=given, expect=routine.expected(case), label=routine.label, ret=routine.ret)


_CHANGES = {
    "A": frozenset({"lda", "adc", "sbc", "and", "ora", "eor", "txa", "tya", "xba", "pla", "mvn", "mvp"}),
    "X": frozenset({"ldx", "inx", "dex", "tax", "plx", "mvn", "mvp", "tyx"}),
    "Y": frozenset({"ldy", "iny", "dey", "tay", "ply", "mvn", "mvp", "txy"}),
}
_SHIFTS = frozenset({"asl", "lsr", "rol", "ror", "inc", "dec"})


def changed(routine: Routine) -> list[str]:
    """Return which of A, X and Y the code overwrites without giving them back and without returning a result there."""
    spared = {*routine.keeps, *(place.where for place in routine.outputs)}
    return [
        register
        for register, ops in _CHANGES.items()
        if register not in spared
        and any(
            line.op in ops or (register == "A" and line.op in _SHIFTS and line.arg in {"", "a"})
            for line in routine.lines
        )
    ]


def interface(rng: Random, routine: Routine) -> str:
    """Return what goes in, what comes out and what is kept."""
    heads = {
        "in": pick(rng, "Reads|In|Takes|Input"),
        "out": pick(rng, "Gives|Out|Writes|Output"),
        "in/out": pick(rng, "Changes in place|In and out|Reads and writes"),
    }
    told: dict[str, list[str]] = {}
    for kind, place in roles(routine):
        told.setdefault(kind, []).append(f"{_where(place)}, {place.meaning}")
    if rng.random() < 0.4:
        rows = [f"{heads[kind]}: {'; '.join(places)}." for kind, places in told.items()]
        return " ".join([*rows, afterword(rng, routine)])
    rows = [f"{heads[kind]}: {place}." for kind, places in told.items() for place in places]
    return "\n".join([*rows, afterword(rng, routine)])


def _where(place: Place) -> str:
    shown = place.in_memory or place.is_port
    return f"{place.name} ({spot(place)})" if shown else f"{place.name} in {spot(place)}"


_LOST = ("{} is changed", "{} is used up", "{} does not survive", "{} is overwritten", "expect another value in {}")
_LOST_MANY = (
    "{} are changed",
    "{} are used up",
    "{} do not survive",
    "{} are overwritten",
    "expect other values in {}",
)
_KEPT = ("{} comes back unchanged", "the caller's {} is restored", "{} is given back", "{} survives the call")
_KEPT_MANY = ("{} come back unchanged", "the caller's {} are restored", "{} are given back", "{} survive the call")
_RETURNS = (
    "call it with {call}, since it ends with {ret}",
    "reach it by {call}, because the exit is {ret}",
    "use {call}: it returns by {ret}",
    "{ret} at the end means {call} at the call site",
)


def afterword(rng: Random, routine: Routine) -> str:
    """Return what a caller should know: registers changed and kept, and how to call."""
    out = []
    lost = changed(routine)
    if lost:
        out.append(phrase(rng, _LOST_MANY if len(lost) > 1 else _LOST).format(listed(lost)))
    if routine.keeps:
        out.append(phrase(rng, _KEPT_MANY if len(routine.keeps) > 1 else _KEPT).format(keeps(routine)))
    out.append(phrase(rng, _RETURNS, call="JSL" if routine.far else "JSR", ret=routine.ret))
    text = "; ".join(out)
    return text[0].upper() + text[1:] + "."
