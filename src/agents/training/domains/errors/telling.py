"""What a good teacher replies: what the message says, the cause, the mended code, the proof, how to avoid it.

Owns the wording of answers. Every number in them comes from the scene or from a run of the mended code.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.errors.diagnosis import cost
from agents.training.domains.errors.messages import derailed, reading
from agents.training.domains.errors.scene import Scene, code, telling_case
from agents.training.phrases import phrase
from agents.training.routines.contract import Case
from agents.training.routines.layout import arrange
from agents.training.routines.proof import assembled
from agents.training.routines.render import fence

_WHERE = (
    "The row to change is {row}, `{text}`.",
    "It is row {row}: `{text}`.",
    "The fault <is|sits> in row {row} (`{text}`).",
    "Look at row {row}, `{text}`.",
)
_QUOTED = ("The row to change is {row}.", "The fault <is|sits> in row {row}.", "Look at row {row}.")
"""Where the row itself is quoted by the next sentence, or the one before."""
_GAP = (
    "The missing row belongs above row {row}, `{text}`.",
    "The place is above row {row} (`{text}`): there something is missing.",
    "A row is missing <above|before> row {row}, `{text}`.",
)
_GAPS = (
    "Two rows are missing, the first of them above row {row}, `{text}`.",
    "The first of the two missing rows belongs above row {row}, `{text}`.",
)
_BLANK = (
    "A row is missing <above|before> row {row}, the empty one.",
    "The missing row belongs above the empty row {row}.",
)
_END = (
    "A row is missing <after|behind> row {row}, `{text}`, the last one.",
    "The missing row belongs at the very end, below row {row} (`{text}`).",
)
_PUT = {
    "replace": (
        "<So|Therefore> {wrong} becomes {right}.",
        "Change {wrong} to {right}.",
        "Replace {wrong} by {right}.",
        "Write {right} instead of {wrong}.",
    ),
    "insert": ("<So put|Put> {right} back in.", "<Insert|Add> {right} there.", "{right} has to be added."),
    "remove": ("<So take|Take> {wrong} out.", "<Remove|Delete> {wrong}.", "{wrong} is to be deleted."),
    "swap": (
        "The two rows change places: {right} comes first.",
        "Put {right} above {wrong}; nothing else changes.",
    ),
    "label": (
        "The label {loop} moves down, behind {first}.",
        "Put {loop} one row lower, so that {first} is executed once.",
    ),
    "before": (
        "{right} moves up, above {change}.",
        "Put {right} first and {change} after it.",
    ),
    "up": (
        "{right} moves to the top, above its first use.",
        "Define it first: {right} goes up, before the code.",
    ),
    "behind": (
        "The table {table} moves behind the return; its bytes stay the same.",
        "Move {table} to the end, behind {ret}.",
    ),
    "move": ("Only its place changes: {right} moves.", "{right} stays as it is and moves to its proper place."),
    "away": (
        "The block {table} moves behind the return, the jump around it goes, and {wrong} <reaches its label|is short> "
        "again.",
        "Move {table} behind the last instruction; then nothing lies in the way of {wrong}, and the jump over the "
        "data is not needed.",
    ),
    "bank": ("The three rows go: {wrong} and both PLB.", "Delete {wrong} and the two PLB below it."),
    "pair": (
        "Put {push} in at the entry and {pull} before the return.",
        "Both rows are needed: {push} where the routine begins, {pull} where it ends.",
    ),
    "invert": (
        "Invert the branch: {right} steps over a {long}, and the {long} goes to {name} at any distance. The data stay "
        "where they are.",
        "The data may stay: {right} skips the {long} behind it when the old branch would not have been taken, and "
        "otherwise the {long} goes to {name}.",
    ),
}  # fmt: skip
_PROVED = (
    "Assembled again: {size} bytes, no message. With {given} it returns after {count} instructions ({cycles} cycles) "
    "with {expect}.",
    "A run of the corrected code, {size} bytes long, with {given}: {count} instructions, {cycles} cycles, and then "
    "{expect}, as it should be.",
    "Now {given} <leads to|gives> {expect}, in {count} instructions and {cycles} cycles; the code has {size} bytes.",
    "<Checked|Tried>: the {size} bytes assemble, and for {given} the routine comes back after {count} instructions "
    "({cycles} cycles) with {expect}.",
)


def answer(rng: Random, scene: Scene) -> str:
    """Return a right and explained answer to ``scene``."""
    routine = scene.routine
    facts = [f"line = {scene.row}", f"cause = {scene.defect.cause}"]
    stated = "\n".join(facts if rng.random() < 0.7 else facts[::-1])
    if rng.random() < 0.25:
        stated = f"```\n{stated}\n```"
    why = phrase(rng, scene.words.why, **scene.tells)
    where = _where(rng, scene, why)
    cause = f"{where} {why}" if rng.random() < 0.5 else f"{why} {where}"
    cause = f"{cause} {derailed(rng, scene)}".rstrip()
    case = scene.ending.case if scene.ending else telling_case(rng, routine)
    avoid = phrase(rng, scene.words.avoid, **scene.tells)
    fix = f"{_put(rng, scene)}\n\n{fence(chr(10).join(scene.mended))}"
    sections = [
        ("What the message says|Reading the report|The message", reading(rng, scene)),
        ("Cause|Why it happens|Diagnosis", f"{cause}\n\n{stated}" if rng.random() < 0.5 else cause),
        ("Fix|Corrected code|Mended", fix),
        ("Check|Proof|Test run", _proof(rng, scene, case)),
        ("Next time|How to avoid it|Prevention", avoid),
    ]
    if stated not in sections[1][1]:
        sections.insert(2 if rng.random() < 0.5 else 3, ("", stated))
    if rng.random() < 0.3:
        sections[-1], sections[-2] = sections[-2], sections[-1]
    return arrange(rng, sections)


def _where(rng: Random, scene: Scene, why: str) -> str:
    text = code(scene.shown[scene.row - 1])
    forms: tuple[str, ...]
    if scene.defect.wrong is not None:
        forms = _QUOTED if f"`{text}`" in why else _WHERE
    elif scene.mended[: len(scene.shown)] == scene.shown:
        forms = _END
    elif not text:
        forms = _BLANK
    else:
        forms = _GAPS if scene.tells.get("cure") == "pair" else _GAP
    return phrase(rng, forms, row=str(scene.row), text=text)


def _put(rng: Random, scene: Scene) -> str:
    tells, defect = scene.tells, scene.defect
    if tells.get("cure") == "move":
        manner = "away"
    elif "cure" in tells:
        manner = tells["cure"]
    elif defect.wrong is None:
        manner = "insert"
    elif defect.right is None:
        manner = "remove"
    else:
        manner = "move" if tells["wrong"] == tells["right"] else "replace"
    return phrase(rng, _PUT[manner], **tells)


def _proof(rng: Random, scene: Scene, case: Case) -> str:
    routine = scene.routine
    program = assembled(routine, "\n".join(scene.mended))
    run = cost(routine, program, case)
    return phrase(
        rng,
        _PROVED,
        size=str(len(program.code)),
        given=routine.given(case) or "any memory contents",
        count=str(run.instructions),
        cycles=str(run.cycles),
        expect=routine.expected(case),
    )
