"""Small routines of machine code for the invented game, so that there is something to disassemble.

Owns the patterns. Never reads code; that is the disassembler's.
"""

from __future__ import annotations

from random import Random


def made(rng: Random, target: int) -> bytes:
    """Return a routine of 8-bit code that may call the 24-bit ``target``; it ends with RTS or RTL."""
    code: list[int] = []
    for _ in range(rng.randint(3, 6)):
        code += _part(rng, target)
    return bytes([*code, rng.choice((0x60, 0x6B))])


def _part(rng: Random, target: int) -> list[int]:
    low, high, value = rng.randrange(256), rng.randrange(2, 0x1F), rng.randrange(256)
    parts = (
        [0xA9, value, 0x8D, low, high],  # lda #value : sta abs
        [0xAD, low, high, 0xC9, value, 0xD0, 0x03, 0xEE, low, high],  # lda abs : cmp #value : bne + : inc abs : +
        [0x22, *target.to_bytes(3, "little")],  # jsl target
        [0xA2, value, 0x9D, low, high],  # ldx #value : sta abs,x
        [0xA5, low, 0x29, value, 0x85, low],  # lda dp : and #value : sta dp
        [0x18, 0x69, value, 0x8D, low, high],  # clc : adc #value : sta abs
        [0xCE, low, high, 0x10, 0x03, 0x9C, low, high],  # dec abs : bpl + : stz abs : +
        [0x08, 0xE2, 0x30, 0xAF, low, high, 0x7E, 0x28],  # php : sep #$30 : lda long : plp
    )
    return rng.choice(parts)
