"""Registers made of switches: interrupts and joypad reading, color math, the layers of main and sub screen.

Facts (fullsnes by nocash, "SNES PPU Interrupts", "SNES PPU Color-Math" and "SNES PPU "
"Control"): $4200 enables NMI by bit
7, H and V interrupts by bits 4 and 5 and automatic joypad reading by bit 0; $2131 chooses subtraction by bit 7, halving
by bit 6 and the layers by bits 0-5 (BG1-BG4, sprites, backdrop); $2130 bit 1 takes the sub screen instead of the fixed
color; $212C and $212D enable BG1-BG4 and sprites on the main and the sub screen by bits 0-4. None of them can be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number
from agents.training.routines.draft import Draft

_LAYERS = ("BG1", "BG2", "BG3", "BG4", "the sprites")


def interrupt_mode(d: Draft) -> Routine:
    """Choose the H/V interrupt mode, or switch NMI, in $4200 and its copy."""
    choosing = d.level > 1 and d.coin(0.7)
    on = d.coin()
    shadow = d.near("nmitimen|shadow|irq flags|copy of 4200", 1, "the copy of $4200")
    mode = d.operand(1, "mode|irq mode|kind|setting", "0 none, 1 at an H position, 2 at a V position, 3 at both", 0.4)
    port = d.fixed("NMITIMEN", 0x4200, 1, "the interrupts enabled")
    held = d.spare("bits|temp|mode bits", 1, "the mode in position")
    in_a = choosing and mode.where == "A"
    d.begin("interrupts|set irq|timing|nmitimen", True, fixed="m" if in_a else "", uses="A")
    auto = d.coin()
    bits = 0x81 if auto else 0x80
    if choosing:
        d.fetch(mode)
        for turn in range(4):
            d.op(d.implied("asl"), f"the mode belongs in bits 4-5, {turn + 1} of 4")
        d.ops(
            (f"sta {held.ref}", "<keep|hold> it"),
            (f"lda {shadow.ref}", "the copy, since $4200 cannot be read"),
            ("and #$CF", "without the old mode; NMI and joypad reading stay"),
            (f"ora {held.ref}", "the new mode"),
        )
    else:
        d.op(f"lda {shadow.ref}", "the copy, since $4200 cannot be read")
        what = "NMI and automatic joypad reading" if auto else "NMI"
        if on:
            d.op(f"ora #${bits:02X}", f"enable {what}; the other bits stay")
        else:
            d.op(f"and #${255 ^ bits:02X}", f"disable {what}; the other bits stay")
    if d.coin():
        d.ops((f"sta {shadow.ref}", "the copy for the next change"), ("sta $4200", "NMITIMEN: from now on it is so"))
    else:
        d.ops(("sta $4200", "NMITIMEN: from now on it is so"), (f"sta {shadow.ref}", "the copy for the next change"))
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        now = number(g, shadow.name)
        after = now | bits if on else now & ~bits
        if choosing:
            after = now & 0xCF | number(g, mode.name) << 4
        return {shadow.name: after, port.name: after}

    values = [d.between(0, 255) & 0xB1, 0x81, 0, 0xB1]
    given: list[dict[str, Value]] = [{shadow.name: value} for value in values]
    if choosing:
        for at, case in enumerate(given):
            case[mode.name] = (2, 1, 3, 0)[at]
    what = "NMI and automatic joypad reading" if auto else "NMI"
    source = "in A" if in_a else mode.name
    return d.finish(
        "interrupt_mode",
        (
            f"Set the H/V interrupt mode in $4200 to the number {source} and leave NMI and joypad reading as they are; "
            if choosing
            else f"{'Enable' if on else 'Disable'} {what} in $4200 and leave the other bits as they are; "
        )
        + f"{shadow.name} is the copy of the register.",
        "A register that cannot be read needs a copy in RAM: it is changed there, bit by bit, and written to both. "
        + (
            "The mode takes bits 4-5, so the old one is cleared with $CF before the new one is joined."
            if choosing
            else f"The mask ${bits:02X} {'sets' if on else 'clears (by its complement)'} just the bits that are meant."
        ),
        [shadow, mode] if choosing else [shadow],
        [shadow, port],
        given,
        oracle,
        ["$4200 cannot be read; its copy always holds what was written last"],
        within={mode.name: (0, 3)},
    )


def color_math(d: Draft) -> Routine:
    """Set up color math from a mode and the layers that take part."""
    sub = d.coin()
    mode = d.operand(1, "mode|blend|operation|kind", "0 add, 1 add and halve, 2 subtract, 3 subtract and halve", 0.4)
    layers = d.near("layers|targets|mask|who", 1, "the layers that take part, bits 0-5")
    window, control = (
        d.fixed("CGWSEL", 0x2130, 1, "where color math applies and with what"),
        d.fixed("CGADSUB", 0x2131, 1, "operation and layers"),
    )
    in_a = mode.where == "A"
    d.begin("color math|blend|set math|transparency", True, fixed="m" if in_a else "", uses="A")
    first = [(f"lda #${2 * sub:02X}", f"everywhere, with {'the sub screen' if sub else 'the fixed color'}")]
    first.append(("sta $2130", "CGWSEL"))
    if not sub and d.coin():
        first = [("stz $2130", "CGWSEL: everywhere, with the fixed color")]
    early = not in_a and d.coin()
    if early:
        d.ops(*first)
    d.fetch(mode)
    if d.coin():
        for turn in range(6):
            d.op(d.implied("asl"), f"the mode belongs in bits 6-7, {turn + 1} of 6")
    else:
        d.ops(
            (d.implied("lsr"), "bit 0 of the mode goes to the carry"),
            (d.implied("ror"), "and comes in at the top, while bit 1 goes out"),
            (d.implied("ror"), "bit 1 comes in above it: the mode is in bits 6-7"),
        )
    d.ops((f"ora {layers.ref}", "the layers fill bits 0-5"), ("sta $2131", "CGADSUB: operation and layers"))
    if not early:
        d.ops(*first)
    d.end()
    pairs = [(d.between(0, 3), d.between(1, 63)), (3, 0x3F), (0, 1), (2, d.between(1, 63)), (1, 0x20)]
    return d.finish(
        "color_math",
        f"Set up color math with {'the sub screen' if sub else 'the fixed color'}: the operation "
        f"{'in A' if in_a else 'in ' + mode.name} for the layers in {layers.name}, through $2130 and $2131.",
        "CGADSUB has 'subtract' in bit 7, 'halve' in bit 6 and one bit per layer below, so the mode is moved up by "
        "6 places "
        f"and the layers are joined. CGWSEL gets ${2 * sub:02X}: no window, "
        f"{'bit 1 for the sub screen' if sub else 'bit 1 clear for the fixed color'}.",
        [mode, layers],
        [window, control],
        [{mode.name: a, layers.name: b} for a, b in pairs],
        lambda g: {window.name: 2 * sub, control.name: number(g, mode.name) << 6 | number(g, layers.name)},
        [f"CGWSEL becomes ${2 * sub:02X}", "mode: bit 1 subtracts, bit 0 halves"],
        within={mode.name: (0, 3), layers.name: (0, 63)},
    )


def layer_switch(d: Draft) -> Routine:
    """Show or hide a layer on the main screen or the sub screen."""
    bit, sub = d.between(0, 4), d.coin(0.4)
    kind = d.pick("show|hide|toggle") if d.level > 1 else d.pick("show|hide")
    both = d.level == 3 or d.coin(0.3)
    mask = 1 << bit
    shadow = d.near("layers|enabled|tm copy|shown", 1, "the copy of the register, bits 0-4 for BG1-BG4 and sprites")
    addr, name = (0x212D, "TS") if sub else (0x212C, "TM")
    port = d.fixed(name, addr, 1, f"the layers on the {'sub' if sub else 'main'} screen")
    before = d.near("was shown|old state|seen before|visible", 1, f"1 if {_LAYERS[bit]} could be seen before, else 0")
    outputs = [shadow, port, before] if both else [shadow, port]
    d.begin(f"{kind} layer|{kind} bg|layers|screen", True, uses="A")
    if both:
        skip = d.label("hidden|not shown|change")
        d.ops(
            (f"stz {before.ref}", f"assume that {_LAYERS[bit]} {'are' if bit == 4 else 'is'} hidden"),
            (f"lda {shadow.ref}", "the copy of the register"),
            (f"and #${mask:02X}", f"bit {bit}: {_LAYERS[bit]}"),
            (f"beq {skip}", "hidden indeed"),
            (f"inc {before.ref}", "shown so far: note it"),
        )
        d.mark(skip)
    if kind != "toggle" and d.coin():
        d.ops(
            (f"lda #${mask:02X}", f"bit {bit} stands for {_LAYERS[bit]}"),
            (
                f"{'tsb' if kind == 'show' else 'trb'} {shadow.ref}",
                f"{'set' if kind == 'show' else 'clear'} it in the copy",
            ),
            (f"lda {shadow.ref}", "the new state"),
        )
    else:
        op = {
            "show": (f"ora #${mask:02X}", f"set bit {bit} for {_LAYERS[bit]}"),
            "hide": (f"and #${255 ^ mask:02X}", f"clear bit {bit} for {_LAYERS[bit]}"),
            "toggle": (f"eor #${mask:02X}", f"flip bit {bit} for {_LAYERS[bit]}"),
        }[kind]
        d.ops((f"lda {shadow.ref}", "the copy, since the register cannot be read"), op)
        d.op(f"sta {shadow.ref}", "the copy for the next change")
    d.op(f"sta ${addr:04X}", f"{name}: the picture unit gets it")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        now = number(g, shadow.name)
        after = {"show": now | mask, "hide": now & ~mask, "toggle": now ^ mask}[kind]
        found: dict[str, Value] = {shadow.name: after, port.name: after}
        return found | {before.name: now >> bit & 1} if both else found

    verb = {"show": "Show", "hide": "Hide", "toggle": "Toggle"}[kind]
    note = f", and store in {before.name} whether {_LAYERS[bit]} could be seen before (1) or not (0)" if both else ""
    return d.finish(
        "layer_switch",
        f"{verb} {_LAYERS[bit]} on the {'sub' if sub else 'main'} screen: change bit {bit} in {shadow.name} and "
        "write it to "
        f"${addr:04X}{note}.",
        f"{name} (${addr:04X}) is write-only, so its copy {shadow.name} is changed and then written. The mask "
        f"${mask:02X} "
        "touches one layer only" + ("; the old state is read before that." if both else "."),
        [shadow],
        outputs,
        [{shadow.name: value} for value in (d.between(0, 31), 0x1F, 0, mask, 0x1F ^ mask)],
        oracle,
        [f"bit {bit} stands for {_LAYERS[bit]}"],
        within={shadow.name: (0, 31)},
    )
