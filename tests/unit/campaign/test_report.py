from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.gate import Criterion, Decision, Evidence, JudgedTicket, Verdict
from agents.campaign.recipe import GateSection
from agents.campaign.report import calibration, fenced, report_document, report_svg, report_text, sample_block
from agents.campaign.rules import rule_for

GATE = GateSection(min_samples=10)


def evidence(tickets: list[JudgedTicket], weights: dict[str, float] | None = None) -> Evidence:
    score_sum = sum(ticket.quality for ticket in tickets)
    count = len(tickets)
    return Evidence(
        count, count, is_complete=True, scored=count, score_sum=score_sum, tickets=tuple(tickets),
        weights=weights or {"asm": 1.0},
    )  # fmt: skip


def rejected(quality: float, reason: str, domain: str = "asm", answer: str = "an answer") -> dict[str, Any]:
    return {
        "item_id": "i1", "domain": domain, "quality": quality, "reason": reason, "reply": answer,
        "prompt": [{"role": "user", "content": "a question"}],
        "checks": [{"name": "results", "score": 0.0, "detail": "1, not 2"}],
    }  # fmt: skip


def report(seen: Evidence, samples: list[dict[str, Any]]) -> dict[str, Any]:
    return report_document(rule_for(GATE, is_ours=True).decide(seen), seen, samples, GATE)


def failed_pilot() -> dict[str, Any]:
    good, bad, worse = JudgedTicket("asm", 1.0, True), JudgedTicket("asm", 0.2, False), JudgedTicket("asm", 0.0, False)
    samples = [rejected(0.2, "check results")] * 50 + [rejected(0.0, "check form")] * 40
    return report(evidence([good] * 100 + [bad] * 50 + [worse] * 40), samples)


def test_reasons_are_ranked_by_tickets_with_the_mean_without_them() -> None:
    first, second = failed_pilot()["failures"]

    assert (first["reason"], first["tickets"], second["tickets"]) == ("check results", 50, 40)
    assert first["mean_without"] == pytest.approx(100 / 140)
    assert second["mean_without"] == pytest.approx(110 / 150)
    assert second["mean_without_it_and_those_before"] == pytest.approx(1.0)
    assert len(first["samples"]) == 3


def test_the_advice_names_what_costs_most_and_what_must_go_together() -> None:
    said = failed_pilot()["advice"]
    assert said[0].startswith("Most is lost to 'check form': 40 of 190 tickets, which average 0.000. Without them the ")
    assert "0.733 instead of 0.579, which still misses the threshold of 0.75" in said[0]
    assert said[1] == (
        "To pass, these must go together: 'check results', 'check form'. Without all of them the mean would be 1.000."
    )


def test_an_approved_pilot_gets_no_advice() -> None:
    told = report(evidence([JudgedTicket("asm", 1.0, True)] * 190), [])
    assert (told["verdict"], told["advice"]) == ("APPROVED", [])
    assert "What to change" not in report_text(told)


def test_a_domain_that_is_clearly_weaker_is_named() -> None:
    tickets = [JudgedTicket("asm", 0.9, True)] * 100 + [JudgedTicket("yaze", 0.1, False)] * 100
    told = report(evidence(tickets, {"asm": 0.5, "yaze": 0.5}), [])
    assert any(sentence.startswith("Domain yaze is the weakest: mean 0.100") for sentence in told["advice"])


def test_an_undecided_pilot_is_told_how_many_tickets_would_decide() -> None:
    tickets = ([JudgedTicket("asm", 1.0, True)] * 4 + [JudgedTicket("asm", 0.0, False)]) * 38
    told = report(evidence(tickets), [])
    assert told["verdict"] == "INCONCLUSIVE"
    (said,) = told["advice"]
    wanted = re.fullmatch(r"If the mean of quality stays 0.800, roughly (\d+) tickets in all would prove it.", said)
    assert wanted is not None
    assert 190 < int(wanted[1]) < 1900


def test_an_undecided_pilot_below_its_limit_is_not_advised_to_buy_tickets() -> None:
    tickets = ([JudgedTicket("asm", 1.0, True)] * 5 + [JudgedTicket("asm", 0.0, False)] * 2) * 14
    told = report(evidence(tickets), [])
    assert told["verdict"] == "INCONCLUSIVE"
    assert told["advice"] == ["More tickets like these would not prove quality (mean 0.714, limit 0.75)."]


