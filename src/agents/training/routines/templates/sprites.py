"""Sprites: entries of the OAM and the two bits that each has in the high table.

Facts (fullsnes by nocash, "SNES PPU Sprites (OBJs)"): an OAM entry is x, y, tile and vhoopppt (flips, priority,
palette, bit 8 of the tile); the high table holds two bits per sprite, bit 8 of x and the size, four sprites to a byte,
the lowest two bits for the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number, octets
from agents.training.routines.draft import Draft


def sprite_entry(d: Draft) -> Routine:
    """Write one sprite into a copy of the OAM."""
    slots = 1 if d.level == 1 else d.between(3, 8)
    priority, flips = d.between(0, 3), d.between(0, 3) if d.coin() else 0
    constant = flips << 6 | priority << 4
    x, y = d.near("x|pos x|screen x", 1, "the low 8 bits of x"), d.near("y|pos y|screen y", 1, "y on the screen")
    tile = d.near("tile|frame|shape|gfx no", 2, "the tile number, 0-511")
    palette = d.near("palette|colors|pal", 1, "the sprite palette, 0-7")
    table = d.low(
        "oam|objects|oam copy|sprites",
        4 * slots,
        f"{slots} OAM entr{'y' if slots == 1 else 'ies'} of 4 bytes",
        array=True,
    )
    slot = d.near("slot|number|index", 1, f"which entry, 0-{slots - 1}")
    indexed = slots > 1
    suffix = ",x" if indexed else ""
    d.begin("put sprite|draw|set object|oam entry", True, True if indexed else None, uses="AX" if indexed else "A")
    if indexed:
        d.ops(
            (f"lda {slot.ref}", "the number of the entry"),
            (d.implied("asl"), "times 2"),
            (d.implied("asl"), "times 4: an entry has 4 bytes"),
            ("tax", "X = offset of the entry"),
        )
    parts = [
        [(f"lda {x.ref}", f"<load|fetch> {x.name}"), (f"sta {d.at(table, 0)}{suffix}", "byte 0: x")],
        [(f"lda {y.ref}", f"<load|fetch> {y.name}"), (f"sta {d.at(table, 1)}{suffix}", "byte 1: y")],
        [(f"lda {tile.ref}", "the low 8 bits of the tile"), (f"sta {d.at(table, 2)}{suffix}", "byte 2: the tile")],
    ]
    d.rng.shuffle(parts)
    for part in parts:
        d.ops(*part)
    d.ops(
        (f"lda {palette.ref}", f"<load|fetch> {palette.name}"),
        (d.implied("asl"), "the palette belongs in bits 1-3"),
        (f"ora {d.at(tile, 1)}", "bit 8 of the tile goes to bit 0"),
    )
    if constant:
        d.op(f"ora #${constant:02X}", f"priority {priority} in bits 4-5" + (", flips in bits 6-7" if flips else ""))
    d.op(f"sta {d.at(table, 3)}{suffix}", "byte 3: the attributes")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        shape = number(g, tile.name)
        entry = bytes([number(g, x.name), number(g, y.name), shape & 255])
        entry += bytes([constant | number(g, palette.name) << 1 | shape >> 8])
        if not indexed:
            return {table.name: entry}
        at, data = 4 * number(g, slot.name), octets(g, table.name)
        return {table.name: data[:at] + entry + data[at + 4 :]}

    def case(which: int) -> dict[str, Value]:
        found: dict[str, Value] = {x.name: d.between(0, 255), y.name: d.between(0, 223), tile.name: d.between(0, 511)}
        found[palette.name] = d.between(0, 7)
        return found | {slot.name: which, table.name: d.data(4 * slots)} if indexed else found

    inputs: list[Place] = [x, y, tile, palette]
    flipped = ("", ", flipped horizontally,", ", flipped vertically,", ", flipped both ways,")[flips]
    return d.finish(
        "sprite_entry",
        f"Write {x.name}, {y.name}, {tile.name} and {palette.name} as an OAM entry with priority "
        f"{priority}{flipped} to " + (f"entry {slot.name} of {table.name}." if indexed else f"{table.name}."),
        "Byte 3 of an OAM entry is vhoopppt: two flips, two bits of priority, three of palette and bit 8 of the "
        "tile. The "
        "palette is shifted into place and the rest joined by OR; bytes 0-2 are plain copies.",
        [*inputs, slot, table] if indexed else inputs,
        [table],
        [case(which) for which in (slots - 1, 0, d.between(0, slots - 1), d.between(0, slots - 1))],
        oracle,
        [f"priority {priority}, flips {flips >> 1} (vertical) and {flips & 1} (horizontal)"],
        within={tile.name: (0, 511), palette.name: (0, 7), slot.name: (0, slots - 1)},
        edges=(255, 256, 511),
    )


def sprite_high_bits(d: Draft) -> Routine:
    """Set the two bits of a sprite in the high table of the OAM."""
    size = d.between(1, 1 + d.level)
    slots = 4 * size
    slot = d.near("slot|number|object|which", 1, f"the number of the sprite, 0-{slots - 1}")
    bits = d.near("bits|extra|size and x|high", 1, "0-3: bit 0 is bit 8 of x, bit 1 the size")
    table = d.low(
        "high table|oam high|oam top|extra bits",
        size,
        f"{size} byte{'s' if size > 1 else ''}, two bits per sprite",
        array=True,
    )
    d.begin("set high bits|sprite size|oam high|high bits", True, True, uses="AXY")
    loop, put, masks = d.label("shift|loop|one pair"), d.label("put|join|ready"), d.label("masks|keep|holes")
    held = d.spare("pair|shifted|temp|bits now", 1, "the two bits in position")
    d.ops(
        (f"lda {slot.ref}", "the number of the sprite"),
        ("and #$03", "which of the four pairs in its byte"),
        ("tay", "Y = pair, 0 being the lowest"),
        (f"lda {slot.ref}", "the number again"),
        *[(d.implied("lsr"), "four sprites share a byte: divide by 4 in two shifts")] * 2,
        ("tax", "X = the byte of the table"),
        (f"lda {table.ref},x", "the four pairs as they are"),
        (f"and {masks},y", "cut a hole for the new pair"),
        (f"sta {table.ref},x", "<store|put> it back for now"),
        (f"lda {bits.ref}", f"<load|fetch> {bits.name}"),
        (f"cpy {d.imm(0, 1)}", "already in place?"),
        (f"beq {put}", "yes: pair 0"),
    )
    d.mark(loop, loop=True)
    d.ops(
        (d.implied("asl"), "one bit up"),
        (d.implied("asl"), "two bits up: the next pair"),
        ("dey", "one pair less to go"),
        (f"bne {loop}", "until it is in place"),
    )
    d.mark(put)
    style = d.coin()
    if style:
        d.ops(
            (f"sta {held.ref}", "<keep|hold> it"),
            (f"lda {table.ref},x", "the byte with the hole"),
            (f"ora {held.ref}", "fill it"),
        )
    else:
        d.op(f"ora {table.ref},x", "join the other three pairs")
    d.op(f"sta {table.ref},x", "<store|write> the byte")
    d.end()
    d.table(masks, [0xFC, 0xF3, 0xCF, 0x3F], "all bits but those of one pair")

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at, data = number(g, slot.name), bytearray(octets(g, table.name))
        shift = at % 4 * 2
        data[at // 4] = data[at // 4] & ~(3 << shift) & 255 | number(g, bits.name) << shift
        return {table.name: bytes(data)}

    def case(which: int, value: int) -> dict[str, Value]:
        return {slot.name: which, bits.name: value, table.name: d.data(size)}

    return d.finish(
        "sprite_high_bits",
        f"Store the two bits {bits.name} for sprite {slot.name} in the high table {table.name} and leave the other "
        "sprites alone.",
        "Two bits per sprite make four sprites per byte: slot / 4 is the byte, slot modulo 4 the pair in it. A "
        "small table "
        "of masks clears the old pair; the new one is shifted up two bits per step and joined.",
        [slot, bits, table],
        [table],
        [case(d.between(0, slots - 1), 3), case(0, 2), case(slots - 1, 1), case(d.between(0, slots - 1), 0)],
        oracle,
        ["sprite 0 has bits 0-1 of the first byte"],
        within={slot.name: (0, slots - 1), bits.name: (0, 3)},
    )
