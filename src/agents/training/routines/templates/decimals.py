"""Decimal numbers: packed subtraction, binary to packed decimal, packed decimal to tiles.

Facts: with D set, SBC borrows at 10 in every digit, and ADC of a number to itself doubles it in decimal; ASL, ROL, DEX
and CLD leave the carry or do not use it as noted (WDC W65C816S datasheet, table 5-7 and section 2.8).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines import probes
from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import Draft


def bcd_subtract(d: Draft) -> Routine:
    """Subtract packed decimal numbers, as shops do; too much leaves nothing, or a borrow."""
    size = 2 if d.level == 1 else d.between(2, 4)
    wide = size % 2 == 0 and d.coin()
    floor = d.level > 1 and d.coin()
    purse = d.near("purse|money|balance|credit", size, f"a packed BCD number of {2 * size} digits, low byte first")
    price = d.near("price|cost|fine|fee", size, f"the packed BCD number of {2 * size} digits to take away")
    carry = d.reg("C", 0, "carry", f"1 if {purse.name} was large enough, 0 after a borrow")
    outputs = [purse, carry] if not floor and d.coin() else [purse]
    d.begin("pay|spend|bcd sub|charge", not wide, uses="A", flags=len(outputs) == 2)
    start = [("sed", "decimal mode: SBC now borrows at 10 in every digit"), ("sec", "no borrow from the lowest digits")]
    if d.coin():
        start.reverse()
    d.ops(*start)
    step = 2 if wide else 1
    for at in range(0, size, step):
        named = f"digits {2 * at + 1}-{2 * (at + step)}"
        d.ops(
            (f"lda {d.at(purse, at)}", f"{named} of {purse.name}, counted from the right"),
            (f"sbc {d.at(price, at)}", f"minus {named} of {price.name}" + (" and the borrow" if at else "")),
            (f"sta {d.at(purse, at)}", "<store|put> them back"),
        )
    d.op("cld", "back to binary arithmetic; the carry stays as SBC left it")
    if floor:
        enough = d.label("enough|paid|done|not below")
        d.op(f"bcs {enough}", "no borrow at the top: the money was enough")
        for at in range(0, size, step):
            d.op(f"stz {d.at(purse, at)}", "too little: leave 0")
        d.mark(enough)
    d.end()
    limit = 10 ** (2 * size)

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        rest = int(f"{number(g, purse.name):x}") - int(f"{number(g, price.name):x}")
        left = 0 if floor and rest < 0 else rest % limit
        found: dict[str, Value] = {purse.name: int(str(left), 16)}
        if len(outputs) == 2:
            found[carry.name] = int(rest >= 0)
        return found

    pairs = [(d.between(limit // 2, limit - 1), d.between(1, limit // 2)), (100, 1), (0, 1), (70, 67), (5, 5)]
    given = [{purse.name: int(str(a), 16), price.name: int(str(b), 16)} for a, b in pairs]
    return d.finish(
        "bcd_subtract",
        f"Subtract the packed decimal number {price.name} from {purse.name} ({2 * size} digits each)"
        + ("; if it is more than there is, leave 0." if floor else "."),
        f"Decimal mode and a set carry come first; then SBC works through the {'words' if wide else 'bytes'} from the "
        "low end, each one handing its borrow on in the carry. "
        + (
            "A carry that is clear at the end means that the price was too high."
            if floor
            else "CLD at the end keeps later ADC and SBC binary."
        ),
        [purse, price],
        outputs,
        given,
        oracle,
        [
            "both numbers hold only digits 0-9, low byte first",
            "a price above the amount leaves 0" if floor else f"the result wraps modulo {limit}",
        ],
        shape=lambda g: g.update(_amounts(d, purse, price)),
    )


def _amounts(d: Draft, purse: Place, price: Place) -> dict[str, Value]:
    have = probes.digits(d.rng, 2 * purse.size)
    cost = have if d.coin(0.2) else probes.digits(d.rng, 2 * purse.size)
    return {purse.name: have, price.name: cost}


def binary_to_bcd(d: Draft) -> Routine:
    """Turn a binary number into packed decimal by doubling in decimal mode."""
    size = 1 if d.level == 1 else 2
    room = size + 1
    value = d.near("value|count|points|steps", size, f"an unsigned {8 * size}-bit number")
    dest = d.near("decimal|bcd|shown|digits", room, f"the number in packed BCD, {2 * room} digits, low byte first")
    held = d.spare("copy|bits|temp|rest", size, "a copy whose bits are shifted out")
    index = d.pick("x|y")
    d.begin("to bcd|to decimal|bin to bcd|convert", True, True, uses="A" + index.upper())
    loop = d.label("loop|next bit|double|again")
    first = [(f"lda {d.at(value, at)}", f"byte {at} of {value.name}") for at in range(size)]
    for at, load in enumerate(first):
        d.ops(load, (f"sta {d.at(held, at)}", f"into the copy, since {value.name} must stay"))
    for at in range(room):
        d.op(f"stz {d.at(dest, at)}", "the decimal result starts at 0")
    begin = [(f"ld{index} {d.imm(8 * size, 1)}", f"{8 * size} bits"), ("sed", "ADC shall carry at 10 from here on")]
    if d.coin():
        begin.reverse()
    d.ops(*begin)
    d.mark(loop, loop=True)
    d.op(f"asl {d.at(held, 0)}", "the highest bit left goes out ...")
    if size == 2:
        d.op(f"rol {d.at(held, 1)}", "... through the high byte")
    for at in range(room):
        d.ops(
            (f"lda {d.at(dest, at)}", f"byte {at} of the result"),
            (f"adc {d.at(dest, at)}", "doubled, plus the bit" if not at else "doubled, plus the decimal carry"),
            (f"sta {d.at(dest, at)}", "<store|put> it back"),
        )
    d.ops((f"de{index}", "one bit done"), (f"bne {loop}", f"until all {8 * size} are in"), ("cld", "binary mode again"))
    d.end()
    top = (1 << 8 * size) - 1
    given: list[Mapping[str, Value]] = [{value.name: v} for v in (d.between(10, top), 99, top, 0, d.between(10, top))]
    return d.finish(
        "binary_to_bcd",
        f"Convert the unsigned {8 * size}-bit number {value.name} to packed BCD in {dest.name} ({room} bytes).",
        "The bits leave the number from the top. For each one the result is doubled and the bit added: ADC of a "
        "byte to "
        "itself does both, because the bit is waiting in the carry, and decimal mode keeps every digit below 10.",
        [value],
        [dest],
        given,
        lambda g: {dest.name: int(str(number(g, value.name)), 16)},
        [f"{value.name} itself stays unchanged"],
        edges=(9, 10, 99, 100, 199, 255) if size == 1 else (9, 10, 99, 100, 999, 1000, 9999, 10000, 65535),
    )


def bcd_tiles(d: Draft) -> Routine:
    """Spread packed decimal over one tile per digit, highest digit first."""
    size = d.between(2, max(2, 1 + d.level))
    base = int(d.pick("0|16|32|48|144|240"))
    score = d.near("score|money|time|record", size, f"a packed BCD number of {2 * size} digits, low byte first")
    dest = d.low("tiles|row|shown|hud", 2 * size, f"{2 * size} tile numbers, highest digit first", array=True)
    d.begin("show|draw|unpack|digits of", True, True, uses="AXY")
    loop = d.label("loop|next byte|again|two digits")
    merge = (f"ora {d.bits(base, 1)}", f"tile of digit 0 is ${base:02X}; its low nibble is 0, so OR adds the digit")
    d.ops(
        (f"ldx {d.imm(size - 1, 1)}", "X = the highest byte, which holds the first two digits"),
        (f"ldy {d.imm(0, 1)}", "Y = the leftmost tile"),
    )
    d.mark(loop, loop=True)
    d.op(f"lda {score.ref},x", "two digits")
    for turn in range(4):
        d.op(d.implied("lsr"), f"the left digit down, {turn + 1} of 4")
    d.ops(*([merge] if base else []), (f"sta {dest.ref},y", "the left one of the two tiles"), ("iny", "one tile on"))
    d.ops((f"lda {score.ref},x", "the same byte again"), ("and #$0F", "only the right digit"))
    d.ops(*([merge] if base else []), (f"sta {dest.ref},y", "the right one of the two tiles"), ("iny", "one tile on"))
    d.ops(("dex", "the next lower byte"), (f"bpl {loop}", "until X drops below 0"))
    d.end()
    limit = 10 ** (2 * size)

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        return {dest.name: bytes(base + int(digit) for digit in f"{number(g, score.name):0{2 * size}x}")}

    numbers = [d.between(limit // 10, limit - 1), 0, limit - 1, d.between(0, limit - 1)]
    given: list[Mapping[str, Value]] = [{score.name: int(str(v), 16)} for v in numbers]
    return d.finish(
        "bcd_tiles",
        f"Write the {2 * size} digits of the packed BCD number {score.name} as tile numbers to {dest.name}; digit 0 is "
        f"tile ${base:02X}.",
        "Tiles read from left to right but the number is stored low byte first, so X runs down while Y runs up. Each "
        "byte gives its upper nibble, shifted down, and then its lower nibble, masked.",
        [score],
        [dest],
        given,
        oracle,
        [f"{score.name} holds only digits 0-9", "leading zeros are shown"],
        shape=lambda g: g.update({score.name: probes.digits(d.rng, 2 * size)}),
    )
