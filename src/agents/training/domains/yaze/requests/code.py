"""Requests about addresses and machine code."""

from __future__ import annotations

import re

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import Fact, fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.memory import address, data_offset
from agents.training.sample import Json

_SOURCES = (
    "lda #${a:02X} / sta ${b:04X} / rtl",
    "sep #$20 / lda ${b:04X} / inc a / sta ${b:04X} / rts",
    "jsl ${c:06X} / rtl",
    "rep #$30 / lda #${d:04X} / sta ${b:04X} / sep #$30 / rtl",
    "stz ${b:04X} / lda #${a:02X} / sta ${e:04X} / rts",
    "phb / phk / plb / lda ${b:04X} / plb / rtl",
    "lda ${b:04X} / cmp #${a:02X} / rtl",
    "ldx #${a:02X} / stz ${b:04X},x / rts",
    "nop / nop / nop",
    "php / sep #$30 / lda #${a:02X} / sta ${e:04X} / plp / rtl",
)


_CHANGES = re.compile(r"(?:sta|stx|sty|stz|inc|dec) (\$[0-9A-Fa-f]+)$")


def to_pc(draw: Draw) -> Deed:
    """Ask for the offset in the file."""
    said, at = address(draw, data_offset(draw))
    values = {"at": said, "where": at}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "{where} is <offset|file offset> {offset}.",
            "<In the file|In the ROM file> {where} <lies|is> at {offset}.",
            "{offset} <is the offset of|corresponds to> {where}.",
        )
        return Tale(told, (fact(result["offset"]),), (fact(at),))

    return Deed(
        Call("address-to-pc", {"address": at}),
        forms(
            values,
            "convert {at} to a <PC|file> offset",
            "<work out|tell me> the file offset of {at}",
            "translate SNES address {at} into a PC offset",
        ),
        f"the file offset of {at}",
        tell,
        (at, "offset"),
        forms(values, "<What's|What is> {at} as a <PC|file> offset?", "Where in the file is {at}?"),
        forms(values, "And {at}?", "What about {at}?", "<Same|Again> for {at}."),
        (
            Gap(
                ("convert this SNES address to a file offset", "give me the PC offset for the address"),
                ("<Which|What> SNES address should I convert?",),
                r"\baddress\b",
                forms(values, "{at}", "This one: {at}."),
            ),
        ),
    )


def to_snes(draw: Draw) -> Deed:
    """Ask for the address of an offset."""
    offset = data_offset(draw)
    values = {"pc": draw.hex(offset, 6), "where": f"0x{offset:06X}"}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "Offset {where} is {address} <on the SNES side|in SNES terms>.",
            "The SNES address of {where} is {address}.",
            "{where} in the file <maps to|is> {address}.",
        )
        return Tale(told, (fact(result["address"]),), (fact(values["where"]),))

    return Deed(
        Call("address-to-snes", {"offset": values["where"]}),
        forms(
            values,
            "convert <PC|file> offset {pc} to <a SNES|an SNES> address",
            "<work out|tell me> which SNES address {pc} in the file is",
            "map file offset {pc} to its SNES address",
        ),
        f"the SNES address of offset {values['where']}",
        tell,
        (values["where"], "offset", "address"),
        forms(
            values,
            "<What's|What is> file offset {pc} as a SNES address?",
            "My hex editor says {pc}. Which SNES address is that?",
        ),
        forms(values, "And offset {pc}?", "What about {pc}?"),
        (
            Gap(
                ("convert a file offset to an SNES address", "turn this PC offset into an SNES address"),
                ("<Which|What> file offset <is it|should I convert>?",),
                r"\boffset\b",
                forms(values, "{pc}", "Offset {pc}."),
            ),
        ),
    )


