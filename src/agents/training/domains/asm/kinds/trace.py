"""Trace a routine with given inputs."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.samples import Asked, asked_of, block_move, line_at, routine_of, shown
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Case, Line, Routine
from agents.training.routines.layout import arrange, asked_lines, result_lines
from agents.training.routines.phrasing import ending, setting, spot, widths
from agents.training.routines.render import fence
from agents.training.routines.walkthrough import stopped
from agents.training.sample import SourceItem
from agents.training.w65816 import Registers

_OPENINGS = (
    "<Trace|Step through|Follow> this 65816 routine by hand.",
    "What does `{label}` leave behind <for these inputs|when called once with these values>?",
    "<Run|Execute> `{label}` in your head<| and tell me the end state>.",
    "<Predict|Work out> the registers and memory after this call.",
    "My emulator is <off|not at hand>: <please trace|trace> the code below.",
    "<Quiz|Question>: what is the state after `{label}` returns?",
    "I <stepped through|single-stepped> `{label}` and want to compare. <Trace|Work> it out.",
    "Here is `{label}`. <Play|Be> the CPU and <report|give> the final values.",
    "Before I flash this, <verify|check> one call of `{label}` on paper.",
)


_WISHES = (
    "Show the steps.|Reason step by step first.|I want to see how the values come about.|Explain the steps before "
    "the result.|Work through it, then conclude."
)
_REST = (
    "All other registers, flags and memory are 0.|Everything else is 0.|Other registers, the carry and the rest of "
    "RAM hold 0.|Whatever is not named is 0."
)
_SUMMARY = (
    "<In all|Altogether>{loop} {count} instructions <are executed|run>; <this gives|the outcome is> {expect}.",
    "<From start to end|Counting the return>{loop} {count} instructions pass; <we end with|left behind:> {expect}.",
    "{count} instructions <later|after the call>{loop} the routine <has returned|is done>: {expect}.",
)
_GAP = (
    "... {} more instructions, round after round ...|(the next {} instructions are left out: the loop goes on)|... "
    "skipping {} steps of the loop ..."
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the code, the inputs and the list of values asked for."""
    routine, asked = routine_of(item), asked_of(item)
    parts = [fence("\n".join(shown(item)[1])), state(rng, routine, asked.case)]
    if rng.random() < 0.3:
        parts.reverse()
    parts.insert(0, setting(rng, routine) + phrase(rng, _OPENINGS, label=routine.label))
    parts.append(asked_lines(rng, asked.facts))
    if rng.random() < 0.6:
        parts.append(pick(rng, _WISHES))
    return "\n\n".join(parts)


def state(rng: Random, routine: Routine, case: Case) -> str:
    """Return the machine state at entry in words."""
    values = []
    for place in routine.inputs:
        value = place.show(case.given[place.name])
        named = f"{place.name} ({spot(place)})" if place.in_memory else place.where
        values.append(f"{named} = {value}" if place.in_memory else f"{named} = {value}, {place.meaning}")
    how = f"{pick(rng, 'At entry|At the call|On entry|Before the call')} {widths(routine)}. {ending(rng)}"
    rest = pick(rng, _REST)
    if not values:
        return f"{how} {rest}"
    if rng.random() < 0.5:
        return f"{how}\n" + "\n".join(f"- {value}" for value in values) + f"\n{rest}"
    return f"{pick(rng, 'Inputs|Given|Values|Start')}: {'; '.join(values)}. {how} {rest}"


def answer(rng: Random, item: SourceItem) -> str:
    """Return the reasoning, the steps and the result lines."""
    routine, asked = routine_of(item), asked_of(item)
    idea = f"{pick(rng, 'The goal|Purpose|The job|In short')}: {routine.goal}"
    if rng.random() < 0.6:
        idea += f" {routine.plan}"
    given = routine.given(asked.case)
    if given:
        idea += f" {pick(rng, 'We start with|The call has|Entry state|Inputs')}: {given}."
    steps = stepping(rng, item, asked)
    if rng.random() < 0.5:
        steps += "\n\n" + summary(rng, routine, asked)
    sections = [
        ("Purpose|What the code does|Reading the code", idea),
        ("Steps|Trace|Execution|Step by step", steps),
        ("Result|Final state|Answer|End state", result_lines(rng, asked.facts)),
    ]
    return arrange(rng, sections)


