from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from stage import HandClock, append, make_ledger, plan, sample_lines

from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor
from agents.campaign.errors import DamagedFileError
from agents.campaign.files import read_json, write_json
from agents.campaign.home import Home

SETTLED_SECONDS = 20.0
"""After this time without a change a log is not being written any more."""


@pytest.fixture
def monitor(home: Home, clock: HandClock) -> PilotQualityMonitor:
    return PilotQualityMonitor(home=home, clock=clock, stall_seconds=60)


def seen_when_settled(monitor: PilotQualityMonitor, clock: HandClock) -> dict[str, Any]:
    clock.pass_by(SETTLED_SECONDS)
    return monitor.look()


# A foreign pilot: its log is all there is.


def test_a_missing_log_is_waited_for_and_never_complete(monitor: PilotQualityMonitor, clock: HandClock) -> None:
    status = monitor.look()

    assert (status["state"], status["is_complete"]) == ("waiting", False)
    assert (status["progress"], status["total"], status["estimated_quality"]) == (0, 0, None)
    clock.pass_by(60)
    stalled = monitor.look()
    assert (stalled["state"], stalled["is_complete"]) == ("stalled", False)


@pytest.mark.parametrize("line", ["loading the model", "Connection accepted", "Progress: 0/0", "Progress: 999/190"])
def test_a_log_without_progress_is_waited_for(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock, line: str
) -> None:
    append(home.pilot_log, line)
    status = seen_when_settled(monitor, clock)
    assert (status["state"], status["is_complete"], status["accepted"]) == ("waiting", False, 0)


@pytest.mark.parametrize(
    ("line", "is_complete", "total"),
    [
        ("Progress: 44/44", False, 44),
        ("Progress: 189/189", False, 189),
        ("Progress: 189/190", False, 190),
        ("Progress: 190/190", True, 190),
        ("Progress: 1,000/1,000", True, 1000),
        ("Progress: 190/1000", False, 1000),
        ("100%|####| 190/190 [00:10<00:00]", True, 190),
    ],
)
def test_complete_is_all_of_what_is_expected(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock, line: str, is_complete: bool, total: int
) -> None:
    append(home.pilot_log, line)
    status = seen_when_settled(monitor, clock)
    assert (status["is_complete"], status["total"]) == (is_complete, total)


def test_domains_that_end_one_by_one_do_not_make_it_complete(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock
) -> None:
    for total in (44, 38, 44, 64):
        append(home.pilot_log, f"Progress: {total}/{total}")
        assert seen_when_settled(monitor, clock)["is_complete"] is False


def test_acceptance_without_scores_is_no_quality(home: Home, monitor: PilotQualityMonitor, clock: HandClock) -> None:
    append(home.pilot_log, *["Sample accepted"] * 180, *["Sample rejected"] * 10, "Progress: 190/190")

    status = seen_when_settled(monitor, clock)

    assert status["is_complete"] is True
    assert status["acceptance_rate"] == pytest.approx(180 / 190, abs=1e-6)
    assert (status["estimated_quality"], status["quality_pass"], status["quality_scores"]) == (None, None, [])


def test_samples_that_nothing_is_said_of_are_not_accepted(home: Home, monitor: PilotQualityMonitor) -> None:
    append(home.pilot_log, *["Sample accepted"] * 150, "Progress: 190/190")
    assert monitor.look()["acceptance_rate"] == pytest.approx(150 / 190, abs=1e-6)


@pytest.mark.parametrize(("score", "passes"), [(0.74, False), (0.75, True), (0.76, True)])
def test_the_threshold_belongs_to_what_passes(home: Home, score: float, passes: bool) -> None:
    append(home.pilot_log, *sample_lines([score] * 190))
    status = PilotQualityMonitor(None, 10, 0.75, home=home).look()
    assert (status["quality_pass"], status["quality_threshold"]) == (passes, 0.75)


def test_a_finished_count_is_not_complete_while_scores_are_still_being_written(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock
) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 189), "Progress: 190/190")
    assert monitor.look()["state"] == "settling"
    append(home.pilot_log, "quality_score: 0.9")
    status = monitor.look()
    assert (status["state"], status["scored"]) == ("complete", 190)


def test_scores_that_never_come_do_not_keep_it_from_being_complete(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock
) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 120), "Progress: 190/190")
    assert monitor.look()["is_complete"] is False
    status = seen_when_settled(monitor, clock)
    assert (status["is_complete"], status["finished"], status["scored"]) == (True, 190, 120)


