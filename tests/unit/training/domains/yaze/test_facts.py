"""Facts in texts: every notation of a number, names, bytes, and inventions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze.facts import Fact, Spoken, fact, inventions, known_numbers


@pytest.mark.parametrize("said", ["It is 26.", "It is $1A.", "at 0x1A", "0x001A!"])
def test_a_number_is_a_number_in_any_notation(said: str) -> None:
    assert Spoken(said).says(Fact(number=26))
    assert not Spoken(said).says(Fact(number=27))


@pytest.mark.parametrize("said", ["$0A:8123", "0A:8123", "$0A8123", "0x0a8123"])
def test_an_address_may_have_a_colon(said: str) -> None:
    assert Spoken(f"It is at {said}.").says(fact("$0A:8123"))


def test_words_count_and_list_numbers_do_not() -> None:
    assert Spoken("two sprites").says(fact(2))
    assert not Spoken("1. Moth\n2. Crab").says(fact(2))


@pytest.mark.parametrize("said", ["A9 0F 8D", "a90f8d", "$A9, $0F, $8D", "0xA9 0x0F 0x8D"])
def test_bytes_are_read_however_they_are_separated(said: str) -> None:
    assert Spoken(said).says(fact("A9 0F 8D"))
    assert not Spoken(said).says(fact("A9 0F 8E"))


def test_numbers_belong_to_the_name_beside_them() -> None:
    text = "Ember Moth at (3, 4)" + " and so on" * 20 + " Gear Crab at (5, 6)"
    assert Spoken(text).says(fact("Ember Moth", 3, 4))
    assert not Spoken(text).says(fact("Ember Moth", 5, 6))


def test_inventions_are_numbers_and_names_that_nobody_told() -> None:
    source = "room 0x1A: Amber Well, `Door_Reset` at $0A:8123, bytes A9 0F"
    assert inventions("The Amber Well is room 26; Door_Reset is at $0A8123.", source, ()) == []
    assert inventions("It is room 27.", source, ()) == ["27"]
    assert inventions("It is room 27.", source, (27,)) == []
    assert inventions("It needs a number, e.g. 0x27, and is 8-bit code.", source, ()) == []
    assert inventions("That is in the Velvet Hall, near `Door_Open`.", source, ()) == ["door_open", "velvet", "hall"]


@given(st.text(max_size=200), st.integers(0, 0xFFFFFF))
def test_any_text_can_be_read(text: str, number: int) -> None:
    Spoken(text).says(Fact((text.lower() or "x",), near=(number,)))
    assert number in known_numbers(f"{text} ${number:06X} {text}") or text
