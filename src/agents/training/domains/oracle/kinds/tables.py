"""Tables that outgrow their place: a routine that reads one, entries to be added, free space for the new table.

Owns the drawing of such tasks and what proves them. Never writes prose.

Facts: LDA a,x has three bytes and reads from the data bank; LDA al,x has four bytes and carries its own bank (WDC
W65C816S data sheet, table 5-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from agents.training.domains.oracle.effects import Step
from agents.training.domains.oracle.hooking import JUMP, Block
from agents.training.domains.oracle.host import TRIALS, Host, Row, draw_host, draw_routine
from agents.training.domains.oracle.rom import Region
from agents.training.domains.oracle.task import Point, Task, filed, spoken
from agents.training.domains.oracle.trial import Job, Start, Trial
from agents.training.phrases import pick, seeded
from agents.training.w65816 import Registers, canonical


@dataclass(frozen=True, slots=True)
class Table:
    """A routine that reads a table: ``old`` entries, ``more`` to be added, ``size`` bytes each.

    ``reads`` are the rows from the first access to the instruction behind the last one; ``guard`` compares the index
    with the number of entries, None where nothing does. ``region`` is where the new table goes.
    """

    task: Task
    host: Host
    old: tuple[int, ...]
    more: tuple[int, ...]
    size: int
    table: int
    reads: tuple[Row, ...]
    guard: Row | None
    region: Region
    label: str

    @property
    def moves_bank(self) -> bool:
        """Whether the new table lies in another bank than the routine."""
        return self.region.start >> 16 != self.host.bank

    @property
    def data(self) -> int:
        """The address of the new table."""
        block = self.task.blocks[-1]
        return block.org + (_code_size(self.reads) if self.moves_bank else 0)


def _code_size(reads: tuple[Row, ...]) -> int:
    return sum(len(row.data) + is_read(row) for row in reads) + 1


def is_read(row: Row) -> bool:
    """Return whether ``row`` is LDA a,x."""
    return row.data[0] == 0xBD and row.op == "lda"


@lru_cache(maxsize=512)
def table(level: int, salt: int) -> Table:
    """Return the task of a salt."""
    for attempt in range(200):
        rng = seeded(salt, "table", level, attempt)
        host = draw_host(rng, level, draw_routine(rng, level, "lookup"))
        found = _drawn(rng, level, host)
        if found:
            return found
    raise LookupError(f"no table with salt {salt}")


def _drawn(rng: Random, level: int, host: Host) -> Table | None:
    code, data = host.code, b"".join(row.data for row in host.rows if row.op == "db")
    start = next(row.address for row in host.rows if row.op == "db")
    ends = range(start & 0xFFFF, (start & 0xFFFF) + len(data))
    hits = [at for at, row in enumerate(code) if is_read(row) and int.from_bytes(row.data[1:], "little") in ends]
    guard = next((row for row in code if row.op == "cmp"), None)
    if not hits or (level == 2 and guard is None):
        return None
    size = 2 if any(row.op == "asl" for row in code) else 1
    reads = code[hits[0] : hits[-1] + 2]
    top = (1 << 8 * size) - 1
    old = tuple(int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size))
    more = tuple(int(rng.random() * (top + 1)) for _ in range(2 + int(rng.random() * (2 + 2 * level))))
    region = host.free[1] if level == 1 else host.free[0]
    if sum(len(row.data) for row in reads) < JUMP:
        return None
    label = pick(rng, "NewTable|BigTable|MovedTable|LongTable|TableTwo|AllEntries")
    blocks = _blocks(host, old + more, size, start, reads, guard, region, label)
    job = _job(rng, host, old, more, guard is not None)
    points = _points(start, reads, guard, region, len(old + more), level)
    task = Task(job, blocks, points, asked=((*filed(region.start), *filed(start)),))
    return Table(task, host, old, more, size, start, reads, guard, region, label)


def _blocks(
    host: Host, entries: tuple[int, ...], size: int, start: int, reads: tuple[Row, ...], guard: Row | None,
    region: Region, label: str,
) -> tuple[Block, ...]:  # fmt: skip
    blocks = []
    if guard:
        count = Step("", f"cmp #${len(entries):02X}", f"{len(entries)} entries from now on", "count")
        blocks.append(Block(guard.address, (count,), "the range check"))
    digits, directive = 2 * size, "db" if size == 1 else "dw"
    rows = [entries[at : at + 8] for at in range(0, len(entries), 8)]
    data = [
        Step(
            label if not at else "",
            f"{directive} " + ",".join(f"${value:0{digits}X}" for value in row),
            "entries",
            "data",
        )
        for at, row in enumerate(rows)
    ]
    if region.start >> 16 == host.bank:
        for row in reads:
            if is_read(row):
                shift = int.from_bytes(row.data[1:], "little") - (start & 0xFFFF)
                more = f"+{shift}" if shift else ""
                blocks.append(
                    Block(row.address, (Step("", f"lda.w {label}{more},x", "the new table", "read"),), "an access")
                )
        return (*blocks, Block(region.start, tuple(data), "the new table"))
    reader = f"Read{label}"
    spare = sum(len(row.data) for row in reads) - JUMP
    pads = [Step("", "nop", "up to the next instruction", "pad")] * spare
    blocks.append(Block(reads[0].address, (Step("", f"jsl {reader}", "four bytes", "hook"), *pads), "the access"))
    steps: list[Step] = []
    for row in reads:
        shift = int.from_bytes(row.data[1:], "little") - (start & 0xFFFF)
        text = f"lda.l {label}{f'+{shift}' if shift else ''},x" if is_read(row) else row.text
        note = "long: the bank is part of the address" if is_read(row) else f"displaced: {row.note}"
        steps.append(Step("" if steps else reader, text, note, "read" if is_read(row) else "moved"))
    steps.append(Step("", "rtl", "back behind the JSL", "return"))
    return (*blocks, Block(region.start, (*steps, *data), "the new code and the new table"))


def _job(rng: Random, host: Host, old: tuple[int, ...], more: tuple[int, ...], guarded: bool) -> Job:
    routine = host.routine
    (source,), (dest,) = routine.inputs, routine.outputs
    entries = old + more
    indexes = [*range(len(old), len(entries)), 0, len(old) - 1]
    indexes += [len(entries), 255, len(entries) + int(rng.random() * 20)] if guarded else []
    while len(indexes) < TRIALS:
        indexes.append(int(rng.random() * len(entries)))
    found = []
    for number, index in enumerate(indexes):
        given = host.starts[number % TRIALS].registers
        a = given.a & 0xFF00 | index if not source.in_memory else given.a
        registers = Registers(a=a, x=given.x, y=given.y, dbr=host.bank, p=given.p)
        loads = [(dest.addr, bytes([0xA5 ^ number]) * dest.size)]
        if source.in_memory:
            loads.append((source.addr, bytes([index])))
        value = entries[index if index < len(entries) else 0]
        first = canonical(dest.addr)
        expect = {first + at: byte for at, byte in enumerate(dest.encode(value))}
        held = [
            (name.lower(), getattr(registers, name.lower()), (1 << 8 * routine.width(name)) - 1)
            for name in routine.keeps
        ]
        found.append(Trial(host.call, False, Start(registers, tuple(loads)), expect, (*held, ("p", given.p, 0x3C))))
    code = Region(host.entry, host.code[-1].after - host.entry)
    return Job(host.image, (code, *host.free), tuple(found))


def _points(
    start: int, reads: tuple[Row, ...], guard: Row | None, region: Region, count: int, level: int
) -> tuple[Point, ...]:
    points = [spoken(start), spoken(region.start), spoken(reads[0].address), (f"{count} entries",), filed(region.start)]
    points += [(reads[0].text,), ("three bytes", "3 bytes")]
    if level > 1:
        points += [("four bytes", "4 bytes"), ("jsl",), ("rtl",), ("long",)]
    if guard:
        points += [(guard.text,), spoken(guard.address)]
    return tuple(points)
