"""Sums, differences and comparisons in words: where the carry comes from, and what V means.

Owns the arithmetic of ADC, SBC and the compares. The numbers are those of an executed step.

Facts: C after a subtraction is 1 when no borrow was needed; V tells that a signed result does not fit (Eyes and
Lichty, "Programming the 65816", chapter 9).
"""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.flags.sequence import Step, bits_of
from agents.training.phrases import pick, vary


class Numbers:
    """A step in numbers of the width it works on: A before and after, the operand, the carry before."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.bits = bits_of(step.op, step.before)
        self.top = (1 << self.bits) - 1
        self.half = 1 << (self.bits - 1)
        self.a, self.result = step.before.a & self.top, step.after.a & self.top
        self.value = step.value
        self.carry = int(step.before.carry)

    def show(self, value: int) -> str:
        """Return ``value`` in hexadecimal, as wide as the step, wider if it needs it."""
        return f"${value:0{self.bits // 4}X}"

    def sign(self, value: int) -> str:
        """Return whether ``value`` is negative as a signed number."""
        return "negative" if value & self.half else "positive"


def n_z(rng: Random, numbers: Numbers, result: int) -> str:
    """Return why N and Z come out as they do for ``result``."""
    top_bit = numbers.bits - 1
    if not result:
        return vary(rng, f"<the result is 0|nothing is left but 0>: Z = 1, <and bit {top_bit} is clear: |>N = 0")
    n = int(bool(result & numbers.half))
    state = "set" if n else "clear"
    return vary(
        rng, f"bit {top_bit} <of {numbers.show(result)} |>is {state}: N = {n}<, Z = 0|; it is not 0: Z = 0|, and Z = 0>"
    )


def add(rng: Random, numbers: Numbers) -> list[str]:
    """Return what ADC does, part by part."""
    if numbers.step.before.p & 0x08:
        return _add_decimal(rng, numbers)
    show, a, value, result = numbers.show, numbers.a, numbers.value, numbers.result
    total = a + value + numbers.carry
    carried = (
        f"{show(total)} needs {numbers.bits + 1} bits" if total > numbers.top else f"it fits in {numbers.bits} bits"
    )
    return [
        f"{show(a)} + {show(value)} + carry {numbers.carry} = {show(total)}, A = {show(result)}",
        f"{carried}: C = {int(total > numbers.top)}",
        _overflow_of_sum(rng, numbers),
        n_z(rng, numbers, result),
    ]


def _overflow_of_sum(rng: Random, numbers: Numbers) -> str:
    a, value, result = (numbers.sign(number) for number in (numbers.a, numbers.value, numbers.result))
    if a != value:
        return vary(rng, f"<the operands have different signs|{a} plus {value} as signed numbers>, <no overflow is "
                         "possible|which cannot overflow>: V = 0")  # fmt: skip
    if a != result:
        return vary(rng, f"{a} plus {a} <gives|comes out> {result}, <a signed overflow|the sign is wrong>: V = 1")
    return vary(rng, f"{a} plus {a} <stays|is> {result}, <the sign is right|no signed overflow>: V = 0")


def _add_decimal(rng: Random, numbers: Numbers) -> list[str]:
    del rng
    digits = numbers.bits // 4
    total = int(f"{numbers.a:x}") + int(f"{numbers.value:x}") + numbers.carry
    over = total >= 10**digits
    return [
        f"D is set, so the digits are added in decimal: {numbers.a:x} + {numbers.value:x} + carry {numbers.carry} = "
        f"{total}, A = {numbers.show(numbers.result)}",
        f"{total} {'needs more than' if over else 'fits in'} {digits} digits: C = {int(over)}",
        _decimal_n_z(numbers),
    ]


def subtract(rng: Random, numbers: Numbers) -> list[str]:
    """Return what SBC does, part by part."""
    show, a, value, result = numbers.show, numbers.a, numbers.value, numbers.result
    borrow = 1 - numbers.carry
    if numbers.step.before.p & 0x08:
        return _subtract_decimal(numbers, borrow)
    kept = a >= value + borrow
    why = "no borrow <from above |>is needed" if kept else f"{show(a)} is too small, a borrow is needed"
    return [
        f"{show(a)} - {show(value)} - borrow {borrow} (C was {numbers.carry}), A = {show(result)}",
        vary(rng, f"{why}: C = {int(kept)}"),
        _overflow_of_difference(rng, numbers),
        n_z(rng, numbers, result),
    ]


def _overflow_of_difference(rng: Random, numbers: Numbers) -> str:
    a, value, result = (numbers.sign(number) for number in (numbers.a, numbers.value, numbers.result))
    if a == value:
        return vary(rng, "<both operands have the same sign|signs are equal>, <no overflow is possible|a difference "
                         "then always fits>: V = 0")  # fmt: skip
    if a != result:
        return vary(rng, f"{a} minus {value} <gives|comes out> {result}, <a signed overflow|the sign is wrong>: V = 1")
    return vary(rng, f"{a} minus {value} <stays|is> {result}, <as it should be|no signed overflow>: V = 0")


def _subtract_decimal(numbers: Numbers, borrow: int) -> list[str]:
    first, second = int(f"{numbers.a:x}"), int(f"{numbers.value:x}")
    kept = first - second - borrow >= 0
    digits = numbers.bits // 4
    wraps = "" if kept else f", below 0, so {10**digits} is added"
    return [
        f"D is set, so the digits are subtracted in decimal: {first} - {second} - borrow {borrow} = "
        f"{first - second - borrow}{wraps}, A = {numbers.show(numbers.result)}",
        f"{'no borrow' if kept else 'a borrow'} is left over: C = {int(kept)}",
        _decimal_n_z(numbers),
    ]


def _decimal_n_z(numbers: Numbers) -> str:
    n, z = int(bool(numbers.result & numbers.half)), int(not numbers.result)
    return (
        f"N is bit {numbers.bits - 1} of {numbers.show(numbers.result)}: N = {n}; "
        f"{'it is 0' if z else 'it is not 0'}: Z = {z}"
    )


def compare(rng: Random, numbers: Numbers) -> list[str]:
    """Return what CMP, CPX or CPY does, part by part."""
    register = {"CMP": "A", "CPX": "X", "CPY": "Y"}[numbers.step.op]
    before = numbers.step.before
    held = {"A": before.a, "X": before.x, "Y": before.y}[register] & numbers.top
    show, value = numbers.show, numbers.value
    difference = (held - value) & numbers.top
    order = "is equal to" if held == value else "is above" if held > value else "is below"
    return [
        f"{show(held)} - {show(value)} gives {show(difference)}, which only sets flags; {register} stays",
        vary(rng, f"{show(held)} {order} {show(value)} <unsigned|as an unsigned number>: C = {int(held >= value)}"),
        n_z(rng, numbers, difference),
        pick(rng, "V is not touched|a compare leaves V alone|V keeps its value"),
    ]
