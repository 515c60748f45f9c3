"""Answers with one real mistake, of the kinds that teachers make.

Owns the mistakes and the proof that a slip in code really shows. Never changes an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.samples import asked_of, fault_rows, kind_of, routine_of, shown
from agents.training.phrases import phrase
from agents.training.routines import reading
from agents.training.routines.faults import slips
from agents.training.routines.proof import assembled, prove
from agents.training.sample import SourceItem
from agents.training.w65816 import AssemblyError

_REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with assembly code for this console.",
    "As a language model I am not able to run or verify 65816 code, so I will not answer this.",
    "Sorry, I do not have enough information to write this routine.",
)
_ROW = re.compile(r"^(\s*(?:[\w.]+:|\.\w+)?\s*)([A-Za-z]{3})(?:\s+([^;]*?))?(\s*(?:;.*)?)$")


def spoil(item: SourceItem, answer: str, rng: Random) -> str:
    """Return ``answer`` with one mistake: mostly in the proved part, sometimes in its form."""
    coded = kind_of(item) in {"write", "fix"}
    manners: list[tuple[float, Callable[[SourceItem, str, Random], str]]] = [
        (0.06, _refused),
        (0.08, _truncated),
        (0.06, _of_another),
        (0.80, _misstated),
    ]
    if coded:
        manners[3:] = [(0.06, _unfenced), (0.74, _miscoded)]
    if kind_of(item) == "fix":
        manners[4:] = [(0.18, _misplaced), (0.56, _miscoded)]
    (manner,) = rng.choices([made for _, made in manners], [weight for weight, _ in manners])
    spoiled = manner(item, answer, rng)
    return spoiled if spoiled != answer else _refused(item, answer, rng)


def _refused(item: SourceItem, answer: str, rng: Random) -> str:
    del item, answer
    return phrase(rng, _REFUSALS)


def _unfenced(item: SourceItem, answer: str, rng: Random) -> str:
    """Leave the code without its fence."""
    del item, rng
    return answer.replace("```asm\n", "").replace("```", "")


def _truncated(item: SourceItem, answer: str, rng: Random) -> str:
    """Cut the answer off before its code block or its results are complete."""
    if kind_of(item) in {"write", "fix"}:
        start = answer.find("```asm")
        end = answer.find("```", start + 3)
    else:
        start = 0
        end = answer.rfind(f"\n{asked_of(item).facts[0][0]} = ")
    return answer[: start + int((end - start) * rng.random())] if 0 <= start < end else answer


def _of_another(item: SourceItem, answer: str, rng: Random) -> str:
    """Return the answer to another item of the same cell."""
    del answer
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
    return answer


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
    right = f"\n{key} = {value}"
    at = answer.rfind(right)
    if at < 0:
        return answer
    wrong = f"\n{key} = {_wrong_value(value, rng)}" if rng.random() < 0.85 else ""
    return answer[:at] + wrong + answer[at + len(right) :]


def _wrong_value(value: str, rng: Random) -> str:
    if not value.startswith("$"):
        return _wrong_octets(value.split(" "), rng) if len(value) > 1 and " " in value else _wrong_count(value, rng)
    digits = value[1:]
    if len(digits) == 4 and digits[:2] != digits[2:] and rng.random() < 0.4:
        return f"${digits[2:]}{digits[:2]}"
    change = 1 if rng.random() < 0.5 else 1 << int(rng.random() * 4 * len(digits))
    return f"${(int(digits, 16) + change) & ((1 << 4 * len(digits)) - 1):0{len(digits)}X}"


def _wrong_octets(octets: list[str], rng: Random) -> str:
    if rng.random() < 0.5 and octets != octets[::-1]:
        return " ".join(octets[::-1])
    at = int(rng.random() * len(octets))
    octets[at] = f"{int(octets[at], 16) ^ (1 << int(rng.random() * 8)):02X}"
    return " ".join(octets)


def _wrong_count(value: str, rng: Random) -> str:
    return str(int(value) + (1 if rng.random() < 0.7 or value == "0" else -1))
