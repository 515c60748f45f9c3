"""Evaluation: what a model's answers to the tickets of a test split are worth, and what training changed.

Pure. Owns which tickets are asked, what counts as passed, and the document of it. Never asks a model.

The unit is the ticket: of several answers to one, the mean counts (pass@1). A ticket without an answer was not passed;
one whose judgement cannot be found out is left out, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, cast

from agents.campaign.digest import digest
from agents.campaign.failures import UNJUDGED
from agents.training.calls_in_text import answer_of, said_of, thought_in, turn_of
from agents.training.domains import Domain, ProvingDomain
from agents.training.evaluation.intervals import difference_interval, rate_interval, sign_test
from agents.training.judge import Domains, assess, unusable, verdict
from agents.training.sample import Message, Reply, SourceItem

READING = frozenset({"explanation", "economy", "structure", "length", "refusal", "grounding", "similarity", "language"})
"""Checks that read how an answer is told: the others prove what it says."""


@dataclass(frozen=True, slots=True)
class Question:
    """A ticket of the test split.

    ``turns`` is what the student hears before it answers; ``room`` is how many characters the answer has that a student
    would have learned from.
    """

    id: str
    item: SourceItem
    variant: int
    turns: tuple[Message, ...]
    room: int

    @property
    def length(self) -> int:
        """How many characters are heard."""
        return sum(len(turn.told) for turn in self.turns)

    @property
    def has_tools(self) -> bool:
        """Whether there are tools to call."""
        return any(turn.tools for turn in self.turns)


def chosen(questions: Sequence[Question], count: int | None, seed: int) -> list[Question]:
    """Return ``count`` of the questions, or all: every domain and difficulty has the share that it has of all.

    Fewer are always among more of the same ``seed``.
    """
    cells: dict[tuple[str, int], list[Question]] = {}
    for question in questions:
        cells.setdefault((question.item.domain, question.item.cell.difficulty), []).append(question)
    places = []
    for cell, members in sorted(cells.items()):
        ranked = sorted(members, key=lambda question: digest(seed, question.id))
        places += [((at + 0.5) / len(ranked), cell, question) for at, question in enumerate(ranked)]
    places.sort(key=lambda place: place[:2])
    return [question for _, _, question in places[:count]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What one answer is worth; ``quality`` in [0, 1].

    ``proven`` in [0, 1] is the least of the checks that prove, None where there is none. ``reason`` says why it did not
    pass, in a class of reasons. Where ``is_known`` is False, nothing was found out about the answer.
    """

    passed: bool
    quality: float
    proven: float | None
    reason: str | None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with one reply to it, to be marked; passed from the quality ``accept_at`` on."""

    question: Question
    reply: Reply
    accept_at: float


def mark(domains: Domains, answer: Answer) -> Mark:
    """Return what the domain's checks say of an answer, as they judge the prompt of the same ticket."""
    question, reply = answer.question, answer.reply
    finding = None
    if unusable(reply) is None:
        domain = domains[question.item.domain]
        prompt = domain.prompt(question.item, question.variant)
        finding = assess(domains, (question.item, prompt, _as_a_teacher(domain, question, reply.text)))
    found = verdict(reply, finding, None, answer.accept_at)
    if finding is not None and (finding.judgement.referral is not None or not finding.judgement.is_known):
        return Mark(False, 0.0, None, UNJUDGED, is_known=False)
    proofs = [check.score for check in found.checks if check.name not in READING]
    proven = 0.0 if finding is None else min(proofs, default=None)
    return Mark(found.state == "accepted", found.quality, proven, found.reason)


def _as_a_teacher(domain: Domain, question: Question, text: str) -> str:
    """Return what a student said in the form in which a teacher answers, as the domain judges it.

    With tools, a teacher tells a thought too. A student's form has no place for one in a reply, so there the domain's
    own stands beside it: only what the student says is graded.
    """
    if not question.has_tools:
        return said_of(text)
    own = cast(ProvingDomain, domain).answer(question.item, question.variant)  # others have no tools
    return answer_of(turn_of(text), thought_in(own))


