from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.events import Event, Progressed, RunStarted, SampleJudged, SampleScored, Unreadable
from agents.campaign.progress import NEWEST, PROBLEMS, Progress, fold

STARTED = RunStarted("pilot_190_01234567", "pilot", 190, "0123456789abcdef")


def after(*events: Event) -> Progress:
    return fold(Progress("log"), events)


def test_nothing_seen_is_unknown_and_not_zero() -> None:
    empty = Progress("log")
    assert (empty.done, empty.total, empty.quality, empty.acceptance) == (None, None, None, None)
    assert not empty.is_complete
    assert empty.percentage == 0.0


@pytest.mark.parametrize(
    ("events", "done", "total"),
    [
        ([Progressed(47, 190)], 47, 190),
        ([Progressed(47, 190), Progressed(48, 190)], 48, 190),
        ([Progressed(47, 190), Progressed(44, 44)], 47, 190),
        ([Progressed(44, 44), Progressed(45, 190)], 45, 190),
        ([Progressed(47, 190), Progressed(46, 190)], 47, 190),
        ([Progressed(190, 190), Progressed(3, 190)], 3, 190),
        ([STARTED], None, 190),
        ([STARTED, Progressed(44, 44)], None, 190),
        ([Progressed(190, 190), STARTED], None, 190),
        ([Progressed(1000, 1000), Progressed(999, 1000)], 1000, 1000),
        ([Progressed(2, 190), Progressed(0, 190)], 0, 190),
    ],
)
def test_progress_is_followed_through_domains_and_restarts(events: list[Event], done: int | None, total: int) -> None:
    progress = after(*events)
    assert (progress.done, progress.total) == (done, total)


def test_a_finished_domain_never_completes_the_run() -> None:
    progress = after(Progressed(100, 190), *[Progressed(n, 44) for n in range(45)], Progressed(83, 83))
    assert not progress.is_complete
    assert progress.problem_count == 46
    assert progress.problems[-1] == "19/44 counts a part of 190"


def test_only_the_whole_run_completes() -> None:
    assert not after(Progressed(189, 190)).is_complete
    assert after(Progressed(189, 190), Progressed(190, 190)).is_complete


def test_going_back_is_told() -> None:
    assert after(Progressed(47, 190), Progressed(46, 190)).problems == ("progress went back from 47 to 46",)


def test_another_run_in_the_same_log_inherits_no_score() -> None:
    progress = after(
        *[SampleScored(0.9, True)] * 190, Progressed(190, 190), Progressed(1, 190), SampleScored(0.2, False)
    )
    assert (progress.scored, progress.score_sum, progress.accepted, progress.rejected) == (1, 0.2, 0, 1)
    assert not progress.is_complete
    assert "another run" in progress.problems[0]


def test_a_run_of_ours_starts_from_nothing() -> None:
    progress = after(*[SampleScored(0.9, True)] * 190, Progressed(190, 190), Unreadable("score", "nan"), STARTED)
    assert progress == Progress("log", total=190, started=STARTED)


def test_quality_counts_unscored_samples_as_zero() -> None:
    assert after(*[SampleScored(0.8)] * 10, Progressed(10, 190)).quality == pytest.approx(0.8)
    assert after(*[SampleScored(0.8)] * 10, Progressed(20, 190)).quality == pytest.approx(0.4)
    assert after(*[SampleScored(0.8, True)] * 10, *[SampleJudged(False)] * 10).quality == pytest.approx(0.4)


def test_a_sample_told_on_two_lines_is_one_sample() -> None:
    progress = after(*[SampleScored(0.8), SampleJudged(True)] * 10)
    assert (progress.finished, progress.acceptance) == (10, 1.0)
    assert progress.quality == pytest.approx(0.8)


def test_acceptance_is_no_proxy_for_quality() -> None:
    progress = after(*[SampleJudged(True)] * 190, Progressed(190, 190))
    assert progress.acceptance == 1.0
    assert progress.quality is None


@pytest.mark.parametrize(
    ("events", "acceptance"),
    [
        ([SampleJudged(True), SampleJudged(False)], 0.5),
        ([SampleScored(0.9, True), SampleScored(0.2, False), SampleScored(0.9, True), SampleScored(0.2, False)], 0.5),
        ([SampleJudged(True), Progressed(4, 190)], 0.25),
        ([SampleJudged(False), SampleJudged(False)], 0.0),
        ([SampleJudged(False), Progressed(4, 190)], None),
        ([SampleScored(0.9), Progressed(1, 190)], None),
    ],
)
def test_acceptance_is_accepted_over_finished_where_known(events: list[Event], acceptance: float | None) -> None:
    assert after(*events).acceptance == acceptance


def test_impossible_scores_are_counted_and_shown() -> None:
    progress = after(Unreadable("score", "score 'nan'"), Unreadable("progress", "progress 5/0 is impossible"))
    assert progress.bad_scores == 1
    assert progress.problem_count == 2
    assert progress.problems == ("score 'nan'", "progress 5/0 is impossible")


def test_a_noisy_log_cannot_grow_the_memory() -> None:
    progress = after(*[Unreadable("score", "nan"), SampleScored(0.5)] * 1000, SampleScored(0.75))
    assert len(progress.newest) == NEWEST
    assert progress.newest[-1] == 0.75
    assert len(progress.problems) == PROBLEMS
    assert progress.problem_count == progress.bad_scores == 1000


@pytest.mark.parametrize(
    ("progress", "percentage"),
    [
        (Progress("log", done=89, total=190), 46.84),
        (Progress("log", done=200, total=190), 100.0),
        (Progress("log", done=5, total=None), 0.0),
        (Progress("log", done=5, total=0), 0.0),
    ],
)
def test_percentage_is_in_0_to_100(progress: Progress, percentage: float) -> None:
    assert progress.percentage == pytest.approx(percentage, abs=0.01)


possible = st.one_of(
    st.integers(1, 300).flatmap(lambda total: st.builds(Progressed, st.integers(0, total), st.just(total))),
    st.builds(SampleScored, st.floats(0.0, 1.0), st.none() | st.booleans()),
    st.builds(SampleJudged, st.booleans()),
    st.builds(Unreadable, st.sampled_from(["score", "progress"]), st.just("reason")),
)


@given(st.lists(possible, max_size=40))
def test_any_history_folds_into_possible_numbers(events: list[Any]) -> None:
    progress = after(*events)
    assert progress.quality is None or 0.0 <= progress.quality <= 1.0 + 1e-9
    assert progress.acceptance is None or 0.0 <= progress.acceptance <= 1.0
    assert 0.0 <= progress.percentage <= 100.0
    totals = [event.total for event in events if isinstance(event, Progressed)]
    assert progress.total is None if not totals else progress.total in totals
    if progress.is_complete:
        assert Progressed(progress.done, progress.total) in events  # type: ignore[arg-type]


@given(st.lists(possible, max_size=30), st.integers(0, 30))
def test_folding_in_two_looks_is_folding_in_one(events: list[Any], cut: int) -> None:
    assert fold(after(*events[:cut]), events[cut:]) == after(*events)
