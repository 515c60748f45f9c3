"""Strings and digits.

Facts: an 8-bit nibble 0-9 becomes a hexadecimal digit by adding '0' ($30), 10-15 by adding 'A' - 10 ($37) (ASCII).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, number
from agents.training.routines.draft import NO_CARRY, Draft


def _text(d: Draft, room: int, end: int, length: int) -> bytes:
    """Return ``length`` bytes other than ``end``, then ``end``, then rubbish up to ``room``."""
    letters = bytes(byte if byte != end else 0x41 for byte in d.data(room, 0x41, 0x5A))
    return letters[:length] + bytes([end]) + letters[length + 1 :]


def length(d: Draft) -> Routine:
    """The length of a terminated string."""
    room = d.between(5, 8 + 2 * d.level)
    end = int(d.pick("0|0|0|127|255|254|128"))
    text = d.low(
        "text|name|message|title|label", room, f"a string of at most {room - 1} bytes, ended by ${end:02X}", array=True
    )
    dest = d.near("length|size|chars|letters", 1, "the number of bytes before the end mark")
    index = d.pick("x|y")
    d.begin("length|strlen|measure|text size", True, True, uses="A" + index.upper())
    loop, done = d.label("loop|next|again|scan"), d.label("done|end|found|stop")
    name = index.upper()
    d.op(f"ld{index} {d.imm(0, 1)}", f"{name} counts the characters")
    d.mark(loop, loop=True)
    d.op(f"lda {text.ref},{index}", f"character {name}")
    if end:
        d.op(f"cmp {d.bits(end, 1)}", "the end mark?")
    d.ops(
        (f"beq {done}", "yes: stop" if end else "0, the end mark: stop"),
        (f"in{index}", "<count it|one character more>"),
        (f"bra {loop}", "<and on|look at the next>"),
    )
    d.mark(done)
    d.op(f"st{index} {dest.ref}", f"{name} is the length: <store|write> it")
    d.end()
    lengths = [d.between(1, room - 2), 0, room - 1, d.between(1, room - 1)]
    given: list[Mapping[str, Value]] = [{text.name: _text(d, room, end, size)} for size in lengths]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = g[text.name]
        return {dest.name: data.index(end) if isinstance(data, bytes) else 0}

    return d.finish(
        "length",
        f"Find the length of the string at {text.name}, which ends with ${end:02X}, and store it in {dest.name}.",
        f"{name} is both the index and the count. "
        + (
            "LDA sets Z by itself when it reads the 0, so no compare is needed."
            if not end
            else f"Every character is compared with ${end:02X}."
        ),
        [text],
        [dest],
        given,
        oracle,
        ["the end mark is not counted"],
        shape=lambda g: g.update({text.name: _text(d, room, end, d.between(0, room - 1))}),
    )


def equal(d: Draft) -> Routine:
    """Whether two blocks of bytes are equal."""
    size = d.between(3, 5 + 2 * d.level)
    first = d.low("entered|typed|code|left|input", size, f"{size} bytes", array=True)
    second = d.low("stored|secret|expected|right|saved", size, f"{size} bytes to compare with", array=True)
    dest = d.near("same|equal|match|correct", 1, "1 if all bytes are equal, else 0")
    index = d.pick("x|y")
    name = index.upper()
    down = d.coin()
    d.begin("equal|compare|same|match", True, True, uses="A" + name)
    loop, done = d.label("loop|next|again|each"), d.label("done|differ|out|no match")
    d.ops(
        (f"stz {dest.ref}", "assume they differ"),
        (f"ld{index} {d.imm(size - 1 if down else 0, 1)}", f"{name} = the {'last' if down else 'first'} byte"),
    )
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {first.ref},{index}", f"byte {name} of {first.name}"),
        (f"cmp {second.ref},{index}", f"against byte {name} of {second.name}"),
        (f"bne {done}", "different: finished, the answer stays 0"),
    )
    if down:
        d.ops((f"de{index}", "the byte before"), (f"bpl {loop}", f"until {name} is negative"))
    else:
        d.ops(
            (f"in{index}", "the next byte"),
            (f"cp{index} {d.imm(size, 1)}", f"all {size} compared?"),
            (f"bne {loop}", "not yet"),
        )
    d.op(f"inc {dest.ref}", "no difference found: 1")
    d.mark(done)
    d.end()
    base = [d.data(size, 0x41, 0x5A) for _ in range(4)]
    given: list[Mapping[str, Value]] = [
        {first.name: base[0], second.name: base[0]},
        {first.name: base[1], second.name: base[1][:-1] + b"\x21"},
        {first.name: base[2], second.name: b"\x21" + base[2][1:]},
        {first.name: base[3], second.name: base[0]},
        {first.name: bytes(size), second.name: bytes(size)},
    ]
    return d.finish(
        "equal",
        f"Compare the {size} bytes at {first.name} with those at {second.name} and store 1 in {dest.name} if "
        "all are equal, otherwise 0.",
        "Start from 'different' and leave the loop at the first byte that does not match; only a loop that runs to "
        "its end <turns the answer into 1|reaches the INC>.",
        [first, second],
        [dest],
        given,
        lambda g: {dest.name: int(g[first.name] == g[second.name])},
    )


def hex_digits(d: Draft) -> Routine:
    """A byte as two hexadecimal digits."""
    value = d.operand(1, "value|byte|id|room", "the byte to show")
    dest = d.low("text|digits|buffer|shown", 2, "two ASCII digits, the high one first", array=True)
    d.begin("hex|to hex|show hex|hex digits", True, fixed="m" if value.where == "A" else "", uses="A")
    small, fine = d.label("digit|small|below ten|numeric"), d.label("digit2|low ok|numeric2|small2")
    style = d.coin()
    d.fetch(value)
    held = d.spare("copy|byte|saved|hold", 1)
    d.op(f"sta {held.ref}", "keep the byte for its low nibble")
    for turn in range(4):
        d.op(d.implied("lsr"), f"high nibble down, {turn + 1} of 4")
    for place, label in ((0, small), (1, fine)):
        if place:
            d.ops((f"lda {held.ref}", "the byte again"), ("and #$0F", "its low nibble"))
        d.ops(
            ("cmp #$0A" if style else "cmp #10", "0-9 or A-F?"),
            (f"bcc {label}", "a decimal digit"),
            ("adc #$06", "a letter: 6 and the carry bridge the gap from '9' to 'A'"),
        )
        d.mark(label)
        if style:
            d.ops(("clc", NO_CARRY), ("adc #$30", "'0' is $30"))
        else:
            d.op("adc #$30", "'0' is $30; the carry is clear on both paths")
        d.op(f"sta {d.at(dest, place)}", f"<store|write> the {'second' if place else 'first'} digit")
    d.end()
    given: list[Mapping[str, Value]] = [{value.name: v} for v in (d.between(16, 255), 0, 255, 0x9A, 0xA9)]
    return d.finish(
        "hex_digits",
        f"Convert the byte {value.key} to two ASCII hexadecimal digits at {dest.name}.",
        "Each nibble 0-9 becomes $30-$39 and 10-15 becomes $41-$46: after CMP #10 the carry is set for "
        "letters, so ADC #6 adds 7.",
        [value],
        [dest],
        given,
        lambda g: {dest.name: f"{number(g, value.name):02X}".encode()},
        ["letters are upper case"],
        edges=(0x09, 0x0A, 0x0F, 0x90, 0x99, 0x9A, 0xA0, 0xA9, 0xF9),
    )


def decimal_digits(d: Draft) -> Routine:
    """A byte as decimal digits by repeated subtraction."""
    three = d.level > 1
    value = d.operand(1, "value|count|points|lives", "the number to show" + ("" if three else ", at most 99"))
    count = 3 if three else 2
    dest = d.low("digits|text|tiles|shown", count, f"{count} digit tiles, highest digit first", array=True)
    zero = d.pick("0|48|144|32")
    base = int(zero)
    d.begin("decimal|digits|show number|to decimal", True, True, fixed="m" if value.where == "A" else "", uses="AX")
    d.fetch(value)
    d.op("sec", "SBC needs the carry set<| before the first subtraction>")
    for place, unit in enumerate((100, 10) if three else (10,)):
        loop = d.label(f"count{unit}|digit{unit}|by{unit}")
        d.op(f"ldx {d.bits((base - 1) & 255, 1)}", f"one less than ${base:02X}, the tile of digit 0")
        d.mark(loop, loop=not place)
        d.ops(
            ("inx", "count one"),
            (f"sbc {d.imm(unit, 1)}", f"take {unit} away"),
            (f"bcs {loop}", "still not below 0: again"),
        )
        d.ops(
            (f"adc {d.imm(unit, 1)}", f"one too many: add {unit} back; the carry is clear"),
            (f"stx {d.at(dest, place)}", f"the digit of the {unit}s"),
        )
        if place < count - 2:
            d.op("sec", "for the next subtraction")
    if base:
        d.ops(("clc", NO_CARRY), (f"adc {d.bits(base, 1)}", f"tile of digit 0 is ${base:02X}"))
    d.op(f"sta {d.at(dest, count - 1)}", "the ones are what is left")
    d.end()
    top = 255 if three else 99
    given: list[Mapping[str, Value]] = [{value.name: v} for v in (d.between(11, top), 0, top, 10, d.between(11, top))]
    return d.finish(
        "decimal_digits",
        f"Convert {value.key} to {count} decimal digit tiles at {dest.name}; digit 0 is tile ${base:02X}.",
        f"Subtract {'100 and then 10' if three else '10'} as often as possible<, counting| and count> in X; the "
        "carry stays set while the result is not negative. One step too many is added back.",
        [value],
        [dest],
        given,
        lambda g: {dest.name: bytes(base + int(digit) for digit in f"{number(g, value.name):0{count}d}")},
        [] if three else [f"{value.key} is at most 99"],
        within={value.name: (0, top)},
        edges=(9, 10, 19, 90, 99, 100, 109, 199, 200),
    )
