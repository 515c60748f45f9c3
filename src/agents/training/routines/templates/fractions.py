"""Wider products with the arithmetic unit of the console: 16 x 8 bits, and fixed point.

Facts (fullsnes by nocash, "SNES Maths Multiply/Divide"): writing $4203 multiplies it with $4202, unsigned, and 8 CPU
cycles later the 16-bit product is in $4216-$4217; $4202 keeps its value, so it is written once for several products.
"""

from __future__ import annotations

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_CARRY, Draft


def _product(d: Draft, source: Place, at: int, part: str) -> None:
    """Multiply one byte of ``source`` with what $4202 holds and wait for the product."""
    d.ops((f"lda {d.at(source, at)}", f"the {part} byte of {source.name}"), ("sta $4203", "starts the multiplier"))
    for turn in range(4):
        d.op("nop", f"wait: {2 * (turn + 1)} of 8 cycles")


def long_multiply(d: Draft) -> Routine:
    """Multiply a word by a byte into 24 bits."""
    word = d.near("value|price|distance|base", 2, "the 16-bit factor")
    factor = d.operand(1, "factor|count|times|units", "the 8-bit factor", 0.35)
    dest = d.near("product|total|cost|result", 3, "the 24-bit product")
    d.begin(
        "mul16|long multiply|multiply|mul16x8",
        True,
        fixed="m" if factor.where == "A" else "",
        uses="A" if factor.in_memory else "",
    )
    d.fetch(factor)
    d.op("sta $4202", "the common factor of both partial products; it stays in the register")
    _product(d, word, 0, "low")
    d.ops(
        ("lda $4216", "low byte of the first product"),
        (f"sta {dest.ref}", "final: nothing else reaches it"),
        ("lda $4217", "its high byte"),
        (f"sta {d.at(dest, 1)}", "belongs 8 bits higher, for now"),
    )
    _product(d, word, 1, "high")
    d.ops(
        ("lda $4216", "low byte of the second product"),
        ("clc", NO_CARRY),
        (f"adc {d.at(dest, 1)}", "it has the same weight as the high byte of the first"),
        (f"sta {d.at(dest, 1)}", "middle byte done"),
        ("lda $4217", "high byte of the second product"),
        (f"adc {d.imm(0, 1)}", "plus the carry; it cannot overflow"),
        (f"sta {d.at(dest, 2)}", "top byte done"),
    )
    d.end()
    pairs = [(d.between(300, 65535), d.between(2, 255)), (65535, 255), (255, 255), (256, d.between(1, 255)), (0, 9)]
    return d.finish(
        "long_multiply",
        f"Multiply the 16-bit number {word.name} by the 8-bit number "
        f"{'in A' if factor.where == 'A' else factor.name} and store the 24-bit product in "
        f"{dest.name}; use the hardware multiplier.",
        "The unit multiplies 8 by 8 bits, so the word is split: low * factor + high * factor * 256. The second "
        "product is "
        "added one byte higher, and each one needs its 8 cycles before it can be read.",
        [word, factor],
        [dest],
        [{word.name: a, factor.name: b} for a, b in pairs],
        lambda g: {dest.name: number(g, word.name) * number(g, factor.name)},
        ["$4202 and $4203 may be written"],
    )


def fixed_scale(d: Draft) -> Routine:
    """Multiply an 8.8 fixed-point number by a fraction of 256."""
    value = d.near("speed|position|scale|length", 2, "an unsigned 8.8 fixed-point number")
    factor = d.operand(1, "fraction|factor|friction|share", "the factor in 1/256", 0.35)
    dest = value if d.coin(0.4) else d.near("scaled|result|slower|product", 2, "the product, 8.8, rounded down")
    held = d.spare("low part|carry part|partial|temp", 1, "the part of the low product that counts")
    d.begin(
        "scale|fixed mul|apply fraction|mul8.8".replace("8.8", "88"),
        True,
        fixed="m" if factor.where == "A" else "",
        uses="A" if factor.in_memory else "",
    )
    d.fetch(factor)
    d.op("sta $4202", "the common factor; it stays in the register")
    _product(d, value, 0, "low")
    d.ops(
        ("lda $4217", "only the high byte counts: the low one lies below 1/256"),
        (f"sta {held.ref}", "<keep|hold> it"),
    )
    _product(d, value, 1, "high")
    if d.coin():
        d.ops(
            ("lda $4216", "low byte of the second product"),
            ("clc", NO_CARRY),
            (f"adc {held.ref}", "plus what came from the fraction"),
            (f"sta {dest.ref}", "the fraction of the result"),
            ("lda $4217", "the integer part"),
            (f"adc {d.imm(0, 1)}", "plus the carry"),
            (f"sta {d.at(dest, 1)}", "the integer of the result"),
        )
    else:
        ok = d.label("no carry|fine|done|store")
        d.ops(
            ("lda $4217", "the integer part"),
            (f"sta {d.at(dest, 1)}", "<store|keep> it"),
            ("lda $4216", "the fraction"),
            ("clc", NO_CARRY),
            (f"adc {held.ref}", "plus what came from below"),
            (f"sta {dest.ref}", "the fraction of the result"),
            (f"bcc {ok}", "no carry into the integer"),
            (f"inc {d.at(dest, 1)}", "carry: one more"),
        )
        d.mark(ok)
    d.end()

    def carrying(g: dict[str, Value]) -> None:
        while d.turn < 4:
            low, high = d.between(1, 255), d.between(1, 255)
            by = d.between(2, 255)
            if (low * by >> 8) + (high * by & 255) > 255:
                g.update({value.name: high << 8 | low, factor.name: by})
                return

    pairs = [
        (d.between(0x100, 0xFFFF), d.between(16, 240)),
        (0x0200, 0x80),
        (0xFFFF, 0xFF),
        (0x01FF, 1),
        (0x00FF, 0xFF),
    ]
    return d.finish(
        "fixed_scale",
        f"Multiply the 8.8 fixed-point number {value.name} by {factor.key}/256 with the hardware multiplier and "
        "store the "
        f"8.8 result in {dest.name}.",
        "An 8.8 number times n/256 is (value * n) / 256: of the two partial products, the low one gives only its high "
        "byte, the high one both bytes. Each product may be read 8 cycles after $4203 is written.",
        [value, factor],
        [dest],
        [{value.name: a, factor.name: b} for a, b in pairs],
        lambda g: {dest.name: number(g, value.name) * number(g, factor.name) >> 8},
        ["the result is rounded down", "$4202 and $4203 may be written"],
        edges=(0x00FF, 0xFFFF, 0xFEFF, 0x80),
        shape=carrying,
    )
