"""Translate a small C function to 65816 assembly."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.kinds.write import explained, plan
from agents.training.domains.asm.samples import routine_of
from agents.training.domains.asm.sketches import sketch
from agents.training.domains.asm.sketches.writer import name_of
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Routine
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import contract, ending, setting, spot, syntax
from agents.training.routines.render import Style, fence, rows
from agents.training.sample import SourceItem

_OPENINGS = (
    "<Translate|Convert> this C function to 65816 assembly.",
    "I <prototyped|sketched> `{label}` in C. <Write|I need> the hand-written 65816 version.",
    "<Port|Rewrite> the following C code as the 65816 subroutine `{label}`.",
    "What would a good 65816 programmer make of this C function?",
    "<Play|Be> the compiler: C in, 65816 out. <The function is|Today's input:> `{label}`.",
    "My C compiler makes slow code of this. <Please write|Write> `{label}` in assembly.",
    "From C to the SNES: <implement|code> `{label}` as in this sketch.",
)
_TYPES = (
    "u8, u16, u24 and u32 are unsigned and little-endian, s8 and s16 two's complement. Expressions are computed "
    "wide enough; "
    "what is stored or returned keeps its low bits.",
    "Types: u8/u16/u24/u32 unsigned, low byte first; s8/s16 signed. No expression overflows before it is stored; a "
    "store "
    "keeps the low bits.",
    "The types say their bits (u = unsigned, s = two's complement); intermediate results do not overflow, "
    "assignments and "
    "returns cut off what does not fit.",
)
_REQUESTS = (
    "Say how the C maps to registers and memory, <then|and> give the routine in one asm block and explain it.",
    "First the mapping of variables and control flow, then one ```asm block, then <a walkthrough|what each line "
    "does> with an "
    "example.",
    "One asm code block, please, <with|plus> the reasoning from C to assembly and an explanation of the instructions.",
    "Explain your choices (registers, widths, branches), show the code in a single fenced asm block, and check it "
    "with numbers.",
)


def prompt(rng: Random, item: SourceItem) -> str:
    """Return the C function and the contract of the routine."""
    routine = routine_of(item)
    opening = setting(rng, routine) + phrase(rng, _OPENINGS, label=routine.label)
    if rng.random() < 0.3:
        opening += f" {routine.goal}"
    code = f"```c\n{sketch(routine)}\n```"
    parts = [opening, code, phrase(rng, _TYPES), contract(rng, routine)]
    if rng.random() < 0.3:
        parts[2], parts[3] = parts[3], parts[2]
    parts.append(f"{ending(rng)} {syntax(rng)} {phrase(rng, _REQUESTS)}")
    return "\n\n".join(parts)


def answer(rng: Random, item: SourceItem) -> str:
    """Return the mapping from C, the code, its explanation and an example."""
    routine = routine_of(item)
    style = Style.draw(rng, comments=rng.random() < 0.4)
    code = fence("\n".join(rows(routine, routine.lines, style)[0]))
    sections = [
        ("Mapping|From C to the 65816|Variables and control flow|Translation", mapping(rng, routine)),
        ("Plan|Idea|Approach", plan(rng, routine)),
        ("Code|Routine|Assembly|Listing", code),
    ]
    if rng.random() < 0.35:
        sections[0], sections[1] = sections[1], sections[0]
    return arrange(rng, [*sections, *explained(rng, routine, style)])


_IDIOMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "for (",
        (
            "The `for` loop becomes a counted loop: an index register holds the counter, and a branch closes it.",
            "A `for` with a fixed count is a loop on an index register; counting down often saves the compare.",
        ),
    ),
    (
        "while (",
        (
            "A `while` tests before each round, so the way out comes before the rest of the body.",
            "`while` means: test, leave, or do a round and test again.",
        ),
    ),
    (
        "if (",
        (
            "An `if` is mostly a test that sets flags and a branch on the opposite condition, around the block.",
            "For an `if`, compare (or use the flags that a load has set) and branch around the block.",
        ),
    ),
    (
        "(s8)",
        ("A signed byte needs its sign: bit 7 decides, not the carry.", "`(s8)` makes bit 7 the sign of the byte."),
    ),
    (
        "(s16)",
        (
            "A signed word needs its sign: bit 15 decides, not the carry.",
            "`(s16)` makes bit 15 the sign, so an unsigned branch such as BCC is not enough.",
        ),
    ),
    (
        "u24 ",
        (
            "A u24 lies in three bytes, low byte first, and the 65816 handles one or two of them at a time.",
            "There is no 24-bit register: a u24 is worked on in parts, low part first.",
        ),
    ),
    ("u32 ", ("A u32 lies in four bytes, low byte first, and a carry or borrow travels from part to part.",)),
    (" * ", ("There is no multiply instruction: shifts and additions, or the unit at $4202, take its place.",)),
    (" / ", ("There is no divide instruction; repeated subtraction does for small numbers.",)),
    (
        " << ",
        (
            "`<<` is ASL, repeated or in a loop.",
            "A shift to the left by n is n times ASL, or a cheaper way to the same bits.",
        ),
    ),
    (" >> 8", ("A shift by 8 costs nothing: it is a matter of taking the next byte.",)),
    (" >>= 1", ("`>>= 1` of an unsigned value is LSR: a 0 comes in, and the bit that falls out is in the carry.",)),
    ("&= ", ("`&=` with a mask is AND, or TRB in memory with the bits to clear.",)),
    ("|= ", ("`|=` is ORA, or TSB in memory; a bit can also be shifted in with ROL.",)),
    ("^= ", ("`^=` is EOR, the exclusive or.",)),
    (
        "return",
        (
            "The returned value is left where the caller expects it.",
            "`return` costs nothing but getting the value to the place of the result.",
        ),
    ),
)
"""Piece of C -> what becomes of it on the 65816."""


def mapping(rng: Random, routine: Routine) -> str:
    """Return where the C variables live, and what its constructs become."""
    places = {place.name: place for place in (*routine.inputs, *routine.outputs)}
    shape = pick(rng, "list|prose")
    if shape == "list":
        rows_of = [
            f"- `{name_of(place)}` ({_width(place.size, place.array)}): {spot(place)}" for place in places.values()
        ]
        where = "\n".join(rows_of)
    else:
        parts = [
            f"`{name_of(place)}` is {_width(place.size, place.array)} at {spot(place)}" for place in places.values()
        ]
        where = "; ".join(parts).replace(" at A (", " in A (").replace(" at X (", " in X (") + "."
        where = where.replace(" at the carry flag", " in the carry flag")
    text = sketch(routine)
    said = [forms[int(rng.random() * len(forms))] for mark, forms in _IDIOMS if mark in text]
    rng.shuffle(said)
    return f"{where}\n\n{' '.join(said[:3])}" if said else where


def _width(size: int, array: bool) -> str:
    if array:
        return f"an array of {size} bytes"
    return {0: "one bit", 1: "a byte", 2: "a word", 3: "three bytes"}.get(size, f"{size} bytes")
