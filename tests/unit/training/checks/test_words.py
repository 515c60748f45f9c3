from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.training.checks.words import LONGEST_READ, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Don't stop -- NOW (please)!", ["don't", "stop", "now", "please"]),
        ("LDA.w $7E0010,x ; snake_case", ["lda", "w", "7e0010", "x", "snake_case"]),
        ("L\u2019\u00e9t\u00e9 est \u00abl\u00e0\u00bb", ["l\u2019\u00e9t\u00e9", "est", "l\u00e0"]),
        ("漢字 and カナ", ["漢", "字", "and", "カ", "ナ"]),
        ("'hello' ''she' s'", ["hello", "she", "s"]),
        ("'h\u00e9llo' \u2019\u2019she\u2019 s\u2019", ["h\u00e9llo", "she", "s"]),
        ("' ' '' ''' _ ____ _'_ __init__ a'b", ["__init__", "a'b"]),
        ("\u00e9 \u2019 ' ____ _\u2019_ __init__", ["\u00e9", "__init__"]),
        ("... \x00 \u200b \ud800 🙂", []),
    ],
)
def test_words_are_split_in_every_script(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(st.characters(max_codepoint=127)) | st.text("aB1'_ -\n"))
def test_the_quick_way_finds_the_same_words(text: str) -> None:
    assert words_of(f"{text} é") == [*words_of(text), "é"]


@given(st.text(st.characters()) | st.text("aé1'\u2019_ 漢"))
@example("\ufada \u30fb \u3099")  # of the blocks of ideographs: not assigned, a mark, an accent
def test_every_word_has_a_letter_or_a_digit(text: str) -> None:
    for word in words_of(text):
        assert any(map(str.isalnum, word))
        assert word.strip("'\u2019") == word


def test_a_bounded_part_is_read() -> None:
    assert len(words_of("a " * LONGEST_READ)) == LONGEST_READ // 2
