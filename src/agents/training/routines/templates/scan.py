"""Loops over an array: sums, checksums, extremes, searches, counts.

Facts: EOR is its own inverse, so an XOR checksum does not depend on the order; CMP sets the carry for "A >= operand".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.training.routines.contract import Place, Routine, Value, octets
from agents.training.routines.draft import Draft

_LOOPS = "loop|next|again|more|each|scan|step|repeat"


def _array(d: Draft, roles: str) -> tuple[Place, int]:
    size = d.between(3, 6 + 3 * d.level)
    maker = d.far_place if d.level == 3 and d.coin(0.3) else d.low
    return maker(roles, size, f"an array of {size} <unsigned |>bytes", array=True), size


def _walk(d: Draft, size: int, index: str, body: Callable[[], None]) -> str:
    """Emit a loop over ``size`` bytes around ``body``; return how it runs, in words."""
    loop, name = d.label(_LOOPS), index.upper()
    down = d.coin()
    d.op(
        f"ld{index} {d.imm(size - 1 if down else 0, 1)}", (f"{name} = index of the {'last' if down else 'first'} byte")
    )
    d.mark(loop, loop=True)
    body()
    if down:
        d.ops((f"de{index}", "<the byte before|one down>"), (f"bpl {loop}", f"until {name} drops below 0"))
        return f"{name} counts down from {size - 1} and BPL ends the loop"
    d.ops(
        (f"in{index}", "<the next byte|one up>"),
        (f"cp{index} {d.imm(size, 1)}", f"<past the end|all {size} seen>?"),
        (f"bne {loop}", "not yet"),
    )
    return f"{name} counts up from 0 and is compared with {size}"


def total(d: Draft) -> Routine:
    """Sum the bytes of an array into 16 bits."""
    array, size = _array(d, "list|damage|values|weights|prices")
    dest = d.near("sum|total|result|weight", 2, "the 16-bit sum")
    index = "x" if array.addr > 0xFFFF else d.pick("x|x|y")
    d.begin("sum|total|add up|tally", True, True, uses="A" + index.upper())
    skip = d.label("no carry|same page|skip|low only")
    if d.coin():
        d.ops((f"stz {dest.ref}", f"{dest.name} = 0, low byte"), (f"stz {d.at(dest, 1)}", "... and high byte"))

        def body() -> None:
            d.ops(
                (f"lda {array.ref},{index}", f"next byte of {array.name}"),
                ("clc", "no carry into the low byte"),
                (f"adc {dest.ref}", "add the low byte of the sum"),
                (f"sta {dest.ref}", "<store|keep> it"),
                (f"bcc {skip}", "no carry: the high byte stays"),
                (f"inc {d.at(dest, 1)}", "carry: one more in the high byte"),
            )
            d.mark(skip)

        how = _walk(d, size, index, body)
    else:
        d.ops(
            (d.pick("lda #0|lda #$00"), "A holds the low byte of the sum"),
            (f"stz {d.at(dest, 1)}", "the high byte starts at 0"),
        )

        def body() -> None:
            d.ops(
                ("clc", "no carry into the low byte"),
                (f"adc {array.ref},{index}", f"add a byte of {array.name}"),
                (f"bcc {skip}", "no carry: go on"),
                (f"inc {d.at(dest, 1)}", "carry into the high byte"),
            )
            d.mark(skip)

        how = _walk(d, size, index, body)
        d.op(f"sta {dest.ref}", "the low byte at last")
    d.end()
    given: list[Mapping[str, Value]] = [
        {array.name: data} for data in (d.data(size), bytes([255] * size), bytes(size), d.data(size, 0, 40))
    ]
    return d.finish(
        "total",
        f"Add up the {size} bytes of {array.name} and store the 16-bit sum in {dest.name}.",
        f"The sum may exceed 255, so the carry of each 8-bit addition increments a separate high byte. {how}.",
        [array],
        [dest],
        given,
        lambda g: {dest.name: sum(octets(g, array.name))},
    )


def checksum(d: Draft) -> Routine:
    """XOR or two's complement checksum of an array."""
    array, size = _array(d, "packet|save|record|header|slot data")
    kind = d.pick("xor|sum|neg") if d.level > 1 else d.pick("xor|sum")
    start = d.between(1, 255) if d.coin(0.4) else 0
    dest = d.operand(1, "check|checksum|digest|parity", "the checksum byte", 0.4)
    index = "x" if array.addr > 0xFFFF else d.pick("x|x|y")
    d.begin(
        "checksum|digest|verify|sign",
        True,
        True,
        fixed="m" if dest.where == "A" else "",
        uses=index.upper() + ("A" if dest.in_memory else ""),
    )
    d.op(f"lda {d.imm(start, 1)}", f"the checksum starts at {start}")

    def body() -> None:
        if kind == "xor":
            d.op(f"eor {array.ref},{index}", f"mix in a byte of {array.name}")
        else:
            d.ops(
                ("clc", "<plain addition|drop the carry>: modulo 256"),
                (f"adc {array.ref},{index}", f"add a byte of {array.name}"),
            )

    how = _walk(d, size, index, body)
    if kind == "neg":
        d.ops(("eor #$FF", "invert ..."), (d.implied("inc"), "... plus 1: the negated sum"))
    d.store(dest)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = start
        for byte in octets(g, array.name):
            value = value ^ byte if kind == "xor" else (value + byte) & 255
        return {dest.name: (-value) & 255 if kind == "neg" else value}

    what = {"xor": "the XOR", "sum": "the sum modulo 256", "neg": "the two's complement of the sum modulo 256"}[kind]
    given: list[Mapping[str, Value]] = [
        {array.name: data} for data in (d.data(size), bytes([255] * size), bytes(size), d.data(size))
    ]
    return d.finish(
        "checksum",
        f"Compute {what} of the {size} bytes of {array.name}" + (f", starting from {start}." if start else "."),
        f"A carries the running checksum through the loop; {how}.",
        [array],
        [dest],
        given,
        oracle,
        [f"the <start value|seed> is {start}"] if start else [],
    )