def test_a_stall_is_a_silence_and_ends_with_it(home: Home, monitor: PilotQualityMonitor, clock: HandClock) -> None:
    for done in range(1, 4):
        clock.pass_by(1)
        append(home.pilot_log, f"Progress: {done}/190")
        assert monitor.look()["state"] == "running"
    clock.pass_by(59)
    assert monitor.look()["state"] == "running"
    clock.pass_by(1)
    assert monitor.look()["state"] == "stalled"
    append(home.pilot_log, "Progress: 4/190")
    assert monitor.look()["state"] == "running"


def test_lines_without_progress_show_that_it_lives(home: Home, monitor: PilotQualityMonitor, clock: HandClock) -> None:
    append(home.pilot_log, "Progress: 1/190")
    monitor.look()
    for _ in range(3):
        clock.pass_by(50)
        append(home.pilot_log, "still thinking")
        assert monitor.look()["state"] == "running"


def test_a_wall_clock_that_is_set_changes_no_decision(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock
) -> None:
    append(home.pilot_log, "Progress: 1/190")
    monitor.look()
    clock.begun = clock.begun.replace(year=clock.begun.year + 1)
    assert monitor.look()["state"] == "running"


def test_another_log_in_its_place_begins_again(home: Home, monitor: PilotQualityMonitor, clock: HandClock) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 190))
    assert seen_when_settled(monitor, clock)["is_complete"] is True
    home.pilot_log.rename(home.pilot_log.with_suffix(".1"))
    append(home.pilot_log, *sample_lines([0.2, 0.4]))

    status = seen_when_settled(monitor, clock)

    assert (status["progress"], status["scored"], status["is_complete"]) == (2, 2, False)
    assert status["estimated_quality"] == pytest.approx(0.3)
    assert status["problems"] == ["progress fell from 190 to 1: counted as another run"]


def test_a_log_that_was_taken_away_is_remembered_and_then_stalls(
    home: Home, monitor: PilotQualityMonitor, clock: HandClock
) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 5))
    monitor.look()
    home.pilot_log.unlink()
    clock.pass_by(60)
    status = monitor.look()
    assert (status["state"], status["progress"]) == ("stalled", 5)


def test_another_log_can_be_named(home: Home, tmp_path: Path, clock: HandClock) -> None:
    log = tmp_path / "their.log"
    append(log, "Progress: 7/190")
    assert PilotQualityMonitor(str(log), home=home, clock=clock).look()["progress"] == 7


def test_a_log_below_the_users_folder_can_be_named_as_people_write_it(home: Home) -> None:
    append(Path.home() / "their.log", "Progress: 7/190")
    assert PilotQualityMonitor("~/their.log", home=home).look()["progress"] == 7


def test_impossible_scores_are_shown(home: Home, monitor: PilotQualityMonitor, clock: HandClock) -> None:
    append(home.pilot_log, *sample_lines([0.9, "nan", "inf", -0.1, 82], total=190))
    status = seen_when_settled(monitor, clock)
    assert (status["scored"], status["bad_scores"], len(status["problems"])) == (1, 4, 4)


# A pilot of ours: the ledger is the truth.


def test_a_run_of_ours_is_read_from_its_ledger(home: Home, monitor: PilotQualityMonitor) -> None:
    make_ledger(home, "p", [0.9] * 3 + [0.5])
    append(home.pilot_log, f"Run started: run=p kind=pilot total=190 fingerprint={'f' * 16}", "Progress: 150/190")

    status = monitor.look()

    assert (status["source"], status["run"], status["fingerprint"]) == ("ledger", "p", "f" * 16)
    assert (status["progress"], status["accepted"], status["rejected"]) == (4, 3, 1)
    assert status["estimated_quality"] == pytest.approx(0.8)
    assert status["acceptance_rate"] == pytest.approx(0.75)


def test_a_run_of_ours_grows_with_its_ledger_until_it_is_complete(home: Home, clock: HandClock) -> None:
    monitor = PilotQualityMonitor(run="p", home=home, clock=clock, stall_seconds=60)
    assert monitor.look()["state"] == "waiting"
    for count, state in ((100, "running"), (89, "running"), (1, "complete")):
        make_ledger(home, "p", [0.8] * count)
        clock.pass_by(50)
        assert monitor.look()["state"] == state


def test_a_run_of_ours_is_complete_when_it_has_what_it_owes_and_stalls_when_nothing_is_settled(
    home: Home, clock: HandClock
) -> None:
    make_ledger(home, "small", [0.8] * 20, total=20)
    make_ledger(home, "stuck", [0.8] * 19, total=20)
    small, stuck = (
        PilotQualityMonitor(run=run, home=home, clock=clock, stall_seconds=60) for run in ("small", "stuck")
    )

    assert small.look()["is_complete"] is True
    assert stuck.look()["state"] == "running"
    clock.pass_by(60)
    assert stuck.look()["state"] == "stalled"