@dataclass(frozen=True, slots=True)
class Score:
    """A ticket with the marks of all answers to it, at least one."""

    question: Question
    marks: tuple[Mark, ...]

    @property
    def is_known(self) -> bool:
        """Whether every answer was judged."""
        return all(one.is_known for one in self.marks)

    @property
    def passed(self) -> float:
        """The share of the answers that passed."""
        return sum(one.passed for one in self.marks) / len(self.marks)


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """Return the numbers of ``scores``, as JSON values; those that are not known are only counted."""
    known = [score for score in scores if score.is_known]
    marks = [one for score in known for one in score.marks]
    reasons = Counter(one.reason for one in marks if one.reason is not None)
    proofs = [one.proven for one in marks if one.proven is not None]
    document = {"tickets": len(known), "unjudged": len(scores) - len(known)}
    passes = fsum(score.passed for score in known)
    low, high = rate_interval(passes / len(known), len(known)) if known else (0.0, 1.0)
    return document | {
        "passed": round(passes, 4),
        "pass_rate": round(passes / len(known), 4) if known else None,
        "low": round(low, 4),
        "high": round(high, 4),
        "quality": round(fsum(one.quality for one in marks) / len(marks), 4) if marks else None,
        "proven": round(fsum(proofs) / len(proofs), 4) if proofs else None,
        "failures": dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
    }


def by_cell(scores: Sequence[Score]) -> list[tuple[str, int | None, list[Score]]]:
    """Return domain, difficulty and scores of each cell, sorted; then of each domain with difficulty None."""
    cells: dict[tuple[str, int], list[Score]] = {}
    domains: dict[str, list[Score]] = {}
    for score in scores:
        item = score.question.item
        cells.setdefault((item.domain, item.cell.difficulty), []).append(score)
        domains.setdefault(item.domain, []).append(score)
    found: list[tuple[str, int | None, list[Score]]] = []
    for domain, members in sorted(domains.items()):
        found += [(*cell, cells[cell]) for cell in sorted(cells) if cell[0] == domain]
        found.append((domain, None, members))
    return found


def result(scores: Sequence[Score]) -> dict[str, Any]:
    """Return the numbers of one model: overall, of every domain and difficulty, and of every family."""
    families: dict[str, list[Score]] = {}
    for score in scores:
        families.setdefault(f"{score.question.item.domain}/{score.question.item.cell.family}", []).append(score)
    return {
        "overall": summary(scores),
        "cells": [
            {"domain": domain, "difficulty": difficulty} | summary(members)
            for domain, difficulty, members in by_cell(scores)
        ],
        "families": {name: _short(summary(members)) for name, members in sorted(families.items())},
    }


def _short(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: numbers[name] for name in ("tickets", "pass_rate", "quality")}


def comparison(before: Sequence[Score], after: Sequence[Score]) -> dict[str, Any]:
    """Return what changed on the tickets that were asked of both and judged, overall and in every cell."""
    earlier = {score.question.id: score for score in before if score.is_known}
    pairs = [(earlier[score.question.id], score) for score in after if score.is_known and score.question.id in earlier]
    changes = {now.question.id: now.passed - then.passed for then, now in pairs}
    return {
        "overall": _change(list(changes.values())),
        "cells": [
            {"domain": domain, "difficulty": difficulty} | _change([changes[one.question.id] for one in members])
            for domain, difficulty, members in by_cell([now for _, now in pairs])
        ],
    }


def _change(changes: Sequence[float]) -> dict[str, Any]:
    more, less = [one for one in changes if one > 0], [-one for one in changes if one < 0]
    document: dict[str, Any] = {"tickets": len(changes), "gained": len(more), "lost": len(less)}
    if not changes:
        return document | {"difference": None, "low": -1.0, "high": 1.0, "p_value": 1.0}
    low, high = difference_interval(fsum(more), fsum(less), len(changes))
    return document | {
        "difference": round(fsum(changes) / len(changes), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "p_value": float(f"{sign_test(len(more), len(less)):.4g}"),
    }
