"""Bits with a meaning: fields, flags, packed booleans.

Facts: TSB and TRB set and clear in memory the bits that are 1 in A (WDC W65C816S datasheet, table 5-7).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number
from agents.training.routines.draft import Draft


def bit_field(d: Draft) -> Routine:
    """Replace a bit field inside a byte or word."""
    size = 1 if d.level < 3 else 2
    top = (1 << 8 * size) - 1
    width = d.between(2, 4)
    low = d.between(1, 8 * size - width - 1)
    mask = ((1 << width) - 1) << low
    target = d.near("attributes|control|flags|settings", size, f"the {8 * size} bits to change")
    value = d.operand(size, "value|palette|priority|mode", f"the new contents of the field, 0-{(1 << width) - 1}")
    held = d.spare("field|temp|shifted|ready", size, "the field in position")
    d.begin("set field|insert|put bits|patch", size == 1, fixed="m" if value.where == "A" else "", uses="A")
    d.fetch(value)
    safe = d.coin()
    if safe:
        d.op(f"and {d.bits((1 << width) - 1, size)}", f"only {width} bits count")
    for turn in range(low):
        d.op(d.implied("asl"), f"into position, {turn + 1} of {low}")
    d.op(f"sta {held.ref}", f"keep the field in {held.name}")
    if d.coin():
        d.ops(
            (f"lda {d.imm(mask, size)}", "the mask of the field"),
            (f"trb {target.ref}", f"clear those bits of {target.name}"),
            (f"lda {held.ref}", "the new bits"),
            (f"tsb {target.ref}", "set them"),
        )
    else:
        d.ops(
            (f"lda {target.ref}", f"<load|fetch> {target.name}"),
            (f"and {d.bits(top ^ mask, size)}", "clear the old field"),
            (f"ora {held.ref}", "put the new one in"),
            (f"sta {target.ref}", "<store|write> it back"),
        )
    d.end()
    limit = (1 << width) - 1
    pairs = [
        (d.between(0, top), d.between(1, limit)),
        (top, 0),
        (0, limit),
        (d.between(0, top), limit),
        (d.between(0, top), d.between(0, limit)),
    ]
    given = [{target.name: a, value.name: b} for a, b in pairs]
    return d.finish(
        "bit_field",
        f"Put {value.key} into bits {low}-{low + width - 1} of {target.name} and leave all other bits alone.",
        f"The value is shifted {low} places left; then the old field (mask ${mask:X}) is cleared and the new "
        "bits are set.",
        [target, value],
        [target],
        given,
        lambda g: {target.name: number(g, target.name) & (top ^ mask) | number(g, value.name) << low},
        [f"{value.key} is at most {limit}"],
        within={value.name: (0, limit)},
    )


def flag_step(d: Draft) -> Routine:
    """Set, clear or toggle flags and report one of them."""
    bit, other = d.between(0, 7), d.between(0, 7)
    kind = d.pick("set|clear|toggle")
    flags = d.near("flags|events|status|unlocks", 1, "eight flags")
    dest = d.near("was set|old flag|before|seen", 1, f"1 if flag {other} was set before, else 0")
    d.begin(f"{kind} flag|{kind} event|{kind} bit|update", True, uses="A")
    skip = d.label("clear|was off|no|store")
    d.ops(
        (f"stz {dest.ref}", f"assume flag {other} is clear"),
        (f"lda {flags.ref}", f"<load|fetch> {flags.name}"),
        (f"{d.pick('and|bit')} {d.bits(1 << other, 1)}", f"test bit {other}"),
        (f"beq {skip}", "it is 0"),
        (f"inc {dest.ref}", "it is 1: note it"),
    )
    d.mark(skip)
    mask = 1 << bit
    if kind == "toggle":
        d.ops(
            (f"lda {flags.ref}", "the flags again"),
            (f"eor {d.bits(mask, 1)}", f"flip bit {bit}"),
            (f"sta {flags.ref}", "<store|write> them back"),
        )
    elif d.coin():
        d.ops(
            (f"lda {d.bits(mask, 1)}", f"the mask of bit {bit}"),
            (f"{'tsb' if kind == 'set' else 'trb'} {flags.ref}", f"{kind} it in {flags.name}"),
        )
    else:
        d.ops(
            (f"lda {flags.ref}", "the flags again"),
            ((f"ora {d.bits(mask, 1)}" if kind == "set" else f"and {d.bits(255 ^ mask, 1)}"), f"{kind} bit {bit}"),
            (f"sta {flags.ref}", "<store|write> them back"),
        )
    d.end()
    given: list[Mapping[str, Value]] = [
        {flags.name: value} for value in (d.between(0, 255), 0, 255, 1 << other, 255 ^ (1 << bit))
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, flags.name)
        changed = {"set": value | mask, "clear": value & (255 ^ mask), "toggle": value ^ mask}[kind]
        return {flags.name: changed, dest.name: value >> other & 1}

    return d.finish(
        "flag_step",
        f"{kind.capitalize()} flag {bit} of {flags.name} and store the earlier state of flag {other} (0 or 1) "
        f"in {dest.name}.",
        f"First test bit {other} with a mask before anything changes, then {kind} bit {bit} with the mask ${mask:02X}.",
        [flags],
        [flags, dest],
        given,
        oracle,
        ["flags are numbered from bit 0"],
    )


def pack(d: Draft) -> Routine:
    """Pack boolean bytes into one byte."""
    count = d.between(3, 4 + d.level)
    source = d.low("buttons|switches|options|doors", count, f"{count} bytes, each 0 or not 0", array=True)
    dest = d.near("packed|mask|bits|saved", 1, "the packed bits")
    first_low = d.coin()
    d.begin("pack|collect|encode|compress", True, True, uses="AX")
    loop = d.label("loop|next|each|again")
    d.op(f"stz {dest.ref}", f"{dest.name} starts empty")
    d.op(f"ldx {d.imm(count - 1 if first_low else 0, 1)}", f"X = index of the {'last' if first_low else 'first'} byte")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {source.ref},x", f"byte X of {source.name}"),
        (f"cmp {d.imm(1, 1)}", "carry set if it is not 0"),
        (f"rol {dest.ref}", "shift the carry into the packed bits"),
    )
    if first_low:
        d.ops(("dex", "the byte before"), (f"bpl {loop}", "until X is negative"))
    else:
        d.ops(("inx", "the next byte"), (f"cpx {d.imm(count, 1)}", f"all {count} seen?"), (f"bne {loop}", "not yet"))
    d.end()
    given: list[Mapping[str, Value]] = [
        {source.name: data} for data in (d.data(count, 0, 1), d.data(count, 0, 2), bytes([255] * count), bytes(count))
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = g[source.name]
        bits = [int(byte != 0) for byte in data] if isinstance(data, bytes) else []
        order = bits if first_low else bits[::-1]
        return {dest.name: sum(bit << place for place, bit in enumerate(order))}

    return d.finish(
        "pack",
        f"Pack the {count} bytes of {source.name} into the low {count} bits of {dest.name}: a byte other than 0 "
        "gives a 1.",
        f"CMP #1 sets the carry for every byte but 0, and ROL {dest.name} shifts that carry in from below; byte 0 "
        f"ends in bit {0 if first_low else count - 1} because of the order of the loop.",
        [source],
        [dest],
        given,
        oracle,
        [f"byte 0 of {source.name} ends in bit {0 if first_low else count - 1}", "the upper bits are 0"],
        edges=(0, 0, 0, 1, 1),
    )
