"""Explain a routine, with facts that execution can check."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.contract import Routine
from agents.training.domains.asm.phrasing import setting, show_case
from agents.training.domains.asm.render import fence
from agents.training.domains.asm.samples import Asked, asked_of, routine_of, shown
from agents.training.domains.asm.walkthrough import afterword, walk
from agents.training.domains.asm.words import pick, vary
from agents.training.sample import SourceItem

from .layout import arrange, asked_lines, result_lines
from .trace import state, summary

_OPENINGS = (
    "<Explain|Describe> what this 65816 routine does.",
    "I found `{label}` in <an old source tree|a disassembly of my own prototype> without comments. <What is it for|What does it do>?",
    "<Document|Comment> `{label}` for <our wiki|new contributors|the next maintainer>.",
    "<Help me understand|Walk me through> `{label}`: purpose, registers, cost.",
    "<New to the 65816|Coming from the 6502>, I cannot follow this code. <Explain it|What happens here>?",
    "What is `{label}` <good for|doing>, register by register?",
    "<Reverse-engineer|Analyse> the routine below<| and state its cost>.",
    "Please <review|explain> this <snippet|subroutine> from my own <engine|library>.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the code and a call whose facts are asked for."""
    routine, asked = routine_of(item), asked_of(item)
    opening = vary(rng, _OPENINGS[int(rng.random() * len(_OPENINGS))]).format(label=routine.label)
    wish = pick(
        rng,
        "Cover the purpose, each register and what it costs.|I want every instruction explained.|Tell me which registers change and how much it costs.|Go through it step by step.|Say what it reads, what it writes and how long it takes.",
    )
    code = fence("\n".join(shown(item)[1]))
    call = f"{pick(rng, 'Then take this call|For one concrete call|As an example|Use this call for numbers|Apply it to this state')}: {state(rng, routine, asked)}"
    parts = [f"{setting(rng, routine)}{opening} {wish}", code, call, asked_lines(rng, asked.facts)]
    if rng.random() < 0.25:
        parts[0], parts[1] = parts[1], parts[0]
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return purpose, walkthrough, registers, cost and the facts."""
    routine, asked = routine_of(item), asked_of(item)
    style = shown(item)[0]
    lead = f"`{routine.label}` {pick(rng, 'does the following|has one job|is a small helper|works like this')}: {routine.goal} {routine.plan}"
    sections = [
        ("Walkthrough|Line by line|In detail|The code", walk(rng, routine.lines, style)),
        ("Registers|Register use|Interface", interface(rng, routine)),
    ]
    if rng.random() < 0.35:
        sections.reverse()
    return arrange(rng, [("Purpose|Summary|What it does|Overview", lead), *sections, ("Cost|The call|With numbers|Example", cost(rng, routine, asked)),
                         ("Facts|Results|Result|Values", result_lines(rng, asked.facts))])  # fmt: skip


def interface(rng: Random, routine: Routine) -> str:
    """Return what goes in, what comes out and what is kept."""
    reads, gives = pick(rng, "Reads|In|Takes|Input"), pick(rng, "Gives|Out|Writes|Output")
    rows = [f"{reads}: {place.name} ({place.ref or place.where}), {place.meaning}." for place in routine.inputs]
    rows += [f"{gives}: {place.name} ({place.ref or place.where}), {place.meaning}." for place in routine.outputs]
    return (" " if rng.random() < 0.4 else "\n").join([*rows, afterword(rng, routine)])


def cost(rng: Random, routine: Routine, asked: Asked) -> str:
    """Return what the call costs and yields."""
    given = show_case(routine, asked.case, "given") or "this state"
    text = f"{pick(rng, 'With|For|Starting from|Given')} {given}: {summary(rng, routine, asked)}"
    if rng.random() < 0.7:
        text += f" {pick(rng, 'That takes|The cost is|Cost:|It needs')} {asked.seen.cycles} CPU cycles{pick(rng, ', wait states not counted| without memory wait states| in all')}."
    if rng.random() < 0.7:
        text += f" {pick(rng, 'The code has|Code size:|It occupies')} {asked.seen.size} bytes."
    return text
