"""Single instructions that make the result wrong.

Owns the family ``results``. Facts: CMP sets the carry for "register >= operand", unsigned; ADC adds the carry and SBC
subtracts its complement (WDC W65C816S data sheet, table "Instruction Operation").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words, edited
from agents.training.domains.errors.sheet import Sheet, without
from agents.training.domains.errors.slips.nouns import LOOPS, SUMS
from agents.training.routines.contract import Routine

_COUNT = re.compile(r"#(\$?)([0-9A-F]{1,4})$")
_INDEXED = frozenset({"lda", "sta", "cmp", "adc", "eor", "sbc"})
_TAKES = frozenset({"lda", "ldx", "ldy", "cmp", "cpx", "cpy", "adc", "sbc", "and", "ora", "eor"})
_BRANCHES = {
    "bcc": ("the carry is clear", "bcs"), "bcs": ("the carry is set", "bcc"), "beq": ("the result was zero", "bne"),
    "bne": ("the result was not zero", "beq"), "bpl": ("the sign bit is clear", "bmi"),
    "bmi": ("the sign bit is set", "bpl"), "bvc": ("there was no overflow", "bvs"),
    "bvs": ("there was an overflow", "bvc"),
}  # fmt: skip
_SIGNED = {"bcc": "bmi", "bcs": "bpl"}
_CONFUSED = {
    "adc": "sbc", "sbc": "adc", "and": "ora", "ora": "and", "eor": "ora", "asl": "rol", "lsr": "ror", "rol": "asl",
    "ror": "lsr", "tsb": "trb", "trb": "tsb", "inc": "dec", "dec": "inc", "inx": "dex", "iny": "dey", "tax": "tay",
    "tay": "tax", "stx": "sty", "sty": "stx",
}  # fmt: skip
_DOES = {
    "adc": "adds", "sbc": "subtracts", "and": "masks bits out", "ora": "sets bits", "eor": "flips bits",
    "asl": "shifts left and brings a 0 in", "rol": "shifts left and brings the carry in",
    "lsr": "shifts right and brings a 0 in", "ror": "shifts right and brings the carry in",
    "tsb": "sets bits in memory", "trb": "clears bits in memory", "inc": "counts up", "dec": "counts down",
    "inx": "moves X up", "dex": "moves X down",
    "iny": "moves Y up", "dey": "moves Y down", "tax": "copies A to X", "tay": "copies A to Y", "stx": "stores X",
    "sty": "stores Y",
}  # fmt: skip


def results(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield single instructions that make the result wrong."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        if line.op not in {"db", "dw", ""}:
            yield from _branches(sheet, at)
            yield from _missing(sheet, at)
            yield from _operands(rng, sheet, at)
            if line.op in _CONFUSED:
                other = _CONFUSED[line.op]
                text = f"{other} {line.arg}".rstrip()
                yield edited(sheet, "wrong_instruction", at, text, does=_DOES[other], needed=_DOES[line.op])


def _branches(sheet: Sheet, at: int) -> Iterator[Defect]:
    op, arg = sheet.lines[at].op, sheet.lines[at].arg
    if op in _BRANCHES:
        says, other = _BRANCHES[op]
        yield edited(sheet, "wrong_condition", at, f"{other} {arg}", says=says, name=arg)
        if op in _SIGNED and sheet.lines[at - 1].op in {"cmp", "cpx", "cpy"}:
            tells = {"signed": _SIGNED[op].upper(), "unsigned": op.upper()}
            yield edited(sheet, "signed_branch", at, f"{_SIGNED[op]} {arg}", **tells)


def _missing(sheet: Sheet, at: int) -> Iterator[Defect]:
    line = sheet.lines[at]
    broken, near = Sheet(sheet.head, without(sheet.lines, at)), (("line", at - 1),) if at else ()
    if line.op in {"clc", "sec"}:
        what = ("ADC", "set", "one more") if line.op == "clc" else ("SBC", "clear", "one less")
        tells = {"sum": what[0], "left": what[1], "off": what[2]}
        yield Defect(f"missing_{line.op}", broken, sheet, ("line", at), None, line, tells, near)
    if line.op in {"sta", "stz"}:
        place = {"place": line.arg.partition(",")[0]}
        yield Defect("missing_store", broken, sheet, ("line", at), None, line, place, near)


def _operands(rng: Random, sheet: Sheet, at: int) -> Iterator[Defect]:
    op, arg = sheet.lines[at].op, sheet.lines[at].arg
    if arg.endswith((",x", ",y")) and arg[0] not in "([" and op in _INDEXED:
        yield edited(sheet, "missing_index", at, f"{op} {arg[:-2]}", index=arg[-1].upper(), base=arg[:-2])
    number = _COUNT.fullmatch(arg)
    if number is None or op in {"rep", "sep"}:
        return
    value = int(number[2], 16 if number[1] else 10)
    if op in _TAKES:
        place = f"${value:04X}" if value > 0xFF else f"${value:02X}"
        yield edited(sheet, "missing_hash", at, f"{op} {arg[1:]}", number=arg[1:], place=place)
    value += 1 if rng.random() < 0.5 else -1
    typed = f"${value:0{len(number[2])}X}" if number[1] else str(value)
    if value >= 0 and len(typed) < len(arg):
        yield edited(sheet, "off_by_one", at, f"{op} #{typed}", typed=typed, meant=arg[1:])


_SINGLE = (
    "<Test|Try> the smallest and the largest value and the ones at the limit, not only <a|some> value in the middle.",
    "<Follow|Walk> a trace down to the first value that is not what you expect: the instruction above it is the one "
    "to look at.",
    "<Say|Write> in a comment what each row is for, then compare comment and instruction.",
)
RESULTS = Family(
    results,
    frozenset({"result"}),
    {
        "missing_hash": Words(
            (
                "Without # the operand is an address: {wrong} takes what lies in memory at {place}, not the number "
                "{number}. It assembles, since both forms exist.",
                "{wrong} reads memory at {place}. The number itself needs the sign #: {right}.",
            ),
            (
                "<Read|Check> each load and compare once for its #: it is the most common slip of all in 65xx code.",
                *_SINGLE,
            ),
        ),
        "wrong_condition": Words(
            (
                "The condition is turned round. {right} branches if {says}; {wrong} does so in the opposite case, so "
                "the two paths to and past {name} change places.",
                "{wrong} takes the branch to {name} exactly when it should not. It must branch if {says}: {right}.",
            ),
            _SINGLE,
        ),
        "signed_branch": Words(
            (
                "{signed} looks at the sign bit of a difference and {unsigned} at the carry. Unsigned numbers are "
                "compared by the carry; with {wrong} the test fails <when|as soon as> the numbers are more than half "
                "the range apart.",
                "After a compare of unsigned numbers the carry <decides|has the answer>, not N. {wrong} tests N; "
                "{right} is the one for unsigned values.",
            ),
            (
                "<Remember|Note>: after CMP unsigned means BCC and BCS, and N alone is never a safe answer.",
                *_SINGLE[:1],
            ),
            nouns=("clamp", "extreme", "inside", "bubble_sort", "lookup", "boxes_overlap", "order", "count_matching"),
        ),
        "missing_clc": Words(
            (
                "{right} is missing. {sum} always adds the carry, and if it happens to be {left}, the result is {off}.",
                "Nothing defines the carry before {sum}. Whatever was left over from before goes into the sum: if C "
                "was {left}, there is {off}. It takes {right}.",
            ),
            ("<Write|Type> CLC and ADC, SEC and SBC as pairs, unless a carry is to travel on.", *_SINGLE[:2]),
            nouns=SUMS,
        ),
        "missing_sec": Words(
            (
                "{right} is missing. {sum} subtracts the complement of the carry as well, and if C happens to be "
                "{left}, the result is {off}.",
                "{sum} needs a set carry for its first step: it means no borrow. Here C is whatever was left over, "
                "and {left} it costs one; {right} has to come first.",
            ),
            ("<Write|Type> CLC and ADC, SEC and SBC as pairs, unless a borrow is to travel on.", *_SINGLE[:2]),
            nouns=("subtract", "decimal_digits", "inside", "cooldown"),
        ),
        "wrong_instruction": Words(
            (
                "{wrong} {does}; the routine needs an instruction that {needed}: {right}.",
                "The instruction is another one than meant. {wrong} {does}, {right} {needed}.",
            ),
            _SINGLE,
        ),
        "missing_index": Words(
            (
                "The index is missing: {wrong} goes to {base} itself in every round, while {right} goes on with "
                "{index}.",
                "{index} counts, but {wrong} does not use it, so each round works on the same byte at {base}.",
            ),
            _SINGLE,
            nouns=LOOPS,
        ),
        "off_by_one": Words(
            (
                "The number is off by one: {typed} where {meant} belongs. {wrong} <shifts the limit|moves the result> "
                "by one step.",
                "{wrong} is one away from what is needed; {right} has the right number, {meant}.",
            ),
            _SINGLE,
        ),
        "missing_store": Words(
            (
                "The value is never written: {right} is missing, so {place} keeps what it held before.",
                "Without {right} nothing reaches {place} at this step; what is read there later is <an old value|left "
                "over from before>.",
            ),
            _SINGLE[1:],
        ),
    },
)
