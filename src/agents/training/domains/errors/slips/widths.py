"""Register widths: what the assembler tracks, and what the processor really has.

Owns the families ``width`` and ``width_runtime``. Facts: REP clears and SEP sets the bits of P that its operand names,
bit $20 is M (1: A has 8 bits), bit $10 is X (1: X and Y have 8 bits); the length of an immediate operand depends on
them (WDC W65C816S data sheet, sections 2.8 and 3.5; table 5-4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, inserted, without
from agents.training.domains.errors.slips.nouns import SWITCHES, WIDE
from agents.training.routines.contract import Line, Routine

_OTHER_MASKS = {"#$20": ("#$10",), "#$10": ("#$20",), "#$30": ("#$10", "#$20")}
_OTHER = {"rep": "sep", "sep": "rep"}
_WHAT = {"#$20": "A and memory", "#$10": "X and Y", "#$30": "A, X and Y"}
_BITS = {"rep": "16", "sep": "8"}
_FLAGS = {"#$20": "M", "#$10": "X", "#$30": "M and X"}
_PLACE = re.compile(r"\$[0-9A-F]{4}|[A-Za-z_]\w*")
_LOADS = frozenset({"lda", "cmp", "adc", "sbc", "and", "ora", "eor", "ldx", "ldy", "cpx", "cpy"})
_CLOSING = frozenset({"pla", "plx", "ply", "plp", "plb", "rep", "sep", "rts", "rtl", "db", "dw"})
_EFFECTS = {
    ("rep", True): "what was pushed or is handed to the caller has another width than agreed",
    ("sep", True): "what was pushed or is handed to the caller has another width than agreed",
    ("rep", False): "what follows handles single bytes where it should handle two",
    ("sep", False): "what follows handles two bytes where it should handle one",
}
"""REP or SEP that is missing, whether it is the last one -> what comes of it."""
_DIRECTIVES = {("rep", "#$20"): ".a16", ("rep", "#$10"): ".i16", ("sep", "#$20"): ".a8", ("sep", "#$10"): ".i8"}


def _switches(routine: Routine, op: str) -> Iterator[tuple[int, Line]]:
    return ((at, line) for at, line in enumerate(routine.lines) if line.op == op and line.arg in _OTHER_MASKS)


def _missing(routine: Routine, op: str) -> Iterator[Defect]:
    sheet = Sheet.of(routine)
    for at, line in _switches(routine, op):
        broken = Sheet(sheet.head, without(sheet.lines, at))
        near = (("line", at - 1),) if at else ()
        last = all(one.op in _CLOSING for one in sheet.lines[at + 1 :])
        tells = _tells(line) | {"effect": _EFFECTS[op, last]}
        yield Defect(f"missing_{op}", broken, sheet, ("line", at), None, line, tells, near)


def _confused(routine: Routine, op: str) -> Iterator[Defect]:
    sheet = Sheet.of(routine)
    for at, line in _switches(routine, op):
        lines = changed(sheet.lines, at, f"{_OTHER[op]} {line.arg}")
        yield Defect(
            f"{_OTHER[op]}_instead_of_{op}",
            Sheet(sheet.head, lines),
            sheet,
            ("line", at),
            lines[at],
            line,
            _tells(line),
        )
        for mask in _OTHER_MASKS[line.arg]:
            lines = changed(sheet.lines, at, f"{op} {mask}")
            tells = _tells(line) | {"got": _WHAT[mask], "flag": _FLAGS[mask]}
            yield Defect("wrong_mask", Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)


def _tells(line: Line) -> dict[str, str]:
    return {"what": _WHAT[line.arg], "bits": f"{_BITS[line.op]} bits", "flags": _FLAGS[line.arg]}


def assembled(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield immediates that do not fit the width that the assembler tracks."""
    yield from _missing(routine, "rep")
    yield from _confused(routine, "rep")
    yield from _early(routine)
    yield _directive(routine)
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        if line.op in _LOADS and _PLACE.fullmatch(line.arg):
            lines = changed(sheet.lines, at, f"{line.op} #{line.arg}")
            tells = {"place": line.arg}
            yield Defect("needless_hash", Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)
        if line.op in {"rep", "sep"} or not line.arg.startswith("#"):
            continue
        number = line.arg[1:]
        digit = "123456789ABCDEF"[int(rng.random() * 15)]
        if len(number) == 3 and number[0] == "$":
            places = (f"${digit}{number[1:]}", f"{number}{digit}", f"{number}{number[-1]}")
            typed = places[int(rng.random() * 3)]
        elif number.isdigit() and 2 < int(number) < 256:
            typed = f"{int(number)}{10 + int(rng.random() * 90)}"
        else:
            continue
        lines = changed(sheet.lines, at, f"{line.op} #{typed}")
        value = int(typed[1:], 16) if typed[0] == "$" else int(typed)
        if value > 0xFF:
            tells = {"value": str(value), "typed": typed, "meant": number}
            yield Defect("number_too_big", Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)


