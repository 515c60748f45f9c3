"""Memory in other banks: filling and copying through 24-bit pointers, moving overlapping blocks, pointer arithmetic.

Facts: ``[dp],y`` adds Y to a 24-bit pointer in the direct page and may cross into the next bank; MVP copies A+1 bytes
downwards from X to Y, the addresses being those of the last bytes, and leaves the data bank register at the destination
bank (WDC W65C816S datasheet, sections 3.5 and 7.18).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, hex_address, number, octets
from agents.training.routines.draft import Draft

_LOOPS = "loop|next|again|more|each|step"


def long_fill(d: Draft) -> Routine:
    """Fill a number of bytes behind a 24-bit pointer."""
    room = d.between(4, 6 + 3 * d.level)
    block = d.far_place("buffer|map|canvas|screen", room, f"{room} bytes in work RAM", array=True)
    pointer = d.dp("ptr|dest ptr|cursor|target", 3, f"a 24-bit pointer to {block.name}")
    count = d.near("count|length|bytes|size", 1, f"how many bytes to fill, 0-{room}")
    filler = d.between(0, 255)
    fixed = d.coin(0.4)
    value = d.operand(1, "fill|pattern|blank|color", "the byte to store", 0.3)
    d.begin(
        "fill|clear|paint|flood",
        True,
        True,
        uses="Y" + ("A" if fixed or value.in_memory else ""),
        fixed="" if fixed or value.in_memory else "m",
    )
    loop, done = d.label(_LOOPS), d.label("done|none|out|finished")
    if fixed:
        d.op(f"lda {d.imm(filler, 1)}", "the byte to store")
    else:
        d.fetch(value)
    d.ops((f"ldy {count.ref}", "Y = how many bytes are left"), (f"beq {done}", "none: nothing to do"))
    d.mark(loop, loop=True)
    d.ops(
        ("dey", "offset of the last byte that is left"),
        (f"sta [{pointer.ref}],y", "store through <all 24 bits|the 24-bit pointer>; STA leaves the flags of DEY alone"),
        (f"bne {loop}", "<until offset 0 is done|Z is set once offset 0 is done>"),
    )
    d.mark(done)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        size, byte = number(g, count.name), filler if fixed else number(g, value.name)
        return {block.name: bytes([byte]) * size + octets(g, block.name)[size:]}

    def case(size: int) -> dict[str, Value]:
        found: dict[str, Value] = {pointer.name: block.addr, block.name: d.data(room), count.name: size}
        return found if fixed else found | {value.name: d.between(1, 255)}

    what = f"the byte ${filler:02X}" if fixed else f"the byte {'in A' if value.where == 'A' else value.name}"
    return d.finish(
        "long_fill",
        f"Fill {count.name} bytes from the address in the 24-bit pointer {pointer.name} on with {what}.",
        "A 16-bit address cannot reach banks $7E and $7F while the data bank is 0, so the store goes through "
        f"[{pointer.ref}],y, which takes the bank from the third byte of the pointer. Y counts down and is the "
        "offset at "
        "the same time.",
        [pointer, block, count] if fixed else [pointer, block, count, value],
        [block],
        [case(size) for size in (d.between(1, room - 1), room, 1, 0)],
        oracle,
        ["a count of 0 stores nothing", "bytes behind the count keep their values"],
        within={count.name: (0, room)},
        shape=lambda g: g.update({pointer.name: block.addr}),
    )


def long_copy(d: Draft) -> Routine:
    """Copy between two banks through two 24-bit pointers."""
    wide = d.level > 1 and d.coin()
    step = 2 if wide else 1
    size = step * d.between(3, 4 + 2 * d.level)
    source = d.far_place("source|level data|packed|original", size, f"{size} bytes to copy", array=True)
    dest = d.far_place("dest|work copy|shadow|mirror", size, f"where the {size} bytes go", array=True)
    while source.addr >> 16 == dest.addr >> 16:
        dest = d.far_place("dest|work copy|shadow|mirror", size, f"where the {size} bytes go", array=True)
    from_ptr = d.dp("src ptr|from|read ptr|in ptr", 3, f"a 24-bit pointer to {source.name}")
    to_ptr = d.dp("dst ptr|to|write ptr|out ptr", 3, f"a 24-bit pointer to {dest.name}")
    down = d.coin()
    d.begin("copy|transfer|carry over|clone", not wide, True, uses="AY")
    loop = d.label(_LOOPS)
    unit = "word" if wide else "byte"
    d.op(f"ldy {d.imm(size - step if down else 0, 1)}", f"Y = offset of the {'last' if down else 'first'} {unit}")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda [{from_ptr.ref}],y", f"a {unit} of {source.name}, bank ${source.addr >> 16:02X} from the pointer"),
        (f"sta [{to_ptr.ref}],y", f"to the same offset of {dest.name} in bank ${dest.addr >> 16:02X}"),
    )
    d.ops(*[("dey" if down else "iny", "one byte <down|back>" if down else "one byte <on|up>")] * step)
    if down:
        d.op(f"bpl {loop}", "until Y is negative")
    else:
        d.ops((f"cpy {d.imm(size, 1)}", f"all {size} bytes?"), (f"bne {loop}", "not yet"))
    d.end()
    here: dict[str, Value] = {from_ptr.name: source.addr, to_ptr.name: dest.addr}
    return d.finish(
        "long_copy",
        f"Copy {size} bytes from the address in {from_ptr.name} to the address in {to_ptr.name}; both are 24-bit "
        "pointers.",
        "Source and destination lie in different banks, so one data bank cannot serve both. Each pointer carries "
        "its own "
        f"bank byte, and the brackets of [{from_ptr.ref}],y make the CPU use it; Y is the common offset.",
        [from_ptr, to_ptr, source],
        [dest],
        [here | {source.name: data} for data in (d.data(size), bytes(range(1, size + 1)), d.data(size))],
        lambda g: {dest.name: g[source.name]},
        [f"the length is always {size}", "the pointers stay unchanged"],
        shape=lambda g: g.update(here),
    )


def pointer_advance(d: Draft) -> Routine:
    """Move a 24-bit pointer on by an unsigned length, or back."""
    size = 1 if d.level == 1 else 2
    back = d.level > 1 and d.coin(0.4)
    pointer = d.near("ptr|cursor|stream|read pos", 3, "a 24-bit address")
    length = d.near("length|step|bytes|record len", size, f"an unsigned {8 * size}-bit number of bytes")
    op, start = ("sbc", ("sec", "no borrow yet")) if back else ("adc", ("clc", "no carry yet"))
    word = "borrow" if back else "carry"
    wide = size == 2 and d.coin()
    d.begin("advance|skip|bump|seek", True, uses="A", fixed="m" if wide else "")
    if wide:
        d.ops(
            ("rep #$20", "16-bit A for the address inside the bank"),
            (f"lda {pointer.ref}", "low and middle byte"),
            start,
            (f"{op} {length.ref}", f"{'minus' if back else 'plus'} {length.name}"),
            (f"sta {pointer.ref}", "<store|put> them back; the carry is not touched"),
            ("sep #$20", "8-bit A for the bank byte; SEP #$20 keeps the carry"),
        )
    else:
        d.op(*start)
        for at in range(2):
            operand = d.at(length, at) if at < size else d.imm(0, 1)
            d.ops(
                (f"lda {d.at(pointer, at)}", f"the {('low', 'middle')[at]} byte"),
                (
                    f"{op} {operand}",
                    f"{'minus' if back else 'plus'} {'its part of ' + length.name if at < size else '0'}",
                ),
                (f"sta {d.at(pointer, at)}", "<store|put> it back"),
            )
    d.ops(
        (f"lda {d.at(pointer, 2)}", "the bank"),
        (f"{op} {d.imm(0, 1)}", f"a {word} moves it to the {'previous' if back else 'next'} bank"),
        (f"sta {d.at(pointer, 2)}", "<store|put> it back"),
    )
    d.end()
    sign = -1 if back else 1
    top = (1 << 8 * size) - 1
    pairs = [
        (d.between(0x7E0000, 0x7EFFFF), d.between(1, top)),
        (0x7F0001 if back else 0x7EFFFF, 2),
        (0x7E8000, top),
        (d.between(0x80000, 0xFFFFF), 0),
    ]
    return d.finish(
        "pointer_advance",
        f"{'Move' if back else 'Advance'} the 24-bit pointer {pointer.name} {'back ' if back else ''}by {length.name} "
        "bytes.",
        f"Three bytes hold the address, {length.name} only {size}. So 0 is {'subtracted' if back else 'added'} in the "
        f"upper part, which looks idle but takes the {word} along into the bank byte.",
        [pointer, length],
        [pointer],
        [{pointer.name: a, length.name: b} for a, b in pairs],
        lambda g: {pointer.name: number(g, pointer.name) + sign * number(g, length.name) & 0xFFFFFF},
        ["the address wraps modulo $1000000"],
    )


def overlap_move(d: Draft) -> Routine:
    """Open a gap at the start of a block: move it upwards over itself with MVP."""
    size, gap = d.between(4, 6 + 3 * d.level), d.between(1, 3)
    block = d.far_place(
        "list|lines|records|history", size + gap, f"{size} bytes and {gap} more behind them", array=True
    )
    bank, start = f"${block.addr >> 16:02X}", block.addr & 0xFFFF
    d.begin("open gap|make room|shift up|insert", False, False, uses="XYA")
    d.op("phb", "MVP changes the data bank: save it")
    loads = [
        (f"ldx #${start + size - 1:04X}", "X = the last byte to move"),
        (f"ldy #${start + size + gap - 1:04X}", f"Y = where it goes, {gap} higher"),
        (f"lda {d.imm(size - 1, 2)}", f"A = number of bytes minus one: {size - 1}"),
    ]
    d.rng.shuffle(loads)
    d.ops(*loads)
    d.ops(
        (f"mvp {bank},{bank}", "from the last byte down to the first, so none is overwritten before it is read"),
        ("plb", "the caller's data bank again"),
    )
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = octets(g, block.name)
        return {block.name: data[:gap] + data[:size]}

    return d.finish(
        "overlap_move",
        f"Move the {size} bytes at {hex_address(block.addr)} ({block.name}) up by {gap} byte{'s' if gap > 1 else ''}; "
        "source and destination overlap.",
        "An upward copy would overwrite bytes that are still needed, so MVP works from the end: X and Y point to "
        "the last "
        f"bytes, A holds the count minus one. It leaves the data bank at {bank}, hence PHB and PLB.",
        [block],
        [block],
        [{block.name: data} for data in (bytes(range(1, size + gap + 1)), d.data(size + gap), d.data(size + gap))],
        oracle,
        [
            f"the first {f'{gap} bytes keep their values' if gap > 1 else 'byte keeps its value'}",
            "the data bank is kept",
        ],
    )
