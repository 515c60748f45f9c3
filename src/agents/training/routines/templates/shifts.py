"""Moving bits: counts, shifts, rotations, exchanges.

Facts: ASL and LSR move the bit shifted out to the carry, ROL and ROR bring the carry in; XBA exchanges the two bytes
of the accumulator whatever the M flag says (WDC W65C816S datasheet, table 5-7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.training.routines.contract import Routine, Value, number
from agents.training.routines.draft import Draft


def popcount(d: Draft) -> Routine:
    """Count the bits that are 1."""
    size = 1 if d.level < 3 else d.between(1, 2)
    bits = 8 * size
    source = d.operand(size, "flags|mask|pattern|collected", f"the {bits} bits to look at")
    dest = d.near("count|ones|number set|have", 1, "how many of them are 1")
    early = d.coin()
    index = d.pick("x|y")
    d.begin(
        "popcount|count bits|ones|bit count",
        size == 1,
        True,
        fixed="m" if source.where == "A" else "",
        uses="A" + index.upper() if early else "AXY",
    )
    d.fetch(source)
    d.op(f"ld{index} {d.imm(0, 1)}", f"{index.upper()} counts the ones")
    (_count_until_empty if early else _count_all)(d, size, index)
    d.op(f"st{index} {dest.ref}", f"<store|write> the count to {dest.name}")
    d.end()
    top = (1 << bits) - 1
    values = [d.between(1, top), 0, top, d.between(1, top), 1 << (bits - 1)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    return d.finish(
        "popcount",
        f"Count how many of the {bits} bits of {source.name} are set and store the number in {dest.name}.",
        "Every shift drops one bit into the carry, and BCC skips the increment for a 0. "
        + (
            "The loop stops as soon as nothing is left."
            if early
            else f"A second counter ends the loop after {bits} shifts."
        ),
        [source],
        [dest],
        given,
        lambda g: {dest.name: number(g, source.name).bit_count()},
    )


def _count_until_empty(d: Draft, size: int, index: str) -> None:
    loop, skip, done = (
        d.label("loop|next bit|again|shift"),
        d.label("zero|skip|no bit|clear"),
        d.label("done|finish|empty|store"),
    )
    d.op(f"cmp {d.imm(0, size)}", f"set Z from A: LD{index.upper()} changed it")
    d.mark(loop, loop=True)
    d.ops(
        (f"beq {done}", "no bits left"),
        (d.implied("lsr"), "the lowest bit falls into the carry"),
        (f"bcc {skip}", "it was 0"),
        (f"in{index}", "it was 1: count it"),
    )
    d.mark(skip)
    d.ops((f"cmp {d.imm(0, size)}", "anything left?"), (f"bra {loop}", "<go on|test the rest>"))
    d.mark(done)


def _count_all(d: Draft, size: int, index: str) -> None:
    loop, skip = d.label("loop|next bit|again|shift"), d.label("zero|skip|no bit|clear")
    other = "y" if index == "x" else "x"
    d.op(f"ld{other} {d.imm(8 * size, 1)}", f"{8 * size} bits to test")
    d.mark(loop, loop=True)
    shift = d.pick("lsr|asl")
    d.ops(
        (d.implied(shift), f"the {'lowest' if shift == 'lsr' else 'highest'} bit falls into the carry"),
        (f"bcc {skip}", "it was 0"),
        (f"in{index}", "it was 1: count it"),
    )
    d.mark(skip)
    d.ops((f"de{other}", "one bit less"), (f"bne {loop}", f"until all {8 * size} are tested"))


def shift(d: Draft) -> Routine:
    """Shift or rotate by a constant number of places."""
    size = 1 if d.level == 1 else 2
    bits = 8 * size
    top = (1 << bits) - 1
    places = d.between(2, 3 + d.level) if size == 1 else d.between(2, 7)
    kind = d.pick("left|right|rotate|signed") if d.level > 1 else d.pick("left|right")
    source = d.operand(size, "value|position|pattern|mask", f"the {bits}-bit number to shift")
    dest = d.operand(size, "shifted|result|tile|scaled", "the shifted number", 0.4)
    looped = d.coin()
    d.begin(
        "shift|move bits|scale|" + ("rotate" if kind == "rotate" else "bits of"),
        size == 1,
        True if looped else None,
        fixed="m" if "A" in (source.where, dest.where) else "",
        uses=("" if dest.where == "A" else "A") + ("X" if looped else ""),
    )
    d.fetch(source)
    half = d.bits(1 << (bits - 1), size)
    _repeat(d, places, _PLACE[kind](half), looped)
    d.store(dest)
    d.end()
    values = [d.between(1, top), top, 0, (1 << (bits - 1)) | 1, d.between(top // 2, top)]
    given: list[Mapping[str, Value]] = [{source.name: value} for value in values]
    what = {
        "left": f"Shift {source.name} left by {places}",
        "right": f"Shift the unsigned number {source.name} right by {places}",
        "rotate": f"Rotate {source.name} left by {places}",
        "signed": f"Shift the signed number {source.name} right by {places}, keeping the sign",
    }[kind]
    return d.finish(
        "shift",
        f"{what} ({bits} bits, {d.pick('result in|leaving it in|into')} {dest.key}).",
        _REASON[kind].format(half[1:]),
        [source],
        [dest],
        given,
        lambda g: {dest.name: _shifted(number(g, source.name), kind, places, bits)},
    )


_PLACE: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "left": lambda half: [("asl", "one place left, a 0 comes in")],
    "right": lambda half: [("lsr", "one place right, a 0 comes in")],
    "rotate": lambda half: [
        (f"cmp {half}", "copy the top bit to the carry"),
        ("rol", "rotate left: it comes back in at the bottom"),
    ],
    "signed": lambda half: [
        (f"cmp {half}", "copy the sign to the carry"),
        ("ror", "shift right and keep the sign"),
    ],
}
_REASON = {
    "left": "Each ASL doubles the number and drops its top bit.",
    "right": "Each LSR halves the number; the lowest bit is lost.",
    "rotate": "CMP with {} sets the carry exactly when the top bit is 1, and ROL brings that bit back in below.",
    "signed": "CMP with {} puts the sign in the carry, and ROR shifts it in again: an arithmetic shift.",
}


def _repeat(d: Draft, places: int, body: list[tuple[str, str]], looped: bool) -> None:
    """Emit ``body`` ``places`` times, in a loop over X or unrolled."""
    body = [(d.implied(text) if len(text) == 3 else text, note) for text, note in body]
    if not looped:
        for turn in range(places):
            d.ops(*((text, f"{note}, {turn + 1} of {places}") for text, note in body))
        return
    loop = d.label("loop|again|one place|next")
    d.op(f"ldx {d.imm(places, 1)}", f"{places} places")
    d.mark(loop, loop=True)
    d.ops(*body, ("dex", "one place done"), (f"bne {loop}", f"until {places} are done"))


def _shifted(value: int, kind: str, places: int, bits: int) -> int:
    top, half = (1 << bits) - 1, 1 << (bits - 1)
    if kind == "rotate":
        return (value << places | value >> (bits - places)) & top
    if kind == "signed":
        return (((value ^ half) - half) >> places) & top
    return (value << places) & top if kind == "left" else value >> places


def swap_bytes(d: Draft) -> Routine:
    """Exchange the two bytes of a word."""
    source = d.operand(2, "word|pointer|big endian|raw", "a 16-bit number")
    dest = d.operand(2, "swapped|little|fixed|native", "the same bytes, exchanged", 0.4 if source.in_memory else 0.0)
    style = d.pick("xba|xba|bytes") if source.in_memory and dest.in_memory else "xba"
    regs = "A" in (source.where, dest.where)
    d.begin(
        "swap|byteswap|exchange|flip",
        style == "bytes",
        fixed="m" if regs else "",
        uses="" if dest.where == "A" else "A",
    )
    if style == "bytes":
        d.ops(
            (f"lda {source.ref}", f"low byte of {source.name}"),
            ("xba", "park it in B"),
            (f"lda {d.at(source, 1)}", f"high byte of {source.name}"),
            (f"sta {dest.ref}", f"becomes the low byte of {dest.name}"),
            ("xba", "the parked byte"),
            (f"sta {d.at(dest, 1)}", "becomes the high byte"),
        )
    else:
        d.fetch(source)
        d.op("xba", "exchange the two halves of the accumulator")
        d.store(dest)
    d.end()
    given: list[Mapping[str, Value]] = [
        {source.name: value} for value in (d.between(1, 65535), 0x00FF, 0x8000, d.between(1, 65535), 0x1234)
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, source.name)
        return {dest.name: (value << 8 | value >> 8) & 0xFFFF}

    return d.finish(
        "swap_bytes",
        f"Exchange the low and the high byte of {source.name}<, result| and put the result> in {dest.key}.",
        {
            "xba": "XBA exchanges the halves of the 16-bit accumulator in one instruction.",
            "bytes": "With an 8-bit accumulator, XBA parks the first byte in B while the second is loaded.",
        }[style],
        [source],
        [dest],
        given,
        oracle,
        edges=tuple(1 << bit for bit in range(8, 16)),
    )


def swap_nibbles(d: Draft) -> Routine:
    """Exchange the two nibbles of a byte."""
    source = d.operand(1, "packed|attributes|colors|byte", "a byte made of two nibbles")
    dest = d.operand(1, "swapped|turned|result|mirrored", "the byte with its nibbles exchanged", 0.4)
    looped = d.coin()
    regs = "A" in (source.where, dest.where)
    d.begin(
        "swap nibbles|nibble swap|turn|exchange",
        True,
        True if looped else None,
        fixed="m" if regs else "",
        uses=("" if dest.where == "A" else "A") + ("X" if looped else ""),
    )
    d.fetch(source)
    adc = d.coin()
    add = [("asl", "the top bit falls into the carry"), (f"adc {d.imm(0, 1)}", "and comes back as bit 0")]
    _repeat(d, 4, add if adc else _PLACE["rotate"]("#$80"), looped)
    d.store(dest)
    d.end()
    given: list[Mapping[str, Value]] = [
        {source.name: value} for value in (d.between(1, 255), 0xF0, 0x0F, 0, d.between(17, 250))
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, source.name)
        return {dest.name: (value << 4 | value >> 4) & 0xFF}

    return d.finish(
        "swap_nibbles",
        f"Exchange the <high and the low|upper and the lower> nibble of {source.name}; the result goes to {dest.key}.",
        "Exchanging the nibbles is an 8-bit rotation by four places, and each place is "
        + (
            "ASL, which drops the top bit into the carry, and ADC #0, which adds it back below."
            if adc
            else "CMP #$80, which copies the top bit to the carry, and ROL."
        ),
        [source],
        [dest],
        given,
        oracle,
        edges=(0x10, 0x20, 0x40, 0x80, 0xEF, 0xDF, 0xBF, 0x7F),
    )
