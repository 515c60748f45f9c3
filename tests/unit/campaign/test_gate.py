from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import ExitCode
from agents.campaign.events import Event, Progressed, SampleJudged, SampleScored, Unreadable
from agents.campaign.gate import SEED_CHECKS, Evidence, Verdict
from agents.campaign.log_lines import parse
from agents.campaign.progress import Progress, fold
from agents.campaign.recipe import GateSection
from agents.campaign.rules import EvidenceRule, ThresholdRule, rule_for

RULE = ThresholdRule(quality_threshold=0.75, min_samples=150)


def evidence(finished: int | None = 190, scored: int = 190, mean: float = 0.82, **others: int) -> Evidence:
    """Return the evidence of a pilot of 190 with ``scored`` scores of mean ``mean``."""
    complete = finished is not None and finished >= 190
    return Evidence(190, finished, complete, scored, mean * scored, **others)


DECISIONS = [
    ("the seed's good pilot", evidence(), Verdict.APPROVED, "Quality 0.820 >= 0.75 over 190 samples"),
    ("exactly at the threshold", evidence(mean=0.75), Verdict.APPROVED, ">= 0.75"),
    ("just below the threshold", evidence(mean=0.7499), Verdict.REJECTED, "< 0.75"),
    ("more finished than planned", evidence(finished=200, scored=200), Verdict.APPROVED, "200 samples"),
    ("nothing known", evidence(finished=None, scored=0), Verdict.PENDING, "unknown/190"),
    ("not begun", evidence(finished=0, scored=0), Verdict.PENDING, "0/190"),
    ("not complete, however good", evidence(finished=189, scored=189, mean=1.0), Verdict.PENDING, "189/190"),
    ("not complete, however bad", evidence(finished=100, scored=100, mean=0.0), Verdict.PENDING, "100/190"),
    ("no scores are not a quality of 0.0", evidence(scored=0), Verdict.ERROR, "No quality scores"),
    ("one impossible score", evidence(scored=189, bad_scores=1), Verdict.ERROR, "not a number in [0, 1]"),
    ("impossible scores beside good ones", evidence(mean=1.0, bad_scores=1), Verdict.ERROR, "not a number in [0, 1]"),
    ("only accepted samples scored", evidence(scored=119, mean=0.85), Verdict.ERROR, "denominators do not match"),
    ("more scores than samples", evidence(scored=380, mean=0.9), Verdict.ERROR, "380 scores for 190"),
    ("a fifth lost, others good", evidence(scored=152, mean=0.9), Verdict.ERROR, "152 scores for 190"),
    ("a fifth without score counts as 0", evidence(scored=152, mean=0.93), Verdict.ERROR, "152 scores for 190"),
    ("good enough even with lost ones as 0", evidence(scored=186, mean=0.82), Verdict.APPROVED, "over 190 samples"),
]


@pytest.mark.parametrize(
    ("found", "verdict", "reason"), [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS]
)
def test_the_threshold_rule(found: Evidence, verdict: Verdict, reason: str) -> None:
    decision = RULE.decide(found)
    assert decision.verdict is verdict
    assert decision.approved is (verdict is Verdict.APPROVED)
    assert reason in decision.reason
    assert decision.recommendation.endswith(".")
    assert tuple(criterion.name for criterion in decision.criteria) == SEED_CHECKS


def test_exactly_the_wanted_samples_are_enough() -> None:
    assert RULE.decide(Evidence(expected=150, finished=150, is_complete=True, scored=150, score_sum=120.0)).approved


def test_a_pilot_smaller_than_the_wanted_samples_is_rejected() -> None:
    small = Evidence(expected=100, finished=100, is_complete=True, scored=100, score_sum=95.0)
    decision = RULE.decide(small)
    assert decision.verdict is Verdict.REJECTED
    assert decision.reason == "100 samples, at least 150 wanted"


