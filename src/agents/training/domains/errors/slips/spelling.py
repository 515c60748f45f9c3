"""Words and punctuation that this assembler does not know.

Owns the families ``unknown_mnemonic`` and ``syntax``. Facts about other processors are from their makers'
manuals: Zilog Z80 CPU User Manual; Motorola MC6809 and M68000 programming manuals, M68HC11 reference manual; Intel
8086 Family User's Manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed
from agents.training.routines.contract import Line, Routine
from agents.training.routines.names import RESERVED

_ELSEWHERE = {
    "lda": "ld:Z80|mov:8086|move:68000|ldaa:68HC11", "sta": "ld:Z80|mov:8086|move:68000|staa:68HC11",
    "ldx": "ld:Z80|mov:8086|movea:68000", "ldy": "ld:Z80|mov:8086|movea:68000", "stz": "clr:68000|clr:6809",
    "stx": "mov:8086|move:68000", "sty": "mov:8086|move:68000", "adc": "addx:68000|adca:6809",
    "sbc": "sbb:8086|subx:68000|sbca:6809", "and": "anda:6809|andi:68000", "ora": "or:Z80|or:8086",
    "eor": "xor:Z80|xor:8086|eora:6809", "cmp": "cp:Z80|cmpa:6809", "cpx": "cmpx:6809", "cpy": "cmpy:6809",
    "asl": "sla:Z80|shl:8086", "lsr": "srl:Z80|shr:8086", "rol": "rl:Z80|rcl:8086", "ror": "rr:Z80|rcr:8086",
    "inc": "addq:68000|inca:6809", "dec": "subq:68000|deca:6809", "bra": "jr:Z80", "bne": "jnz:8086",
    "beq": "jz:8086", "bcc": "jnc:8086|bhs:6809", "bcs": "jc:8086|blo:6809", "bmi": "js:8086", "bpl": "jns:8086",
    "rts": "ret:Z80|ret:8086", "rtl": "retf:8086", "pha": "push:Z80|psha:68HC11", "pla": "pop:Z80|pula:68HC11",
    "phx": "push:8086|pshx:68HC11", "plx": "pop:8086|pulx:68HC11", "phy": "push:8086|pshy:68HC11",
    "ply": "pop:8086|puly:68HC11", "sec": "scf:Z80|stc:8086", "clc": "andcc:6809", "tax": "tfr:6809|mov:8086",
    "tay": "tfr:6809|mov:8086", "txa": "tfr:6809|mov:8086", "tya": "tfr:6809|mov:8086", "xba": "swap:68000|xchg:8086",
    "php": "pushf:8086", "plp": "popf:8086", "inx": "leax:6809", "dex": "leax:6809",
}  # fmt: skip


def mnemonics(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield mnemonics of other processors and misspelled ones."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        if line.op in {"", "db", "dw"}:
            continue
        names = [entry for entry in _ELSEWHERE.get(line.op, "").split("|") if entry]
        if names:
            name, cpu = names[int(rng.random() * len(names))].split(":")
            if name not in RESERVED:
                yield _spelled(sheet, "other_processor", at, name, cpu=cpu)
        typo = _typo(rng, line.op)
        if typo not in RESERVED:
            yield _spelled(sheet, "misspelled", at, typo)


def _spelled(sheet: Sheet, cause: str, at: int, name: str, **tells: str) -> Defect:
    line = sheet.lines[at]
    lines = changed(sheet.lines, at, f"{name} {line.arg}".rstrip())
    tells |= {"name": name.upper(), "mnemonic": line.op.upper()}
    return Defect(cause, Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)


def _typo(rng: Random, op: str) -> str:
    manner = int(rng.random() * 3)
    if manner == 0:
        return op[0] + op[2] + op[1]
    if manner == 1:
        return op[1] + op[0] + op[2]
    return op + op[2]


def syntax(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield rows that cannot be read."""
    sheet = Sheet.of(routine)
    for at, line in enumerate(sheet.lines):
        op, arg = line.op, line.arg
        if not op:
            continue
        if line.note and ";" not in line.note:
            mark = ("//", "#", "--", "/*")[int(rng.random() * 4)]
            words = " ".join(line.note.split()[:4])
            yield _typed(sheet, "foreign_comment", at, f"{line.text} {mark} {words}", mark=mark)
        head, dollar, rest = arg.partition("$")
        digits = rest.partition(",")[0].rstrip(")]")
        if dollar and digits.isalnum() and op not in {"db", "dw"}:
            shape = ("0x{}", "{}h")[int(rng.random() * 2)]
            number = shape.format(digits)
            tail = rest[len(digits) :]
            yield _typed(sheet, "foreign_number", at, f"{op} {head}{number}{tail}", number=number, hex=f"${digits}")
            look = {"0": "O", "1": "l"}
            for digit, letter in look.items():
                if digit in digits:
                    number = digits.replace(digit, letter, 1)
                    tells = {"letter": letter, "digit": digit, "number": f"${number}"}
                    yield _typed(sheet, "letter_for_digit", at, f"{op} {head}${number}{tail}", **tells)
        if op in {"db", "dw"} and "," in arg:
            entries = arg.split(",")
            place = 1 + int(rng.random() * (len(entries) - 1))
            row = f"{','.join(entries[:place])} {','.join(entries[place:])}"
            yield _typed(sheet, "missing_comma", at, f"{op} {row}", first=entries[place - 1], second=entries[place])
            yield _typed(sheet, "comma_at_the_end", at, f"{op} {arg},", last=entries[-1])
        if arg.startswith(("(", "[")):
            row = arg.replace(")", "").replace("]", "")
            yield _typed(sheet, "open_bracket", at, f"{op} {row}", bracket=arg[0])
        if arg.startswith("#") and op not in {"rep", "sep"}:
            yield _typed(sheet, "number_missing", at, f"{op} #", number=arg[1:])
            yield _typed(sheet, "open_bracket", at, f"{op} #({arg[1:]}", bracket="(")


