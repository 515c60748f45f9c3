"""Facts in texts: every notation of a number, names and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze.facts import Fact, Spoken, changed, fact, worded
from agents.training.domains.yaze.spelling import known_numbers


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


@pytest.mark.parametrize("said", ["A9 0F 8D", "a90f8d", "$A9, $0F, $8D", "0xA9 0x0F 0x8D", "$A9, $0F and $8D"])
def test_bytes_are_read_however_they_are_separated(said: str) -> None:
    assert Spoken(said).says(fact("A9 0F 8D"))
    assert not Spoken(said).says(fact("A9 0F 8E"))


def test_numbers_belong_to_the_name_beside_them() -> None:
    text = "Ember Moth at (3, 4)" + " and so on" * 20 + " Gear Crab at (5, 6)"
    assert Spoken(text).says(fact("Ember Moth", 3, 4))
    assert not Spoken(text).says(fact("Ember Moth", 5, 6))


@pytest.mark.parametrize(
    "text",
    [
        "Moth at (3, 4), Crab at (5, 6)",
        "(3, 4) Moth, (5, 6) Crab",
        "| Crab | 5 | 6 |\n| Moth | 3 | 4 |",
        "Two: a Moth at x=3, y=4 and a Crab at x=5, y=6",
    ],
)
def test_of_two_names_each_has_its_own_numbers(text: str) -> None:
    assert Spoken(text).lacks([fact("Moth", 3, 4), fact("Crab", 5, 6)]) == []
    assert Spoken(text).lacks([fact("Moth", 5, 6), fact("Crab", 3, 4)]) != []


def test_a_name_that_occurs_twice_has_the_numbers_of_both() -> None:
    assert Spoken("Moths at (1, 2) and (3, 4).").lacks([fact("Moth", 1, 2), fact("Moth", 3, 4)]) == []


def test_a_number_that_names_something_does_not_part_a_name_from_its_place() -> None:
    text = "Moth is on map 0x72 at (3, 4). Entrance 0x72 is at (5, 6)."
    assert Spoken(text).lacks([fact("Moth", 3, 4), Fact(("0x72",), near=(5, 6))]) == []


def test_values_of_several_words_may_be_joined_in_any_way() -> None:
    assert all(Spoken(said).says(worded("small_key")) for said in ("a small key door", "small-key", "`small_key`"))


def test_what_was_and_what_is_must_not_be_exchanged() -> None:
    assert Spoken("It is 7 now, it was 3.").says(changed(3, 7))
    assert not Spoken("It is 3 now, it was 7.").says(changed(3, 7))


@given(st.text(max_size=200), st.integers(0, 0xFFFFFF))
def test_any_text_can_be_read(text: str, number: int) -> None:
    Spoken(text).says(Fact((text.lower() or "x",), near=(number,)))
    assert number in known_numbers(f"{text} ${number:06X} {text}") or text
