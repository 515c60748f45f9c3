"""Operands that an instruction does not take.

Owns the family ``bad_mode``. Facts: which addressing modes an instruction has (WDC W65C816S data
sheet, table "Op Code Matrix"); $0000-$1FFF of banks $00-$3F is the start of bank $7E (fullsnes, "SNES Memory Map").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words, edited
from agents.training.domains.errors.sheet import Sheet
from agents.training.domains.errors.slips.nouns import NEAR
from agents.training.routines.contract import Routine

LONGLESS = frozenset(
    ["stz", "inc", "dec", "asl", "lsr", "rol", "ror", "ldx", "ldy", "stx", "sty", "cpx", "cpy", "bit", "tsb", "trb"]
)
_STORES = frozenset({"sta", "stx", "sty", "stz"})
_STEPS = {"inx": "INX", "iny": "INY", "dex": "DEX", "dey": "DEY", "asl": "ASL", "lsr": "LSR"}
SHORT = re.compile(r"\$([0-9A-F]{2}|[0-9A-F]{4})(,[xy])?$")


def modes(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield operands of a kind that the instruction has not got."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        op, arg = line.op, line.arg
        near = SHORT.fullmatch(arg)
        if op in LONGLESS and near and int(near[1], 16) < 0x2000:
            typed = f"$7E{int(near[1], 16):04X}{near[2] or ''}"
            yield edited(sheet, "no_long_form", at, f"{op} {typed}", mnemonic=op.upper(), typed=typed, near=arg)
        if op in _STORES and arg and not arg.startswith(("(", "[", "#")):
            yield edited(
                sheet, "store_to_immediate", at, f"{op} #{arg}", mnemonic=op.upper(), place=arg.partition(",")[0]
            )
        if op in _STEPS and arg in {"", "a"}:
            again = at + 1 < len(sheet.lines) and sheet.lines[at + 1].text == line.text
            count = "2" if again and not sheet.lines[at + 1].label else "1"
            yield edited(sheet, "operand_on_implied", at, f"{op} #{count}", mnemonic=op.upper(), count=count)
        if arg.endswith(",x") and not arg.startswith("("):
            yield edited(sheet, "wrong_index", at, f"{op} {arg[:-1]}y", mnemonic=op.upper(), index="Y", other="X")
        if arg.endswith(",y") and not arg.startswith(("(", "[")):
            yield edited(sheet, "wrong_index", at, f"{op} {arg[:-1]}x", mnemonic=op.upper(), index="X", other="Y")
        if arg.endswith(("),y", "],y")):
            yield edited(sheet, "indirect_with_x", at, f"{op} {arg[:-1]}x", mnemonic=op.upper(), shape=arg)
        if op in {"tax", "tay", "txa", "tya", "pha", "pla", "phx", "phy", "plx", "ply", "xba"}:
            register = {"x": "x", "y": "y"}.get(op[2], "a")
            yield edited(sheet, "register_as_operand", at, f"{op} {register}", mnemonic=op.upper(), register=register)


CHART = (
    "<Keep|Have> the table of addressing modes <at hand|open>: not every instruction has every mode.",
    "<When in doubt|If unsure>, do it in two steps through A: LDA and STA have <nearly all modes|the most modes>.",
)
MIRROR = (
    "<Write|Use> the 16-bit mirror address for $7E:0000-$7E:1FFF: it is shorter, and every instruction takes it.",
    *CHART,
)
BAD_MODE = Family(
    modes,
    frozenset({"bad-mode", "value-range"}),
    {
        "no_long_form": Words(
            (
                "{mnemonic} has no mode with a 24-bit address, so it cannot take {typed}. The place is in the first 8 "
                "KiB of bank $7E, which bank $00 mirrors: {near} is the same byte, and {right} is <possible|legal>.",
                "Of the instructions on data only LDA, STA, ADC, SBC, CMP, AND, ORA and EOR have long operands; "
                "{mnemonic} has none. {typed} lies below $7E:2000, so its mirror {near} in bank $00 does it.",
            ),
            MIRROR,
            nouns=NEAR,
        ),
        "store_to_immediate": Words(
            (
                "{wrong} would store into a constant. The sign # means the number itself; for {mnemonic} the operand "
                "has to be a place in memory, so it goes: {right}.",
                "A store needs an address. With # in front {place} is a value and no place, and {mnemonic} has no "
                "immediate mode; {right} <writes|stores> to the address.",
            ),
            (
                '<Read|Say> `#` as "the number": loads and compares may have it, stores never.',
                *CHART[:1],
            ),
        ),
        "operand_on_implied": Words(
            (
                "{mnemonic} <goes by exactly one|works by one step only> and has no immediate operand. {wrong} has to "
                "be {right}, once for each step.",
                "There is no {wrong} on the 65816: {mnemonic} always <does one step|goes by one>. <To do more|For "
                "more>, repeat the instruction; here {right} <belongs|stands> in this row.",
            ),
            (
                "<For bigger steps|To step by more>, use CLC and ADC on A, or repeat the instruction.",
                *CHART[:1],
            ),
        ),
        "wrong_index": Words(
            (
                "{mnemonic} cannot be indexed with {index} <in this form|here>. The code counts in {other} anyway: "
                "{right} is <what the routine needs|meant>.",
                "{wrong} does not exist: not every mode has both index registers, and this one of {mnemonic} knows "
                "{other} only. The index of this <routine|code> is {other}, so {right}.",
            ),
            (
                "<Remember|Keep in mind>: long addresses take X only, STX and LDX index with Y, STY and LDY with X.",
                *CHART,
            ),
            nouns=("copy", "fill", "total", "checksum", "search", "block_move", "extreme", "count_matching"),
        ),
        "indirect_with_x": Words(
            (
                "An indirect operand is indexed outside the bracket with Y only. {wrong} puts X there, a mode that no "
                "65816 instruction has; {right} adds the index to the pointer.",
                "{wrong} mixes two modes: (d,x) picks a pointer with X, inside the bracket, and (d),y adds Y to the "
                "pointer. Here the second is needed, {right}.",
            ),
            ("<Remember|Learn> the pair: comma X inside, comma Y outside.", *CHART),
            nouns=("indirect_sum",),
        ),
        "register_as_operand": Words(
            (
                "The register is part of the mnemonic. {mnemonic} <takes|has> no operand; {register} behind it is "
                "read as one. It must be {right}.",
                "{wrong} names a register twice: {mnemonic} already says which. An instruction with implied addressing "
                "has nothing behind it, so {right}.",
            ),
            ("<Remember|Note>: only the shifts, INC and DEC may name a register, and only A.", *CHART[:1]),
        ),
    },
    in_assembler=True,
)
