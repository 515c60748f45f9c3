"""Predict the flags after a few instructions."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.flags.question import Question, question_of
from agents.training.domains.asm.flags.reasons import reason
from agents.training.phrases import phrase, pick
from agents.training.routines.layout import arrange, asked_lines, result_lines
from agents.training.routines.render import fence
from agents.training.sample import SourceItem
from agents.training.w65816 import Registers

_OPENINGS = (
    "<Predict|Work out> the flags after these instructions.",
    "What are the flags <after|once> the last instruction<| has been executed>?",
    "Flags quiz for the 65816: <follow|step through> this snippet.",
    "My debugger stopped right behind this code. <What should|Which values should> the flags show?",
    "A branch follows this code, so the flags matter. <What are they|Which are set>?",
    "I keep getting {flags} wrong. <Take me through|Explain> this snippet <instruction by instruction|step by step>.",
    "<Homework|Exercise>: determine the processor status after this sequence.",
    "For a test of my emulator I need the <exact |>end state of these instructions.",
    "Before I put a branch here: what do {flags} hold?",
    "<Check my understanding|Let me check myself>: what is the state after this piece of code?",
)
_WISHES = (
    "Give the reason for every flag.|Say for each instruction which flags it changes and why.|I want to see the "
    "arithmetic.|Reason instruction by instruction before you state the result.|Explain why the flags come out as "
    "they do.|"
    "Show what A and the flags are after every instruction."
)
_REST = "All other flags are clear.|Flags not named are 0.|The other flags are 0."


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the code, the state before it and the values asked for."""
    question = question_of(item)
    names = [key for key, _, _ in question.facts if key in "NVZC"]
    opening = phrase(rng, _OPENINGS, flags=" and ".join(names[:2]) if rng.random() < 0.5 else ", ".join(names))
    parts = [fence("\n".join(_rows(rng, question))), before(rng, question)]
    if rng.random() < 0.5:
        parts.reverse()
    parts.insert(0, opening)
    parts.append(asked_lines(rng, question.facts))
    if rng.random() < 0.7:
        parts.append(pick(rng, _WISHES))
    return "\n\n".join(parts)


def _rows(rng: Random, question: Question) -> list[str]:
    indent = pick(rng, "|  |    |        ")
    return [indent + text for text in question.sequence.lines]


def before(rng: Random, question: Question) -> str:
    """Return the state before the first instruction, in words."""
    start = question.sequence.start
    m, x = ("8" if start.m8 else "16"), ("8" if start.x8 else "16")
    wide = pick(rng, f"A is {m} bits wide, X and Y {x} (m = {int(start.m8)}, x = {int(start.x8)})|m = "
                     f"{int(start.m8)} and "
                     f"x = {int(start.x8)}, so A has {m} bits and the index registers have {x}")  # fmt: skip
    flags = f"N = {int(start.negative)}, V = {int(start.overflow)}, Z = {int(start.zero)}, C = {int(start.carry)}"
    values = [f"A = {_a(start)}", f"X = {_index(start, start.x)}", f"Y = {_index(start, start.y)}", *_memory(question)]
    whole = rng.random() < 0.3
    values.append(f"P = ${start.p:02X} ({start.flags}, capitals are set)" if whole else flags)
    rest = "" if whole else pick(rng, _REST)
    lead = pick(rng, "Native mode; before the first instruction|State before (native mode)|At the start, in native "
                     "mode|"
                     "Start, native mode")  # fmt: skip
    if rng.random() < 0.4:
        return "\n".join([f"{lead}: {wide}.", *(f"- {value}" for value in values), rest]).rstrip()
    return f"{lead}: {wide}; {'; '.join(values)}. {rest}".rstrip()


def _a(start: Registers) -> str:
    if not start.m8:
        return f"${start.a:04X}"
    hidden = f" (B = ${start.a >> 8:02X})" if start.a >> 8 else ""
    return f"${start.a & 0xFF:02X}{hidden}"


def _index(start: Registers, value: int) -> str:
    return f"${value:02X}" if start.x8 else f"${value:04X}"


def _memory(question: Question) -> list[str]:
    address, word = question.sequence.address, question.sequence.word
    if not address:
        return []
    digits = 2 if address < 0x100 else 4
    return [f"${address:0{digits}X} holds ${word & 0xFF:02X} and ${address + 1:0{digits}X} holds ${word >> 8:02X}"]


def answer(rng: Random, item: SourceItem) -> str:
    """Return the reasoning per instruction and the result lines."""
    question = question_of(item)
    sections = [
        ("Start|Before the code|Given", opening(rng, question)),
        ("Step by step|Reasoning|Instruction by instruction|Working", steps(rng, question)),
        ("Remember|Notes|The point", point(rng, question)),
        ("Result|Answer|End state|Flags", result_lines(rng, question.facts)),
    ]
    if rng.random() < 0.4:
        del sections[2]
    return arrange(rng, sections)