def summary(rng: Random, routine: Routine, asked: Asked) -> str:
    """Return how the run ends, in a sentence."""
    rounds = asked.seen.rounds
    loop = f", with {routine.loop} reached {_times(rounds)}," if routine.loop else ""
    if moved := block_move(routine):
        loop = f" ({moved} counts once per byte)"
    return phrase(rng, _SUMMARY, loop=loop, count=str(asked.seen.instructions), expect=routine.expected(asked.case))


def _times(count: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")


_HEAD = ("| # | instruction | why | A | X | Y | flags |", "|---|---|---|---|---|---|---|")


_SHORT = 20
"""Instructions that are told one by one even if they are rounds of a loop."""


def stepping(rng: Random, item: SourceItem, asked: Asked) -> str:
    """Return the executed instructions with the registers after each; the middle of a long loop is left out."""
    routine = routine_of(item)
    style, lines, seen = shown(item)[0], line_at(routine), asked.seen
    shape = _SHAPES[pick(rng, "table|list|dash|arrow")]
    shown_first = 6 + int(rng.random() * 7)
    if seen.instructions <= (_SHORT if routine.loop else len(seen.first)):
        shown_first = seen.instructions
    last = seen.last if shown_first < seen.instructions else ()
    gap = seen.instructions - shown_first - len(last)
    out = list(_HEAD) if shape is _SHAPES["table"] else []
    numbered = [*enumerate(seen.first[:shown_first], 1), *enumerate(last, seen.instructions - len(last) + 1)]
    for place, (number, (row, after)) in enumerate(numbered):
        if gap and place == shown_first:
            text = pick(rng, _GAP).format(gap)
            out.append(f"| | {text} | | | | | |" if out[0][0] == "|" else text)
        out.append(shape(number, style.instruction(lines[row]), told(lines[row], after), registers(after)))
    return "\n".join(out)


_BRANCHES = {
    "bcc": ("carry", False), "bcs": ("carry", True), "bne": ("zero", False), "beq": ("zero", True),
    "bpl": ("negative", False), "bmi": ("negative", True), "bvc": ("overflow", False), "bvs": ("overflow", True),
}  # fmt: skip
"""Conditional branch -> the flag it tests, and how that is when the branch is taken."""


def told(line: Line, after: Registers) -> str:
    """Return the note of an executed ``line``; a conditional branch says whether it was taken."""
    if line.op not in _BRANCHES:
        return line.note
    flag, wanted = _BRANCHES[line.op]
    return f"{line.note}; {'taken' if getattr(after, flag) is wanted else 'not taken'}"


def _row(number: int, text: str, note: str, state: tuple[str, str, str, str]) -> str:
    return f"| {number} | `{text}` | {note} | {' | '.join(state)} |"


def _item(number: int, text: str, note: str, state: tuple[str, str, str, str]) -> str:
    return f"{number}. `{text}`: {stopped(note)} A={state[0]} X={state[1]} Y={state[2]} {state[3]}"


def _dash(number: int, text: str, note: str, state: tuple[str, str, str, str]) -> str:
    return f"- step {number}, `{text}` ({note}) -> A {state[0]}, X {state[1]}, Y {state[2]}, {state[3]}"


def _arrow(number: int, text: str, note: str, state: tuple[str, str, str, str]) -> str:
    return f"[{number}] {text} => A={state[0]}, X={state[1]}, Y={state[2]}, {state[3]}  ({note})"


_SHAPES = {"table": _row, "list": _item, "dash": _dash, "arrow": _arrow}


def registers(after: Registers) -> tuple[str, str, str, str]:
    """Return A, X, Y at their widths and the flags N, Z, C in words."""
    a = f"${after.a & 0xFF:02X}" if after.m8 else f"${after.a:04X}"
    x, y = (f"${after.x:02X}", f"${after.y:02X}") if after.x8 else (f"${after.x:04X}", f"${after.y:04X}")
    return a, x, y, f"N={int(after.negative)} Z={int(after.zero)} C={int(after.carry)}"
