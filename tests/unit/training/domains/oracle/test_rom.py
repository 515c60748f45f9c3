"""LoROM addresses, file offsets, regions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.oracle.rom import Region, is_rom, mirror, offset, show


@pytest.mark.parametrize(
    ("address", "plain", "headered"),
    [
        (0x008000, 0x000000, 0x000200),
        (0x00FFFF, 0x007FFF, 0x0081FF),
        (0x018000, 0x008000, 0x008200),
        (0x808000, 0x000000, 0x000200),
        (0x9CA361, 0x0E2361, 0x0E2561),
        (0x3FFFFF, 0x1FFFFF, 0x2001FF),
    ],
)
def test_a_bank_is_32_kib_of_the_file(address: int, plain: int, headered: int) -> None:
    assert offset(address) == plain
    assert offset(address, headered=True) == headered


@given(bank=st.integers(0, 0x7D), place=st.integers(0x8000, 0xFFFF))
def test_both_halves_show_the_same_byte(bank: int, place: int) -> None:
    address = bank << 16 | place
    assert is_rom(address)
    assert mirror(mirror(address)) == address
    assert offset(mirror(address)) == offset(address)
    assert Region(address, 1).holds(mirror(address))


def test_work_ram_and_the_lower_half_of_a_bank_are_no_rom() -> None:
    assert not any(is_rom(address) for address in (0x7E8000, 0x7FFFFF, 0x007FFF, 0x800000, 0x1000000, -1))


def test_a_region_knows_its_ends() -> None:
    region = Region(0x92F000, 0x10)
    assert region.last == 0x92F00F
    assert region.text == "$92:F000-F00F"
    assert region.holds(0x92F00F)
    assert not region.holds(0x92F010)
    assert show(0x7E0010) == "$7E:0010"
