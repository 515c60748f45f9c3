"""The words of the assembler's errors: what is wrong, and the cure.

Owns the texts that go with each kind of `AssemblyError`. Never finds an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from agents.training.w65816.opcodes import Mode
from agents.training.w65816.selection import FORMS
from agents.training.w65816.source import DIRECTIVES, Statement

_SHOWN = 60
"""Characters of the source that a message repeats."""
_COMPARED = 500
"""Names that are looked at for a similar one."""

_EXAMPLES = {
    Mode.IMPLIED: "no operand", Mode.ACCUMULATOR: "a", Mode.IMMEDIATE_M: "#$12", Mode.IMMEDIATE_X: "#$12",
    Mode.IMMEDIATE_BYTE: "#$12", Mode.IMMEDIATE_WORD: "$1234 or #$1234", Mode.DIRECT: "$12", Mode.DIRECT_X: "$12,x",
    Mode.DIRECT_Y: "$12,y", Mode.DIRECT_INDIRECT: "($12)", Mode.DIRECT_X_INDIRECT: "($12,x)",
    Mode.DIRECT_INDIRECT_Y: "($12),y", Mode.DIRECT_LONG: "[$12]", Mode.DIRECT_LONG_Y: "[$12],y",
    Mode.ABSOLUTE: "$1234", Mode.ABSOLUTE_X: "$1234,x", Mode.ABSOLUTE_Y: "$1234,y", Mode.ABSOLUTE_INDIRECT: "($1234)",
    Mode.ABSOLUTE_X_INDIRECT: "($1234,x)", Mode.ABSOLUTE_INDIRECT_LONG: "[$1234]", Mode.LONG: "$123456",
    Mode.LONG_X: "$123456,x", Mode.STACK: "$12,s", Mode.STACK_INDIRECT_Y: "($12,s),y", Mode.RELATIVE: "a label",
    Mode.RELATIVE_LONG: "a label", Mode.BLOCK_MOVE: "$7E,$7F (destination bank, source bank)",
}  # fmt: skip
_OF_OTHER_ASSEMBLERS = frozenset({
    "INCSRC", "INCBIN", "MACRO", "ENDMACRO", "LOROM", "HIROM", "EXLOROM", "EXHIROM", "SA1ROM", "NOROM", "PUSHPC",
    "PULLPC", "FREECODE", "FREEDATA", "FREESPACE", "NAMESPACE", "ARCH", "BASE", "WARNPC", "PRINT", "ASSERT", "CHECK",
    "STRUCT", "ENDSTRUCT", "IF", "ELSE", "ELSEIF", "ENDIF", "WHILE", "FOR", "ENDFOR", "FUNCTION", "OPTIMIZE",
})  # fmt: skip


def shown(text: str) -> str:
    """Return the start of ``text`` in quotes, as messages repeat source."""
    return repr(text[:_SHOWN])


def hexadecimal(number: int) -> str:
    """Return ``number`` as source writes it: ``$12``, ``$1234``, ``-$81``."""
    digits = f"{abs(number):X}"
    return f"{'-' if number < 0 else ''}${digits.zfill(len(digits) + len(digits) % 2)}"


def unknown_mnemonic(statement: Statement) -> str:
    """Return what to say of a name that is neither an instruction nor a directive."""
    name = statement.name
    if name in _OF_OTHER_ASSEMBLERS:
        return f"{name.lower()} is a directive of other assemblers: leave the line out, or write what it stands for"
    what = f"there is no instruction {name[:_SHOWN]}"
    near = _near(name, [*FORMS, *(directive.upper() for directive in DIRECTIVES)])
    if near:
        return f"{what}; did you mean {near}?"
    if not statement.operand and not statement.suffix:
        return f"{what}; a label ends with a colon"
    return f"{what}; a directive is one of {', '.join(DIRECTIVES)}"


def bad_mode(statement: Statement, shape: str) -> str:
    """Return what to say of an instruction with an operand of a ``shape`` that it does not take."""
    name = statement.name
    examples = list(dict.fromkeys(example for mode, example in _EXAMPLES.items() if mode in FORMS[name]))
    takes = f"{name} takes {', '.join(examples)}"
    if not shape:
        return f"{name} needs an operand; {takes}"
    if name in {"REP", "SEP"} and shape == "e":
        return f"the # is missing: {takes} (to repeat a statement, write repeat 5 : nop)"
    if statement.suffix and shape == "#":
        return "an immediate operand has one or two bytes: write .b or .w, or no suffix"
    if statement.suffix:
        return f"{name} has no form of that operand with the suffix .{statement.suffix}; {takes}"
    return f"{name} has no such operand; {takes}"


def undefined(name: str, known: Iterable[str], *, early: bool) -> str:
    """Return what to say of a name without a definition; ``early``: only definitions above the line count."""
    if name[0] in "+-":
        where = "below" if name[0] == "+" else "above"
        return f"there is no label {name} {where}: put {name} in front of the statement to go to"
    near = _near(name, known)
    if near:
        cure = f"did you mean {near}?"
    elif name[0] == ".":
        cure = f"{name}: must stand under the same global label; from elsewhere write label{name}"
    else:
        cure = f"define it with {name}: (a label) or {name} = value"
    what = f"{name} is not defined"
    return f"{what} above this line, where its value is needed at once; {cure}" if early else f"{what}; {cure}"


def duplicate(name: str, line: int, *, label: bool) -> str:
    """Return what to say of a second definition; ``line`` has the first."""
    cure = "give one of them another name" + (f", or make it local: .{name}:" if label and "." not in name else "")
    return f"{name} is already defined in line {line}: {cure}"


def too_far(mnemonic: str, offset: int) -> str:
    """Return what to say of a branch by ``offset`` bytes, counted from behind it."""
    excess, way = (offset - 0x7F, "forwards") if offset > 0 else (-0x80 - offset, "backwards")
    if mnemonic == "BRA":
        cure = "use BRL or JMP"
    else:
        cure = f"invert the branch around a JMP or BRL ({_INVERSE.get(mnemonic, 'the opposite')} over it)"
    reach = "at most 127 bytes forwards and 128 backwards"
    return f"the target is {abs(offset)} bytes {way}, {excess} too many: {mnemonic} reaches {reach}; {cure}"


_INVERSE = {
    "BEQ": "BNE", "BNE": "BEQ", "BCC": "BCS", "BCS": "BCC", "BPL": "BMI", "BMI": "BPL", "BVC": "BVS", "BVS": "BVC",
    "BLT": "BGE", "BGE": "BLT",
}  # fmt: skip


def too_narrow(statement: Statement, number: int, mode: Mode, setter: Statement | None) -> str:
    """Return what to say of an immediate ``number`` that needs 16 bits where there are 8, because of ``setter``."""
    value = hexadecimal(number)
    if statement.suffix:
        return f"{value} needs 16 bits, but the suffix .b asks for 8; write .w"
    a = mode is Mode.IMMEDIATE_M
    since = f"{setter.text[:_SHOWN]} in line {setter.line}" if setter else "from the start"
    mnemonic = statement.name.lower()
    return (
        f"{value} needs 16 bits, but {'A is' if a else 'X and Y are'} 8 bits wide here ({since}); "
        f"put rep #${'20' if a else '10'} before it, or, if {'it is' if a else 'they are'} 16 bits wide in truth, "
        f"write {mnemonic}.w or {'.a16' if a else '.i16'}"
    )


def out_of_range(statement: Statement, number: int, size: int, mode: Mode | None) -> str:
    """Return what to say of a ``number`` that does not fit in ``size`` bytes."""
    return f"{hexadecimal(number)} does not fit in {8 * size} bits; {_room(statement, number, size, mode)}"


def _room(statement: Statement, number: int, size: int, mode: Mode | None) -> str:
    name = statement.name
    if mode is None:
        wider = {"DB": "use dw or dl, or ", "DW": "use dl, or "}.get(name.upper(), "")
        cure = f"{wider}take one byte of it with <, > or ^"
    elif mode.startswith("#"):
        most = "one byte" if mode is Mode.IMMEDIATE_BYTE else "at most two bytes"
        cure = f"{name} takes {most}: take one byte of the number with <, > or ^"
    elif mode is Mode.BLOCK_MOVE:
        cure = "a bank is one byte: write ^label for the bank of a label"
    elif number < 0:
        cure = "an address is not negative"
    elif statement.suffix:
        cure = f"leave out the suffix .{statement.suffix}, or correct the address"
    elif name in _FAR:
        cure = f"to another bank use {_FAR[name]}"
    elif size == 1:
        cure = "this operand is one byte, such as an offset in the direct page ($00-$FF)"
    else:
        cure = f"{name} has no 24-bit form of this operand: set the data bank, or use another index register"
    return cure


_FAR = {"JSR": "JSL", "JMP": "JML"}


def _near(name: str, known: Iterable[str]) -> str:
    """Return up to three names that look like ``name``, or nothing; looks at `_COMPARED` names at most."""
    if len(name) > _SHOWN:
        return ""
    candidates = islice((other for other in known if abs(len(other) - len(name)) <= 3), _COMPARED)
    by_folded = {other.lower(): other for other in candidates}
    written = name.lower()
    found = get_close_matches(written, by_folded, 8, 0.65)
    found.sort(key=lambda other: sorted(other) != sorted(written))
    return " or ".join(by_folded[other] for other in found[:3])
