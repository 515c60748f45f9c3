"""Family ``freespace``: find room for new bytes and say where they are in the file.

Owns the drawing of such tasks and their wording. Never judges.

Facts: in LoROM a bank shows 32 KiB at $8000-$FFFF, and the next byte of the file after $xx:FFFF is $xx+1:8000
(fullsnes, "SNES Memory Map"); code must not cross that border, since the program counter wraps inside its bank (WDC
W65C816S data sheet, section 2.9). A RATS tag is "STAR", the size minus one as a word, and that word inverted (asar
manual, "RATS tags").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

from agents.training.domains.oracle.facts import Fact, Facts
from agents.training.domains.oracle.rom import HEADER, Region, long, offset, show
from agents.training.domains.oracle.task import Point, filed, spoken
from agents.training.phrases import phrase, pick, seeded
from agents.training.routines.layout import arrange, asked_lines, result_lines
from agents.training.routines.names import THEMES

FAMILIES = ("freespace",)
TAG = 8
"""Bytes of a RATS tag."""
_BANK = 0x8000


@dataclass(frozen=True, slots=True)
class Search:
    """Gaps of a ROM, some across a bank border; ``need`` bytes, tag included; the piece ``chosen`` by ``rule``."""

    theme: str
    need: int
    gaps: tuple[Region, ...]
    rule: str
    tagged: bool
    headered: bool
    bank: int | None
    chosen: Region
    facts: Facts

    @property
    def org(self) -> int:
        """The first byte used."""
        return self.chosen.start


def pieces(gap: Region) -> list[Region]:
    """Return the parts of ``gap`` that lie in one bank each; it may run past the end of its bank."""
    room = 0x10000 - (gap.start & 0xFFFF)
    if gap.size <= room:
        return [gap]
    return [Region(gap.start, room), Region((gap.start & 0xFF0000) + 0x10000 | _BANK, gap.size - room)]


@lru_cache(maxsize=512)
def search(level: int, salt: int) -> Search:
    """Return the task of a salt."""
    for attempt in range(200):
        found = _drawn(seeded(salt, "freespace", level, attempt), level)
        if found:
            return found
    raise LookupError(f"no search with salt {salt}")


def _drawn(rng: Random, level: int) -> Search | None:
    fast = 0x80 if rng.random() < 0.5 else 0
    tagged, headered = level == 3 and rng.random() < 0.7, rng.random() < (0.15, 0.5, 0.5)[level - 1]
    size = 0x18 + int(rng.random() * (0x100, 0x300, 0x900)[level - 1])
    need = size + TAG * tagged
    banks = sorted(rng.sample(range(1, 0x20), 3 + int(rng.random() * (1 + level))))
    home = banks[int(rng.random() * len(banks))] | fast if level > 1 and rng.random() < 0.35 else None
    crosses = 0.35 if level > 1 and home is None else 0.0
    places = [bank | fast for bank in banks] + ([home] if home is not None else [])
    gaps = sorted(_gap(rng, bank, need, crossing=rng.random() < crosses) for bank in places)
    if any(after.start <= before.last + 1 for before, after in pairwise(gaps)):
        return None
    parts = [part for gap in gaps for part in pieces(gap) if home is None or part.start >> 16 == home]
    fitting = [part for part in parts if part.size >= need]
    rule = pick(rng, "first|tight" if level > 1 else "first|first|tight")
    if len(fitting) < 2 or len({part.size for part in fitting}) < len(fitting):
        return None
    chosen = min(fitting, key=lambda part: part.size) if rule == "tight" else min(fitting)
    theme = THEMES[int(rng.random() * len(THEMES))]
    facts = _facts(need, chosen, tagged, headered)
    points = _points(need, gaps, chosen, headered, tagged)
    return Search(theme, need, tuple(gaps), rule, tagged, headered, home, chosen, Facts(facts, points))


def _gap(rng: Random, bank: int, need: int, *, crossing: bool) -> Region:
    size = int(need * (0.3 + 1.9 * rng.random())) + int(rng.random() * 9)
    if crossing:
        return Region(bank << 16 | 0x10000 - 1 - int(rng.random() * min(size - 2, 0x7000)), size)
    return Region(bank << 16 | _BANK + int(rng.random() * (0x7F00 - min(size, 0x7000))), min(size, 0x7000))


def _facts(need: int, chosen: Region, tagged: bool, headered: bool) -> tuple[Fact, ...]:
    head = "with the copier header" if headered else "no header"
    start = chosen.start
    found = [("org", long(start), "address of the first byte used, $BBAAAA")]
    if tagged:
        found.append(("code", long(start + TAG), "address of the first byte behind the tag"))
        found.append(("tag_size", f"${need - TAG - 1:04X}", "the size word of the tag"))
        found.append(("tag_check", f"${need - TAG - 1 ^ 0xFFFF:04X}", "the inverted size word"))
    found.append(("last", long(start + need - 1), "address of the last byte used"))
    found.append(("file", f"${offset(start, headered=headered):06X}", f"file offset of org, {head}"))
    found.append(("left", str(chosen.size - need), "bytes of that gap, in that bank, left behind the last byte used"))
    return tuple(found)


def _points(need: int, gaps: list[Region], chosen: Region, headered: bool, tagged: bool) -> tuple[Point, ...]:
    bank = chosen.start >> 16
    points = [spoken(chosen.start), (f"{need} bytes",), (f"{chosen.size} ", f"${chosen.size:x}"), filed(chosen.start)]
    base = (bank & 0x7F) * _BANK
    points.append((f"${bank & 0x7F:02x} * $8000", f"${bank & 0x7F:x} * $8000", f"${base:x}", f"${base:06x}"))
    points += [spoken(gap.start) for gap in gaps if gap.start != chosen.start][:3]
    points += [(f"${offset(chosen.start, headered=True):06x}",), ("$200", "512")] if headered else []
    points += [("star", "rats"), ("8 bytes", "eight bytes")] if tagged else []
    if any(len(pieces(gap)) > 1 for gap in gaps):
        points.append(("bank border", "border of the bank", "bank boundary", "end of the bank", "end of bank"))
    return tuple(points)


def facts(family: str, level: int, salt: int) -> Facts:
    """Return what the answer has to state."""
    del family
    return search(level, salt).facts


_OPENINGS = (
    "I need room for {size} bytes of new {theme} <code|data> in a LoROM <hack|ROM>.",
    "Where do {size} new bytes for the {theme} <code|routine|module> fit in this LoROM image?",
    "{size} bytes of {theme} <code|tables> have to go somewhere. The mapping is LoROM.",
    "Find space for the {theme} <patch|addition>, {size} bytes (LoROM).",
    "My {theme} <routine|code> has {size} bytes; find a place for it in this LoROM ROM.",
)
_GAPS = (
    "These gaps are filled with $FF:",
    "Unused bytes:",
    "Known free space (start, length):",
    "A scan found these gaps:",
)
_RULES = {
    "first": (
        "Take the first gap, by address, that is large enough, from its first byte on.",
        "Use the lowest address at which it fits; start at the beginning of the gap.",
    ),
    "tight": (
        "Take the gap that leaves the fewest bytes over, from its first byte on.",
        "I want the tightest fit, at the start of that gap, to keep the large gaps for later.",
    ),
}
_BORDER = (
    "Nothing may cross a bank border; a gap that runs on into the next bank counts as two.",
    "The bytes must lie in one bank. Where a gap runs past the end of a bank, treat its two parts separately.",
)
_HOME = (
    "It is reached by JSR from bank ${bank}, so it must be in that bank.",
    "Only bank ${bank} will do, because the callers use JSR.",
)
_TAGGED = (
    "Put a RATS tag (8 bytes: STAR, size minus one, its inverse) in front; {size} does not count it.",
    "A RATS tag of 8 bytes protects it: 'STAR', the word size - 1, that word inverted. It comes on top of the {size} "
    "bytes.",
)
_HEADERED = ("The file has a copier header of $200 bytes.", "The .smc file is headered ($200 bytes before the ROM).")
_PLAIN = ("The file has no header.", "It is a headerless .sfc file.")


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request."""
    del family
    it = search(level, salt)
    size = str(it.need - TAG * it.tagged)
    form = int(rng.random() * 3)
    rows = []
    for gap in it.gaps:
        length = f"{gap.size} bytes" if form else f"${gap.size:X} bytes"
        rows.append(
            f"| {show(gap.start)} | {length} |" if form == 2 else f"{pick(rng, '- ')}{show(gap.start)}, {length}"
        )
    if form == 2:
        rows = ["| start | length |", "|---|---|", *rows]
    rules = [phrase(rng, _RULES[it.rule]), phrase(rng, _HEADERED if it.headered else _PLAIN)]
    if any(len(pieces(gap)) > 1 for gap in it.gaps) or rng.random() < 0.3:
        rules.append(phrase(rng, _BORDER))
    if it.bank is not None:
        rules.append(phrase(rng, _HOME, bank=f"{it.bank:02X}"))
    if it.tagged:
        rules.append(phrase(rng, _TAGGED, size=size))
    rng.shuffle(rules)
    ask = pick(rng, "Explain the choice and the calculation.|Show how you get there.|Say why the other gaps are out.")
    return "\n\n".join(
        [
            phrase(rng, _OPENINGS, size=size, theme=it.theme),
            pick(rng, "|".join(_GAPS)) + "\n" + "\n".join(rows),
            " ".join(rules),
            f"{ask} {asked_lines(rng, it.facts.facts)}",
        ]
    )


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the search, the calculation and the results."""
    del family
    it = search(level, salt)
    size = it.need - TAG * it.tagged
    need = (
        f"{size} bytes of content and {TAG} of the RATS tag make {it.need} bytes."
        if it.tagged
        else f"Wanted: {it.need} bytes in one bank."
    )
    lines = [_judged(rng, it, part, cut) for gap in it.gaps for part, cut in _parts(gap)]
    chosen = phrase(
        rng,
        (
            "So it is {org}: {why}.",
            "The choice is {org}, since {why}.",
            "{org} wins: {why}.",
        ),
        org=show(it.org),
        why=_why(rng, it),
    )
    calculated = [_calculated(rng, it)]
    if it.tagged:
        calculated.append(
            f"The tag is 'STAR', then {size} - 1 = ${size - 1:04X}, then ${size - 1:04X} XOR $FFFF = "
            f"${size - 1 ^ 0xFFFF:04X}; "
            f"behind these 8 bytes, at {show(it.org + TAG)}, the content begins."
        )
    last = it.org + it.need - 1
    calculated.append(
        f"Last byte: {show(it.org)} + {it.need} - 1 = {show(last)}; {it.chosen.size} - {it.need} = "
        f"{it.chosen.size - it.need} bytes are left."
    )
    sections = [
        ("Search|Gaps|Which gap", f"{need}\n" + "\n".join(lines) + f"\n{chosen}"),
        ("Calculation|Addresses|Offsets", "\n".join(calculated) if rng.random() < 0.5 else " ".join(calculated)),
        ("Result|Results|Values", result_lines(rng, it.facts.facts)),
    ]
    return arrange(rng, sections)


def _parts(gap: Region) -> list[tuple[Region, bool]]:
    parts = pieces(gap)
    return [(part, len(parts) > 1) for part in parts]


def _judged(rng: Random, it: Search, part: Region, cut: bool) -> str:
    cause = " (cut at the bank border)" if cut else ""
    if it.bank is not None and part.start >> 16 != it.bank:
        verdict = pick(rng, "another bank|the wrong bank|not in the bank of the callers")
    elif part.size < it.need:
        verdict = f"{it.need - part.size} too few"
    else:
        verdict = pick(rng, "fits|large enough|room enough") + f", {part.size - it.need} over"
    return f"- {show(part.start)}: {part.size} bytes{cause}, {verdict}"


def _why(rng: Random, it: Search) -> str:
    if it.rule == "tight":
        return pick(rng, "no other fitting gap leaves so few bytes|it leaves the fewest bytes over")
    return pick(rng, "it is the first one by address that is large enough|no lower gap has room for it")


def _calculated(rng: Random, it: Search) -> str:
    bank, place = it.org >> 16, it.org & 0xFFFF
    base = (bank & 0x7F) * _BANK
    half = (
        f" (${bank:02X} AND $7F = ${bank & 0x7F:02X}, since $80 and up mirror the lower banks)" if bank & 0x80 else ""
    )
    text = phrase(
        rng,
        (
            "LoROM: each bank is 32 KiB of the file, so ${bank} * $8000 = ${base}{half}, plus ${place} - $8000 = "
            "${inside}, "
            "gives ${plain}.",
            "File offset: bank ${bank}{half} times $8000 is ${base}; the address inside the bank adds ${place} AND "
            "$7FFF = "
            "${inside}: ${plain}.",
            "${bank} * $8000 = ${base}{half} and ${place} - $8000 = ${inside}, together ${plain} in the ROM.",
        ),
        bank=f"{bank & 0x7F:02X}", base=f"{base:06X}", half=half, place=f"{place:04X}", inside=f"{place & 0x7FFF:04X}",
        plain=f"{offset(it.org):06X}",
    )  # fmt: skip
    if it.headered:
        text += f" The header adds ${HEADER:X}: ${offset(it.org, headered=True):06X}."
    return text
