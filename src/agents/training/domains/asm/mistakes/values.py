"""Mistakes in what is stated: a result, a figure, the line or the instruction of a diagnosis."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.judges.find import KEY, mended
from agents.training.domains.asm.mistakes.form import facts_of
from agents.training.domains.asm.samples import fault_of, fault_rows, shown
from agents.training.domains.asm.waste.task import task_of
from agents.training.routines.contract import Line
from agents.training.routines.faults import slips
from agents.training.sample import SourceItem


def misstated(item: SourceItem, answer: str, rng: Random) -> str:
    """State one result wrongly: off by one, bytes exchanged, a digit changed, a flag flipped, or not at all."""
    facts = facts_of(item)
    key, value, _ = facts[int(rng.random() * len(facts))]
    right = f"\n{key} = {value}"
    at = answer.rfind(right)
    if at < 0:
        return answer
    wrong = f"\n{key} = {_wrong(key, value, rng)}" if rng.random() < 0.85 else ""
    return answer[:at] + wrong + answer[at + len(right) :]


def _wrong(key: str, value: str, rng: Random) -> str:
    if key in {"N", "V", "Z", "C"}:
        return str(1 - int(value))
    if not value.startswith("$"):
        return _wrong_count(value, rng) if value.isdigit() else _wrong_octets(value.split(" "), rng)
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


def miscounted(item: SourceItem, answer: str, rng: Random) -> str:
    """State the bytes or cycles of the code a little wrong, before or after."""
    task = task_of(item)
    key, value, _ = task.figures(task.wasteful.after)[int(rng.random() < 0.7)]
    wrong = max(1, int(value) + (1, -1, 2, -2, 6)[int(rng.random() * 5)])
    return answer.replace(f"\n{key} = {value}", f"\n{key} = {wrong}")


def blamed(item: SourceItem, answer: str, rng: Random) -> str:
    """Blame another line, one where the right instruction does not help."""
    right = shown(item)[0].instruction(fault_of(item).right)
    named, lowest, highest = fault_rows(item)
    others = [row for row in range(1, len(shown(item)[1]) + 1) if not lowest <= row <= highest]
    rng.shuffle(others)
    for row in others:
        if mended(item, row, right).score == 0.0:
            return answer.replace(f"\nline = {named}", f"\nline = {row}")
    return answer


def mistaken(item: SourceItem, answer: str, rng: Random) -> str:
    """Name an instruction for the right line that does not repair the routine."""
    fault, style = fault_of(item), shown(item)[0]
    named = fault_rows(item)[0]
    right = style.instruction(fault.right)
    wrong = [fault.lines[fault.at].text] if fault.kind != "missing" and fault.lines[fault.at].op else []
    wrong += [slip.text for slip in slips(fault.right.op, fault.right.arg) if slip.text]
    wrong.append("nop")
    rng.shuffle(wrong)
    for text in wrong:
        op, _, arg = text.partition(" ")
        spelled = style.instruction(Line("", op, arg, ""))
        if mended(item, named, spelled).score == 0.0:
            return answer.replace(f"\n{KEY} = {right}", f"\n{KEY} = {spelled}")
    return answer
