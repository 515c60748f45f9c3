"""Constants that are used before the text defines them.

Owns the family ``late_constant``. Facts about the assembler: `w65816.assemble`; constants get their value where they
stand, labels in a second pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed
from agents.training.domains.errors.slips.nouns import SWITCHES
from agents.training.routines.contract import Line, Routine, hex_address


def late(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield constants that are used before the text defines them."""
    sheet = Sheet.of(routine)
    for place, (name, addr) in enumerate(routine.symbols):
        head = (*sheet.head[:place], *sheet.head[place + 1 :])
        tail = ("", sheet.head[place])
        right = Line("", name, f"= {hex_address(addr)}", "")
        if addr > 0xFFFF:
            tells = {"name": name, "value": hex_address(addr), "cure": "up"}
            yield Defect(
                "long_address_defined_late", Sheet(head, sheet.lines, tail), sheet, ("tail", 1), right, right, tells,
                tuple(("line", at) for at, line in enumerate(sheet.lines) if name in line.arg),
            )  # fmt: skip
    for at, line in enumerate(sheet.lines):
        number = line.arg[1:]
        if line.op in {"rep", "sep"} and line.arg in {"#$20", "#$30", "#$10"}:
            name = ("WIDE", "WIDTH_BITS", "MX_MASK", "ACC16", "Flags", "widthMask")[int(rng.random() * 6)]
            lines = changed(sheet.lines, at, f"{line.op} #{name}")
            row = f"{name} = {number}"
            fixed = Sheet((*sheet.head, row), lines)
            definition = Line("", name, f"= {number}", "")
            tells = {"name": name, "value": number, "cure": "up"}
            yield Defect(
                "mask_defined_late", Sheet(sheet.head, lines, ("", row)), fixed, ("tail", 1), definition, definition,
                tells, (("line", at),),
            )  # fmt: skip
        elif line.arg.startswith("#") and 0 < (value := _value(number)) <= 0xFF:
            theme = routine.theme.upper()
            base, step = f"{theme}_BASE", 1 + int(rng.random() * min(5, value))
            name = theme + ("_END", "_LIMIT", "_MAX", "_VALUE")[int(rng.random() * 4)]
            rows = (f"{base} = {_as(number, value - step)}", f"{name} = {base}+{step}")
            lines = changed(sheet.lines, at, f"{line.op} #{name}")
            broken = Sheet((*sheet.head, rows[1], rows[0]), lines)
            tells = {"name": name, "base": base, "value": _as(number, value), "cure": "swap"}
            spot = ("head", len(sheet.head))
            wrong, right = Line("", name, f"= {base}+{step}", ""), Line("", base, rows[0].partition(" ")[2], "")
            fixed = Sheet((*sheet.head, *rows), lines)
            also = (("head", len(sheet.head) + 1),)
            yield Defect("constants_out_of_order", broken, fixed, spot, wrong, right, tells, also)


def _value(number: str) -> int:
    if number.startswith("$") and len(number) <= 5 and number[1:].isalnum():
        return int(number[1:], 16)
    return int(number) if number.isdigit() else 0


def _as(model: str, value: int) -> str:
    return f"${value:0{len(model) - 1}X}" if model.startswith("$") else str(value)


_EARLY = (
    "<Put|Keep> all constants at the top of the file, each <below|after> those that it is made of.",
    "<Include|Read> the file with the definitions first; labels may come later than their use, constants should not.",
)
LATE = Family(
    late,
    frozenset({"undefined-label", "value-range", "bad-mode"}),
    {
        "long_address_defined_late": Words(
            (
                "{name} is {value}, an address of three bytes, but at its first use it is not known yet. A name of "
                "unknown size counts as a label, two bytes; the instruction was <sized|laid out> so, and in the second "
                "pass the value does not fit.",
                "The definition {right} stands below the code. <In the first pass|When sizes are settled> the "
                "assembler must guess how long {name} is and takes two bytes; {value} needs three.",
            ),
            _EARLY,
            nouns=("copy", "fill", "total", "checksum", "search", "extreme", "count_matching"),
        ),
        "mask_defined_late": Words(
            (
                "REP and SEP change the tracked widths while the text is read, so their operand must be known there. "
                "{name} is defined only at the end: {wrong} comes too late.",
                "The assembler needs the value of {name} at once, since every immediate below depends on the widths "
                "that it sets. It finds {right} <much later|behind the code>.",
            ),
            _EARLY,
            nouns=SWITCHES,
        ),
        "constants_out_of_order": Words(
            (
                "{name} is calculated from {base}, which is defined one line further down. A constant gets its value "
                "where it stands, not in a second pass, so {right} has to come first.",
                "{wrong} uses {base} before there is one. The two definitions <are in the wrong order|must change "
                "places>; then {name} becomes {value}.",
            ),
            _EARLY,
        ),
    },
    in_assembler=True,
)
