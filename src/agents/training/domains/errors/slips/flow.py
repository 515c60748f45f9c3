"""Where execution goes: into data, into nothing, or round and round.

Owns the families ``brk`` and ``endless``. Facts: BRK is the operation code $00, so execution that runs into cleared
memory meets it at once; in native mode it goes through the vector at $00:FFE6 (WDC W65C816S data sheet, table 5-1).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, inserted, relabelled, target_of, without
from agents.training.domains.errors.slips.nouns import LOOPS
from agents.training.routines.contract import Line, Routine

_BACK = frozenset({"bcc", "bcs", "beq", "bne", "bpl", "bmi"})
_OPPOSITE = {"inx": "dex", "dex": "inx", "iny": "dey", "dey": "iny"}
_COUNTERS = frozenset({"inx", "dex", "iny", "dey"})


def lost(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield ways into bytes that are no code."""
    sheet = Sheet.of(routine)
    lines = sheet.lines
    end = max(at for at, line in enumerate(lines) if line.op in {"rts", "rtl"})
    behind = "the table behind it" if end + 1 < len(lines) else "whatever lies behind the routine"
    tells = {"behind": behind}
    near = (("line", end - 1),)
    yield Defect(
        "missing_return", Sheet(sheet.head, without(lines, end)), sheet, ("line", end), None, lines[end], tells, near
    )
    table = next((at for at, line in enumerate(lines) if line.op in {"db", "dw"}), None)
    if table is not None and lines[table].label:
        tells = {"table": lines[table].label, "cure": "behind"}
        places = [k for k in range(1, end) if not lines[k].label and lines[k - 1].op != "bra"]
        for place in places[:1] + places[-1:]:
            moved = (*lines[:place], *lines[table:], *lines[place:table])
            also = tuple(("line", place + k) for k in range(len(lines) - table))
            yield Defect(
                "data_in_path",
                Sheet(sheet.head, moved),
                sheet,
                ("line", place),
                moved[place],
                lines[table],
                tells,
                also,
            )
        for at, line in enumerate(lines[:end]):
            if line.op in _BACK and target_of(lines, line.arg) is not None:
                broken = changed(lines, at, f"{line.op} {lines[table].label}")
                tells = {"table": lines[table].label, "name": line.arg}
                yield Defect(
                    "branch_into_data", Sheet(sheet.head, broken), sheet, ("line", at), broken[at], line, tells
                )
    size = 4 + int(rng.random() * 12)
    dot, what = (
        "." if routine.loop.startswith(".") else "",
        ("steps", "table", "colors", "speeds")[int(rng.random() * 4)],
    )
    name = f"{dot}{routine.theme}_{what}"
    data = ",".join(["$00", *(f"${int(rng.random() * 256):02X}" for _ in range(size - 1))])
    places = [k for k in range(1, end + 1) if not lines[k].label]
    if places:
        place = places[int(rng.random() * len(places))]
        row = Line(name, "db", data, "a table of another routine")
        broken = (*lines[:place], row, *lines[place:])
        fixed = (*lines, row)
        yield Defect(
            "data_in_path", Sheet(sheet.head, broken), Sheet(sheet.head, fixed), ("line", place), row, row,
            {"table": name, "cure": "behind"}, (("label", place),),
        )  # fmt: skip


