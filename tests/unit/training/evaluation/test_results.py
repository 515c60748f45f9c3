from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from referring_domain import ReferringDomain
from tiny_domain import DOMAIN

from agents.training.evaluation.page import evaluation_text
from agents.training.evaluation.results import Answer, Mark, Question, Score, chosen, comparison, mark, result, summary
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem

PASSED = Mark(True, 0.9, 1.0, None)
FAILED = Mark(False, 0.2, 0.5, "check value")
UNKNOWN = Mark(False, 0.0, None, "unjudged", is_known=False)


def question(at: int, domain: str = "tiny", difficulty: int = 1, family: str = "sum") -> Question:
    item = SourceItem(domain, Cell(family, difficulty), {"a": at, "b": 2})
    return Question(f"{at:016x}", item, 0, (Message("user", "?"),), 20)


def scored(marks: list[Mark], domain: str = "tiny", difficulty: int = 1) -> list[Score]:
    return [Score(question(at, domain, difficulty), (one,)) for at, one in enumerate(marks)]


def marked(text: str, outcome: Outcome = Outcome.ANSWERED, domain: Any = DOMAIN) -> Mark:
    return mark({"tiny": domain}, Answer(question(5), Reply(outcome, text, "m"), 0.7))


def test_an_answer_is_worth_what_its_domain_proves() -> None:
    assert marked("5 and 2 give 7.") == Mark(True, pytest.approx(1.0), 1.0, None)
    assert marked("5 and 2 give 8.") == Mark(False, pytest.approx(0.2), 0.0, "check value")
    assert marked("<think>2 more than 5</think>7 or not? It is 7.").passed


@pytest.mark.parametrize(
    ("outcome", "text", "reason"),
    [
        (Outcome.ANSWERED, " ", "reply empty"),
        (Outcome.EMPTY, "", "reply empty"),
        (Outcome.TRUNCATED, "5 and 2 give 7.", "reply truncated"),
        (Outcome.REFUSED, "No.", "reply refused"),
        (Outcome.FAILED, "gone", "reply failed"),
    ],
)
def test_a_ticket_without_an_answer_was_not_passed(outcome: Outcome, text: str, reason: str) -> None:
    assert marked(text, outcome) == Mark(False, 0.0, 0.0, reason)


def test_what_only_a_model_can_judge_is_not_known() -> None:
    found = marked("5 and 2 give 7.", domain=ReferringDomain())
    assert (found.passed, found.is_known, found.proven) == (False, False, None)
    assert summary(scored([PASSED, UNKNOWN]))["pass_rate"] == 1.0
    assert summary(scored([PASSED, UNKNOWN]))["unjudged"] == 1


def test_numbers_of_scores() -> None:
    found = summary(scored([PASSED] * 3 + [FAILED]))
    assert (found["tickets"], found["passed"], found["pass_rate"]) == (4, 3, 0.75)
    assert (found["low"], found["high"]) == (0.3006, 0.9544)
    assert (found["quality"], found["proven"]) == (0.725, 0.875)
    assert found["failures"] == {"check value": 1}
    nothing = summary([])
    assert (nothing["pass_rate"], nothing["low"], nothing["high"], nothing["quality"]) == (None, 0.0, 1.0, None)


def test_of_several_answers_to_a_ticket_the_mean_counts() -> None:
    several = Score(question(1), (PASSED, FAILED, FAILED, FAILED))
    found = summary([several, Score(question(2), (PASSED,) * 4)])
    assert (found["tickets"], found["passed"], found["pass_rate"]) == (2, 1.25, 0.625)
    assert not Score(question(1), (PASSED, UNKNOWN)).is_known


def test_results_are_told_of_every_domain_and_difficulty() -> None:
    scores = scored([PASSED, FAILED]) + scored([FAILED], difficulty=3) + scored([PASSED], "asm")
    found = result(scores)
    assert [(cell["domain"], cell["difficulty"], cell["pass_rate"]) for cell in found["cells"]] == [
        ("asm", 1, 1.0),
        ("asm", None, 1.0),
        ("tiny", 1, 0.5),
        ("tiny", 3, 0.0),
        ("tiny", None, 0.3333),
    ]
    assert found["families"]["tiny/sum"] == {"tickets": 3, "pass_rate": 0.3333, "quality": 0.4333}


