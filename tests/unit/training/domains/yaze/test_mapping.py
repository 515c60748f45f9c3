"""Addresses: both mappers, both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze import mapping


@pytest.mark.parametrize(
    ("mapper", "address", "offset"),
    [
        ("LoROM", 0x008000, 0),
        ("LoROM", 0x00FFC0, 0x7FC0),
        ("LoROM", 0x808000, 0),
        ("LoROM", 0x1F9234, 0xF9234),
        ("LoROM", 0x007FFF, None),
        ("LoROM", 0x7E8000, None),
        ("HiROM", 0xC00000, 0),
        ("HiROM", 0x00FFC0, 0xFFC0),
        ("HiROM", 0x400123, 0x123),
        ("HiROM", 0x001234, None),
        ("HiROM", 0x7F0000, None),
    ],
)
def test_documented_places(mapper: mapping.Mapper, address: int, offset: int | None) -> None:
    assert mapping.to_pc(mapper, address) == offset


@given(st.sampled_from(["LoROM", "HiROM"]), st.integers(0, 0x1FFFFF))
def test_there_and_back(mapper: mapping.Mapper, offset: int) -> None:
    assert mapping.to_pc(mapper, mapping.to_snes(mapper, offset)) == offset


@pytest.mark.parametrize("said", ["$1F:8200", "0x1F8200", "1F8200", 0x1F8200])
def test_numbers_are_read(said: object) -> None:
    assert mapping.as_number(said) == 0x1F8200
    assert mapping.written(0x1F8200) == "$1F:8200"