def test_the_text_says_once_how_tickets_are_classed_and_from_where_evidence_proves() -> None:
    text = report_text(failed_pilot())
    assert text.count("A ticket is counted once: under its worst check") == 1
    assert text.count("A criterion is proven from a log evidence of log(1/0.05) = 2.996 on.") == 1


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [(0.8, 0.45, ["If the mean of quality", "More tickets"]), (0.7, 0.6, ["More tickets"])],
    ids=["the first is near", "the first is not"],
)
def test_the_advice_of_an_undecided_pilot_follows_its_recommendation(
    first: float, second: float, said: list[str]
) -> None:
    unproven = [
        Criterion("quality", False, "", n=190, mean=first, lower=first - 0.1, limit=0.75),
        Criterion("acceptance", False, "", n=190, mean=second, lower=second - 0.1, limit=0.5),
    ]
    decision = Decision(Verdict.INCONCLUSIVE, "", "", tuple(unproven), "evidence")
    advice = report_document(decision, evidence([JudgedTicket("asm", 0.8, True)] * 20), (), GATE)["advice"]
    assert len(advice) == len(said)
    assert all(sentence.startswith(words) for sentence, words in zip(advice, said, strict=True))


def test_a_check_is_ok_weak_or_failed() -> None:
    checks = [{"name": f"c{score}", "score": score, "detail": ""} for score in (1.0, 0.99, 0.7, 0.69, 0.0)]
    _, head, *lines = sample_block("head", checks, "a question", "")
    assert (head, lines[-2]) == ("head", "(none)")
    assert [line.split()[0] for line in lines[:5]] == ["ok", "weak", "weak", "FAIL", "FAIL"]


def test_long_texts_are_shortened_and_say_so() -> None:
    (failure,) = report(evidence([JudgedTicket("asm", 0.0, False)] * 20), [rejected(0.0, "x", answer="a" * 1_502)])[
        "failures"
    ]
    assert failure["samples"][0]["answer"] == f"{'a' * 1_500} [... 2 more characters]"


def test_calibration_marks_the_plans_threshold_and_gets_stricter_with_each() -> None:
    rows = calibration(evidence([JudgedTicket("asm", 0.8, True)] * 190), GateSection(quality_threshold=0.77))
    assert [row["threshold"] for row in rows if row["is_plan"]] == [0.77]
    assert [row["threshold"] for row in rows] == sorted(row["threshold"] for row in rows)
    approved = [row["threshold_rule"] == Verdict.APPROVED for row in rows]
    assert approved == sorted(approved, reverse=True)
    assert len(set(approved)) == 2


def test_a_pilot_of_somebody_else_is_told_as_far_as_it_is_known() -> None:
    seen = Evidence(3, 3, is_complete=True, scored=3, score_sum=1.5, scores=(0.4, 0.5, 0.6))
    told = report_document(rule_for(GATE, is_ours=False).decide(seen), seen, (), GATE)
    assert [(domain["domain"], domain["n"], domain["acceptance"]) for domain in told["domains"]] == [("all", 3, None)]
    assert "all: 3 tickets, mean 0.500" in report_text(told)
    assert "accepted" not in report_svg(told)


def test_the_svg_says_of_each_domain_how_much_was_accepted() -> None:
    assert ", 52.6% accepted</text>" in report_svg(failed_pilot())


@given(st.text(), st.text())
def test_no_text_of_a_teacher_leaves_its_fence(text: str, answer: str) -> None:
    opening, *body, closing = fenced(f"{text}\n```\n{answer}")
    fence = opening.removesuffix("text")
    assert closing == fence
    assert set(fence) == {"`"}
    assert all(fence not in line and line.isprintable() for line in body)


def test_a_report_with_hostile_texts_is_harmless_and_serializable() -> None:
    seen = evidence([JudgedTicket("<b>", 0.0, False)] * 20, {"<b>": 1.0})
    told = report(seen, [rejected(0.0, "<script>|`x`", "<b>", "````\n# No\x1b[2J")])
    text = report_text(told)
    assert "\x1b" not in text
    assert "### \\<script\\>\\|\\`x\\`" in text
    assert "`````text" in text
    assert "<b>" not in report_svg(told)
    assert orjson.loads(orjson.dumps(told)) == told
