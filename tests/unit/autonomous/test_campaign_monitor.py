from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stage import HandClock, Stage, append, make_ledger, write_exit

from agents.autonomous.campaign_launcher import CampaignMonitor
from agents.autonomous.warden import lease_label
from agents.campaign.errors import DamagedFileError
from agents.campaign.home import Home
from agents.campaign.lease import Lease

RUN = "full_campaign_100"
GIBIBYTE = 1 << 30


@pytest.fixture
def monitor(home: Home, clock: HandClock) -> CampaignMonitor:
    return CampaignMonitor(target=100, stall_seconds=60, home=home, clock=clock)


@contextmanager
def alive(home: Home, run: str = RUN) -> Iterator[None]:
    with Lease(home.warden_lease("campaign"), lease_label("campaign", run)):
        yield


def test_a_missing_log_is_waited_for_then_lost_and_never_complete(monitor: CampaignMonitor, clock: HandClock) -> None:
    states = []
    for _ in range(4):
        document = monitor.look()
        assert (document["progress"], document["total"], document["percentage"]) == (0, 100, 0.0)
        assert document["is_running"] is False
        states.append(document["state"])
        clock.pass_by(25)
    assert states == ["waiting", "waiting", "waiting", "lost"]


@pytest.mark.parametrize("line", ["Progress: 100/100", "Progress: 1,000/1,000", "100%|##| 100/100 [00:01<00:00]"])
def test_a_log_alone_never_completes(home: Home, monitor: CampaignMonitor, line: str) -> None:
    append(home.campaign_log, line)
    document = monitor.look()
    assert (document["state"], document["is_running"]) == ("lost", False)


def test_a_live_one_is_running_and_a_dead_one_is_not(home: Home, monitor: CampaignMonitor) -> None:
    append(home.campaign_log, "Progress: 5/100")
    with alive(home):
        assert (monitor.look()["is_running"], monitor.look()["state"]) == (True, "running")
    assert (monitor.look()["is_running"], monitor.look()["state"]) == (False, "lost")


def test_the_life_of_another_campaign_does_not_count(home: Home, monitor: CampaignMonitor) -> None:
    append(home.campaign_log, "Progress: 5/100")
    with alive(home, "another"):
        assert monitor.look()["is_running"] is False


@pytest.mark.parametrize("pid", ["1", "999999999", "many"])
def test_a_pid_file_is_no_life(home: Home, monitor: CampaignMonitor, pid: str) -> None:
    home.campaign_pid.write_text(pid)
    assert monitor.look()["is_running"] is False


@pytest.mark.parametrize(
    ("line", "code", "signal", "state"),
    [
        ("Progress: 100/100", 0, None, "complete"),
        ("Progress: 120/120", 0, None, "complete"),
        ("Progress: 99/100", 0, None, "failed"),
        ("Progress: 44/44", 0, None, "failed"),
        ("Progress: 0/0", 0, None, "failed"),
        ("all done, really", 0, None, "failed"),
        ("Progress: 100/100", 1, None, "failed"),
        ("Progress: 50/100", 6, None, "paused"),
        ("Progress: 100/100", None, 9, "failed"),
    ],
)
def test_the_exit_code_and_the_log_have_to_agree(
    home: Home, monitor: CampaignMonitor, line: str, code: int | None, signal: int | None, state: str
) -> None:
    append(home.campaign_log, line)
    write_exit(home, RUN, code, signal)
    assert monitor.look()["state"] == state


def test_the_last_line_counts_without_its_end_once_the_writer_has_ended(home: Home, monitor: CampaignMonitor) -> None:
    home.campaign_log.write_text("Progress: 99/100\nProgress: 100/100")
    with alive(home):
        assert monitor.look()["progress"] == 99
    write_exit(home, RUN)
    assert monitor.look()["state"] == monitor.look()["state"] == "complete"


def test_an_exit_record_that_cannot_be_read_is_none(home: Home, monitor: CampaignMonitor) -> None:
    append(home.campaign_log, "Progress: 100/100")
    write_exit(home, RUN)
    home.run(RUN).exit_record.write_text("{")
    assert monitor.look()["state"] == "lost"


def test_what_stands_before_its_place_in_the_log_is_of_other_campaigns(home: Home, clock: HandClock) -> None:
    append(home.campaign_log, "Progress: 100/100")
    position = home.campaign_log.stat().st_size
    append(home.campaign_log, "Progress: 7/100")
    monitor = CampaignMonitor(target=100, log_position=position, home=home, clock=clock)
    assert monitor.look()["progress"] == 7


def test_a_ledger_is_believed_and_its_log_is_not(home: Home, monitor: CampaignMonitor) -> None:
    append(home.campaign_log, "Progress: 100/100")
    make_ledger(home, RUN, [0.9] * 40 + [0.5] * 10, kind="campaign", total=100)
    write_exit(home, RUN)

    document = monitor.look()

    assert (document["source"], document["progress"], document["total"]) == ("ledger", 40, 100)
    assert (document["percentage"], document["state"]) == (40.0, "failed")
    assert document["acceptance_rate"] == pytest.approx(0.8)
    make_ledger(home, RUN, [0.9] * 60, kind="campaign", total=100)
    assert monitor.look()["state"] == "complete"


def test_a_damaged_ledger_is_an_error(home: Home, monitor: CampaignMonitor) -> None:
    ledger = home.run(RUN).ledger
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no database at all " * 100)
    with pytest.raises(DamagedFileError):
        monitor.look()


