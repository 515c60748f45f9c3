"""Explain a routine, with facts that execution can check."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.kinds.trace import state, summary
from agents.training.domains.asm.samples import Asked, asked_of, routine_of, shown
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Routine
from agents.training.routines.layout import arrange, asked_lines, result_lines
from agents.training.routines.phrasing import setting
from agents.training.routines.render import fence
from agents.training.routines.walkthrough import interface, walk
from agents.training.sample import SourceItem

_OPENINGS = (
    "<Explain|Describe> what this 65816 routine does.",
    "I found `{label}` in <an old source tree|a disassembly of my own prototype> without comments. <What is it "
    "for|What does it do>?",
    "<Document|Comment> `{label}` for <our wiki|new contributors|the next maintainer>.",
    "<Help me understand|Walk me through> `{label}`: purpose, registers, cost.",
    "<New to the 65816|Coming from the 6502>, I cannot follow this code. <Explain it, please.|What happens here?>",
    "What is `{label}` <good for|doing>, register by register?",
    "<Reverse-engineer|Analyse> the routine below<| and state its cost>.",
    "Please <review|explain> this <snippet|subroutine> from my own <engine|library>.",
)


_WISHES = (
    "Cover the purpose, each register and what it costs.|I want every instruction explained.|Tell me which "
    "registers change and how much it costs.|Go through it step by step.|Say what it reads, what it writes and how "
    "long it takes."
)
_CALLS = "Then take this call|For one concrete call|As an example|Use this call for numbers|Apply it to this state"
_LEADS = (
    "`{label}` <does the following|has one job>: {goal} {plan}",
    "<In short|Summed up>: {goal} {plan}",
    "{goal} That is <the whole job|what> `{label}` <does|is there for>. {plan}",
)
_CYCLES = (
    "That takes {} CPU cycles<|, wait states not counted>.",
    "The cost is {} CPU cycles without memory wait states.",
    "<Cost:|It needs> {} CPU cycles in all.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the code and a call whose facts are asked for."""
    routine, asked = routine_of(item), asked_of(item)
    parts = [
        f"{setting(rng, routine)}{phrase(rng, _OPENINGS, label=routine.label)} {pick(rng, _WISHES)}",
        fence("\n".join(shown(item)[1])),
        f"{pick(rng, _CALLS)}: {state(rng, routine, asked.case)}",
        asked_lines(rng, asked.facts),
    ]
    if rng.random() < 0.25:
        parts[0], parts[1] = parts[1], parts[0]
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return purpose, walkthrough, registers, cost and the facts."""
    routine, asked = routine_of(item), asked_of(item)
    lead = phrase(rng, _LEADS, label=routine.label, goal=routine.goal, plan=routine.plan)
    sections = [("Walkthrough|Line by line|In detail|The code", walk(rng, routine.lines, shown(item)[0]))]
    if rng.random() < 0.85:
        at = int(rng.random() < 0.65)
        sections.insert(at, ("Registers|Register use|Interface", interface(rng, routine)))
    sections.insert(0, ("Purpose|Summary|What it does|Overview", lead))
    sections.append(("Cost|The call|With numbers|Example", cost(rng, routine, asked)))
    sections.append(("Facts|Results|Result|Values", result_lines(rng, asked.facts)))
    return arrange(rng, sections)


def cost(rng: Random, routine: Routine, asked: Asked) -> str:
    """Return what the call costs and yields."""
    given = routine.given(asked.case) or "this state"
    text = f"{pick(rng, 'With|For|Starting from|Given')} {given}: {summary(rng, routine, asked)}"
    if rng.random() < 0.7:
        text += " " + phrase(rng, _CYCLES).format(asked.seen.cycles)
    if rng.random() < 0.7:
        text += f" {pick(rng, 'The code has|Code size:|It occupies')} {asked.seen.size} bytes."
    return text
