"""Where a byte of the cartridge is: SNES addresses and offsets in the file, and how both are written.

Owns LoROM and HiROM without a copier header. Source: fullsnes (nocash), "SNES Cartridge ROM Mapping".
"""

from __future__ import annotations

from typing import Literal

Mapper = Literal["LoROM", "HiROM"]


def to_pc(mapper: Mapper, address: int) -> int | None:
    """Return the offset in the file of 24-bit ``address``, None where no ROM answers.

    LoROM: 32 KiB at $8000-$FFFF of banks $00-$7D and $80-$FF. HiROM: all of banks $40-$7D and $C0-$FF, and the upper
    halves of banks $00-$3F and $80-$BF.
    """
    bank, offset = address >> 16, address & 0xFFFF
    if bank in {0x7E, 0x7F}:
        return None
    if mapper == "LoROM":
        return (bank & 0x7F) << 15 | offset & 0x7FFF if offset & 0x8000 else None
    return (bank & 0x3F) << 16 | offset if bank & 0x40 or offset & 0x8000 else None


def to_snes(mapper: Mapper, offset: int) -> int:
    """Return the usual address of the byte at ``offset`` of the file: banks from $00 (LoROM) or $C0 (HiROM) on."""
    if mapper == "LoROM":
        return (offset >> 15) << 16 | 0x8000 | offset & 0x7FFF
    return 0xC00000 + offset


def written(address: int) -> str:
    """Return ``$1F:8200`` for a 24-bit address."""
    return f"${address >> 16:02X}:{address & 0xFFFF:04X}"


def as_number(value: object) -> int:
    """Return the number that an argument of a tool says: an integer, ``$1A``, ``0x1A`` or ``$1F:8200``.

    Raises:
        ValueError: it says none.
    """
    if isinstance(value, int):
        return value
    digits = str(value).strip().replace(":", "").removeprefix("$").removeprefix("0x").removeprefix("0X")
    return int(digits, 16)
