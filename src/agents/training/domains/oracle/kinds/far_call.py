"""Family ``far_call``: make a routine that ends in RTS callable from another bank.

Owns the drawing of such tasks and their wording. Never judges.

Facts: JSR pushes two bytes and RTS pulls two; JSL pushes three and RTL pulls three; PHK pushes the program bank, PLB
pulls the data bank and sets N and Z only (WDC W65C816S data sheet, table 5-4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.effects import Step
from agents.training.domains.oracle.hooking import Block
from agents.training.domains.oracle.host import Host, draw_host, draw_routine
from agents.training.domains.oracle.listing import Style, fence, listing, patch_rows
from agents.training.domains.oracle.rom import Region, show
from agents.training.domains.oracle.task import Task, filed, kept, spoken, trials
from agents.training.domains.oracle.trial import Job, Seen, Start, Trial, record
from agents.training.phrases import phrase, pick, seeded
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import setting
from agents.training.w65816 import OPCODES, Mode

FAMILIES = ("far_call",)
_BY_BANK = {Mode.ABSOLUTE, Mode.ABSOLUTE_X, Mode.ABSOLUTE_Y}
_FOREIGN = 0x7F


@dataclass(frozen=True, slots=True)
class FarCall:
    """A routine ``host`` in one bank and four NOPs at ``site`` in another; there ``m8``, ``x8`` and ``bank`` hold."""

    task: Task
    host: Host
    site: int
    wrapper: int
    m8: bool
    x8: bool
    bank: int

    @property
    def switches(self) -> bool:
        """Whether DB has to be changed."""
        return self.bank != self.host.bank

    @property
    def widens(self) -> bool:
        """Whether widths have to be changed."""
        return (self.m8, self.x8) != (self.host.routine.m8, self.host.routine.x8)


@lru_cache(maxsize=512)
def far_call(level: int, salt: int) -> FarCall:
    """Return the task of a salt."""
    for attempt in range(200):
        rng = seeded(salt, "far_call", level, attempt)
        host = draw_host(rng, level, draw_routine(rng, level, near=True))
        if level > 1 and not any(OPCODES[row.data[0]].mode in _BY_BANK for row in host.code):
            continue
        found = _drawn(rng, level, host)
        if found:
            return found
    raise LookupError(f"no far call with salt {salt}")


def _drawn(rng: Random, level: int, host: Host) -> FarCall | None:
    routine = host.routine
    other = host.free[0].start >> 16
    site = other << 16 | 0x8000 + int(rng.random() * 0x70) * 0x100 + int(rng.random() * 0x100)
    if any(abs(site - region.start) < 0x400 for region in host.free):
        return None
    bank = host.bank if level == 1 else _FOREIGN
    m8, x8 = routine.m8, routine.x8
    if level == 3:
        m8, x8 = ((not m8, x8), (m8, not x8), (not m8, not x8))[int(rng.random() * 3)]
        if "C" in {place.where for place in (*routine.inputs, *routine.outputs)}:
            return None
        if x8 and not routine.x8 and any(place.where in {"X", "Y"} for place in (*routine.inputs, *routine.outputs)):
            return None
        host = replace(host, relied=tuple(name for name in host.relied if name != "C"))
    seen = record(host.image, host.call, False, host.starts)
    if any(end is None for end in seen):
        return None
    new = [_trial(host, site, start, end, m8, x8, bank) for start, end in zip(host.starts, seen, strict=True) if end]
    old = trials(host, host.starts, seen)[:4]
    wrapper = host.free[1].start
    image = (*host.image, (site, b"\xea" * 4 + b"\x6b"))
    blocks = _blocks(rng, host, site, wrapper, level, (m8, x8))
    job = Job(image, (Region(site, 4), *host.free), (*old, *new))
    points = [spoken(site), spoken(wrapper), spoken(host.entry), ("jsl",), ("rtl",), ("rts",)]
    points += [("three bytes", "3 bytes"), ("two bytes", "2 bytes"), filed(site), filed(wrapper)]
    points += [("phb",), ("phk",), ("plb",)] if level > 1 else []
    points += [("php",), ("plp",)] if level == 3 else []
    task = Task(job, blocks, tuple(points), asked=(filed(site), filed(wrapper)))
    return FarCall(task, host, site, wrapper, m8, x8, bank)


def _trial(host: Host, site: int, start: Start, end: Seen, m8: bool, x8: bool, bank: int) -> Trial:
    given = start.registers
    index = 0xFF if x8 else 0xFFFF
    p = given.p & ~0x30 | 0x20 * m8 | 0x10 * x8
    registers = replace(given, dbr=bank, p=p, x=given.x & index, y=given.y & index)
    held = []
    for name, value, mask in kept(host, end.registers):
        if name == "p":
            held.append((name, p & 0x3C | value & 1, mask))
        else:
            narrow = m8 if name == "a" else x8
            held.append((name, value, mask & (0xFF if narrow else 0xFFFF)))
    return Trial(site, True, Start(registers, start.loads), end.written, tuple(held))


def _blocks(
    rng: Random, host: Host, site: int, wrapper: int, level: int, widths: tuple[bool, bool]
) -> tuple[Block, ...]:
    label = host.routine.label + pick(rng, "_far|_long|Far|Long|_wrap|_jsl")
    call = Step("", f"jsl {label}", "four bytes where the NOPs are", "hook")
    body = [Step("", f"jsr ${host.entry & 0xFFFF:04X}", "the old routine, in this very bank")]
    if level > 1:
        body[:0] = [
            Step("", "phb", "save the caller's data bank", "save"),
            Step("", "phk", "push the program bank", "bank"),
            Step("", "plb", f"DB = ${host.bank:02X}, what the routine expects", "bank"),
        ]
        body.append(Step("", "plb", "the caller's data bank again", "save"))
    if level > 2:
        body[:0] = [Step("", "php", "save widths and flags", "save"), *_switch(host, widths)]
        body.append(Step("", "plp", "the caller's widths and flags", "save"))
    body.append(Step("", "rtl", "three bytes back: the caller's bank and address", "return"))
    body[0] = replace(body[0], label=label)
    first = Block(site, (call,), "the call")
    second = Block(wrapper, tuple(body), "the wrapper, same bank as the routine")
    return (first, second) if rng.random() < 0.5 else (second, first)


def _switch(host: Host, widths: tuple[bool, bool]) -> list[Step]:
    routine, (m8, x8) = host.routine, widths
    down = 0x20 * (routine.m8 and not m8) | 0x10 * (routine.x8 and not x8)
    up = 0x20 * (m8 and not routine.m8) | 0x10 * (x8 and not routine.x8)
    steps = [Step("", f"rep #${up:02X}", "16 bits, as the routine expects", "width")] if up else []
    return steps + ([Step("", f"sep #${down:02X}", "8 bits, as the routine expects", "width")] if down else [])


def _bank(number: int) -> str:
    return f"${number:02X}"


def task(family: str, level: int, salt: int) -> Task:
    """Return the task of a salt."""
    del family
    return far_call(level, salt).task


_WANTED = (
    "`{label}` at {entry} ends with RTS and is called only inside its bank. I need it from bank {other}: at {site} "
    "four NOPs wait for the call.",
    "Make `{label}` ({entry}) callable from another bank. The call goes to {site}, where four NOPs are reserved; "
    "behind "
    "them the code goes on.",
    "Code in bank {other} shall call `{label}`, which returns by RTS. There are four NOPs for it at {site}.",
    "How can I call `{label}` ({entry}, RTS at its end) from {site}? Four NOP bytes there may become the call.",
)
_KEEP = (
    "The old callers use JSR and must go on working, so `{label}` itself stays as it is.",
    "{call} calls it with JSR today; that must not break, <and the routine may not be changed|so leave the routine "
    "alone>.",
    "Do not change the routine: there are JSR callers such as {call}.",
)
_ARRIVES = (
    "At {site} A has {a} bits, X and Y have {x}, DB = {db}, D = 0; that must hold again behind the call.",
    "The new caller comes with A {a}-bit, X/Y {x}-bit, DB = {db}, D = 0, and wants the same back.",
    "State at {site}: A {a} bits, X/Y {x} bits, data bank {db}, D = 0 - and so it must be afterwards.",
)
_ASKED = (
    "Explain the difference between JSR/RTS and JSL/RTL here, what is saved, and give the file offsets.",
    "Say why it works: what lies on the stack, which registers change, where the bytes are in the file.",
    "With an explanation (return addresses, data bank, widths where they matter) and the file offsets, no header.",
)


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request."""
    del family
    it = far_call(level, salt)
    host, label = it.host, it.host.routine.label
    wanted = phrase(rng, _WANTED, label=label, entry=show(host.entry), site=show(it.site), other=_bank(it.site >> 16))
    arrives = phrase(rng, _ARRIVES, site=show(it.site), a=prose.BITS[it.m8], x=prose.BITS[it.x8], db=_bank(it.bank))
    facts = [
        prose.entry_state(rng, host.routine, host.bank),
        phrase(rng, _KEEP, label=label, call=show(host.call)),
        arrives,
        prose.relied(rng, host),
        prose.free(rng, host.free),
    ]
    parts = [
        setting(rng, host.routine) + wanted,
        listing(rng, host.rows, noted=level == 1 and rng.random() < 0.4),
        prose.listed(rng, facts),
        f"{prose.syntax(rng)} {phrase(rng, _ASKED)}",
    ]
    if rng.random() < 0.5:
        parts.insert(1, pick(rng, "What it does: |Its task: |Today: ") + host.routine.goal)
    return "\n\n".join(parts)


