"""Family ``layout``: several pieces of a patch laid out in free space, and the checksum of the result.

Owns the drawing of such tasks and their wording. Never judges.

Facts: the header holds the complement of the checksum at $00:FFDC and the checksum at $00:FFDE, file offsets $7FDC
and $7FDE in LoROM without header; the checksum is the sum of all bytes modulo 65536, and the four bytes of both words
always sum up to $1FE, so that they do not disturb it (fullsnes, "SNES Cartridge ROM Header"). Of a ROM whose size is a
power of two every byte counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from agents.training.domains.oracle.facts import Fact, Facts
from agents.training.domains.oracle.rom import Region, long, offset, show
from agents.training.domains.oracle.task import Point, filed, spoken
from agents.training.phrases import phrase, pick, seeded
from agents.training.routines.layout import arrange, asked_lines, result_lines
from agents.training.routines.names import Namer

FAMILIES = ("layout",)
_ROLES = "init|hook|table|main code|text|tiles|palette|handler|wrapper|scripts|pointers|messages|loader|colors|masks"


@dataclass(frozen=True, slots=True)
class Layout:
    """``pieces`` (name, size) to be laid out in order; ``places`` are their addresses, ``steps`` how they were found.

    ``align`` is what every address must be a multiple of. ``sums``: old checksum, the sum of the bytes overwritten, the
    sum of those written; None where no checksum is asked for.
    """

    pieces: tuple[tuple[str, int], ...]
    regions: tuple[Region, ...]
    align: int
    places: tuple[int, ...]
    steps: tuple[str, ...]
    sums: tuple[int, int, int] | None
    facts: Facts


@lru_cache(maxsize=512)
def layout(level: int, salt: int) -> Layout:
    """Return the task of a salt."""
    for attempt in range(200):
        found = _drawn(seeded(salt, "layout", level, attempt), level)
        if found:
            return found
    raise LookupError(f"no layout with salt {salt}")


def _drawn(rng: Random, level: int) -> Layout | None:
    names = Namer(rng)
    count = 2 + level + int(rng.random() * 2)
    roles = "|".join(f"{names.theme} {role}" for role in _ROLES.split("|"))
    pieces = tuple((names.label(roles), 3 + int(rng.random() * (0x60 * level))) for _ in range(count))
    total = sum(size for _, size in pieces)
    fast = 0x80 if rng.random() < 0.5 else 0
    align = (1, 1, 16)[int(rng.random() * 3)] if level > 1 else 1
    banks = sorted(rng.sample(range(1, 0x20), 1 if level == 1 else 2 + int(rng.random() * 2)))
    share = 1.4 if level == 1 else 0.75
    regions = tuple(
        Region(
            (bank | fast) << 16 | 0x8000 + int(rng.random() * 0x7000),
            int(total * share * (0.6 + 0.6 * rng.random())) + 1,
        )
        for bank in banks
    )
    if any((region.start & 0xFFFF) + region.size > 0xFFFF for region in regions):
        return None
    placed = _placed(pieces, regions, align)
    if placed is None:
        return None
    places, steps = placed
    if level > 1 and len({place >> 16 for place in places}) < 2:
        return None
    sums = None
    if level == 3 or (level == 2 and rng.random() < 0.4):
        written = sum(int(rng.random() * 256) for _ in range(total))
        sums = (int(rng.random() * 0x10000), 0xFF * total, written)
    facts = _facts(pieces, places, sums)
    frame = tuple((name, place) for (name, _), place in zip(pieces, places, strict=True))
    stated = Facts(facts, _points(pieces, places, regions, sums), frame)
    return Layout(pieces, regions, align, places, steps, sums, stated)


def _placed(
    pieces: tuple[tuple[str, int], ...], regions: tuple[Region, ...], align: int
) -> tuple[tuple[int, ...], tuple[str, ...]] | None:
    """Return the addresses by first fit in the given order, and a sentence for each; None where a piece has no room."""
    nexts = [region.start for region in regions]
    places, steps = [], []
    for name, size in pieces:
        refused: list[str] = []
        for index, region in enumerate(regions):
            at = -(-nexts[index] // align) * align
            left = region.last + 1 - at
            if size <= left:
                note = f"{show(nexts[index])} rounded up to {show(at)}" if at != nexts[index] else show(at)
                nexts[index] = at + size
                places.append(at)
                behind = f"the next free byte there is {show(nexts[index])}"
                why = f"{', '.join(refused)}, so " if refused else ""
                steps.append(f"`{name}` ({size} bytes): {why}{note}, last byte {show(at + size - 1)}; {behind}")
                break
            refused.append(f"{region.text} has only {max(0, left)} bytes left")
        else:
            return None
    return tuple(places), tuple(steps)


def _facts(
    pieces: tuple[tuple[str, int], ...], places: tuple[int, ...], sums: tuple[int, int, int] | None
) -> tuple[Fact, ...]:
    found = [(name, long(at), f"address of {name}, $BBAAAA") for (name, _), at in zip(pieces, places, strict=True)]
    found.append(("end", long(places[-1] + pieces[-1][1] - 1), f"address of the last byte of {pieces[-1][0]}"))
    found.append(("file", f"${offset(places[-1]):06X}", f"file offset of {pieces[-1][0]}, no header"))
    if sums:
        checksum = _checksum(sums)
        found.append(("checksum", f"${checksum:04X}", "the new checksum, for $00:FFDE"))
        found.append(("complement", f"${checksum ^ 0xFFFF:04X}", "its complement, for $00:FFDC"))
    return tuple(found)


def _checksum(sums: tuple[int, int, int]) -> int:
    return sums[0] - sums[1] + sums[2] & 0xFFFF


def _points(
    pieces: tuple[tuple[str, int], ...],
    places: tuple[int, ...],
    regions: tuple[Region, ...],
    sums: tuple[int, int, int] | None,
) -> tuple[Point, ...]:
    points = [(name,) for name, _ in pieces] + [spoken(place) for place in places]
    points += [(f"{size} bytes", f"${size:x} bytes") for _, size in pieces]
    points += [spoken(region.start) for region in regions] + [filed(places[-1])]
    points += [("$ffde", "ffde"), ("$ffff", "complement"), (f"${sums[0]:04x}",)] if sums else []
    return tuple(points)


def facts(family: str, level: int, salt: int) -> Facts:
    """Return what the answer has to state."""
    del family
    return layout(level, salt).facts


_OPENINGS = (
    "A LoROM patch consists of these pieces; each becomes an `org` block:",
    "I have to lay out a patch (LoROM). Its pieces, in this order:",
    "Plan the `org` addresses for this LoROM patch:",
    "These parts of my patch need addresses. The ROM is LoROM:",
    "Which `org` addresses do these pieces get?",
)
_RULES = (
    "Go through the pieces in the given order; each goes to the first region (lowest address first) that still has "
    "room, "
    "right behind what is there.",
    "First fit: in the order above, every piece takes the next free bytes of the first region in which it fits.",
    "Keep the order. For each piece try the regions from the lowest address on and put it directly behind the last "
    "piece "
    "there.",
)
_ALONE = (
    "Put the pieces one behind the other, without gaps, from the start of the region on.",
    "Back to back, in this order, starting at the first free byte.",
)
_ALIGNED = ("Every piece must begin at a multiple of 16.", "Each address has to end in 0 (16-byte alignment).")
_FRAME = (
    "<Show|Write> the frame of the patch <too|as well>: one asm block with an `org` line and the label for each piece.",
    "Give the skeleton in an asm block: for each piece its `org` and below it its label.",
)
_SUMS = (
    "The checksum in the header is ${old}. The bytes that the patch overwrites (all $FF) sum up to ${gone}, the new "
    "ones to "
    "${new}; what are checksum and complement afterwards?",
    "Header checksum so far: ${old}. The patch writes bytes with the sum ${new} over $FF bytes with the sum ${gone}. "
    "State "
    "the new checksum and its complement.",
)


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request."""
    del family
    it = layout(level, salt)
    form = int(rng.random() * 3)
    rows = [
        f"{number}. {name}: {size} bytes" if form == 0 else f"- {name} ({f'${size:X}' if form == 1 else size} bytes)"
        for number, (name, size) in enumerate(it.pieces, 1)
    ]
    free = " and ".join(f"{region.text} ({region.size} bytes)" for region in it.regions)
    rules = [pick(rng, "Free space: {}.|Unused: {}.|There is room at {}.|You may use {}.").format(free)]
    rules.append(phrase(rng, _RULES if len(it.regions) > 1 else _ALONE))
    if it.align > 1:
        rules.append(phrase(rng, _ALIGNED))
    if it.sums:
        old, gone, new = (f"{value:04X}" for value in it.sums)
        rules.append(phrase(rng, _SUMS, old=old, gone=gone, new=new))
    rules.append(pick(rng, "Nothing may overlap.|No two blocks may overlap.|Blocks must not touch each other's bytes."))
    ask = pick(rng, "Show the steps.|Explain how you get each address.|Give the reasoning, piece by piece.")
    return "\n\n".join(
        [
            phrase(rng, _OPENINGS) + "\n" + "\n".join(rows),
            " ".join(rules),
            f"{ask} {phrase(rng, _FRAME)} {asked_lines(rng, it.facts.facts)}",
        ]
    )


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the steps, a skeleton of the patch and the results."""
    del family
    it = layout(level, salt)
    mark = pick(rng, "- |* |+ ")
    steps = "\n".join(f"{mark}{step}." for step in it.steps)
    lead = phrase(
        rng,
        (
            "The next free byte of a region moves up by the size of each piece: address + size.",
            "Every piece begins where the one before it in that region ended, plus one.",
            "I keep the next free address of every region and add the sizes.",
        ),
    )
    if len(it.regions) > 1:
        lead += " The regions: " + ", ".join(f"{region.text} with {region.size} bytes" for region in it.regions) + "."
    else:
        lead += f" The region starts at {show(it.regions[0].start)}."
    last = it.places[-1]
    base = (last >> 16 & 0x7F) * 0x8000
    where = (
        f"File offset of `{it.pieces[-1][0]}` at {show(last)}: ${last >> 16 & 0x7F:02X} * $8000 = ${base:06X}, plus "
        f"${last & 0xFFFF:04X} - $8000 = ${last & 0x7FFF:04X}, is ${offset(last):06X}."
    )
    skeleton = "\n\n".join(
        f"org {long(at)}\n{name}:  ; {size} bytes" for (name, size), at in zip(it.pieces, it.places, strict=True)
    )
    rest = [("Addresses|Step by step|Placement", f"{lead}\n{steps}"), ("File|File offset|Offset", where)]
    if it.sums:
        rest.append(("Checksum|Header|Header checksum", _summed(rng, it.sums)))
    rest.append(("Skeleton|Frame of the patch|Patch frame", f"```asm\nlorom\n\n{skeleton}\n```"))
    first, *others = rest
    rng.shuffle(others)
    return arrange(rng, [first, *others, ("Result|Results|Values", result_lines(rng, it.facts.facts))])


def _summed(rng: Random, sums: tuple[int, int, int]) -> str:
    old, gone, new = sums
    checksum = _checksum(sums)
    return phrase(
        rng,
        (
            "The checksum is the sum of all bytes modulo $10000: ${old} - ${gone} + ${new} = ${checksum}. The "
            "complement is "
            "${checksum} XOR $FFFF = ${complement}. Both words lie in the header at $00:FFDE and $00:FFDC (file $7FDE "
            "and "
            "$7FDC); their four bytes always sum up to $1FE, so changing them changes nothing in the sum.",
            "Old bytes out, new bytes in, modulo 65536: ${old} - ${gone} + ${new} gives ${checksum} for $00:FFDE, and "
            "its "
            "complement ${checksum} XOR $FFFF = ${complement} for $00:FFDC. Together the two words always contribute "
            "$1FE.",
        ),
        old=f"{old:04X}", gone=f"{gone:04X}", new=f"{new:04X}", checksum=f"{checksum:04X}",
        complement=f"{checksum ^ 0xFFFF:04X}",
    )  # fmt: skip
