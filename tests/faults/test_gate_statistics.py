"""Rows about what the gate and the detectors may get wrong by chance: simulated, with fixed seeds."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.gate import Verdict
from agents.campaign.rules import ThresholdRule

GATE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "gate.py"))
FEW = pytest.param(100, id="100")
MANY = pytest.param(1_000, id="1000", marks=pytest.mark.slow)
APPROVED, REJECTED = Verdict.APPROVED, Verdict.REJECTED


@pytest.mark.fault(row=22)
@pytest.mark.parametrize("pilots", [FEW, MANY])
@pytest.mark.parametrize(
    ("shape", "mean"),
    [
        ("bimodal", 0.75),
        ("rare_zeros", 0.75),
        *(
            pytest.param(shape, mean, marks=pytest.mark.slow)
            for shape, mean in (("bimodal", 0.74), ("graded", 0.75), ("all_or_nothing", 0.75))
        ),
    ],
)
def test_a_pilot_at_or_below_the_threshold_is_rarely_approved_however_often_topped_up(
    shape: str, mean: float, pilots: int
) -> None:
    approved = GATE["share_of"](APPROVED, GATE["topped_up"](pilots, mean, GATE[shape]))
    assert approved.is_at_most(0.05), approved


@pytest.mark.fault(row=22)
def test_the_same_pilots_are_approved_by_the_mean_and_by_a_t_interval_that_is_looked_at_often() -> None:
    for approved in (
        GATE["approved_by_threshold"](100, 0.75),
        GATE["approved_by_bound"](GATE["t_interval"], 100, 0.75, first=30),
    ):
        assert not approved.is_at_most(0.05)


@pytest.mark.fault(row=22)
@pytest.mark.parametrize(("pilots", "mean"), [(40, 0.85), pytest.param(1_000, 0.80, marks=pytest.mark.slow)])
def test_a_good_pilot_is_approved_and_not_rejected(pilots: int, mean: float) -> None:
    outcomes = GATE["topped_up"](pilots, mean)
    assert GATE["share_of"](APPROVED, outcomes).percent > 80
    assert GATE["share_of"](REJECTED, outcomes).is_at_most(0.05)


@pytest.mark.fault(row=22)
def test_a_hopeless_pilot_is_stopped_long_before_its_end() -> None:
    assert sorted(GATE["tickets_until_refuted"](30, 0.6))[15] <= 100


@pytest.mark.fault(row=23)
@pytest.mark.parametrize("pilots", [pytest.param(40, id="40"), pytest.param(300, id="300", marks=pytest.mark.slow)])
@pytest.mark.parametrize("best_first", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["best first", "mixed"])
def test_the_best_domain_first_talks_nobody_over(pilots: int, best_first: bool) -> None:
    approved = GATE["approved_by_domain"](pilots, 0.75, best_first=best_first)
    assert approved.is_at_most(0.05), approved


@pytest.mark.fault(row=23)
def test_without_strata_the_same_pilots_would_be_approved() -> None:
    approved = GATE["approved_by_domain"](40, 0.75, best_first=True, stratified=False)
    assert approved.percent > 50


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
    outcomes = GATE["lost_fifth"](pilots, mean)
    assert GATE["share_of"](APPROVED, outcomes).is_at_most(0.05)
    assert {one.verdict for one in outcomes} <= {REJECTED, Verdict.INCONCLUSIVE, APPROVED}


@pytest.mark.fault(row=41)
@pytest.mark.parametrize(
    ("shape", "before", "after", "floor", "most"),
    [("all_or_nothing", 0.63, 0.45, 0.60, 350), ("graded", 0.80, 0.70, 0.75, 350)],
    ids=["acceptance", "score"],
)
def test_a_fall_is_found_within_about_350_tickets(
    shape: str, before: float, after: float, floor: float, most: int
) -> None:
    found = sorted(GATE["delays"](25, GATE[shape](before), GATE[shape](after), floor))
    assert found[0] > 0, "an alarm before the fall"
    assert found[12] <= most, found


@pytest.mark.fault(row=41)
@pytest.mark.parametrize("runs", [pytest.param(8, id="8"), pytest.param(100, id="100", marks=pytest.mark.slow)])
def test_a_mean_at_its_floor_rarely_alarms_in_a_whole_campaign(runs: int) -> None:
    alarms = GATE["false_alarms"](runs, GATE["all_or_nothing"](0.6), 0.6)
    assert alarms.is_at_most(0.05), alarms


@pytest.mark.slow
@pytest.mark.fault(row=41)
def test_all_guards_together_rarely_alarm_in_a_whole_campaign() -> None:
    alarms = GATE["false_alarms_of_all_guards"](20)
    assert alarms.is_at_most(0.05), alarms
