"""Hooks: where an instruction boundary offers room, and the patch that leads through new code there.

Owns sites, displaced instructions and the frame that saves what new code overwrites. Never runs anything.

Facts: JSL and JML have four bytes; JSL pushes three bytes, so an instruction that uses the stack, a branch or a return
may not be displaced into a subroutine; a short branch reaches -128 to 127 bytes (WDC W65C816S data sheet, table 5-4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

from agents.training.domains.oracle.effects import Effect, Step
from agents.training.domains.oracle.host import Host, Row
from agents.training.domains.oracle.rom import Region, long, show
from agents.training.phrases import pick, vary

JUMP = 4
"""Bytes of JSL and JML with a long address."""
INVERSE = {
    "bcc": "bcs", "bcs": "bcc", "beq": "bne", "bne": "beq", "bmi": "bpl", "bpl": "bmi", "bvc": "bvs", "bvs": "bvc",
}  # fmt: skip
_STACK = frozenset({"pha", "phx", "phy", "php", "phb", "phd", "phk", "pla", "plx", "ply", "plp", "plb", "pld", "pea"})
_LEAVES = frozenset({"bra", "brl", "jmp", "jml", "rts", "rtl"})


@dataclass(frozen=True, slots=True)
class Site:
    """Instructions to be displaced, all of them; ``moment`` is the address at which new code runs, before or after."""

    displaced: tuple[Row, ...]
    moment: int

    @property
    def region(self) -> Region:
        """The bytes that the hook may overwrite."""
        return Region(self.displaced[0].address, self.back - self.displaced[0].address)

    @property
    def start(self) -> int:
        """The address of the jump."""
        return self.displaced[0].address

    @property
    def back(self) -> int:
        """The first instruction behind the displaced ones."""
        return self.displaced[-1].after

    @property
    def after(self) -> bool:
        """Whether the displaced instructions run before the new code."""
        return self.moment != self.start

    @property
    def needs_jump(self) -> bool:
        """Whether JSL will not do: the stack is used, or a branch leaves."""
        return any(row.op in _STACK or row.target for row in self.displaced)


@dataclass(frozen=True, slots=True)
class Block:
    """An ``org`` block of a patch; ``about`` is a comment above it."""

    org: int
    steps: tuple[Step, ...]
    about: str = ""


def sites(host: Host, where: str) -> list[Site]:
    """Return the sites for ``entry``, ``middle`` or ``exit``; each displaces the fewest instructions it can."""
    code = host.code
    targets = {row.target for row in code if row.target}
    if where == "entry":
        starts = range(1)
    elif where == "middle":
        starts = range(1, len(code))
    else:
        return _exits(code, targets)
    found = (_from(code, start, targets) for start in starts)
    return [site for site in found if site and not _looped(code, site.start)]


def _from(code: Sequence[Row], start: int, targets: set[int]) -> Site | None:
    size = 0
    rows: list[Row] = []
    for row in code[start:]:
        if row.op in _LEAVES or (rows and row.address in targets):
            return None
        rows.append(row)
        size += len(row.data)
        if size >= JUMP:
            return Site(tuple(rows), rows[0].address)
    return None


def _exits(code: Sequence[Row], targets: set[int]) -> list[Site]:
    last = code[-1]
    if last.op not in {"rts", "rtl"} or last.address in targets or sum(row.op in {"rts", "rtl"} for row in code) > 1:
        return []
    size = 0
    rows: list[Row] = []
    for row in reversed(code[:-1]):
        if row.op in _LEAVES:
            return []
        rows.insert(0, row)
        size += len(row.data)
        if size >= JUMP:
            return [Site(tuple(rows), last.address)]
        if row.address in targets:
            return []
    return []


def _looped(code: Sequence[Row], address: int) -> bool:
    return any(row.target and row.target <= address <= row.address for row in code)


def frame(effect: Effect, m8: bool, x8: bool, *, decimal: bool) -> list[Step]:
    """Return the lines of ``effect`` between those that save and restore what they overwrite.

    ``m8``, ``x8`` and ``decimal`` are the state at the moment; the flags are always given back.
    """
    want_m = m8 if effect.m8 is None else effect.m8
    want_x = x8 if effect.x8 is None else effect.x8
    head = [_save("php", "save the flags and both widths")]
    if decimal and effect.sums:
        head.append(_save("cld", "decimal mode is on here: sums must be binary"))
    if want_x != x8 or (want_m != m8 and set("XY") & set(effect.destroys)):
        return _wide_frame(effect, head, want_m, want_x, narrows=want_x and not x8)
    push, pull = _pushes(effect.destroys)
    narrow, wide = Step("", "sep #$20", "8-bit A for the new code", "width"), Step("", "rep #$20", "16-bit A", "width")
    body = [*effect.lines]
    if want_m == m8:
        steps = [*head, *push, *body, *pull]
    elif m8:
        steps = [*head, wide, *push, *body, *pull]
    elif "A" in effect.destroys:
        steps = [*head, *push, narrow, *body, Step("", "rep #$20", "16 bits again, as it was pushed", "width"), *pull]
    else:
        steps = [*head, *push, narrow, *body, *pull]
    return [*steps, _save("plp", "restore the flags and widths")]


def _wide_frame(effect: Effect, head: list[Step], want_m: bool, want_x: bool, *, narrows: bool) -> list[Step]:
    """Return the frame that saves whole registers; where it ``narrows`` X and Y, both would lose their high bytes."""
    lost = {*effect.destroys, *("XY" if narrows else "")}
    push, pull = _pushes("".join(part for part in "AXYBD" if part in lost))
    widths = [Step("", "rep #$30", "16 bits, so that whole registers are saved", "width")]
    narrow = 0x20 * want_m | 0x10 * want_x
    enter = [Step("", f"sep #${narrow:02X}", "the widths that the new code needs", "width")] if narrow else []
    leave = [Step("", "rep #$30", "16 bits again, as they were pushed", "width")] if narrow else []
    body = [*head, *widths, *push, *enter, *effect.lines, *leave, *pull]
    return [*body, _save("plp", "restore the flags and widths")]


_PUSHED = {
    "A": ("pha", "pla", "A"), "X": ("phx", "plx", "X"), "Y": ("phy", "ply", "Y"),
    "B": ("phb", "plb", "the data bank"), "D": ("phd", "pld", "the direct page register"),
}  # fmt: skip


def _pushes(registers: str) -> tuple[list[Step], list[Step]]:
    parts = [_PUSHED[register] for register in registers]
    push = [_save(down, f"save {what}") for down, _, what in parts]
    return push, [_save(up, f"restore {what}") for _, up, what in reversed(parts)]


def _save(text: str, note: str) -> Step:
    return Step("", text, note, "save")


def hook(rng: Random, site: Site, body: Sequence[Step], label: str, org: int, *, jumps: bool) -> list[Block]:
    """Return the two blocks of a hook at ``site`` whose new code ``label`` at ``org`` holds ``body``.

    ``jumps``: by JML there and back instead of JSL and RTL.
    """
    jump = f"{'jml' if jumps else 'jsl'} {label}"
    there = [Step("", jump, f"four bytes in place of {_texts(site)}", "hook")]
    spare = site.region.size - JUMP
    there += [Step("", "nop", "up to the next instruction", "pad")] * spare
    moved = _moved(site)
    new = [*moved, *body] if site.after else [*body, *moved]
    if jumps:
        new.append(Step("", f"jml {long(site.back)}", f"on to {show(site.back)}, the next instruction", "return"))
    else:
        new.append(Step("", "rtl", "back behind the JSL", "return"))
    new[0] = Step(label, new[0].text, new[0].note, new[0].role) if not new[0].label else new[0]
    steps = tuple(Step(step.label, step.text, vary(rng, step.note), step.role) for step in new)
    blocks = [Block(site.start, tuple(there), pick(rng, "the hook|into the routine|hook site"))]
    return [*blocks, Block(org, steps, pick(rng, "the new code|free space|new code in free space"))]


def _texts(site: Site) -> str:
    counts = [(text, sum(1 for _ in rows)) for text, rows in groupby(site.displaced, key=lambda row: row.text)]
    return ", ".join(text if times == 1 else f"{text} (x{times})" for text, times in counts)


def _moved(site: Site) -> list[Step]:
    """Return the displaced instructions for another place: branches become an inverted branch over a JML."""
    steps: list[Step] = []
    label = ""
    for number, row in enumerate(site.displaced):
        if row.op in INVERSE:
            skip = f".stay{number}"
            steps.append(Step(label, f"{INVERSE[row.op]} {skip}", f"displaced {row.text}, turned round", "moved"))
            steps.append(Step("", f"jml {long(row.target)}", f"the branch of old, to {show(row.target)}", "moved"))
            label = skip
        else:
            note = f"displaced: {row.note}" if row.note else "displaced"
            steps.append(Step(label, row.text, note, "moved"))
            label = ""
    if label:
        steps.append(Step(label, "", "", "moved"))
    return steps
