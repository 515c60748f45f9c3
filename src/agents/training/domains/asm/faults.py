"""Mistakes that programmers make in 65816 code, one instruction at a time.

Owns which slips an instruction invites and how each is described. Never decides whether a slip shows: that is proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS = {
    "bcc": "bcs",
    "bcs": "bcc",
    "beq": "bne",
    "bne": "beq",
    "bpl": "bmi",
    "bmi": "bpl",
    "bvc": "bvs",
    "inx": "dex",
    "dex": "inx",
    "iny": "dey",
    "dey": "iny",
    "inc": "dec",
    "dec": "inc",
    "ina": "dea",
    "asl": "lsr",
    "lsr": "asl",
    "rol": "ror",
    "ror": "rol",
    "adc": "sbc",
    "sbc": "adc",
    "and": "ora",
    "ora": "and",
    "eor": "ora",
    "tsb": "trb",
    "trb": "tsb",
    "rep": "sep",
    "sep": "rep",
    "stx": "sty",
    "sty": "stx",
    "rts": "rtl",
    "rtl": "rts",
    "cpx": "cpy",
    "cpy": "cpx",
    "tax": "tay",
    "sed": "cld",
}
_DROPPED = frozenset(
    [
        "clc",
        "sec",
        "rep",
        "sep",
        "xba",
        "tax",
        "sed",
        "cld",
        "plx",
        "ply",
        "pla",
        "plp",
        "plb",
        "stz",
        "and",
        "inx",
        "iny",
        "dex",
        "dey",
        "sta",
        "inc",
        "ror",
        "lsr",
        "asl",
        "ora",
    ]
)
_NUMBER = re.compile(r"#(\$?)([0-9A-Fa-f]+)$")
_OFFSET = re.compile(r"([A-Za-z_]\w*)\+(\d+)(.*)$")
_BRANCHES = frozenset(["bcc", "bcs", "beq", "bne", "bpl", "bmi", "bvc", "bvs"])


@dataclass(frozen=True, slots=True)
class Slip:
    """One way to get an instruction wrong: its kind, and the wrong text (empty: left out)."""

    kind: str
    text: str


def slips(op: str, arg: str) -> Iterator[Slip]:
    """Yield the slips that ``op arg`` invites, in a fixed order; the case of ``op`` is kept."""
    name = op.lower()
    if name in _SWAPS:
        other = _SWAPS[name]
        kind = (
            "branch"
            if name in _BRANCHES
            else "width"
            if name in {"rep", "sep"}
            else "return"
            if name in {"rts", "rtl"}
            else "swap"
        )
        yield Slip(kind, f"{other.upper() if op.isupper() else other} {arg}".rstrip())
    if name in _DROPPED:
        yield Slip("missing", "")
    number = _NUMBER.match(arg)
    if number and name not in {"rep", "sep"}:
        yield from _off_by_one(op, *number.groups())
    offset = _OFFSET.match(arg)
    if offset:
        yield Slip("byte", f"{op} {offset[1]}{offset[3]}")
    if arg.lower().endswith(",x") and name in {"lda", "sta", "cmp", "adc", "eor"}:
        yield Slip("index", f"{op} {arg[:-2]}")


def _off_by_one(op: str, sign: str, digits: str) -> Iterator[Slip]:
    value, base = int(digits, 16 if sign else 10), 16 if sign else 10
    for change in (1, -1):
        near = value + change
        if near < 0 or len(f"{near:X}") > max(2, len(f"{value:X}") + len(f"{value:X}") % 2):
            continue
        shown = f"{near:0{len(digits)}X}" if base == 16 else str(near)
        yield Slip("off by one", f"{op} #{sign}{shown}")


CAUSES = {
    "branch": "the branch tests the opposite condition, so the <two paths change places|wrong path is taken>",
    "width": (
        "the register width is switched the wrong way, so <operands have the wrong size|loads and stores move the "
        "wrong number of bytes>"
    ),
    "return": "the return does not match the <call|way the routine is called>",
    "swap": "<the two are easily confused|a slip of one letter or two|the opposite of what is needed>",
    "off by one": (
        "the constant is off by one, <a classic fencepost error|so one step too many or too few is made or a limit "
        "moves>"
    ),
    "byte": "the operand names the first byte where the second is meant",
    "index": "the index register is missing, so <every round|the access> uses the same address",
    "missing": "<an instruction|one step> is missing here",
}
"""Kind of slip -> what is wrong, with alternatives."""

MISSING = {
    "clc": ("without CLC the carry <left over from before|of the caller or of an earlier operation> is added as well"),
    "sec": "without SEC the subtraction may borrow one too many",
    "rep": "the register is still 8 bits wide",
    "sep": "the register is still 16 bits wide",
    "xba": "the bytes of the accumulator are not exchanged",
    "tax": "the index register never gets the value",
    "sed": "the addition is binary instead of decimal",
    "cld": "the decimal flag stays set for the caller",
    "plx": "what was pushed is not pulled, so the return address is wrong",
    "ply": "what was pushed is not pulled, so the return address is wrong",
    "pla": "what was pushed is not pulled, so the return address is wrong",
    "plp": "the saved status is left on the stack, so the return address is wrong",
    "plb": "the saved data bank is left on the stack, so the return address is wrong",
    "stz": "the location keeps whatever it held before",
    "and": "bits that do not belong to the value are not masked off",
    "inx": "the index never moves on",
    "iny": "the index never moves on",
    "dex": "the index never moves on",
    "dey": "the index never moves on",
    "sta": "the value is computed but never stored",
    "inc": "the count or the carry into the next byte is lost",
    "ror": "the sum is not halved",
    "lsr": "one shift to the right is lost",
    "asl": "one doubling is lost",
    "ora": "the bits are never merged in",
}
"""Mnemonic left out -> what follows."""

DOES = {
    "adc": "adds, the carry included", "sbc": "subtracts, the borrow included",
    "and": "keeps only the bits that the operand has", "ora": "sets the bits that the operand has",
    "eor": "flips the bits that the operand has",
    "asl": "shifts left", "lsr": "shifts right", "rol": "rotates left", "ror": "rotates right",
    "inc": "adds 1", "ina": "adds 1", "dec": "subtracts 1", "dea": "subtracts 1",
    "inx": "moves X up", "dex": "moves X down", "iny": "moves Y up", "dey": "moves Y down",
    "bcc": "branches if the carry is clear", "bcs": "branches if the carry is set",
    "beq": "branches on zero", "bne": "branches on anything but zero",
    "bpl": "branches if the sign bit is clear", "bmi": "branches if the sign bit is set",
    "bvc": "branches if there was no overflow", "bvs": "branches on overflow",
    "rep": "makes registers 16 bits wide", "sep": "makes registers 8 bits wide",
    "stx": "stores X", "sty": "stores Y", "cpx": "compares X", "cpy": "compares Y",
    "tax": "copies A to X", "tay": "copies A to Y",
    "sed": "starts decimal arithmetic", "cld": "ends decimal arithmetic",
    "tsb": "sets bits in memory", "trb": "clears bits in memory",
    "rts": "pulls a two-byte return address", "rtl": "pulls a three-byte return address",
}  # fmt: skip
"""Mnemonic -> what it does, for setting the wrong instruction against the right one."""