_STARTS = (
    "<We begin|The code starts> with {wide}, A = {a} and C = {c}.",
    "It starts with {wide}; A holds {a}, the carry is {c}.",
    "<At first|To begin with,> A = {a} and C = {c}, with {wide}.",
    "<Keep in mind|Note first>: {wide}. A = {a}, C = {c}.",
)


def opening(rng: Random, question: Question) -> str:
    """Return the widths and what the first instruction finds."""
    start = question.sequence.start
    a, x = 8 if start.m8 else 16, 8 if start.x8 else 16
    wide = f"{a}-bit A, X and Y" if a == x else f"{a}-bit A and {x}-bit X and Y"
    text = phrase(rng, _STARTS, wide=wide, a=_a(start), c=str(int(start.carry)))
    return text + (" " + "; ".join(_memory(question)) + "." if question.sequence.address else "")


def steps(rng: Random, question: Question) -> str:
    """Return what every instruction does and why, in one of four shapes."""
    shape = pick(rng, "number|number|table|bullet|prose")
    out = ["| instruction | what happens | N V Z C |", "|---|---|---|"] if shape == "table" else []
    mark, dash = pick(rng, ". |) "), pick(rng, ": | - ")
    is_followed = rng.random() < 0.5
    for number, step in enumerate(question.steps, 1):
        why, flags = reason(rng, step), _flags(step.after)
        if shape == "table":
            out.append(f"| `{step.text}` | {why} | {flags} |")
        elif shape == "number":
            out.append(f"{number}{mark}`{step.text}`{dash}{why}." + (f" [NVZC = {flags}]" if is_followed else ""))
        elif shape == "bullet":
            out.append(f"- `{step.text}`{dash}{why}" + (f" -> NVZC {flags}" if is_followed else ""))
        else:
            link = pick(rng, "First|To begin with,|At first" if number == 1 else "Then|Next|After that|Now")
            out.append(f"{link} `{step.text}`: {why}.")
    return (" " if shape == "prose" else "\n").join(out)


def _flags(after: Registers) -> str:
    return "".join(str(int(flag)) for flag in (after.negative, after.overflow, after.zero, after.carry))


_POINTS = {
    "ADC": (
        "ADC always adds the carry<|, so CLC belongs before the first of a chain>.",
        "C is about unsigned numbers, V about signed ones; both come from the same addition.",
    ),
    "SBC": (
        "SBC subtracts the complement of the carry<|: C = 1 means that nothing was borrowed>.",
        "After SBC, C = 1 says <no borrow|that the unsigned result is right>.",
    ),
    "CMP": (
        "CMP is SEC and SBC without a result, and it leaves V alone.",
        "After CMP, C = 1 reads 'at least' for unsigned numbers.",
    ),
    "CPX": ("CPX compares unsigned and as wide as X is.",),
    "CPY": ("CPY compares unsigned and as wide as Y is.",),
    "BIT": ("BIT with an immediate operand changes Z alone; from memory it copies the two top bits to N and V.",),
    "INC": ("INC and DEC never touch the carry<|, which lets them stand inside a chain of ADC>.",),
    "DEC": ("INC and DEC never touch the carry.",),
    "ROL": ("A rotation goes through the carry: 9 bits turn for a byte, 17 for a word.",),
    "ROR": ("A rotation goes through the carry: 9 bits turn for a byte, 17 for a word.",),
    "ASL": ("ASL puts the top bit into C, and N shows the new top bit.",),
    "LSR": ("After LSR N is always 0, since a 0 comes in at the top.",),
    "XBA": ("XBA sets N and Z from the new low byte even when A is 16 bits wide.",),
    "PLP": ("PLP brings all flags back, the widths included.",),
    "PLA": ("PLA sets N and Z like a load.",),
    "TSB": ("TSB and TRB set Z from A AND memory before the change, and N and V not at all.",),
    "TRB": ("TSB and TRB set Z from A AND memory before the change, and N and V not at all.",),
    "REP": ("REP clears the bits of P that are 1 in its operand<| and leaves the rest>.",),
    "SEP": ("SEP sets the bits of P that are 1 in its operand<| and leaves the rest>.",),
    "TAX": ("A transfer is as wide as its target<|, whatever the source is>.",),
    "TXA": ("A transfer is as wide as its target<|, whatever the source is>.",),
    "TAY": ("A transfer is as wide as its target.",),
    "TYA": ("A transfer is as wide as its target.",),
    "EOR": ("The logic instructions change N and Z alone.",),
    "AND": ("The logic instructions change N and Z alone.",),
    "ORA": ("The logic instructions change N and Z alone.",),
}


_DECIMAL = (
    "In decimal mode C tells whether the digits overflow or borrow; N and Z follow the result<|, V means nothing>.",
    "Unlike on the NMOS 6502, N and Z are valid after a decimal ADC or SBC<|; V is not to be used>.",
)


def point(rng: Random, question: Question) -> str:
    """Return a rule worth remembering about the last instruction that has one."""
    ops = [step.op for step in question.steps if step.op in _POINTS]
    if any(step.op == "SED" for step in question.steps):
        return phrase(rng, _DECIMAL)
    return phrase(rng, _POINTS[ops[-1]]) if ops else ""
