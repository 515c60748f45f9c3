"""Make a wasteful routine smaller or faster without changing what it does."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.kinds.trace import state
from agents.training.domains.asm.waste.remedies import remedy
from agents.training.domains.asm.waste.task import Task, task_of
from agents.training.phrases import phrase, pick
from agents.training.routines.layout import arrange, result_lines
from agents.training.routines.phrasing import contract, ending, setting, syntax
from agents.training.routines.render import Style, fence, rows
from agents.training.routines.walkthrough import afterword, example, walk
from agents.training.sample import SourceItem

_OPENINGS = {
    "bytes": (
        "`{label}` <works, but it is too big|is correct but wasteful>. <Make it smaller|Shrink it>.",
        "<Space is tight|I am short of free space in this bank>: <squeeze|shorten> `{label}` without changing what "
        "it does.",
        "<Size golf|Code size review>: `{label}` can do the same in fewer bytes. <Show me how.|How?>",
        "<Please optimise|Optimise> this 65816 routine for size.",
        "Which bytes of `{label}` are <wasted|not needed>? Give me a shorter version that does the same.",
    ),
    "cycles": (
        "`{label}` <works, but it is too slow|is correct but wastes time>. <Make it faster|Speed it up>.",
        "<VBlank is short|My frame budget is tight>: <make|get> `{label}` faster without changing what it does.",
        "<Cycle count review|Speed review>: `{label}` can do the same in fewer cycles. <Show me how.|How?>",
        "<Please optimise|Optimise> this 65816 routine for speed.",
        "Where does `{label}` <waste|lose> cycles? Give me a faster version that does the same.",
    ),
}
_BOUNDS = {
    "bytes": (
        "<The result may have|I need> at most {bound} bytes<, tables included|>.",
        "<Target|Goal>: {bound} bytes or less in all<, tables included|>.",
        "It must <fit into|come down to> {bound} bytes<, data included|>.",
    ),
    "cycles": (
        "The call below <must|should> take at most {bound} CPU cycles, from the first instruction to the end of the "
        "return, "
        "<wait states not counted|without memory wait states>.",
        "<Target|Goal> for the call below: {bound} CPU cycles or less, return included, JSR or JSL not, no wait "
        "states.",
        "Bring the call below down to {bound} cycles (data sheet counts, return included, no wait states).",
    ),
}
_RULES = (
    "The contract <stays|must hold> as it is: same results, same registers kept, for every input.",
    "<Equivalence matters|Nothing may change for the caller>: all inputs, not only the ones I show.",
    "Results, kept registers and widths must <be|stay> the same for any input.",
)
_REQUESTS = (
    "Say <first |>what is wasteful and why it can go, give the whole routine in one asm block, and end with the lines "
    "`{unit}_before = n` and `{unit} = n`.",
    "<List|Name> each piece of waste with its replacement, then the complete code (one ```asm block), then the "
    "figures as "
    "`{unit}_before = n` (the code above) and `{unit} = n` (yours).",
    "Explain every change, show the full optimised routine in a single asm block, and <state|close with> two lines: "
    "`{unit}_before = n`, `{unit} = n`.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the wasteful code, its contract and the bound."""
    task = task_of(item)
    routine, unit = task.routine, task.unit
    opening = f"{setting(rng, routine)}{phrase(rng, _OPENINGS[unit], label=routine.label)}"
    bound = phrase(rng, _BOUNDS[unit], bound=str(task.bound))
    if rng.random() < 0.4:
        bound = f"{pick(rng, 'At present it takes|Now it takes|It now takes')} {task.wasteful.before} {unit}. {bound}"
    goal = f"{pick(rng, 'What it does|Purpose|Its job|It does this')}: {routine.goal}"
    parts = [f"{opening} {goal}", fence("\n".join(task.rows)), contract(rng, routine), bound]
    if unit == "cycles":
        parts[3] += "\n\n" + state(rng, routine, task.wasteful.case)
    if rng.random() < 0.35:
        parts[1], parts[2] = parts[2], parts[1]
    rule = phrase(rng, _RULES)
    parts.append(f"{rule} {ending(rng)} {syntax(rng)} {phrase(rng, _REQUESTS, unit=unit)}")
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return the waste, the leaner code, why it is equivalent, and the figures."""
    task = task_of(item)
    routine = task.routine
    style = Style.draw(rng, comments=rng.random() < 0.35)
    code = fence("\n".join(rows(routine, routine.lines, style)[0]))
    case = routine.cases[int(rng.random() * len(routine.cases))]
    asked = pick(rng, "The routine must still do this|What must stay|The job|To be kept")
    lead = f"{asked}: {routine.goal} {routine.plan}"
    same = f"{phrase(rng, _SAME)} {example(rng, routine, case)}"
    sections = [
        ("What it does|Purpose|The job", lead),
        ("Waste|What can go|Findings|Inefficiencies", findings(rng, task)),
        ("Optimised code|Code|Leaner version|Result", code),
        ("Equivalence|Why it is the same|Check", same),
    ]
    if not style.comments or rng.random() < 0.4:
        sections.append(("Walkthrough|Line by line|How it works now", walk(rng, routine.lines, style)))
    if rng.random() < 0.6:
        sections.append(("For the caller|Notes|Remarks", afterword(rng, routine)))
    figures = result_lines(rng, task.figures(task.wasteful.after))
    sections.append(("Figures|Cost|Before and after|Measured", f"{counted(rng, task)}\n\n{figures}"))
    return arrange(rng, sections)


_SAME = (
    "None of this changes a value that is used later, so results and kept registers stay the same.",
    "What goes away leaves no trace: no register, flag or byte that is read afterwards depends on it.",
    "Every value that is read later is computed as before; only the detours are gone.",
)


def findings(rng: Random, task: Task) -> str:
    """Return the pieces of waste in the order of the code, each with its remedy and what it saves."""
    pieces = sorted(task.wasteful.pieces, key=task.rows_of)
    mark = pick(rng, "- |* |number|number")
    out = []
    for number, piece in enumerate(pieces, 1):
        lines = task.rows_of(piece)
        where = f"Line {lines[0]}" if len(lines) == 1 else f"Lines {_listed(lines)}"
        head = f"{number}. " if mark == "number" else mark
        saved = f"{piece.cost} {task.unit[:-1] if piece.cost == 1 else task.unit}"
        out.append(f"{head}{where}: {remedy(rng, task.style, piece)} ({pick(rng, 'saves|minus')} {saved}).")
    return "\n".join(out)


def _listed(lines: list[int]) -> str:
    """Return row numbers in words, three or more in a row as a range."""
    if len(lines) > 2 and lines[-1] - lines[0] == len(lines) - 1:
        return f"{lines[0]}-{lines[-1]}"
    return f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def counted(rng: Random, task: Task) -> str:
    """Return the figures in a sentence."""
    wasteful, unit = task.wasteful, task.unit
    saved = wasteful.before - wasteful.after
    of = "in the call asked about" if wasteful.by_cycles else "of code and data"
    return (
        f"{pick(rng, 'In all|Together|Summed up')}: {wasteful.before} {unit} before, {wasteful.after} now, "
        f"{saved} {unit[:-1] if saved == 1 else unit} saved {of}; the bound of {task.bound} is "
        f"{'met exactly' if wasteful.after == task.bound else 'kept'}."
    )
