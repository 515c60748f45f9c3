"""Names that are not found.

Owns the family ``undefined_label``. Facts about the assembler: `w65816.assemble`; a name
that begins with a dot belongs to the last global label, as in asar.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, changed, relabelled, target_of
from agents.training.domains.errors.slips.nouns import AHEAD, LOOPS, NAMED
from agents.training.routines.contract import Line, Routine, hex_address

_BRANCHES = frozenset({"bcc", "bcs", "beq", "bne", "bpl", "bmi", "bvc", "bvs", "bra", "blt", "bge"})
_HELPERS = (
    "helper",
    "part_two",
    "inner",
    "body",
    "middle",
    "again_here",
    "stage2",
    "check",
    "Continue",
    "resume_point",
)


def _misspelled(rng: Random, name: str) -> str:
    at = 1 + int(rng.random() * (len(name) - 1))
    manner = int(rng.random() * 3)
    if manner == 0 and at + 1 < len(name) and name[at] != name[at + 1]:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if manner == 1 and len(name) > 3:
        return name[:at] + name[at + 1 :]
    return name[:at] + name[at] + name[at:]


def _uses(routine: Routine) -> Iterator[tuple[int, Line, str]]:
    """Yield the lines that use a label or a symbol, with the name used."""
    names = [line.label for line in routine.lines if line.label] + [name for name, _ in routine.symbols]
    for at, line in enumerate(routine.lines):
        for name in names:
            rest = line.arg.removeprefix(name)
            if rest != line.arg and not (rest[:1].isalnum() or rest[:1] == "_"):
                yield at, line, name
                break


def undefined(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield uses of names that do not exist there."""
    sheet = Sheet.of(routine)

    def renamed(cause: str, at: int, used: str, name: str) -> Defect:
        line = sheet.lines[at]
        lines = changed(sheet.lines, at, f"{line.op} {used}{line.arg.removeprefix(name)}")
        tells = {"used": used, "name": name}
        return Defect(cause, Sheet(sheet.head, lines), sheet, ("line", at), lines[at], line, tells)

    for at, line, name in _uses(routine):
        typo = _misspelled(rng, name)
        if typo != name:
            yield renamed("misspelled_name", at, typo, name)
        if name.startswith("."):
            yield renamed("missing_dot", at, name[1:], name)
        elif line.op in _BRANCHES and name != routine.label:
            yield renamed("needless_dot", at, f".{name}", name)
        if name.swapcase() != name and not name.startswith("."):
            yield renamed("letter_case", at, name.lower() if name.lower() != name else name.capitalize(), name)
        target = target_of(sheet.lines, name)
        if target is not None and line.op in _BRANCHES:
            if name.startswith("."):
                yield from _cut_scope(rng, sheet, at, target)
            yield from _anonymous(sheet, at, target)
    for number, (name, addr) in enumerate(routine.symbols):
        head = (*sheet.head[:number], *sheet.head[number + 1 :])
        right = Line("", name, f"= {hex_address(addr)}", "")
        user = next(at for at, line in enumerate(sheet.lines) if name in line.arg)
        spots = (*(("head", at) for at in range(len(head))), ("label", 0), ("line", user))
        tells = {"name": name, "address": hex_address(addr)}
        yield Defect("no_definition", Sheet(head, sheet.lines), sheet, spots[0], None, right, tells, spots)


def _cut_scope(rng: Random, sheet: Sheet, at: int, target: int) -> Iterator[Defect]:
    """Yield a global label between a local label and a branch to it."""
    low, high = (target + 1, at) if target < at else (at + 1, target)
    free = [k for k in range(low, high + 1) if not sheet.lines[k].label and sheet.lines[k].op]
    if not free:
        return
    cut = free[int(rng.random() * len(free))]
    name = _HELPERS[int(rng.random() * len(_HELPERS))]
    lines = relabelled(sheet.lines, cut, name)
    local, scope = sheet.lines[target].label, sheet.lines[0].label
    ours, theirs = f"{name}{local}", f"{scope}{local}"
    tells = {"cut": name, "name": local, "sought": ours if target < at else theirs}
    tells["defined"] = theirs if target < at else ours
    also = (("line", at), ("label", target))
    wrong = Line("", f"{name}:", "", "")
    yield Defect("local_scope", Sheet(sheet.head, lines), sheet, ("label", cut), wrong, None, tells, also)


