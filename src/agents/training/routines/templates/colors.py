"""Colors by the ports of the picture unit: CGRAM entries and the fixed color of color math.

Facts (fullsnes by nocash, "SNES PPU Color Palette Memory" and "SNES PPU Color-Math"): $2121 selects a color and $2122
takes it in two writes, low byte first, of which the second stores both and advances the number; $2132 takes an
intensity in bits 0-4, for red, green and blue by bits 5, 6 and 7. A color is a word with red in bits 0-4, green in
5-9 and blue in 10-14.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number, octets
from agents.training.routines.draft import Draft


def color_write(d: Draft) -> Routine:
    """Put a color into CGRAM."""
    count = 1 if d.level == 1 else d.between(3, 4 + 2 * d.level)
    first = 16 * d.between(0, 15)
    cgadd, cgdata = (
        d.fixed("CGADD", 0x2121, 1, "the number of the color"),
        d.port("CGDATA", 0x2122, 2, "the color, low byte first"),
    )
    d.begin(
        "set color|upload color|color|palette entry", True, True if count > 1 else None, uses="AX" if count > 1 else "A"
    )
    if count == 1:
        color = d.near("color|tint|glow|shade", 2, "a BGR555 color")
        which = d.near("number|entry|index|cg index", 1, "the number of the color in CGRAM")
        inputs = [color, which]
        d.ops((f"lda {which.ref}", "the number of the color"), ("sta $2121", "CGADD: where the next writes go"))
        d.ops(
            (f"lda {color.ref}", "low byte of the color"),
            ("sta $2122", "first write: kept until the second one comes"),
            (f"lda {d.at(color, 1)}", "high byte of the color"),
            ("sta $2122", "second write: the color is complete and CGADD advances"),
        )
    else:
        color = d.low("colors|cycle|palette|shades", 2 * count, f"{count} BGR555 colors", array=True)
        which = d.near("frame|number|phase|index", 1, f"which of them, 0-{count - 1}")
        inputs = [color, which]
        d.ops((f"lda {which.ref}", "which color"), (d.implied("asl"), "two bytes per color"), ("tax", "X = its offset"))
        d.ops(
            (f"lda {d.imm(first, 1)}", f"color {first}, the first of palette {first // 16}"),
            ("sta $2121", "CGADD: where it goes"),
        )
        d.ops(
            (f"lda {color.ref},x", "low byte of the color"),
            ("sta $2122", "first write: kept until the second one comes"),
            (f"lda {d.at(color, 1)},x", "high byte of the color"),
            ("sta $2122", "second write: the color is complete and CGADD advances"),
        )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at = number(g, which.name)
        if count == 1:
            return {cgadd.name: at, cgdata.name: number(g, color.name)}
        return {cgadd.name: first, cgdata.name: int.from_bytes(octets(g, color.name)[2 * at : 2 * at + 2], "little")}

    def case(at: int) -> dict[str, Value]:
        return {color.name: d.data(2 * count, 0, 127) if count > 1 else d.between(0, 0x7FFF), which.name: at}

    places = (count - 1, 0, d.between(0, count - 1)) if count > 1 else (d.between(1, 255), 0, d.between(1, 255))
    where = f"the color with the number {which.name}" if count == 1 else f"color {first} of CGRAM"
    what = f"the BGR555 color {color.name}" if count == 1 else f"color {which.name} of the list {color.name}"
    return d.finish(
        "color_write",
        f"Write {what} to {where} through the ports $2121 and $2122.",
        "CGADD ($2121) selects the color, and CGDATA ($2122) takes its two bytes one after the other, low byte "
        "first. Only "
        "the second write changes CGRAM, so the order matters.",
        inputs,
        [cgadd, cgdata],
        [case(at) for at in places],
        oracle,
        ["$2122 is written exactly twice, low byte first", "the screen is blank or in vertical blank"],
        within={which.name: (0, 255 if count == 1 else count - 1)},
    )


def fixed_color(d: Draft) -> Routine:
    """Write a BGR555 color to the fixed color of color math."""
    color = d.near("color|tint|fog|haze", 2, "a BGR555 color")
    port = d.port("COLDATA", 0x2132, 3, "the fixed color: red, green and blue in three writes")
    d.begin("fixed color|set tint|coldata|backdrop", True, uses="A")
    wide = d.coin()
    d.ops(
        (f"lda {color.ref}", "red is in bits 0-4 of the low byte"),
        ("and #$1F", "5 bits"),
        ("ora #$20", "bit 5: the value is for red"),
        ("sta $2132", "first write: red"),
    )
    if wide:
        d.ops(("rep #$20", "16-bit A: green lies across the byte border"), (f"lda {color.ref}", "the whole color"))
        for turn in range(5):
            d.op(d.implied("lsr"), f"green down to bit 0, {turn + 1} of 5")
        d.ops(("sep #$20", "8-bit A again"), ("and #$1F", "5 bits"))
    else:
        d.ops(
            (f"lda {d.at(color, 1)}", "the high byte: its bits 0-1 are the top of green"),
            (d.implied("lsr"), "bit 8 of the color goes to the carry"),
            ("xba", "park the rest, which starts with bit 9, in B"),
        )
        d.ops(
            (f"lda {color.ref}", "the low byte: bits 5-7 are the rest of green; LDA keeps the carry"),
            (d.implied("ror"), "bit 8 comes in at the top"),
        )
        for turn in range(4):
            d.op(d.implied("lsr"), f"down towards bit 0, {turn + 1} of 4")
        d.ops(
            ("xba", "the parked byte, bit 9 at the bottom"),
            (d.implied("lsr"), "bit 9 goes to the carry"),
            ("xba", "back to green; XBA keeps the carry"),
        )
        keep = d.label("no top|small|low green|joined")
        d.ops((f"bcc {keep}", "bit 9 was 0"), ("ora #$10", "bit 9 is the top bit of green"))
        d.mark(keep)
    d.ops(("ora #$40", "bit 6: the value is for green"), ("sta $2132", "second write: green"))
    d.ops(
        (f"lda {d.at(color, 1)}", "blue is in bits 2-6 of the high byte"),
        *[(d.implied("lsr"), "blue down to bit 0, in two shifts")] * 2,
        ("and #$1F", "5 bits: bit 15 does not count"),
        ("ora #$80", "bit 7: the value is for blue"),
        ("sta $2132", "third write: blue"),
    )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, color.name)
        parts = (value & 31 | 0x20, value >> 5 & 31 | 0x40, value >> 10 & 31 | 0x80)
        return {port.name: int.from_bytes(bytes(parts), "little")}

    values = [d.between(1, 0x7FFF), 0x7FFF, 0, 0x03E0, d.between(1, 0xFFFF)]
    return d.finish(
        "fixed_color",
        f"Write the BGR555 color {color.name} to the fixed color by three writes to $2132: red, then green, then blue.",
        "COLDATA takes one intensity of 5 bits per write and the components it is for in bits 5-7, so a color "
        "needs three "
        "writes. Green must be joined from both bytes.",
        [color],
        [port],
        [{color.name: value} for value in values],
        oracle,
        ["exactly three writes to $2132, in the order red, green, blue", "bit 15 of the color is ignored"],
        edges=(0x0100, 0x0200, 0x03E0, 0x001F, 0x7C00),
    )