def disassemble(draw: Draw) -> Deed:
    """Ask for code to be disassembled."""
    routines = draw.world.ground.routines
    found = routines[draw.one(sorted(routines))]
    said, at = address(draw, found["offset"])
    count = draw.rng.choice((3, 4, 5, 5, 6, 7, 8))
    values = {"at": said, "n": count, "where": at}

    return Deed(
        Call("asm-disassemble", {"address": at, "count": count}),
        forms(
            values,
            "disassemble {n} instructions at {at}",
            "show me the code at {at}, {n} instructions",
            "<decode|disassemble> the first {n} instructions from {at}",
        ),
        f"the {count} instructions at {at}",
        listing,
        (at, str(count), "instructions"),
        forms(
            values,
            "What does the code at {at} do? The first {n} instructions <will do|are enough>.",
            "What are the {n} instructions at {at}?",
        ),
        forms(values, "And {n} instructions at {at}?", "Now {at}, {n} instructions."),
        (
            Gap(
                forms(values, "disassemble {n} instructions", "show me {n} instructions of that routine"),
                ("<At which|From which> address?", "Where should I start? I need <an|the> address."),
                r"\b(address|where)\b",
                forms(values, "At {at}.", "{at}", "{at}, please."),
            ),
            Gap(
                forms(values, "disassemble from {at}", "disassemble some code at {at}"),
                forms(values, "How many instructions <do you want|should I disassemble> from {where}?"),
                r"\b(how many|how far|how much)\b",
                forms(values, "{n}", "{n} instructions.", "The first {n}."),
            ),
        ),
    )


def listing(result: Json) -> Tale:
    """Tell a disassembly: the lines, and what stands out in them."""
    lines = [line.partition(" ")[2] for line in result["lines"]]
    touched = [found[1] for line in lines if (found := _CHANGES.match(line))]
    calls = [line[4:] for line in lines if line.startswith("jsl")]
    remarks = [f"It changes {listed(list(dict.fromkeys(touched)))}."] if touched else []
    remarks += [f"It calls {listed(list(dict.fromkeys(calls)))}."] if calls else []
    values = {
        "at": result["address"],
        "lines": "; ".join(lines),
        "n": len(lines),
        "more": " ".join(remarks),
        "bytes": result["length"],
    }
    told = forms(
        values,
        "The {n} instructions at {at}: `{lines}`. {more}",
        "From {at} on: `{lines}` ({bytes} bytes). {more}",
        "{at} <begins with|disassembles to> `{lines}`. {more}",
    )
    return Tale(
        tuple(text.strip() for text in told), tuple(Fact((line.lower(),)) for line in lines), (fact(result["address"]),)
    )


def assemble(draw: Draw) -> Deed:
    """Ask for source to be assembled, perhaps into the ROM."""
    rng, ground = draw.rng, draw.world.ground
    write = rng.random() < 0.6
    offset = ground.free_page * 0x8000 + ground.free_from + rng.randrange(16, 0x600, 4)
    said, at = address(draw, offset)
    target = mapping.to_snes(ground.mapper, data_offset(draw))
    source = rng.choice(_SOURCES).format(
        a=rng.randrange(256),
        b=rng.randrange(0x200, 0x1F00),
        c=target,
        d=rng.getrandbits(16),
        e=rng.randrange(0x200, 0x1F00),
    )
    values = {"at": said, "where": at, "source": source}

    def tell(result: Json) -> Tale:
        if result["written"]:
            told = forms(
                {**result, "n": counted(result["length"], "byte")},
                "Assembled and written: {n} at {address}, `{bytes}`.",
                "The code is in the ROM at {address}: `{bytes}` ({n}).",
                "`{bytes}`, {n} in all, <went|has gone> to {address}.",
            )
        else:
            told = forms(
                {**result, "n": counted(result["length"], "byte")},
                "<At|For> {address} it assembles to {n}: `{bytes}`. Nothing was written.",
                "For {address} that is `{bytes}`, {n}. The ROM is unchanged.",
            )
        return Tale(told, (fact(result["bytes"]), fact(result["length"])), (fact(result["address"]),))

    asks = (
        (
            "assemble `{source}` into the ROM at {at}",
            "write this code at {at}: {source}",
            "put `{source}` at {at}, assembled",
        )
        if write
        else (
            "assemble `{source}` for {at} but don't write it <yet|for now>",
            "<show me|tell me> the bytes of `{source}` at {at} without touching the ROM",
        )
    )
    return Deed(
        Call("asm-assemble", {"address": at, "source": source, **({"write": True} if write else {})}),
        forms(values, *asks),
        f"assemble the code and write it at {at}" if write else f"the bytes of the code assembled for {at}",
        tell,
        (at, "assemble"),
        gaps=(
            Gap(
                forms(values, "assemble `{source}` into the ROM", "write this code into the ROM: {source}"),
                ("At which address should the code <go|be written>? I need it before I assemble.",),
                r"\b(address|where)\b",
                forms(values, "At {at}.", "{at}", "{at}, please."),
            ),
        ),
        changes=write,
    )


READS: tuple[Make, ...] = (to_pc, to_snes, disassemble)
WRITES: tuple[Make, ...] = (assemble, assemble)
