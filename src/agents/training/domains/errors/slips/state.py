"""State that outlives a routine: decimal mode and the data bank.

Owns the families ``decimal`` and ``data_bank``. Facts: with D set ADC and SBC work on packed decimal digits; MVN leaves
the data bank register at the destination bank; PLB takes one byte from the stack (WDC W65C816S data sheet, sections
2.8 and 7.18). Of the banks from $40 to $7F only $7E shows the 8 KiB that bank $00 has at $0000-$1FFF, and none shows
the registers at $2100-$43FF (fullsnes, "SNES Memory Map").
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, inserted, without
from agents.training.domains.errors.slips.nouns import SUMS, SWITCHES
from agents.training.routines.contract import Line, Routine

_BANKS = ("$7E", "$7F", "$40", "$7E")
_ARITHMETIC = frozenset({"adc", "sbc"})


def decimal(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield decimal mode that is left on, not switched on, or switched on by mistake."""
    sheet = Sheet.of(routine)
    lines = sheet.lines
    for at, line in enumerate(lines):
        if line.op in {"cld", "sed"}:
            near = (("line", at - 1),) if at else ()
            cause = "missing_cld" if line.op == "cld" else "missing_sed"
            yield Defect(cause, Sheet(sheet.head, without(lines, at)), sheet, ("line", at), None, line, {}, near)
            if line.op == "cld":
                for other in ("clc", "clv"):
                    wrong = changed(lines, at, other)
                    tells = {"other": other.upper(), "flag": {"clc": "C", "clv": "V"}[other]}
                    yield Defect(
                        "wrong_flag_cleared", Sheet(sheet.head, wrong), sheet, ("line", at), wrong[at], line, tells
                    )
        if line.op in {"rep", "sep"} and line.arg in {"#$20", "#$30"}:
            typed = f"#${int(line.arg[2:], 16) + 8:02X}"
            wrong = changed(lines, at, f"sep {typed}")
            if line.op == "sep":
                tells = {"mask": line.arg[1:], "typed": typed[1:]}
                yield Defect("mask_sets_d", Sheet(sheet.head, wrong), sheet, ("line", at), wrong[at], line, tells)
        if line.op in _ARITHMETIC and not any(one.op == "sed" for one in lines):
            place = next((k for k in range(at, 0, -1) if lines[k].op in {"clc", "sec"} or lines[k].label), at)
            if not lines[place].label and place:
                broken = inserted(lines, place, "sed", note="")
                tells = {"sum": line.op.upper()}
                yield Defect(
                    "needless_sed", Sheet(sheet.head, broken), sheet, ("line", place), broken[place], None, tells
                )
    del rng


