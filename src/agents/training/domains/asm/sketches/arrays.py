"""Sketches of loops over arrays and strings."""

from __future__ import annotations

from agents.training.domains.asm.sketches.writer import Sketch


def _loop(s: Sketch, count: int, start: int = 0) -> str:
    index = s.local("u8", "i|n|at")
    s.add(f"for ({index} = {start}; {index} < {count}; {index}++) {{")
    return index


def fill(s: Sketch) -> None:
    """A block of equal bytes or words."""
    block, size = s.outputs[0], s.routine.outputs[0].size
    value = s.inputs[0] if s.inputs else _constant(s)
    is_word = s.says("words are stored low byte first")
    index = s.local("u8", "i|n|at")
    if not is_word:
        s.add(f"for ({index} = 0; {index} < {size}; {index}++) {{", f"{block}[{index}] = {value};", "}")
        return
    s.add(
        f"for ({index} = 0; {index} < {size}; {index} += 2) {{",
        f"{block}[{index}] = {value} & 0xFF;",
        f"{block}[{index} + 1] = {value} >> 8;",
        "}",
    )


def _constant(s: Sketch) -> str:
    (value,) = s.found(r"with the constant (\$?[0-9A-F]+)")
    return value.replace("$", "0x")


def copy(s: Sketch) -> None:
    """A block copied."""
    index = _loop(s, s.size)
    s.add(f"{s.outputs[0]}[{index}] = {s.inputs[0]}[{index}];", "}")


def reverse(s: Sketch) -> None:
    """A block in reverse order."""
    index = _loop(s, s.size)
    s.add(f"{s.outputs[0]}[{s.size - 1} - {index}] = {s.inputs[0]}[{index}];", "}")


def total(s: Sketch) -> None:
    """The sum of bytes."""
    s.add(f"{s.outputs[0]} = 0;")
    index = _loop(s, s.size)
    s.add(f"{s.outputs[0]} += {s.inputs[0]}[{index}];", "}")


def header_checksum(s: Sketch) -> None:
    """The sum of bytes and its complement."""
    first, second = s.outputs
    s.add(f"{first} = 0;")
    index = _loop(s, s.size)
    s.add(f"{first} += {s.inputs[0]}[{index}];", "}", f"{second} = {first} ^ 0xFFFF;")


def checksum(s: Sketch) -> None:
    """XOR, sum or negated sum of bytes."""
    check = s.local("u8", "r|c|chk")
    start = s.found(r"starting from (\d+)")[0] if s.says("starting from") else "0"
    s.add(f"{check} = {start};")
    index = _loop(s, s.size)
    s.add(f"{check} {'^' if s.says('the XOR') else '+'}= {s.inputs[0]}[{index}];", "}")
    s.give(f"-{check}" if s.says("two's complement") else check)


def crc8(s: Sketch) -> None:
    """A CRC of eight bits."""
    polynomial, start = s.found(r"polynomial \$([0-9A-F]+), start value \$([0-9A-F]+)")
    crc, bit = s.local("u8", "r|c|rem"), s.local("u8", "b|k|turn")
    s.add(f"{crc} = 0x{start};")
    index = _loop(s, s.size)
    s.add(f"{crc} ^= {s.inputs[0]}[{index}];", f"for ({bit} = 0; {bit} < 8; {bit}++) {{", f"if ({crc} & 0x80) {{")
    s.add(f"{crc} = ({crc} << 1) ^ 0x{polynomial};", "} else {", f"{crc} <<= 1;", "}", "}", "}")
    s.give(crc)


def extreme(s: Sketch) -> None:
    """The largest or smallest byte."""
    best = s.local("u8", "r|m|top")
    is_largest = s.says("the largest")
    s.add(f"{best} = {s.inputs[0]}[0];")
    index = _loop(s, s.size, 1)
    item = f"{s.inputs[0]}[{index}]"
    s.add(f"if ({item} {'>' if is_largest else '<'} {best}) {{", f"{best} = {item};", "}", "}")
    s.give(best)


def search(s: Sketch) -> None:
    """The index of the first match, or 0xFF."""
    array, key = s.inputs
    index = s.local("u8", "i|n|at")
    s.add(f"{index} = 0;", f"while ({index} < {s.size} && {array}[{index}] != {key}) {{", f"{index}++;", "}")
    s.add(f"if ({index} == {s.size}) {{", f"{index} = 0xFF;", "}")
    s.give(index)


def count_matching(s: Sketch) -> None:
    """How many bytes meet a condition."""
    test, limit = s.found(r" are (equal to|at least) (\d+)")
    s.add(f"{s.outputs[0]} = 0;")
    index = _loop(s, s.size)
    sign = "==" if test == "equal to" else ">="
    s.add(f"if ({s.inputs[0]}[{index}] {sign} {limit}) {{", f"{s.outputs[0]}++;", "}", "}")


def equal(s: Sketch) -> None:
    """Whether two blocks are equal."""
    s.add(f"{s.outputs[0]} = 1;")
    index = _loop(s, s.size)
    s.add(f"if ({s.inputs[0]}[{index}] != {s.inputs[1]}[{index}]) {{", f"{s.outputs[0]} = 0;", "break;", "}", "}")


def length(s: Sketch) -> None:
    """The length of a string."""
    (end,) = s.found(r"which ends with \$([0-9A-F]+)")
    index = s.local("u8", "i|n|at")
    s.add(f"{index} = 0;", f"while ({s.inputs[0]}[{index}] != 0x{end}) {{", f"{index}++;", "}")
    s.give(index)


def pack(s: Sketch) -> None:
    """Booleans packed into bits."""
    (last,) = s.found(r"ends in bit (\d+)")
    s.add(f"{s.outputs[0]} = 0;")
    index = _loop(s, s.size)
    place = index if last == "0" else f"({last} - {index})"
    s.add(f"if ({s.inputs[0]}[{index}] != 0) {{", f"{s.outputs[0]} |= 1 << {place};", "}", "}")


def ring_push(s: Sketch) -> None:
    """A byte appended to a ring."""
    value, ring, head = s.inputs
    room = s.routine.inputs[1].size
    s.add(f"{ring}[{head}] = {value};", f"{head} = ({head} + 1) % {room};")


def ring_pop(s: Sketch) -> None:
    """A byte taken out of a ring."""
    ring, tail, head = s.inputs
    s.add(f"if ({tail} == {head}) {{", f"{s.outputs[0]} = 0;", "} else {", f"{s.outputs[0]} = {ring}[{tail}];")
    s.add(f"{tail} = ({tail} + 1) % {s.size};", "}")


def bubble_sort(s: Sketch) -> None:
    """Bytes in order."""
    array, size = s.inputs[0], s.size
    held, turn = s.local("u8", "t|held|swap"), s.local("u8", "k|pass|turn")
    index = s.local("u8", "i|n|at")
    sign = "<" if s.says("largest first") else ">"
    s.add(
        f"for ({turn} = 0; {turn} < {size - 1}; {turn}++) {{",
        f"for ({index} = 0; {index} < {size - 1}; {index}++) {{",
        f"if ({array}[{index}] {sign} {array}[{index} + 1]) {{",
        f"{held} = {array}[{index}];",
        f"{array}[{index}] = {array}[{index} + 1];",
        f"{array}[{index} + 1] = {held};",
        "}",
        "}",
        "}",
    )


SKETCHES = (
    fill, copy, reverse, total, header_checksum, checksum, crc8, extreme, search, count_matching, equal, length, pack,
    ring_push, ring_pop, bubble_sort,
)  # fmt: skip