@pytest.mark.parametrize("percent", range(1, 101))
def test_equal_scores_at_the_threshold_pass_whatever_the_sum_lost_to_rounding(percent: int) -> None:
    score = percent / 100
    progress = fold(Progress("log"), [*[SampleScored(score)] * 190, Progressed(190, 190)])
    assert ThresholdRule(score, 150).decide(Evidence.of(progress, 190)).approved


@given(
    scored=st.integers(0, 250),
    finished=st.none() | st.integers(0, 250),
    mean=st.floats(0.0, 1.0),
    bad=st.integers(0, 3),
    complete=st.booleans(),
)
def test_approval_needs_completion_enough_samples_and_a_proven_mean(
    scored: int, finished: int | None, mean: float, bad: int, complete: bool
) -> None:
    found = Evidence(190, finished, complete and finished is not None, scored, mean * scored, bad)
    if RULE.decide(found).approved:
        assert found.is_complete
        assert finished is not None
        assert finished >= 150
        assert bad == 0
        assert 0 < scored <= finished
        assert mean * scored / finished >= 0.75 - 1e-9


@given(scored=st.integers(0, 190), mean=st.floats(0.0, 1.0))
def test_scoring_fewer_samples_never_helps(scored: int, mean: float) -> None:
    fewer = RULE.decide(evidence(scored=scored, mean=mean))
    every = RULE.decide(evidence(scored=190, mean=mean))
    assert every.approved or not fewer.approved


def pilot(*events: Event) -> Progress:
    return fold(Progress("log"), events)


def test_the_word_accepted_alone_launches_nothing() -> None:
    lines = [*["Connection accepted"] * 190, *["Sample accepted"] * 190, "Progress: 190/190"]
    progress = fold(Progress("log"), [event for line in lines for event in parse(line)])
    assert progress.acceptance == 1.0
    assert RULE.decide(Evidence.of(progress, 190)).verdict is Verdict.ERROR


def test_the_first_domain_to_end_does_not_complete_the_pilot() -> None:
    progress = pilot(*[SampleScored(0.9)] * 44, Progressed(44, 44))
    assert RULE.decide(Evidence.of(progress, 190)).verdict is Verdict.PENDING


def test_a_thousand_of_a_thousand_is_a_complete_pilot() -> None:
    progress = fold(pilot(*[SampleScored(0.8)] * 1000), parse("Progress: 1,000/1,000"))
    assert RULE.decide(Evidence.of(progress, 1000)).approved


def test_rejected_samples_without_score_do_not_vanish_from_the_mean() -> None:
    progress = pilot(*[SampleScored(0.95, True)] * 119, *[SampleJudged(False)] * 71, Progressed(190, 190))
    assert not RULE.decide(Evidence.of(progress, 190)).approved


def test_unreadable_progress_is_not_a_bad_score() -> None:
    progress = pilot(*[SampleScored(0.8)] * 190, Unreadable("progress", "999/190"), Progressed(190, 190))
    assert RULE.decide(Evidence.of(progress, 190)).approved


def test_only_approved_exits_with_zero() -> None:
    assert {verdict: verdict.exit_code for verdict in Verdict} == {
        Verdict.PENDING: ExitCode.WAITING,
        Verdict.APPROVED: ExitCode.DONE,
        Verdict.REJECTED: ExitCode.REJECTED,
        Verdict.INCONCLUSIVE: ExitCode.WAITING,
        Verdict.ERROR: ExitCode.FAILED,
    }


def test_the_plan_sets_the_rule() -> None:
    assert rule_for(GateSection(quality_threshold=0.8, min_samples=180), is_ours=False) == ThresholdRule(0.8, 180)
    assert rule_for(GateSection(), is_ours=False) == RULE
    assert rule_for(GateSection(rule="threshold"), is_ours=True) == RULE
    assert rule_for(GateSection(), is_ours=True) == EvidenceRule(GateSection())
    assert rule_for(GateSection(rule="evidence"), is_ours=False) == EvidenceRule(GateSection(rule="evidence"))
