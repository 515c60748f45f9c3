"""Strings: copy, change of case, search, order, text as tilemap entries.

Facts: 'A'-'Z' are $41-$5A and 'a'-'z' $61-$7A, one bit apart (ASCII); a tilemap entry is a word, tile number in bits
0-9, palette in 10-12, priority in 13, flips in 14 and 15 (fullsnes by nocash, "SNES PPU Video Memory").
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, octets
from agents.training.routines.draft import NO_BORROW, NO_CARRY, Draft


def _ended(d: Draft, room: int, end: int, length: int, low: int = 0x20, high: int = 0x7E) -> bytes:
    """Return ``length`` characters, ``end``, and other characters up to ``room``; ``end`` stands nowhere else."""
    filler = (low + high) // 2
    body = bytes(byte if byte != end else filler for byte in d.data(room, low, high))
    return body[:length] + bytes([end]) + body[length + 1 :]


def text_copy(d: Draft) -> Routine:
    """Copy a terminated string, its end mark included."""
    room = d.between(5, 8 + 2 * d.level)
    end = int(d.pick("0|0|0|255|254|127"))
    source = d.low(
        "text|line|message|prompt", room, f"a string of at most {room - 1} bytes, ended by ${end:02X}", array=True
    )
    dest = d.low("buffer|shown|output|window", room, f"room for {room} bytes, with old contents", array=True)
    index = d.pick("x|y")
    name = index.upper()
    d.begin("copy text|strcpy|put text|print", True, True, uses="A" + name)
    loop, done = d.label("loop|next|again|char"), d.label("done|end|stop|copied")
    early = d.coin()
    d.op(f"ld{index} {d.imm(0, 1)}", f"{name} = the first character")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {source.ref},{index}", f"character {name} of {source.name}"),
        (f"sta {dest.ref},{index}", "copy it before the test, so that the end mark gets copied too"),
    )
    if early:
        if end:
            d.op(f"cmp {d.bits(end, 1)}", "the end mark?")
        keeps = "yes: all is copied" if end else "Z is still that of LDA: the 0 at the end"
        d.ops((f"beq {done}", keeps), (f"in{index}", "the next character"), (f"bra {loop}", "<and on|once more>"))
        d.mark(done)
    else:
        d.ops(
            (f"in{index}", "the next place"),
            (f"cmp {d.bits(end, 1)}", "was it the end mark? The compare also undoes the Z of the increment"),
            (f"bne {loop}", "no: go on"),
        )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        text = octets(g, source.name)
        size = text.index(end) + 1
        return {dest.name: text[:size] + octets(g, dest.name)[size:]}

    def case(length: int) -> dict[str, Value]:
        return {source.name: _ended(d, room, end, length), dest.name: d.data(room)}

    return d.finish(
        "text_copy",
        f"Copy the string at {source.name}, which ends with ${end:02X}, to {dest.name}, end mark included.",
        f"One index serves both strings. Every character is stored first and tested afterwards, so the loop ends right "
        f"after the end mark has been copied{', and nothing behind it is touched' if d.coin() else ''}.",
        [source, dest],
        [dest],
        [case(length) for length in (d.between(1, room - 2), 0, room - 1, d.between(1, room - 1))],
        oracle,
        ["bytes of the destination behind the end mark keep their values"],
        shape=lambda g: g.update(case(d.between(0, room - 1))),
    )


def change_case(d: Draft) -> Routine:
    """Make the letters of a terminated string upper or lower case, in place."""
    room = d.between(5, 8 + 2 * d.level)
    upper = d.coin(0.6)
    text = d.low("name|text|entry|label", room, f"a string of at most {room - 1} bytes, ended by $00", array=True)
    index = d.pick("x|y")
    name = index.upper()
    low, high = (0x61, 0x7A) if upper else (0x41, 0x5A)
    first, last = (f"'{chr(low)}'", f"'{chr(high)}'")
    d.begin("upper|to upper|capitals" if upper else "lower|to lower|small letters", True, True, uses="A" + name)
    loop, skip, done = d.label("loop|char|again"), d.label("skip|next|keep|other"), d.label("done|end|out")
    d.op(f"ld{index} {d.imm(0, 1)}", f"{name} = the first character")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {text.ref},{index}", "a character"),
        (f"beq {done}", "the 0 ends the string"),
        (f"cmp #${low:02X}", f"compare with {first}"),
        (f"bcc {skip}", "below it: no such letter"),
        (f"cmp #${high + 1:02X}", f"compare with the character after {last}"),
        (f"bcs {skip}", "above the letters"),
    )
    if d.coin():
        d.op("eor #$20", "bit 5 is all that tells the two cases apart: flip it")
    elif upper:
        d.op("and #$DF", "clear bit 5: the capital letter")
    else:
        d.op("ora #$20", "set bit 5: the small letter")
    d.op(f"sta {text.ref},{index}", "<store|put> it back")
    d.mark(skip)
    d.ops((f"in{index}", "the next character"), (f"bra {loop}", "<and on|look at it>"))
    d.mark(done)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = octets(g, text.name)
        end = data.index(0)
        changed = bytes(byte ^ 0x20 if low <= byte <= high else byte for byte in data[:end])
        return {text.name: changed + data[end:]}

    def mixed(length: int) -> dict[str, Value]:
        letters = bytes(
            int(
                d.pick(
                    "64|65|90|91|96|97|122|123|123|48|103|200" if upper else "64|65|90|91|91|96|97|122|123|48|71|200"
                )
            )
            for _ in range(room)
        )
        plain = _ended(d, room, 0, length)
        return {text.name: (letters[:length] + plain[length:]) if d.coin(0.8) else plain}

    return d.finish(
        "change_case",
        f"Make all letters of the string at {text.name} {'upper' if upper else 'lower'} case, in place; it ends "
        "with $00.",
        f"{first} to {last} are ${low:02X}-${high:02X}: two unsigned compares pick them out, and bit 5 makes the "
        "difference between the cases. Everything else passes unchanged.",
        [text],
        [text],
        [mixed(length) for length in (room - 1, d.between(1, room - 1), 0, d.between(2, room - 1))],
        oracle,
        ["only the letters A-Z and a-z count", "bytes behind the 0 keep their values"],
        shape=lambda g: g.update(mixed(d.between(0, room - 1))),
    )


def find_char(d: Draft) -> Routine:
    """Find a character in a string that starts with its length."""
    room = d.between(5, 8 + 2 * d.level)
    first = d.coin()
    text = d.low("name|word|path|line", room, f"a length byte, 0-{room - 1}, and that many characters", array=True)
    key = d.operand(1, "wanted|char|sign|mark", "the character to look for")
    none = "$FF" if first else "0"
    meaning = f"the {'index, counted from 0' if first else 'position, counted from 1'}, or {none} if it is not there"
    dest = d.near("found|index|where|position", 1, meaning)
    d.begin("find char|search|index of|strchr", True, True, fixed="m" if key.where == "A" else "", uses="AX")
    loop, hit, miss = d.label("loop|next|again|look"), d.label("found|hit|store|done"), d.label("miss|none|not there")
    d.fetch(key)
    if first:
        d.op(f"ldx {d.imm(0, 1)}", "X = the first character")
        d.mark(loop, loop=True)
        d.ops(
            (f"cpx {text.ref}", "compare with the length: past the last character?"),
            (f"beq {miss}", "yes: it is not there"),
            (f"cmp {d.at(text, 1)},x", "is it character X? The characters start behind the length"),
            (f"beq {hit}", "yes: X is its index"),
            ("inx", "the next one"),
            (f"bra {loop}", "<and on|look at it>"),
        )
        d.mark(miss)
        d.op("ldx #$FF", "not found")
    else:
        d.ops((f"ldx {text.ref}", "X = the length, so also the last position"), (f"beq {hit}", "an empty string: 0"))
        d.mark(loop, loop=True)
        d.ops(
            (f"cmp {text.ref},x", "is it the character at position X?"),
            (f"beq {hit}", "yes: X is the answer"),
            ("dex", "one to the left"),
            (f"bne {loop}", "position 0 is the length byte: stop there"),
        )
    d.mark(hit)
    d.op(f"stx {dest.ref}", f"<store|write> it to {dest.name}")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data, wanted = octets(g, text.name), octets(g, key.name)
        body = data[1 : 1 + data[0]]
        return {dest.name: body.find(wanted) & 255 if first else body.rfind(wanted) + 1}

    def case(length: int, there: bool) -> dict[str, Value]:
        body = d.data(room - 1, 0x41, 0x48)
        wanted = body[d.between(0, max(0, length - 1))] if there else 0x21
        return {text.name: bytes([length]) + body, key.name: wanted}

    def drawn(g: dict[str, Value]) -> None:
        length = d.between(0, room - 1)
        g.update(case(length, d.coin(0.7)))
        if d.coin(0.3):
            body = octets(g, text.name)
            g[key.name] = body[min(room - 1, length + 1)] if d.coin() else body[0]

    return d.finish(
        "find_char",
        f"Find the {'first' if first else 'last'} place of the character "
        f"{'in A' if key.where == 'A' else key.name} within the length-prefixed string "
        f"{text.name} and store it in {dest.name}.",
        (
            "X counts the characters from 0 and is compared with the length byte before each look, so an empty string "
            "needs no special case."
            if first
            else "X starts at the length and walks down to position 1; when DEX reaches 0, X already holds the "
            "answer for "
            "'not there'."
        ),
        [text, key],
        [dest],
        [case(room - 1, True), case(d.between(1, room - 1), False), case(0, False), case(d.between(2, room - 1), True)],
        oracle,
        [f"{'the index counts from 0' if first else 'positions count from 1'}; {none} means not found"],
        shape=drawn,
    )


def text_order(d: Draft) -> Routine:
    """Compare two terminated strings as a dictionary does."""
    room = d.between(4, 6 + 2 * d.level)
    first = d.low("left|mine|current|name", room, f"a string of at most {room - 1} bytes, ended by $00", array=True)
    second = d.low(
        "right|theirs|key|other", room, f"another string, at most {room - 1} bytes, ended by $00", array=True
    )
    dest = d.near("order|result|relation|sign", 1, "$FF if the first comes before, $01 if after, $00 if they are equal")
    index = d.pick("x|y")
    d.begin("compare|strcmp|order|sort test", True, True, uses="A" + index.upper())
    loop, differ, after = d.label("loop|next|again"), d.label("differ|unlike|decide"), d.label("after|greater|above")
    done = d.label("done|store|out")
    d.op(f"ld{index} {d.imm(0, 1)}", "start with the first characters")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {first.ref},{index}", f"a character of {first.name}"),
        (f"cmp {second.ref},{index}", f"against the one of {second.name}"),
        (f"bne {differ}", "they differ: this character decides"),
        (f"in{index}", "equal: the next one"),
        (f"cmp {d.imm(0, 1)}", "but was it the end of both?"),
        (f"bne {loop}", "no: go on"),
        (f"bra {done}", "yes: equal strings, and A is 0"),
    )
    d.mark(differ)
    d.ops(
        (f"bcs {after}", "the carry of the compare: A was larger"),
        ("lda #$FF", "smaller: the first comes before"),
        (f"bra {done}", "<done|skip the other case>"),
    )
    d.mark(after)
    d.op(f"lda {d.imm(1, 1)}", "larger: the first comes after")
    d.mark(done)
    d.op(f"sta {dest.ref}", f"<store|write> it to {dest.name}")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        a, b = (octets(g, place.name).partition(b"\0")[0] for place in (first, second))
        return {dest.name: 0 if a == b else 1 if a > b else 0xFF}

    def case(kind: int) -> dict[str, Value]:
        size = d.between(1, room - 1)
        text = _ended(d, room, 0, size, 0x41, 0xFE)
        other = bytearray(_ended(d, room, 0, d.between(0, room - 1), 0x41, 0xFE))
        if kind != 1:
            other[: size + 1] = text[: size + 1]
        if kind == 2:
            at = d.between(0, size - 1)
            other[at] += 1 if d.coin() else -1
        elif kind == 3:
            other[d.between(0, size - 1)] = 0
        elif kind == 4 and size < room - 1:
            other[size], other[size + 1] = 0x41, 0
        return {first.name: text, second.name: bytes(other)}

    return d.finish(
        "text_order",
        f"Compare the strings {first.name} and {second.name} (each ended by $00) and store $FF, $00 or $01 in "
        f"{dest.name}: before, equal, after.",
        "The first position where the strings differ decides, by the carry of the unsigned compare. The 0 at the "
        "end of "
        "a shorter string is smaller than any character, so prefixes need no extra test.",
        [first, second],
        [dest],
        [case(kind) for kind in (2, 0, 3, 1, 4)],
        oracle,
        ["characters are compared as unsigned bytes"],
        shape=lambda g: g.update(case(d.between(0, 4))),
    )


def tile_text(d: Draft) -> Routine:
    """Write a string as tilemap entries with fixed attributes."""
    room = d.between(4, 5 + 2 * d.level)
    end = int(d.pick("0|255"))
    palette, priority = d.between(0, 7), d.between(0, 1)
    high = priority << 5 | palette << 2
    base = int(d.pick("32|48|64|16"))
    text = d.low(
        "text|message|title|line", room, f"a string of at most {room - 1} bytes, ended by ${end:02X}", array=True
    )
    cells = d.low("cells|map row|screen|row", 2 * room, f"{room} tilemap entries, with old contents", array=True)
    wide = d.coin()
    d.begin("print|write text|draw text|lay out", not wide, True, uses="AXY")
    loop, done = d.label("loop|next char|again"), d.label("done|end|out")
    start = [(f"ldx {d.imm(0, 1)}", "X = the first character"), (f"ldy {d.imm(0, 1)}", "Y = the first entry")]
    if d.coin():
        start.reverse()
    d.ops(*start)
    d.mark(loop, loop=True)
    d.op(f"lda {text.ref},x", "a character" + (" and the byte after it" if wide else ""))
    if wide:
        d.op("and #$00FF", "only the character")
    if end:
        d.op(f"cmp {d.bits(end, 2 if wide else 1)}", f"compare with the end mark ${end:02X}")
    d.op(f"beq {done}", "the end mark: the text is complete")
    if wide:
        added = (high << 8) - base & 0xFFFF
        d.ops(
            ("clc", NO_CARRY),
            (f"adc #${added:04X}", f"minus ${base:02X} gives the tile, plus ${high:02X}00 the attributes"),
            (f"sta {cells.ref},y", "the whole entry"),
        )
        d.ops(*[("iny", "an entry has two bytes")] * 2)
    else:
        d.ops(
            ("sec", NO_BORROW),
            (f"sbc {d.bits(base, 1)}", f"tile 0 shows the character ${base:02X}"),
            (f"sta {cells.ref},y", "low byte of the entry: the tile"),
            ("iny", "to the high byte"),
            (f"lda #${high:02X}", f"palette {palette}, priority {priority}, no flips"),
            (f"sta {cells.ref},y", "high byte of the entry: the attributes"),
            ("iny", "to the next entry"),
        )
    d.ops(("inx", "the next character"), (f"bra {loop}", "<and on|once more>"))
    d.mark(done)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = octets(g, text.name)
        body = b"".join(bytes([byte - base, high]) for byte in data[: data.index(end)])
        return {cells.name: body + octets(g, cells.name)[len(body) :]}

    def case(length: int) -> dict[str, Value]:
        return {text.name: _ended(d, room, end, length, base, min(0x7E, base + 63)), cells.name: d.data(2 * room)}

    return d.finish(
        "tile_text",
        f"Write the string {text.name} (ended by ${end:02X}) as tilemap entries to {cells.name}: tile = character - "
        f"${base:02X}, palette {palette}, priority {priority}.",
        f"An entry is a word: the tile number in its low byte, and in the high byte the attributes, here ${high:02X} "
        f"(palette {palette} in bits 2-4, priority in bit 5). Y moves two bytes for every character.",
        [text, cells],
        [cells],
        [case(length) for length in (d.between(1, room - 1), room - 1, 0, d.between(1, room - 1))],
        oracle,
        [f"characters lie in ${base:02X}-${min(0x7E, base + 63):02X}", "entries behind the text keep their values"],
        shape=lambda g: g.update(case(d.between(0, room - 1))),
    )
