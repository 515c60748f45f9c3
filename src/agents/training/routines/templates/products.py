"""Products and quotients: by shifts, and by the arithmetic unit of the console.

Facts: $4202 x $4203 gives an unsigned product in $4216-$4217 after 8 cycles, $4204-$4205 / $4206 a quotient in
$4214-$4215 and a remainder in $4216-$4217 after 16 (fullsnes, "SNES Maths Multiply/Divide").
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, hex_address, number
from agents.training.routines.draft import NO_BORROW, Draft


def multiply_constant(d: Draft) -> Routine:
    """Multiply by a small constant with shifts and additions."""
    factor = d.between(*((3, 6), (5, 12), (9, 40))[d.level - 1])
    while factor & (factor - 1) == 0:
        factor += 1
    wide = d.level > 1 or d.coin()
    size = 2 if wide else 1
    source = d.operand(size, "value|count|index|row", f"the {8 * size}-bit number to multiply")
    dest = d.operand(size, "product|result|offset|scaled", f"the product, modulo {1 << 8 * size}", 0.4)
    held = (
        source
        if source.in_memory and source is not dest
        else d.spare("once|temp|copy|hold", size, "a copy of the number")
    )
    regs = "A" in (source.where, dest.where)
    d.begin("mul|times|scale|multiply", not wide, fixed="m" if regs else "", uses="" if dest.where == "A" else "A")
    d.fetch(source)
    if held is not source:
        d.op(f"sta {held.ref}", f"keep the number itself in {held.name}")
    sofar = 1
    less = factor & (factor + 1) == 0 and d.coin(0.6)
    for bit in bin(factor + 1 if less else factor)[3:]:
        sofar *= 2
        d.op(d.implied("asl"), f"times {sofar}")
        if bit == "1":
            sofar += 1
            d.ops(
                ("clc", "<clear the carry for|no carry into> the addition"),
                (f"adc {held.ref}", f"plus the number: times {sofar}"),
            )
    if less:
        d.ops(("sec", NO_BORROW), (f"sbc {held.ref}", f"minus the number: times {factor}"))
    d.store(dest)
    d.end()
    top = (1 << 8 * size) - 1
    values = [d.between(1, top // factor), d.between(2, top // factor), 0, top, d.between(top // 2, top)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    return d.finish(
        "multiply_constant",
        f"<Multiply|Scale> the {8 * size}-bit number <|called >{source.name} by {factor}<| (no hardware multiplier)>.",
        f"{factor} is %{factor:b} in binary, so the product is built by <doubling|shifting> and "
        + ("subtracting" if less else "adding")
        + f" the number<| kept in {held.name}>: every ASL doubles what there is<| so far>.",
        [source],
        [dest],
        given,
        lambda g: {dest.name: number(g, source.name) * factor & top},
        [f"the product wraps modulo {top + 1}"],
    )


def hardware_multiply(d: Draft) -> Routine:
    """Use the CPU's 8 x 8 multiplier."""
    left = d.operand(1, "width|rows|speed|left", "the first factor, an unsigned byte")
    right = d.near("height|columns|ticks|right", 1, "the second factor, an unsigned byte")
    product = d.near("area|product|result|total", 2, "the 16-bit product")
    d.begin(
        "hw mul|multiply|mul8x8|product",
        True,
        fixed="m" if left.where == "A" else "",
        uses="A" if left.in_memory else "",
    )
    order = [("$4202", left), ("$4203", right)]
    if left.in_memory and d.coin(0.3):
        order = [("$4202", right), ("$4203", left)]
    for port, factor in order:
        d.fetch(factor)
        extra = "" if port == "$4202" else "; this write starts the multiplier"
        d.op(f"sta {port}", f"{port} = {'multiplicand' if port == '$4202' else 'multiplier'}{extra}")
    for turn in range(4):
        d.op("nop", f"wait: {2 * (turn + 1)} of 8 cycles")
    if d.coin():
        d.ops(
            ("rep #$20", "16-bit A to read both bytes"),
            ("lda $4216", "the product from $4216/$4217"),
            (f"sta {product.ref}", f"into {product.name}"),
            ("sep #$20", "A back to 8 bits"),
        )
    else:
        d.ops(
            ("lda $4216", "low byte of the product"),
            (f"sta {product.ref}", f"low byte of {product.name}"),
            ("lda $4217", "high byte of the product"),
            (f"sta {d.at(product, 1)}", f"high byte of {product.name}"),
        )
    d.end()
    pairs = [
        (d.between(2, 255), d.between(2, 255)),
        (255, 255),
        (0, d.between(1, 255)),
        (d.between(16, 255), d.between(16, 99)),
        (1, 200),
    ]
    given = [{left.name: a, right.name: b} for a, b in pairs]
    return d.finish(
        "hardware_multiply",
        f"Multiply {left.name} by {right.name} with the <hardware multiplier|CPU's multiplication registers> "
        f"and store the 16-bit product in {product.name}.",
        "The <S-CPU|console's CPU> has an 8 x 8 multiplier: the factors go to $4202 and $4203, writing $4203 "
        "starts it, and 8 cycles later the product can be read from $4216-$4217.",
        [left, right],
        [product],
        given,
        lambda g: {product.name: number(g, left.name) * number(g, right.name)},
        ["$4202 and $4203 may be written"],
    )


