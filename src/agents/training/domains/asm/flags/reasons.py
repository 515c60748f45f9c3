"""Why the flags come out as they do, instruction by instruction.

Owns the arithmetic behind N, V, Z and C in words. The numbers are those of an executed step; nothing is decided here.

Facts: the flags that each instruction changes (WDC W65C816S data sheet, table 5-7); V after ADC and SBC tells that a
signed result does not fit, and BIT copies bits 7 and 6 (15 and 14) of memory to N and V, but not of an immediate
operand (Eyes and Lichty, "Programming the 65816", chapter 18).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agents.training.domains.asm.flags.sequence import Step
from agents.training.domains.asm.flags.sums import Numbers, add, compare, n_z, subtract
from agents.training.phrases import pick
from agents.training.w65816 import Registers

_FLAGS = {0x80: "N", 0x40: "V", 0x20: "m", 0x10: "x", 0x08: "D", 0x04: "I", 0x02: "Z", 0x01: "C"}


def reason(rng: Random, step: Step) -> str:
    """Return what ``step`` does to the registers, and why each flag it changes comes out as it does."""
    numbers = Numbers(step)
    return "; ".join(part for part in _REASONS[step.op](rng, numbers) if part)


def _bit(rng: Random, numbers: Numbers) -> list[str]:
    del rng
    show, both = numbers.show, numbers.a & numbers.value
    zero = f"{show(numbers.a)} AND {show(numbers.value)} = {show(both)}: Z = {int(not both)}"
    if numbers.step.arg.startswith("#"):
        return [zero, "immediate BIT changes Z alone, N and V stay; A stays"]
    after, top = numbers.step.after, numbers.bits - 1
    return [
        zero,
        f"N is bit {top} of memory: N = {int(after.negative)}",
        f"V is bit {top - 1}: V = {int(after.overflow)}",
        "A and C stay",
    ]


_SAYS = {
    "AND": "keeps the bits that both have",
    "ORA": "sets the bits of either",
    "EOR": "flips the bits of the operand",
}


def _logic(rng: Random, numbers: Numbers) -> list[str]:
    op = numbers.step.op
    return [
        f"{numbers.show(numbers.a)} {'OR' if op == 'ORA' else op} {numbers.show(numbers.value)} {_SAYS[op]}: "
        f"A = {numbers.show(numbers.result)}",
        n_z(rng, numbers, numbers.result),
        pick(rng, "C and V stay|no effect on C and V"),
    ]


def _shift(rng: Random, numbers: Numbers) -> list[str]:
    op, top = numbers.step.op, numbers.bits - 1
    left = op in {"ASL", "ROL"}
    falls = f"bit {top if left else 0} of {numbers.show(numbers.a)} falls into C"
    comes = f"the old carry {numbers.carry}" if op in {"ROL", "ROR"} else "a 0"
    return [
        f"{falls}: C = {int(numbers.step.after.carry)}",
        f"{comes} comes in at bit {0 if left else top}: A = {numbers.show(numbers.result)}",
        n_z(rng, numbers, numbers.result),
    ]


def _count(rng: Random, numbers: Numbers) -> list[str]:
    step = numbers.step
    op, before, after = step.op, step.before, step.after
    if step.arg:
        name, (old, new) = step.arg, (word & numbers.top for word in step.memory)
    else:
        name = op[2] if op in {"INX", "INY", "DEX", "DEY"} else "A"
        held = {"A": (before.a, after.a), "X": (before.x, after.x), "Y": (before.y, after.y)}[name]
        old, new = (value & numbers.top for value in held)
    sign = "+" if op.startswith("IN") else "-"
    return [
        f"{name} = {numbers.show(old)} {sign} 1 = {numbers.show(new)}",
        n_z(rng, numbers, new),
        pick(
            rng, "C and V stay, even when the value wraps|C and V are not affected|no carry and no overflow is recorded"
        ),
    ]


def _load(rng: Random, numbers: Numbers) -> list[str]:
    return [f"{numbers.step.op[2]} = {numbers.show(numbers.value)}", n_z(rng, numbers, numbers.value)]


def _transfer(rng: Random, numbers: Numbers) -> list[str]:
    step = numbers.step
    source, target = step.op[1], step.op[2]
    result = _register(step.after, target) & numbers.top
    said = f"{target} has {numbers.bits} bits, so {numbers.bits} bits are copied: {target} = {numbers.show(result)}"
    if source == "A" and numbers.bits == 16 and step.before.m8:
        said += " (with the hidden B as its high byte)"
    elif target == "A" and numbers.bits == 8:
        said += f", B stays ${step.after.a >> 8:02X}"
    return [said, n_z(rng, numbers, result)]


def _register(registers: Registers, name: str) -> int:
    return {"A": registers.a, "X": registers.x, "Y": registers.y}[name]


def _xba(rng: Random, numbers: Numbers) -> list[str]:
    before, after = numbers.step.before.a, numbers.step.after.a
    return [
        f"the halves of ${before:04X} change places: ${after:04X}",
        f"N and Z come from the new low byte ${after & 0xFF:02X}, whatever the width",
        n_z(rng, numbers, after & 0xFF),
    ]


def _status(rng: Random, numbers: Numbers) -> list[str]:
    step = numbers.step
    named = [name for bit, name in _FLAGS.items() if numbers.value & bit]
    state = "1" if step.op == "SEP" else "0"
    verb = "sets" if state == "1" else "clears"
    said = [
        f"the mask ${numbers.value:02X} {verb} {' and '.join(named)}: " + ", ".join(f"{n} = {state}" for n in named)
    ]
    if "m" in named:
        said.append(
            f"A is 8 bits wide now, B keeps ${step.after.a >> 8:02X}"
            if state == "1"
            else f"A is 16 bits wide now and holds ${step.after.a:04X}, B included"
        )
    if "x" in named:
        said.append(
            f"X and Y lose their high bytes: X = ${step.after.x:02X}, Y = ${step.after.y:02X}"
            if state == "1"
            else f"X and Y are 16 bits wide with a high byte of 0: X = ${step.after.x:04X}, Y = ${step.after.y:04X}"
        )
    return [*said, pick(rng, "no other flag changes|the other flags stay")]


def _one_flag(rng: Random, numbers: Numbers) -> list[str]:
    name, state = {
        "CLC": ("C", 0), "SEC": ("C", 1), "CLV": ("V", 0), "SED": ("D", 1), "CLD": ("D", 0),
    }[numbers.step.op]  # fmt: skip
    if name == "D":
        return ["decimal mode: ADC and SBC now work on packed digits" if state else "back to binary arithmetic: D = 0"]
    return [
        f"{name} = {state}",
        pick(rng, "nothing else changes|only this flag changes|no register and no other flag changes"),
    ]


def _store(rng: Random, numbers: Numbers) -> list[str]:
    return [f"{numbers.step.arg} = {numbers.show(numbers.a)}", pick(rng, "stores change no flag|no flag changes")]


def _bits_in_memory(rng: Random, numbers: Numbers) -> list[str]:
    del rng
    show, (_, new) = numbers.show, numbers.step.memory
    both = numbers.a & numbers.value
    does = "sets" if numbers.step.op == "TSB" else "clears"
    return [
        f"Z tells of the bits before: {show(numbers.a)} AND {show(numbers.value)} = {show(both)}, Z = {int(not both)}",
        f"then {numbers.step.op} {does} these bits: {numbers.step.arg} = {show(new & numbers.top)}",
        "N, V, C and A stay",
    ]


def _push(rng: Random, numbers: Numbers) -> list[str]:
    what = "all eight flags" if numbers.step.op == "PHP" else f"A = {numbers.show(numbers.a)}"
    return [f"{what} to the stack", pick(rng, "a push changes no flag|no flag changes")]


def _pull(rng: Random, numbers: Numbers) -> list[str]:
    if numbers.step.op == "PLP":
        after = numbers.step.after
        return [
            f"P is ${after.p:02X} again: N = {int(after.negative)}, V = {int(after.overflow)}, Z = {int(after.zero)}, "
            f"C = {int(after.carry)}; A keeps what it has",
        ]
    return [f"A = {numbers.show(numbers.result)} again", n_z(rng, numbers, numbers.result), "C and V stay"]


_REASONS: dict[str, Callable[[Random, Numbers], list[str]]] = {
    "ADC": add, "SBC": subtract, **dict.fromkeys(("CMP", "CPX", "CPY"), compare), "BIT": _bit,
    **dict.fromkeys(("AND", "ORA", "EOR"), _logic), **dict.fromkeys(("ASL", "LSR", "ROL", "ROR"), _shift),
    **dict.fromkeys(("INC", "DEC", "INX", "INY", "DEX", "DEY"), _count), **dict.fromkeys(("LDA", "LDX", "LDY"), _load),
    **dict.fromkeys(("TAX", "TAY", "TXA", "TYA", "TXY", "TYX"), _transfer), "XBA": _xba,
    **dict.fromkeys(("REP", "SEP"), _status), **dict.fromkeys(("CLC", "SEC", "CLV", "SED", "CLD"), _one_flag),
    "STA": _store, **dict.fromkeys(("TSB", "TRB"), _bits_in_memory), **dict.fromkeys(("PHA", "PHP"), _push),
    **dict.fromkeys(("PLA", "PLP"), _pull),
}  # fmt: skip
