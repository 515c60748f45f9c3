"""What a good teacher replies: what the message says, the cause, the mended code, the proof, how to avoid it.

Owns the wording of answers. Every number in them comes from the scene or from a run of the mended code.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.errors.messages import derailed, reading
from agents.training.domains.errors.scene import Scene, code
from agents.training.phrases import phrase
from agents.training.routines.contract import Case
from agents.training.routines.layout import arrange
from agents.training.routines.proof import assembled, observe
from agents.training.routines.render import fence

_WHERE = (
    "The row to change is {row}, `{text}`.",
    "It is row {row}: `{text}`.",
    "The fault <is|sits> in row {row} (`{text}`).",
    "Look at row {row}, `{text}`.",
)
_GAP = (
    "The missing row belongs at row {row}, where `{text}` stands now.",
    "The place is row {row} (`{text}`): there something is missing.",
    "At row {row}, `{text}`, a row is missing.",
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
    where = _where(rng, scene)
    cause = f"{where} {why}" if rng.random() < 0.5 else f"{why} {where}"
    cause = f"{cause} {derailed(rng, scene)}".rstrip()
    case = scene.ending.case if scene.ending else routine.cases[int(rng.random() * len(routine.cases))]
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


def _where(rng: Random, scene: Scene) -> str:
    text = code(scene.shown[scene.row - 1])
    gap = scene.defect.wrong is None
    return phrase(rng, _GAP if gap else _WHERE, row=str(scene.row), text=text)


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
    seen = observe(routine, assembled(routine, "\n".join(scene.mended)), case)
    return phrase(
        rng,
        _PROVED,
        size=str(seen.size),
        given=routine.given(case) or "any memory contents",
        count=str(seen.instructions),
        cycles=str(seen.cycles),
        expect=routine.expected(case),
    )
