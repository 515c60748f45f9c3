"""How a task is put to the teacher: openings, settings, contracts.

Owns the wording of prompts. Never decides what is asked, and never knows an answer.
"""

from __future__ import annotations

from random import Random

from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Place, Routine, hex_address

_SYSTEM = (
    "You are <an experienced|a careful|a patient> 65816 <programmer|engineer|assembly teacher>. <Answer with|Give> "
    "working code and <a clear|a precise> explanation.",
    "You <teach|help people with> SNES assembly. <Be exact about|Mind> register widths, flags and addresses.",
    "<Expert|Specialist> in 65816 assembly and SNES ROM <hacking|hacks>. <Explain|Reason> before you "
    "<conclude|answer>.",
    "You write <and review |>65816 routines for <homebrew|ROM hacks>; <every claim must hold|your code is run> on "
    "real hardware.",
    "<Assembly|65816 assembly> <mentor|tutor>: <short|clear> sentences, correct code, <numbers in "
    "hexadecimal|concrete numbers>.",
)
_SETTINGS = (
    "{who} {what}, and this concerns {where}. ",
    "{who} {what}; this is about {where}. ",
    "{who} {what}. Right now I look at {where}. ",
    "{who} {what}. Today: {where}. ",
    "Context: {where} in {what}. ",
    "This belongs to {where} of {what}. ",
)
_WHO = (
    "I'm working on|I am building|We maintain|Our team works on|I've inherited|I am debugging|I keep extending|My "
    "weekend project is|A friend and I make|I'm porting|I started|For practice I write"
)
_WHAT = (
    "an overworld ROM hack|a randomizer patch|a homebrew platformer|a dungeon editor's test ROM|a HUD rewrite|a "
    "custom item menu|a practice hack with timers|a translation patch|a boss-rush mod|a music player ROM|a "
    "two-player mod|a level-viewer cartridge|a fan-made action adventure|a sprite engine|a debug menu|a save-file "
    "tool|a quest-log mod|a puzzle game"
)
_WHERE = (
    "the {} code|the {} handler|the {} subsystem|the {} logic|the part that deals with the {}|the {} "
    "module|the {} update that runs each frame|the NMI-time {} code|the {} state machine|the routines for the {}"
)
_ENDING = (
    "Native mode, D = 0, DB = 0.|The CPU is in native mode with D = 0 and DB = 0.|Assume native mode, direct page "
    "at 0, data bank 0.|Everything runs in native mode; D and DB are 0."
)
_SYNTAX = (
    "Use asar syntax.|asar-style source, please.|Labels end in a colon or start with a dot, as in asar.|Syntax: asar."
)


def system(rng: Random) -> str:
    """Return a short system message."""
    return phrase(rng, _SYSTEM)


def setting(rng: Random, routine: Routine) -> str:
    """Return a sentence about the project the task comes from, or nothing."""
    if rng.random() < 0.3:
        return ""
    where = pick(rng, _WHERE).format(routine.theme)
    return phrase(rng, _SETTINGS, who=pick(rng, _WHO), what=pick(rng, _WHAT), where=where)


def ending(rng: Random) -> str:
    """Return a sentence that fixes the machine state around the call."""
    return pick(rng, _ENDING)


def syntax(rng: Random) -> str:
    """Return a sentence that names the assembler's syntax."""
    return pick(rng, _SYNTAX)


def widths(routine: Routine) -> str:
    """Return the widths at entry in words."""
    if routine.m8 == routine.x8:
        return f"A, X and Y {'8' if routine.m8 else '16'}-bit"
    return f"A {'8' if routine.m8 else '16'}-bit, X and Y {'8' if routine.x8 else '16'}-bit"


def spot(place: Place) -> str:
    """Return where ``place`` is, in words."""
    if place.where == "C":
        return "the carry flag"
    if place.is_port:
        return f"{hex_address(place.addr)}, in {place.size} writes"
    if not place.in_memory:
        return f"{place.where} ({8 * place.size} bits)"
    last = f"-{hex_address(place.addr + place.size - 1)}" if place.size > 1 else ""
    return hex_address(place.addr) + last


def keeps(routine: Routine) -> str:
    """Return the registers whose value must survive, in words."""
    if not routine.keeps:
        return "none besides the stack pointer, D and DB"
    names = [f"A ({8 * routine.width('A')} bits)" if name == "A" else name for name in routine.keeps]
    return listed(names)


def roles(routine: Routine) -> list[tuple[str, Place]]:
    """Return the places of the contract, each once, with what they are: ``in``, ``out``, or ``in/out`` for both."""
    both = [place for place in routine.inputs if place in routine.outputs]
    rows = [("in/out" if place in both else "in", place) for place in routine.inputs]
    return rows + [("out", place) for place in routine.outputs if place not in both]