def _transfer(d: Draft, source: Place, dest: Place, what: str, wide: bool) -> None:
    """Copy a word between memory and the arithmetic unit, A being 8 bits before and after."""
    if wide:
        d.ops(
            ("rep #$20", f"16-bit A for {what}"),
            (f"lda {source.ref}", f"{what}, both bytes"),
            (f"sta {dest.ref}", f"into {hex_address(dest.addr) if dest.addr >= 0x4200 else dest.name}"),
            ("sep #$20", "8-bit A <again|from here on>"),
        )
        return
    for at, part in enumerate(("low", "high")):
        d.ops(
            (f"lda {d.at(source, at)}", f"{what}, {part} byte"),
            (f"sta {d.at(dest, at)}", f"into {hex_address(dest.addr + at) if dest.addr >= 0x4200 else dest.name}"),
        )


def hardware_divide(d: Draft) -> Routine:
    """Use the CPU's 16 / 8 divider."""
    whole = d.near("total|sum|ticks|amount", 2, "the 16-bit dividend")
    by = d.near("count|parts|speed|per", 1, "the divisor, never 0")
    quotient = d.near("quotient|share|average|whole", 2, "the 16-bit quotient")
    rest = d.near("rest|remainder|modulo|left over", 2, "the 16-bit remainder")
    outputs = [[quotient, rest], [quotient], [rest]][d.between(0, 2)]
    d.begin("hw div|divide|div16x8|split", True, True if d.coin(0.3) else None, uses="A")
    wide = d.coin(0.6)
    dividend = d.fixed("wrdiv", 0x4204, 2, "the dividend")
    _transfer(d, whole, dividend, "the dividend", wide)
    d.ops((f"lda {by.ref}", f"<load|fetch> {by.name}"), ("sta $4206", "the divisor; this write starts the divider"))
    for turn in range(8):
        d.op("nop", f"wait: {2 * (turn + 1)} of 16 cycles")
    if quotient in outputs:
        _transfer(d, d.fixed("rddiv", 0x4214, 2, "the quotient"), quotient, "the quotient", wide)
    if rest in outputs:
        _transfer(d, d.fixed("rdmpy", 0x4216, 2, "the remainder"), rest, "the remainder", wide)
    d.end()
    pairs = [
        (d.between(300, 65535), d.between(3, 200)),
        (65535, 255),
        (d.between(0, 90), d.between(91, 255)),
        (d.between(999, 65535), 10),
        (4096, 16),
    ]
    given = [{whole.name: a, by.name: b} for a, b in pairs]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        parts = dict(zip((quotient.name, rest.name), divmod(number(g, whole.name), number(g, by.name)), strict=True))
        return {place.name: parts[place.name] for place in outputs}

    wanted = " and ".join(place.name for place in outputs)
    return d.finish(
        "hardware_divide",
        f"Divide {whole.name} by {by.name} with the <division registers|hardware divider> and store {wanted}.",
        "The divider takes a 16-bit dividend in $4204-$4205; writing the 8-bit divisor to $4206 starts it, and 16 "
        "cycles later the quotient is in $4214-$4215 and the remainder in $4216-$4217.",
        [whole, by],
        outputs,
        given,
        oracle,
        [f"{by.name} is never 0", "$4204-$4206 may be written"],
        within={by.name: (1, 255)},
    )