def test_while_a_run_of_ours_has_no_ledger_yet_an_older_log_in_its_place_tells_nothing_of_it(
    home: Home, clock: HandClock
) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 190))
    monitor = PilotQualityMonitor(run="p", home=home, clock=clock)

    before = seen_when_settled(monitor, clock)
    make_ledger(home, "p", [0.5])

    assert (before["state"], before["is_complete"], before["progress"]) == ("waiting", False, 0)
    assert (monitor.look()["source"], monitor.look()["progress"]) == ("ledger", 1)


def test_a_log_that_names_a_run_without_a_ledger_proves_nothing(home: Home, clock: HandClock) -> None:
    header = f"Run started: run=gone kind=pilot total=1 fingerprint={'f' * 16}"
    append(home.pilot_log, header, *sample_lines([0.9], total=1))
    PilotQualityMonitor(home=home, clock=clock).look()

    verdict = asyncio.run(CampaignValidator(home=home).run_task())

    assert (verdict["approved"], verdict["verdict"]) == (False, "ERROR")
    assert "gone" in verdict["reason"]


def test_a_damaged_ledger_is_an_error_and_no_progress(home: Home) -> None:
    ledger = home.run("p").ledger
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no database at all " * 100)
    with pytest.raises(DamagedFileError, match="is damaged"):
        PilotQualityMonitor(run="p", home=home).look()


# What it logs, and how it runs.


def test_it_logs_the_seeds_line_once_for_each_change(
    home: Home, monitor: PilotQualityMonitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    append(home.pilot_log, *["Sample rejected quality_score: 0.5"] * 1, *["Sample accepted quality_score=0.9"] * 3)
    append(home.pilot_log, "Progress: 4/190", "quality_score: 7")
    for _ in range(3):
        monitor.look()

    assert caplog.messages == [
        "Progress: 4/190 (2.1%) | Quality: 0.800 | Acceptance: 75.00%",
        "Pilot log: score '7' is not a number in [0, 1]",
    ]
    assert {record.name for record in caplog.records} == {"PilotQualityMonitor"}


def test_it_says_once_that_it_waits(monitor: PilotQualityMonitor, caplog: pytest.LogCaptureFixture, home: Home) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        monitor.look()
    assert caplog.messages == [f"Waiting for {home.pilot_log} to tell of progress"]


def test_monitoring_looks_again_until_it_is_complete(home: Home) -> None:
    append(home.pilot_log, *sample_lines([0.9] * 189))
    monitor = PilotQualityMonitor(checkpoint_interval=0.001, home=home)

    async def watched() -> dict[str, Any]:
        watching = asyncio.create_task(monitor.run_task())
        await asyncio.sleep(0.02)
        assert not watching.done()
        append(home.pilot_log, *sample_lines([0.9], first=190))
        return await asyncio.wait_for(watching, 10)

    assert asyncio.run(watched())["is_complete"] is True
    assert read_json(home.pilot_status) is not None


def test_monitoring_ends_at_a_stall(home: Home) -> None:
    monitor = PilotQualityMonitor(checkpoint_interval=0.001, stall_seconds=0.01, home=home)
    assert asyncio.run(asyncio.wait_for(monitor.run_task(), 10))["state"] == "stalled"


# The validator, on the monitor's own document and on hand-written ones.

CONTRACT: dict[str, Any] = {
    "progress": 190,
    "total": 190,
    "quality_scores": [0.82] * 190,
    "acceptance_rate": 0.9,
    "accepted": 171,
    "rejected": 19,
    "is_complete": True,
    "last_update": "2026-01-01T00:00:00+00:00",
    "estimated_quality": 0.82,
    "quality_threshold": 0.75,
    "quality_pass": True,
    "monitor_timestamp": "2026-01-01T00:00:00+00:00",
}
"""The status of a good pilot with the fields of the contract and no others."""


def decided_on(home: Home, **changes: Any) -> dict[str, Any]:
    home.pilot_status.write_bytes(orjson.dumps(CONTRACT | changes))
    return asyncio.run(CampaignValidator(home=home).run_task())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"progress": 1000, "total": 1000, "quality_scores": [0.82] * 200, "accepted": 900, "rejected": 100},
        {"estimated_quality": 0.75, "quality_scores": [0.75] * 190},
        {"estimated_quality": 1, "quality_scores": [1] * 190},
        {"quality_pass": None, "quality_threshold": 0.99, "acceptance_rate": None},
    ],
    ids=["as it is", "a large pilot", "at the threshold", "whole numbers", "the gate's own threshold counts"],
)
def test_a_good_status_with_only_the_contracts_fields_is_approved(home: Home, changes: dict[str, Any]) -> None:
    verdict = decided_on(home, **changes)
    assert (verdict["approved"], verdict["verdict"]) == (True, "APPROVED"), verdict["reason"]
    assert verdict["checks"] == {"completion": True, "min_samples": True, "quality": True}
    assert verdict["fingerprint"]


