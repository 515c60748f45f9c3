"""Inventions: what nobody told, and what only looks like it."""

import pytest

from agents.training.domains.yaze.inventions import inventions

SOURCE = "room 0x1A: Amber Well, `Door_Reset` at $0A:8123, bytes A9 0F, code lda #$1A / sta $0A12 / rtl"


def test_inventions_are_numbers_and_names_that_nobody_told() -> None:
    assert inventions("The Amber Well is room 26; Door_Reset is at $0A8123.", SOURCE, ()) == []
    assert inventions("It is room 27.", SOURCE, ()) == ["27"]
    assert inventions("It is room 27.", SOURCE, (27,)) == []
    assert inventions("It needs a number, e.g. 0x27, and is 8-bit code.", SOURCE, ()) == []
    assert inventions("That is in the Velvet Hall, near `Door_Open`.", SOURCE, ()) == ["door_open", "velvet hall"]


@pytest.mark.parametrize(
    "text",
    [
        "I changed the Header of it, Please check the New Value.",
        "It is `lda #$1A; sta $0A12; rtl`.",
        "There are two Amber Wells.",
    ],
)
def test_stress_joints_and_plurals_are_no_inventions(text: str) -> None:
    assert inventions(text, SOURCE, ()) == []


@pytest.mark.parametrize("text", ["there is no label called Avalanche", "it is from Tales of Marrow, I think"])
def test_names_may_have_small_words_in_them_and_may_be_one_word(text: str) -> None:
    assert len(inventions(text, SOURCE, ())) == 1
