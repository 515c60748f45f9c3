from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.events import Progressed, SampleScored
from agents.campaign.failures import DUPLICATE, UNJUDGED, UNREADABLE, failure_of
from agents.campaign.gate import Evidence, JudgedTicket, Verdict
from agents.campaign.progress import Progress, fold
from agents.campaign.recipe import GateSection
from agents.campaign.rules import EvidenceRule, ThresholdRule

WEIGHTS = {"asm": 0.6, "yaze": 0.4}
RULE = EvidenceRule(GateSection())


def tickets(
    quality: float, count: int, domain: str = "asm", *, accepted: bool = True, failure: str | None = None
) -> list[JudgedTicket]:
    return [JudgedTicket(domain, quality, accepted, failure)] * count


def evidence(
    settled: list[JudgedTicket], *, expected: int = 190, weights: dict[str, float] | None = None, **more: Any
) -> Evidence:
    """Return the evidence of a pilot of ours with ``settled`` tickets."""
    score_sum = sum(ticket.quality for ticket in settled)
    is_complete = len(settled) >= expected
    return Evidence(
        expected, len(settled), is_complete, len(settled), score_sum, tickets=tuple(settled),
        weights={"asm": 1.0} if weights is None else weights, **more,
    )  # fmt: skip


def two_domains(asm: float, yaze: float, *, count: int = 190) -> list[JudgedTicket]:
    first = round(0.6 * count)
    return tickets(asm, first) + tickets(yaze, count - first, "yaze")


DECISIONS = [
    (
        "the judge failed on a tenth",
        evidence(tickets(0.95, 171) + tickets(0.0, 19, accepted=False, failure=UNJUDGED)),
        {},
        Verdict.ERROR,
        "The judge failed on 19 of 190 answers, gate.most_unjudged allows 5%",
    ),
    (
        "the judge failed on a few",
        evidence(tickets(0.95, 181) + tickets(0.0, 9, accepted=False, failure=UNJUDGED)),
        {},
        Verdict.APPROVED,
        "proven",
    ),
    (
        "bad as far as the judge could say, before it is complete",
        evidence(tickets(0.0, 60, accepted=False, failure=UNJUDGED)),
        {},
        Verdict.PENDING,
        "60/190",
    ),
    ("clearly good", evidence(tickets(0.9, 190)), {}, Verdict.APPROVED, "Quality 0.900 > 0.75 over 190"),
    ("clearly bad", evidence(tickets(0.5, 190)), {}, Verdict.REJECTED, "Quality 0.500 < 0.75 over 190"),
    ("too close", evidence(tickets(1.0, 145) + tickets(0.0, 45)), {}, Verdict.INCONCLUSIVE, "not proven"),
    ("hopeless before it is complete", evidence(tickets(0.1, 60)), {}, Verdict.REJECTED, "refuted"),
    ("good before it is complete", evidence(tickets(1.0, 60)), {}, Verdict.PENDING, "60/190"),
    ("not begun", evidence([]), {}, Verdict.PENDING, "0/190"),
    ("complete and too small", evidence(tickets(0.9, 100), expected=100), {}, Verdict.REJECTED, "at least 150"),
    (
        "good scores, few accepted",
        evidence(tickets(0.9, 60) + tickets(0.9, 130, accepted=False)),
        {},
        Verdict.REJECTED,
        "Acceptance 0.316",
    ),
    (
        "the same without a floor",
        evidence(tickets(0.9, 60) + tickets(0.9, 130, accepted=False)),
        {"acceptance_floor": 0.0},
        Verdict.APPROVED,
        "Quality",
    ),
    (
        "half of it repeats",
        evidence(tickets(0.9, 95) + tickets(0.9, 95, accepted=True, failure=DUPLICATE)),
        {},
        Verdict.REJECTED,
        "Unique 0.500 < 0.8",
    ),
    (
        "half of it cannot be read",
        evidence(tickets(1.0, 95) + tickets(1.0, 95, accepted=True, failure=UNREADABLE)),
        {},
        Verdict.REJECTED,
        "Readable 0.500 < 0.8",
    ),
    (
        "one domain bad",
        evidence(two_domains(1.0, 0.6), weights=WEIGHTS),
        {"domain_floors": {"yaze": 0.7}},
        Verdict.REJECTED,
        "Quality of yaze 0.600 < 0.7",
    ),
    ("one domain bad and no floor", evidence(two_domains(1.0, 0.6), weights=WEIGHTS), {}, Verdict.APPROVED, "Quality"),
    (
        "a floor for no domain",
        evidence(tickets(0.9, 190)),
        {"domain_floors": {"cpp": 0.7}},
        Verdict.ERROR,
        "domain_floors names cpp",
    ),
    ("a domain without scores", evidence(tickets(0.9, 190), weights=WEIGHTS), {}, Verdict.ERROR, "No scores of yaze"),
    ("a domain of no plan", evidence(two_domains(0.9, 0.9)), {}, Verdict.ERROR, "Tickets of yaze"),
    ("an impossible score", evidence(tickets(0.9, 189) + tickets(1.5, 1)), {}, Verdict.ERROR, "not a number in [0, 1]"),
    ("not a number", evidence(tickets(0.9, 189) + tickets(math.nan, 1)), {}, Verdict.ERROR, "not a number in [0, 1]"),
    ("bad lines", evidence(tickets(0.9, 190), bad_scores=2), {}, Verdict.ERROR, "2 lines"),
    ("no tickets known", Evidence(190, 190, True, 190, 171.0), {}, Verdict.ERROR, "only a pilot of ours"),
]


