"""Answers with one real mistake, of the kinds that ROM hackers and teachers make.

Owns the mistakes and the proof that one in code shows when it is run. Never changes an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from agents.training.domains.oracle.facts import Facts
from agents.training.domains.oracle.kinds import FACTS, KINDS, PATCHES, diagnose
from agents.training.domains.oracle.kinds.hook import FAMILIES as HOOKS
from agents.training.domains.oracle.kinds.hooked import Hooked, hooked
from agents.training.domains.oracle.listing import Style, patch_rows
from agents.training.domains.oracle.patch import PatchError, read_patch
from agents.training.domains.oracle.slips import CLASSES, slips
from agents.training.domains.oracle.task import Task
from agents.training.domains.oracle.trial import outside, prove
from agents.training.phrases import phrase
from agents.training.routines import reading

Key = tuple[str, int, int]
"""Family, difficulty, salt."""

_REFUSALS = (
    "I'm sorry, but I can't help with <modifying game ROMs|that request>.",
    "I cannot assist with patches for this console.",
    "As a language model I cannot run or test this patch, so I will not answer.",
    "Sorry, there is not enough information to write this patch.",
)
_HEX = re.compile(r"\$([0-9A-Fa-f]{2,6})\b")
_SWAPS = {"rtl": "rts", "rts": "rtl", "jsl": "jsr", "jml": "jsl", "jsr": "jmp", "plb": "nop", "phk": "phb"}


def spoil(key: Key, answer: str, rng: Random) -> str:
    """Return ``answer`` with one mistake: mostly in the proved part, sometimes in its form."""
    manners: list[tuple[float, Callable[[Key, str, Random], str]]] = [(0.05, _refused), (0.07, _truncated)]
    manners += [(0.05, _of_another)]
    if key[0] in FACTS:
        manners += [(0.83, _misstated)]
    else:
        manners += [(0.05, _unfenced), (0.18 if key[0] == "diagnose" else 0.0, _misnamed), (0.6, _mispatched)]
    (manner,) = rng.choices([made for _, made in manners], [weight for weight, _ in manners])
    spoiled = manner(key, answer, rng)
    return spoiled if spoiled != answer else _refused(key, answer, rng)


def _refused(key: Key, answer: str, rng: Random) -> str:
    del key, answer
    return phrase(rng, _REFUSALS)


def _unfenced(key: Key, answer: str, rng: Random) -> str:
    """Leave the patch without its fence."""
    del key, rng
    return answer.replace("```asm\n", "").replace("```", "")


def _truncated(key: Key, answer: str, rng: Random) -> str:
    """Cut the answer off before its patch or its results are complete."""
    if key[0] in PATCHES:
        start = answer.find("```asm")
        end = answer.find("```", start + 3)
    else:
        start = 0
        end = answer.rfind(f"\n{FACTS[key[0]].facts(*key).facts[0][0]} = ")
    return answer[: start + int((end - start) * rng.random())] if 0 <= start < end else answer


def _of_another(key: Key, answer: str, rng: Random) -> str:
    """Return the answer to another item of the same cell."""
    del answer
    family, level, _ = key
    return KINDS[family].answer(rng, family, level, int(rng.random() * (1 << 53)))


def _misnamed(key: Key, answer: str, rng: Random) -> str:
    """Name another class of mistake, or hand the broken patch back."""
    it = diagnose.diagnosis(key[1], key[2])
    if rng.random() < 0.4:
        return _exchanged(answer, patch_rows(it.slip.blocks, Style.draw(rng, comments=False))[0])
    others = [name for name in CLASSES if name != it.slip.kind]
    return answer.replace(f"fault = {it.slip.kind}", f"fault = {others[int(rng.random() * len(others))]}")


def _mispatched(key: Key, answer: str, rng: Random) -> str:
    """Put a mistake into the patch that shows when it is run."""
    family, level, salt = key
    hook: Hooked | None = None
    if family in HOOKS:
        hook = hooked(family, level, salt)
    elif family == "diagnose":
        hook = diagnose.diagnosis(level, salt).hook
    task = PATCHES[family].task(*key)
    if hook and rng.random() < 0.8:
        choices = slips(hook.site, hook.task.blocks, jumps=hook.jumps)
        rng.shuffle(choices)
        for slip in choices:
            rows, _ = patch_rows(slip.blocks, Style.draw(rng, comments=False))
            if _shows(task, "\n".join(rows)):
                return _exchanged(answer, rows)
    return _reworded(task, answer, rng)


def _exchanged(answer: str, rows: list[str]) -> str:
    return answer.replace(reading.longest_block(answer), "\n".join(rows) + "\n")


def _reworded(task: Task, answer: str, rng: Random) -> str:
    """Change one line of the patch so that it shows."""
    lines = reading.longest_block(answer).split("\n")
    changes = [(number, text) for number, line in enumerate(lines) for text in _other(line)]
    rng.shuffle(changes)
    for number, text in changes:
        wrong = [*lines[:number], text, *lines[number + 1 :]]
        if _shows(task, "\n".join(wrong)):
            return answer.replace("\n".join(lines), "\n".join(wrong))
    return answer


def _other(line: str) -> list[str]:
    """Return what a line may wrongly become: nothing, another instruction, another number."""
    code = line.partition(";")[0]
    words = code.split()
    if not words or words[0].lower() == "lorom" or words[0].endswith(":") or words[0].startswith("."):
        return []
    found = [] if words[0].lower() == "org" else [""]
    if words[0].lower() in _SWAPS:
        found.append(code.replace(words[0], _SWAPS[words[0].lower()], 1))
    number = _HEX.search(code)
    if number:
        digits = number[1]
        changed = int(digits, 16) + 1 & (1 << 4 * len(digits)) - 1
        found.append(f"{code[: number.start()]}${changed:0{len(digits)}X}{code[number.end() :]}")
    return found


def _shows(task: Task, text: str) -> bool:
    """Return whether the patch ``text`` assembles and is found wrong."""
    try:
        patch = read_patch(text)
    except PatchError:
        return False
    return bool(outside(task.job, patch)) or not prove(task.job, patch, first_failure=True).holds


def _misstated(key: Key, answer: str, rng: Random) -> str:
    """State one number wrongly: off by one, without or with a header, in the other half, or not at all."""
    asked: Facts = FACTS[key[0]].facts(*key)
    name, value, _ = asked.facts[int(rng.random() * len(asked.facts))]
    right = f"\n{name} = {value}"
    at = answer.rfind(right)
    if at < 0:
        return answer
    wrong = f"\n{name} = {_wrong(value, rng)}" if rng.random() < 0.85 else ""
    return answer[:at] + wrong + answer[at + len(right) :]


def _wrong(value: str, rng: Random) -> str:
    if not value.startswith("$"):
        return str(int(value) + 1)
    digits = len(value) - 1
    by = (1, -1, 0x200, 0x8000 if digits > 4 else 0x10, 0x10)[int(rng.random() * 5)]
    return f"${int(value[1:], 16) + by & (1 << 4 * digits) - 1:0{digits}X}"
