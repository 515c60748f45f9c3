"""Names that are defined twice.

Owns the family ``duplicate_label``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.sheet import Sheet, relabelled
from agents.training.domains.errors.slips.nouns import AHEAD, NAMED
from agents.training.routines.contract import Line, Routine, hex_address


def duplicate(rng: Random, routine: Routine) -> Iterator[Defect]:
    """Yield names that are defined twice."""
    sheet = Sheet.of(routine)
    labels = [(at, line.label) for at, line in enumerate(sheet.lines) if line.label]
    for at, label in labels[1:]:
        for other_at, other in labels:
            if other_at >= at or (other_at == 0 and label.startswith(".")):
                continue
            lines = relabelled(sheet.lines, at, other)
            lines = tuple(replace(line, arg=line.arg.replace(label, other)) for line in lines)
            tells = {"name": other, "second": label}
            also = (("label", other_at),) if other_at else ()
            yield Defect(
                "two_places_one_name",
                Sheet(sheet.head, lines),
                sheet,
                ("label", at),
                _mark(other),
                _mark(label),
                tells,
                also,
            )
        free = [k for k in range(1, len(sheet.lines)) if not sheet.lines[k].label and sheet.lines[k].op]
        if free and (len(label) > 1 or label[0] not in "+-"):
            twin = free[int(rng.random() * len(free))]
            lines = relabelled(sheet.lines, twin, label)
            tells = {"name": label}
            used = [line for line in sheet.lines if line.arg.startswith(label)]
            if used:
                yield Defect(
                    "leftover_label", Sheet(sheet.head, lines), sheet, ("label", twin), _mark(label), None, tells
                )
    for name, addr in routine.symbols:
        other_addr = addr + 0x10 + int(rng.random() * 0x20)
        row = f"{name} = {hex_address(other_addr)}"
        tells = {"name": name, "address": hex_address(addr), "other": hex_address(other_addr)}
        spot = ("head", len(sheet.head))
        wrong = Line("", name, f"= {hex_address(other_addr)}", "")
        yield Defect("constant_twice", Sheet((*sheet.head, row), sheet.lines), sheet, spot, wrong, None, tells)
    for _, label in labels[1:]:
        if not label.startswith("."):
            value = f"${int(rng.random() * 0xE0) + 0x10:02X}"
            tells = {"name": label, "value": value}
            wrong = Line("", label, f"= {value}", "")
            head = (*sheet.head, f"{label} = {value}")
            yield Defect(
                "label_and_constant", Sheet(head, sheet.lines), sheet, ("head", len(sheet.head)), wrong, None, tells
            )


def _mark(label: str) -> Line:
    return Line("", label if label.startswith(".") else f"{label}:", "", "")


_ONCE = (
    "<Number or rename|Rename> labels <at once|as soon as you paste a block>, together with the branches inside it.",
    "<Prefer|Use> local labels (with a dot) for loops: they may repeat under another global label, though not under "
    "the same one.",
    "<Keep|Collect> all definitions in one place, sorted, so that a second one <strikes the eye|is seen at once>.",
)
DUPLICATE = Family(
    duplicate,
    frozenset({"duplicate-label"}),
    {
        "two_places_one_name": Words(
            (
                "{name} is defined <twice|at two places>. The second was called {second} <once|before>; <a copied "
                "block kept the old name|after copying it got the name of the other>, and a branch to it could mean "
                "either.",
                "Two places have the label {name}. A name stands for one address, so the second definition is refused. "
                "It needs a name of its own, say {second}, and so do the branches to it.",
            ),
            _ONCE[:2],
            nouns=AHEAD,
        ),
        "leftover_label": Words(
            (
                "The label {name} stands in the text <twice|two times>, and only one of them is the place that the "
                "code <means|goes to>. The one in the row named is <left over|too much> and goes.",
                "{name} was <pasted|typed> a second time. One name, one address: the assembler cannot know which is "
                "meant and <stops|gives up> at the second.",
            ),
            _ONCE[:2],
        ),
        "constant_twice": Words(
            (
                "{name} gets a value twice: {address} first, then {other}. A constant cannot be <redefined|given "
                "another value>; the contract says {address}, so {wrong} goes.",
                "Two lines define {name}, with {address} and with {other}. Only {address} <agrees with|is in> the "
                "contract; the other line, {wrong}, is <a leftover|from an older memory map>.",
            ),
            _ONCE[2:],
            nouns=NAMED,
        ),
        "label_and_constant": Words(
            (
                "{name} is already a constant, by {wrong}, when the label of that name <comes|is reached>. Labels and "
                "constants share one set of names. Nothing here uses the constant, so <its line goes|it is removed>.",
                "{wrong} <takes|uses up> the name of the label {name}. Both live in the same table of names; the "
                "routine needs the label and not the constant {value}.",
            ),
            (
                "<Write|Keep> constants in capitals and labels in small letters: then they cannot meet.",
                *_ONCE[2:],
            ),
            nouns=AHEAD,
        ),
    },
    in_assembler=True,
)
