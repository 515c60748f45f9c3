"""Arithmetic: multi-byte sums, decimal sums, products, quotients, limits.

Facts: ADC adds the carry and SBC subtracts its complement; with D set both work on packed decimal digits;
INX, DEX, LDA and STA leave the carry alone (WDC W65C816S datasheet, table 5-7). The CPU's unsigned multiplier takes
$4202 x $4203 -> $4216 within 8 cycles and its divider $4204-5 / $4206 -> $4214 remainder $4216 within 16 (fullsnes,
"SNES Maths Multiply/Divide").
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.domains.asm.contract import Routine, Value
from agents.training.domains.asm.draft import Draft


def number(given: Mapping[str, Value], name: str) -> int:
    """Return the number ``name`` of ``given``."""
    value = given[name]
    return value if isinstance(value, int) else int.from_bytes(value, "little")


def add(d: Draft) -> Routine:
    """Add two numbers of one to four bytes in memory."""
    return _chain(d, "add", "adc", 1)


def subtract(d: Draft) -> Routine:
    """Subtract two numbers of one to four bytes in memory."""
    return _chain(d, "subtract", "sbc", -1)


def _chain(d: Draft, noun: str, op: str, sign: int) -> Routine:
    size = d.between(1, 2) + d.level - 1
    adding = sign > 0
    first = d.near("a|lhs|base|total|left", size, f"the <first|left> {size}-byte operand")
    second = d.near("b|rhs|delta|amount|right", size, f"the <second|right> {size}-byte operand")
    dest = first if d.coin(0.3) else d.near("sum|result|out|dest" if adding else "diff|result|out|dest", size,
                                            f"where the {size}-byte result goes")  # fmt: skip
    carry = d.reg(
        "C", 0, "carry", "1 after an overflow past the top byte" if adding else "0 if a borrow was needed, else 1"
    )
    outputs = [dest, carry] if d.coin(0.6) else [dest]
    style = d.pick("wide" if size % 2 == 0 and d.coin(0.6) else "bytes" if size < 3 or d.coin() else "loop")
    step = 2 if style == "wide" else 1
    start = ("clc", "clear the carry: nothing is carried into the lowest byte") if adding else (
        "sec", "set the carry: no borrow goes into the lowest byte")  # fmt: skip
    verb = "add" if adding else "subtract"
    d.begin(("add|sum|accumulate|plus" if adding else "sub|subtract|take|minus"), step == 1,
            True if style == "loop" else None, uses="AXY" if style == "loop" else "A", flags=len(outputs) == 2)  # fmt: skip
    if style == "loop":
        loop = d.label("loop|next byte|again|more")
        d.ops(("ldx #0" if d.decimal else "ldx #$00", "start at the <lowest|first> byte"),
              (f"ldy {d.imm(size, 1)}", f"{size} bytes to go"), start)  # fmt: skip
        d.mark(loop, loop=True)
        d.ops((f"lda {first.ref},x", f"byte X of {first.name}"),
              (f"{op} {second.ref},x", f"{verb} byte X of {second.name} and the {'carry' if adding else 'borrow'} so far"),
              (f"sta {dest.ref},x", f"keep it in {dest.name}"),
              ("inx", "<go on|step> to the next higher byte (the carry is untouched)"),
              ("dey", "one byte less to do (this too leaves the carry alone)"),
              (f"bne {loop}", "until every byte is done"))  # fmt: skip
    else:
        d.op(*start)
        for at in range(0, size, step):
            part = ("word" if step == 2 else "byte") + (f" {at // step}" if size > step else "")
            d.ops((f"lda {d.at(first, at)}", f"<load|fetch> {part} of {first.name}"),
                  (f"{op} {d.at(second, at)}", f"{verb} {part} of {second.name}"
                   + (", with the carry from below" if at else "")),
                  (f"sta {d.at(dest, at)}", f"<store|write> {part} of <the result|{dest.name}>"))  # fmt: skip
    d.end()
    bits = 8 * size
    top = (1 << bits) - 1

    def oracle(given: Mapping[str, Value]) -> Mapping[str, Value]:
        total = number(given, first.name) + sign * number(given, second.name)
        found: dict[str, Value] = {dest.name: total & top}
        if len(outputs) == 2:
            found[carry.name] = int((total > top) if adding else (total >= 0))
        return found

    pairs = [
        (d.between(1, top), d.between(1, top)),
        (top, 1),
        (0x7F, 0x81),
        (d.between(0, top), d.between(0, top)),
        (0, top),
    ]
    given = [{first.name: a & top, second.name: b & top} for a, b in pairs]
    goal = (f"<Add|Sum up> the {bits}-bit numbers {first.name} and {second.name}" if adding
            else f"Subtract the {bits}-bit number {second.name} from {first.name}")  # fmt: skip
    goal += f" <and leave the result in|, result in> {dest.name}."
    how = {"wide": "16 bits at a time", "bytes": "byte by byte", "loop": "in a loop over the bytes, lowest first,"}[
        style
    ]
    plan = (f"Work {how} from the low end so that the {'carry' if adding else 'borrow'} <travels|ripples> upwards; "
            f"only the first step needs {start[0].upper()}<.|, every later one must use the carry as it is.>")  # fmt: skip
    return d.finish(noun, goal, plan, [first, second], outputs, given, oracle)


def bcd_add(d: Draft) -> Routine:
    """Add packed decimal numbers, as score counters use them."""
    size = 2 if d.level == 1 else d.between(2, 4)
    wide = size % 2 == 0 and d.coin()
    score = d.near("score|total|balance|wallet", size, f"a packed BCD number of {2 * size} digits, low byte first")
    gain = d.near("gain|bonus|prize|award", size, f"the packed BCD number of {2 * size} digits to add")
    carry = d.reg("C", 0, "carry", f"1 if the sum needed more than {2 * size} digits")
    outputs = [score, carry] if d.coin() else [score]
    d.begin("bcd add|add bcd|add decimal|award", not wide, uses="A", flags=len(outputs) == 2)
    d.ops(("sed", "decimal mode: ADC now carries at 10 in every digit"), ("clc", "no carry into the lowest digits"))
    step = 2 if wide else 1
    for at in range(0, size, step):
        digits = f"digits {2 * at + 1}-{2 * (at + step)}"
        d.ops((f"lda {d.at(score, at)}", f"{digits} of {score.name}"), (f"adc {d.at(gain, at)}", f"plus {digits} of {gain.name}"),
              (f"sta {d.at(score, at)}", "<store|put> them back"))  # fmt: skip
    d.op("cld", "back to binary arithmetic<| before anyone else uses ADC>")
    d.end()
    limit = 10 ** (2 * size)

    def oracle(given: Mapping[str, Value]) -> Mapping[str, Value]:
        total = int(f"{number(given, score.name):x}") + int(f"{number(given, gain.name):x}")
        found: dict[str, Value] = {score.name: int(str(total % limit), 16)}
        if len(outputs) == 2:
            found[carry.name] = int(total >= limit)
        return found

    pairs = [
        (d.between(1, limit - 1), d.between(1, limit // 2)),
        (limit - 1, 1),
        (58, 67),
        (d.between(0, limit - 1), d.between(0, limit - 1)),
    ]
    given = [{score.name: int(str(a), 16), gain.name: int(str(b), 16)} for a, b in pairs]
    return d.finish(
        "bcd_add", f"Add the packed decimal number {gain.name} to {score.name} ({2 * size} digits each).",
        f"Set decimal mode, add {'words' if wide else 'bytes'} from the low end with <ADC|the carry chained>, and clear decimal mode again "
        "<at the end|before returning>, because the D flag would change every later ADC and SBC.",
        [score, gain], outputs, given, oracle, ["both numbers hold only digits 0-9, low byte first"])  # fmt: skip


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
        d.op(d.pick("asl|asl a"), f"times {sofar}")
        if bit == "1":
            sofar += 1
            d.ops(
                ("clc", "<clear the carry for|no carry into> the addition"),
                (f"adc {held.ref}", f"plus the number: times {sofar}"),
            )
    if less:
        d.ops(("sec", "no borrow"), (f"sbc {held.ref}", f"minus the number: times {factor}"))
    d.store(dest)
    d.end()
    top = (1 << 8 * size) - 1
    values = [d.between(1, top // factor), d.between(2, top // factor), 0, top, d.between(top // 2, top)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    return d.finish(
        "multiply_constant",
        f"<Multiply|Scale> the {8 * size}-bit number <|called >{source.name} by {factor}<| (no hardware multiplier)>.",
        f"{factor} is %{factor:b} in binary, so the product is built by <doubling|shifting> and "
        + ("subtracting" if less else "adding") + f" the number<| kept in {held.name}>: every ASL doubles what there is<| so far>.",
        [source], [dest], given, lambda g: {dest.name: number(g, source.name) * factor & top},
        [f"the product wraps modulo {top + 1}"])  # fmt: skip


def hardware_multiply(d: Draft) -> Routine:
    """Use the CPU's 8 x 8 multiplier."""
    left = d.operand(1, "width|rows|speed|left", "the first factor (unsigned byte)")
    right = d.near("height|columns|ticks|right", 1, "the second factor (unsigned byte)")
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
    waits = d.between(4, 5)
    for turn in range(waits):
        d.op("nop", f"wait: {2 * (turn + 1)} of at least 8 cycles<| for the product>")
    if d.coin():
        d.ops(("rep #$20", "16-bit A to read both bytes"), ("lda $4216", "the product from $4216/$4217"),
              (f"sta {product.ref}", f"into {product.name}"), ("sep #$20", "A back to 8 bits"))  # fmt: skip
    else:
        d.ops(("lda $4216", "low byte of the product"), (f"sta {product.ref}", f"low byte of {product.name}"),
              ("lda $4217", "high byte of the product"), (f"sta {d.at(product, 1)}", f"high byte of {product.name}"))  # fmt: skip
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
        "hardware_multiply", f"Multiply {left.name} by {right.name} with the <hardware multiplier|CPU's multiplication registers> and store the 16-bit product in {product.name}.",
        "The <S-CPU|console's CPU> has an 8 x 8 multiplier: the factors go to $4202 and $4203, writing $4203 starts it, and 8 cycles later "
        "the product can be read from $4216-$4217.", [left, right], [product], given,
        lambda g: {product.name: number(g, left.name) * number(g, right.name)},
        ["$4202 and $4203 may be written"])  # fmt: skip


