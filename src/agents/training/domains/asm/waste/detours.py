"""Detours in straight code: a value by way of a register, a compare too many, an address too long.

Owns where each fits. Never decides whether an edit is harmless in the end: execution does.

Facts: STZ, INC A, TSB and the long addressing modes are of the 65816 (WDC W65C816S data sheet); DEX and its kin set N
and Z, so a compare with 0 behind them adds nothing (Eyes and Lichty, "Programming the 65816", chapter 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from agents.training.domains.asm.waste.frame import Edit, Frame, waste

Edits = Iterator[Edit]

_SETS_NZ_OF_A = frozenset({"lda", "and", "ora", "eor", "adc", "sbc", "txa", "tya", "pla"})
_ON_A = frozenset({"asl", "lsr", "rol", "ror", "inc", "dec"})
_OF_NZ = frozenset({"beq", "bne", "bpl", "bmi"})
_HAS_LONG = frozenset({"lda", "sta", "adc", "sbc", "and", "ora", "eor", "cmp"})
_HAS_ABSOLUTE = _HAS_LONG | _ON_A | {"ldx", "ldy", "stx", "sty", "stz", "bit", "tsb", "trb"}
_PLAIN = re.compile(r"(?:\$[0-9A-F]+|[A-Za-z_]\w*)(?:\+\d+)?$")


def zero_through_a(frame: Frame) -> Edits:
    """STZ as LDA #0 and STA."""
    for at, line in frame.free():
        if line.op == "stz" and frame.is_dead(at, "AZ") and not line.arg.endswith(",y"):
            yield Edit(
                "zero_through_a", at, 1, (waste("lda", "#0", line.label), waste("sta", line.arg)), f"stz {line.arg}"
            )


def compare_with_zero(frame: Frame) -> Edits:
    """CMP #0, CPX #0 or CPY #0 behind an instruction that has set N and Z already."""
    for at, line in frame.free():
        if at + 1 >= len(frame.lines) or frame.lines[at + 1].label or frame.lines[at + 1].op not in _OF_NZ:
            continue
        if not frame.is_dead(at, "C"):
            continue
        if line.op in _SETS_NZ_OF_A or (line.op in _ON_A and line.arg in {"", "a"}):
            yield Edit("compare_with_zero", at, 1, (line, waste("cmp", "#0")), line.text)
        elif line.op in {"inx", "dex", "ldx", "tax"}:
            yield Edit("compare_with_zero", at, 1, (line, waste("cpx", "#0")), line.text)
        elif line.op in {"iny", "dey", "ldy", "tay"}:
            yield Edit("compare_with_zero", at, 1, (line, waste("cpy", "#0")), line.text)


def count_by_adding(frame: Frame) -> Edits:
    """INC and DEC as an addition or subtraction of 1."""
    if "sed" in frame.ops:
        return
    for at, line in frame.free():
        if line.op not in {"inc", "dec"} or not frame.is_dead(at, "CV"):
            continue
        start, op = ("clc", "adc") if line.op == "inc" else ("sec", "sbc")
        if line.arg in {"", "a"}:
            yield Edit("count_by_adding", at, 1, (waste(start, "", line.label), waste(op, "#1")), line.text)
        elif frame.is_dead(at, "A") and not line.arg.endswith(",y"):
            way = (waste("lda", line.arg, line.label), waste(start), waste(op, "#1"), waste("sta", line.arg))
            yield Edit("count_through_a", at, 1, way, line.text)


def far_addressing(frame: Frame) -> Edits:
    """Direct page operands written as absolute ones, absolute ones as long ones."""
    for at, line in frame.free():
        arg, comma, index = line.arg.partition(",")
        if not _PLAIN.match(arg) or index not in {"", "x"}:
            continue
        address = frame.address(arg)
        if address is None:
            continue
        named = not arg.startswith("$")
        if (
            address < 0x100
            and line.op in _HAS_ABSOLUTE
            and not (index and line.op in {"stx", "sty", "ldx", "bit", "tsb"})
        ):
            wide = f"{line.op}.w {line.arg}" if named else f"{line.op} ${address:04X}{comma}{index}"
            kind = "absolute_for_direct"
        elif 0x100 <= address < 0x10000 and line.op in _HAS_LONG:
            wide = f"{line.op}.l {line.arg}" if named else f"{line.op} ${address:06X}{comma}{index}"
            kind = "long_for_absolute"
        else:
            continue
        op, _, operand = wide.partition(" ")
        yield Edit(kind, at, 1, (waste(op, operand, line.label),), line.text)