@pytest.mark.parametrize(
    ("changes", "verdict", "failed"),
    [
        ({"is_complete": False}, "PENDING", "completion"),
        ({"is_complete": None}, "PENDING", "completion"),
        ({"is_complete": "true"}, "PENDING", "completion"),
        ({"is_complete": 1}, "PENDING", "completion"),
        ({"progress": 189}, "PENDING", "completion"),
        ({"progress": 44, "total": 44}, "PENDING", "completion"),
        ({"progress": 149, "total": 149}, "PENDING", "min_samples"),
        ({"progress": 0, "total": 0}, "PENDING", "completion"),
        ({"total": 500}, "PENDING", "completion"),
        ({"estimated_quality": 0.74, "quality_scores": [0.74] * 190}, "REJECTED", "quality"),
        ({"estimated_quality": 0.0, "quality_scores": [0.0] * 190}, "REJECTED", "quality"),
        ({"estimated_quality": None}, "ERROR", "quality"),
        ({"quality_scores": []}, "ERROR", "quality"),
        ({"quality_scores": None}, "ERROR", "quality"),
        ({"quality_scores": 190}, "ERROR", "quality"),
        ({"estimated_quality": "NaN"}, "ERROR", "quality"),
        ({"estimated_quality": "0.82"}, "ERROR", "quality"),
        ({"estimated_quality": 82}, "ERROR", "quality"),
        ({"estimated_quality": -0.1}, "ERROR", "quality"),
        ({"estimated_quality": True}, "ERROR", "quality"),
        ({"estimated_quality": [0.82]}, "ERROR", "quality"),
        ({"quality_scores": [0.82] * 189 + ["0.82"]}, "ERROR", "quality"),
        ({"quality_scores": [0.82] * 189 + [82]}, "ERROR", "quality"),
        ({"quality_scores": [0.82] * 189 + [None]}, "ERROR", "quality"),
        ({"quality_scores": [0.82] * 171}, "ERROR", "quality"),
        ({"progress": "190"}, "ERROR", "completion"),
        ({"progress": 190.0}, "ERROR", "completion"),
        ({"progress": True}, "ERROR", "completion"),
        ({"progress": -190}, "ERROR", "completion"),
        ({"progress": None}, "ERROR", "completion"),
        ({"total": "190"}, "ERROR", "completion"),
        ({"total": {}}, "ERROR", "completion"),
        ({"estimated_quality": 0.95, "quality_scores": [0.4] * 190}, "REJECTED", "quality"),
        ({"estimated_quality": 0.4}, "REJECTED", "quality"),
        ({"scored": 190, "score_sum": 1e9}, "ERROR", "quality"),
        ({"scored": 190, "score_sum": -1}, "ERROR", "quality"),
        ({"scored": 190, "score_sum": "180"}, "ERROR", "quality"),
        ({"scored": "190", "score_sum": 180}, "ERROR", "quality"),
        ({"scored": 190}, "ERROR", "quality"),
        ({"scored": 120, "score_sum": 110.0}, "ERROR", "quality"),
        ({"scored": 250, "score_sum": 240.0}, "ERROR", None),
        ({"scored": 190, "score_sum": 100.0}, "REJECTED", "quality"),
        ({"scored": 190, "score_sum": 180.0, "bad_scores": 1}, "ERROR", None),
        ({"scored": 190, "score_sum": 180.0, "bad_scores": "none"}, "ERROR", "quality"),
        ({"run": "a_run_without_a_ledger"}, "ERROR", "quality"),
        ({"run": "../../etc"}, "ERROR", "quality"),
        ({"run": 7}, "ERROR", "quality"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_any_other_status_is_not_approved(
    home: Home, changes: dict[str, Any], verdict: str, failed: str | None
) -> None:
    document = decided_on(home, **changes)
    assert (document["approved"], document["verdict"]) == (False, verdict), document["reason"]
    if failed:
        assert document["checks"][failed] is False
    assert document["reason"]
    assert document["recommendation"]


@pytest.mark.parametrize(
    "log", ["pilot\0.log", "pilot_monitor_status.json/below", "x" * 5_000], ids=["NUL", "file", "long"]
)
def test_a_status_that_names_an_impossible_log_is_what_is_left_of_it(home: Home, log: str) -> None:
    assert decided_on(home, source="log", log=str(home.training / log), log_file="1:2")["verdict"] == "APPROVED"


@pytest.mark.parametrize("missing", ["progress", "total", "is_complete", "quality_scores", "estimated_quality"])
def test_a_status_without_a_field_that_counts_is_not_approved(home: Home, missing: str) -> None:
    home.pilot_status.write_bytes(orjson.dumps({name: CONTRACT[name] for name in CONTRACT if name != missing}))
    assert asyncio.run(CampaignValidator(home=home).run_task())["approved"] is False


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"progress": NaN}', "\x00"])
def test_a_status_that_is_no_document_is_not_approved_and_left_alone(home: Home, text: str) -> None:
    home.pilot_status.write_text(text)
    document = asyncio.run(CampaignValidator(home=home).run_task())
    assert (document["approved"], document["verdict"]) == (False, "ERROR")
    assert str(home.pilot_status) in document["reason"]
    assert home.pilot_status.read_text() == text


def test_numbers_edited_in_the_status_of_a_run_of_ours_change_nothing(home: Home) -> None:
    make_ledger(home, "p", [0.6] * 190)
    PilotQualityMonitor(run="p", home=home).look()
    before = asyncio.run(CampaignValidator(home=home).run_task())
    status = read_json(home.pilot_status)
    assert status is not None

    edited = status | {"estimated_quality": 0.99, "score_sum": 189.0, "quality_scores": [0.99] * 190, "total": 10}
    after = decided_on(home, **edited)

    assert (before["verdict"], after["verdict"]) == ("REJECTED", "REJECTED")
    assert after["reason"] == before["reason"] == "Quality 0.600 < 0.75 over 190 samples (0.586 to 0.618): refuted"
    assert after["fingerprint"] == before["fingerprint"] == "f" * 16


def test_a_campaigns_ledger_is_no_pilot(home: Home) -> None:
    make_ledger(home, "c", [0.9] * 190, kind="campaign")
    document = decided_on(home, run="c")
    assert document["verdict"] == "ERROR"
    assert "no pilot's ledger" in document["reason"]


def test_thresholds_of_the_constructor_decide(home: Home) -> None:
    decided_on(home)
    verdicts = [
        asyncio.run(CampaignValidator(None, threshold, samples, home=home).run_task())["verdict"]
        for threshold, samples in ((0.82, 150), (0.83, 150), (0.5, 190))
    ]
    assert verdicts == ["APPROVED", "REJECTED", "APPROVED"]


def test_the_fingerprint_of_a_foreign_pilot_changes_with_its_evidence(home: Home) -> None:
    prints = [
        decided_on(home)["fingerprint"],
        decided_on(home, last_update="2026-02-02T00:00:00+00:00")["fingerprint"],
        decided_on(home, estimated_quality=0.821, quality_scores=[0.821] * 190)["fingerprint"],
        decided_on(home, progress=191, total=191, quality_scores=[0.82] * 191)["fingerprint"],
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_another_status_file_can_be_named_and_the_verdict_stays_in_the_home(home: Home, tmp_path: Path) -> None:
    decided_on(home)
    elsewhere = tmp_path / "status.json"
    os.rename(home.pilot_status, elsewhere)  # noqa: PTH104 -- Path.rename reads the same

    document = asyncio.run(CampaignValidator(str(elsewhere), home=home).run_task())

    assert document["approved"] is True
    assert read_json(home.validation) == document


def test_a_pilot_of_another_plan_is_an_error_that_names_what_differs(home: Home) -> None:
    ledger = make_ledger(home, "pilot_ours", [0.9] * 190)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        made = orjson.dumps({"domains.asm.weight": 1.0, "teacher.fault_rate": 0.05, "pilot.top_up": 7}).decode()
        connection.execute("UPDATE run SET plan_values = ?", (made,))
    write_json(home.pilot_status, {"run": "pilot_ours"})

    same = asyncio.run(CampaignValidator(plan=plan(teacher__fault_rate=0.05), home=home).run_task())
    other = asyncio.run(CampaignValidator(plan=plan(teacher__fault_rate=0.32), home=home).run_task())

    assert same["verdict"] == "APPROVED"
    assert (other["verdict"], other["approved"]) == ("ERROR", False)
    assert "pilot pilot_ours was made by another plan: teacher.fault_rate was 0.05, now 0.32" in other["reason"]
