"""Sketches of arithmetic and decisions."""

from __future__ import annotations

from agents.training.domains.asm.sketches.writer import Sketch, type_of


def add(s: Sketch) -> None:
    """The sum, perhaps with its carry."""
    _chain(s, "+")


def subtract(s: Sketch) -> None:
    """The difference, perhaps with its borrow."""
    _chain(s, "-")


def _chain(s: Sketch, sign: str) -> None:
    first, second = s.inputs
    carry = len(s.outputs) == 2
    if carry:
        flag = s.local("u8", "carry_out|c_out|flag")
        top = (1 << 8 * s.size) - 1
        s.add(f"{flag} = {f'{first} + {second} > 0x{top:X}' if sign == '+' else f'{first} >= {second}'};")
    s.give(f"{first} {sign} {second}")
    if carry:
        s.give(flag, 1)


def average(s: Sketch) -> None:
    """The mean, rounded down."""
    s.give(f"({s.inputs[0]} + {s.inputs[1]}) >> 1")


def absolute(s: Sketch) -> None:
    """The magnitude of a signed number."""
    kind = type_of(s.routine.inputs[0])
    result = s.local(kind, "r|result|mag")
    s.add(
        f"{result} = {s.inputs[0]};", f"if (({kind.replace('u', 's')}){result} < 0) {{", f"{result} = -{result};", "}"
    )
    s.give(result)


def clamp(s: Sketch) -> None:
    """A number within limits."""
    result = s.local(type_of(s.routine.inputs[0]), "r|result|lim")
    s.add(f"{result} = {s.inputs[0]};")
    if s.says("to at most"):
        (high,) = s.found(r"to at most (\d+)")
    else:
        low, high = s.found(r"range (\d+)-(\d+)")
        s.add(f"if ({result} < {low}) {{", f"{result} = {low};", "}")
    s.add(f"if ({result} > {high}) {{", f"{result} = {high};", "}")
    s.give(result)


def order(s: Sketch) -> None:
    """Whether a number is at least another one."""
    first, second = s.inputs
    if s.says("the signed"):
        cast = f"({type_of(s.routine.inputs[0]).replace('u', 's')})"
        first, second = cast + first, cast + second
    s.add(f"if ({first} >= {second}) {{", f"{s.outputs[0]} = 1;", "} else {", f"{s.outputs[0]} = 0;", "}")


def inside(s: Sketch) -> None:
    """Whether a point lies in a box."""
    x, y, left, upper = s.inputs
    width, height = s.found(r"box of (\d+) x (\d+)")
    s.add(
        f"{s.outputs[0]} = 0;",
        f"if ((u8)({x} - {left}) < {width} && (u8)({y} - {upper}) < {height}) {{",
        f"{s.outputs[0]} = 1;",
        "}",
    )


def multiply_constant(s: Sketch) -> None:
    """A multiple."""
    (factor,) = s.found(r" by (\d+)")
    s.give(f"{s.inputs[0]} * {factor}")


def hardware_multiply(s: Sketch) -> None:
    """A product of two bytes."""
    s.give(f"(u16){s.inputs[0]} * {s.inputs[1]}")


def long_multiply(s: Sketch) -> None:
    """A product of a word and a byte."""
    s.give(f"(u24){s.inputs[0]} * {s.inputs[1]}")


def fixed_scale(s: Sketch) -> None:
    """A fixed-point number times a fraction."""
    s.give(f"((u24){s.inputs[0]} * {s.inputs[1]}) >> 8")


def velocity(s: Sketch) -> None:
    """A position moved by a signed speed."""
    s.add(f"{s.inputs[0]} += (s8){s.inputs[1]};")


def cooldown(s: Sketch) -> None:
    """A countdown that stays at 0."""
    timer, ready = s.outputs
    (amount,) = s.found(r" by (\d+), not below 0")
    s.add(f"if ({timer} > {amount}) {{", f"{timer} -= {amount};", f"{ready} = 0;", "} else {")
    s.add(f"{timer} = 0;", f"{ready} = 1;", "}")


def clock(s: Sketch) -> None:
    """A clock of several units."""
    for depth, unit in enumerate(s.outputs):
        (top,) = s.found(rf"{unit} \(0-(\d+)\)")
        s.add(f"{unit}++;", f"if ({unit} == {int(top) + 1}) {{", f"{unit} = 0;")
        if depth == len(s.outputs) - 1:
            s.add(*["}"] * len(s.outputs))


def lfsr(s: Sketch) -> None:
    """Steps of a shift register."""
    state = s.outputs[0]
    steps, taps = s.found(r" by (\d+) steps? of a Galois LFSR with taps \$([0-9A-F]+)")
    bit = s.local("u8", "bit|low|b0")
    step = (f"{bit} = {state} & 1;", f"{state} >>= 1;", f"if ({bit}) {{", f"{state} ^= 0x{taps};", "}")
    if steps == "1":
        s.add(*step)
        return
    turn = s.local("u8", "i|n|turn")
    s.add(f"for ({turn} = 0; {turn} < {steps}; {turn}++) {{", *step, "}")


def decimal_digits(s: Sketch) -> None:
    """Decimal digits as tiles."""
    (base,) = s.found(r"digit 0 is tile \$([0-9A-F]+)")
    value, digits = s.inputs[0], s.outputs[0]
    count = s.routine.outputs[0].size
    plus = f"0x{base} + " if int(base, 16) else ""
    for at in range(count):
        unit = 10 ** (count - 1 - at)
        part = value if unit == 1 else f"{value} / {unit}"
        s.add(f"{digits}[{at}] = {plus}{part if at == 0 else f'{part} % 10'};")


def lorom_offset(s: Sketch) -> None:
    """A LoROM address as an offset in the file."""
    address = s.inputs[0]
    header = " + 0x200" if s.says("the file has a copier header") else ""
    s.give(f"((({address} >> 16) & 0x7F) << 15) + ({address} & 0x7FFF){header}")


def tilemap_address(s: Sketch) -> None:
    """The place of an entry in a tilemap."""
    (base,) = s.found(r"based at \$([0-9A-F]+)")
    column, row = s.inputs
    entry = f"{row} * 32 + {column}"
    s.give(f"0x{base} + ({entry}) * 2" if s.says("byte offset") else f"0x{base} + {entry}")


SKETCHES = (
    add, subtract, average, absolute, clamp, order, inside, multiply_constant, hardware_multiply, long_multiply,
    fixed_scale, velocity, cooldown, clock, lfsr, decimal_digits, lorom_offset, tilemap_address,
)  # fmt: skip
