"""Mistakes in code: a slip that shows when it runs, the code handed back as it came, the wrong line blamed.

Owns the proof that a slip really shows.
"""

from __future__ import annotations

import re
from random import Random

from agents.training.domains.asm.samples import fault_rows, routine_of, shown
from agents.training.domains.asm.waste.task import task_of
from agents.training.routines import reading
from agents.training.routines.faults import slips
from agents.training.routines.proof import assembled, prove
from agents.training.sample import SourceItem
from agents.training.w65816 import AssemblyError

_ROW = re.compile(r"^(\s*(?:[\w.]+:|\.\w+)?\s*)([A-Za-z]{3})(?:\s+([^;]*?))?(\s*(?:;.*)?)$")


def miscoded(item: SourceItem, answer: str, rng: Random) -> str:
    """Put one slip into the code that makes a case fail or breaks the contract."""
    routine = routine_of(item)
    block = reading.longest_block(answer)
    lines = block.split("\n")
    candidates = []
    for number, row in enumerate(lines):
        found = _ROW.match(row)
        if found and found[2].lower() not in {"db", "dw"}:
            candidates += [(number, found, slip) for slip in slips(found[2], (found[3] or "").strip())]
    rng.shuffle(candidates)
    for number, found, slip in candidates:
        wrong = "\n".join([*lines[:number], f"{found[1]}{slip.text}{found[4]}", *lines[number + 1 :]])
        try:
            proof = prove(routine, assembled(routine, wrong), first_failure=True)
        except AssemblyError:
            continue
        if not proof.holds:
            return answer.replace(block, wrong)
    return answer


def misplaced(item: SourceItem, answer: str, rng: Random) -> str:
    """Name a wrong line for the fault, or hand the faulty code back as the fix."""
    named, lowest, highest = fault_rows(item)
    if rng.random() < 0.4:
        return answer.replace(reading.longest_block(answer), "\n".join(shown(item)[1]) + "\n")
    other = highest + 1 + int(rng.random() * 4) if rng.random() < 0.5 or lowest < 3 else lowest - 1
    return answer.replace(f"line = {named}", f"line = {other}")


def unchanged(item: SourceItem, answer: str, rng: Random) -> str:
    """Hand the wasteful code back as the optimised one."""
    del rng
    return answer.replace(reading.longest_block(answer), "\n".join(task_of(item).rows) + "\n")