def extreme(d: Draft) -> Routine:
    """The largest or smallest unsigned byte of an array."""
    array, size = _array(d, "heights|scores|levels|times|depths")
    largest = d.coin()
    word = "largest" if largest else "smallest"
    dest = d.operand(1, ("max|best|peak|highest" if largest else "min|lowest|least|floor"), f"the {word} byte", 0.4)
    index = "x" if array.addr > 0xFFFF else d.pick("x|x|y")
    d.begin(
        ("max|find max|highest|peak of" if largest else "min|find min|lowest|least of"),
        True,
        True,
        fixed="m" if dest.where == "A" else "",
        uses=index.upper() + ("A" if dest.in_memory else ""),
    )
    keep = d.label("keep|not better|skip|no change")
    d.op(
        f"lda {d.imm(0 if largest else 255, 1)}",
        f"start with the {'smallest' if largest else 'largest'} possible byte",
    )

    def body() -> None:
        d.ops(
            (f"cmp {array.ref},{index}", f"compare the best so far with a byte of {array.name}"),
            (
                f"{'bcs' if largest else 'bcc'} {keep}",
                f"A is {'at least as large' if largest else 'smaller'}: keep it",
            ),
            (f"lda {array.ref},{index}", f"a {'larger' if largest else 'smaller'} one<|: take it>"),
        )
        d.mark(keep)

    how = _walk(d, size, index, body)
    d.store(dest)
    d.end()
    pick = max if largest else min
    given: list[Mapping[str, Value]] = [
        {array.name: data}
        for data in (d.data(size), d.data(size, 100, 160), bytes(range(9, 9 + size)), bytes(range(200, 200 - size, -1)))
    ]
    return d.finish(
        "extreme",
        f"Find the {word} of the {size} unsigned bytes in {array.name}.",
        f"A holds the {word} byte seen so far. CMP with each byte and {'BCS' if largest else 'BCC'} make the "
        f"comparison unsigned; {how}.",
        [array],
        [dest],
        given,
        lambda g: {dest.name: pick(octets(g, array.name))},
    )