def listed(names: list[str]) -> str:
    """Return ``names`` as a list in words: "A", "A and X", "A, X and Y"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)


def contract(rng: Random, routine: Routine) -> str:
    """Return the contract as prose, list, table or header comment."""
    rows = roles(routine)
    facts = [
        (
            pick(rng, "Entry widths|On entry|Widths at entry|State at entry"),
            widths(routine) + pick(rng, ", and the same on return|; unchanged on exit|, also at exit"),
        ),
        (pick(rng, "Preserve|Must survive|Keep|Registers to keep"), keeps(routine)),
        (pick(rng, "Return|Returns with|Exit|Called by"), routine.ret + (" (JSL)" if routine.far else " (JSR)")),
    ]
    scratch = ", ".join(f"{place.name} at {spot(place)}" for place in routine.scratch)
    free = "$00-$0F" + (f" and {scratch}" if scratch else "")
    facts.append((pick(rng, "Scratch|Free memory|May be destroyed"), free))
    facts += [(pick(rng, "Note|Rule|Remark|Also"), rule) for rule in routine.rules]
    if rng.random() < 0.4:
        rng.shuffle(facts)
    if rng.random() < 0.2:
        return _header(rng, routine, rows, facts)
    shape = (_prose, _bullets, _table, _sections)[int(rng.random() * 4)]
    return shape(rng, rows, facts)


_VERBS = {
    "in": "is in|is found in|comes in|arrives in|sits in",
    "out": "goes to|belongs in|ends up in|is left in|is returned in",
    "in/out": "is updated in|comes in and is returned in|is read from and written to",
}


def _prose(rng: Random, rows: list[tuple[str, Place]], facts: list[tuple[str, str]]) -> str:
    def sentence(kind: str, place: Place) -> str:
        return f"{place.name} ({place.meaning}) {pick(rng, _VERBS[kind])} {spot(place)}."

    parts = [sentence(kind, place) for kind, place in rows]
    parts += [f"{key}: {value}." for key, value in facts]
    return " ".join(parts)


def _bullets(rng: Random, rows: list[tuple[str, Place]], facts: list[tuple[str, str]]) -> str:
    mark, words = (
        pick(rng, "-|*|+"),
        {
            "in": pick(rng, "in|input|given|reads"),
            "out": pick(rng, "out|output|result|writes"),
            "in/out": pick(rng, "in and out|in/out|changed in place"),
        },
    )
    lines = [f"{mark} {words[kind]}: {place.name}, {spot(place)}: {place.meaning}" for kind, place in rows]
    return "\n".join(lines + [f"{mark} {key.lower()}: {value}" for key, value in facts])


def _table(rng: Random, rows: list[tuple[str, Place]], facts: list[tuple[str, str]]) -> str:
    head = (
        pick(rng, "role|direction|i/o"),
        pick(rng, "name|symbol|value"),
        pick(rng, "where|location|place"),
        pick(rng, "meaning|what|contents"),
    )
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|---|"]
    lines += [f"| {kind} | {place.name} | {spot(place)} | {place.meaning} |" for kind, place in rows]
    return "\n".join(lines) + "\n\n" + " ".join(f"{key}: {value}." for key, value in facts)


def _header(rng: Random, routine: Routine, rows: list[tuple[str, Place]], facts: list[tuple[str, str]]) -> str:
    rule = "; " + pick(rng, "-|=|*|~") * int(24 + rng.random() * 30)
    lines = ["```asm", rule, f"; {routine.label}"]
    wide = max(len(kind) for kind, _ in rows) + 1
    lines += [f";   {kind:<{wide}}{place.name} @ {spot(place)}: {place.meaning}" for kind, place in rows]
    lines += [f";   {key.lower()}: {value}" for key, value in facts]
    return "\n".join([*lines, rule, "```"])


def _sections(rng: Random, rows: list[tuple[str, Place]], facts: list[tuple[str, str]]) -> str:
    titles = {
        "in": pick(rng, "Inputs|Reads|Given|Parameters"),
        "out": pick(rng, "Outputs|Writes|Results|Returns"),
        "in/out": pick(rng, "In and out|Changed in place|Reads and writes"),
    }
    out = []
    for kind in ("in", "in/out", "out"):
        found = [f"  {place.name} = {spot(place)}  ({place.meaning})" for which, place in rows if which == kind]
        if found:
            out += [f"{titles[kind]}:", *found]
    out.append(pick(rng, "Conditions:|Contract:|Calling convention:|Rules:"))
    return "\n".join(out + [f"  {key}: {value}" for key, value in facts])