def bank(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield a data bank that the routine should not have, or does not give back."""
    sheet = Sheet.of(routine)
    lines = sheet.lines
    end = max(at for at, line in enumerate(lines) if line.op in {"rts", "rtl"})
    pushes = [at for at, line in enumerate(lines) if line.op == "phb"]
    for at in pushes:
        back = next((k for k in range(len(lines) - 1, at, -1) if lines[k].op == "plb"), None)
        if back is None:
            continue
        broken = Sheet(sheet.head, without(without(lines, back), at))
        move = next((line for line in lines if line.op in {"mvn", "mvp"}), None)
        if move is not None:
            told: dict[str, str | Line] = {
                "move": move,
                "bank": move.arg.partition(",")[0],
                "cure": "pair",
                "push": "PHB",
                "pull": "PLB",
            }
            near = (("line", max(0, at - 1)),)
            yield Defect("move_changes_bank", broken, sheet, ("line", at), None, lines[back], told, near)
    if pushes:
        return
    number = _BANKS[int(rng.random() * len(_BANKS))]
    word = f"{number}{number[1:]}"
    tells = {"bank": number}
    switch = inserted(lines, 0, f"pea {word}", note=f"data bank {number}", inside=True)
    switch = inserted(
        inserted(switch, 1, "plb", note="the low byte"), 2, "plb", note="the high byte: stack level again"
    )
    also = tuple(("line", at) for at in (0, 1, 2))
    needless = Sheet(sheet.head, switch)
    if number != "$7E":
        tells["cure"] = "bank"
        yield Defect("wrong_bank", needless, sheet, ("line", 0), switch[0], None, tells, also)
    else:
        saved = inserted(switch, 0, "phb", note="keep the caller's data bank", inside=True)
        saved = inserted(saved, end + 4, "plb", note="give the caller's data bank back", inside=True)
        tells |= {"cure": "pair", "push": "PHB", "pull": "PLB"}
        right = next(line for line in reversed(saved) if line.op == "plb")
        yield Defect(
            "bank_not_restored", needless, Sheet(sheet.head, saved), ("line", 0), None, right, tells,
            also,
        )  # fmt: skip


_DECIMAL = (
    "<Pair|Write> SED and CLD like brackets, with nothing but the decimal sums between them.",
    "<Frame|Put> decimal work in PHP and PLP: then D comes back whatever happens inside.",
    "<Remember|Note> that an interrupt handler of the 65816 starts with D clear, but a subroutine inherits it.",
)
_BANK = (
    "<Save|Keep> DB with PHB at the entry and restore it with PLB at the exit, whenever a routine changes it.",
    "<Prefer|Use> long addresses for a single access to another bank; then DB <stays|can stay> as it is.",
    "<Write|Note> in the header of a routine which DB it <expects|needs>.",
)
DECIMAL = Family(
    decimal,
    frozenset({"decimal", "result"}),
    {
        "missing_cld": Words(
            (
                "{right} is missing: the routine switches decimal mode on and hands it to the caller. From then on "
                "every ADC and SBC there <counts in packed decimal|works digit by digit>.",
                "D is still 1 at the return, since nothing clears it. The result here is right; the damage "
                "<comes|shows> later, at the caller's next ADC or SBC. {right} belongs behind the last sum.",
            ),
            _DECIMAL,
            nouns=("bcd_add",),
        ),
        "missing_sed": Words(
            (
                "The numbers are packed decimal, but {right} is missing, so ADC adds them in binary: a digit above 9 "
                "<is not carried|stays> as A to F.",
                "Without {right} ADC knows nothing of decimal digits. Nine plus one gives A instead of a carry into "
                "the next digit.",
            ),
            _DECIMAL[:2],
            nouns=("bcd_add",),
        ),
        "wrong_flag_cleared": Words(
            (
                "{wrong} clears the flag {flag}, not D. Decimal mode stays on; {right} clears D.",
                "{other} and CLD differ by one letter and by the flag: {wrong} leaves D as it is, and the caller gets "
                "it set.",
            ),
            _DECIMAL,
            nouns=("bcd_add",),
        ),
        "mask_sets_d": Words(
            (
                "{typed} has one bit more than {mask}: bit $08 is D. {wrong} therefore also switches decimal mode on, "
                "and nothing <switches it off|clears it>.",
                "SEP sets every flag that its mask names. {typed} is {mask} plus $08, the decimal flag; {right} names "
                "the width alone.",
            ),
            (
                "<Look at|Read> the mask bit by bit: $20 M, $10 X, $08 D, $04 I, $02 Z, $01 C.",
                *_DECIMAL[:2],
            ),
            nouns=SWITCHES,
        ),
        "needless_sed": Words(
            (
                "The routine adds plain binary numbers, but {wrong} switches to decimal mode: {sum} then "
                "<corrects|adjusts> its result to packed decimal, and D is left set for the caller.",
                "{wrong} has no business here. With D set {sum} treats each nibble as a digit, so binary values go "
                "wrong, and no CLD follows.",
            ),
            _DECIMAL,
            nouns=SUMS,
        ),
    },
)
DATA_BANK = Family(
    bank,
    frozenset({"bank", "result", "stray"}),
    {
        "move_changes_bank": Words(
            (
                "{move} leaves DB at its destination bank, {bank}. The pair PHB and PLB that <gave|would give> the "
                "caller's bank back is missing.",
                "A block move changes the data bank: after {move} DB is {bank}. The caller counts on its own; PHB "
                "before and {right} after are needed.",
            ),
            _BANK,
            nouns=("block_move",),
        ),
        "wrong_bank": Words(
            (
                "PEA with two PLB sets DB to {bank}, and the routine needs none of it: its operands are direct, long "
                "or meant for bank $00. Absolute operands now go to bank {bank}, and the caller gets DB back changed.",
                "{wrong} and the two PLB behind it change the data bank to {bank}. The contract says DB = 0 "
                "throughout, so absolute addresses <read and write|go> elsewhere and DB is wrong at the return: the "
                "three rows go.",
            ),
            _BANK[1:],
        ),
        "bank_not_restored": Words(
            (
                "The routine sets DB to {bank} and never gives the caller's value back: PHB at the entry and {right} "
                "before the return are missing. Inside it works, because bank {bank} shows the same first 8 KiB as "
                "bank $00.",
                "DB is {bank} at the return. The switch itself is harmless here, since $0000-$1FFF of bank {bank} are "
                "the bytes that bank $00 mirrors, but the caller's absolute addresses now go to bank {bank}. Save it "
                "with PHB, restore it with {right}.",
            ),
            _BANK,
        ),
    },
)
