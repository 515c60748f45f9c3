"""Answers with one real mistake, of the kinds that teachers make.

Owns the mistakes and the proof that a slip in code really shows. Never changes an item.
"""

from __future__ import annotations

import re
from random import Random

from agents.training.sample import SourceItem

from . import reading
from .faults import slips
from .kinds import KINDS
from .proof import AssemblyError, assembled, prove
from .samples import asked_of, fault_rows, kind_of, routine_of, shown

_REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with assembly code for this console.",
    "As a language model I am not able to run or verify 65816 code, so I will not answer this.",
    "Sorry, I do not have enough information to write this routine.",
)
_ROW = re.compile(r"^(\s*(?:[\w.]+:|\.\w+)?\s*)([A-Za-z]{3})(?:\s+([^;]*?))?(\s*(?:;.*)?)$")
_VALUE = re.compile(r"(\$|%)?([0-9A-Fa-f]+)$")


def spoil(item: SourceItem, answer: str, rng: Random) -> str:
    """Return ``answer`` with one mistake: mostly in the proved part, sometimes in its form."""
    roll = rng.random()
    if roll < 0.06:
        return _REFUSALS[int(rng.random() * len(_REFUSALS))]
    if roll < 0.14:
        return _truncated(item, answer, rng)
    if roll < 0.20:
        return _of_another(item, rng)
    if kind_of(item) in {"write", "fix"}:
        if roll < 0.28:
            return answer.replace("```asm\n", "").replace("```", "")
        return _misplaced(item, answer, rng) if kind_of(item) == "fix" and roll < 0.45 else _miscoded(item, answer, rng)
    return _misstated(item, answer, rng)


def _truncated(item: SourceItem, answer: str, rng: Random) -> str:
    """Cut the answer off before its code block or its results are complete."""
    if kind_of(item) in {"write", "fix"}:
        start = answer.index("```asm") + 6
        end = answer.index("```", start)
        return answer[: start + int(rng.random() * (end - start))]
    key = asked_of(item).facts[0][0]
    last = answer.rfind(f"\n{key} = ")
    return answer[: max(1, int(last * (0.3 + 0.6 * rng.random())))]


def _of_another(item: SourceItem, rng: Random) -> str:
    """Return the answer to another item of the same cell."""
    other = SourceItem(item.domain, item.cell, {"salt": int(rng.random() * (1 << 53))})
    return KINDS[kind_of(item)].answer(rng, other)


def _miscoded(item: SourceItem, answer: str, rng: Random) -> str:
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
    return answer.replace(block, "")


def _misplaced(item: SourceItem, answer: str, rng: Random) -> str:
    """Name a wrong line for the fault, or hand the faulty code back as the fix."""
    last, first = fault_rows(item)
    if rng.random() < 0.4:
        return answer.replace(reading.longest_block(answer), "\n".join(shown(item)[1]) + "\n")
    other = last + 1 + int(rng.random() * 4) if rng.random() < 0.5 or first < 3 else first - 1
    return answer.replace(f"line = {last}", f"line = {other}")


def _misstated(item: SourceItem, answer: str, rng: Random) -> str:
    """State one result wrongly: off by one, bytes exchanged, a digit changed, or not at all."""
    facts = asked_of(item).facts
    key, value, _ = facts[int(rng.random() * len(facts))]
    at = answer.rfind(f"\n{key} = {value}") + 1
    wrong = _wrong_value(value, rng) if rng.random() < 0.85 else ""
    line = f"{key} = {wrong}" if wrong else ""
    return answer[:at] + line + answer[at + len(f"{key} = {value}") :]


def _wrong_value(value: str, rng: Random) -> str:
    if " " in value:
        octets = value.split(" ")
        if rng.random() < 0.5 and octets != octets[::-1]:
            return " ".join(octets[::-1])
        at = int(rng.random() * len(octets))
        octets[at] = f"{int(octets[at], 16) ^ (1 << int(rng.random() * 8)):02X}"
        return " ".join(octets)
    found = _VALUE.match(value)
    if not found or not found[1]:
        near = int(value) + (1 if rng.random() < 0.7 or value == "0" else -1)
        return str(near)
    digits = found[2]
    if len(digits) == 4 and digits[:2] != digits[2:] and rng.random() < 0.4:
        return f"${digits[2:]}{digits[:2]}"
    top = (1 << 4 * len(digits)) - 1
    change = 1 if rng.random() < 0.5 else 1 << int(rng.random() * 4 * len(digits))
    return f"${(int(digits, 16) + change) & top:0{len(digits)}X}"
