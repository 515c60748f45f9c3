"""Answers with one real mistake, of the kinds that advisers make.

Owns the mistakes. Never changes an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from agents.training.domains.errors.asking import choices
from agents.training.domains.errors.grade import code_of
from agents.training.domains.errors.scene import Scene, scene_of
from agents.training.phrases import phrase
from agents.training.routines.faults import slips
from agents.training.routines.proof import assembled, prove
from agents.training.sample import SourceItem
from agents.training.w65816 import AssemblyError

_REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot debug code that I am not able to run.",
    "Without <the whole project|your emulator> I cannot say anything about this message.",
    "Sorry, please ask <on a forum|the author of the assembler>.",
)
_ROW = re.compile(r"^(\s*(?:[\w.]+:|\.\w+)?\s*)([A-Za-z]{3})(?:\s+([^;]*?))?(\s*(?:;.*)?)$")
_LINE = re.compile(r"^line = \d+$", re.MULTILINE)
_CAUSE = re.compile(r"^cause = \w+$", re.MULTILINE)


def spoil(item: SourceItem, answer: str, rng: Random) -> str:
    """Return ``answer`` with one mistake: in the code, in what it states, or in its form."""
    manners: tuple[tuple[float, Callable[[SourceItem, str, Random], str]], ...] = (
        (0.06, _refused), (0.08, _truncated), (0.06, _unfenced), (0.20, _unchanged), (0.20, _misplaced),
        (0.15, _misjudged), (0.25, _miscoded),
    )  # fmt: skip
    (manner,) = rng.choices([made for _, made in manners], [weight for weight, _ in manners])
    spoiled = manner(item, answer, rng)
    return spoiled if spoiled != answer else _refused(item, answer, rng)


def _refused(item: SourceItem, answer: str, rng: Random) -> str:
    del item
    refusal = phrase(rng, _REFUSALS)
    return refusal if refusal != answer else refusal + " Good luck."


def _truncated(item: SourceItem, answer: str, rng: Random) -> str:
    """Cut the answer off before its code block is complete."""
    del item
    end = answer.rfind("```", 0, len(answer))
    block = answer.find("```asm")
    if block < 0:
        return answer[: max(0, end)]
    return answer[: block + int(rng.random() * max(1, answer.find("```", block + 6) - block))]


def _unfenced(item: SourceItem, answer: str, rng: Random) -> str:
    """Leave the code without its fence."""
    del item, rng
    return answer.replace("```asm\n", "").replace("```", "")


def _unchanged(item: SourceItem, answer: str, rng: Random) -> str:
    """Hand the broken code back as the fix."""
    del rng
    block = code_of(answer)
    return answer.replace(block, "\n".join(scene_of(item).shown) + "\n") if block else answer


def _misplaced(item: SourceItem, answer: str, rng: Random) -> str:
    """Name a row that is not the one."""
    scene = scene_of(item)
    others = [row for row in range(1, len(scene.shown) + 4) if row not in scene.rows]
    return _LINE.sub(f"line = {others[int(rng.random() * len(others))]}", answer)


def _misjudged(item: SourceItem, answer: str, rng: Random) -> str:
    """Name another cause."""
    scene = scene_of(item)
    others = [cause for cause in choices(scene, item.cell.difficulty) if cause != scene.defect.cause]
    return _CAUSE.sub(f"cause = {others[int(rng.random() * len(others))]}", answer)


def _miscoded(item: SourceItem, answer: str, rng: Random) -> str:
    """Put another slip into the corrected code, one that shows."""
    scene, block = scene_of(item), code_of(answer)
    rows = block.split("\n")
    places = list(range(len(rows)))
    rng.shuffle(places)
    for at in places:
        found = _ROW.match(rows[at])
        for slip in slips(found[2], found[3] or "") if found else ():
            wrong = "\n".join([*rows[:at], f"{found[1]}{slip.text}{found[4]}" if found else "", *rows[at + 1 :]])
            if _fails(scene, wrong):
                return answer.replace(block, wrong)
    return _unchanged(item, answer, rng)


def _fails(scene: Scene, source: str) -> bool:
    try:
        return not prove(scene.routine, assembled(scene.routine, source), first_failure=True).holds
    except AssemblyError:
        return False