def endless(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield loops that never end."""
    sheet = Sheet.of(routine)
    lines = sheet.lines
    for at, line in enumerate(lines):
        head = target_of(lines, line.arg)
        if line.op not in _BACK or head is None or head > at:
            continue
        loop: dict[str, str | Line] = {"loop": line.arg}
        always = changed(lines, at, f"bra {line.arg}")
        yield Defect("always_branches", Sheet(sheet.head, always), sheet, ("line", at), always[at], line, loop)
        body = range(head, at)
        for k in body:
            if lines[k].op in _COUNTERS:
                counter = loop | {"counter": lines[k].op[2].upper()}
                gone = Sheet(sheet.head, without(lines, k))
                yield Defect("no_step", gone, sheet, ("line", k), None, lines[k], counter, (("line", k - 1),))
                way = changed(lines, k, _OPPOSITE[lines[k].op])
                yield Defect("wrong_way", Sheet(sheet.head, way), sheet, ("line", k), way[k], lines[k], counter)
                low = lines[k].op[2]
                free = [n for n in body if not lines[n].label and n != head]
                if free and rng.random() < 0.7:
                    place = free[int(rng.random() * len(free))]
                    note = f"{low.upper()} for this round"
                    reset = inserted(lines, place, f"ld{low} #$00", note=note)
                    yield Defect(
                        "counter_reset", Sheet(sheet.head, reset), sheet, ("line", place), reset[place], None, counter
                    )
        starts = [k for k in range(1, head) if lines[k].op in {"ldx", "ldy", "lda"} and not lines[k].label]
        if starts and lines[head].op and not any(one.label for one in lines[starts[-1] : head]):
            start = starts[-1]
            moved = relabelled(relabelled(lines, head, ""), start, line.arg)
            yield Defect(
                "label_too_early", Sheet(sheet.head, moved), sheet, ("label", start), Line("", f"{line.arg}:", "", ""),
                None, loop | {"first": lines[start], "cure": "label"}, (("line", start),),
            )  # fmt: skip


_TABLES = (
    "<Keep|Put> tables behind the return, and look at the listing: data in the middle of code <need|must have> a jump "
    "around them.",
    "<Fill|Fill up> unused memory with $00 in tests: a lost program counter meets BRK there at once and leaves a "
    "clear trace.",
)
_LOOPS = (
    "<Walk|Go> through the last round on paper: which value has the counter, which flag does the branch test?",
    "<Give every loop a budget|Limit the instructions of every loop> in tests; one that never ends <then fails|is "
    "then found> at once.",
    "<Check|Look> which instruction set the flag that the branch reads: it is the last one that changed it, not the "
    "one you had in mind.",
)
LOST = Family(
    lost,
    frozenset({"stopped", "stack", "budget"}),
    {
        "missing_return": Words(
            (
                "The routine has no {ret} at its end. Execution runs on into {behind}, and those bytes are taken for "
                "instructions.",
                "{right} is missing. The processor does not know where a routine ends: it goes on with the next byte, "
                "here {behind}.",
            ),
            (
                "<Type|Write> the return together with the label, then the body between them.",
                *_TABLES[1:],
            ),
        ),
        "data_in_path": Words(
            (
                "The table {table} lies in the path of execution. Nothing jumps around it, so its bytes are executed "
                "as instructions, and <a $00 among them is BRK|sooner or later one of them is a BRK>. It belongs "
                "behind the return.",
                "Data do not know that they are data. Execution reaches {table} from the instruction above it and "
                "takes {wrong} for code; the table has to go behind {ret}.",
            ),
            _TABLES,
        ),
        "branch_into_data": Words(
            (
                "{wrong} goes to the table {table}, whose bytes are then executed. The label meant is {name}.",
                "The target is wrong: {table} is data, {name} is code. When {wrong} is taken, the processor executes "
                "table entries.",
            ),
            (
                "<Name|Call> tables and code differently, say with a suffix for tables, and a branch to one looks odd.",
                *_TABLES[1:],
            ),
            nouns=("lookup",),
        ),
    },
)
ENDLESS = Family(
    endless,
    frozenset({"budget"}),
    {
        "always_branches": Words(
            (
                "{wrong} tests nothing: it always goes back to {loop}. The loop needs a condition, {right}.",
                "BRA has no condition, so each round of {loop} is followed by another one. {right} leaves the loop as "
                "soon as its flag says so.",
            ),
            _LOOPS,
        ),
        "no_step": Words(
            (
                "Nothing moves {counter} on: {right} is missing in the loop {loop}, so the condition at its end never "
                "changes.",
                "{counter} has the same value in every round of {loop}, because {right} is not there. The end "
                "condition waits for a value that never comes.",
            ),
            _LOOPS[:2],
        ),
        "wrong_way": Words(
            (
                "{wrong} moves {counter} in the wrong direction, away from the end of the loop {loop}; {right} "
                "<leads|goes> towards it.",
                "{counter} runs the wrong way. {wrong} <takes|carries> it past every value but the one that ends "
                "{loop}, or around through all of them; {right} was meant.",
            ),
            _LOOPS[:2],
        ),
        "counter_reset": Words(
            (
                "{wrong} is inside the loop {loop} and sets {counter} back in every round, so it never gets to its "
                "end value.",
                "{counter} counts the rounds, and {wrong} overwrites it in each of them. <It does no good "
                "there|Nothing needs it>: the row goes.",
            ),
            _LOOPS[:2],
        ),
        "label_too_early": Words(
            (
                "The label {loop} stands one step too early: the loop goes back to {first}, which starts "
                "everything from the beginning again. The label belongs behind the initialization.",
                "Every round executes {first} again, because {loop} is above it. What is set up once must stand "
                "before the label.",
            ),
            (
                "<Separate|Set off> initialization and loop by an empty row; the label begins the loop.",
                *_LOOPS[:2],
            ),
        ),
    },
    nouns=LOOPS,
)
