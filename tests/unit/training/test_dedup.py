from __future__ import annotations

import re
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.digest import digest
from agents.training.dedup import SLOTS, Duplicates, Twin, bands_for, trace

WORDS = [f"word{n}" for n in range(400)]


def text_with(changed: int, seed: int) -> str:
    """A text of 300 tokens, of which ``changed`` neighbours differ from the text with none changed."""
    words = [WORDS[n % 400] for n in range(300)]
    start = Random(seed).randrange(300 - changed)
    words[start : start + changed] = [f"new{seed}x{n}" for n in range(changed)]
    return " ".join(words)


def test_equal_texts_are_found_whatever_their_spacing_and_case() -> None:
    found = Duplicates(0.85)
    found.add(3, trace("LDA  #$10\n  sta $7E0010"))
    assert found.find(trace("lda #$10 STA $7e0010")) == Twin(3, exact=True)
    assert found.find(trace("lda #$11 STA $7e0010")) is None


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_the_digest_is_that_of_words_and_single_marks(text: str) -> None:
    assert trace(text).digest == digest(re.findall(r"\w+|[^\w\s]", text.lower()))


def test_alike_texts_are_found_and_others_are_not() -> None:
    found = Duplicates(0.85)
    found.add(0, trace(text_with(0, 0)))
    near = [found.find(trace(text_with(8, seed))) for seed in range(1, 30)]
    far = [found.find(trace(text_with(150, seed))) for seed in range(1, 30)]
    assert near == [Twin(0, exact=False)] * 29
    assert far == [None] * 29


def test_the_first_twin_is_named() -> None:
    found = Duplicates(0.5)
    for seq in (7, 12):
        found.add(seq, trace(text_with(40, seq)))
    assert found.find(trace(text_with(0, 0))) == Twin(7, exact=False)


def test_the_threshold_decides() -> None:
    other = trace(text_with(40, 1))
    answers = {}
    for threshold in (0.5, 0.95):
        found = Duplicates(threshold)
        found.add(0, trace(text_with(0, 0)))
        answers[threshold] = found.find(other)
    assert answers == {0.5: Twin(0, exact=False), 0.95: None}


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0])
def test_banding_overlooks_little(threshold: float) -> None:
    bands = bands_for(threshold)
    assert SLOTS % bands == 0
    assert (1 - threshold ** (SLOTS // bands)) ** bands <= 0.01 or bands == SLOTS


def test_a_trace_is_the_same_in_another_process() -> None:
    code = "from agents.training.dedup import trace; t = trace('a b c d e f g h'); print(t.digest, t.signature.hex())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    here = trace("a b c d e f g h")
    assert told == [here.digest, here.signature.hex()]


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_any_text_leaves_a_trace_that_finds_itself(text: str) -> None:
    found = Duplicates(0.85)
    found.add(1, trace(text))
    assert found.find(trace(text)) == Twin(1, exact=True)