_WHY = (
    "JSR pushes two bytes, so the RTS of {entry} stays in its bank; a caller in bank {other} needs JSL, which pushes "
    "three bytes, and an RTL.",
    "An RTS takes two bytes from the stack, JSL puts three bytes there: called by JSL, the routine at {entry} would "
    "come "
    "back into the wrong bank with one byte left on the stack.",
    "The routine at {entry} ends with RTS (two bytes), JSL needs RTL (three bytes); they do not go together.",
)
_HOW = (
    "So a wrapper in the routine's own bank calls it by JSR and returns by RTL; the old JSR callers notice nothing.",
    "A small wrapper solves it: it lies in bank {bank}, reaches the routine with JSR and ends with RTL. Nothing "
    "changes for those who use JSR.",
    "Changing RTS to RTL would break every JSR caller, so I add a wrapper in bank {bank}: JSR to the routine, then "
    "RTL.",
)
_BANK = (
    "The caller's DB is {db}, but the routine's 16-bit addresses need {bank}: PHB saves it, PHK and PLB make it "
    "the program bank, and the last PLB gives it back. PLB touches N and Z, not the carry.",
    "DB must be {bank} for the absolute addresses of the routine. PHB, PHK, PLB switch from {db}, a PLB behind "
    "the JSR switches back.",
)
_WIDTH = (
    "The caller has {a}-bit A and {x}-bit X/Y, the routine wants {ra} and {rx}: PHP keeps the caller's widths, {ops} "
    "set "
    "those of the routine, PLP restores them.",
    "Widths differ ({a}/{x} bits at the call, {ra}/{rx} in the routine), so {ops} come<s|> first, between PHP and PLP.",
)


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return reasoning, patch and numbers."""
    del family
    it = far_call(level, salt)
    host, routine = it.host, it.host.routine
    style = Style.draw(rng, rng.random() < 0.5)
    rows, _ = patch_rows(it.task.blocks, style)
    reasons = [
        phrase(rng, _WHY, entry=show(host.entry), other=_bank(it.site >> 16)),
        phrase(rng, _HOW, bank=_bank(host.bank)),
    ]
    state = []
    if it.switches:
        state.append(phrase(rng, _BANK, db=_bank(it.bank), bank=_bank(host.bank)))
    if it.widens:
        switch = [step.text.upper() for block in it.task.blocks for step in block.steps if step.role == "width"]
        form = _WIDTH[0] if len(switch) > 1 or rng.random() < 0.5 else _WIDTH[1].replace("<s|>", "s")
        text = form.replace("{ops} set those", "{ops} sets those") if len(switch) == 1 else form
        state.append(
            text.format(
                a=prose.BITS[it.m8], x=prose.BITS[it.x8], ra=prose.BITS[routine.m8], rx=prose.BITS[routine.x8],
                ops=prose.joined(switch),
            )
        )  # fmt: skip
    else:
        state.append(pick(rng, "Widths are the same on both sides.|The widths agree, so P needs no care."))
    if not it.switches:
        state.append(f"DB is ${host.bank:02X} already, so it needs no PHB and PLB.")
    wrapper = next(block for block in it.task.blocks if block.org == it.wrapper)
    place = phrase(
        rng,
        (
            "The wrapper goes to {at}, free space in the bank of the routine, which a JSR can reach.",
            "{at} is free and in the same bank, as JSR demands.",
        ),
        at=show(it.wrapper),
    )
    place += " " + prose.offsets(rng, (("call", it.site), ("wrapper", it.wrapper)))
    rest = [("State|Registers|What is kept", " ".join(state)), ("Place|Free space|File", place)]
    if not style.comments:
        rest.append(("The wrapper|Line by line|Walkthrough", prose.walk(rng, wrapper)))
    rng.shuffle(rest)
    cut = int(rng.random() * 2)
    return arrange(
        rng,
        [
            ("Reasoning|Why not just JSL|The problem|Plan", " ".join(reasons)),
            *rest[:cut],
            ("Patch|Code|The patch", fence(rows)),
            *rest[cut:],
        ],
    )