def test_alive_without_progress_is_a_stall_until_something_is_finished(
    home: Home, monitor: CampaignMonitor, clock: HandClock
) -> None:
    states = []
    with alive(home):
        for line in ("Progress: 1/100", "thinking", "thinking", "Progress: 2/100"):
            append(home.campaign_log, line)
            states.append(monitor.look()["state"])
            clock.pass_by(30)
    assert states == ["running", "running", "stalled", "running"]


def test_a_wall_clock_that_is_set_changes_no_state_and_no_rate(
    home: Home, monitor: CampaignMonitor, clock: HandClock
) -> None:
    with alive(home):
        append(home.campaign_log, "Progress: 10/100")
        monitor.look()
        clock.begun = clock.begun.replace(year=clock.begun.year + 1)
        clock.pass_by(30)
        append(home.campaign_log, "Progress: 20/100")
        document = monitor.look()
    assert (document["state"], document["rate_per_minute"]) == ("running", 20.0)


def test_rate_and_eta_come_from_what_was_seen(home: Home, monitor: CampaignMonitor, clock: HandClock) -> None:
    rates, left = [], []
    with alive(home):
        for done in (10, 10, 20, 40):
            append(home.campaign_log, f"Progress: {done}/100")
            document = monitor.look()
            rates.append(document["rate_per_minute"])
            eta = document["eta"]
            left.append(eta and (datetime.fromisoformat(eta) - clock.now()).total_seconds())
            clock.pass_by(30)
    assert rates == [None, None, 10.0, 20.0]
    assert left == [None, None, pytest.approx(480, abs=1), pytest.approx(180, abs=1)]


def test_the_rate_forgets_what_is_long_ago(home: Home, clock: HandClock) -> None:
    monitor = CampaignMonitor(target=10_000, home=home, clock=clock)
    done = 0
    with alive(home, monitor.run):
        for per_minute in [100] * 20 + [10] * 20:
            done += per_minute
            append(home.campaign_log, f"Progress: {done}/10000")
            document = monitor.look()
            clock.pass_by(60)
    assert document["rate_per_minute"] == pytest.approx(10, abs=0.5)


def test_there_is_no_eta_of_what_does_not_run(home: Home, monitor: CampaignMonitor, clock: HandClock) -> None:
    for done in (10, 20):
        append(home.campaign_log, f"Progress: {done}/100")
        document = monitor.look()
        clock.pass_by(30)
    assert document["rate_per_minute"] == 20.0
    assert document["eta"] is None


def test_the_eta_of_more_than_was_owed_is_now(home: Home, monitor: CampaignMonitor, clock: HandClock) -> None:
    with alive(home):
        for done in (10, 150):
            clock.pass_by(30)
            append(home.campaign_log, f"Progress: {done}/200")
            document = monitor.look()
    assert datetime.fromisoformat(document["eta"]) == clock.now().replace(microsecond=0)


def test_an_eta_beyond_all_calendars_is_none(home: Home, clock: HandClock) -> None:
    monitor = CampaignMonitor(target=100_000_000, stall_seconds=1e9, home=home, clock=clock)
    with alive(home, monitor.run):
        for done in (1, 2):
            append(home.campaign_log, f"Progress: {done}/100000000")
            clock.pass_by(7 * 86_400)
            document = monitor.look()
    assert (document["state"], document["eta"]) == ("running", None)


def test_a_look_at_a_large_log_reads_what_is_new_and_an_idle_one_nothing(home: Home, clock: HandClock) -> None:
    with home.campaign_log.open("wb") as log:
        log.truncate(GIBIBYTE)
    monitor = CampaignMonitor(target=100, log_position=GIBIBYTE, home=home, clock=clock)
    news = ["x" * 10_000] * 200
    read = []
    with alive(home):
        for lines in ([*news, "Progress: 7/100"], [], ["Progress: 8/100"]):
            append(home.campaign_log, *lines)
            before = bytes_read_by_this_process()
            document = monitor.look()
            read.append(bytes_read_by_this_process() - before)
    assert 2_000_000 < read[0] < 2_200_000
    assert read[1] < 8_192
    assert read[2] < 8_192 + 65_536
    assert document["progress"] == 8


def bytes_read_by_this_process() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def test_another_log_and_another_status_file_can_be_named(home: Home, tmp_path: Path) -> None:
    log, status = tmp_path / "their.log", tmp_path / "deep" / "status.json"
    append(log, "Progress: 3/34500")

    document = asyncio.run(CampaignMonitor(str(log), str(status), home=home).run_task("check"))

    assert (document["progress"], document["total"]) == (3, 34_500)
    assert status.exists()
    assert not home.campaign_status.exists()


def test_monitoring_looks_again_until_it_is_over(home: Home, stage: Stage) -> None:
    append(home.campaign_log, "Progress: 5/100")
    monitor = CampaignMonitor(check_interval=0.001, target=100, home=home)

    async def watched() -> dict[str, Any]:
        with alive(home):
            watching = asyncio.create_task(monitor.run_task())
            await asyncio.sleep(0.02)
            assert not watching.done()
            append(home.campaign_log, "Progress: 100/100")
            write_exit(home, RUN)
        return await asyncio.wait_for(watching, 10)

    assert asyncio.run(watched())["state"] == "complete"


def test_it_logs_the_seeds_line_with_the_state(
    home: Home, monitor: CampaignMonitor, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with alive(home):
        monitor.look()
        append(home.campaign_log, "quality_score: 0.5", "Progress: 1/100")
        monitor.look()
        clock.pass_by(60)
        monitor.look()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", f"Campaign {RUN}: no progress is known yet (running)"),
        ("INFO", "Progress: 1/100 (1.0%) | Quality: 0.500 | running"),
        ("WARNING", "Progress: 1/100 (1.0%) | Quality: 0.500 | stalled"),
    ]