def search(d: Draft) -> Routine:
    """The index of the first byte that equals a key, or $FF."""
    array, size = _array(d, "inventory|ids|list|names|codes")
    key = d.operand(1, "key|wanted|target|needle", "the byte to look for")
    dest = (
        d.reg("X", 1, "index|position", "the index of the first match, or $FF")
        if d.coin()
        else d.near("index|slot no|found at|position", 1, "the index of the first match, or $FF")
    )
    d.begin(
        "find|search|locate|index of",
        True,
        True,
        fixed=("m" if key.where == "A" else "") + ("x" if dest.where == "X" else ""),
        uses="A" if dest.where == "X" else "AX",
    )
    loop, done = d.label(_LOOPS), d.label("found|done|hit|exit")
    d.fetch(key)
    d.op(f"ldx {d.imm(0, 1)}", "start at index 0")
    d.mark(loop, loop=True)
    d.ops(
        (f"cmp {array.ref},x", f"is it byte X of {array.name}?"),
        (f"beq {done}", "yes: X is the answer"),
        ("inx", "no: the next one"),
        (f"cpx {d.imm(size, 1)}", f"all {size} compared?"),
        (f"bne {loop}", "not yet: <go on|again>"),
        (d.pick("ldx #$FF|ldx #255"), "not in the array: $FF"),
    )
    d.mark(done)
    if dest.in_memory:
        d.op(f"stx {dest.ref}", f"<store|write> the index to {dest.name}")
    d.end()

    def placed(g: dict[str, Value]) -> None:
        data = octets(g, array.name)
        if d.turn % 4:
            g[key.name] = data[-1 if d.turn % 4 == 1 else d.between(0, size - 1)]
        else:
            g[key.name] = next(byte for byte in range(256) if byte not in data)

    arrays = [d.data(size, 1, 60) for _ in range(4)]
    keys = [arrays[0][d.between(0, size - 1)], arrays[1][-1], arrays[2][0], d.between(100, 200)]
    given: list[Mapping[str, Value]] = [{array.name: data, key.name: k} for data, k in zip(arrays, keys, strict=True)]
    given.insert(1, {array.name: bytes([7] * size), key.name: 7})
    return d.finish(
        "search",
        f"Find the first of the {size} bytes in {array.name} that equals {key.name}; {dest.key} gets its index, "
        "or $FF if there is none.",
        "A linear search: the key stays in A, X counts up from 0 and leaves the loop early on a match. When X "
        f"reaches {size} <nothing matched|the array holds no such byte> and X becomes $FF.",
        [array, key],
        [dest],
        given,
        lambda g: {dest.name: octets(g, array.name).find(octets(g, key.name)) & 255},
        shape=placed,
    )


def count_matching(d: Draft) -> Routine:
    """How many bytes of an array meet a condition."""
    array, size = _array(d, "states|hp list|kinds|timers|tiles")
    limit = d.between(20, 200)
    equal = d.coin(0.4)
    dest = d.near("count|matches|alive|number", 1, "how many bytes meet the condition")
    index = "x"
    in_register = d.coin()
    d.begin("count|tally|how many|census", True, True, uses="AXY" if in_register else "AX")
    skip = d.label("skip|other|next one|no")
    if in_register:
        d.op(f"ldy {d.imm(0, 1)}", "Y counts the matches")
    else:
        d.op(f"stz {dest.ref}", f"{dest.name} = 0")

    def body() -> None:
        d.ops(
            (f"lda {array.ref},{index}", f"byte X of {array.name}"),
            (f"cmp {d.imm(limit, 1)}", f"compare with {limit}"),
            (f"{'bne' if equal else 'bcc'} {skip}", "different: skip it" if equal else (f"below {limit}: skip it")),
            ("iny" if in_register else f"inc {dest.ref}", "one more match"),
        )
        d.mark(skip)

    how = _walk(d, size, index, body)
    if in_register:
        d.op(f"sty {dest.ref}", f"<store|write> the count to {dest.name}")
    d.end()
    low, high = max(0, limit - 3), min(255, limit + 2)
    given: list[Mapping[str, Value]] = [
        {array.name: data} for data in (d.data(size, low, high), d.data(size), bytes([limit] * size), bytes(size))
    ]
    test = "equal to" if equal else "at least"
    return d.finish(
        "count_matching",
        f"Count how many of the {size} bytes in {array.name} are {test} {limit}.",
        f"Each byte is compared with {limit}; {'BNE' if equal else 'BCC (unsigned below)'} skips the increment. {how}.",
        [array],
        [dest],
        given,
        lambda g: {dest.name: sum(1 for byte in octets(g, array.name) if (byte == limit if equal else byte >= limit))},
        edges=(limit - 1, limit, limit, limit + 1),
    )
