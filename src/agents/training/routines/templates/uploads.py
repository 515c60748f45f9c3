"""What reaches the console's units in bulk or by itself: uploads to VRAM, HDMA tables, the joypads.

Facts (fullsnes by nocash, "SNES DMA and HDMA", "SNES PPU Video Memory" and "SNES Controllers"): $2115 bit 7 makes
VRAM addresses advance after the high byte, $2116-7 hold the word address; DMA channel n has its mode in $43n0, port
in $43n1, source in $43n2-4 and count in $43n5-6, and a bit in $420B starts it while the CPU waits; an entry of an
HDMA table is a line count 1-127 (bit 7: a value for every line) and the bytes for the port, and a count of 0 ends the
table; $4218-$421F hold the four joypads after automatic reading.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number, octets
from agents.training.routines.draft import Draft


def vram_upload(d: Draft) -> Routine:
    """Set up an upload to VRAM by DMA and start it."""
    channel = d.between(0, 7)
    base = 0x4300 + 16 * channel
    source = d.near("source|gfx|tiles|upload src", 3, "the 24-bit source address")
    target = d.near("target|vram|dest|vram addr", 2, "the VRAM word address")
    length = d.near("length|bytes|size|upload len", 2, "the number of bytes")
    wide = d.coin(0.6)
    d.begin("upload|to vram|send tiles|dma vram", True, uses="A")
    constants = [
        [("lda #$80", "advance by one word after the high byte"), ("sta $2115", "VMAIN")],
        [("lda #$01", "mode 1: two ports in turn"), (f"sta ${base:04X}", "DMAP of the channel")],
        [("lda #$18", "the low byte of $2118"), (f"sta ${base + 1:04X}", "BBAD: the port; mode 1 adds $2119")],
        [(f"lda {d.at(source, 2)}", "the source bank"), (f"sta ${base + 4:04X}", "A1B")],
    ]
    d.rng.shuffle(constants)
    for constant in constants:
        d.ops(*constant)
    registers = [(target, 0x2116, "VMADD"), (source, base + 2, "A1T"), (length, base + 5, "DAS")]
    d.rng.shuffle(registers)
    if wide:
        d.op("rep #$20", "16-bit A for the words")
    for place, register, name in registers:
        if wide:
            d.ops((f"lda {place.ref}", f"{place.name}, 16 bits"), (f"sta ${register:04X}", f"{name}, both bytes"))
        else:
            for at, part in enumerate(("low", "high")):
                d.ops(
                    (f"lda {d.at(place, at)}", f"{place.name}, {part} byte"),
                    (f"sta ${register + at:04X}", f"{name}, {part} byte"),
                )
    if wide:
        d.op("sep #$20", "8-bit A again")
    d.ops(
        (f"lda #${1 << channel:02X}", f"bit {channel} stands for channel {channel}"),
        ("sta $420B", "MDMAEN: start; the CPU waits until all is sent"),
    )
    d.end()
    outputs = [
        d.fixed("vmain", 0x2115, 1, "how VRAM addresses advance"),
        d.fixed("vmadd", 0x2116, 2, "the VRAM word address"),
        d.fixed("dmap", base, 1, "the transfer mode"),
        d.fixed("bbad", base + 1, 1, "the port"),
        d.fixed("a1t", base + 2, 3, "the source"),
        d.fixed("das", base + 5, 2, "the byte count"),
        d.fixed("mdmaen", 0x420B, 1, "the channels started"),
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        found: dict[str, Value] = {"vmain": 0x80, "dmap": 1, "bbad": 0x18, "mdmaen": 1 << channel}
        words = {"vmadd": target, "a1t": source, "das": length}
        return found | {name: number(g, place.name) for name, place in words.items()}

    return d.finish(
        "vram_upload",
        f"Upload {length.name} bytes from the address in {source.name} to the VRAM word address {target.name} with DMA "
        f"channel {channel}, and start it.",
        "First everything is set up: VMAIN so that the address advances after the high byte, the VRAM address, "
        "mode 1 to "
        f"$2118/$2119, source and count. Only then bit {channel} goes to $420B, which starts the transfer at once.",
        [source, target, length],
        outputs,
        [
            {source.name: bank << 16 | d.between(0x8000, 0xFFFF), target.name: d.between(0, 0x7FFF), length.name: size}
            for bank, size in ((d.between(1, 0x3F), 0x800), (0x7E, d.between(1, 0x2000)), (d.between(0x80, 0xBF), 0x20))
        ],
        oracle,
        [
            "vmain = $80 (a word step after the high byte), dmap = $01, bbad = $18",
            "$420B is written last",
            "the screen is blank",
        ],
    )


def hdma_table(d: Draft) -> Routine:
    """Build an HDMA table of bands in RAM."""
    bands = d.between(2, 3 + d.level)
    heights = d.low("heights|lines|bands|rows", bands, f"the heights of {bands} bands in lines, 1-127 each", array=True)
    values = d.low("values|levels|settings|steps", bands, "the byte that the port gets for each band", array=True)
    table = d.low(
        "hdma table|gradient|hdma|effect", 2 * bands + 1, f"{bands} pairs of lines and value, then $00", array=True
    )
    d.begin("build table|hdma|make table|gradient", True, True, uses="AXY")
    loop = d.label("loop|band|next band|again")
    starts = [(f"ldx {d.imm(0, 1)}", "X = the band"), (f"ldy {d.imm(0, 1)}", "Y = where to write in the table")]
    if d.coin():
        starts.reverse()
    d.ops(*starts)
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {heights.ref},x", "how many lines; bit 7 is clear, so the value is sent once for all of them"),
        (f"sta {table.ref},y", "<store|write> the line count"),
        ("iny", "to the value"),
        (f"lda {values.ref},x", "what the port gets"),
        (f"sta {table.ref},y", "<store|write> the value"),
        ("iny", "to the next pair"),
        ("inx", "the next band"),
        (f"cpx {d.imm(bands, 1)}", f"{'both' if bands == 2 else f'all {bands}'} bands?"),
        (f"bne {loop}", "not yet"),
    )
    if d.coin():
        d.ops(
            (f"lda {d.imm(0, 1)}", "a count of 0 ends the table"), (f"sta {table.ref},y", "right behind the last pair")
        )
    else:
        d.op(f"stz {d.at(table, 2 * bands)}", "a count of 0 right behind the last pair ends the table")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        pairs = zip(octets(g, heights.name), octets(g, values.name), strict=True)
        return {table.name: bytes(byte for pair in pairs for byte in pair) + b"\0"}

    return d.finish(
        "hdma_table",
        f"Build an HDMA table at {table.name} from {bands} bands: pairs of line count ({heights.name}) and value "
        f"({values.name}), ended by $00.",
        "In the simplest HDMA mode an entry is a line count and one byte for the port. X counts the bands, Y walks the "
        "table two bytes per band, and a count of 0 tells the channel to stop for this frame.",
        [heights, values],
        [table],
        [{heights.name: d.data(bands, 1, 127), values.name: d.data(bands)} for _ in range(3)],
        oracle,
        ["counts are 1-127: bit 7 would ask for a value on every line", "the channel itself is not set up here"],
        within={heights.name: (1, 127)},
    )


def pad_edges(d: Draft) -> Routine:
    """Find the buttons that were pressed in this frame."""
    player = 1 if d.level == 1 else d.between(1, 4)
    addr = 0x4216 + 2 * player
    pad = d.fixed(f"JOY{player}", addr, 2, f"the buttons of pad {player} as read by the console")
    held = d.near("held|down|last pad|previous", 2, "the buttons of the frame before, and afterwards of this one")
    pressed = d.near("pressed|new|hits|edge", 2, "the buttons that are down now but were not before")
    released = d.near("released|let go|up now|gone", 2, "the buttons that were down before but are not now")
    with_released = d.level == 3 or d.coin(0.25)
    outputs = [pressed, released, held] if with_released else [pressed, held]
    style = d.pick("eor|invert|bytes")
    bytewise = style == "bytes"
    d.begin("read pad|pad|buttons|new buttons", bytewise, uses="A", fixed="m" if bytewise else "")
    if style == "bytes":
        for at, part in enumerate(("low", "high")):
            d.ops(
                (f"lda {d.at(held, at)}", f"{part} byte of the old state"),
                ("eor #$FF", "1 where the button was up"),
                (f"and ${addr + at:04X}", "and is down now"),
                (f"sta {d.at(pressed, at)}", "newly pressed"),
            )
            if with_released:
                d.ops(
                    (f"lda ${addr + at:04X}", "the new state"),
                    ("eor #$FF", "1 where the button is up"),
                    (f"and {d.at(held, at)}", "and was down before"),
                    (f"sta {d.at(released, at)}", "let go"),
                )
            d.ops(
                (f"lda ${addr + at:04X}", "the new state"),
                (f"sta {d.at(held, at)}", "kept: the old one of the next frame"),
            )
    else:
        d.op(
            f"lda {held.ref}" if style == "invert" else f"lda ${addr:04X}",
            "the old state" if style == "invert" else "the new state",
        )
        if style == "invert":
            d.op("eor #$FFFF", "1 where a button was up")
        else:
            d.op(f"eor {held.ref}", "1 where a button changed")
        d.ops((f"and ${addr:04X}", "and is down now"), (f"sta {pressed.ref}", "newly pressed"))
        if with_released:
            d.ops(
                (f"lda ${addr:04X}", "the new state"),
                ("eor #$FFFF", "1 where a button is up"),
                (f"and {held.ref}", "and was down before"),
                (f"sta {released.ref}", "let go"),
            )
        d.ops((f"lda ${addr:04X}", "the new state"), (f"sta {held.ref}", "kept: the old one of the next frame"))
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        now, before = number(g, pad.name), number(g, held.name)
        found: dict[str, Value] = {pressed.name: now & ~before, held.name: now}
        return found | {released.name: before & ~now} if with_released else found

    pairs = [
        (0x8080, 0x8000),
        (d.between(0, 0xFFF) << 4, d.between(0, 0xFFF) << 4),
        (0, 0x1000),
        (0x0800, 0x0800),
        (0x0F30, 0),
    ]
    return d.finish(
        "pad_edges",
        f"From the joypad register ${addr:04X} and {held.name}, store the newly pressed buttons in {pressed.name}"
        + (f" and those let go in {released.name}" if with_released else "")
        + f"; then keep the new state in {held.name}.",
        "A button counts as pressed when it is down now and was up before: now AND NOT before. "
        + (
            "EOR marks what changed, and AND with the new state leaves the presses."
            if style == "eor"
            else "EOR with all ones is the NOT."
        )
        + f" {held.name} is replaced last, because it is needed until then.",
        [pad, held],
        outputs,
        [{pad.name: a, held.name: b} for a, b in pairs],
        oracle,
        ["automatic reading is on and finished ($4212 bit 0 is 0)"],
    )