def executed(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield widths that are not what the code was assembled for, or not what the rest of it assumes."""
    for op in ("rep", "sep"):
        yield from _missing(routine, op)
        yield from _confused(routine, op)
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        directive = _DIRECTIVES.get((line.op, line.arg))
        if directive:
            lines = changed(sheet.lines, at, directive)
            yield Defect("directive_only", Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, _tells(line))
    yield _directive(routine)


def _directive(routine: Routine) -> Defect:
    """Return a directive at the entry that contradicts the contract."""
    sheet = Sheet.of(routine)
    lines = inserted(sheet.lines, 0, ".a16" if routine.m8 else ".a8", note="tell the assembler the width", inside=True)
    tells = {"entry": "8-bit" if routine.m8 else "16-bit", "told": "16-bit" if routine.m8 else "8-bit"}
    return Defect("wrong_directive", Sheet(sheet.head, lines), sheet, ("line", 0), lines[0], None, tells)


def _early(routine: Routine) -> Iterator[Defect]:
    """Yield a SEP that comes before the last instruction that needs 16 bits."""
    sheet = Sheet.of(routine)
    for at, line in _switches(routine, "sep"):
        for place in range(1, at):
            wide = sheet.lines[place]
            if (
                wide.arg.startswith("#$")
                and len(wide.arg) == 6
                and not any(one.label for one in sheet.lines[place : at + 1])
            ):
                lines = inserted(without(sheet.lines, at), place, line.text, note=line.note)
                also = (("line", at),)
                yield Defect("sep_too_early", Sheet(sheet.head, lines), sheet, ("line", place), line, line, {}, also)
                break


_TRACK = (
    "<After each REP and SEP note the widths in a comment|Write the widths behind every REP and SEP>, and check them "
    "at each label where paths meet.",
    "<Keep|Hold> one width per block of code, and change it with REP or SEP <right|directly> before the block.",
    "<Count the bytes in the listing|Look at the listing>: an immediate of a 16-bit register must make three bytes, of "
    "an 8-bit one two.",
)
_MASKS = (
    "<Learn|Remember> the two bits: $20 is M for A and memory, $10 is X for X and Y, $30 is both.",
    "<Give|Define> names for the masks, M = $20 and X = $10, and the listing reads as what you meant.",
)
_MISSING = (
    "Nothing switches {what} to {bits} before {reported}. The assembler <follows|tracks> REP and SEP from the top "
    "of the text, and at that point P <still has|has> the {flags} of the entry; {right} is missing.",
    "{right} has <been lost|gone missing>: without it {what} <do not get|never get> {bits}, neither in the <processor|"
    "CPU> nor in the width that the assembler tracks, and {reported} <was written for|relies on> the other width.",
)
_CONFUSED = (
    "{wrong} does the opposite of what is wanted: REP <resets|clears> the bits of P and makes registers 16 bits wide, "
    "SEP sets them and makes registers 8 bits wide. Here {what} must have {bits}, which takes {right}.",
    "REP and SEP were <confused|mixed up>. What follows needs {what} with {bits}, that is {right}; "
    "{wrong} gives {flags} the other value.",
)
_MASK = (
    "{wrong} changes the {flag} flag only, so it is {got} that <get|have> another width. What must become {bits} here "
    "is {what}: that is {right}.",
    "The mask is wrong. {wrong} touches {got}; for {what} the mask has to name {flags}, as in {right}.",
)
_ENTRY = (
    "{wrong} at the entry promises the assembler {told} A, but the routine is called with {entry} A. <So every|"
    "Every> immediate for A is encoded with the wrong length, and the processor takes <its operand bytes|the "
    "bytes> apart differently: from there on it executes something else.",
    "The contract says {entry} A at the entry; {wrong} says {told}. The directive makes no code and wins "
    "<only in the assembler|only on paper>, so the length of the immediates and what the CPU reads <differ|"
    "no longer agree>.",
)
_ENTRY_REFUSED = (
    "{wrong} at the entry tells the assembler that A is {told}, but the routine is called with {entry} A. "
    "{reported} is right for the A that <the caller brings|comes in>, and <refused|turned down> only because of the "
    "directive.",
    "The contract says {entry} A at the entry; {wrong} says {told}. The assembler believes the directive, so it has "
    "room for one byte where {reported} rightly has two.",
)
_ENTRY_AVOID = (
    "<Derive|Take> the directive at an entry from the contract, never from <habit|the routine above>.",
    "<Compare|Set> the listing and a trace side by side: the first address that is in only one of them "
    "<shows|is> where the widths part.",
)
_SILENT = (
    "{right} is missing, so {what} <keep the other width|do not get {bits}>, and {effect}. <It assembles|The "
    "assembler says nothing>, because no operand is too big for the width that it tracks.",
    "Nothing gives {what} {bits} here. Without {right} P keeps the old {flags}, and {effect}.",
)
WIDTH = Family(
    assembled,
    frozenset({"width"}),
    {
        "missing_rep": Words(_MISSING, _TRACK, WIDE),
        "sep_instead_of_rep": Words(_CONFUSED, _TRACK + _MASKS[:1], WIDE),
        "wrong_mask": Words(_MASK, _MASKS, WIDE),
        "sep_too_early": Words(
            (
                "{wrong} comes too early. From there on registers have 8 bits, and {reported} still needs 16: SEP "
                "belongs behind it, at the end of the wide part.",
                "{reported} is meant for a 16-bit register, but {wrong} above has made it 8 bits wide already. <The "
                "order has to change|The two change places>: first the wide work, then SEP.",
            ),
            _TRACK,
            WIDE,
        ),
        "needless_hash": Words(
            (
                "{place} is an address, and {wrong} with its # asks for the address as a number, which an 8-bit "
                "register cannot hold. What lies there is wanted: {right}.",
                "The sign # is too much. {wrong} takes {place} itself as the value instead of the byte that is stored "
                "at {place}; {right} reads it.",
            ),
            (
                '<Read|Say> `#` as "the number", and an operand without it as "what lies at".',
                "<Use|Choose> names that tell addresses from constants, say capitals for constants.",
            ),
        ),
        "wrong_directive": Words(_ENTRY_REFUSED, _ENTRY_AVOID[:1], WIDE),
        "number_too_big": Words(
            (
                "The register is 8 bits wide at this point, so an immediate holds 0 to 255. {wrong} asks for {value}, "
                "<a slip of the keyboard|with digits too many>: {right} was meant.",
                "{value} needs two bytes, and <the instruction has room for one|only one byte fits>, because the "
                "tracked width is 8 bits. No REP is missing: <the contract wants|the routine needs> {right}.",
            ),
            (
                "<Write|Always write> 8-bit values with two hex digits and 16-bit values with four; a third digit "
                "<then strikes the eye|is then easy to see>.",
                "<Give|Define> a name for such a limit once, and use the name.",
            ),
        ),
    },
    in_assembler=True,
    nouns=(
        "add", "subtract", "fill", "copy", "block_move", "average", "multiply_constant", "hardware_divide", "absolute",
        "clamp", "lookup", "swap_bytes", "bit_field", "indirect_sum", "lorom_offset", "tilemap_address", "velocity",
        "lfsr", "ring_push", "dma_setup", "count_matching", "popcount",
    ),
)  # fmt: skip
WIDTH_RUNTIME = Family(
    executed,
    frozenset({"stopped", "stack", "budget", "width", "result", "stray", "kept"}),
    {
        "missing_rep": Words(_SILENT, _TRACK, SWITCHES),
        "missing_sep": Words(_SILENT, _TRACK, SWITCHES),
        "sep_instead_of_rep": Words(_CONFUSED, _TRACK + _MASKS[:1], SWITCHES),
        "rep_instead_of_sep": Words(_CONFUSED, _TRACK + _MASKS[:1], SWITCHES),
        "wrong_mask": Words(_MASK, _MASKS, SWITCHES),
        "directive_only": Words(
            (
                "{wrong} speaks to the assembler alone: it makes no code. The processor <still has|keeps> the old "
                "width of {what}, while immediates from there on are encoded for {bits}. It takes {right}, which does "
                "both.",
                "A directive <does not switch anything|changes nothing> in the CPU. After {wrong} the text is "
                "assembled for {what} with {bits}, but the {flags} flag <has not changed|is as before>; the "
                "instruction that changes it is {right}.",
            ),
            (
                "<Use|Keep> .a8, .a16, .i8 and .i16 only to tell the assembler what <already is so|a caller "
                "guarantees>; <to change a width, use|a change is always> REP or SEP.",
                "In this assembler REP and SEP are tracked, so <a directive is needed only|you need a directive just> "
                "at an entry or behind PLP.",
            ),
            SWITCHES,
        ),
        "wrong_directive": Words(_ENTRY, _ENTRY_AVOID),
    },
    nouns=(*WIDTH.nouns, "shift", "pack", "checksum", "order", "inside", "list_walk", "clock"),
)
