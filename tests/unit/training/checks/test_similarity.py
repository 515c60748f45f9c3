from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.described import SimilaritySection
from agents.training.checks.similarity import similarity
from agents.training.checks.words import words_of

QUESTION = "Explain in a few words of your own what the routine does when the carry flag is set."
ANSWER = "It jumps over the next two instructions, so that the old value is kept in the accumulator."


def score(answer: str, question: str = QUESTION, most: float = 0.8) -> float:
    return similarity(SimilaritySection(most=most), words_of(answer), words_of(question)).score


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER, 1.0),
        (QUESTION, 0.0),
        (QUESTION.upper().replace(" ", " - "), 0.0),
        (f"{QUESTION} {ANSWER} {ANSWER.replace('old', 'new')}", 1.0),
        (f"{QUESTION} That is it.", 0.0),
        ("Yes.", 1.0),
        ("the carry flag is set", 0.0),
        ("carry flag is set", 1.0),
        ("", 1.0),
    ],
)
def test_an_answer_that_repeats_the_question_scores_low(answer: str, expected: float) -> None:
    assert score(answer) == expected


def test_between_half_of_most_and_most_the_score_falls() -> None:
    question = " ".join(f"q{number}" for number in range(14))
    answer = f"{question} {' '.join(f'a{number}' for number in range(6))}"
    assert score(answer, question, most=0.625) == 0.0
    assert score(answer, question, most=1.0) == pytest.approx(0.75)
    check = similarity(SimilaritySection(), words_of(answer), words_of(question))
    assert check.detail == "62% of it is the question"


@given(st.text(), st.text(), st.floats(0.01, 1.0))
def test_scores_are_scores(answer: str, question: str, most: float) -> None:
    assert 0.0 <= score(answer, question, most) <= 1.0


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "é", "漢"]), min_size=5).map(" ".join))
def test_the_question_is_no_answer(question: str) -> None:
    assert score(question, question) == 0.0