@pytest.mark.parametrize(
    ("found", "gate", "verdict", "reason"), [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS]
)
def test_the_evidence_rule(found: Evidence, gate: dict[str, Any], verdict: Verdict, reason: str) -> None:
    decision = EvidenceRule(GateSection(**gate)).decide(found)
    assert (decision.verdict, decision.rule) == (verdict, "evidence")
    assert reason in decision.reason
    assert decision.recommendation.endswith(".")
    assert [criterion.name for criterion in decision.criteria][:3] == ["completion", "min_samples", "quality"]


def test_a_proven_criterion_says_how_strongly() -> None:
    decision = EvidenceRule(GateSection()).decide(evidence(tickets(0.9, 190)))
    (quality,) = (criterion for criterion in decision.criteria if criterion.name == "quality")
    assert (quality.n, quality.limit) == (190, 0.75)
    assert quality.lower is not None
    assert quality.upper is not None
    assert 0.75 < quality.lower < 0.9 < quality.upper
    assert quality.log_evidence is not None
    assert quality.log_evidence > math.log(20)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 0.8), st.integers(1, 25))
def test_a_refuted_pilot_stays_refuted_whenever_somebody_looks(seed: int, mean: float, step: int) -> None:
    rng, rule = Random(seed), EvidenceRule(GateSection())
    settled = [JudgedTicket("asm", float(good), good) for good in (rng.random() < mean for _ in range(190))]
    seen = [rule.decide(evidence(settled[:count])).verdict for count in [*range(1, 190, step), 189]]
    if Verdict.REJECTED in seen:
        assert set(seen[seen.index(Verdict.REJECTED) :]) == {Verdict.REJECTED}
        assert rule.decide(evidence(settled)).verdict is Verdict.REJECTED
    assert set(seen) <= {Verdict.PENDING, Verdict.REJECTED}


def test_what_was_proven_on_the_way_stays_proven() -> None:
    settled = tickets(1.0, 40) + (tickets(1.0, 3) + tickets(0.0, 1)) * 38
    (quality,) = (found for found in RULE.decide(evidence(settled)).criteria if found.name == "quality")
    assert quality.passed
    assert quality.lower is not None
    assert quality.lower < 0.75
    assert quality.reason.endswith("by the first 32 of them")


def test_a_teacher_that_gets_worse_during_the_pilot_is_not_approved() -> None:
    decision = RULE.decide(evidence(tickets(1.0, 145) + tickets(0.0, 45)))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "and it fell below 0.75 on the way" in decision.reason


@pytest.mark.parametrize("wrong", ["domain", "score"])
def test_the_threshold_rule_bears_tickets_that_cannot_be_weighed(wrong: str) -> None:
    odd = tickets(0.9, 190, "yaze") if wrong == "domain" else tickets(0.9, 189) + tickets(1.5, 1)
    decision = ThresholdRule(0.75, 150).decide(evidence(odd))
    assert decision.criteria[-1].lower is None
    assert RULE.decide(evidence(odd)).verdict is Verdict.ERROR


