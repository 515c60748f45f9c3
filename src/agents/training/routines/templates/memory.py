"""Blocks of memory: fill, copy, move, reverse, look up.

Facts: MVN copies A+1 bytes upwards from X to Y, leaves A = $FFFF and the data bank register at the destination bank
(WDC W65C816S datasheet, section 7.18 and table 5-4); index registers must be 16 bits wide for addresses above $FF.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Routine, Value, hex_address, number
from agents.training.routines.draft import Draft

_LOOPS = "loop|next|again|more|fill one|each|step|repeat"


def fill(d: Draft) -> Routine:
    """Fill a block with one byte or word."""
    wide = d.level > 1 and d.coin()
    step = 2 if wide else 1
    count = d.between(3, 5 + 3 * d.level)
    size = count * step
    place = (d.far_place if d.level == 3 and d.coin() else d.low)(
        "buffer|table|block|slots|rows", size, f"a block of {size} bytes", array=True
    )
    constant = d.coin()
    filler = d.between(1, (1 << 8 * step) - 1)
    source = d.operand(step, "fill|blank|pattern|seed", f"the {'word' if wide else 'byte'} to store everywhere")
    inputs = [] if constant else [source]
    index = d.pick("x|x|y") if place.addr < 0x10000 else "x"
    down = d.coin()
    d.begin(
        "fill|clear|reset|init|wipe",
        not wide,
        True,
        uses=index.upper() + ("A" if constant or source.in_memory else ""),
        fixed="" if constant or source.in_memory else "m",
    )
    loop = d.label(_LOOPS)
    if constant:
        d.op(f"lda {d.imm(filler, step)}", f"the {'word' if wide else 'byte'} to <store|write>")
    else:
        d.fetch(source)
    last = (count - 1) * step
    if down:
        d.op(f"ld{index} {d.imm(last, 1)}", f"start at the last {'word' if wide else 'byte'}, offset {last}")
        d.mark(loop, loop=True)
        d.op(f"sta {place.ref},{index}", f"<store|write> it at {place.name} + {index.upper()}")
        for _ in range(step):
            d.op(f"de{index}", "<one byte down|step back>")
        d.op(f"bpl {loop}", f"until {index.upper()} has gone below 0")
        how = "Counting down lets BPL end the loop without a compare"
    else:
        d.op(f"ld{index} {d.imm(0, 1)}", "start at offset 0")
        d.mark(loop, loop=True)
        d.op(f"sta {place.ref},{index}", f"<store|write> it at {place.name} + {index.upper()}")
        for _ in range(step):
            d.op(f"in{index}", "<next byte|step forward>")
        d.ops((f"cp{index} {d.imm(size, 1)}", f"all {size} bytes done?"), (f"bne {loop}", "no: <go on|once more>"))
        how = (
            "Counting up, CPX or CPY with the size ends the loop"
            if d.coin()
            else f"The index runs from 0 up to {size - step}"
        )
    d.end()
    values = [] if constant else [d.between(1, 255), 0, 255 if not wide else 0xFFFF, d.between(1, (1 << 8 * step) - 1)]
    given: list[dict[str, Value]] = [{source.name: v} for v in values] or [{}]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = filler if constant else number(g, source.name)
        return {place.name: value.to_bytes(step, "little") * count}

    what = f"the constant {d.imm(filler, step)[1:]}" if constant else f"the {'word' if wide else 'byte'} {source.name}"
    return d.finish(
        "fill",
        f"Fill the {size} bytes <at|from> {place.name} ({hex_address(place.addr)}) with {what}.",
        f"<Keep|Hold> the value in A and store it through an indexed address. {how}, {count} rounds<| in all>.",
        inputs,
        [place],
        given,
        oracle,
        ["words are stored low byte first"] if wide else [],
    )


def copy(d: Draft) -> Routine:
    """Copy a block with an indexed loop."""
    wide = d.level > 1 and d.coin()
    step = 2 if wide else 1
    count = d.between(3, 5 + 3 * d.level)
    size = count * step
    source = d.low("source|src|original|master|from", size, f"the {size} bytes to copy", array=True)
    maker = d.far_place if d.level == 3 and d.coin() else d.low
    dest = maker("copy|dest|mirror|shadow|backup", size, f"where the {size} bytes go", array=True)
    index = d.pick("x|x|y") if dest.addr < 0x10000 else "x"
    name = index.upper()
    d.begin("copy|mirror|transfer|backup|clone", not wide, True, uses="A" + name)
    loop = d.label(_LOOPS.replace("fill one", "copy one"))
    last = (count - 1) * step
    down = d.coin()
    start = last if down else 0
    d.op(f"ld{index} {d.imm(start, 1)}", f"offset of the {'last' if down else 'first'} {'word' if wide else 'byte'}")
    d.mark(loop, loop=True)
    d.ops(
        (f"lda {source.ref},{index}", f"<fetch|read> from {source.name} + {name}"),
        (f"sta {dest.ref},{index}", f"<store|write> to {dest.name} + {name}"),
    )
    for _ in range(step):
        d.op(
            f"{'de' if down else 'in'}{index}",
            f"<one byte {'back' if down else 'on'}|a word has two bytes>"
            if wide
            else f"the {'byte before' if down else 'next byte'}",
        )
    if down:
        d.op(f"bpl {loop}", f"until {name} is negative")
    else:
        d.ops(
            (f"cp{index} {d.imm(size, 1)}", f"{size} bytes copied?"),
            (f"bcc {loop}" if d.coin() else f"bne {loop}", "not yet: <again|go on>"),
        )
    d.end()
    given: list[dict[str, Value]] = [{source.name: d.data(size)} for _ in range(3)]
    given += [{source.name: bytes(range(1, size + 1))}]
    return d.finish(
        "copy",
        f"Copy {size} bytes from {source.name} to {dest.name}.",
        f"One index serves both blocks: load from {source.name},{name}, store to {dest.name},{name}, and <walk|run> "
        f"{'down from ' + str(last) + ' to 0' if down else 'up from 0 to ' + str(size)} in steps of {step}.",
        [source],
        [dest],
        given,
        lambda g: {dest.name: g[source.name]},
        ["the two blocks do not overlap"],
    )


def block_move(d: Draft) -> Routine:
    """Copy a block with MVN."""
    size = d.between(3, 6 + 3 * d.level)
    source = d.far_place("source|src|origin|bank src", size, f"the {size} bytes to move", array=True)
    dest = d.far_place("dest|target|copy|bank dst", size, f"where the {size} bytes go", array=True)
    while source.addr >> 16 != dest.addr >> 16:
        dest = d.far_place("dest|target|copy|bank dst", size, f"where the {size} bytes go", array=True)
    bank = f"${source.addr >> 16:02X}"
    d.begin("move|block move|mvn copy|transfer", False, False, uses="XYA")
    d.op("phb", "MVN changes the data bank: save it")
    loads = [
        (f"ldx #${source.addr & 0xFFFF:04X}", f"X = source address of {source.name} inside bank {bank}"),
        (f"ldy #${dest.addr & 0xFFFF:04X}", f"Y = destination address of {dest.name} inside bank {bank}"),
        (f"lda {d.imm(size - 1, 2)}", f"A = number of bytes minus one: {size - 1}"),
    ]
    d.rng.shuffle(loads)
    d.ops(*loads)
    d.ops(
        (f"mvn {bank},{bank}", f"move {size} bytes upwards, {7 * size} cycles"), ("plb", "the caller's data bank again")
    )
    d.end()
    given: list[dict[str, Value]] = [{source.name: d.data(size)} for _ in range(3)]
    given += [{source.name: bytes(range(size, 0, -1))}]
    return d.finish(
        "block_move",
        f"Copy the {size} bytes at {hex_address(source.addr)} ({source.name}) to {hex_address(dest.addr)} "
        f"({dest.name}) with MVN.",
        "MVN needs 16-bit registers: X = source, Y = destination, A = count - 1. It leaves the data bank at "
        f"{bank}, so DB is saved <around it|with PHB and restored with PLB>.",
        [source],
        [dest],
        given,
        lambda g: {dest.name: g[source.name]},
        ["the data bank register is kept", "the blocks do not overlap"],
    )


def reverse(d: Draft) -> Routine:
    """Reverse an array in place or into another block."""
    size = d.between(4, 6 + 3 * d.level)
    source = d.low("list|queue|order|row|path", size, f"{size} bytes", array=True)
    dest = d.low("reversed|flipped|mirror|out", size, f"the {size} bytes in reverse order", array=True)
    d.begin("reverse|flip|turn|mirror", True, True, uses="AXY")
    loop = d.label(_LOOPS)
    forward = d.coin()
    d.ops(
        (
            f"ldx {d.imm(0 if forward else size - 1, 1)}",
            "X <reads|walks the source> " + ("upwards" if forward else "downwards"),
        ),
        (f"ldy {d.imm(size - 1 if forward else 0, 1)}", "Y <writes|walks the target> the other way"),
    )
    d.mark(loop, loop=True)
    d.ops((f"lda {source.ref},x", f"byte X of {source.name}"), (f"sta {dest.ref},y", f"to byte Y of {dest.name}"))
    if forward:
        d.ops(
            ("inx", "<forward|up> in the source"),
            ("dey", "<back|down> in the target"),
            (f"bpl {loop}", "until Y has passed 0"),
        )
    else:
        d.ops(
            ("iny", "<forward|up> in the target"),
            ("dex", "<back|down> in the source"),
            (f"bpl {loop}", "until X has passed 0"),
        )
    d.end()
    given: list[dict[str, Value]] = [{source.name: d.data(size)} for _ in range(3)]
    given += [{source.name: bytes(range(size))}]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data = g[source.name]
        return {dest.name: data[::-1] if isinstance(data, bytes) else data}

    return d.finish(
        "reverse",
        f"Write the {size} bytes of {source.name} in reverse order to {dest.name}.",
        "Two index registers run <against each other|in opposite directions>; the one that counts down ends "
        f"the loop through BPL after {size} rounds.",
        [source],
        [dest],
        given,
        oracle,
        [f"{source.name} itself stays unchanged"],
    )


def lookup(d: Draft) -> Routine:
    """Read entry A of a table behind the code."""
    wide = d.level > 1 and d.coin(0.6)
    size = 2 if wide else 1
    count = d.between(5, 8 + 4 * d.level)
    roll, top = d.rng.random, 0xFFFF if wide else 0xFF
    entries = [int(roll() * (top + 1)) for _ in range(count)]
    source = d.operand(1, "index|kind|id|direction|frame", f"an index from 0 to {count - 1}")
    dest = d.near("entry|value|found|cost|pointer", size, f"the {'word' if wide else 'byte'} of the table")
    guard = d.level == 3 or d.coin(0.3)
    d.begin("lookup|get|fetch|read table|pick", True, True, fixed="m" if source.where == "A" else "", uses="AX")
    table, ok = d.label("table|list|data|costs|entries"), d.label("ok|in range|valid|good")
    d.fetch(source)
    if guard:
        d.ops(
            (f"cmp {d.imm(count, 1)}", f"<is the index inside the table?|is it below {count}, the number of entries?>"),
            (f"bcc {ok}", "carry clear: <it is|smaller, so valid>"),
            (f"lda {d.imm(0, 1)}", "no: take entry 0"),
        )
        d.mark(ok)
    if wide:
        d.op(d.implied("asl"), "two bytes per entry: double the index")
    d.op("tax", "the offset goes to X")
    if wide and d.coin():
        d.ops(
            (f"lda {table},x", "low byte of the entry"),
            (f"sta {dest.ref}", f"low byte of {dest.name}"),
            (f"lda {table}+1,x", "high byte of the entry"),
            (f"sta {d.at(dest, 1)}", f"high byte of {dest.name}"),
        )
    elif wide:
        d.ops(
            ("rep #$20", "16-bit A for the entry"),
            (f"lda {table},x", "the whole entry"),
            (f"sta {dest.ref}", f"into {dest.name}"),
            ("sep #$20", "8-bit A again"),
        )
    else:
        d.ops((f"lda {table},x", "the entry<| itself>"), (f"sta {dest.ref}", f"into {dest.name}"))
    d.end()
    d.table(table, entries, "the table", wide)
    values = [d.between(0, count - 1), 0, count - 1, d.between(1, count - 1)] + ([count, 255] if guard else [])
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        index = number(g, source.name)
        return {dest.name: entries[index if index < count else 0]}

    shown = ", ".join(f"${entry:0{2 * size}X}" for entry in entries)
    return d.finish(
        "lookup",
        f"Look up entry {source.name} in a table of {count} {'words' if wide else 'bytes'} and store it in "
        f"{dest.name}.",
        "The index goes to X <and|, then> an indexed load reads the entry"
        + ("; doubled first, since every entry has two bytes" if wide else "")
        + (", after a range check that sends wrong indexes to entry 0." if guard else "."),
        [source],
        [dest],
        given,
        oracle,
        [f"the table holds {shown}", *(["an index outside the table counts as 0"] if guard else [])],
        within={source.name: (0, 255 if guard else count - 1)},
        edges=(*range(count), count, count + 1),
    )
