"""Families of bits, loads, transfers, the stack and the status register."""

from __future__ import annotations

from agents.training.domains.asm.flags.arithmetic import adc, compare
from agents.training.domains.asm.flags.sheet import Sheet, load_edge


def bit_test(s: Sheet) -> None:
    """BIT, with memory and immediate."""
    load_edge(s)
    if s.used:
        s.immediate("bit", s.edge(s.bits()))
        return
    s.word = s.edge(16) if s.coin() else s.between(0, 0xFFFF)
    s.put("bit", s.place())


def shift(s: Sheet) -> None:
    """ASL and LSR."""
    load_edge(s)
    for _ in range(1 + s.coin(0.4)):
        s.on_a(s.pick("asl|lsr"))


def rotate(s: Sheet) -> None:
    """ROL and ROR."""
    if s.coin(0.7):
        load_edge(s)
    if s.coin(0.6):
        s.put(s.pick("clc|sec"))
    for _ in range(1 + s.coin(0.5)):
        s.on_a(s.pick("rol|ror"))


def halve_signed(s: Sheet) -> None:
    """A shift to the right that keeps the sign: the compare copies the top bit to the carry."""
    load_edge(s)
    for _ in range(1 + s.coin(0.3)):
        s.immediate("cmp", 1 << (s.bits() - 1))
        s.on_a("ror")


def logic(s: Sheet) -> None:
    """AND, ORA and EOR."""
    value = load_edge(s)
    top = (1 << s.bits()) - 1
    op = s.pick("and|ora|eor")
    s.operand(op, value if s.coin(0.15) else top ^ value if s.coin(0.2) else s.edge(s.bits()))


def exchange(s: Sheet) -> None:
    """XBA, whose flags come from the new low byte whatever the width is."""
    s.whole = True
    if s.coin(0.7):
        load_edge(s)
    s.put("xba")
    if s.coin(0.4):
        s.on_a(s.pick("inc|asl|dec"))
    if s.coin(0.3):
        s.put("xba")


def width(s: Sheet) -> None:
    """Changes of width by REP and SEP, and what stays of the high bytes."""
    s.whole = True
    if s.coin(0.7):
        s.switch()
    else:
        s.x8 = not s.x8
        s.put("sep" if s.x8 else "rep", "#$10")
    if s.coin(0.6):
        s.put(s.pick("inx|dey|tax|txa|tya"))
    else:
        s.on_a(s.pick("inc|dec|asl|lsr"))


def transfer(s: Sheet) -> None:
    """Transfers between registers of equal and of different width."""
    s.whole = True
    first = s.pick("a|x|y")
    if first == "a":
        load_edge(s)
    else:
        s.immediate(f"ld{first}", s.edge(s.bits(index=True)), index=True)
    s.put(s.pick({"a": "tax|tay", "x": "txa|txy", "y": "tya|tyx"}[first]))


def status(s: Sheet) -> None:
    """REP and SEP on condition flags, and the instructions for a single one."""
    if s.coin(0.5):
        mask = s.pick("$80|$40|$02|$01|$C0|$C1|$41|$C3|$82|$03")
        s.put(s.pick("rep|sep"), f"#{mask}")
    else:
        s.put(s.pick("clc|sec|clv"))
    load_edge(s)
    if s.coin():
        s.on_a(s.pick("rol|ror"))
    else:
        s.operand(s.pick("adc|sbc"), s.edge(s.bits()))
    if s.coin(0.4):
        s.put(s.pick("clv|rep|sep"), "")
        if s.lines[-1].lower() in {"rep", "sep"}:
            s.lines[-1] += f" #{s.pick('$01|$02|$80|$40|$81|$43')}"


def set_clear(s: Sheet) -> None:
    """TSB and TRB, whose Z tells of the bits before."""
    load_edge(s)
    if not s.used:
        s.word = s.edge(16) if s.coin() else s.between(0, 0xFFFF)
    s.put(s.pick("tsb|trb"), s.place())


def stack(s: Sheet) -> None:
    """Pushes and pulls; PLP brings the flags back."""
    if s.coin(0.55):
        s.put("php")
        (adc, compare, logic, shift)[int(s.rng.random() * 4)](s)
        s.put("plp")
    else:
        load_edge(s)
        s.put("pha")
        (adc, compare, logic)[int(s.rng.random() * 3)](s)
        s.put("pla")


def load(s: Sheet) -> None:
    """Loads and stores: a load sets N and Z, a store nothing."""
    register = s.pick("a|x|y")
    s.immediate(f"ld{register}", s.edge(s.bits(index=register != "a")), index=register != "a")
    if register == "a" and s.coin():
        s.put("sta", s.place())
    if s.coin():
        load_edge(s)


FAMILIES = (
    bit_test, shift, rotate, halve_signed, logic, exchange, width, transfer, status, set_clear, stack, load,
)  # fmt: skip