def test_what_the_judge_failed_on_speaks_against_nothing() -> None:
    failed = JudgedTicket("asm", 0.0, False, UNJUDGED)
    good, bad = JudgedTicket("asm", 0.95, True), JudgedTicket("asm", 0.25, False)
    settled = ([good] * 13 + [bad] * 6 + [failed]) * 28
    decision = RULE.decide(evidence(settled, expected=560))
    assert decision.verdict is Verdict.INCONCLUSIVE, decision.reason
    counted = [JudgedTicket("asm", 0.0, False, "checks") if ticket is failed else ticket for ticket in settled]
    assert RULE.decide(evidence(counted, expected=560)).verdict is Verdict.REJECTED


def test_a_weak_domain_after_a_strong_one_is_no_fall() -> None:
    one_by_one = tickets(1.0, 114) + tickets(0.6, 76, "yaze")
    assert RULE.decide(evidence(one_by_one, weights=WEIGHTS)).verdict is Verdict.APPROVED


def test_a_refutation_that_later_tickets_hide_is_told_as_it_was() -> None:
    early = tickets(0.1, 40) + tickets(1.0, 360)
    decision = EvidenceRule(GateSection()).decide(evidence(early, expected=400))
    assert decision.verdict is Verdict.REJECTED
    assert decision.reason.startswith("Quality 0.100 < 0.75 over 32 samples")


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.floats(0.0, 1.0), min_size=5, max_size=60))
def test_the_order_in_which_domains_come_changes_nothing(order: Any, qualities: list[float]) -> None:
    settled = [JudgedTicket("asm" if n % 2 else "yaze", quality, quality >= 0.7) for n, quality in enumerate(qualities)]
    shuffled = list(settled)
    order.shuffle(shuffled)
    rule = EvidenceRule(GateSection())
    first = rule.decide(evidence(settled, expected=len(settled), weights=WEIGHTS))
    second = rule.decide(evidence(shuffled, expected=len(settled), weights=WEIGHTS))
    assert first.verdict is second.verdict
    assert evidence(settled).digest == evidence(shuffled).digest


@pytest.mark.parametrize(
    "changed",
    [
        evidence(tickets(0.9, 189) + tickets(0.901, 1)),
        evidence(tickets(0.9, 191)),
        evidence(tickets(0.9, 189) + tickets(0.9, 1, accepted=False)),
        evidence(tickets(0.9, 190), weights={"asm": 0.99, "yaze": 0.01}),
        evidence(tickets(0.9, 190, "other")),
    ],
    ids=["a score", "the count", "an acceptance", "the weights", "the domain"],
)
def test_the_digest_is_of_all_that_was_weighed(changed: Evidence) -> None:
    assert changed.digest != evidence(tickets(0.9, 190)).digest


def test_the_threshold_rule_shows_bounds_where_every_score_is_known() -> None:
    rng = Random(1)
    log = fold(Progress("log"), [*(SampleScored(rng.betavariate(8, 2)) for _ in range(190)), Progressed(190, 190)])
    decision = ThresholdRule(0.75, 150).decide(Evidence.of(log, 190))
    quality = decision.criteria[-1]
    assert quality.lower is not None
    assert quality.upper is not None
    assert quality.lower < log.score_sum / 190 < quality.upper
    unknown = ThresholdRule(0.75, 150).decide(Evidence(190, 190, True, 190, 160.0))
    assert unknown.criteria[-1].lower is None


@pytest.mark.parametrize(
    ("reason", "quality", "failure"),
    [
        (None, 0.9, None),
        ("duplicate", 0.9, "duplicate"),
        ("near-duplicate", 0.9, "duplicate"),
        ("reply refused", 0.0, "refused"),
        ("reply failed", 0.0, "failed"),
        ("check form", 0.0, "unreadable"),
        ("check form", 0.55, "checks"),
        ("check runs", 0.0, "checks"),
        ("quality", 0.5, "checks"),
    ],
)
def test_classes_of_failure(reason: str | None, quality: float, failure: str | None) -> None:
    assert failure_of(reason, quality) == failure
