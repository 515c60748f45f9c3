"""Branches that do not reach their label.

Owns the family ``branch_range``. Fact: a short branch has one signed byte for the distance, counted from the
instruction behind it: -128 to +127; BRL has two bytes (WDC W65C816S data sheet, section 3.5.19 and 3.5.20).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, relabelled, target_of
from agents.training.domains.errors.slips.nouns import AHEAD, LOOPS
from agents.training.routines.contract import Line, Routine

_INVERSE = {
    "bcc": "bcs", "bcs": "bcc", "beq": "bne", "bne": "beq", "bpl": "bmi", "bmi": "bpl", "bvc": "bvs", "bvs": "bvc",
    "blt": "bge", "bge": "blt",
}  # fmt: skip
_MOST = 127
_TEXTS = (
    "THE DOOR IS LOCKED. FIND THE KEY", "YOU FOUND A SMALL LANTERN", "PRESS START TO CONTINUE", "NOT ENOUGH COINS",
    "THE BRIDGE HAS COLLAPSED", "SAVE AND QUIT?", "A COLD WIND BLOWS FROM THE NORTH", "THE CHEST IS EMPTY",
    "COME BACK WHEN IT IS DARK", "THE RAFT NEEDS A NEW SAIL", "HEALTH RESTORED", "WAVE 2: READY", "GAME PAUSED",
    "CHOOSE A SLOT", "THIS TORCH CANNOT BE LIT", "THE STATUE LOOKS TO THE EAST", "TIME IS UP", "NEW RECORD",
)  # fmt: skip


def far(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield data between a branch and its label, and numbers taken for distances."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        target = target_of(sheet.lines, line.arg)
        if line.op not in _INVERSE or target is None:
            continue
        forward = target > at
        low, high = (at + 1, target) if forward else (target + 1, at)
        places = [k for k in range(low, high + 1) if not sheet.lines[k].label and sheet.lines[k].op not in {"db", "dw"}]
        if places:
            yield _split(rng, routine, sheet, at, places[int(rng.random() * len(places))], forward)
        if not forward and sheet.lines[target].op:
            number = -2 - int(rng.random() * 14)
            lines = changed(sheet.lines, at, f"{line.op} {number}")
            tells = {"number": str(number), "name": line.arg}
            yield Defect("number_as_distance", Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)


def _split(rng: Random, routine: Routine, sheet: Sheet, at: int, place: int, forward: bool) -> Defect:
    """Return a block of data put before line ``place``, with a jump around it; mended in one of three manners."""
    dot = "." if sheet.lines[at].arg.startswith(".") else ""
    theme = routine.theme
    around, table = (
        f"{dot}{theme}_{word}" for word in ("go_on", ("table", "data", "list", "texts")[int(4 * rng.random())])
    )
    block = _block(rng, table)
    jump = Line("", ("jmp", "brl", "jmp")[int(rng.random() * 3)], around, "step over the data")
    lines = (*sheet.lines[:place], jump, *block, *relabelled(sheet.lines, place, around)[place:])
    moved = at + (len(block) + 1 if place <= at else 0)
    branch = lines[moved]
    tells = {"name": branch.arg, "table": table, "way": "forwards" if forward else "backwards"}
    cause = "data_before_target" if forward else "data_inside_loop"
    manner = rng.random()
    if manner < 0.45:
        fixed = (*sheet.lines, *block)
        tells["cure"] = "move"
        right = branch
    else:
        long_jump = "brl" if rng.random() < 0.5 else "jmp"
        skip = f"{dot}{theme}_near"
        after = lines[moved + 1]
        skipped = after.label or skip
        behind = lines[moved + 1 :] if after.label else relabelled(lines, moved + 1, skip)[moved + 1 :]
        fixed = (
            *lines[:moved],
            Line(branch.label, _INVERSE[branch.op], skipped, "the other way round: step over the long jump"),
            Line("", long_jump, branch.arg, f"reaches {branch.arg} at any distance"),
            *behind,
        )
        tells |= {"cure": "invert", "inverse": _INVERSE[branch.op], "long": long_jump}
        right = Line("", _INVERSE[branch.op], skipped, "")
    return Defect(cause, Sheet(sheet.head, lines), Sheet(sheet.head, fixed), ("line", moved), branch, right, tells)


def _block(rng: Random, label: str) -> Sequence[Line]:
    """Return 128 to about 200 bytes of data under ``label``."""
    size = _MOST + 1 + int(rng.random() * 60)
    manner, rows, made = int(rng.random() * 3), list[str](), 0
    while made < size:
        if manner == 0:
            text = _TEXTS[int(rng.random() * len(_TEXTS))]
            rows.append(f'db "{text}",$00')
            made += len(text) + 1
        elif manner == 1:
            rows.append("dw " + ",".join(f"${int(rng.random() * 0x10000):04X}" for _ in range(12)))
            made += 24
        else:
            rows.append("db " + ",".join(f"${int(rng.random() * 0x100):02X}" for _ in range(16)))
            made += 16
    notes = ("messages", "words", "bytes")[manner]
    return [Line(label if not number else "", row[:2], row[3:], notes) for number, row in enumerate(rows)]


_AVOID = (
    "<Keep|Put> data behind the last instruction of a routine, never between a branch and its label.",
    "<If a branch must go far|For a far target>, <invert it over a JMP or BRL|use the opposite branch around a JMP or "
    "BRL>: BRL has a two-byte distance.",
    "<Leave|Calculate> some room: a short branch reaches 127 bytes ahead and 128 back, counted from the next "
    "instruction.",
)
_BETWEEN = (
    "{wrong} must go {distance} bytes {way}, but a short branch has one signed byte for the distance: -128 to +127, "
    "counted from the instruction behind it. The data at {table} lie between the branch and {name}<| and fill the "
    "way>.",
    "Between {wrong} and {name} <there is|somebody put> the data block {table}. That makes the distance {distance} "
    "bytes, and <one signed byte|the operand byte> ends at 127 ahead and 128 back.",
)
BRANCH_RANGE = Family(
    far,
    frozenset({"branch-range"}),
    {
        "data_inside_loop": Words(_BETWEEN, _AVOID, nouns=LOOPS),
        "data_before_target": Words(_BETWEEN, _AVOID, nouns=AHEAD),
        "number_as_distance": Words(
            (
                "A branch wants the address to go to, and the assembler works out the distance. {wrong} gives a "
                "distance instead; {number} is taken as an address, far outside of this bank's code. The label is "
                "{name}.",
                "{number} was meant as a number of bytes to go back. <The operand of a branch in source text|What "
                "stands behind a branch> is its target: {right}; the byte with the distance is the assembler's "
                "business.",
            ),
            (
                "<Give|Always give> branches a label; distances <change with|break at> every edit.",
                "<Leave|Always leave> counting bytes to the assembler, <which sees|since it knows> the length of every "
                "instruction.",
            ),
            nouns=LOOPS,
        ),
    },
    in_assembler=True,
    reported_there=True,
)
