"""Blocks as data: sorting, checksums, CRC, run lengths, taking from a ring buffer.

Facts: the header of a SNES ROM holds at $FFDC the complement and at $FFDE the 16-bit sum of all its bytes, so both add
up to $FFFF (fullsnes by nocash, "SNES Cartridge ROM Header"); CRC-8 with polynomial $07 shifts left and XORs $07 when a
1 falls out (Koopman and Chakravarty, "Cyclic Redundancy Code Polynomial Selection for Embedded Networks").
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number, octets
from agents.training.routines.draft import NO_CARRY, Draft

_LOOPS = "loop|next|again|more|each|step"


def bubble_sort(d: Draft) -> Routine:
    """Sort a few bytes in place."""
    size = d.between(3, min(5, 3 + d.level))
    rising = d.coin(0.6)
    array = d.low("order|scores|heights|ranks|queue", size, f"{size} unsigned bytes", array=True)
    held = d.spare("swap|temp|other|kept", 1, "one byte during an exchange")
    d.begin("sort|rank|put in order|arrange", True, True, uses="AXY")
    outer, inner, keep = d.label("pass|outer|round"), d.label("pair|inner|compare"), d.label("keep|in order|next pair")
    d.op(f"ldy {d.imm(size - 1, 1)}", f"Y = passes left: {size - 1} are enough for {size} bytes")
    d.mark(outer)
    d.op(f"ldx {d.imm(0, 1)}", "X = the first pair of neighbors")
    d.mark(inner, loop=True)
    second = d.at(array, 1)
    d.op(f"lda {array.ref},x", "the left byte")
    d.op(f"cmp {second},x", "against the right one")
    if rising:
        d.op(f"bcc {keep}", "smaller: in order")
    else:
        d.op(f"bcs {keep}", "at least as large: in order")
    d.ops(
        (f"sta {held.ref}", "park the left byte"),
        (f"lda {second},x", "the right byte"),
        (f"sta {array.ref},x", "moves to the left"),
        (f"lda {held.ref}", "the parked byte"),
        (f"sta {second},x", "moves to the right"),
    )
    d.mark(keep)
    d.ops(
        ("inx", "the next pair"),
        (f"cpx {d.imm(size - 1, 1)}", f"{size - 1} pairs compared?"),
        (f"bne {inner}", "not yet"),
        ("dey", "one pass done"),
        (f"bne {outer}", "until no pass is left"),
    )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        return {array.name: bytes(sorted(octets(g, array.name), reverse=not rising))}

    worst = bytes(range(size)) if not rising else bytes(range(size, 0, -1))
    return d.finish(
        "bubble_sort",
        f"Sort the {size} unsigned bytes of {array.name} in place, {'smallest' if rising else 'largest'} first.",
        f"Bubble sort: a pass compares neighbors and exchanges those in the wrong order. After each pass one more "
        "byte is "
        f"in its final place at the end, so {size - 1} passes suffice.",
        [array],
        [array],
        [{array.name: data} for data in (d.data(size), worst, d.data(size), bytes([7] * size))],
        oracle,
        ["equal bytes may stand in any order"],
    )


def header_checksum(d: Draft) -> Routine:
    """The checksum and its complement as a cartridge header has them."""
    size = d.between(4, 6 + 2 * d.level)
    data = d.low("rom part|block|image|sample", size, f"{size} bytes", array=True)
    check = d.near("checksum|sum|rom sum", 2, "the 16-bit sum of the bytes")
    complement = d.near("complement|inverse|check not", 2, "its complement")
    wide = d.coin()
    index = d.pick("x|y")
    name = index.upper()
    d.begin("checksum|rom sum|header sum|sum block", not wide, True, uses="A" + name)
    loop = d.label(_LOOPS)
    if wide:
        d.ops(
            (f"stz {check.ref}", "the sum starts at 0"), (f"ld{index} {d.imm(size - 1, 1)}", f"{name} = the last byte")
        )
        d.mark(loop, loop=True)
        d.ops(
            (f"lda {data.ref},{index}", "a byte and the one after it"),
            ("and #$00FF", "only the first counts"),
            ("clc", NO_CARRY),
            (f"adc {check.ref}", "plus the sum so far"),
            (f"sta {check.ref}", "<store|keep> it"),
            (f"de{index}", "the byte before"),
            (f"bpl {loop}", f"until {name} is negative"),
            (
                "eor #$FFFF",
                "A still holds the sum: invert all 16 bits" if d.coin() else "all 16 bits of the sum inverted",
            ),
            (f"sta {complement.ref}", "the complement"),
        )
    else:
        skip = d.label("no carry|skip|same high")
        d.ops(
            (f"stz {d.at(check, 1)}", "the high byte starts at 0"),
            (f"lda {d.imm(0, 1)}", "A = the low byte, 0 as well"),
            (f"ld{index} {d.imm(size - 1, 1)}", f"{name} = the last byte"),
        )
        d.mark(loop, loop=True)
        d.ops(
            ("clc", NO_CARRY),
            (f"adc {data.ref},{index}", "add a byte"),
            (f"bcc {skip}", "no carry: the high byte stays"),
            (f"inc {d.at(check, 1)}", "carry into the high byte"),
        )
        d.mark(skip)
        d.ops(
            (f"de{index}", "the byte before"),
            (f"bpl {loop}", f"until {name} is negative"),
            (f"sta {check.ref}", "the low byte of the sum"),
            ("eor #$FF", "inverted"),
            (f"sta {complement.ref}", "low byte of the complement"),
            (f"lda {d.at(check, 1)}", "the high byte"),
            ("eor #$FF", "inverted"),
            (f"sta {d.at(complement, 1)}", "high byte of the complement"),
        )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        total = sum(octets(g, data.name))
        return {check.name: total, complement.name: total ^ 0xFFFF}

    return d.finish(
        "header_checksum",
        f"Add up the {size} bytes of {data.name} as a cartridge header does: the 16-bit sum to {check.name}, its "
        f"complement to {complement.name}.",
        "The header keeps the sum and its complement, which makes them add up to $FFFF and lets a tool recognize the "
        "header. EOR with all ones gives the complement.",
        [data],
        [check, complement],
        [{data.name: block} for block in (d.data(size), bytes([255] * size), bytes(size), d.data(size))],
        oracle,
        ["the sum is taken modulo 65536"],
    )


def crc8(d: Draft) -> Routine:
    """CRC-8 of a few bytes, bit by bit."""
    size = d.between(2, 2 + d.level)
    poly = int(d.pick("7|49|29"))
    start = d.pick("0|255|0")
    data = d.low("packet|record|message|save", size, f"{size} byte{'s' if size > 1 else ''}", array=True)
    dest = d.operand(1, "crc|check|digest|guard byte", "the CRC-8", 0.35)
    d.begin(
        "crc|crc8|digest|check",
        True,
        True,
        fixed="m" if dest.where == "A" else "",
        uses="XY" + ("A" if dest.in_memory else ""),
    )
    loop, bits, skip = (
        d.label("mix in|outer|next byte"),
        d.label("each bit|shift|next bit"),
        d.label("zero|skip|no xor"),
    )
    d.ops((f"lda {d.bits(int(start), 1)}", "the start value"), (f"ldx {d.imm(0, 1)}", "X = the first byte"))
    d.mark(loop)
    d.ops((f"eor {data.ref},x", "mix in a byte"), (f"ldy {d.imm(8, 1)}", "8 bits to shift"))
    d.mark(bits, loop=True)
    d.ops(
        (d.implied("asl"), "the top bit goes to the carry"),
        (f"bcc {skip}", "it was 0: only shifted"),
        (f"eor {d.bits(poly, 1)}", "it was 1: subtract the polynomial, which is XOR here"),
    )
    d.mark(skip)
    d.ops(("dey", "one bit done"), (f"bne {bits}", "until all 8 are"))
    d.ops(("inx", "the next byte"), (f"cpx {d.imm(size, 1)}", f"all {size}?"), (f"bne {loop}", "not yet"))
    d.store(dest)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        crc = int(start)
        for byte in octets(g, data.name):
            crc ^= byte
            for _ in range(8):
                crc = crc << 1 & 255 ^ (poly if crc & 128 else 0)
        return {dest.name: crc}

    return d.finish(
        "crc8",
        f"Compute the CRC-8 (polynomial ${poly:02X}, start value ${int(start):02X}) of the {size} byte"
        f"{'s' if size > 1 else ''} at {data.name}; the result goes to {dest.key}.",
        "Each byte is XORed into the CRC, which is then shifted left 8 times; whenever a 1 falls out, the "
        "polynomial is "
        "XORed in. Without tables that costs about 100 cycles per byte, but only a few bytes of code.",
        [data],
        [dest],
        [{data.name: block} for block in (d.data(size), b"\x80" * size, bytes(size), d.data(size))],
        oracle,
        [f"polynomial ${poly:02X}, highest bit first, start ${int(start):02X}, no final inversion"],
    )


def run_lengths(d: Draft) -> Routine:
    """Unpack run lengths: pairs of count and value, ended by a count of 0."""
    pairs = d.between(2, 2 + d.level)
    room = d.between(5, 6 + 2 * d.level)
    packed = d.low(
        "packed|stream|runs|compressed", 2 * pairs + 1, f"up to {pairs} pairs of count and value, then 0", array=True
    )
    dest = d.low("unpacked|output|tiles|buffer", room, f"room for {room} bytes, with old contents", array=True)
    counter = d.spare("left|run|count|repeat", 1, "how often the value is still to be written")
    d.begin("unpack|decode runs|rle|expand", True, True, uses="AXY")
    loop, run, done = d.label("loop|pair|next pair"), d.label("run|write|repeat"), d.label("done|end|out")
    starts = [(f"ldx {d.imm(0, 1)}", "X reads the pairs"), (f"ldy {d.imm(0, 1)}", "Y writes the bytes")]
    if d.coin():
        starts.reverse()
    d.ops(*starts)
    d.mark(loop)
    d.ops(
        (f"lda {packed.ref},x", "a count"),
        (f"beq {done}", "0 ends the data"),
        (f"sta {counter.ref}", "the repeat count, for the inner loop"),
        ("inx", "to the value"),
        (f"lda {packed.ref},x", "the value"),
        ("inx", "to the next pair"),
    )
    d.mark(run, loop=True)
    d.ops(
        (f"sta {dest.ref},y", "write the value"),
        ("iny", "one byte on"),
        (f"dec {counter.ref}", "one less to go"),
        (f"bne {run}", "until the run is complete"),
        (f"bra {loop}", "the next pair"),
    )
    d.mark(done)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data, out, at = octets(g, packed.name), b"", 0
        while data[at]:
            out += bytes([data[at + 1]]) * data[at]
            at += 2
        return {dest.name: out + octets(g, dest.name)[len(out) :]}

    def case(full: bool) -> dict[str, Value]:
        left, runs = room, b""
        for turn in range(pairs if full else d.between(0, pairs)):
            last = full and turn == pairs - 1
            count = left if last else d.between(1, max(1, left - (pairs - 1 - turn)))
            if count < 1 or count > left:
                break
            runs += bytes([count, d.between(0, 255)])
            left -= count
        tail = b"\0" + d.data(2 * pairs - len(runs), 1, 255)
        return {packed.name: runs + tail, dest.name: d.data(room)}

    return d.finish(
        "run_lengths",
        f"Unpack the run-length data at {packed.name} to {dest.name}: pairs of count and value, ended by a count of 0.",
        "X walks the pairs and Y the output. The count goes to memory, since A must hold the value while the inner "
        "loop "
        "writes it, and DEC on memory sets Z for the branch.",
        [packed, dest],
        [dest],
        [case(False), case(True), case(False), case(True)],
        oracle,
        [f"the runs never need more than {room} bytes", "bytes behind the last run keep their values"],
        shape=lambda g: g.update(case(d.coin(0.4))),
    )


def ring_pop(d: Draft) -> Routine:
    """Take a byte out of a ring buffer, if there is one."""
    room = int(d.pick("4|8|16") if d.level > 1 else d.pick("4|8"))
    buffer = d.low("queue|ring|buffer|fifo", room, f"a ring of {room} bytes", array=True)
    tail = d.near("tail|read pos|first|take at", 1, f"the index of the oldest byte, 0-{room - 1}")
    head = d.near("head|write pos|last|put at", 1, f"the index behind the newest byte, 0-{room - 1}")
    dest = d.near("value|event|sound|command", 1, "the byte taken, or $00 if there was none")
    index = d.pick("x|y")
    name = index.upper()
    masked = d.coin()
    d.begin("pop|dequeue|take|next event", True, True, uses="A" + name)
    empty, wrap = d.label("empty|none|nothing|done"), d.label("fits|keep|no wrap")
    d.ops(
        (f"stz {dest.ref}", "the answer for an empty ring"),
        (f"ld{index} {tail.ref}", f"{name} = where the oldest byte is"),
        (f"cp{index} {head.ref}", "equal indexes: nothing is in the ring"),
        (f"beq {empty}", "empty: change nothing else"),
        (f"lda {buffer.ref},{index}", "the oldest byte"),
        (f"sta {dest.ref}", "<store|pass on> the byte"),
        (f"in{index}", "advance the index"),
    )
    if masked:
        d.ops(
            (f"t{index}a", "to A"),
            (f"and {d.bits(room - 1, 1)}", f"wrap at {room}, a power of two"),
            (f"sta {tail.ref}", "where the next read begins"),
        )
    else:
        d.ops(
            (f"cp{index} {d.imm(room, 1)}", "past the end?"),
            (f"bne {wrap}", "no"),
            (f"ld{index} {d.imm(0, 1)}", "yes: back to the start"),
        )
        d.mark(wrap)
        d.op(f"st{index} {tail.ref}", "where the next read begins")
    d.mark(empty)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at = number(g, tail.name)
        if at == number(g, head.name):
            return {dest.name: 0, tail.name: at}
        return {dest.name: octets(g, buffer.name)[at], tail.name: (at + 1) % room}

    pairs = [(d.between(0, room - 2), room - 1), (room - 1, 0), (1, 1), (room - 1, d.between(1, room - 2))]
    return d.finish(
        "ring_pop",
        f"Take the oldest byte out of the ring {buffer.name} of {room} bytes into {dest.name} and advance "
        f"{tail.name}; if "
        f"{tail.name} equals {head.name}, the ring is empty and {dest.name} becomes 0.",
        "The result is prepared for the empty case, then the indexes are compared. Only if they differ is a byte "
        "read and "
        f"{tail.name} moved, with a wrap at {room}" + (" by AND." if masked else "."),
        [buffer, tail, head],
        [dest, tail],
        [{buffer.name: d.data(room, 1, 255), tail.name: a, head.name: b} for a, b in pairs],
        oracle,
        [f"only the reader moves {tail.name}"],
        within={tail.name: (0, room - 1), head.name: (0, room - 1)},
        edges=(room - 1, 0),
    )
