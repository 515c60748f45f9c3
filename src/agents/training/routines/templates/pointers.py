"""Structures in memory: blocks behind pointers, linked lists, ring buffers.

Facts: ``(dp),y`` takes a 16-bit pointer in the data bank and ``[dp],y`` a 24-bit one, both from the direct page
(WDC W65C816S datasheet, section 3.5).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_CARRY, Draft
from agents.training.routines.probes import Span

_LOOPS = "loop|next|again|more|each|walk|step"


def indirect_sum(d: Draft) -> Routine:
    """XOR or sum of bytes behind a pointer."""
    size = d.between(3, 6 + 2 * d.level)
    long = d.level > 1
    pointer_size = 3 if long else 2
    block = (d.far_place if long else d.low)("block|record|entry|struct", size, f"{size} bytes", array=True)
    pointer = d.dp("ptr|pointer|cursor|address", pointer_size, f"a {8 * pointer_size}-bit pointer to {block.name}")
    dest = d.near("sum|digest|mix|total", 1, "the result byte")
    xor = d.coin()
    operand = f"[{pointer.ref}],y" if long else f"({pointer.ref}),y"
    down = d.coin()
    d.begin("walk|read block|sum at|through", True, True, uses="AY")
    loop = d.label(_LOOPS)
    d.ops(
        (f"lda {d.imm(0, 1)}", "the result starts at 0"),
        (f"ldy {d.imm(size - 1 if down else 0, 1)}", f"Y = offset of the {'last' if down else 'first'} byte"),
    )
    d.mark(loop, loop=True)
    if xor:
        d.op(f"eor {operand}", f"the byte at {pointer.name} + Y")
    else:
        d.ops(("clc", "modulo 256: drop the carry"), (f"adc {operand}", f"add the byte at {pointer.name} + Y"))
    if down:
        d.ops(("dey", "one byte down"), (f"bpl {loop}", "until Y is negative"))
    else:
        d.ops(("iny", "one byte on"), (f"cpy {d.imm(size, 1)}", f"{size} bytes?"), (f"bne {loop}", "not yet"))
    d.op(f"sta {dest.ref}", f"<store|write> it to {dest.name}")
    d.end()
    given: list[Mapping[str, Value]] = [
        {pointer.name: block.addr, block.name: data}
        for data in (d.data(size), bytes([255] * size), bytes(size), d.data(size))
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        result, data = 0, g[block.name]
        for byte in data if isinstance(data, bytes) else b"":
            result = result ^ byte if xor else (result + byte) & 255
        return {dest.name: result}

    return d.finish(
        "indirect_sum",
        f"{'XOR' if xor else 'Add (modulo 256)'} the {size} bytes that the {8 * pointer_size}-bit pointer "
        f"{pointer.name} points to and store the result in {dest.name}.",
        f"The pointer lies in the direct page, so {operand} reads through it with Y as the offset"
        + (
            "; the brackets mean that all three bytes, bank included, are used."
            if long
            else "; the bank is the data bank."
        ),
        [pointer, block],
        [dest],
        given,
        oracle,
        [f"the pointer may change between calls, the length is always {size}"],
        shape=lambda g: g.update({pointer.name: block.addr}),
    )


def list_walk(d: Draft) -> Routine:
    """Count the nodes of a linked list, or add up what they hold."""
    count = d.between(2, 3 + d.level)
    nodes = d.low(
        "nodes|pool|heap|objects",
        4 * (count + 1),
        f"{count + 1} nodes of 4 bytes: next (word), value (word)",
        array=True,
    )
    head = d.near("head|first|list|start", 2, "the address of the first node, or 0 for an empty list")
    adding = d.coin()
    dest = d.near("total|sum|weight" if adding else "nodes seen|count|list size", 2, "the result")
    d.begin("walk list|count list|list sum|follow", False, False, uses="AX")
    loop, done = d.label("loop|follow|node|next node"), d.label("done|end|empty|last")
    d.ops(
        (f"stz {dest.ref}", f"{dest.name} = 0"),
        (f"ldx {head.ref}", f"X = first node, from {head.name}"),
        (f"beq {done}", "0: an empty list"),
    )
    d.mark(loop, loop=True)
    if adding:
        d.ops(
            (f"lda {dest.ref}", "the sum so far"),
            ("clc", NO_CARRY),
            ("adc $0002,x", "plus the value of this node, at offset 2"),
            (f"sta {dest.ref}", "<keep|store> it"),
        )
    else:
        d.op(f"inc {dest.ref}", "one node more")
    d.ops(
        ("lda $0000,x", "the link to the next node, at offset 0"),
        ("tax", "becomes the current node"),
        (f"bne {loop}", "0 ends the list"),
    )
    d.mark(done)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at, result, data = number(g, head.name), 0, g[nodes.name]
        while at and isinstance(data, bytes):
            node = data[at - nodes.addr : at - nodes.addr + 4]
            result += int.from_bytes(node[2:], "little") if adding else 1
            at = int.from_bytes(node[:2], "little")
        return {dest.name: result & 0xFFFF}

    indexes = list(range(count + 1))
    d.rng.shuffle(indexes)
    orders = [indexes[:count], [], indexes[:1], sorted(indexes)]

    def chain(order: list[int], values: Span = (1, 9999)) -> dict[str, Value]:
        return {
            head.name: nodes.addr + 4 * order[0] if order else 0,
            nodes.name: _linked(d, nodes, order, values),
        }

    def shuffled(g: dict[str, Value]) -> None:
        d.rng.shuffle(indexes)
        g.update(chain(indexes[: d.between(0, count + 1)], (0, 0xFFFF)))

    given = [chain(order) for order in orders]
    return d.finish(
        "list_walk",
        f"Walk the linked list that starts at {head.name} and store "
        f"{'the sum of the node values' if adding else 'the number of nodes'} in {dest.name}.",
        "X holds the address of the current node, so absolute indexed operands with base 0 and 2 read its fields. "
        "TAX sets Z, and a link of 0 ends the walk.",
        [head, nodes],
        [dest],
        given,
        oracle,
        ["a node is: next (word), value (word); next = 0 ends the list"],
        shape=shuffled,
    )


def _linked(d: Draft, nodes: Place, order: list[int], values: Span) -> bytes:
    """Return the memory of ``nodes`` with those in ``order`` linked and holding random values."""
    data = bytearray(nodes.size)
    for at, node in enumerate(order):
        follow = nodes.addr + 4 * order[at + 1] if at + 1 < len(order) else 0
        data[4 * node : 4 * node + 4] = follow.to_bytes(2, "little") + d.between(*values).to_bytes(2, "little")
    return bytes(data)


def ring_push(d: Draft) -> Routine:
    """Append a byte to a ring buffer."""
    size = d.pick("4|8|16") if d.level > 1 else d.pick("4|8")
    room = int(size)
    value = d.operand(1, "value|event|command|sound", "the byte to append")
    buffer = d.low("queue|ring|buffer|fifo", room, f"a ring of {room} bytes", array=True)
    head = d.near("head|write pos|tail|insert at", 1, f"the index of the next free byte, 0-{room - 1}")
    style = d.pick("mask|compare")
    index = d.pick("x|y")
    d.begin("push|enqueue|append|post", True, True, fixed="m" if value.where == "A" else "", uses="A" + index.upper())
    d.op(f"ld{index} {head.ref}", f"{index.upper()} = <index of the free byte|where to write>")
    d.fetch(value)
    d.ops(
        (f"sta {buffer.ref},{index}", f"<store|write> the byte into {buffer.name}"), (f"in{index}", "advance the index")
    )
    if style == "mask":
        d.ops(
            (f"t{index}a", "the index to A"),
            (f"and {d.bits(room - 1, 1)}", f"wrap at {room}: a power of two"),
            (f"sta {head.ref}", f"<store|keep> {head.name}"),
        )
    else:
        wrap = d.label("no wrap|fits|keep|store")
        d.ops(
            (f"cp{index} {d.imm(room, 1)}", "past the end?"),
            (f"bcc {wrap}", "no"),
            (f"ld{index} {d.imm(0, 1)}", "yes: back to the start"),
        )
        d.mark(wrap)
        d.op(f"st{index} {head.ref}", f"<store|keep> {head.name}")
    d.end()
    starts = [d.between(0, room - 2), room - 1, 0, d.between(0, room - 1)]
    given: list[dict[str, Value]] = [
        {value.name: d.between(1, 255), buffer.name: d.data(room), head.name: at} for at in starts
    ]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        data, at = g[buffer.name], number(g, head.name)
        ring = bytearray(data if isinstance(data, bytes) else b"")
        ring[at] = number(g, value.name)
        return {buffer.name: bytes(ring), head.name: (at + 1) % room}

    return d.finish(
        "ring_push",
        f"Append {value.key} to the ring buffer {buffer.name} of {room} bytes at index {head.name} and advance "
        "the index.",
        "Store first, then advance; "
        + (
            f"since {room} is a power of two, AND #{room - 1} wraps the index."
            if style == "mask"
            else f"reaching {room} sends the index back to 0."
        ),
        [value, buffer, head],
        [buffer, head],
        given,
        oracle,
        ["no check for a full buffer"],
        within={head.name: (0, room - 1)},
        edges=(room - 1, room - 2),
    )