def _anonymous(sheet: Sheet, at: int, target: int) -> Iterator[Defect]:
    """Yield an anonymous label that is looked for on the wrong side."""
    name = sheet.lines[target].label
    if sum(line.arg == name for line in sheet.lines) != 1 or any(line.label == name for line in sheet.lines[:target]):
        return
    good, bad = ("-", "+") if target <= at else ("+", "-")
    base = relabelled(sheet.lines, target, good)
    fixed = changed(base, at, f"{base[at].op} {good}")
    lines = changed(base, at, f"{base[at].op} {bad}")
    tells = {"used": bad, "sign": good, "side": "backwards" if good == "-" else "forwards"}
    yield Defect(
        "anonymous_direction", Sheet(sheet.head, lines), Sheet(sheet.head, fixed), ("line", at), lines[at], fixed[at],
        tells, (("label", target),),
    )  # fmt: skip


_SPELL = (
    "<Copy|Complete> names with the editor instead of typing them.",
    "<Search|Grep> for the name in the message before anything else: <no hit but the use itself|a single hit> means a "
    "wrong spelling or a lost definition.",
    "Names are <compared letter by letter|case-sensitive>, so <keep|hold> to one manner of writing them.",
)
_TOGETHER = (
    "<Keep|Collect> all definitions in one place, sorted, so that a missing one <strikes the eye|is seen at once>."
)
UNDEFINED = Family(
    undefined,
    frozenset({"undefined-label"}),
    {
        "misspelled_name": Words(
            (
                "There is no {used} anywhere in the text; what is defined is {name}. {wrong} <misspells it|has a slip "
                "of the keyboard in it>, and to an assembler one letter makes another name.",
                "{wrong} asks for {used}. The text defines {name}, <nearly the same|one slip away>, and nearly is not "
                "enough: the second pass <finds no value|has no address> to put there.",
            ),
            _SPELL,
        ),
        "missing_dot": Words(
            (
                "The label is local and called {name}, with a dot. {wrong} leaves the dot out and so <names|asks for> "
                "a global label {used}, which does not exist.",
                "{used} and {name} are two different names: the dot <is part of it|makes a label belong to the last "
                "global one>. Only {name} is defined<| here>.",
            ),
            (*_SPELL[:1], "<Decide|Settle> per routine: its entry is global, everything inside has a dot."),
            nouns=LOOPS,
        ),
        "needless_dot": Words(
            (
                "{name} is a global label. With a dot in front, {wrong} <looks for|means> a local label {used} under "
                "the last global one, and there is none.",
                "A dot makes a name local: {used} would be a label inside the current scope. What the text defines is "
                "the global {name}, <so the dot has to go|without a dot>.",
            ),
            (*_SPELL[:1], "<Decide|Settle> per routine whether inner labels are local, and then write all of them so."),
            nouns=AHEAD,
        ),
        "letter_case": Words(
            (
                "Names are case-sensitive (mnemonics are not). {wrong} writes {used}, the definition says {name}.",
                "{used} and {name} differ in <upper and lower case|the case of their letters> only, and that is "
                "enough to make them two names.",
            ),
            _SPELL[1:],
        ),
        "local_scope": Words(
            (
                "{name} is a local label, so it belongs to the global label above it. The global label {cut} was put "
                "between the definition of {name} and {reported}, which <starts a new scope|ends the old scope>: there "
                "{sought} is looked for, and the label is {defined}.",
                "A label with a dot lives until the next global label. {wrong} <cuts the routine in two|opens a new "
                "scope> between {name} and {reported}, and from the far side {name} <cannot be seen|is unknown>.",
            ),
            (
                "<Inside|In the middle of> a routine use labels with a dot only; a global one <ends|closes> the scope.",
                "If a second entry is needed, <reach the label by its full name|write the full name>, scope and label "
                "joined, at the branch.",
            ),
            nouns=LOOPS,
        ),
        "anonymous_direction": Words(
            (
                "{wrong} looks in the wrong direction. A plus sign finds the next `+` below, a minus sign the last `-` "
                "above; the label <lies|is> {side}, so it has to be `{sign}`.",
                "Anonymous labels have a direction. Here the only one is `{sign}`, to be reached {side}; {used} "
                "searches <the other way|on the other side> and finds nothing.",
            ),
            (
                "<Read|Say> the signs as arrows: `-` is <up|back> in the text, `+` is <down|ahead>.",
                "<Beyond|For more than> a few lines give the label a name; anonymous ones are for <tiny|two-line> "
                "loops.",
            ),
        ),
        "no_definition": Words(
            (
                "{name} is used but never defined: the line {right} is <missing|not there>. The address was meant to "
                "be {address}, as the contract says.",
                "No line <gives {name} a value|says where {name} is>. A name in an operand is no variable that the "
                "assembler places for you: {right} has to stand above.",
            ),
            (_SPELL[1], _TOGETHER),
            nouns=NAMED,
        ),
    },
    in_assembler=True,
)
