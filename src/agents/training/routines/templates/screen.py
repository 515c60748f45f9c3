"""The picture by its registers: scrolling, layers, brightness, windows.

Facts (fullsnes by nocash, "SNES PPU Control" and "SNES PPU Window"): $2100 holds forced blank in bit 7 and the
brightness 0-15; $2107-$210A hold a tilemap base in steps of $400 words and the size in bits 0-1, $210B/$210C a tile
base per nibble in steps of $1000 words; $210D-$2114 take two writes, low byte first; $2126-$2129 hold the left and
right edges of the two windows.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number
from agents.training.routines.draft import NO_BORROW, NO_CARRY, Draft


def scroll_write(d: Draft) -> Routine:
    """Write the scroll positions of a background."""
    layer = d.between(1, 4) if d.level > 1 else d.between(2, 4)
    base = 0x210B + 2 * layer
    axes = [("HOFS", base, "x|camera x|scroll x|left"), ("VOFS", base + 1, "y|camera y|scroll y|top")]
    if d.level == 1:
        axes = [axes[d.between(0, 1)]]
    shake = d.between(1, 12) if (d.level == 3 and d.coin(0.7)) or d.coin(0.2) else 0
    wide = d.coin(0.35)
    d.begin("scroll|set scroll|camera|update scroll", True, uses="A", fixed="m" if wide else "")
    sources, ports = [], []
    for suffix, addr, roles in axes:
        word = "horizontal" if suffix == "HOFS" else "vertical"
        source = d.near(roles, 2, f"the {word} scroll position")
        port = d.port(f"BG{layer}{suffix}", addr, 2, f"the {word} scroll register of BG{layer}, low byte first")
        sources.append(source)
        ports.append(port)
        if wide:
            d.ops(
                ("rep #$20", "16-bit A for the whole position"), (f"lda {source.ref}", f"both bytes of {source.name}")
            )
            if shake:
                d.ops(("clc", NO_CARRY), (f"adc {d.imm(shake, 2)}", f"plus the fixed offset {shake}"))
            d.ops(
                ("sep #$20", "8-bit A: the port takes bytes; B keeps the high one"),
                (f"sta ${addr:04X}", "first write: the low byte"),
                ("xba", "the high byte out of B"),
                (f"sta ${addr:04X}", "second write: the high byte"),
            )
        else:
            added = [("clc", NO_CARRY), (f"adc {d.imm(shake, 1)}", f"plus the fixed offset {shake}")] if shake else []
            carried = [(f"adc {d.imm(0, 1)}", "plus the carry; STA and LDA left it alone")] if shake else []
            d.ops((f"lda {source.ref}", f"low byte of {source.name}"), *added)
            d.ops((f"sta ${addr:04X}", "first write: the low byte"), (f"lda {d.at(source, 1)}", "the high byte"))
            d.ops(*carried, (f"sta ${addr:04X}", "second write: the high byte"))
    d.end()
    names = [source.name for source in sources]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        return {port.name: number(g, name) + shake & 0xFFFF for port, name in zip(ports, names, strict=True)}

    rows = [[d.between(1, 1023) for _ in names], [0x00FF] * len(names), [0] * len(names), [0x03FF] * len(names)]
    extra = f" plus {shake}" if shake else ""
    return d.finish(
        "scroll_write",
        f"Write {' and '.join(f'{name}{extra}' for name in names)} to the scroll register"
        f"{'s' if len(ports) > 1 else ''} {' and '.join(f'{port.name} (${port.addr:04X})' for port in ports)}.",
        "A scroll register is wider than its port, so it takes two writes to the same address: the low byte first, "
        "then "
        "the high byte. With a 16-bit store the high byte would end up in the next register.",
        sources,
        ports,
        [dict(zip(names, row, strict=True)) for row in rows],
        oracle,
        ["each port is written exactly twice, low byte first"],
        edges=(0xFF, 0x100, 0x3FF, 0xFFFF, 0xFF - shake, 0x100 - shake),
        shape=lambda g: g.update({names[0]: 0x10000 - d.between(1, shake)} if shake and d.turn % 5 == 1 else {}),
    )


def layer_bases(d: Draft) -> Routine:
    """Tell the picture unit where a background has its tilemap and its tiles."""
    pair = d.between(0, 1)
    layers = [2 * pair + 1, 2 * pair + 2]
    only = layers[d.between(0, 1)]
    size = d.between(0, 3)
    tilemap = d.near("map|tilemap|map base|screen", 2, "the VRAM word address of the tilemap, a multiple of $400")
    with_tiles = d.level > 1
    tiles = [
        d.near(
            f"tiles {layer}|gfx {layer}|chars {layer}",
            2,
            f"the VRAM word address of the tiles of BG{layer}, a multiple of $1000",
        )
        for layer in layers
    ]
    map_port, tile_port = 0x2106 + only, 0x210B + pair
    d.begin("set layers|layer setup|bg bases|bases", True, uses="A")
    parts = [
        [(f"lda {d.at(tilemap, 1)}", "high byte of the address: bits 10-15 end up in bits 2-7, where they belong")]
    ]
    if size:
        parts[0].append((f"ora {d.bits(size, 1)}", f"size {size}: {_SIZES[size]} entries"))
    parts[0].append((f"sta ${map_port:04X}", f"BG{only}SC"))
    if with_tiles:
        parts.append([(f"lda {d.at(tiles[0], 1)}", f"high byte for BG{layers[0]}, of which the upper nibble counts")])
        parts[1] += [(d.implied("lsr"), f"into the low nibble, {turn + 1} of 4") for turn in range(4)]
        parts[1].append((f"ora {d.at(tiles[1], 1)}", f"BG{layers[1]} has the high nibble, just where its byte has it"))
        parts[1].append((f"sta ${tile_port:04X}", f"BG{layers[0]}{layers[1]}NBA"))
    d.rng.shuffle(parts)
    for part in parts:
        d.ops(*part)
    d.end()
    outputs = [d.fixed(f"BG{only}SC", map_port, 1, f"tilemap base and size of BG{only}")]
    if with_tiles:
        outputs.append(
            d.fixed(f"BG{layers[0]}{layers[1]}NBA", tile_port, 1, f"tile bases of BG{layers[0]} and BG{layers[1]}")
        )
    inputs = [tilemap, *tiles] if with_tiles else [tilemap]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        values = [number(g, tilemap.name) >> 8 | size]
        if with_tiles:
            values.append(number(g, tiles[0].name) >> 12 | number(g, tiles[1].name) >> 12 << 4)
        return {place.name: value for place, value in zip(outputs, values, strict=True)}

    def valid(g: dict[str, Value]) -> None:
        g[tilemap.name] = number(g, tilemap.name) & 0x7C00
        if with_tiles:
            g.update({place.name: number(g, place.name) & 0x7000 for place in tiles})

    given: list[dict[str, Value]] = [{place.name: d.between(1, 0x7FFF) for place in inputs} for _ in range(3)]
    given += [
        {place.name: 0x7FFF for place in inputs},
        {place.name: 0x5400 - 0x1000 * at for at, place in enumerate(inputs)},
    ]
    for values in given:
        valid(values)
    return d.finish(
        "layer_bases",
        f"Set BG{only}SC (${map_port:04X}) for a tilemap of {_SIZES[size]} entries at the VRAM address {tilemap.name}"
        + (f", and the tile bases of BG{layers[0]} and BG{layers[1]} in ${tile_port:04X}." if with_tiles else "."),
        "The map register counts in steps of $400 words in bits 2-7, so the high byte of a word address fits as it "
        "is; the "
        f"low bits hold the size {size}."
        + (" The tile register counts in steps of $1000 words, one nibble per background." if with_tiles else ""),
        inputs,
        outputs,
        given,
        oracle,
        [f"size {size} means {_SIZES[size]} entries"],
        shape=valid,
    )


_SIZES = ("32 x 32", "64 x 32", "32 x 64", "64 x 64")


def brightness_step(d: Draft) -> Routine:
    """One step of a fade: brighter up to 15, or darker down to forced blank."""
    brighter = d.coin()
    step = 1 if d.level == 1 else d.between(1, 3)
    level = d.near("brightness|fade|light|level", 1, "the brightness so far, 0-15")
    inidisp = d.fixed("INIDISP", 0x2100, 1, "forced blank (bit 7) and brightness (bits 0-3)")
    d.begin("fade in|brighten|light up" if brighter else "fade out|darken|dim", True, uses="A")
    show, full = d.label("show|write|set|apply"), d.label("full|top|end|limit")
    d.op(f"lda {level.ref}", f"<load|fetch> {level.name}")
    if brighter:
        if step == 1 and d.coin():
            d.ops(
                ("cmp #$0F", "is it at the top?"),
                (f"bcs {show}", "yes: stay there"),
                (d.implied("inc"), "no: one step brighter"),
            )
        else:
            d.ops(
                ("clc", NO_CARRY),
                (f"adc {d.imm(step, 1)}", f"{step} brighter"),
                ("cmp #$10", "past 15?"),
                (f"bcc {show}", "no"),
                ("lda #$0F", "yes: 15 is the maximum"),
            )
        d.mark(show)
        d.ops((f"sta {level.ref}", "remember it, since $2100 cannot be read"), ("sta $2100", "and show it"))
    else:
        d.ops(
            ("sec", NO_BORROW),
            (f"sbc {d.imm(step, 1)}", f"{step} darker"),
            (f"beq {full}", "exactly 0: the screen goes off"),
            (f"bcs {show}", "above 0: still visible"),
        )
        d.mark(full)
        d.ops((f"stz {level.ref}", "nothing is left"), ("lda #$80", "forced blank: VRAM may be written from now on"))
        done = d.label("out|done|port|to port")
        d.op(f"bra {done}", "skip the other case")
        d.mark(show)
        d.op(f"sta {level.ref}", "remember it, since $2100 cannot be read")
        d.mark(done)
        d.op("sta $2100", "INIDISP gets the new state")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        now = number(g, level.name)
        now = min(15, now + step) if brighter else max(0, now - step)
        return {level.name: now, inidisp.name: now if brighter or now else 0x80}

    values = [d.between(4, 12), 15, 0, step, 14]
    return d.finish(
        "brightness_step",
        f"Make the screen {step} step{'s' if step > 1 else ''} {'brighter' if brighter else 'darker'}: update "
        f"{level.name} "
        f"and write $2100{', forced blank ($80) at brightness 0' if not brighter else ''}.",
        "INIDISP is write-only, so the brightness lives in RAM. "
        + (
            "It may not pass 15, for bit 4 means nothing there."
            if brighter
            else "When the subtraction reaches 0 or borrows, the level is 0 and $80 turns the picture off."
        ),
        [level],
        [level, inidisp],
        [{level.name: value} for value in values],
        oracle,
        [f"the brightness stays within 0-15{'' if brighter else '; at 0 $2100 gets $80'}"],
        within={level.name: (0, 15)},
        edges=(15, 14, 13, 12, 0, 1, 2, 3, 4, 8),
    )


def window_span(d: Draft) -> Routine:
    """Open a window around a point, cut at the edges of the screen."""
    which = d.between(1, 2)
    left, right = 0x2124 + 2 * which, 0x2125 + 2 * which
    center = d.operand(1, "center|x|middle|spot x", "the middle of the window on the screen", 0.3)
    radius = d.near("radius|half|reach|spread", 1, "how far it reaches to both sides")
    held = d.spare("x now|kept|mid|copy", 1, "the middle") if center.where == "A" else center
    ports = [
        d.fixed(f"WH{2 * which - 2}", left, 1, f"the left edge of window {which}"),
        d.fixed(f"WH{2 * which - 1}", right, 1, f"the right edge of window {which}"),
    ]
    d.begin("window|open window|spot|iris", True, fixed="m" if center.where == "A" else "", uses="A")
    low, high = d.label("left ok|not below|left edge"), d.label("right ok|not above|right edge")
    d.fetch(center)
    if held is not center:
        d.op(f"sta {held.ref}", "keep the middle for the other side")
    d.ops(
        ("sec", NO_BORROW),
        (f"sbc {radius.ref}", f"{center.key} minus {radius.name}"),
        (f"bcs {low}", "no borrow: on the screen"),
        (f"lda {d.imm(0, 1)}", "beyond the left border: cut at 0"),
    )
    d.mark(low)
    d.ops(
        (f"sta ${left:04X}", "the left edge"),
        (f"lda {held.ref}", "the middle again"),
        ("clc", NO_CARRY),
        (f"adc {radius.ref}", f"plus {radius.name}"),
        (f"bcc {high}", "no carry: on the screen"),
        ("lda #$FF" if d.coin() else "lda #255", "beyond the right border: cut at 255"),
    )
    d.mark(high)
    d.op(f"sta ${right:04X}", "the right edge")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at, reach = number(g, center.name), number(g, radius.name)
        return {ports[0].name: max(0, at - reach), ports[1].name: min(255, at + reach)}

    pairs = [(d.between(64, 190), d.between(4, 60)), (10, 40), (250, 40), (128, 200), (0, 0)]
    return d.finish(
        "window_span",
        f"Set window {which} (${left:04X}/${right:04X}) to reach from {center.key} - {radius.name} to {center.key} + "
        f"{radius.name}, cut at 0 and 255.",
        "Both sums are 8-bit; the carry tells when one left the screen: clear after SBC means below 0, set after "
        "ADC means "
        "above 255. In these cases the border takes the place of the wrapped result.",
        [center, radius],
        ports,
        [{center.name: a, radius.name: b} for a, b in pairs],
        oracle,
        ["the edges belong to the window"],
    )
