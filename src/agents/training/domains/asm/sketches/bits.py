"""Sketches of work on bits and digits."""

from __future__ import annotations

from agents.training.domains.asm.sketches.writer import Sketch, type_of


def popcount(s: Sketch) -> None:
    """How many bits are set."""
    rest, count = s.local(type_of(s.routine.inputs[0]), "v|rest|left"), s.local("u8", "n|k|ones")
    s.add(f"{rest} = {s.inputs[0]};", f"{count} = 0;", f"while ({rest} != 0) {{", f"{count} += {rest} & 1;")
    s.add(f"{rest} >>= 1;", "}")
    s.give(count)


def shift(s: Sketch) -> None:
    """A shift or rotation by a constant."""
    value, bits = s.inputs[0], 8 * s.size
    (places,) = s.found(r"(?:left|right) by (\d+)")
    if s.says("Rotate"):
        s.give(f"({value} << {places}) | ({value} >> {bits - int(places)})")
    elif s.says("the signed number"):
        s.give(f"({type_of(s.routine.inputs[0]).replace('u', 's')}){value} >> {places}")
    else:
        s.give(f"{value} {'<<' if s.says('left by') else '>>'} {places}")


def swap_bytes(s: Sketch) -> None:
    """The bytes of a word exchanged."""
    s.give(f"({s.inputs[0]} << 8) | ({s.inputs[0]} >> 8)")


def swap_nibbles(s: Sketch) -> None:
    """The nibbles of a byte exchanged."""
    s.give(f"({s.inputs[0]} << 4) | ({s.inputs[0]} >> 4)")


def bit_field(s: Sketch) -> None:
    """A field of bits replaced."""
    target, value = s.inputs
    low, high = (int(text) for text in s.found(r"into bits (\d+)-(\d+)"))
    mask = ((1 << (high - low + 1)) - 1) << low
    keep = ((1 << 8 * s.size) - 1) ^ mask
    s.add(f"{target} = ({target} & 0x{keep:0{2 * s.size}X}) | ({value} << {low});")


def flag_step(s: Sketch) -> None:
    """A flag changed, another one reported."""
    verb, bit, other = s.found(r"(Set|Clear|Toggle) flag (\d) of .* state of flag (\d)")
    flags, seen = s.outputs
    mask = 1 << int(bit)
    change = {"Set": f"|= 0x{mask:02X}", "Clear": f"&= 0x{255 ^ mask:02X}", "Toggle": f"^= 0x{mask:02X}"}[verb]
    s.add(f"{seen} = ({flags} >> {other}) & 1;", f"{flags} {change};")


def hex_digits(s: Sketch) -> None:
    """A byte as two hexadecimal digits."""
    nibble = s.local("u8", "n|nib|d")
    for at, part in enumerate((f"{s.inputs[0]} >> 4", f"{s.inputs[0]} & 0x0F")):
        digit = f"{s.outputs[0]}[{at}]"
        s.add(f"{nibble} = {part};", f"if ({nibble} < 10) {{", f"{digit} = '0' + {nibble};", "} else {")
        s.add(f"{digit} = 'A' + {nibble} - 10;", "}")


def color_pack(s: Sketch) -> None:
    """Three components as a color of the console."""
    red, green, blue = s.inputs
    s.give(f"{red} | ({green} << 5) | ({blue} << 10)")


SKETCHES = (popcount, shift, swap_bytes, swap_nibbles, bit_field, flag_step, hex_digits, color_pack)
