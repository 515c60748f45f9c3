"""Quality of an answer that no procedure proves: some checks that read it, and their weighted mean.

Pure. Owns how scores become a quality. Never asks a model, and never says that what an answer claims is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.campaign.described import CheckSection, OwnChecksSection
from agents.campaign.failures import FORM_CHECK
from agents.campaign.values import value
from agents.training.answers import Parsed
from agents.training.checks.grounding import grounding
from agents.training.checks.language import language
from agents.training.checks.length import length
from agents.training.checks.refusal import refusal
from agents.training.checks.similarity import similarity
from agents.training.checks.structure import structure
from agents.training.checks.words import words_of
from agents.training.sample import Check


@value
class Answered:
    """An answer and what it answers.

    ``question`` is what the student will be asked, ``answer`` what it should say, ``source`` the text of the item, and
    ``parsed`` how the teacher's answer was read, None where no schema was asked for.
    """

    question: str
    answer: str
    source: str
    parsed: Parsed | None = None


def judged(section: OwnChecksSection, answered: Answered) -> tuple[float, tuple[Check, ...]]:
    """Return the quality in [0, 1] of an answer, and the checks it follows from.

    The quality is the mean of the scores by weight, 1 where no check has any, and 0 where a check scores less than is
    demanded of it. An answer without a letter or a digit is worth 0, whatever is checked.
    """
    words = words_of(answered.answer)
    if not words:
        return 0.0, (Check(FORM_CHECK, 0.0, "it has no word in it"),)
    measured = tuple(_measured(section, answered, words))
    checks = tuple(check for _, check in measured)
    if any(check.score < wanted.at_least for wanted, check in measured):
        return 0.0, checks
    weights = sum(wanted.weight for wanted, _ in measured)
    if weights == 0.0:
        return 1.0, checks
    return sum(wanted.weight * check.score for wanted, check in measured) / weights, checks


def _measured(section: OwnChecksSection, answered: Answered, words: list[str]) -> Iterator[tuple[CheckSection, Check]]:
    """Yield every check that the recipe wants, with what it wants of it."""
    answer = answered.answer
    if section.structure is not None:
        yield section.structure, structure(answered.parsed)
    if section.length is not None:
        yield section.length, length(section.length, len(words))
    if section.refusal is not None:
        yield section.refusal, refusal(answer)
    if section.grounding is not None:
        yield section.grounding, grounding(answer, answered.source, answered.question)
    if section.similarity is not None:
        yield section.similarity, similarity(section.similarity, words, words_of(answered.question))
    if section.language is not None:
        yield section.language, language(section.language, answer)
