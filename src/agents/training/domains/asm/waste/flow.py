"""Which registers and flags still matter after each line of a routine.

Owns the flow of control and the effects of instructions on A, X, Y, C, V and N/Z (as ``Z``). Errs on the side of
"still matters": an unknown instruction uses everything and settles nothing.

Facts: registers and flags used and changed by each instruction (WDC W65C816S data sheet, table 5-7).
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.training.routines.contract import Line, Routine

ALL = frozenset("AXYCVZ")
_BRANCHES = {
    "bcc": "C", "bcs": "C", "beq": "Z", "bne": "Z", "bpl": "Z", "bmi": "Z", "bvc": "V", "bvs": "V",
}  # fmt: skip
_EFFECTS = {
    "lda": ("", "AZ"), "ldx": ("", "XZ"), "ldy": ("", "YZ"), "sta": ("A", ""), "stx": ("X", ""), "sty": ("Y", ""),
    "stz": ("", ""), "adc": ("AC", "AZCV"), "sbc": ("AC", "AZCV"), "cmp": ("A", "CZ"), "cpx": ("X", "CZ"),
    "cpy": ("Y", "CZ"), "and": ("A", "AZ"), "ora": ("A", "AZ"), "eor": ("A", "AZ"), "bit": ("A", ""),
    "tsb": ("A", ""), "trb": ("A", ""), "inx": ("X", "XZ"), "dex": ("X", "XZ"), "iny": ("Y", "YZ"),
    "dey": ("Y", "YZ"), "tax": ("A", "XZ"), "tay": ("A", "YZ"), "txa": ("X", "AZ"), "tya": ("Y", "AZ"),
    "txy": ("X", "YZ"), "tyx": ("Y", "XZ"), "pha": ("A", ""), "phx": ("X", ""), "phy": ("Y", ""), "php": ("CVZ", ""),
    "phb": ("", ""), "phk": ("", ""), "pla": ("", "AZ"), "plx": ("", "XZ"), "ply": ("", "YZ"), "plb": ("", "Z"),
    "plp": ("", "CVZ"), "clc": ("", "C"), "sec": ("", "C"), "clv": ("", "V"), "nop": ("", ""), "sed": ("", ""),
    "cld": ("", ""), "xba": ("A", "Z"), "bra": ("", ""), "brl": ("", ""), "jmp": ("", ""), "": ("", ""),
}  # fmt: skip
"""Mnemonic -> what it uses, what it settles."""
_SHIFTS = {
    "asl": ("", "CZ"),
    "lsr": ("", "CZ"),
    "rol": ("C", "CZ"),
    "ror": ("C", "CZ"),
    "inc": ("", "Z"),
    "dec": ("", "Z"),
}
_GOES = frozenset({"bra", "brl", "jmp"})
_ENDS = frozenset({"rts", "rtl", "rti", "jml", "stp", "db", "dw"})


def effect(line: Line) -> tuple[frozenset[str], frozenset[str]]:
    """Return what ``line`` uses and what it settles, whatever was there before."""
    op, arg = line.op, line.arg
    if op in _SHIFTS:
        used, settled = _SHIFTS[op]
        if arg in {"", "a"}:
            used, settled = used + "A", settled + "A"
    elif op in _BRANCHES:
        used, settled = _BRANCHES[op], ""
    elif op in {"rep", "sep"} and int(arg[2:], 16) & 0xCF == 0:
        used, settled = "", ""
    elif op in _EFFECTS:
        used, settled = _EFFECTS[op]
    else:
        return ALL, frozenset()
    index = arg[-1:].upper() if arg.lower().endswith((",x", ",y")) else "X" if arg.lower().endswith(",x)") else ""
    return frozenset(used + index), frozenset(settled)


def successors(lines: Sequence[Line]) -> list[tuple[int, ...]]:
    """Return for each line the lines that may come next; a jump out of sight has none that are known."""
    labels = {line.label: at for at, line in enumerate(lines) if line.label}
    found: list[tuple[int, ...]] = []
    for at, line in enumerate(lines):
        after = (at + 1,) if at + 1 < len(lines) else ()
        target = (labels[line.arg],) if line.arg in labels else ()
        if line.op in _ENDS:
            found.append(())
        elif line.op in _GOES:
            found.append(target)
        else:
            found.append(after + target if line.op in _BRANCHES else after)
    return found


def matters(routine: Routine, lines: Sequence[Line]) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """Return for each line the registers and flags whose value before it, and after it, may still be used."""
    at_return = frozenset(place.where for place in routine.outputs if not place.in_memory) | frozenset(routine.keeps)
    effects, follows = [effect(line) for line in lines], successors(lines)
    before: list[frozenset[str]] = [frozenset()] * len(lines)
    after: list[frozenset[str]] = [frozenset()] * len(lines)
    is_moving = True
    while is_moving:
        is_moving = False
        for at in range(len(lines) - 1, -1, -1):
            ends = lines[at].op in {"rts", "rtl"}
            after[at] = (
                at_return if ends else ALL if not follows[at] else frozenset().union(*(before[n] for n in follows[at]))
            )
            used, settled = effects[at]
            new = at_return if ends else used | (after[at] - settled)
            if new != before[at]:
                before[at], is_moving = new, True
    return before, after


def widths(routine: Routine, lines: Sequence[Line]) -> list[tuple[bool, bool]]:
    """Return for each line whether A, and whether X and Y, have 8 bits before it, in the order of the text."""
    m8, x8 = routine.m8, routine.x8
    found = []
    for line in lines:
        found.append((m8, x8))
        if line.op in {"rep", "sep"}:
            mask = int(line.arg[2:], 16)
            m8 = (line.op == "sep") if mask & 0x20 else m8
            x8 = (line.op == "sep") if mask & 0x10 else x8
        elif line.op == "plp":
            m8, x8 = routine.m8, routine.x8
    return found
