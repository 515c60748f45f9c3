"""Answers are read as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.routines import reading


def test_the_longest_closed_block_counts():
    text = "a\n```asm\nnop\n```\nb\n```\nlda #1\nrts\n```\n```asm\nopen for ever and ever and ever"
    assert reading.code_blocks(text) == ["nop\n", "lda #1\nrts\n"]
    assert reading.longest_block(text) == "lda #1\nrts\n"


def test_prose_is_what_is_outside_and_what_is_commented():
    prose = reading.prose("before\n```asm\nlda #1 ; one\nrts\n```\nafter")
    assert "before" in prose
    assert "one" in prose
    assert "after" in prose
    assert "lda" not in prose


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("A = $12", "a", "$12"),
        ("- `sum`: 0x1234", "sum", "0x1234"),
        ("**C** = 1", "c", "1"),
        ("> x1 = AB CD", "x1", "AB CD"),
    ],
)
def test_pairs_are_found_in_common_dress(line, key, value):
    assert reading.pairs(f"text\n{line}\nmore")[key] == value


def test_the_last_pair_of_a_key_counts():
    assert reading.pairs("A = $01\n...\na = $02")["a"] == "$02"


@pytest.mark.parametrize(
    ("text", "value"), [("$1F", 31), ("0x1f", 31), ("31", 31), ("%11111", 31), ("#$1F", 31), ("many", None), ("", None)]
)
def test_numbers_in_any_base(text, value):
    assert reading.number(text) == value


def test_octets_skip_words():
    assert reading.octets("DA $B2 0x04, add 14") == bytes([0xDA, 0xB2, 0x04, 0x14])


@given(st.text(max_size=500))
def test_reading_never_fails(text):
    reading.pairs(text)
    reading.prose(text)
    reading.octets(text)
    reading.number(text)
    reading.commented(text)