def test_a_comparison_is_of_the_same_tickets() -> None:
    before = scored([FAILED] * 8 + [PASSED, UNKNOWN])
    after = scored([PASSED] * 8 + [FAILED, PASSED, PASSED])
    found = comparison(before, after)
    overall = found["overall"]
    assert (overall["tickets"], overall["gained"], overall["lost"]) == (9, 8, 1)
    assert overall["difference"] == pytest.approx(7 / 9, abs=1e-4)
    assert overall["p_value"] == pytest.approx(2 * (1 + 9) / 2**9, rel=1e-3)
    assert overall["low"] < overall["difference"] < overall["high"]
    assert [cell["difficulty"] for cell in found["cells"]] == [1, None]
    nothing = comparison([], after)["overall"]
    assert (nothing["tickets"], nothing["difference"], nothing["p_value"]) == (0, None, 1.0)
    assert (nothing["low"], nothing["high"]) == (-1.0, 1.0)


def test_a_subset_has_of_every_cell_the_share_that_it_has_of_all() -> None:
    questions = [question(at, "asm", 1 + at % 2) for at in range(80)] + [
        question(100 + at, "yaze", 3) for at in range(40)
    ]
    found = chosen(questions, 30, seed=1)
    counts = Counter((one.item.domain, one.item.cell.difficulty) for one in found)
    assert counts == {("asm", 1): 10, ("asm", 2): 10, ("yaze", 3): 10}
    more = chosen(questions[::-1], 60, seed=1)
    assert more[:30] == found
    assert chosen(questions, 30, seed=2) != found
    assert len(chosen(questions, None, 1)) == len(chosen(questions, 999, 1)) == 120


def document(**more: Any) -> dict[str, Any]:
    about = {"name": "m", "place": "models/m", "why_failed": {}, "cost": None, "cost_at_most": None}
    model = about | result(scored([PASSED] * 3 + [FAILED]))
    told = {
        "dataset": "tried",
        "split": "test",
        "tickets": 9,
        "asked": 4,
        "samples": 1,
        "temperature": 0.0,
        "max_tokens": 512,
        "accept_at": 0.7,
        "level": 0.95,
        "not_measured": ["the weather"],
        "methods": {"rate": "Wilson", "difference": "Bonett", "test": "McNemar"},
        "models": {"after": model},
        "comparison": None,
    }
    return told | more


def test_the_page_tells_rates_reasons_and_what_was_not_measured() -> None:
    page = evaluation_text(document())
    assert "tried: 4 of 9 tickets of its test split" in page
    assert "one answer each, greedy, at most 512 tokens; passed from quality 0.70 on" in page
    assert "75.0%    30.1% to 95.4%     0.725    0.875" in page
    assert "did not pass: check value 1\n" in page
    assert "not measured:\n  the weather" in page
    assert "before training" not in page


def test_the_page_tells_what_changed() -> None:
    before, after = scored([FAILED] * 4), scored([PASSED] * 3 + [FAILED])
    base = document()["models"]["after"]
    models = {"after": base, "before": base | result(before) | {"why_failed": {"no room": 2}}}
    page = evaluation_text(document(models=models, comparison=comparison(before, after), samples=3, temperature=0.7))
    assert "3 answers each, drawn at temperature 0.7" in page
    assert "before training: models/m" in page
    assert "failed 2 times: no room" in page
    assert "+75.0%" in page
    assert "p: McNemar" in page


def test_many_reasons_are_summed() -> None:
    marks = [replace(FAILED, reason=f"check {at}") for at in range(9)]
    model = document()["models"]["after"] | result(scored(marks))
    assert "check 5 1, others 3\n" in evaluation_text(document(models={"after": model}))


@pytest.mark.parametrize(
    ("cost", "at_most", "told"),
    [(0.0125, 0.0125, "0.0125"), (None, 0.5, "not known, 0.5 at most"), (None, None, "not known"), (0.0, 0.0, "0")],
)
def test_the_page_tells_the_cost_or_that_it_is_not_known(cost: float | None, at_most: float | None, told: str) -> None:
    model = document()["models"]["after"] | {"cost": cost, "cost_at_most": at_most}
    assert f"  cost: {told}\n" in evaluation_text(document(models={"after": model}))