def hardware_divide(d: Draft) -> Routine:
    """Use the CPU's 16 / 8 divider."""
    whole = d.near("total|sum|ticks|amount", 2, "the 16-bit dividend")
    by = d.near("count|parts|speed|per", 1, "the divisor (never 0)")
    quotient = d.near("quotient|share|average|whole", 2, "the 16-bit quotient")
    rest = d.near("rest|remainder|modulo|left over", 2, "the 16-bit remainder")
    outputs = [[quotient, rest], [quotient], [rest]][d.between(0, 2)]
    d.begin("hw div|divide|div16x8|split", True, True if d.coin(0.3) else None, uses="A")
    wide = d.coin(0.6)
    if wide:
        d.ops(("rep #$20", "16-bit A for the dividend"), (f"lda {whole.ref}", f"<load|fetch> {whole.name}"),
              ("sta $4204", "dividend to $4204/$4205"), ("sep #$20", "8-bit A for the divisor"))  # fmt: skip
    else:
        d.ops((f"lda {whole.ref}", f"low byte of {whole.name}"), ("sta $4204", "dividend low"),
              (f"lda {d.at(whole, 1)}", f"high byte of {whole.name}"), ("sta $4205", "dividend high"))  # fmt: skip
    d.ops((f"lda {by.ref}", f"<load|fetch> {by.name}"), ("sta $4206", "the divisor; this write starts the divider"))
    for turn in range(8):
        d.op("nop", f"wait: {2 * (turn + 1)} of 16 cycles")
    for place, port in ((quotient, 0x4214), (rest, 0x4216)):
        if place not in outputs:
            continue
        what = "quotient" if port == 0x4214 else "remainder"
        if wide:
            d.ops(("rep #$20", f"16-bit A for the {what}"), (f"lda ${port:04X}", f"the {what}"),
                  (f"sta {place.ref}", f"into {place.name}"), ("sep #$20", "8-bit A again"))  # fmt: skip
        else:
            d.ops((f"lda ${port:04X}", f"{what}, low byte"), (f"sta {place.ref}", f"low byte of {place.name}"),
                  (f"lda ${port + 1:04X}", f"{what}, high byte"), (f"sta {d.at(place, 1)}", f"high byte of {place.name}"))  # fmt: skip
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
        "hardware_divide", f"Divide {whole.name} by {by.name} with the <division registers|hardware divider> and store {wanted}.",
        "The divider takes a 16-bit dividend in $4204-$4205; writing the 8-bit divisor to $4206 starts it, and 16 cycles later the "
        "quotient is in $4214-$4215 and the remainder in $4216-$4217.", [whole, by], outputs, given, oracle,
        [f"{by.name} is never 0", "$4204-$4206 may be written"])  # fmt: skip


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
            d.op(f"ora {d.imm(0, size)}", "set N from A without changing it")
    d.op(f"bpl {positive}", "bit " + str(8 * size - 1) + " clear: <not negative, nothing to do|already positive>")
    d.op(f"eor {d.imm(top, size)}", "invert every bit ...")
    if d.coin():
        d.op(d.pick("inc|inc a"), "... and add 1: the two's complement negation")
    else:
        d.ops(("clc", "no carry into the addition"), (f"adc {d.imm(1, size)}", "... and add 1: two's complement"))
    d.mark(positive)
    if dest.in_memory:
        d.store(dest)
    d.end()
    values = [d.between(half + 1, top), d.between(1, half - 1), 0, top, half, d.between(half + 1, top)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    return d.finish(
        "absolute", f"<Compute|Find|Get> the absolute value of the signed {8 * size}-bit number {source.name}.",
        f"Test the sign bit; a negative number is negated by inverting all bits and adding 1. ${half:X} has no positive "
        "counterpart and stays as it is.", [source], [dest], given,
        lambda g: {dest.name: (-number(g, source.name)) & top if number(g, source.name) & half else number(g, source.name)},
        [f"${half:X} stays ${half:X}"])  # fmt: skip


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
            d.ops((f"cmp {d.imm(limit, size)}", "compare with the lower limit"),
                  (f"bcs {target}", f"carry set: not below {limit}"), (f"lda {d.imm(limit, size)}", "too small: <take|use> the lower limit"))  # fmt: skip
            d.mark(middle)
        else:
            d.ops((f"cmp {d.imm(limit + 1, size)}", f"compare with the upper limit plus one ({limit + 1})"),
                  (f"bcc {target}", f"carry clear: at most {limit}"), (f"lda {d.imm(limit, size)}", "too large: <take|use> the upper limit"))  # fmt: skip
    d.mark(done)
    d.store(dest)
    d.end()
    values = [d.between(high + 1, top), d.between(low, high), high, high + 1, low - 1, 0]
    given: list[Mapping[str, Value]] = [{value.name: v} for v in values]
    span = f"to the range {low}-{high}" if both else f"to at most {high}"
    return d.finish(
        "clamp", f"<Limit|Clamp> the unsigned {8 * size}-bit number {value.name} {span}.",
        "CMP sets the carry when A is <greater than or equal to|at least> the operand, so BCC and BCS decide the unsigned cases; "
        f"comparing with {high + 1} makes {high} itself pass.", [value], [dest], given,
        lambda g: {dest.name: min(high, max(low if both else 0, number(g, value.name)))},
        [f"the limits are <inclusive|part of the range>, {span}"])  # fmt: skip


def average(d: Draft) -> Routine:
    """The mean of two unsigned numbers without losing the carry."""
    size = 1 if d.level == 1 else d.between(1, 2)
    top = (1 << 8 * size) - 1
    first = d.operand(size, "first|old x|left|near", f"an unsigned {8 * size}-bit number", 0.3)
    second = d.near("second|new x|right|far side", size, f"another unsigned {8 * size}-bit number")
    dest = d.operand(size, "mean|average|middle|center", "the mean, rounded down", 0.4)
    regs = "A" in (first.where, dest.where)
    d.begin(
        "average|mean|midpoint|halfway", size == 1, fixed="m" if regs else "", uses="" if dest.where == "A" else "A"
    )
    d.fetch(first)
    d.ops(("clc", "no carry into the sum"), (f"adc {second.ref}", f"add {second.name}; <the carry is bit|a ninth or seventeenth bit is> kept in C"
          if d.coin() else f"plus {second.name}, overflow goes to the carry"),
          (d.pick("ror|ror a"), "halve, and bring the carry back in at the top"))  # fmt: skip
    d.store(dest)
    d.end()
    pairs = [
        (d.between(0, top), d.between(0, top)),
        (top, top),
        (top, 0),
        (d.between(top // 2, top), d.between(top // 2, top)),
        (1, 2),
    ]
    given = [{first.name: a, second.name: b} for a, b in pairs]
    return d.finish(
        "average", f"<Compute|Find> the average of the unsigned {8 * size}-bit numbers {first.name} and {second.name}, rounded down.",
        f"The sum needs {8 * size + 1} bits; its top bit is the carry after ADC. ROR divides by two and shifts that carry in at the top, "
        "so nothing is lost.", [first, second], [dest], given,
        lambda g: {dest.name: (number(g, first.name) + number(g, second.name)) >> 1})  # fmt: skip