def _typed(sheet: Sheet, cause: str, at: int, text: str, **tells: str) -> Defect:
    line = sheet.lines[at]
    lines = changed(sheet.lines, at, text)
    if "mark" in tells:
        lines = (*lines[:at], replace(lines[at], note=""), *lines[at + 1 :])
    wrong = Line("", *text.partition(" ")[::2], "")
    return Defect(cause, Sheet(sheet.head, lines), sheet, ("line", at), wrong, line, tells)


_LIST = (
    "<Keep|Have> the list of the 65816's mnemonics <at hand|open>; each of them has exactly three letters.",
    "<Set up|Use> an editor with 65816 highlighting: what it does not colour, the assembler does not know either.",
)
_READ = (
    "<Read|Take> the row in the message letter by letter; <a syntax error|this kind of error> is always in it and "
    "never further up.",
    "<Assemble|Run the assembler> after every few lines: <then there are few places to look at|then the search stays "
    "short>.",
)
UNKNOWN = Family(
    mnemonics,
    frozenset({"unknown-mnemonic"}),
    {
        "other_processor": Words(
            (
                "{name} is an instruction of the {cpu}, not of the 65816, where {mnemonic} does this job. The row "
                "reads {right}.",
                "The 65816 does not know {name}; it comes from the {cpu}. Its own word is {mnemonic}, and the "
                "row reads {right}.",
            ),
            (
                *_LIST,
                "<When you port code|Porting from the {cpu}>, translate by what an instruction does to the flags, not "
                "by its name alone.",
            ),
        ),
        "misspelled": Words(
            (
                "{name} is {mnemonic} with a slip of the keyboard; there is no such instruction. {right} <was meant|is "
                "right>.",
                "No instruction is called {name}. By the operand and its place in the routine it is {mnemonic}: "
                "{right}.",
            ),
            _LIST,
        ),
    },
    in_assembler=True,
)
SYNTAX = Family(
    syntax,
    frozenset({"syntax", "undefined-label", "bad-mode"}),
    {
        "foreign_comment": Words(
            (
                "A comment begins with a semicolon here. {mark} <comes from another language|means nothing to this "
                "assembler>, so the words behind it are read as part of the operand.",
                "{mark} starts no comment in this assembler. <Everything|All> up to a semicolon or the end of the row "
                "belongs to the operand, and that <cannot be read|makes no sense>; {right} with `;` before the words "
                "is fine.",
            ),
            ("<Comments begin|A comment begins> with `;`, <everywhere|in the code as in the data>.", *_READ),
        ),
        "foreign_number": Words(
            (
                "Hexadecimal numbers have a dollar sign in front. {number} is <the notation of another tool|written as "
                "elsewhere>; this assembler wants {hex}.",
                "{number} is no number for this assembler: after the decimal digits it finds letters. In 65xx sources "
                "the prefix is `$`, so {hex}.",
            ),
            ("<Write|Keep to> $ for hexadecimal, % for binary and nothing for decimal.", *_READ),
        ),
        "letter_for_digit": Words(
            (
                "{number} has the letter {letter} where the digit {digit} belongs. Hexadecimal digits are 0-9 and "
                "A-F, and the assembler stops at anything else.",
                "Look at {number}: the {letter} is a letter, not the digit {digit}. <In many fonts|On screen> they "
                "<look alike|are hard to tell apart>; {right} has the digit.",
            ),
            ("<Choose|Use> a font with a slashed zero and a 1 with a foot.", *_READ),
        ),
        "missing_comma": Words(
            (
                "Between {first} and {second} the comma is missing. Without it both are one expression, and that <is "
                "none|cannot be read>.",
                "{first} {second} are two entries of the table with nothing between them; entries are separated by "
                "commas.",
            ),
            ("<Let|Have> a script write long tables.", *_READ),
            nouns=("lookup",),
        ),
        "comma_at_the_end": Words(
            (
                "Behind {last} there is a comma too many: it announces one more entry, and none comes.",
                "The row ends with a comma. After {last} the assembler expects another entry and <finds|meets> the "
                "end of the row.",
            ),
            ("<Let|Have> a script write long tables.", *_READ),
            nouns=("lookup",),
        ),
        "open_bracket": Words(
            (
                "The bracket {bracket} is opened and never closed. {right} is the whole operand.",
                "{wrong} begins with {bracket} and the bracket that closes it is missing, so it is <neither|no> "
                "addressing mode <nor an expression|and no expression>; {right} was meant.",
            ),
            ("<Type|Write> both brackets first, then what goes between them.", *_READ),
        ),
        "number_missing": Words(
            (
                "Behind # <comes nothing|there is nothing>: the number {number} is missing. {right} is complete.",
                "{wrong} announces an immediate operand and gives none; it is {number}, as in {right}.",
            ),
            _READ,
        ),
    },
    in_assembler=True,
)
