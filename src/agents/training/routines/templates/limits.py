"""Decisions about numbers: magnitude, limits, order, boxes.

Facts: after CMP, carry set means unsigned "greater or equal"; the order of signed numbers is N xor V after SBC
(WDC W65C816S datasheet, table 5-7).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_BORROW, Draft


def absolute(d: Draft) -> Routine:
    """The absolute value of a signed number."""
    size = 1 if d.level == 1 else d.between(1, 2)
    top, half = (1 << 8 * size) - 1, 1 << (8 * size - 1)
    source = d.operand(size, "delta|speed|offset|distance", f"a signed {8 * size}-bit number")
    dest = d.operand(size, "magnitude|size|absolute|gap", "its absolute value")
    regs = "A" in (source.where, dest.where)
    d.begin(
        "abs|absolute|magnitude|unsign", size == 1, fixed="m" if regs else "", uses="" if dest.where == "A" else "A"
    )
    positive = d.label("positive|done|plus|keep")
    d.fetch(source)
    if not source.in_memory:
        if d.coin():
            d.op(f"cmp {d.imm(0, size)}", "set N from A<|: the caller's flags say nothing about it>")
        else:
            d.op(f"ora {d.bits(0, size)}", "set N from A without changing it")
    d.op(f"bpl {positive}", "bit " + str(8 * size - 1) + " clear: <not negative, nothing to do|already positive>")
    d.op(f"eor {d.bits(top, size)}", "invert every bit ...")
    if d.coin():
        d.op(d.implied("inc"), "... and add 1: the two's complement negation")
    else:
        d.ops(("clc", "no carry into the addition"), (f"adc {d.imm(1, size)}", "... and add 1: two's complement"))
    d.mark(positive)
    if dest.in_memory:
        d.store(dest)
    d.end()
    values = [d.between(half + 1, top), d.between(1, half - 1), 0, top, half, d.between(half + 1, top)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    return d.finish(
        "absolute",
        f"<Compute|Find|Get> the absolute value of the signed {8 * size}-bit number {source.name}.",
        f"Test the sign bit; a negative number is negated by inverting all bits and adding 1. ${half:X} has no "
        "positive counterpart and stays as it is.",
        [source],
        [dest],
        given,
        lambda g: {
            dest.name: (-number(g, source.name)) & top if number(g, source.name) & half else number(g, source.name)
        },
        [f"${half:X} stays ${half:X}"],
    )


def clamp(d: Draft) -> Routine:
    """Limit an unsigned number to a range."""
    size = 1 if d.level == 1 else d.between(1, 2)
    top = (1 << 8 * size) - 1
    low = d.between(1, top // 3)
    high = d.between(top // 2, top - 2)
    both = d.level > 1 or d.coin()
    value = d.operand(size, "health|value|speed|amount", f"an unsigned {8 * size}-bit number")
    dest = value if d.coin(0.4) else d.operand(size, "limited|clamped|safe|capped", "the limited number")
    regs = "A" in (value.where, dest.where)
    d.begin("clamp|limit|cap|bound", size == 1, fixed="m" if regs else "", uses="" if dest.where == "A" else "A")
    middle, done = d.label("not low|check max|upper|big enough"), d.label("done|store|finish|fits")
    d.fetch(value)
    limits = [("low", low), ("high", high)] if both else [("high", high)]
    for side, limit in limits:
        target = middle if side == "low" else done
        if side == "low":
            d.ops(
                (f"cmp {d.imm(limit, size)}", "compare with the lower limit"),
                (f"bcs {target}", f"carry set: not below {limit}"),
                (f"lda {d.imm(limit, size)}", "too small: <take|use> the lower limit"),
            )
            d.mark(middle)
        else:
            d.ops(
                (f"cmp {d.imm(limit + 1, size)}", f"compare with the upper limit plus one, {limit + 1}"),
                (f"bcc {target}", f"carry clear: at most {limit}"),
                (f"lda {d.imm(limit, size)}", "too large: <take|use> the upper limit"),
            )
    d.mark(done)
    d.store(dest)
    d.end()
    values = [d.between(high + 1, top), d.between(low, high), high, high + 1, low - 1, 0]
    given: list[Mapping[str, Value]] = [{value.name: v} for v in values]
    span = f"to the range {low}-{high}" if both else f"to at most {high}"
    return d.finish(
        "clamp",
        f"<Limit|Clamp> the unsigned {8 * size}-bit number {value.name} {span}.",
        "CMP sets the carry when A is <greater than or equal to|at least> the operand, so BCC and BCS decide the "
        f"unsigned cases; comparing with {high + 1} makes {high} itself pass.",
        [value],
        [dest],
        given,
        lambda g: {dest.name: min(high, max(low if both else 0, number(g, value.name)))},
        ["the limits <are inclusive|belong to the range>" if both else f"{high} itself is allowed"],
        edges=(low - 1, low, low + 1, high - 1, high, high + 1),
    )


def order(d: Draft) -> Routine:
    """Compare two 16-bit numbers, signed or unsigned."""
    signed = d.level > 1 and d.coin(0.6)
    size = 2 if d.level > 1 else d.between(1, 2)
    top, half = (1 << 8 * size) - 1, 1 << (8 * size - 1)
    first = d.near("a|left|mine|current", size, f"{'a signed' if signed else 'an unsigned'} {8 * size}-bit number")
    second = d.near(
        "b|right|theirs|record", size, f"another {'signed' if signed else 'unsigned'} {8 * size}-bit number"
    )
    dest = d.near("larger|order|decision|wins", size, f"1 if {first.name} >= {second.name}, else 0")
    d.begin("compare|at least|not below|check order", size == 1, uses="A")
    yes, done = d.label("yes|true|at least|ge"), d.label("done|store|out|finish")
    (_branch_if_signed if signed else _branch_if_unsigned)(d, first, second, yes)
    d.ops((f"lda {d.imm(0, size)}", "smaller: 0"), (f"bra {done}", "<past|skip> the other case"))
    d.mark(yes)
    d.op(f"lda {d.imm(1, size)}", "at least equal: 1")
    d.mark(done)
    d.store(dest)
    d.end()
    same = d.between(1, top)
    pairs = [
        (d.between(0, top), d.between(0, top)),
        (same, same),
        (half, half - 1),
        (half - 1, half),
        (d.between(0, top), d.between(0, top)),
        (top, 1),
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        a, b = number(g, first.name), number(g, second.name)
        return {dest.name: int((a ^ half) >= (b ^ half)) if signed else int(a >= b)}

    return d.finish(
        "order",
        f"Store 1 in {dest.name} if the {'signed' if signed else 'unsigned'} {8 * size}-bit number {first.name} "
        f"is at least {second.name}, otherwise 0.",
        _ORDERS[signed],
        [first, second],
        [dest],
        [{first.name: a, second.name: b} for a, b in pairs],
        oracle,
    )


_ORDERS = (
    "CMP subtracts without storing: the carry stays set exactly when no borrow was needed, which is the unsigned "
    "'at least'.",
    "For signed numbers the sign of the difference is wrong after an overflow; V tells when, and EOR with the sign "
    "bit repairs it.",
)


def _branch_if_signed(d: Draft, first: Place, second: Place, target: str) -> None:
    fix, sign = d.label("no overflow|fix|sign ok|plain"), d.bits(1 << (8 * first.size - 1), first.size)
    d.ops(
        (f"lda {first.ref}", f"<load|fetch> {first.name}"),
        ("sec", NO_BORROW),
        (f"sbc {second.ref}", f"minus {second.name}"),
        (f"bvc {fix}", "no overflow: N is the true sign"),
        (f"eor {sign}", "overflow: the sign is inverted, invert it back; N follows"),
    )
    d.mark(fix)
    d.op(f"bpl {target}", "not negative: at least equal")


def _branch_if_unsigned(d: Draft, first: Place, second: Place, target: str) -> None:
    d.ops(
        (f"lda {first.ref}", f"<load|fetch> {first.name}"),
        (f"cmp {second.ref}", f"compare with {second.name}"),
        (f"bcs {target}", "carry set: at least equal"),
    )


def inside(d: Draft) -> Routine:
    """Whether a point lies in a rectangle."""
    px, py = d.near("x|pos x|point x", 1, "x of the point"), d.near("y|pos y|point y", 1, "y of the point")
    left, upper = (
        d.near("left|box x|area x", 1, "left edge of the box"),
        d.near("top|box y|area y", 1, "upper edge of the box"),
    )
    width, height = d.between(4, 64), d.between(4, 64)
    dest = d.near("hit|inside|touch|overlap", 1, "1 if the point is in the box, else 0")
    d.begin("in box|hit test|inside|touches", True, uses="A")
    out = d.label("outside|no hit|miss|done")
    d.op(f"stz {dest.ref}", "assume it is outside")
    axes = [(px, left, width, "wide"), (py, upper, height, "high")]
    if d.coin():
        axes.reverse()
    for point, edge, extent, word in axes:
        d.ops(
            (f"lda {point.ref}", f"<load|fetch> {point.name}"),
            ("sec", NO_BORROW),
            (f"sbc {edge.ref}", f"distance from {edge.name}; wraps to a large number if negative"),
            (f"cmp {d.imm(extent, 1)}", f"the box is {extent} {word}"),
            (f"bcs {out}", "at least that far, or on the other side: outside"),
        )
    d.op(f"inc {dest.ref}", "both distances fit: inside")
    d.mark(out)
    d.end()
    x, y = d.between(10, 180), d.between(10, 180)
    offsets = [
        (d.between(0, width - 1), d.between(0, height - 1)),
        (0, 0),
        (width, 0),
        (width - 1, height - 1),
        (-1, 3),
        (1, height),
    ]
    given = [{px.name: (x + a) & 255, py.name: (y + b) & 255, left.name: x, upper.name: y} for a, b in offsets]

    def near_edges(g: dict[str, Value]) -> None:
        for axis, (point, edge, extent) in enumerate(((px, left, width), (py, upper, height))):
            reach = int(d.pick(f"0|{extent - 1}|{d.between(0, extent - 1)}"))
            if d.turn // 4 % 2 == axis:
                reach = (-1, 0, extent - 1, extent)[(d.turn + d.turn // 8) % 4]
            g[point.name] = number(g, edge.name) + reach & 255

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        across, down = number(g, px.name) - number(g, left.name) & 255, number(g, py.name) - number(g, upper.name) & 255
        return {dest.name: int(across < width and down < height)}

    return d.finish(
        "inside",
        f"Store 1 in {dest.name} if the point ({px.name}, {py.name}) lies in the box of {width} x {height} "
        f"pixels whose corner is ({left.name}, {upper.name}), otherwise 0.",
        "One unsigned compare per axis is enough: the distance from the edge, taken modulo 256, is below the "
        "size only for points inside.",
        [px, py, left, upper],
        [dest],
        given,
        oracle,
        ["distances are taken modulo 256", "the far edges are outside"],
        shape=near_edges,
    )
