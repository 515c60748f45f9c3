"""What runs every frame: velocities, clocks, cool-downs, pseudo-random numbers.

Facts: a Galois register shifts right and XORs its taps when a 1 falls out (Wikipedia, "Linear-feedback shift
register"); NTSC consoles show 60 frames per second.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_BORROW, NO_CARRY, Draft


def velocity(d: Draft) -> Routine:
    """Add a signed 8-bit speed to a fixed-point position."""
    fraction = 4 if d.level == 1 else 8
    position = d.near("x|y|pos|position", 2, f"the position, 16 bits with {fraction} fraction bits")
    speed = d.near("speed|velocity|dx|dy", 1, f"the signed speed in 1/{1 << fraction} pixels per frame")
    wide = d.coin()
    d.begin("move|apply speed|update|advance", not wide, uses="A")
    (_move_word if wide else _move_bytes)(d, position, speed)
    d.end()
    pairs = [
        (d.between(0x100, 0xFEFF), d.between(1, 127)),
        (d.between(0x100, 0xFEFF), d.between(129, 255)),
        (0xFF, 1),
        (0x100, 0xFF),
        (d.between(0, 0xFFFF), 0x80),
        (0xFFFF, 0x7F),
    ]
    given = [{position.name: a, speed.name: b} for a, b in pairs]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, speed.name)
        return {position.name: (number(g, position.name) + value - (256 if value & 128 else 0)) & 0xFFFF}

    return d.finish(
        "velocity",
        f"Add the signed 8-bit speed {speed.name} to the 16-bit position {position.name} "
        f"({16 - fraction}.{fraction} fixed point).",
        "The speed is a signed byte, so it must be extended to 16 bits before (or while) it is added: the "
        "upper byte is $FF for a negative speed, else $00.",
        [position, speed],
        [position],
        given,
        oracle,
        ["the position wraps modulo 65536"],
    )


def _move_word(d: Draft, position: Place, speed: Place) -> None:
    plus = d.label("positive|right|plus|not negative")
    d.ops(
        (f"lda {speed.ref}", f"{speed.name} and the byte after it"),
        ("and #$00FF", "only the speed"),
        ("cmp #$0080", "negative as a byte?"),
        (f"bcc {plus}", "no"),
        ("ora #$FF00", "yes: extend the sign to 16 bits"),
    )
    d.mark(plus)
    d.ops(
        ("clc", NO_CARRY),
        (f"adc {position.ref}", f"plus {position.name}"),
        (f"sta {position.ref}", "<store|write> it back"),
    )


def _move_bytes(d: Draft, position: Place, speed: Place) -> None:
    done, held = d.label("add|apply|move it|sum"), d.spare("high|sign|extend|upper", 1)
    d.ops(
        (f"lda {position.ref}", "the low byte of the position"),
        ("clc", NO_CARRY),
        (f"adc {speed.ref}", f"plus {speed.name}"),
        (f"sta {position.ref}", "low byte done, C has the carry"),
        (f"stz {held.ref}", "sign extension of a positive speed: $00"),
        (f"lda {speed.ref}", f"look at {speed.name} again; LDA keeps the carry"),
        (f"bpl {done}", "not negative"),
        (f"dec {held.ref}", "negative: $FF; DEC keeps the carry"),
    )
    d.mark(done)
    d.ops(
        (f"lda {d.at(position, 1)}", "the high byte"),
        (f"adc {held.ref}", "plus the extension and the carry"),
        (f"sta {d.at(position, 1)}", "high byte done"),
    )


def clock(d: Draft) -> Routine:
    """Advance a clock of frames, seconds, minutes by one frame."""
    limits = [(60, "frames"), (60, "seconds"), (100, "minutes")]
    depth = 2 if d.level == 1 else 3
    if d.coin(0.4):
        limits[0] = (d.between(20, 50), "ticks")
    units = [
        (limit, d.near(f"{word}|{word} now|{word} count", 1, f"{word}, 0-{limit - 1}"))
        for limit, word in limits[:depth]
    ]
    d.begin("tick|advance clock|count frame|clock", True, uses="A")
    done = d.label("done|no carry|out|exit")
    for at, (limit, place) in enumerate(units):
        if d.coin():
            d.ops((f"inc {place.ref}", f"one more in {place.name}"), (f"lda {place.ref}", "look at it"))
        else:
            d.ops(
                (f"lda {place.ref}", f"<load|fetch> {place.name}"),
                (d.implied("inc"), "one more"),
                (f"sta {place.ref}", "<store|write> it back"),
            )
        d.ops(
            (f"cmp {d.imm(limit, 1)}", f"{limit} make one of the next unit"),
            (f"bcc {done}", "not there yet"),
            (f"stz {place.ref}", "start again at 0" + (" and carry on" if at < depth - 1 else "")),
        )
    d.mark(done)
    d.end()
    tops = [limit - 1 for limit, _ in units]
    names = [place.name for _, place in units]
    rows = [
        [d.between(0, top) for top in tops],
        [0] * depth,
        tops,
        [tops[0], *[d.between(0, top - 1) for top in tops[1:]]],
        [tops[0] - 1, *tops[1:]],
    ]
    given = [dict(zip(names, row, strict=True)) for row in rows]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        found: dict[str, Value] = {name: number(g, name) for name in names}
        for limit, place in units:
            value = number(found, place.name) + 1
            found[place.name] = value % limit
            if value < limit:
                break
        return found

    def carrying(g: dict[str, Value]) -> None:
        full = d.turn % (depth + 1)
        g.update({place.name: limit - 1 for limit, place in units[:full]})
        for limit, place in units[full : full + 1]:
            g[place.name] = limit - 2 if d.turn < 8 else d.between(0, limit - 2)

    chain = " -> ".join(f"{place.name} (0-{limit - 1})" for limit, place in units)
    return d.finish(
        "clock",
        f"Advance the clock {chain} by one step.",
        "Increment the smallest unit; only when it reaches its limit is it set to 0 and the next one "
        "incremented, otherwise leave at once.",
        [place for _, place in units],
        [place for _, place in units],
        given,
        oracle,
        ["the last unit also starts again at 0"],
        within={place.name: (0, limit - 1) for limit, place in units},
        shape=carrying,
    )


def cooldown(d: Draft) -> Routine:
    """Count down to zero and stay there."""
    size = 1 if d.level == 1 else d.between(1, 2)
    top = (1 << 8 * size) - 1
    timer = d.near("timer|delay|cooldown|frames left", size, f"a countdown of {8 * size} bits")
    amount = d.between(2, 9) if d.level > 1 and d.coin() else 1
    ready = d.near("ready|expired|fire|done flag", size, "1 if the countdown is 0 afterwards, else 0")
    d.begin("cooldown|count down|tick timer|wait step", size == 1, uses="A")
    zero, keep, done = d.label("ready|zero|expired"), d.label("store|keep|still running"), d.label("done|out|exit")
    d.ops(
        (f"stz {ready.ref}", "assume it is still running"),
        (f"lda {timer.ref}", f"<load|fetch> {timer.name}"),
        (f"beq {zero}", "already 0"),
    )
    if amount == 1:
        d.op(d.implied("dec"), "one frame less")
    else:
        d.ops(
            ("sec", NO_BORROW),
            (f"sbc {d.imm(amount, size)}", f"{amount} less"),
            (f"bcs {keep}", "did not pass 0"),
            (f"lda {d.imm(0, size)}", "passed it: stop at 0"),
        )
        d.mark(keep)
    d.ops(
        (f"sta {timer.ref}", "<store|write> it back; STA changes no flag"),
        (f"bne {done}", "not 0 yet: still running"),
    )
    d.mark(zero)
    d.op(f"inc {ready.ref}", "the countdown is over")
    d.mark(done)
    d.end()
    values = [d.between(amount + 1, top), 0, 1, amount, amount + 1, top]
    given: list[Mapping[str, Value]] = [{timer.name: value} for value in values]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        left = max(0, number(g, timer.name) - amount)
        return {timer.name: left, ready.name: int(left == 0)}

    return d.finish(
        "cooldown",
        f"Lower the {8 * size}-bit countdown {timer.name} by {amount}, not below 0, and store in {ready.name} "
        "whether it is over (1) or not (0).",
        "A countdown at 0 must stay there, so test it first; then lower it"
        + (", and stop at 0 when the subtraction borrows." if amount > 1 else "."),
        [timer],
        [timer, ready],
        given,
        oracle,
        edges=(0, 1, amount - 1, amount, amount + 1),
    )


def lfsr(d: Draft) -> Routine:
    """One or more steps of a Galois shift register."""
    size = 1 if d.level == 1 else 2
    taps = int(d.pick("184|142|149|166|175|177")) if size == 1 else int(d.pick("46080|40976|44288|53256|57364"))
    seed = d.near("seed|rng|random|noise", size, f"the {8 * size}-bit state, never 0")
    steps = d.between(1, 2 + d.level)
    d.begin(
        "random|next random|lfsr|shuffle seed", size == 1, True if steps > 1 else None, uses="AX" if steps > 1 else "A"
    )
    skip, loop = d.label("no taps|zero out|skip|even"), d.label("loop|again|next|step")
    d.op(f"lda {seed.ref}", "the state")
    if steps > 1:
        d.op(f"ldx {d.imm(steps, 1)}", f"{steps} steps")
        d.mark(loop, loop=True)
    d.ops(
        (d.implied("lsr"), "shift right; the lowest bit falls into the carry"),
        (f"bcc {skip}", "it was 0"),
        (f"eor {d.bits(taps, size)}", "it was 1: flip the taps"),
    )
    d.mark(skip)
    if steps > 1:
        d.ops(("dex", "one step done"), (f"bne {loop}", "until all are done"))
    d.op(f"sta {seed.ref}", "<store|write> the new state")
    d.end()
    top = (1 << 8 * size) - 1
    given: list[Mapping[str, Value]] = [
        {seed.name: value} for value in (d.between(1, top), 1, top, d.between(1, top), d.between(1, top) | 1)
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        state = number(g, seed.name)
        for _ in range(steps):
            state = (state >> 1) ^ (taps if state & 1 else 0)
        return {seed.name: state}

    return d.finish(
        "lfsr",
        f"Advance the {8 * size}-bit pseudo-random state {seed.name} by {steps} step{'s' if steps > 1 else ''} "
        f"of a Galois LFSR with taps ${taps:0{2 * size}X}.",
        f"A step shifts the state right; if a 1 falls out, the state is XORed with ${taps:0{2 * size}X}. BCC "
        "skips the EOR otherwise.",
        [seed],
        [seed],
        given,
        oracle,
        ["the state is never 0", f"a step: shift right; if a 1 falls out, XOR with ${taps:0{2 * size}X}"],
        within={seed.name: (1, top)},
    )
