"""Families of sums, differences, comparisons and counts.

With the decimal flag set, only valid packed decimal operands are drawn: for others the results of the 65816 are
not documented (WDC W65C816S data sheet, section on decimal mode).
"""

from __future__ import annotations

from agents.training.domains.asm.flags.sheet import Sheet, load_edge


def adc(s: Sheet) -> None:
    """Add binary numbers."""
    value = load_edge(s)
    if s.coin(0.75):
        s.put(s.pick("clc|clc|sec"))
    s.operand("adc", s.edge(s.bits(), -value))


def sbc(s: Sheet) -> None:
    """Subtract binary numbers."""
    value = load_edge(s)
    if s.coin(0.75):
        s.put(s.pick("sec|sec|clc"))
    s.operand("sbc", s.edge(s.bits(), -value))


def _in_decimal(s: Sheet, op: str, first: str) -> None:
    if not s.lines or s.lines[-1].lower() == "cld":
        s.put("sed")
    s.immediate("lda", s.decimal(s.bits()))
    if s.coin(0.8):
        s.put(s.pick(first))
    s.immediate(op, s.decimal(s.bits()))
    if s.coin(0.3):
        s.put("cld")


def decimal_add(s: Sheet) -> None:
    """Add packed decimal numbers."""
    _in_decimal(s, "adc", "clc|clc|sec")


def decimal_subtract(s: Sheet) -> None:
    """Subtract packed decimal numbers."""
    _in_decimal(s, "sbc", "sec|sec|clc")


def compare(s: Sheet) -> None:
    """Compare the accumulator."""
    value = load_edge(s)
    s.operand("cmp", value if s.coin(0.2) else s.edge(s.bits(), -value if s.coin() else None))


def compare_index(s: Sheet) -> None:
    """Compare an index register."""
    register = s.pick("x|y")
    value = s.edge(s.bits(index=True))
    s.immediate(f"ld{register}", value, index=True)
    if s.coin(0.4):
        s.put(s.pick(f"in{register}|de{register}"))
    s.immediate(f"cp{register}", value if s.coin(0.3) else s.edge(s.bits(index=True), -value), index=True)


def multi_byte(s: Sheet) -> None:
    """A sum or difference over two parts with the carry in between."""
    op = s.pick("adc|sbc")
    if s.coin(0.85):
        s.put({"adc": "clc", "sbc": "sec"}[op])
    low = load_edge(s)
    s.immediate(op, s.edge(s.bits(), -low))
    s.put("sta", s.place())
    load_edge(s)
    s.immediate(op, s.edge(s.bits()) if s.coin() else 0)


def negate(s: Sheet) -> None:
    """Two's complement: invert and add 1."""
    load_edge(s)
    s.immediate("eor", (1 << s.bits()) - 1)
    if s.coin():
        s.on_a("inc")
    else:
        s.put(s.pick("clc|clc|sec"))
        s.immediate("adc", int(s.coin(0.8)))


def mask_compare(s: Sheet) -> None:
    """A field cut out by a mask and compared."""
    bits = s.bits()
    value = s.between(0, (1 << bits) - 1)
    width = s.between(2, 5)
    mask = ((1 << width) - 1) << s.between(0, bits - width)
    s.immediate("lda", value)
    s.immediate("and", mask)
    s.immediate("cmp", value & mask if s.coin(0.35) else s.between(0, mask))


def increment(s: Sheet) -> None:
    """Increments and decrements, which leave C and V alone."""
    op, index = s.pick("inc|dec|inx|dex|iny|dey|mem").lower(), ""
    if op == "mem" and not s.used:
        s.word = s.edge(s.bits()) | (s.between(0, 255) << 8 if s.m8 else 0)
        s.put(s.pick("inc|dec"), s.place())
        return
    if op[2] in "xy":
        index = op[2]
        s.immediate(f"ld{index}", s.edge(s.bits(index=True)), index=True)
        s.put(op)
        return
    load_edge(s)
    s.on_a(op if op != "mem" else "inc")


def count_down(s: Sheet) -> None:
    """A counter around 0, and what is left of C and V meanwhile."""
    register = s.pick("x|y")
    s.immediate(f"ld{register}", s.between(0, 2), index=True)
    if s.coin(0.5):
        s.put(s.pick("clc|sec|clv"))
    for _ in range(1 + s.coin(0.6)):
        s.put(f"de{register}")
    if s.coin(0.3):
        s.put(f"t{register}a")


FAMILIES = (
    adc, sbc, decimal_add, decimal_subtract, compare, compare_index, multi_byte, negate, mask_compare, increment,
    count_down,
)  # fmt: skip
