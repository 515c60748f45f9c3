"""How hooks go wrong: the real mistakes of ROM hackers, made in a right patch.

Owns the classes of mistakes. Never decides whether one shows: that is proved by running.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.training.domains.oracle.effects import Step
from agents.training.domains.oracle.hooking import JUMP, Block, Site
from agents.training.domains.oracle.rom import long

CLASSES = {
    "return": "the way back does not fit the way in (RTS, RTL, JML mixed up)",
    "address": "the jump back goes to a wrong address",
    "boundary": "the jump ends or begins in the middle of an instruction",
    "width": "a register has another width than the code assumes",
    "stack": "a push without its pull, or the reverse",
    "register": "a register is overwritten and not given back",
    "flags": "the flags and widths are not given back",
    "displaced": "an instruction that the jump overwrote is missing",
    "branch": "a branch was moved with its old distance",
}
"""Class -> what it means."""

_PAIRS = {"pha": "pla", "phx": "plx", "phy": "ply", "phb": "plb", "phd": "pld", "php": "plp"}


@dataclass(frozen=True, slots=True)
class Slip:
    """A patch with one mistake; ``blame`` is the instruction that is wrong, ``missing`` those that were left out.

    ``before`` is the instruction in front of which something is missing, where the text of that alone does not say it.
    """

    kind: str
    blocks: tuple[Block, ...]
    blame: str = ""
    missing: tuple[str, ...] = ()
    before: str = ""


def slips(site: Site, blocks: Sequence[Block], *, jumps: bool) -> list[Slip]:
    """Return the mistakes that can be made in the hook ``blocks`` at ``site``."""
    there, new = blocks
    steps = new.steps
    found = [*_returns(there, new, jumps=jumps), *_boundaries(site, there, new, jumps=jumps)]
    if jumps:
        found += _addresses(site, there, new)
    found += [
        Slip("width", (there, _without(new, {at})), missing=(step.text,), before=steps[at + 1].text)
        for at, step in enumerate(steps)
        if step.role == "width"
    ]
    found += [
        Slip("stack", (there, _without(new, {at})), missing=(step.text,))
        for at, step in enumerate(steps)
        if step.role == "save" and step.text in {*_PAIRS, *_PAIRS.values()}
    ]
    for push, pull in _paired(steps):
        kind = "flags" if steps[push].text == "php" else "register"
        found.append(Slip(kind, (there, _without(new, {push, pull})), missing=(steps[push].text, steps[pull].text)))
    moved = {row.text for row in site.displaced}
    found += [
        Slip("displaced", (there, _without(new, {at})), missing=(step.text,))
        for at, step in enumerate(steps)
        if step.role == "moved" and step.text in moved
    ]
    return [*found, *_branches(site, there, new)]


def _without(block: Block, gone: set[int]) -> Block:
    steps, label = [], ""
    for at, step in enumerate(block.steps):
        if at in gone:
            label = label or step.label
        elif label:
            extra = [Step(label, "", "")] if step.label else []
            steps += [*extra, step if extra else replace(step, label=label)]
            label = ""
        else:
            steps.append(step)
    return replace(block, steps=tuple(steps))


def _with(block: Block, at: int, text: str) -> Block:
    steps = block.steps
    return replace(block, steps=(*steps[:at], replace(steps[at], text=text, note=""), *steps[at + 1 :]))


def _returns(there: Block, new: Block, *, jumps: bool) -> Iterator[Slip]:
    last = len(new.steps) - 1
    for text in ("rtl", "rts") if jumps else ("rts", "rti"):
        yield Slip("return", (there, _with(new, last, text)), blame=text)
    jump = there.steps[0].text
    other = jump.replace("jml", "jsl") if jumps else jump.replace("jsl", "jml")
    yield Slip("return", (_with(there, 0, other), new), blame=other)


def _boundaries(site: Site, there: Block, new: Block, *, jumps: bool) -> Iterator[Slip]:
    if len(there.steps) > 1 and not jumps:
        short = replace(there, steps=there.steps[:-1])
        yield Slip("boundary", (short, new), missing=(there.steps[-1].text,))
    if len(site.displaced[0].data) > 1:
        moved = replace(there, org=there.org + 1)
        yield Slip("boundary", (moved, new), blame=f"org {long(moved.org)}")


def _addresses(site: Site, there: Block, new: Block) -> Iterator[Slip]:
    last = len(new.steps) - 1
    targets = [site.back + 1, site.back - 1, site.start]
    if site.region.size > JUMP + 1:
        targets.append(site.start + 2)
    for target in targets:
        yield Slip("address", (there, _with(new, last, f"jml {long(target)}")), blame=f"jml {long(target)}")


def _paired(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """Yield (push, pull) of the frame: the saves nest like brackets."""
    open_at: list[int] = []
    for at, step in enumerate(steps):
        if step.role != "save":
            continue
        if step.text in _PAIRS:
            open_at.append(at)
        elif open_at and _PAIRS[steps[open_at[-1]].text] == step.text:
            yield open_at.pop(), at


def _branches(site: Site, there: Block, new: Block) -> Iterator[Slip]:
    """Yield the hook whose displaced branch was copied byte by byte."""
    for row in site.displaced:
        for at, step in enumerate(new.steps[:-1]):
            if step.role == "moved" and row.target and step.note.startswith(f"displaced {row.text},"):
                raw = f"db ${row.data[0]:02X},${row.data[1]:02X}"
                kept = _with(new, at, raw)
                steps = (*kept.steps[: at + 1], *kept.steps[at + 2 :])
                yield Slip("branch", (there, replace(kept, steps=steps)), blame=raw)
