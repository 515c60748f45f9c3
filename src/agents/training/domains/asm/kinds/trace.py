"""Trace a routine with given inputs."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.contract import Routine
from agents.training.domains.asm.phrasing import ending, setting, show_case, spot, widths
from agents.training.domains.asm.render import fence
from agents.training.domains.asm.samples import Asked, asked_of, line_at, routine_of, shown
from agents.training.domains.asm.words import pick, vary
from agents.training.sample import SourceItem
from agents.training.w65816 import Registers

from .layout import arrange, asked_lines, result_lines

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


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the code, the inputs and the list of values asked for."""
    routine, asked = routine_of(item), asked_of(item)
    opening = vary(rng, _OPENINGS[int(rng.random() * len(_OPENINGS))]).format(label=routine.label)
    code = fence("\n".join(shown(item)[1]))
    given = state(rng, routine, asked)
    parts = (
        [setting(rng, routine) + opening, code, given]
        if rng.random() < 0.7
        else [setting(rng, routine) + opening, given, code]
    )
    parts.append(asked_lines(rng, asked.facts))
    if rng.random() < 0.6:
        parts.append(
            pick(
                rng,
                "Show the steps.|Reason step by step first.|I want to see how the values come about.|Explain the steps before the result.|Work through it, then conclude.",
            )
        )
    return "\n\n".join(parts)


def state(rng: Random, routine: Routine, asked: Asked) -> str:
    """Return the machine state at entry in words."""
    values = [f"{place.name} ({spot(place)}) = {place.show(asked.case.given[place.name])}" for place in routine.inputs]
    rest = pick(
        rng,
        "All other registers, flags and memory are 0.|Everything else is 0.|Other registers, the carry and the rest of RAM hold 0.|Whatever is not named is 0.",
    )
    how = f"{pick(rng, 'At entry|At the call|On entry|Before the call')} {widths(routine)}."
    if not values:
        return f"{how} {ending(rng)} {rest}"
    if rng.random() < 0.5:
        return f"{how} {ending(rng)}\n" + "\n".join(f"- {value}" for value in values) + f"\n{rest}"
    return f"{pick(rng, 'Inputs|Given|Values|Start')}: {'; '.join(values)}. {how} {ending(rng)} {rest}"


def answer(rng: Random, item: SourceItem) -> str:
    """Return the reasoning, the steps and the result lines."""
    routine, asked = routine_of(item), asked_of(item)
    idea = f"{pick(rng, 'What it does|Purpose|The routine|Idea')}: {routine.goal} {routine.plan if rng.random() < 0.6 else ''}".strip()
    given = show_case(routine, asked.case, "given")
    begin = f" {pick(rng, 'We start with|The call has|Entry state|Inputs')}: {given}." if given else ""
    steps = stepping(rng, item, asked)
    if rng.random() < 0.5:
        steps += "\n\n" + summary(rng, routine, asked)
    return arrange(rng, [
        ("Purpose|What the code does|Reading the code", idea + begin),
        ("Steps|Trace|Execution|Step by step", steps),
        ("Result|Final state|Answer|End state", result_lines(rng, asked.facts)),
    ])  # fmt: skip


def summary(rng: Random, routine: Routine, asked: Asked) -> str:
    """Return how the run ends, in a sentence."""
    loop = (
        f", {routine.loop} is reached {asked.seen.rounds} time{'s' if asked.seen.rounds != 1 else ''},"
        if routine.loop
        else ""
    )
    return (f"{pick(rng, 'In all|Altogether|From start to end|Counting the return')}{loop} {asked.seen.instructions} instructions "
            f"{pick(rng, 'are executed|run|pass')}; {pick(rng, 'this gives|the outcome is|we end with|left behind')} {show_case(routine, asked.case, 'expect')}.")  # fmt: skip


def stepping(rng: Random, item: SourceItem, asked: Asked) -> str:
    """Return the first executed instructions with the registers after each, and how many follow."""
    routine = routine_of(item)
    style, _, _ = shown(item)
    lines = line_at(routine)
    shape = pick(rng, "table|list|lines|arrow")
    out = ["| # | instruction | A | X | Y | flags |", "|---|---|---|---|---|---|"] if shape == "table" else []
    limit = 6 + int(rng.random() * (len(asked.seen.steps) - 5)) if len(asked.seen.steps) > 6 else len(asked.seen.steps)
    for number, (row, after) in enumerate(asked.seen.steps[:limit], 1):
        line = lines[row]
        text, note = style.instruction(line), line.note
        state = registers(after)
        if shape == "table":
            out.append(f"| {number} | `{text}` | {state[0]} | {state[1]} | {state[2]} | {state[3]} |")
        elif shape == "list":
            out.append(f"{number}. `{text}`: {note}. A={state[0]} X={state[1]} Y={state[2]} {state[3]}")
        elif shape == "lines":
            out.append(f"- `{text}` ({note}) -> A {state[0]}, X {state[1]}, Y {state[2]}, {state[3]}")
        else:
            out.append(f"{text} => A={state[0]}, X={state[1]}, Y={state[2]}, {state[3]}  ({note})")
    left = asked.seen.instructions - min(limit, asked.seen.instructions)
    if left:
        out.append(
            ("\n" if shape == "table" else "")
            + pick(
                rng,
                "... and so on for {} more instructions.|The remaining {} instructions go the same way.|{} further instructions follow in this pattern.",
            ).format(left)
        )
    return "\n".join(out)


def registers(after: Registers) -> tuple[str, str, str, str]:
    """Return A, X, Y at their widths and the flags N, Z, C in words."""
    a = f"${after.a & 0xFF:02X}" if after.m8 else f"${after.a:04X}"
    x, y = (f"${after.x:02X}", f"${after.y:02X}") if after.x8 else (f"${after.x:04X}", f"${after.y:04X}")
    return a, x, y, f"N={int(after.negative)} Z={int(after.zero)} C={int(after.carry)}"
