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
    "mvn": "mvp",
    "mvp": "mvn",
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
    "width": "the register width is switched the wrong way, so <operands have the wrong size|loads and stores move "
    "the wrong number of bytes>",
    "return": "the return does not match the <call|way the routine is called>",
    "swap": "<the two are easily confused|that is not what is needed here>",
    "off by one": "the constant is <off by one|one off>",
    "byte": "the operand names the first byte of the value instead of a later one",
    "index": "the index register is missing, so the access always goes to <the same address|the first element>",
    "missing": "<an instruction|one step> is missing",
}
"""Kind of slip -> what is wrong, with alternatives."""

_UNPULLED = "what was pushed is not pulled, so <the return address is wrong|RTS or RTL takes it for the return address>"
_STUCK = "{} does not move on"

MISSING = {
    "clc": "without CLC the carry <left over from before|of the caller or of an earlier operation> is added as well",
    "sec": "without SEC the subtraction may <borrow|take away> one too many",
    "rep": "without it <the code goes on with 8 bits|the width stays at 8 bits>",
    "sep": "without it <the code goes on with 16 bits|the width stays at 16 bits>",
    "xba": "the bytes of the accumulator are not exchanged",
    "tax": "X never gets the value",
    "sed": "the addition is binary instead of decimal",
    "cld": "the decimal flag stays set for the caller",
    "plx": _UNPULLED,
    "ply": _UNPULLED,
    "pla": _UNPULLED,
    "plp": _UNPULLED,
    "plb": _UNPULLED,
    "stz": "the location keeps whatever it held before",
    "and": "no mask is applied, so <other bits|bits that do not belong here> get through",
    "ora": "the bits that it <sets|adds> are missing",
    "inx": _STUCK.format("X"),
    "iny": _STUCK.format("Y"),
    "dex": _STUCK.format("X"),
    "dey": _STUCK.format("Y"),
    "sta": "the value is <computed|there> but never stored",
    "inc": "one increment is lost",
    "ror": "one rotation to the right is lost",
    "lsr": "one shift to the right is lost",
    "asl": "one shift to the left is lost",
}
"""Mnemonic left out -> what follows, with alternatives."""

_LIMIT = "<so the limit moves by one|which moves the limit by one>"
_START = "so it starts one <place|step> off"
_MASK = "so <the wrong bits are selected|it picks other bits>"

OFF_BY_ONE = {
    "cmp": _LIMIT,
    "cpx": _LIMIT,
    "cpy": _LIMIT,
    "ldx": _START,
    "ldy": _START,
    "and": _MASK,
    "ora": _MASK,
    "eor": _MASK,
    "adc": "so one too <many|much> or too <few|little> is added",
    "sbc": "so one too <many|much> or too <few|little> is taken away",
    "lda": "so A gets <another value|the neighboring value>",
}
"""Mnemonic with an immediate operand that is one off -> what follows, with alternatives."""

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
    "mvn": "moves from the first byte upwards", "mvp": "moves from the last byte downwards",
    "tsb": "sets bits in memory", "trb": "clears bits in memory",
    "rts": "pulls a two-byte return address", "rtl": "pulls a three-byte return address",
}  # fmt: skip
"""Mnemonic -> what it does, for setting the wrong instruction against the right one."""
