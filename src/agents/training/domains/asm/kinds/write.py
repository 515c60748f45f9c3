"""Write a routine for a specification."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.samples import routine_of
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Routine
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import contract, ending, setting, spot, syntax
from agents.training.routines.render import Style, fence, rows
from agents.training.routines.walkthrough import afterword, examples, interface, walk
from agents.training.sample import SourceItem

_OPENINGS = (
    "<Write|Please write|Kindly write> a 65816 <routine|subroutine> called `{label}`. {goal}",
    "I need a <subroutine|routine> `{label}` for the SNES. {goal}",
    "{goal} <Write this|Do it|Please code it> as the 65816 subroutine `{label}`.",
    "<Task|Job|Exercise>: `{label}`. {goal}",
    "`{label}` is <still missing|the next routine on my list|not written yet>. {goal}",
    "Implement `{label}` in 65816 assembly. {goal}",
    "<How would you code this on the 65816?|Show me how to code this on the 65816.> {goal} The entry label is "
    "`{label}`.",
    "Please <implement|code|provide> the following for the 65C816: {goal} <Name|Call> it `{label}`.",
    "<Looking for|I want> a compact `{label}`. {goal}",
    "{goal} That is all `{label}` should do; <write|implement> it.",
)
_REQUESTS = (
    "<Explain|Say> how it works, <then|and> give the code in one asm block.",
    "Think it through first, then one ```asm block, then <a line-by-line explanation|an explanation of the lines> "
    "with an example.",
    "Reasoning first, code in a single fenced asm block, and <walk me|guide me> through it with numbers.",
    "I want to <understand|learn from> it: <plan|idea>, one asm code block, explanation, example.",
    "One asm block, please, <with|plus> an explanation of every instruction and a worked example.",
    "Give the idea, the code (one asm block) and <why each line is there|what each line does>.",
)
_PLACED = "Inputs: {}.|What comes in: {}.|It reads {}.|Given: {}."
_WIDTHS = (
    "Widths first: {wide} at entry<.|, and so they are at the end.>",
    "<Mind the widths|About the registers>: they come as {wide}<.|; that must hold again at the return.>",
    "The routine is entered with {wide}.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the request: goal, contract, sometimes examples."""
    routine = routine_of(item)
    opening = phrase(rng, _OPENINGS, label=routine.label, goal=routine.goal)
    parts = [setting(rng, routine) + opening, contract(rng, routine)]
    cases = routine.cases[: int(rng.random() * 3)]
    shown = list(dict.fromkeys(f"{routine.given(case) or 'always'} -> {routine.expected(case)}" for case in cases))
    if shown:
        parts.append(pick(rng, "Examples:|It should give:|Expected:|Some values:|Tests:") + "\n" + "\n".join(shown))
    if rng.random() < 0.25:
        parts[1:] = reversed(parts[1:])
    parts.append(f"{ending(rng)} {syntax(rng)} {phrase(rng, _REQUESTS)}")
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return plan, code, explanation and example."""
    routine = routine_of(item)
    style = Style.draw(rng, comments=rng.random() < 0.4)
    code = fence("\n".join(rows(routine, routine.lines, style)[0]))
    sections = [
        ("Plan|Idea|Approach|Reasoning|Thinking", plan(rng, routine)),
        ("Code|Routine|Listing|Implementation", code),
    ]
    return arrange(rng, [*sections, *explained(rng, routine, style)])


def plan(rng: Random, routine: Routine) -> str:
    """Return the reasoning that comes before the code."""
    lead = pick(rng, "|The task: |What is needed: |Goal: |In short: |To do: ")
    inputs = ", ".join(f"{place.name} {'at' if place.in_memory else 'in'} {spot(place)}" for place in routine.inputs)
    text = f"{lead}{routine.goal} {routine.plan}"
    if inputs and rng.random() < 0.6:
        text += " " + pick(rng, _PLACED).format(inputs)
    if rng.random() < 0.5:
        text += " " + phrase(rng, _WIDTHS, wide=_wide(routine))
    return text


def _wide(routine: Routine) -> str:
    a, x = 8 * routine.width("A"), 8 * routine.width("X")
    return f"{a}-bit A, X and Y" if a == x else f"{a}-bit A and {x}-bit X and Y"


def explained(rng: Random, routine: Routine, style: Style) -> list[tuple[str, str]]:
    """Return the sections after the code, in a drawn order; commented code is not explained line by line again."""
    if style.comments and rng.random() < 0.7:
        lines = ("Interface|What to know|In and out|Use", interface(rng, routine))
    else:
        lines = ("Explanation|Line by line|How it works|Walkthrough", walk(rng, routine.lines, style))
    sections = [lines]
    if rng.random() < 0.9:
        shown = ("Example|Check|Numbers|Worked example", examples(rng, routine, 1 + (rng.random() < 0.4)))
        sections.insert(0 if rng.random() < 0.25 else 1, shown)
    if lines[1] and not lines[0].startswith("Interface") and rng.random() < 0.75:
        sections.append(("Notes|For the caller|Registers|Remarks", afterword(rng, routine)))
    return sections
