"""Where a byte of the ROM file appears in the address space: LoROM from the file, HiROM in both directions.

Facts (fullsnes by nocash, "SNES Cartridge ROM Image" and "SNES Memory Map"): LoROM shows 32 KiB of the file in
$8000-$FFFF of each bank, HiROM 64 KiB in each of the banks $C0-$FF and their upper halves in $80-$BF (and $00-$3F);
banks $80-$FF allow fast access; some files begin with a copier header of 512 bytes, which no bank shows.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import Draft

_EDGES = (0, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x17FFF, 0x18000, 0x1FFFFF, 0x200000)


def lorom_address(d: Draft) -> Routine:
    """Convert a file offset to a LoROM CPU address."""
    fast = d.coin()
    limit = 0x3FFFFF if fast else 0x3EFFFF
    offset = d.near("offset|file pos|rom pos|pc addr", 3, f"an offset in the ROM file, at most ${limit:06X}")
    dest = d.near("address|snes addr|pointer|location", 3, "the 24-bit LoROM address of that byte")
    d.begin("to lorom|snes address|file to cpu|lorom", True, uses="A")
    if d.coin():
        d.ops(
            (f"lda {d.at(offset, 1)}", "the middle byte"),
            (d.implied("asl"), "bit 15 of the offset goes to the carry"),
        )
    else:
        d.ops(
            (f"lda {d.at(offset, 1)}", "the middle byte"),
            ("cmp #$80", "the carry becomes bit 15 of the offset"),
        )
    d.ops(
        (f"lda {d.at(offset, 2)}", "the top byte; LDA keeps the carry"),
        (d.implied("rol"), "top byte * 2 + bit 15: the bank"),
    )
    if fast:
        d.op("ora #$80", "the mirror in $80-$FF, where FastROM applies")
    d.op(f"sta {d.at(dest, 2)}", "the bank of the address")
    parts = [
        [
            (f"lda {d.at(offset, 1)}", "the middle byte again"),
            ("ora #$80", "the ROM is in the upper half of the bank"),
            (f"sta {d.at(dest, 1)}", "middle byte of the address"),
        ],
        [(f"lda {offset.ref}", "the low byte"), (f"sta {dest.ref}", "goes over unchanged")],
    ]
    d.rng.shuffle(parts)
    d.ops(*parts[0], *parts[1])
    d.end()
    values = [d.between(0x8000, limit), 0, 0x7FFF, 0x8000, d.between(0x10000, limit) | 0x8000]

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        at = number(g, offset.name)
        return {dest.name: (at >> 15 | (0x80 if fast else 0)) << 16 | 0x8000 | at & 0x7FFF}

    return d.finish(
        "lorom_address",
        f"Convert the file offset in {offset.name} to a LoROM address"
        + (" in banks $80-$FF" if fast else "")
        + f" and store it in {dest.name}.",
        "A LoROM bank holds 32 KiB, so bank = offset / $8000 and the address inside it is offset modulo $8000 plus "
        "$8000. "
        "Dividing by $8000 means: drop 15 bits, which ROL does when bit 15 waits in the carry.",
        [offset],
        [dest],
        [{offset.name: value} for value in values],
        oracle,
        ["the file has no copier header"],
        within={offset.name: (0, limit)},
        edges=_EDGES,
    )


def hirom_offset(d: Draft) -> Routine:
    """Convert a HiROM CPU address to a file offset."""
    header = d.level == 3 or (d.level == 2 and d.coin(0.3))
    address = d.near("address|cpu address|pointer|snes addr", 3, "a HiROM address that shows ROM")
    dest = d.near("offset|file pos|rom pos|pc addr", 3, "the 24-bit offset in the ROM file")
    wide = d.coin()
    d.begin("hirom offset|to file|from hirom|file pos", True, uses="A", fixed="m" if wide else "")
    _low_word(d, address, dest, ("clc", "adc") if header else None, wide)
    d.ops((f"lda {d.at(address, 2)}", "the bank"), ("and #$3F", "64 banks of ROM; the mirrors have the same low bits"))
    if header:
        d.op(f"adc {d.imm(0, 1)}", "plus the carry from below; AND keeps it")
    d.op(f"sta {d.at(dest, 2)}", "top byte of the offset")
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        return {dest.name: (number(g, address.name) & 0x3FFFFF) + (0x200 if header else 0)}

    def valid(g: dict[str, Value]) -> None:
        g[address.name] = _shown(number(g, address.name))

    values = [0xC00000 | d.between(0, 0x3FFFFF), 0xC0FFFF, 0x808000, 0xC00000, 0xC00000 | d.between(0, 0x3FFFFF)]
    return d.finish(
        "hirom_offset",
        f"Convert the HiROM address in {address.name} to the offset in the ROM file and store it in {dest.name}.",
        "A HiROM bank holds 64 KiB, so the address inside the bank is taken over as it is, and the low 6 bits of "
        "the bank "
        "are the top byte of the offset" + ("; $200 is added for the header." if header else "."),
        [address],
        [dest],
        [{address.name: value} for value in values],
        oracle,
        [
            "ROM shows in $C0-$FF, and in $8000-$FFFF of $80-$BF",
            f"the file has {'a copier header of 512 bytes' if header else 'no copier header'}",
        ],
        shape=valid,
        edges=(0xC0FE00, 0xC0FDFF, 0xC00000, 0xFFFFFF, 0x80FFFF),
    )


def _shown(value: int) -> int:
    """Return an address at which HiROM shows ROM, made from any 24 bits."""
    return value | 0xC00000 if value & 0x400000 else (value | 0x808000) & 0xBFFFFF


def hirom_address(d: Draft) -> Routine:
    """Convert a file offset to a HiROM CPU address."""
    header = d.level == 3 or (d.level == 2 and d.coin(0.3))
    first = 0x200 if header else 0
    offset = d.near(
        "offset|file pos|rom pos|pc addr", 3, f"an offset in the ROM file, ${first:06X}-${0x3FFFFF + first:06X}"
    )
    dest = d.near("address|snes addr|pointer|location", 3, "the 24-bit HiROM address of that byte")
    wide = d.coin()
    d.begin("to hirom|snes address|file to cpu|hirom", True, uses="A", fixed="m" if wide else "")
    _low_word(d, offset, dest, ("sec", "sbc") if header else None, wide)
    d.op(f"lda {d.at(offset, 2)}", "the top byte")
    if header:
        d.op(f"sbc {d.imm(0, 1)}", "minus the borrow from below")
    d.ops(("ora #$C0", "the banks $C0-$FF show the whole file"), (f"sta {d.at(dest, 2)}", "the bank of the address"))
    d.end()
    values = [first + d.between(0x10000, 0x3FFFFF), first, first + 0xFFFF, 0x10000, first + d.between(0, 0x3FFFFF)]
    return d.finish(
        "hirom_address",
        f"Convert the file offset in {offset.name} to a HiROM address in banks $C0-$FF and store it in {dest.name}.",
        "The file is at most 4 MiB, so its offset has 22 bits: 16 of them are the address inside the bank, the other 6 "
        "number the bank, which starts at $C0" + ("; the $200 bytes of the header come off first." if header else "."),
        [offset],
        [dest],
        [{offset.name: value} for value in values],
        lambda g: {dest.name: 0xC00000 | number(g, offset.name) - first},
        [f"the file has {'a copier header of 512 bytes' if header else 'no copier header'}"],
        within={offset.name: (first, 0x3FFFFF + first)},
        edges=(first, 0xFFFF, 0x10000, 0x101FF, 0x10200, 0x3FFFFF + first),
    )


def _low_word(d: Draft, source: Place, dest: Place, header: tuple[str, str] | None, wide: bool) -> None:
    """Carry over the low 16 bits, $200 added or subtracted for a header; the carry is left for the top byte."""
    start = (header[0], "prepare the carry for the header") if header else None
    what = {"adc": "plus", "sbc": "minus"}[header[1]] if header else ""
    if wide:
        d.ops(("rep #$20", "16-bit A for the address inside the bank"), (f"lda {source.ref}", "low and middle byte"))
        if header and start:
            d.ops(start, (f"{header[1]} #$0200", f"{what} the 512 bytes of the header"))
        d.ops(
            (f"sta {dest.ref}", "into the result"),
            ("sep #$20", "8-bit A again" + ("; the carry stays" if header else "")),
        )
        return
    d.ops(
        (f"lda {source.ref}", "the low byte"),
        (f"sta {dest.ref}", "goes over unchanged" + (": $200 ends in 00" if header else "")),
    )
    d.op(f"lda {d.at(source, 1)}", "the middle byte")
    if header and start:
        d.ops(start, (f"{header[1]} #$02", f"{what} the header, which is 2 pages long"))
    d.op(f"sta {d.at(dest, 1)}", "middle byte of the result")
