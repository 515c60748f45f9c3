"""Find and mend the fault of a routine."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.asm.samples import Fault, fault_of, fault_rows, routine_of, shown
from agents.training.phrases import phrase, pick, vary
from agents.training.routines.faults import CAUSES, DOES, MISSING, OFF_BY_ONE
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import contract, ending, setting, syntax
from agents.training.routines.render import Style, fence, rows
from agents.training.routines.walkthrough import afterword, example, walk
from agents.training.sample import SourceItem

_OPENINGS = (
    "`{label}` <has a bug|misbehaves|does not do its job>. <Find and fix it|Please find it>.",
    "<There is exactly one mistake|One instruction is wrong or missing> in this routine. <Find|Locate> it and "
    "give me the corrected code.",
    "My tests of `{label}` fail. <What is wrong|Where is the error>?",
    "<Code review|Bug hunt>: <repair|mend> `{label}`.",
    "After an edit last night `{label}` <no longer works|stopped working>. <Please help.|What did I break?>",
    "<Debug|Correct> the following 65816 routine.",
    "A <contributor|colleague> sent this `{label}`; it <fails|is wrong> somewhere. Which line?",
    "Something in `{label}` is <off|broken>; <a single line|one spot> is to blame.",
)
_REQUESTS = (
    "Reason first. Then `line = N` (the first line of the block above is 1), the whole corrected routine in "
    "one asm block, and an explanation.",
    "State the faulty line as `line = N`, counting the lines of the block from 1, and <give|show> the full "
    "corrected routine in a single ```asm block with an explanation.",
    "I need: why it fails, `line = N` for the position (lines of the block counted from 1), the complete fixed "
    "code in one asm block, <what each line does|a walkthrough>.",
    "<Answer|Reply> with the cause, the line number as `line = N` (first line = 1), and the corrected routine "
    "(all of it, one asm block), explained.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return what the routine should do, the faulty code and often a symptom."""
    return question(rng, item, _OPENINGS, _REQUESTS)


def question(rng: Random, item: SourceItem, openings: Sequence[str], requests: Sequence[str]) -> str:
    """Return a request about the faulty code of ``item``, opened and closed in one of the ways given."""
    routine, fault = routine_of(item), fault_of(item)
    opening = phrase(rng, openings, label=routine.label)
    goal = f"{pick(rng, 'It should do this|Intended|Meant to do|Purpose|Specification')}: {routine.goal}"
    code = fence("\n".join(shown(item)[1]))
    parts = [f"{setting(rng, routine)}{opening} {goal}", code, contract(rng, routine)]
    if rng.random() < 0.3:
        parts[1], parts[2] = parts[2], parts[1]
    if rng.random() < 0.6:
        parts.append(f"{pick(rng, 'Symptom|What I see|Observed|Failure|Test output')}: {fault.failure}.")
    parts.append(f"{ending(rng)} {syntax(rng)} {phrase(rng, requests)}")
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return the cause, its line, the corrected code and its explanation."""
    routine, fault = routine_of(item), fault_of(item)
    style = Style.draw(rng, comments=rng.random() < 0.4)
    code = fence("\n".join(rows(routine, routine.lines, style)[0]))
    where = f"line = {fault_rows(item)[0]}"
    cause = cause_of(rng, item, fault)
    diagnosis = f"{where}\n\n{cause}" if rng.random() < 0.3 else f"{cause}\n\n{where}"
    lead = f"{pick(rng, 'The goal|In words|The specification|The intention')}: {routine.goal} {routine.plan}"
    sections = [("Diagnosis|The bug|Cause|What is wrong", diagnosis), ("Corrected code|Fix|Repaired routine", code)]
    sections.insert(0 if rng.random() < 0.6 else 1, ("What it should do|Intent|Expected behaviour", lead))
    if not style.comments or rng.random() < 0.3:
        sections.append(("Walkthrough|Explanation|Line by line", walk(rng, routine.lines, style)))
    if rng.random() < 0.85:
        case = routine.cases[int(rng.random() * len(routine.cases))]
        sections.append(("Check|Example|Test", example(rng, routine, case)))
    if rng.random() < 0.5:
        sections.append(("Notes|Remarks|For the caller", afterword(rng, routine)))
    return arrange(rng, sections)


def cause_of(rng: Random, item: SourceItem, fault: Fault) -> str:
    """Return what is wrong, why it fails and what stands there instead."""
    style, text, _ = shown(item)
    row = fault_rows(item)[0]
    code, right = (
        _code(text[row - 1], fault.lines[min(fault.at, len(fault.lines) - 1)].label),
        style.instruction(fault.right),
    )
    cause = vary(rng, CAUSES[fault.kind])
    if fault.kind == "off by one" and fault.right.op in OFF_BY_ONE:
        cause = f"{cause}, {vary(rng, OFF_BY_ONE[fault.right.op])}"
    wrong = fault.lines[fault.at].op
    if wrong != fault.right.op and wrong in DOES and fault.kind != "missing":
        cause = f"{wrong.upper()} {DOES[wrong]}, {fault.right.op.upper()} {DOES[fault.right.op]}; {cause}"
    if fault.kind == "missing":
        follows = vary(rng, MISSING[fault.right.op])
        said = f"Before line {row} (`{code}`) {cause}: `{right}` ({fault.right.note}); {follows}."
    else:
        said = phrase(rng, _WRONG, row=str(row), code=code, right=right, note=fault.right.note, cause=cause)
    seen = pick(rng, "It shows in a test|One case that shows it|Hence this failure|A test catches it")
    return f"{said} {seen}: {fault.failure}." if rng.random() < 0.75 else said


_WRONG = (
    "Line {row} reads `{code}`, but it must be `{right}` ({note}): {cause}.",
    "Line {row} is `{code}`. It has to be `{right}` ({note}): {cause}.",
    "Line {row} has `{code}` where `{right}` belongs ({note}): {cause}.",
)


def _code(row: str, label: str) -> str:
    """Return the instruction of ``row`` without label, comment and tabs."""
    text = " ".join(row.partition(";")[0].split())
    return text.removeprefix(f"{label}:").removeprefix(label).strip() or text
