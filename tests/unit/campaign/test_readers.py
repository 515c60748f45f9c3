"""Readers: what a log amounts to, also when it is cut or replaced between two looks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agents.campaign.readers import CUT, LedgerReader, LogReader


def finished_pilot(count: int = 190) -> str:
    return "".join(f"quality_score=0.8\nProgress: {done}/{count}\n" for done in range(1, count + 1))


def test_a_log_that_was_cut_to_nothing_between_two_looks_starts_again(tmp_path: Path) -> None:
    log = tmp_path / "pilot.log"
    log.write_text(finished_pilot())
    reader = LogReader(log)
    assert reader.read().is_complete
    log.write_text("")
    reader.read()
    log.write_text("quality_score=0.1\n")

    progress = reader.read()

    assert (progress.done, progress.scored, progress.is_complete) == (None, 1, False)
    assert progress.problems == (CUT,)


def test_a_gap_without_a_new_line_is_a_gap(tmp_path: Path) -> None:
    log = tmp_path / "pilot.log"
    log.write_text(finished_pilot())
    reader = LogReader(log)
    reader.read()
    log.write_text("")

    assert reader.read().scored == 0


def lines_of(first: int, last: int, score: float = 0.8) -> str:
    return "".join(f"quality_score={score}\nProgress: {done}/190\n" for done in range(first, last + 1))


def rotate(log: Path, text: str) -> None:
    log.rename(log.with_suffix(f".{time.monotonic_ns()}"))
    log.write_text(text)


def test_a_rotated_log_goes_on_counting(tmp_path: Path) -> None:
    log = tmp_path / "pilot.log"
    log.write_text(lines_of(1, 70))
    reader = LogReader(log)
    reader.read()
    rotate(log, lines_of(71, 120))
    reader.read()
    rotate(log, lines_of(121, 190))

    progress = reader.read()

    assert (progress.done, progress.scored, progress.problem_count) == (190, 190, 0)
    assert progress.score_sum == pytest.approx(190 * 0.8)


def test_another_run_in_a_new_file_is_counted_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "pilot.log"
    log.write_text(lines_of(1, 190))
    reader = LogReader(log)
    reader.read()
    rotate(log, lines_of(1, 3, score=0.25))

    progress = reader.read()

    assert (progress.done, progress.scored, progress.score_sum) == (3, 3, 0.75)
    assert progress.problems == ("progress fell from 190 to 1: counted as another run",)


def test_a_cut_after_a_rotation_is_told(tmp_path: Path) -> None:
    log = tmp_path / "pilot.log"
    log.write_text(lines_of(1, 70))
    reader = LogReader(log)
    reader.read()
    rotate(log, "quality_score=0.8\n")
    reader.read()
    log.write_text("")
    reader.read()
    log.write_text(lines_of(72, 80))

    progress = reader.read()

    assert (progress.done, progress.scored, progress.problems) == (80, 9, (CUT,))


def test_the_unfinished_last_line_counts_when_its_writer_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "campaign.log"
    log.write_text("Progress: 39/40\nProgress: 40/40")
    reader = LogReader(log)

    assert reader.read().done == 39
    assert reader.end().done == 40


def test_what_stands_before_a_launch_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "campaign.log"
    log.write_text(finished_pilot())

    assert LogReader(log, log.stat().st_size).read().done is None


@pytest.mark.parametrize("source", [LogReader, LedgerReader])
def test_a_missing_file_is_unknown_and_not_zero(tmp_path: Path, source: type[LogReader | LedgerReader]) -> None:
    progress = source(tmp_path / "nothing").read()

    assert (progress.done, progress.total, progress.quality, progress.acceptance) == (None, None, None, None)
    assert not progress.is_complete
