"""Values that do not fit where they stand.

Owns the family ``value_range``. Facts: REP and SEP take one byte, a block move two bank bytes, an indirect mode of the
direct page one byte (WDC W65C816S data sheet, section 3.5); `operands` says where bank $7E is mirrored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words, edited
from agents.training.domains.errors.sheet import Sheet
from agents.training.domains.errors.slips.nouns import NEAR, SWITCHES
from agents.training.domains.errors.slips.operands import CHART, LONGLESS, MIRROR, SHORT
from agents.training.routines.contract import Line, Routine, hex_address

_BIG = ("$1FF", "$100", "$180", "256", "300", "$2A0", "512", "$0F00", "999", "$104")


def ranges(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield values that are too big for the place where they stand."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        op, arg = line.op, line.arg
        near = SHORT.fullmatch(arg)
        if (
            near
            and len(near[1]) == 4
            and op in {"lda", "sta", "stz", "inc", "dec", "adc", "sbc", "cmp", "and", "ora", "eor"}
        ):
            tells = {"suffix": ".b", "place": arg.partition(",")[0], "value": str(int(near[1], 16))}
            yield edited(sheet, "forced_direct_page", at, f"{op}.b {arg}", **tells)
        if op == "db":
            yield from _too_big(rng, sheet, at, _BIG, "0 to 255", "one byte")
        if op == "dw":
            wide = [f"$7E{int(rng.random() * 0x10000):04X}", str(65536 + int(rng.random() * 9000)), "$10000", "$18000"]
            yield from _too_big(rng, sheet, at, wide, "0 to 65535", "two bytes")
        if op in {"rep", "sep"} and arg.startswith("#$"):
            typed = f"#$0{arg[2:]}0" if rng.random() < 0.5 else f"#$1{arg[2:]}"
            tells = {"value": str(int(typed[2:], 16)), "mask": arg[1:], "mnemonic": op.upper()}
            yield edited(sheet, "mask_too_wide", at, f"{op} {typed}", **tells)
        if op in {"mvn", "mvp"}:
            bank = arg.partition(",")[0]
            typed = f"{bank}0000"
            tells = {"bank": bank, "typed": typed, "value": str(int(typed[1:], 16))}
            yield edited(sheet, "address_for_bank", at, f"{op} {typed},{typed}", **tells)
        if arg.startswith(("(", "[")) and (found := re.match(r"[(\[]\$([0-9A-F]{2})[)\]]", arg)):
            typed = f"{arg[0]}${3 + int(rng.random() * 12):02X}{found[1]}{arg[4:]}"
            tells = {"pointer": typed[1:6], "value": str(int(typed[2:6], 16))}
            yield edited(sheet, "pointer_outside_direct_page", at, f"{op} {typed}", **tells)
    for number, (name, addr) in enumerate(routine.symbols):
        users = [at for at, line in enumerate(sheet.lines) if line.arg.partition(",")[0] == name]
        first = next((at for at in users if sheet.lines[at].op in LONGLESS), None)
        if addr < 0x2000 and first is not None:
            row = f"{name} = $7E{addr:04X}"
            head = (*sheet.head[:number], row, *sheet.head[number + 1 :])
            tells = {"name": name, "typed": f"$7E{addr:04X}", "near": hex_address(addr), "value": str(0x7E0000 + addr)}
            tells["mnemonic"] = sheet.lines[first].op.upper()
            yield Defect(
                "long_constant", Sheet(head, sheet.lines), sheet, ("head", number),
                _definition(name, 0x7E0000 + addr), _definition(name, addr), tells,
            )  # fmt: skip


def _definition(name: str, addr: int) -> Line:
    return Line("", name, f"= {hex_address(addr)}", "")


def _doubled(rng: Random, entry: str) -> str:
    """Return a hexadecimal ``entry`` with one digit typed twice, or nothing where that is not too big or not hex."""
    digits = entry.removeprefix("$")
    if digits == entry or digits[0] == "0" or rng.random() < 0.3:
        return ""
    at = int(rng.random() * len(digits))
    return f"${digits[: at + 1]}{digits[at:]}"


def _too_big(rng: Random, sheet: Sheet, at: int, typed: Sequence[str], span: str, room: str) -> Iterator[Defect]:
    line = sheet.lines[at]
    entries = line.arg.split(",")
    place = int(rng.random() * len(entries))
    wrong = _doubled(rng, entries[place]) or typed[int(rng.random() * len(typed))]
    value = int(wrong[1:], 16) if wrong.startswith("$") else int(wrong)
    tells = {
        "typed": wrong,
        "entry": entries[place],
        "amount": wrong if wrong.isdigit() else f"{wrong} ({value})",
        "span": span,
        "room": room,
    }
    row = ",".join([*entries[:place], wrong, *entries[place + 1 :]])
    yield edited(sheet, "table_entry_too_big", at, f"{line.op} {row}", **tells)


VALUE_RANGE = Family(
    ranges,
    frozenset({"value-range", "bad-mode"}),
    {
        "forced_direct_page": Words(
            (
                "The suffix {suffix} forces a direct-page operand, one byte, but {place} is {value} and needs two. "
                "{right} without the suffix is an absolute access<|, three bytes long>.",
                "{wrong} <insists on|asks for> a one-byte address. The direct page holds $00 to $FF here (D = 0), and "
                "{place} is outside of it; let the assembler choose: {right}.",
            ),
            (
                "<Use|Keep> .b, .w and .l for the rare cases in which the assembler <would choose|chooses> the wrong "
                "size.",
                "<Place|Put> variables that are used often in $00-$FF; then the short form <comes by itself|is right>.",
            ),
        ),
        "table_entry_too_big": Words(
            (
                "{amount} is too much for this table: an entry has {room}, that is {span}. It was meant to be "
                "{entry}, as the <specification of the table|contract> says.",
                "One entry of the table is too big: {room}, that is {span}, cannot hold {amount}; {entry} belongs "
                "there.",
            ),
            (
                "<Write|Always write> the entries of a byte table with two hex digits and those of a word table with "
                "four.",
                "<Generate|Let a script make> tables, with a check of the largest value, instead of typing them.",
            ),
            nouns=("lookup",),
        ),
        "mask_too_wide": Words(
            (
                "{mnemonic} takes one byte, whatever the widths are; {value} does not fit. The mask is {mask}: two hex "
                "digits, one for each half of P.",
                "P has eight bits, so {mnemonic} has an operand of one byte. {wrong} has too many digits; {right} is "
                "right.",
            ),
            (
                "<Only|Just> three masks are common: $10, $20 and $30. Anything longer than two digits is a slip.",
                "<Give|Define> names for the masks and use those.",
            ),
            nouns=SWITCHES,
        ),
        "address_for_bank": Words(
            (
                "MVN and MVP take two bank numbers of one byte each. {typed} is a whole address ({value}); the "
                "addresses inside the banks come from X and Y, so only {bank} stays.",
                "{wrong} gives addresses where banks belong. The operand bytes of a block move are destination bank "
                "and source bank: {right}.",
            ),
            (
                "<Write|Use> the operator ^ in front of a long address; it gives the bank byte.",
                "<Remember|Learn> who holds what in a block move: A the count minus one, X and Y the addresses, the "
                "operand the banks.",
            ),
            nouns=("block_move",),
        ),
        "pointer_outside_direct_page": Words(
            (
                "An indirect operand names a pointer in the direct page, by one byte. {pointer} is {value} and lies "
                "outside; the pointer of this routine is elsewhere: {right}.",
                "The pointer of an indirect mode must be in the direct page. {pointer} ({value}) takes two bytes, and "
                "{wrong} has room for one; the contract puts the pointer where {right} has it.",
            ),
            ("<Keep|Place> pointers in $00-$FF, and note there which routine uses them.", *CHART[:1]),
            nouns=("indirect_sum",),
        ),
        "long_constant": Words(
            (
                "{name} is defined as {typed} ({value}), a 24-bit address, and {mnemonic} has no long form. The place "
                "is in the first 8 KiB of bank $7E, so its mirror {near} names the same byte: {right}.",
                "The fault is in the definition, not where it shows: {wrong} makes {name} three bytes long, and "
                "{mnemonic} <takes|knows> 16-bit addresses at most. {near} is the mirror in bank $00.",
            ),
            MIRROR,
            nouns=NEAR,
        ),
    },
    in_assembler=True,
)
