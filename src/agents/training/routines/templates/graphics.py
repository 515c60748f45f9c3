"""Tiles and colors as data: bit planes, BGR555 words.

Facts (fullsnes by nocash, "SNES PPU Video Memory" and "SNES PPU Color Palette Memory"): a row of a 2bpp tile is two
bytes, one per plane, bit 7 being the leftmost pixel; a color is a word with red in bits 0-4, green in 5-9 and blue in
10-14.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number, octets
from agents.training.routines.draft import Draft

_LOOPS = "loop|next|again|more|each|pixel"


def planes_to_pixels(d: Draft) -> Routine:
    """Unpack a tile row from its bit planes to one byte per pixel."""
    count = 2 if d.level < 3 or d.coin() else 4
    mirrored = d.coin(0.4)
    planes = d.near("planes|row|tile row|gfx", count, f"the {count} planes of a tile row, plane 0 first", array=True)
    dest = d.low("pixels|unpacked|line|dots", 8, f"8 pixels, 0-{(1 << count) - 1}", array=True)
    held = d.spare("work|shifted|copy|bits", count, "a copy of the planes")
    rightwards = d.coin()
    forward = rightwards is not mirrored
    d.begin("unpack|decode row|to pixels|planar", True, True, uses="AX")
    loop = d.label(_LOOPS)
    for at in range(count):
        d.ops(
            (f"lda {d.at(planes, at)}", f"plane {at}"), (f"sta {d.at(held, at)}", "into the copy, which gets used up")
        )
    d.op(f"ldx {d.imm(0 if forward else 7, 1)}", f"X = the {'first' if forward else 'last'} byte to write")
    d.mark(loop, loop=True)
    d.op(f"lda {d.imm(0, 1)}", "an empty pixel")
    for at in reversed(range(count)):
        d.ops(
            (
                f"{'asl' if rightwards else 'lsr'} {d.at(held, at)}",
                f"the {'leftmost' if rightwards else 'rightmost'} bit left in plane {at} goes to the carry",
            ),
            (d.implied("rol"), "and enters the pixel from below"),
        )
    d.op(f"sta {dest.ref},x", "<store|write> the pixel")
    if forward:
        d.ops(("inx", "the next byte"), (f"cpx {d.imm(8, 1)}", "8 pixels?"), (f"bne {loop}", "not yet"))
    else:
        d.ops(("dex", "the byte before"), (f"bpl {loop}", "until X is negative"))
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        rows = octets(g, planes.name)
        pixels = [sum((row >> 7 - at & 1) << plane for plane, row in enumerate(rows)) for at in range(8)]
        return {dest.name: bytes(pixels[::-1] if mirrored else pixels)}

    return d.finish(
        "planes_to_pixels",
        f"Unpack the {count} bit planes of a tile row at {planes.name} into 8 pixels at {dest.name}, "
        + ("mirrored: the rightmost pixel first." if mirrored else "leftmost pixel first."),
        f"A pixel is made of one bit of each plane. Each round shifts one bit out of every plane, the highest plane "
        f"first, and ROL collects them; "
        f"{'ASL takes pixels from the left' if rightwards else 'LSR takes them from the right'}.",
        [planes],
        [dest],
        [{planes.name: data} for data in (d.data(count), bytes([0xF0, 0xCC, 0xAA, 0x81][:count]), d.data(count))],
        oracle,
        ["bit 7 of a plane is the leftmost pixel"],
    )


def pixels_to_planes(d: Draft) -> Routine:
    """Pack 8 pixels into the bit planes of a tile row."""
    count = 2 if d.level < 3 or d.coin() else 4
    top = (1 << count) - 1
    pixels = d.low("pixels|dots|line|canvas row", 8, f"8 pixels, 0-{top}, leftmost first", array=True)
    dest = d.near("planes|row|packed|gfx", count, f"the {count} planes of the row, plane 0 first", array=True)
    index = d.pick("x|x|y")
    rightwards = d.coin()
    name = index.upper()
    d.begin("pack|encode row|to planes|chunky to planar", True, True, uses="A" + name)
    loop = d.label(_LOOPS)
    d.op(
        f"ld{index} {d.imm(0 if rightwards else 7, 1)}",
        f"{name} = the {'leftmost' if rightwards else 'rightmost'} pixel",
    )
    d.mark(loop, loop=True)
    d.op(f"lda {pixels.ref},{index}", f"pixel {name}")
    for at in range(count):
        d.ops(
            (d.implied("lsr"), f"bit {at} of the pixel goes to the carry"),
            (f"{'rol' if rightwards else 'ror'} {d.at(dest, at)}", f"and into plane {at}"),
        )
    if rightwards:
        d.ops((f"in{index}", "one to the right"), (f"cp{index} {d.imm(8, 1)}", "8 pixels?"), (f"bne {loop}", "not yet"))
    else:
        d.ops((f"de{index}", "one to the left"), (f"bpl {loop}", f"until {name} is negative"))
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        row = octets(g, pixels.name)
        return {
            dest.name: bytes(
                sum((pixel >> plane & 1) << 7 - at for at, pixel in enumerate(row)) for plane in range(count)
            )
        }

    return d.finish(
        "pixels_to_planes",
        f"Pack the 8 pixels at {pixels.name} into the {count} bit planes of a tile row at {dest.name}.",
        "LSR takes the pixel apart, lowest bit first, and each bit is rotated into its plane. After 8 rounds the "
        "planes "
        "hold only new bits, so they need not be cleared before"
        + (", and the leftmost pixel has moved up to bit 7." if rightwards else "; ROR fills them from the top down."),
        [pixels],
        [dest],
        [{pixels.name: data} for data in (d.data(8, 0, top), bytes([0, 1, 2, 3, 3, 2, 1, 0]), d.data(8, 0, top))],
        oracle,
        [f"pixels are at most {top}", "bit 7 of a plane is the leftmost pixel"],
        within={pixels.name: (0, top)},
    )


def color_pack(d: Draft) -> Routine:
    """Build a BGR555 word from red, green and blue."""
    red, green, blue = (d.near(f"{name}|{name} level", 1, f"{name}, 0-31") for name in ("red", "green", "blue"))
    dest = d.near("color|bgr|packed color|entry", 2, "the color as a BGR555 word")
    style = d.pick("horner|bytes|bytes")
    d.begin("pack color|rgb to bgr|color|mix", style == "bytes", uses="A")
    if style == "horner":
        held = d.spare("partial|sum|upper|so far", 2, "the color so far")
        for at, place in enumerate((blue, green, red)):
            d.ops((f"lda {place.ref}", f"{place.name} and the byte after it"), ("and #$00FF", f"only {place.name}"))
            if at:
                d.op(f"ora {held.ref}", "join what is there; its low 5 bits are 0")
            if at < 2:
                for turn in range(5):
                    d.op(d.implied("asl"), f"room for the next component, {turn + 1} of 5")
                d.op(f"sta {held.ref}", "<keep|store> it")
        d.op(f"sta {dest.ref}", f"the finished color goes to {dest.name}")
    else:
        d.op(f"lda {green.ref}", "green has bits on both sides of the byte border")
        for turn in range(3):
            d.op(d.implied("lsr"), f"its two high bits to the bottom, {turn + 1} of 3")
        d.op(f"sta {d.at(dest, 1)}", "bits 8-9 of the word")
        d.ops(
            (f"lda {blue.ref}", f"<load|fetch> {blue.name}"),
            *[(d.implied("asl"), "blue begins at bit 10, which is bit 2 of the high byte")] * 2,
            (f"ora {d.at(dest, 1)}", "join green"),
            (f"sta {d.at(dest, 1)}", "the high byte is complete"),
            (f"lda {green.ref}", "green once more"),
        )
        for turn in range(5):
            d.op(d.implied("asl"), f"its three low bits to the top, {turn + 1} of 5")
        d.ops((f"ora {red.ref}", "red fills bits 0-4"), (f"sta {dest.ref}", "the low byte is complete"))
    d.end()
    rows = [(d.between(0, 31), d.between(0, 31), d.between(0, 31)), (31, 0, 0), (0, 31, 0), (0, 0, 31), (31, 31, 31)]
    names = (red.name, green.name, blue.name)
    return d.finish(
        "color_pack",
        f"Pack {red.name}, {green.name} and {blue.name} (0-31 each) into the BGR555 color {dest.name}.",
        "Red takes bits 0-4, green 5-9 and blue 10-14. "
        + (
            "Starting with blue, the word is shifted left by 5 before the next component is joined."
            if style == "horner"
            else "Working in bytes, green is split: its upper two bits go to the high byte, its lower three to the "
            "low one."
        ),
        [red, green, blue],
        [dest],
        [dict(zip(names, row, strict=True)) for row in rows],
        lambda g: {dest.name: number(g, red.name) | number(g, green.name) << 5 | number(g, blue.name) << 10},
        ["bit 15 is 0"],
        within=dict.fromkeys(names, (0, 31)),
    )


def color_fade(d: Draft) -> Routine:
    """Darken the colors of a palette by halving or quartering each component."""
    count = 1 if d.level == 1 else d.between(2, 2 + 2 * d.level)
    places = d.between(1, 2) if d.level == 1 else d.between(1, 3)
    part = 31 >> places
    mask = part | part << 5 | part << 10
    source = d.low("palette|colors|bright|original", 2 * count, f"{count} BGR555 color{'s' * (count > 1)}", array=True)
    in_place = d.coin(0.3)
    dest = source if in_place else d.low("faded|dark|shown|shadow", 2 * count, "the darker colors", array=True)
    index = d.pick("x|x|y")
    name = index.upper()
    looped = count > 1
    d.begin("fade|darken|dim|shade", False, True if looped else None, uses="A" + (name if looped else ""))
    body = [(d.implied("lsr"), f"every component shifted down, {turn + 1} of {places}") for turn in range(places)]
    body.append(
        (f"and #${mask:04X}", f"drop what fell from one component into the next: {5 - places} bits remain of each")
    )
    if looped:
        loop = d.label("loop|next color|again|each")
        d.op(f"ld{index} {d.imm(2 * count - 2, 1)}", f"{name} = offset of the last color")
        d.mark(loop, loop=True)
        d.ops((f"lda {source.ref},{index}", "a color"), *body, (f"sta {dest.ref},{index}", "<store|write> it"))
        d.ops(*[(f"de{index}", "a color has two bytes")] * 2, (f"bpl {loop}", f"until {name} is negative"))
    else:
        d.ops((f"lda {source.ref}", "the color"), *body, (f"sta {dest.ref}", "<store|write> it"))
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = octets(g, source.name)
        words = [int.from_bytes(data[at : at + 2], "little") >> places & mask for at in range(0, len(data), 2)]
        return {dest.name: b"".join(word.to_bytes(2, "little") for word in words)}

    def valid(g: dict[str, Value]) -> None:
        g[source.name] = bytes(byte & (0x7F if at % 2 else 0xFF) for at, byte in enumerate(octets(g, source.name)))

    given: list[dict[str, Value]] = [{source.name: d.data(2 * count)} for _ in range(3)]
    given.append({source.name: b"\xff\x7f" * count})
    for values in given:
        valid(values)
    share = ("half", "a quarter", "an eighth")[places - 1]
    return d.finish(
        "color_fade",
        f"Lower each component of the {count} BGR555 color{'s' * (count > 1)} in {source.name} to {share}"
        + (", in place." if in_place else f" and write the result to {dest.name}."),
        f"One shift of the word shifts red, green and blue together. But the low bits of green and blue land in the "
        f"component below, so AND #${mask:04X} removes them.",
        [source],
        [dest],
        given,
        oracle,
        ["components are rounded down", "bit 15 of every color is 0"],
        shape=valid,
    )
