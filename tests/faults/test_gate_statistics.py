"""Rows about what the gate and the detectors may get wrong by chance: simulated, with fixed seeds."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.gate import Verdict
from agents.campaign.rules import ThresholdRule

GATE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "gate.py"))
FEW = pytest.param(60, id="60")
MANY = pytest.param(1_000, id="1000", marks=pytest.mark.slow)


@pytest.mark.fault(row=22)
@pytest.mark.parametrize("pilots", [FEW, MANY])
@pytest.mark.parametrize("mean", [0.74, 0.75])
def test_a_pilot_at_or_below_the_threshold_is_rarely_approved_however_often_topped_up(mean: float, pilots: int) -> None:
    approved = GATE["share_of"](Verdict.APPROVED, GATE["evidence_verdicts"](pilots, mean))
    assert approved.is_at_most(0.05), approved


@pytest.mark.fault(row=22)
def test_a_good_pilot_is_approved_and_never_rejected() -> None:
    verdicts = GATE["evidence_verdicts"](40, 0.85)
    assert GATE["share_of"](Verdict.APPROVED, verdicts).percent > 80
    assert GATE["share_of"](Verdict.REJECTED, verdicts).is_at_most(0.05)


@pytest.mark.fault(row=23)
@pytest.mark.parametrize("pilots", [FEW, MANY])
def test_the_best_domain_first_talks_nobody_over(pilots: int) -> None:
    approved = GATE["share_of"](Verdict.APPROVED, GATE["domain_verdicts"](pilots, 0.75, best_first=True))
    assert approved.is_at_most(0.05), approved


@pytest.mark.fault(row=23)
def test_without_strata_the_same_pilots_would_be_approved() -> None:
    verdicts = GATE["domain_verdicts"](40, 0.75, best_first=True, stratified=False)
    assert not GATE["share_of"](Verdict.APPROVED, verdicts).is_at_most(0.05)


@pytest.mark.fault(row=24)
@pytest.mark.parametrize("scored", [119, 152])
def test_scores_of_accepted_samples_alone_are_refused(scored: int) -> None:
    evidence = GATE["Evidence"](190, 190, True, scored, 0.85 * scored)
    for rule in (ThresholdRule(0.75, 150), GATE["EvidenceRule"](GATE["GATE"])):
        decision = rule.decide(evidence)
        assert decision.verdict is Verdict.ERROR
        assert "denominators do not match" in decision.reason


@pytest.mark.fault(row=25)
@pytest.mark.parametrize("pilots", [FEW, MANY])
@pytest.mark.parametrize("mean", [0.75, 0.8])
def test_tickets_lost_where_they_hurt_most_approve_nothing(mean: float, pilots: int) -> None:
    verdicts = GATE["lost_verdicts"](pilots, mean)
    assert GATE["share_of"](Verdict.APPROVED, verdicts).is_at_most(0.05)
    assert set(verdicts) <= {Verdict.REJECTED, Verdict.INCONCLUSIVE, Verdict.APPROVED}


@pytest.mark.fault(row=41)
@pytest.mark.parametrize(
    ("before", "after", "floor", "is_score", "most"),
    [(0.63, 0.45, 0.60, False, 700), (0.80, 0.70, 0.75, True, 900)],
    ids=["acceptance", "score"],
)
def test_a_fall_is_found(before: float, after: float, floor: float, is_score: bool, most: int) -> None:
    found = GATE["delays"](8, before, after, floor, is_score=is_score)
    assert all(0 < delay <= most for delay in found), found


@pytest.mark.fault(row=41)
@pytest.mark.parametrize("runs", [pytest.param(8, id="8"), pytest.param(100, id="100", marks=pytest.mark.slow)])
def test_a_mean_at_its_floor_rarely_alarms_in_a_whole_campaign(runs: int) -> None:
    alarms = GATE["false_alarms"](runs, 0.6, 0.6)
    assert alarms.is_at_most(0.05), alarms
