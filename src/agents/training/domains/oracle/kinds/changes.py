"""Changes within the same bytes: another constant, another branch, a call that is dropped.

Owns the drawing of such changes and what a routine does after them. Never writes prose.

Facts: branches have two bytes, JSR three, JSL four, NOP one; opposite branches differ in bit 5 of the opcode (WDC
W65C816S data sheet, opcode matrix).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from agents.training.domains.oracle.effects import Step
from agents.training.domains.oracle.hooking import INVERSE, Block
from agents.training.domains.oracle.host import Host, Row, draw_host, draw_routine
from agents.training.domains.oracle.kinds.parent import draw_parent
from agents.training.domains.oracle.rom import Region
from agents.training.domains.oracle.task import Task, filed, spoken, trials
from agents.training.domains.oracle.trial import Job, Trial, record
from agents.training.phrases import seeded

_SUMS, _MASKS = frozenset({"adc", "sbc"}), frozenset({"and", "ora", "eor"})
_CONSTANTS = _SUMS | _MASKS | {"cmp"}
_CALLS = frozenset({"jsr", "jsl"})


@dataclass(frozen=True, slots=True)
class Change:
    """One instruction that becomes another: the new ``texts`` have the same ``data`` bytes in all."""

    kind: str
    row: Row
    data: bytes
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replaced:
    """A routine and what shall be different in it."""

    task: Task
    host: Host
    changes: tuple[Change, ...]


@lru_cache(maxsize=512)
def replaced(level: int, salt: int) -> Replaced:
    """Return the task of a salt."""
    for attempt in range(200):
        rng = seeded(salt, "replace", level, attempt)
        calls = rng.random() < (0.12, 0.1, 0.1)[level - 1]
        host = draw_parent(rng, level) if calls else draw_host(rng, level, draw_routine(rng, level))
        found = _drawn(rng, level, host)
        if found:
            return found
    raise LookupError(f"nothing to replace with salt {salt}")


def _drawn(rng: Random, level: int, host: Host) -> Replaced | None:
    choices = [change for row in host.code for change in _changes(rng, row)]
    if level == 1:
        choices = [change for change in choices if change.kind != "branch"]
    elif level == 2:
        choices = [change for change in choices if change.kind != "constant"]
    wanted = 2 if level == 3 else 1
    texts = [row.text for row in host.code]
    rng.shuffle(choices)
    changes: list[Change] = []
    for change in choices:
        unique = level == 1 or texts.count(change.row.text) == 1
        if unique and all(change.row is not other.row for other in changes) and len(changes) < wanted:
            changes.append(change)
    if len(changes) < wanted:
        return None
    changes.sort(key=lambda change: change.row.address)
    job = _job(host, changes)
    if job is None:
        return None
    blocks = tuple(
        Block(change.row.address, tuple(Step("", text, _note(change), "change") for text in change.texts), "")
        for change in changes
    )
    points = [point for change in changes for point in (spoken(change.row.address), (change.row.text,))]
    asked = tuple(filed(change.row.address) for change in changes)
    points += asked
    points += [(f"{change.data[0]:02x}", change.texts[0]) for change in changes]
    points.append(("same size", "same length", "as many bytes", "bytes as before", "size stays", "fits exactly"))
    return Replaced(Task(job, blocks, tuple(points), asked=asked), host, tuple(changes))


def _note(change: Change) -> str:
    return {"constant": "the new value", "branch": f"was {change.row.text}", "call": "instead of the call"}[change.kind]


def _changes(rng: Random, row: Row) -> list[Change]:
    if row.op in _CONSTANTS and "#" in row.text:
        return _constants(rng, row)
    if row.op in INVERSE:
        if rng.random() < 0.6:
            code = row.data[0] ^ 0x20
            return [Change("branch", row, bytes([code]) + row.data[1:], (f"{INVERSE[row.op]} {row.text[4:]}",))]
        if rng.random() < 0.5:
            return [Change("branch", row, b"\x80" + row.data[1:], (f"bra {row.text[4:]}",))]
        return [Change("branch", row, b"\xea\xea", ("nop", "nop"))]
    if row.op in _CALLS:
        return [Change("call", row, b"\xea" * len(row.data), ("nop",) * len(row.data))]
    return []


def _constants(rng: Random, row: Row) -> list[Change]:
    """Return the row with another constant: one or two bits of a mask, a step up or down for other numbers.

    A sum with 0 only takes the carry along and stays.
    """
    size = len(row.data) - 1
    old = int.from_bytes(row.data[1:], "little")
    if row.op in _SUMS and not old:
        return []
    if row.op in _MASKS:
        new = old
        for bit in rng.sample(range(8 * size), 1 + int(rng.random() * 2)):
            new ^= 1 << bit
    else:
        new = (old + (1 if rng.random() < 0.5 else -1) * (1 + int(rng.random() * 24))) % (1 << 8 * size)
    text = f"{row.op} #${new:0{2 * size}X}"
    return [Change("constant", row, row.data[:1] + new.to_bytes(size, "little"), (text,))]


def _job(host: Host, changes: list[Change]) -> Job | None:
    """Return the job; None where the change does not come back or does not show in at least two calls."""
    old = record(host.image, host.call, False, host.starts)
    image = (*host.image, *((change.row.address, change.data) for change in changes))
    new = record(image, host.call, False, host.starts)
    if any(end is None for end in (*old, *new)):
        return None
    before, after = trials(host, host.starts, old), trials(host, host.starts, new)
    if sum(_differs(one, other) for one, other in zip(before, after, strict=True)) < 2:
        return None
    for change in changes if len(changes) > 1 else ():
        alone = record((*host.image, (change.row.address, change.data)), host.call, False, host.starts)
        if any(end is None for end in alone):
            return None
        single = trials(host, host.starts, alone)
        if not any(_differs(one, other) for one, other in zip(single, after, strict=True)):
            return None
    allowed = tuple(Region(change.row.address, len(change.data)) for change in changes)
    return Job(host.image, allowed, tuple(after))


def _differs(one: Trial, other: Trial) -> bool:
    return dict(one.expect) != dict(other.expect) or any(
        (value ^ changed) & mask for (_, value, mask), (_, changed, _) in zip(one.kept, other.kept, strict=True)
    )
