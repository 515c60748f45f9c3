from __future__ import annotations

import errno
import logging
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign.errors import CampaignError, PausedError
from agents.campaign.logs import Lines, configure, last_lines

pytestmark = pytest.mark.usefixtures("root_logger")

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[PilotQualityMonitor\] INFO: Progress: 89/190 \(46\.8%\)$")
SAY = "Progress: 89/190 (46.8%)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "training_orchestrator.log"


def say() -> None:
    logging.getLogger("PilotQualityMonitor").info(SAY)


def test_records_are_the_seeds_lines_and_a_start_never_erases_any(log: Path) -> None:
    for _ in range(2):
        assert configure(log, echo=False) is False
        say()
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert all(LINE.match(line) for line in lines)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("echo", [True, False])
def test_records_are_echoed_when_that_is_wanted(log: Path, echo: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log, echo=echo)
    say()
    shown = capsys.readouterr()
    assert (SAY in shown.err) is echo
    assert shown.out == ""
    assert log.read_text().count(SAY) == 1


@pytest.mark.parametrize("echo", [True, False])
def test_messages_of_one_moment_are_a_line_each(log: Path, echo: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log, echo=echo)
    logging.getLogger("PilotQualityMonitor").info(Lines([SAY, "a\x1b[2Jb", SAY]))
    first, second, third = log.read_text().splitlines()
    assert LINE.match(first)
    assert LINE.match(third)
    assert second.endswith("[PilotQualityMonitor] INFO: a\\x1b[2Jb")
    assert capsys.readouterr().err == (log.read_text() if echo else "")


def test_the_time_of_a_record_is_its_own(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(log, echo=False)
    for moment in (1_000_000_000.9, 1_000_000_001.0, 1_000_000_001.9, 1_000_000_000.0):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        say()
    assert [line[17:19] for line in log.read_text().splitlines()] == ["40", "41", "41", "40"]


def test_details_of_libraries_are_not_logged(log: Path) -> None:
    configure(log, echo=False)
    logging.getLogger("asyncio").debug("Using selector")
    assert log.read_text() == ""


@pytest.mark.parametrize("echo", [True, False])
def test_a_detached_program_whose_output_is_its_log_writes_each_record_once(log: Path, echo: bool) -> None:
    log.parent.mkdir()
    program = (
        "import logging, sys; from pathlib import Path; from agents.campaign.logs import configure\n"
        f"assert configure(Path({str(log)!r}), echo={echo})\n"
        f"logging.getLogger('PilotQualityMonitor').info({SAY!r})"
    )
    with log.open("ab") as output:
        subprocess.run([sys.executable, "-c", program], stderr=output, check=True)
    assert [bool(LINE.match(line)) for line in log.read_text().splitlines()] == [True]


def test_a_program_without_standard_error_still_logs(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert configure(log, echo=False) is False
    say()
    assert SAY in log.read_text()


def test_a_log_that_cannot_be_opened_is_an_error_with_a_cure(log: Path) -> None:
    log.mkdir(parents=True)
    with pytest.raises(CampaignError, match="cannot be opened") as refused:
        configure(log, echo=False)
    assert refused.value.cure


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("echo", [True, False])
def test_a_record_that_cannot_be_written_pauses_the_run(
    log: Path, echo: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    configure(log, echo=echo)
    with pytest.raises(PausedError, match="cannot be written: No space left on device") as paused:
        say()
    assert str(log) in paused.value.what
    assert paused.value.cure
    shown = capsys.readouterr().err
    assert (SAY in shown) is echo
    assert "Traceback" not in shown


def test_what_follows_half_a_record_has_a_line_of_its_own(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(log, echo=False)
    write = os.write

    def writes_a_little(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", has_no_room)
        return write(descriptor, data[:12])

    def has_no_room(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", writes_a_little)
    with pytest.raises(PausedError, match="No space left on device"):
        logging.info("long")
    monkeypatch.undo()
    logging.error("the disk is full")
    half, whole = log.read_text(encoding="utf-8").splitlines()
    assert len(half) == 12
    assert whole.endswith("ERROR: the disk is full")


def test_an_echo_that_nobody_hears_does_not_end_a_run(log: Path) -> None:
    program = (
        "import logging, os, sys; from pathlib import Path; from agents.campaign.logs import configure\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 2)\n"
        f"configure(Path({str(log)!r}), echo=True)\n"
        f"for _ in range(3): logging.getLogger('PilotQualityMonitor').info({SAY!r})\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert [bool(LINE.match(line)) for line in log.read_text().splitlines()] == [True] * 3


def test_records_are_harmless_on_a_terminal(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log, echo=True)
    logging.getLogger("a").info("%s", "red \x1b[31m bell \a title \x1b]0;x\x07 \x9b2J tab\tline\nend \udcff \u00fc")
    shown = capsys.readouterr().err
    for text in (log.read_text(encoding="utf-8"), shown):
        assert r"red \x1b[31m bell \x07 title \x1b]0;x\x07 \x9b2J tab" in text
        assert all(char.isprintable() or char in "\t\n" for char in text.replace("\udcff", ""))
    assert "\tline\nend \\udcff \u00fc\n" in log.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_read_says_so_in_its_last_line(tmp_path: Path) -> None:
    assert last_lines(tmp_path, 3) == [f"{tmp_path} cannot be read: Is a directory"]


@pytest.mark.parametrize(
    ("content", "count", "lines"),
    [
        (b"", 3, []),
        (b"one\n", 3, ["one"]),
        (b"one\ntwo\nthree\nfour", 3, ["two", "three", "four"]),
        (b"one\n\n   \ntwo\n\n", 2, ["one", "two"]),
        (b"10%\r20%\r30%", 2, ["20%", "30%"]),
        (b"\x1b[31mred\x1b[0m\x07\n", 1, [" [31mred [0m"]),
        (b"bad \xff utf-8\n", 1, ["bad � utf-8"]),
        (b"nul \x00 byte\n", 1, ["nul   byte"]),
    ],
)
def test_the_last_lines_are_printable_and_not_empty(log: Path, content: bytes, count: int, lines: list[str]) -> None:
    log.parent.mkdir()
    log.write_bytes(content)
    assert last_lines(log, count) == lines


def test_without_a_log_there_are_no_last_lines(log: Path) -> None:
    assert last_lines(log, 3) == []


def test_a_line_that_is_only_half_seen_is_not_shown_unless_there_is_no_other(log: Path) -> None:
    log.parent.mkdir()
    log.write_text("a first line that is cut\nsecond\nthird\n")
    assert last_lines(log, 9, most_bytes=20) == ["second", "third"]
    log.write_text("x" * 100)
    assert last_lines(log, 9, most_bytes=20) == ["x" * 20]


def test_the_end_of_a_huge_log_is_read_alone(log: Path) -> None:
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, 2)
        file.write(b"\nthe end\n")
    assert last_lines(log, 1) == ["the end"]


@given(content=st.binary(max_size=300), count=st.integers(1, 5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_at_most_so_many_printable_lines(log: Path, content: bytes, count: int) -> None:
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(content)
    lines = last_lines(log, count)
    assert len(lines) <= count
    assert all(line and line.isprintable() for line in lines)
