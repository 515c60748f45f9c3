"""The console: DMA set-up, LoROM addresses, tilemap addresses.

Facts (fullsnes): DMA channel n has its registers at $43n0 (parameters), $43n1 (B-bus port, low byte of $21xx),
$43n2-4 (24-bit source), $43n5-6 (byte count); writing $420B starts transfers. A tilemap of 32 x 32 entries holds one
word per tile; VRAM addresses count words. LoROM maps 32 KiB of file to $8000-$FFFF of each bank:
offset = (bank & $7F) * $8000 + (address & $7FFF).
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_CARRY, Draft


def dma_setup(d: Draft) -> Routine:
    """Fill in the registers of one DMA channel."""
    channel = d.between(0, 7)
    base = 0x4300 + 16 * channel
    mode, port, port_name = [
        (1, 0x18, "VRAM data $2118/$2119"),
        (0, 0x22, "CGRAM data $2122"),
        (0, 0x04, "OAM data $2104"),
    ][d.between(0, 2)]
    address = d.near("source|gfx|data|upload src", 3, "the 24-bit source address")
    length = d.near("length|bytes|size|upload len", 2, "the number of bytes")
    d.begin("dma|setup dma|prepare upload|channel", True, uses="A")
    control = d.fixed("dmap", base, 1, f"transfer mode {mode}")
    bbus = d.fixed("bbad", base + 1, 1, f"the low byte of the port: {port_name}")
    source = d.fixed("a1t", base + 2, 3, "the source address")
    count = d.fixed("das", base + 5, 2, "the byte count")
    parts = [
        [(f"lda {d.imm(mode, 1)}", f"mode {mode}: {_MODES[mode]}"), _into(base)],
        [(f"lda {d.bits(port, 1)}", f"the port: {port_name}"), _into(base + 1)],
    ]
    if mode == 0 and d.coin():
        parts[0] = [(f"stz ${base:04X}", "DMAP: mode 0, one port")]
    d.rng.shuffle(parts)
    d.ops(*parts[0], *parts[1], (f"lda {d.at(address, 2)}", "the source bank"), _into(base + 4))
    if d.coin():
        d.ops(
            ("rep #$20", "16-bit A for the two words"),
            (f"lda {address.ref}", "source address inside its bank"),
            _into(base + 2, 2),
            (f"lda {length.ref}", "number of bytes"),
            _into(base + 5, 2),
            ("sep #$20", "8-bit A again"),
        )
    else:
        for place, register in ((address, base + 2), (length, base + 5)):
            for at, part in enumerate(("low", "high")):
                d.ops((f"lda {d.at(place, at)}", f"{place.name}, {part} byte"), _into(register + at))
    d.end()
    given: list[Mapping[str, Value]] = [
        {address.name: d.between(0x8000, 0xFFFF) | d.between(0, 0x3F) << 16, length.name: d.between(1, 0x2000)}
        for _ in range(3)
    ]
    given.append({address.name: 0x7E2000, length.name: 0x0800})
    return d.finish(
        "dma_setup",
        f"Set up DMA channel {channel} to copy {length.name} bytes from the address in {address.name} to "
        f"{port_name}, without starting it.",
        f"Channel {channel} has its registers at ${base:04X}: mode {mode} and port ${port:02X} are constants, the "
        "source address and the count come from memory. Starting is a matter of $420B and stays with the caller.",
        [address, length],
        [control, bbus, source, count],
        given,
        lambda g: {"dmap": mode, "bbad": port, "a1t": number(g, address.name), "das": number(g, length.name)},
        ["$420B is not written"],
    )


_MODES = ("one port", "two ports, one byte each")


_CHANNEL = ("DMAP", "BBAD", "A1TL", "A1TH", "A1B", "DASL", "DASH")
"""What fullsnes calls the registers of a channel, $43n0 first."""


def _into(register: int, size: int = 1) -> tuple[str, str]:
    return f"sta ${register:04X}", " and ".join(_CHANNEL[register % 16 + at] for at in range(size)) + " of the channel"


def lorom_offset(d: Draft) -> Routine:
    """Convert a LoROM CPU address to a file offset."""
    address = d.near("cpu address|pointer|location|snes addr", 3, "a LoROM address of the CPU, $8000-$FFFF in its bank")
    dest = d.near("offset|file pos|rom offset|pc addr", 3, "the 24-bit offset in the ROM file")
    header = d.level == 3 and d.coin()
    d.begin("lorom|to offset|pc address|rom offset", True, uses="A")
    (_bank_by_branch if d.coin() else _bank_by_rotation)(d, address, dest)
    d.ops(
        (f"sta {d.at(dest, 1)}", "middle byte of the offset"),
        (f"lda {address.ref}", "the low byte"),
        (f"sta {dest.ref}", "goes over unchanged"),
    )
    if header:
        d.ops(
            ("clc", NO_CARRY),
            (f"lda {d.at(dest, 1)}", "the middle byte"),
            ("adc #$02", "a copier header of $200 bytes comes first"),
            (f"sta {d.at(dest, 1)}", "middle byte"),
            (f"lda {d.at(dest, 2)}", "the top byte"),
            ("adc #$00", "plus the carry"),
            (f"sta {d.at(dest, 2)}", "top byte"),
        )
    d.end()
    banks = [d.between(1, 0x3F), 0x80 + d.between(0, 0x3F), 0, d.between(0, 0x3F) | 1, d.between(0, 0x3E) & 0x7E]
    given: list[Mapping[str, Value]] = [{address.name: bank << 16 | d.between(0x8000, 0xFFFF)} for bank in banks]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        value = number(g, address.name)
        return {dest.name: ((value >> 16 & 0x7F) << 15 | value & 0x7FFF) + (0x200 if header else 0)}

    return d.finish(
        "lorom_offset",
        f"Convert the LoROM address in {address.name} to the offset in the ROM file and store it in {dest.name}.",
        "LoROM puts 32 KiB of the file into the upper half of each bank: offset = (bank & $7F) * $8000 + (address "
        "& $7FFF). Multiplying by $8000 moves bit 0 of the bank to bit 15, and the rest is bank / 2 in the top "
        "byte.",
        [address],
        [dest],
        given,
        oracle,
        ["the file has a copier header of 512 bytes" if header else "the file has no copier header"],
        shape=lambda g: g.update({address.name: number(g, address.name) & 0xBFFFFF | 0x8000}),
    )


def _bank_by_branch(d: Draft, address: Place, dest: Place) -> None:
    """Leave the middle byte of the offset in A, its bit 7 set by a branch."""
    even = d.label("even|even bank|lower half|no add")
    d.ops(
        (f"lda {d.at(address, 2)}", "the bank"),
        ("and #$7F", "$80-$FF mirror $00-$7F"),
        (d.implied("lsr"), "bank / 2; bit 0 goes to the carry"),
        (f"sta {d.at(dest, 2)}", "top byte of the offset"),
        (f"lda {d.at(address, 1)}", "the high byte of the address"),
        ("and #$7F", "drop bit 15: $8000 is where a bank's file part begins"),
        (f"bcc {even}", "an even bank: its 32 KiB are the lower half"),
        ("ora #$80", "an odd bank: the upper half of 64 KiB"),
    )
    d.mark(even)


def _bank_by_rotation(d: Draft, address: Place, dest: Place) -> None:
    """Leave the middle byte of the offset in A, its bit 7 rotated in from the bank."""
    d.ops(
        (f"lda {d.at(address, 1)}", "the high byte of the address"),
        (d.implied("asl"), "drop bit 15"),
        (f"sta {d.at(dest, 1)}", "park it"),
        (f"lda {d.at(address, 2)}", "the bank"),
        ("and #$7F", "$80-$FF mirror $00-$7F"),
        (d.implied("lsr"), "bank / 2; its bit 0 goes to the carry"),
        (f"sta {d.at(dest, 2)}", "top byte of the offset"),
        (f"lda {d.at(dest, 1)}", "the parked byte"),
        (d.implied("ror"), "bit 15 becomes bit 0 of the bank"),
    )


def tilemap_address(d: Draft) -> Routine:
    """VRAM word address or buffer offset of a tilemap entry."""
    column, row = d.near("column|tile x|col", 1, "the column, 0-31"), d.near("row|tile y|line", 1, "the row, 0-31")
    by_bytes = d.coin()
    base = d.between(0, 15) << 11 if d.level > 1 else d.between(0, 7) << 12
    dest = d.near(
        "address|vram pos|offset|where", 2, "the " + ("byte offset in the buffer" if by_bytes else "VRAM word address")
    )
    shifts = 6 if by_bytes else 5
    d.begin("tile address|vram pos|map offset|cell address", False, uses="A")
    d.ops((f"lda {row.ref}", "the row and the byte after it"), ("and #$00FF", "only the row counts"))
    for turn in range(5):
        d.op(d.implied("asl"), f"times {2 << turn}")
    style = d.coin()
    if style:
        held = d.spare("row start|partial|sum|temp", 2)
        d.ops(
            (f"sta {held.ref}", "32 entries per row: start of the row"),
            (f"lda {column.ref}", "the column and the byte after it"),
            ("and #$00FF", "only the column counts"),
            (f"ora {held.ref}", "below 32, so OR adds it"),
        )
    else:
        d.ops(
            (f"sta {dest.ref}", "32 entries per row: start of the row"),
            (f"lda {column.ref}", "the column and the byte after it"),
            ("and #$00FF", "only the column counts"),
            ("clc", NO_CARRY),
            (f"adc {dest.ref}", "plus the start of the row"),
        )
    if by_bytes:
        d.op(d.implied("asl"), "two bytes per entry")
    if base:
        d.ops(("clc", NO_CARRY), (f"adc #${base:04X}", f"plus the base of the map, ${base:04X}"))
    d.op(f"sta {dest.ref}", f"<store|write> it to {dest.name}")
    d.end()
    pairs = [(d.between(1, 31), d.between(1, 31)), (0, 0), (31, 31), (d.between(0, 31), d.between(0, 31)), (31, 0)]
    given = [{column.name: a, row.name: b} for a, b in pairs]
    return d.finish(
        "tilemap_address",
        f"Compute the {'byte offset' if by_bytes else 'VRAM word address'} of the tilemap entry at "
        f"({column.name}, {row.name}) in a 32 x 32 map based at ${base:04X}; store it in {dest.name}.",
        "A row has 32 entries, so the entry number is row * 32 + column"
        + (", and each entry takes 2 bytes" if by_bytes else "; VRAM addresses count words, one per entry")
        + (f". The base ${base:04X} is added last." if base else ". With the map at $0000 there is nothing to add."),
        [column, row],
        [dest],
        given,
        lambda g: {dest.name: base + ((number(g, row.name) * 32 + number(g, column.name)) << (shifts - 5)) & 0xFFFF},
        ["both coordinates are bytes from 0 to 31"],
        within={column.name: (0, 31), row.name: (0, 31)},
    )
