from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.sources.paragraphs import MOST_JOINED, split


def paragraphs(text: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def test_short_neighbours_are_joined_and_named_by_their_line() -> None:
    first, second, third = "a" * 1_000, "b" * (MOST_JOINED - 1_002), "c"
    cuts = split(f"\n\n{first}\n \n\n{second}\n\n{third}\n")
    assert [(cut.name, cut.text) for cut in cuts] == [("3", f"{first}\n\n{second}"), ("8", third)]


def test_a_long_paragraph_stays_whole() -> None:
    long = "word " * 1_000 + "\nand more"
    assert [cut.text for cut in split(f"a\n\n{long}\n\nb")] == ["a", long, "b"]


def test_no_words_are_no_paragraphs() -> None:
    assert split("") == split(" \n\t\n") == []


@given(st.lists(st.text(alphabet="ab \n", max_size=700)).map("\n\n".join) | st.text())
@settings(deadline=None)
def test_paragraphs_stay_whole_and_in_order(text: str) -> None:
    cuts = split(text)
    assert [part for cut in cuts for part in paragraphs(cut.text)] == paragraphs(text)
    assert all(len(cut.text) <= MOST_JOINED or len(paragraphs(cut.text)) == 1 for cut in cuts)
    lines = text.split("\n")
    assert all(cut.text.startswith(lines[int(cut.name) - 1]) for cut in cuts)
    for cut, after in pairwise(cuts):
        following = "\n".join(paragraphs(after.text)[0])
        assert len(cut.text) + len("\n\n") + len(following) > MOST_JOINED


def test_long_texts_take_time_in_proportion() -> None:
    start = time.process_time()
    for unit in ("a\n\n", "\n", " ", "a", "a\n"):
        split(unit * 400_000)
    assert time.process_time() - start < 5.0
