from __future__ import annotations

import logging
from pathlib import Path
from xml.etree import ElementTree

import pytest
from stage import PILOT_RUN, HandClock, append, make_ledger, plan, sample_lines

from agents.autonomous.pilot_quality_monitor import PilotQualityMonitor
from agents.autonomous.reporting import build_calibration, build_report, plan_of, write_report
from agents.campaign.errors import UsageError
from agents.campaign.files import read_json
from agents.campaign.home import Home

FEW = plan(pilot__tickets=20, gate__min_samples=10)


@pytest.fixture
def failed_pilot(home: Home, clock: HandClock) -> Home:
    make_ledger(home, PILOT_RUN, [0.9] * 8 + [0.2] * 12, total=20)
    PilotQualityMonitor(home=home, clock=clock, run=PILOT_RUN, expected=20).look()
    return home


def test_a_pilot_of_ours_is_reported_from_its_ledger(failed_pilot: Home) -> None:
    report = build_report(failed_pilot, FEW)

    assert (report["run"], report["verdict"]) == (PILOT_RUN, "REJECTED")
    (failure,) = report["failures"]
    assert (failure["reason"], failure["tickets"]) == ("low", 12)
    assert [sample["answer"] for sample in failure["samples"]] == ["!"] * 3
    assert build_calibration(failed_pilot, FEW) == report["thresholds"]


def test_the_report_is_written_beside_the_verdict(failed_pilot: Home) -> None:
    write_report(failed_pilot, FEW)

    folder = failed_pilot.training
    assert read_json(folder / "pilot_report.json") == build_report(failed_pilot, FEW)
    assert (folder / "pilot_report.md").read_text().startswith("# Pilot REJECTED\n")
    ElementTree.parse(folder / "pilot_report.svg")  # noqa: S314 -- made here


def test_a_pilot_of_somebody_else_is_reported_from_its_log(home: Home, clock: HandClock) -> None:
    append(home.pilot_log, *sample_lines([0.5] * 20, total=20))
    clock.pass_by(20)
    PilotQualityMonitor(home=home, clock=clock, expected=20).look()
    report = build_report(home, FEW)

    assert (report["run"], report["verdict"], report["failures"]) == (None, "REJECTED", [])


def test_without_a_pilot_the_cure_is_named(home: Home) -> None:
    with pytest.raises(UsageError, match="no pilot to report on"):
        build_report(home, FEW)


def test_a_report_that_cannot_be_written_is_a_warning(
    failed_pilot: Home, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (failed_pilot.training / "pilot_report.md").mkdir()
    with caplog.at_level(logging.WARNING):
        write_report(failed_pilot, FEW)
        write_report(Home(tmp_path / "empty"), FEW)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_the_plan_is_the_recipes_where_no_workflow_has_one(home: Home, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("gate: {quality_threshold: 0.6}\n")
    assert plan_of(home, recipe)[0].recipe.gate.quality_threshold == 0.6
    found, workflow = plan_of(home, None)
    assert (found.recipe.gate.quality_threshold, workflow) == (0.75, None)
