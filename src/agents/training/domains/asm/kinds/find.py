"""Find the fault of a routine: its line and its cause, and no code."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.judges.find import KEY
from agents.training.domains.asm.kinds.fix import cause_of, question
from agents.training.domains.asm.samples import fault_of, fault_rows, routine_of, shown
from agents.training.phrases import phrase, pick
from agents.training.routines.layout import arrange
from agents.training.routines.walkthrough import afterword, example
from agents.training.sample import SourceItem

_OPENINGS = (
    "<Where is the bug in|What is wrong with> `{label}`? I will write the fix myself.",
    "<Diagnosis only, please|Just the diagnosis>: `{label}` misbehaves.",
    "Find the faulty <line|instruction> of `{label}`; <no|I need no> rewrite.",
    "<Bug report|Ticket>: `{label}`. <Name|Point out> the line and the cause.",
    "A <pull request|patch> for `{label}` fails its tests. <Which line do I have to comment on|Where is the mistake>?",
    "<Spot|Find> the one mistake in this 65816 routine.",
    "One instruction of `{label}` is wrong or missing. Which one, and why?",
)
_REQUESTS = (
    "No full listing, please. State the cause with its effect, then `line = N` (the first line of the block is 1) and "
    f"`{KEY} = instruction` with the one instruction that belongs there (for a missing one: N is the line behind "
    f"the gap).",
    "<Do not rewrite it|Leave the code to me>. I want the reasoning, `line = N` (lines of the block counted from "
    "1), and "
    f"`{KEY} = ...` with the correct instruction for that line, or the one that is missing before it.",
    f"<Answer|Reply> with the cause, then two lines: `line = N`, counted from 1 in the block, and `{KEY} = ` "
    f"followed by the "
    "right instruction (if one is missing: the line before which it goes).",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return what the routine should do, the faulty code and often a symptom."""
    return question(rng, item, _OPENINGS, _REQUESTS)


def answer(rng: Random, item: SourceItem) -> str:
    """Return the intention, the cause with its effect, and the two result lines."""
    routine, fault = routine_of(item), fault_of(item)
    right = shown(item)[0].instruction(fault.right)
    lead = f"{pick(rng, 'The goal|In words|The specification|The intention')}: {routine.goal} {routine.plan}"
    cause = cause_of(rng, item, fault)
    case = routine.cases[int(rng.random() * len(routine.cases))]
    verdict = f"line = {fault_rows(item)[0]}\n{KEY} = {right}"
    sections = [
        ("Diagnosis|The bug|Cause|What is wrong", cause),
        ("Expected|Check|With the right instruction", f"{phrase(rng, _MENDED)} {example(rng, routine, case)}"),
        ("Verdict|Result|Position", verdict),
    ]
    sections.insert(0 if rng.random() < 0.6 else 1, ("What it should do|Intent|Expected behaviour", lead))
    if rng.random() < 0.4:
        sections.insert(-1, ("Notes|Remarks", afterword(rng, routine)))
    return arrange(rng, sections)


_MENDED = (
    "With that instruction in place the routine keeps its promise.",
    "The rest of the code is right and can stay.",
    "Nothing else has to change.",
    "That is the only deviation from the plan.",
)
