"""Sentences, lists and tables pass for language, the same words in no order do not; a cut text breaks off."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.phrases import seeded
from agents.training.routines.language import breaks_off, ordered

PROSE = """The routine adds two numbers of 16 bits. It starts with CLC, because ADC always adds the carry, and an old
carry would make the sum too large by one. The low bytes come first; the carry of that addition goes into the high
bytes. A is saved with PHA at the start and restored with PLA at the end, so the caller does not lose it."""
LIST = """1. `pha`: save the caller's A.
2. `clc`: nothing is carried into the lowest byte.
3. `lda $12`: the low byte of the first number.
4. `adc $14`: plus the low byte of the second one, with the carry in C.
5. `sta $16`: the sum of the low bytes is stored.
6. `rts`: return to the caller."""
TABLE = """| line | why |
|---|---|
| `lda $12` | the low byte of the first number |
| `adc $14` | plus the low byte of the second; the carry goes on to the high bytes |
| `rts` | return to the caller, with the result in memory |"""
TERSE = "A has 8 bits. LDA #$80: A=$80, N=1, Z=0. ASL: C=1, A=$00, so Z=1 and N=0."
DUMP = "with TABLE = " + "4A 00 FE " * 20 + "the routine leaves SUM = $12."


@pytest.mark.parametrize("text", [PROSE, LIST, TABLE, TERSE, DUMP, f"{PROSE}\n\n{LIST}\n\n{TABLE}", "", "$12 = $34"])
def test_honest_text_of_any_style_is_in_order(text):
    assert ordered(text) == 1.0


@pytest.mark.parametrize("text", [PROSE, f"{PROSE}\n{LIST}", f"{LIST}\n{TABLE}\n{PROSE}"])
def test_the_same_words_shuffled_are_not(text):
    words = re.findall(r"[\w$.#]+", text)
    for seed in range(40):
        seeded(seed).shuffle(words)
        assert ordered(" ".join(words)) <= 0.2


def test_a_slip_of_the_writer_does_no_harm():
    assert ordered(PROSE.replace("The low bytes", "The the low bytes")) == 1.0
    assert ordered(PROSE.replace("the sum", "the of sum")) == 1.0


@given(st.text(max_size=400))
def test_any_text_has_a_share_of_order(text):
    assert 0.0 <= ordered(text) <= 1.0
    assert breaks_off(text) in {True, False}


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        LIST,
        TABLE,
        "- one thing\n- another thing",
        "Done.\n\nSUM = 4A 00 FE",
        "It is `rts`.\n```asm\n rts\n```",
        "**Done.**",
        "What it leaves (a word).",
    ],
)
def test_whole_texts_do_not_break_off(text):
    assert not breaks_off(text)


@pytest.mark.parametrize(
    "text",
    [
        PROSE[:-9],
        TABLE[:-12],
        "1. `pha`: save the caller's A.\n2. `clc`: nothing is carr",
        "It is `rts",
        "It returns (by RTS",
        "All is said.\n\n## Walkthrough",
        "Line by line:",
    ],
)
def test_texts_that_stop_in_the_middle_do(text):
    assert breaks_off(text)
