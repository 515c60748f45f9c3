from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.described import CheckSection, LanguageSection, LengthSection, OwnChecksSection, SimilaritySection
from agents.campaign.failures import FORM_CHECK, UNREADABLE, failure_of
from agents.training.answers import AnswerSchema, Form, Parsed
from agents.training.checks import Answered, judged
from agents.training.checks.structure import structure

NOTHING = OwnChecksSection(structure=None, length=None, refusal=None, grounding=None, similarity=None)
DEFAULT = OwnChecksSection()
QUESTION = "What does Link_Main do in every frame, and which address does it read?"
SOURCE = "Link_Main: LDA $7E00F0 : AND #$0F : STA LinkDirection : RTS ; once per frame, while the player has control"
GOOD = "Link_Main reads the joypad mirror at $7E00F0, keeps the four direction bits and stores them in LinkDirection."


def answered(answer: str, parsed: Parsed | None = None) -> Answered:
    return Answered(QUESTION, answer, SOURCE, parsed)


def test_a_good_answer_has_full_quality() -> None:
    quality, checks = judged(DEFAULT, answered(GOOD))
    assert quality == 1.0
    assert [check.name for check in checks] == [FORM_CHECK, "length", "refusal", "grounding", "similarity"]
    assert {check.score for check in checks} == {1.0}


@pytest.mark.parametrize(
    "answer",
    [
        *(
            "",
            " \n",
            "\x00",
            "\u200b\u200b",
            "...",
            "{}",
            "' ' ' ' '",
            "____ " * 5,
            "```\n```",
            "🙂",
            '{"": ""}',
            "-" * 1_000,
        ),
        "I'm sorry, but I can't explain Link_Main: $7E00F0 and LinkDirection are beyond what the player may know.",
        "As an AI language model, I read that Link_Main stores $7E00F0 in LinkDirection while the player has control.",
        "Thank you for the question about Link_Main and $7E00F0. Unfortunately, I am not able to answer it.",
        "I don't know.",
        "N/A",
    ],
)
def test_what_says_nothing_is_worth_nothing(answer: str) -> None:
    assert judged(DEFAULT, answered(answer))[0] == 0.0


@pytest.mark.parametrize("answer", ["", "...", "\u200b", "' ' ' ' '", "____ ____ ____ ____ ____", "_\u2019_"])
def test_empty_answers_are_worth_nothing_whatever_is_checked(answer: str) -> None:
    quality, checks = judged(NOTHING, answered(answer))
    assert quality == 0.0
    assert failure_of(f"check {checks[0].name}", quality) == UNREADABLE


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        (QUESTION, 0.8),
        ("Yes.", 0.8),
        ("It calls FooBar, which clears BazQux at $123456 for Ganondorf in a loop of 99 steps.", 0.8),
        (f"{GOOD} " * 1_000, 0.8),
    ],
)
def test_poor_answers_lose_quality(answer: str, most: float) -> None:
    assert judged(DEFAULT, answered(answer))[0] <= most


def test_only_checks_that_are_wanted_run() -> None:
    assert judged(NOTHING, answered(GOOD)) == (1.0, ())
    section = NOTHING.model_copy(update={"language": LanguageSection(language="en")})
    assert [check.name for check in judged(section, answered(GOOD))[1]] == ["language"]


def test_quality_is_the_mean_by_weight() -> None:
    section = NOTHING.model_copy(
        update={"length": LengthSection(weight=3.0, fewest=2, most=100), "grounding": CheckSection(weight=1.0)}
    )
    assert judged(section, answered("It calls FooBar."))[0] == pytest.approx(3 / 4)


def test_a_check_without_weight_only_demands() -> None:
    section = NOTHING.model_copy(update={"grounding": CheckSection(weight=0.0, at_least=0.5)})
    assert judged(section, answered(GOOD))[0] == 1.0
    assert judged(section, answered("It calls FooBar."))[0] == 0.0


def test_less_than_demanded_is_worth_nothing() -> None:
    lenient = NOTHING.model_copy(update={"similarity": SimilaritySection(), "length": LengthSection()})
    strict = lenient.model_copy(update={"similarity": SimilaritySection(at_least=0.1)})
    assert judged(lenient, answered(QUESTION))[0] == 0.5
    quality, checks = judged(strict, answered(QUESTION))
    assert (quality, checks) == (0.0, judged(lenient, answered(QUESTION))[1])


@pytest.mark.parametrize(
    ("form", "score"),
    [
        *((Form.EXACT, 1.0), (Form.FENCED, 1.0), (Form.EXTRACTED, 1.0), (Form.REPAIRED, 1.0)),
        *((Form.TORN, 0.0), (Form.NO_JSON, 0.0), (Form.WRONG_SHAPE, 0.0), (Form.TOO_LARGE, 0.0)),
    ],
)
def test_the_form_is_right_where_all_was_read(form: Form, score: float) -> None:
    assert structure(Parsed(form, None, "why")).score == score


def test_an_unreadable_answer_counts_as_such() -> None:
    parsed = AnswerSchema({"type": "object"}).parsed('{"output": "half of')
    quality, checks = judged(DEFAULT, answered(GOOD, parsed))
    assert checks[0].detail == "torn: what begins at character 1 never ends"
    assert failure_of(f"check {min(checks, key=lambda check: check.score).name}", quality) == UNREADABLE


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_any_texts_are_judged(question: str, answer: str, source: str) -> None:
    section = OwnChecksSection(language=LanguageSection(language="en"))
    quality, checks = judged(section, Answered(question, answer, source))
    assert 0.0 <= quality <= 1.0
    for check in checks:
        orjson.dumps(check.detail)
        assert check.detail.isprintable()
