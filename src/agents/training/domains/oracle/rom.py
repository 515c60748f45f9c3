"""The cartridge as an address space: LoROM addresses, file offsets, regions.

Owns the mapping between them. Never holds or runs any bytes.

Sources: fullsnes (nocash), "SNES Memory Map" and "SNES Cartridge ROM Header"; asar manual, section "Mappers" (lorom).
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER = 0x200
"""Bytes that a copier header puts before the ROM in a headered file."""


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """Bytes from the 24-bit address ``start`` on; ``size`` >= 1, all in one bank."""

    start: int
    size: int

    @property
    def last(self) -> int:
        """The address of the last byte."""
        return self.start + self.size - 1

    @property
    def text(self) -> str:
        """First and last address."""
        return f"{show(self.start)}-{self.last & 0xFFFF:04X}"

    def holds(self, address: int) -> bool:
        """Return whether the byte at ``address``, by its own name or by its mirror's, is in the region."""
        return self.start & 0x7FFFFF <= address & 0x7FFFFF <= self.last & 0x7FFFFF


def show(address: int) -> str:
    """Return a 24-bit address as ROM hackers write it in prose: ``$80:8123``."""
    return f"${address >> 16:02X}:{address & 0xFFFF:04X}"


def long(address: int) -> str:
    """Return a 24-bit address as assemblers take it: ``$808123``."""
    return f"${address:06X}"


def is_rom(address: int) -> bool:
    """Return whether LoROM maps ROM at ``address``: the upper half of every bank but $7E and $7F."""
    return 0 <= address <= 0xFFFFFF and bool(address & 0x8000) and address >> 16 not in {0x7E, 0x7F}


def offset(address: int, *, headered: bool = False) -> int:
    """Return the file offset of a LoROM address: 32 KiB per bank, banks $80 and up mirror $00 and up."""
    return ((address >> 16 & 0x7F) << 15 | address & 0x7FFF) + HEADER * headered


def mirror(address: int) -> int:
    """Return the other name of a LoROM address: the same byte in the slow or fast half."""
    return address ^ 0x800000
