"""Writes to places that are not the routine's.

Owns the family ``stray_write``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words, edited
from agents.training.domains.errors.sheet import Sheet
from agents.training.domains.errors.slips.nouns import NAMED
from agents.training.routines.contract import Line, Routine

_ADDRESS = re.compile(r"\$([0-9A-F]{2}|[0-9A-F]{4}|[0-9A-F]{6})(?=$|,)")
_COUNT = re.compile(r"#(\$?)([0-9A-F]{1,4})$")
_STORES = frozenset({"sta", "stx", "sty", "stz", "inc", "dec", "asl", "lsr", "rol", "ror", "tsb", "trb"})


def stray(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield addresses and counts that make the routine write outside of its places."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        found = _ADDRESS.search(line.arg)
        if found and line.op in _STORES:
            digits = found[1]
            place = int(rng.random() * (len(digits) - 1))
            if digits[place] != digits[place + 1] and place + 1 < len(digits):
                typed = f"{digits[:place]}{digits[place + 1]}{digits[place]}{digits[place + 2 :]}"
                arg = line.arg.replace(f"${digits}", f"${typed}")
                yield edited(sheet, "digits_exchanged", at, f"{line.op} {arg}", typed=f"${typed}", meant=f"${digits}")
            near = f"{(int(digits, 16) + (1 if rng.random() < 0.5 else -1)) & (16 ** len(digits) - 1):0{len(digits)}X}"
            arg = line.arg.replace(f"${digits}", f"${near}")
            yield edited(sheet, "address_off_by_one", at, f"{line.op} {arg}", typed=f"${near}", meant=f"${digits}")
        count = _COUNT.fullmatch(line.arg)
        if count and line.op in {"ldx", "ldy", "cpx", "cpy"}:
            value = int(count[2], 16 if count[1] else 10) + 1
            typed = f"${value:0{len(count[2])}X}" if count[1] else str(value)
            tells = {"typed": typed, "meant": line.arg[1:], "index": line.op[2].upper()}
            yield edited(sheet, "one_too_many", at, f"{line.op} #{typed}", **tells)
        offset = re.fullmatch(r"([A-Za-z_]\w*)(\+\d+)?(,[xy])?", line.arg)
        if offset and line.op in _STORES and any(name == offset[1] for name, _ in routine.symbols):
            arg = f"{offset[1]}{int(offset[2] or 0) - 1:+d}{offset[3] or ''}"
            yield edited(
                sheet, "address_off_by_one", at, f"{line.op} {arg}", typed=arg.partition(",")[0], meant=offset[1]
            )
    for number, (name, _) in enumerate(routine.symbols):
        digits = sheet.head[number].partition("$")[2]
        place = int(rng.random() * (len(digits) - 1))
        if digits[place] != digits[place + 1]:
            typed = f"{digits[:place]}{digits[place + 1]}{digits[place]}{digits[place + 2 :]}"
            head = (*sheet.head[:number], f"{name} = ${typed}", *sheet.head[number + 1 :])
            tells = {"name": name, "typed": f"${typed}", "meant": f"${digits}"}
            wrong, right = Line("", name, f"= ${typed}", ""), Line("", name, f"= ${digits}", "")
            yield Defect("wrong_constant", Sheet(head, sheet.lines), sheet, ("head", number), wrong, right, tells)


_ADDRESSES = (
    "<Give|Define> every place a name once, at the top, and write addresses nowhere else.",
    "<Set|Put> guard bytes around each place in tests: a write beside it <shows|is found> at once.",
)
STRAY = Family(
    stray,
    frozenset({"stray"}),
    {
        "digits_exchanged": Words(
            (
                "Two digits have changed places: {typed} instead of {meant}. {wrong} therefore writes to somebody "
                "else's memory, and the place of the routine <never gets the value|stays as it was>.",
                "{wrong} writes to {typed}; the contract says {meant}. Two digits were exchanged while typing.",
            ),
            _ADDRESSES,
        ),
        "address_off_by_one": Words(
            (
                "The address is off by one: {typed} instead of {meant}. {wrong} <hits|overwrites> the neighbour, and "
                "the byte it should write is left out.",
                "{wrong} is one byte beside the place: {right} was meant, at {meant}.",
            ),
            _ADDRESSES,
        ),
        "one_too_many": Words(
            (
                "A fencepost error: with {typed} the index {index} runs one step too far, and one round more writes "
                "behind the place. The right number is {meant}.",
                "{wrong} lets {index} reach one value too many, so the loop also writes the byte next to the block. "
                "{right} keeps it inside.",
            ),
            (
                "<Remember|Note>: n entries have the offsets 0 to n-1; an index that counts down starts at n-1, a "
                "compare that counts up uses n.",
                *_ADDRESSES[1:],
            ),
            nouns=("block_move", "reverse", "copy", "fill", "add", "subtract"),
        ),
        "wrong_constant": Words(
            (
                "The code is right; the definition is not. {name} is {typed}, two digits exchanged, and should be "
                "{meant}. So every write to {name} goes elsewhere.",
                "{wrong} gives {name} a wrong address. The contract has {meant}; what is written to {name} lands at "
                "{typed} instead.",
            ),
            (*_ADDRESSES[1:], "<Compare|Check> definitions with the memory map once, digit by digit."),
            nouns=NAMED,
        ),
    },
)
