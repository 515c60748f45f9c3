"""Sums and differences: multi-byte, packed decimal, the mean of two.

Facts: ADC adds the carry and SBC subtracts its complement; with D set both work on packed decimal digits; INX, DEY,
LDA and STA leave the carry alone (WDC W65C816S datasheet, table 5-7).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines import probes
from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_BORROW, NO_CARRY, Draft


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
    roles = "sum|result|out|dest" if adding else "diff|result|out|dest"
    dest = first if d.coin(0.3) else d.near(roles, size, f"where the {size}-byte result goes")
    meaning = "1 after an overflow past the top byte" if adding else "0 if a borrow was needed, else 1"
    carry = d.reg("C", 0, "carry", meaning)
    outputs = [dest, carry] if d.coin(0.6) else [dest]
    style = d.pick("wide" if size % 2 == 0 and d.coin(0.6) else "bytes" if size < 3 or d.coin() else "loop")
    looped = style == "loop"
    d.begin(
        "add|sum|accumulate|plus" if adding else "sub|subtract|take|minus",
        style != "wide",
        True if looped else None,
        uses="AXY" if looped else "A",
        flags=len(outputs) == 2,
    )
    if looped:
        _chain_loop(d, op, first, second, dest)
    else:
        _chain_steps(d, op, first, second, dest, 2 if style == "wide" else 1)
    d.end()
    top = (1 << 8 * size) - 1

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
    sum_up = f"<Add|Sum up> the {8 * size}-bit numbers {first.name} and {second.name}"
    goal = sum_up if adding else f"Subtract the {8 * size}-bit number {second.name} from {first.name}"
    how = {"wide": "16 bits at a time", "bytes": "byte by byte", "loop": "in a loop over the bytes"}
    carried = "carry" if adding else "borrow"
    plan = (
        f"Work {how[style]} from the low end so that the {carried} <travels|ripples> upwards; "
        f"only the first step needs {_START[op][0].upper()}<.|, every later one must use the carry as it is.>"
    )
    if dest.size == (2 if style == "wide" else 1):
        what = f"{op.upper()} {'adds the carry, too' if adding else 'needs the carry set'}"
        plan = (
            f"One {op.upper()} does it; {what}, so {_START[op][0].upper()} comes first<.|, and C is right afterwards.>"
        )
    goal += f" <and leave the result in|, result in> {dest.name}."
    return d.finish(noun, goal, plan, [first, second], outputs, given, oracle)


_START = {
    "adc": ("clc", "clear the carry: nothing is carried into the lowest byte"),
    "sbc": ("sec", "set the carry: no borrow goes into the lowest byte"),
}
_VERB = {"adc": ("add", "carry"), "sbc": ("subtract", "borrow")}


def _chain_loop(d: Draft, op: str, first: Place, second: Place, dest: Place) -> None:
    verb, carried = _VERB[op]
    loop = d.label("loop|next byte|again|more")
    d.ops(
        (f"ldx {d.imm(0, 1)}", "start at the <lowest|first> byte"),
        (f"ldy {d.imm(dest.size, 1)}", f"{dest.size} bytes to go"),
        _START[op],
    )
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {first.ref},x", f"byte X of {first.name}"),
        (f"{op} {second.ref},x", f"{verb} byte X of {second.name} and the {carried} so far"),
        (f"sta {dest.ref},x", f"keep it in {dest.name}"),
        ("inx", "<go on|step> to the next higher byte; the carry is untouched"),
        ("dey", "one byte less to do; this too leaves the carry alone"),
        (f"bne {loop}", "until every byte is done"),
    )


def _chain_steps(d: Draft, op: str, first: Place, second: Place, dest: Place, step: int) -> None:
    verb, _ = _VERB[op]
    if dest.size == step:
        d.ops(
            (_START[op][0], NO_CARRY if op == "adc" else NO_BORROW),
            (f"lda {first.ref}", f"<load|fetch> {first.name}"),
            (f"{op} {second.ref}", f"{verb} {second.name}"),
            (f"sta {dest.ref}", f"<store|write> the result<| to {dest.name}>"),
        )
        return
    d.op(*_START[op])
    for at in range(0, dest.size, step):
        part = f"{'word' if step == 2 else 'byte'} {at // step}"
        carried = ", with the carry from below" if at else ""
        d.ops(
            (f"lda {d.at(first, at)}", f"<load|fetch> {part} of {first.name}"),
            (f"{op} {d.at(second, at)}", f"{verb} {part} of {second.name}{carried}"),
            (f"sta {d.at(dest, at)}", f"<store|write> {part} of <the result|{dest.name}>"),
        )


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
        d.ops(
            (f"lda {d.at(score, at)}", f"{digits} of {score.name}"),
            (f"adc {d.at(gain, at)}", f"plus {digits} of {gain.name}"),
            (f"sta {d.at(score, at)}", "<store|put> them back"),
        )
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
        "bcd_add",
        f"Add the packed decimal number {gain.name} to {score.name} ({2 * size} digits each).",
        f"Set decimal mode, add {'words' if wide else 'bytes'} from the low end with <ADC|the carry chained>, and "
        "clear decimal mode again <at the end|before returning>, because the D flag would change every later ADC "
        "and SBC.",
        [score, gain],
        outputs,
        given,
        oracle,
        ["both numbers hold only digits 0-9, low byte first"],
        shape=lambda g: g.update({place.name: probes.digits(d.rng, 2 * size) for place in (score, gain)}),
    )


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
    d.ops(
        ("clc", "no carry into the sum"),
        (
            f"adc {second.ref}",
            f"add {second.name}; bit {8 * size} of the sum is kept in C"
            if d.coin()
            else f"plus {second.name}, overflow goes to the carry",
        ),
        (d.implied("ror"), "halve, and bring the carry back in at the top"),
    )
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
        "average",
        f"<Compute|Find> the average of the unsigned {8 * size}-bit numbers {first.name} and {second.name}, "
        "rounded down.",
        f"The sum needs {8 * size + 1} bits; its top bit is the carry after ADC. ROR divides by two and shifts that "
        "carry in at the top, so nothing is lost.",
        [first, second],
        [dest],
        given,
        lambda g: {dest.name: (number(g, first.name) + number(g, second.name)) >> 1},
    )