def load_again(frame: Frame) -> Edits:
    """A load of what has just been stored."""
    for at, line in frame.free():
        load = {"sta": "lda", "stx": "ldx", "sty": "ldy"}.get(line.op)
        last = at + 1 >= len(frame.lines) or frame.lines[at + 1].op in {"rts", "rtl", load}
        address = frame.address(line.arg)
        if load and not last and address is not None and not 0x2000 <= address < 0x6000 and frame.is_dead(at, "Z"):
            yield Edit("load_again", at, 1, (line, waste(load, line.arg)), line.text)


def transfer_back(frame: Frame) -> Edits:
    """TXA behind TAX and the like, with registers of equal width."""
    for at, line in frame.free():
        back = {"tax": "txa", "tay": "tya", "txa": "tax", "tya": "tay"}.get(line.op)
        m8, x8 = frame.widths[at]
        if back and m8 == x8:
            yield Edit("transfer_back", at, 1, (line, waste(back)), line.text)


def width_again(frame: Frame) -> Edits:
    """REP or SEP for a width that is set already."""
    for at, line in frame.free():
        m8, x8 = frame.widths[at]
        if line.op in {"lda", "ldx", "ldy", "sta"} and not line.label:
            flag, narrow = ("$20", m8) if line.op.endswith("a") else ("$10", x8)
            yield Edit("width_again", at, 1, (waste("sep" if narrow else "rep", f"#{flag}"), line), line.text)


def halves(frame: Frame) -> Edits:
    """A 16-bit copy in two 8-bit halves."""
    for at, line in frame.free(2):
        store = frame.lines[at + 1]
        if line.op != "lda" or store.op != "sta" or frame.widths[at][0] or not frame.is_dead(at + 1, "AZ"):
            continue
        if frame.address(store.arg) is None or not _PLAIN.match(store.arg):
            continue
        if line.arg.startswith("#$"):
            value = int(line.arg[2:], 16)
            low, high = f"#${value & 0xFF:02X}", f"#${value >> 8:02X}"
        elif frame.address(line.arg) is not None and _PLAIN.match(line.arg):
            low, high = line.arg, frame.next_byte(line.arg)
        else:
            continue
        way = (
            waste("sep", "#$20", line.label), waste("lda", low), waste("sta", store.arg), waste("lda", high),
            waste("sta", frame.next_byte(store.arg)), waste("rep", "#$20"),
        )  # fmt: skip
        yield Edit("halves", at, 2, way, f"{line.text} / {store.text}")


def shift_by_rotating(frame: Frame) -> Edits:
    """ASL and LSR as a rotation with the carry cleared."""
    for at, line in frame.free():
        if line.op in {"asl", "lsr"}:
            rotate = waste({"asl": "rol", "lsr": "ror"}[line.op], line.arg)
            yield Edit("shift_by_rotating", at, 1, (waste("clc", "", line.label), rotate), line.text)


def load_through_a(frame: Frame) -> Edits:
    """An index register loaded by way of A."""
    for at, line in frame.free():
        m8, x8 = frame.widths[at]
        if line.op in {"ldx", "ldy"} and m8 == x8 and frame.is_dead(at, "A") and not line.arg.endswith(",y"):
            way = (waste("lda", line.arg, line.label), waste(f"ta{line.op[2]}"))
            yield Edit("load_through_a", at, 1, way, line.text)


def mask_by_hand(frame: Frame) -> Edits:
    """TSB and TRB with a constant as load, logic and store."""
    for at, line in frame.free(2):
        follow = frame.lines[at + 1]
        if line.op != "lda" or not line.arg.startswith("#$") or follow.op not in {"tsb", "trb"}:
            continue
        if not frame.is_dead(at + 1, "AZ"):
            continue
        value, digits = int(line.arg[2:], 16), len(line.arg) - 2
        mask = value if follow.op == "tsb" else value ^ ((1 << 4 * digits) - 1)
        way = (
            waste("lda", follow.arg, line.label), waste("ora" if follow.op == "tsb" else "and", f"#${mask:0{digits}X}"),
            waste("sta", follow.arg),
        )  # fmt: skip
        yield Edit("mask_by_hand", at, 2, way, f"{line.text} / {follow.text}")


DETOURS: tuple[Callable[[Frame], Edits], ...] = (
    zero_through_a, compare_with_zero, count_by_adding, far_addressing, load_again, transfer_back, width_again, halves,
    shift_by_rotating, load_through_a, mask_by_hand,
)  # fmt: skip
