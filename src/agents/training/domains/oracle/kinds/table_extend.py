"""Family ``table_extend``: move a table to free space, add entries, lead the accesses there.

Owns the wording of requests and answers. Never draws a task.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.hooking import JUMP
from agents.training.domains.oracle.kinds.tables import Table, is_read, table
from agents.training.domains.oracle.listing import Style, fence, listing, patch_rows
from agents.training.domains.oracle.rom import long, show
from agents.training.domains.oracle.task import Task
from agents.training.phrases import phrase
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import setting, spot

FAMILIES = ("table_extend",)


def task(family: str, level: int, salt: int) -> Task:
    """Return the task of a salt."""
    del family
    return table(level, salt).task


_WANTED = (
    "The table of `{label}` at {table} has {old} entries and is full: other data begins right behind it. I need {more} "
    "more.",
    "`{label}` reads from a table of {old} entries at {table}. Move the table and make it longer, by {more} entries.",
    "Please extend the table at {table} by {more} entries. It has {old} now, and there is no room behind it, so it has "
    "to "
    "move.",
    "I want {more} new entries for `{label}`, but its table ({table}, {old} entries) cannot grow where it is.",
)
_NEW = (
    "New entries, indexes {first} to {last}: {values}.",
    "To be added behind the old ones (index {first} on): {values}.",
    "The additional entries are {values}; the first of them gets index {first}.",
)
_STAYS = (
    "The old table stays where it is: another routine reads it too.",
    "Leave the bytes of the old table alone, something else uses them.",
    "Do not overwrite the old table.",
)
_OUT = (
    "Indexes beyond the last entry must still be answered with entry 0.",
    "What is done with wrong indexes stays: they count as 0.",
)
_RANGE = ("Indexes are always valid, 0 to {last}.", "No one will pass an index above {last}.")
_ASKED = (
    "Explain what has to change and why, and give the file offset of the new table.",
    "Say which instructions you change, what their sizes are, and where the new table is in the file (no header).",
    "With reasons: addressing modes, instruction sizes, file offset of the free space used.",
)


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request."""
    del family
    it = table(level, salt)
    host, routine = it.host, it.host.routine
    values = ", ".join(f"${value:0{2 * it.size}X}" for value in it.more)
    first, last = len(it.old), len(it.old + it.more) - 1
    wanted = phrase(
        rng, _WANTED, label=routine.label, table=show(it.table), old=str(len(it.old)), more=str(len(it.more))
    )
    where = "the same bank" if not it.moves_bank else f"bank ${it.region.start >> 16:02X}"
    (source,), (dest,) = routine.inputs, routine.outputs
    facts = [
        prose.entry_state(rng, routine, host.bank),
        prose.called(rng, host),
        phrase(rng, _NEW, first=str(first), last=str(last), values=values),
        phrase(rng, _STAYS),
        phrase(rng, _OUT) if it.guard else phrase(rng, _RANGE, last=str(last)),
        f"The new table shall go to {where}: {it.region.text} ({it.region.size} bytes) is free.",
        f"The index comes in {spot(source)}, the entry goes to {spot(dest)}.",
    ]
    if routine.keeps:
        facts.append(f"Callers rely on {prose.joined(list(routine.keeps))} being kept.")
    parts = [
        setting(rng, routine) + wanted,
        listing(rng, host.rows, noted=level == 1 and rng.random() < 0.4),
        prose.listed(rng, facts),
        f"{prose.syntax(rng)} {phrase(rng, _ASKED)}",
    ]
    return "\n\n".join(parts)


_SAME_BANK = (
    "`{read}` at {at} has three bytes: opcode and a 16-bit address in the data bank. The new table lies in the same "
    "bank, "
    "so the instruction keeps its size and only the address changes.",
    "The access `{read}` at {at} takes its bank from DB, and the free space is in that bank. Three bytes stay three "
    "bytes; only the operand changes.",
)
_OTHER_BANK = (
    "`{read}` at {at} has three bytes and takes its bank from DB, which is ${db}. The new table is in bank ${bank}, so "
    "the "
    "access must be long, and LDA long,X has four bytes: it does not fit there.",
    "The access at {at}, `{read}`, is three bytes and can reach only the data bank ${db}. For bank ${bank} a long "
    "access is "
    "needed, four bytes, one more than there is room for.",
)
_OUTSOURCED = (
    "So a JSL, four bytes as well, replaces {rows}; they run in free space with the long access, and RTL comes back.",
    "Hence the lines {rows} move to free space: JSL in their place, the long access there, RTL at the end.",
)


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return reasoning, patch and numbers."""
    del family
    it = table(level, salt)
    style = Style.draw(rng, rng.random() < 0.4)
    rows, _ = patch_rows(it.task.blocks, style)
    reads = [row for row in it.reads if is_read(row)]
    facts = {"read": reads[0].text, "at": show(reads[0].address), "db": f"{it.host.bank:02X}"}
    if it.moves_bank:
        plan = phrase(rng, _OTHER_BANK, **facts, bank=f"{it.region.start >> 16:02X}")
        texts = prose.joined([f"`{row.text}`" for row in it.reads])
        plan += " " + phrase(rng, _OUTSOURCED, rows=texts)
        spare = sum(len(row.data) for row in it.reads) - JUMP
        if spare:
            plan += f" The rest up to {show(it.reads[-1].after)} is filled with {prose.counted(spare, 'NOP')}."
    else:
        plan = phrase(rng, _SAME_BANK, **facts)
    if len(reads) > 1:
        plan += f" There are {prose.counted(len(reads), 'access')[:-1] + 'es'}: low and high byte, table and table + 1."
    count = len(it.old + it.more)
    size = count * it.size
    moved = f"The new table has {count} entries ({size} bytes), the old ones from {show(it.table)} first"
    places = [("free space", it.region.start)] * (it.region.start != it.data) + [("table", it.data)]
    moved += f", and begins at {show(it.data)}. {prose.offsets(rng, places)}"
    rest = [("Table|The new table|Place", moved), ("Range check|Number of entries|Limits", _checked(it, count))]
    index = len(it.old)
    (source,), (dest,) = it.host.routine.inputs, it.host.routine.outputs
    shown = f"${it.more[0]:0{2 * it.size}X}"
    example = phrase(
        rng,
        (
            "Test: index {index} in {source} must give {shown} at {dest}, index 0 still {zero}.",
            "With {index} in {source}, {dest} becomes {shown}; with 0 it is {zero} as before.",
        ),
        index=str(index),
        source=spot(source),
        shown=shown,
        dest=spot(dest),
        zero=f"${it.old[0]:0{2 * it.size}X}",
    )
    rest.append(("Check|Example|Numbers", example))
    rng.shuffle(rest)
    cut = int(rng.random() * 3)
    code = ("Patch|Code|The patch", fence(rows))
    return arrange(rng, [("Plan|What changes|The accesses|Reasoning", plan), *rest[:cut], code, *rest[cut:]])


def _checked(it: Table, count: int) -> str:
    if it.guard is None:
        return "The routine has no range check, so there is no limit to raise."
    return (
        f"`{it.guard.text}` at {show(it.guard.address)} lets only {len(it.old)} entries pass; its operand becomes "
        f"${count:02X}, the byte at {long(it.guard.address + 1)}. Larger indexes still fall back to entry 0."
    )
