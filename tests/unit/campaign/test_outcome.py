from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import ExitCode
from agents.campaign.outcome import Exit, RunState, state_of
from agents.campaign.progress import Progress

TARGET = 100
STALL = 600.0
CODE = {code: Exit(1, int(code), None) for code in ExitCode}
KILLED = Exit(1, None, 9)


def state(done: int | None, *, running: bool = False, ended: Exit | None = None, idle: float = 0.0) -> RunState:
    progress = Progress("log", done=done, total=None if done is None else TARGET)
    return state_of(
        progress, target=TARGET, is_running=running, ended=ended, idle_seconds=idle, stall_seconds=STALL
    )  # fmt: skip


@pytest.mark.parametrize(
    ("done", "ended", "expected"),
    [
        (None, None, RunState.WAITING),
        (0, None, RunState.LOST),
        (99, None, RunState.LOST),
        (100, None, RunState.LOST),
        (None, CODE[ExitCode.DONE], RunState.FAILED),
        (0, CODE[ExitCode.DONE], RunState.FAILED),
        (99, CODE[ExitCode.DONE], RunState.FAILED),
        (100, CODE[ExitCode.DONE], RunState.COMPLETE),
        (101, CODE[ExitCode.DONE], RunState.COMPLETE),
        (None, CODE[ExitCode.PAUSED], RunState.PAUSED),
        (99, CODE[ExitCode.PAUSED], RunState.PAUSED),
        (100, CODE[ExitCode.PAUSED], RunState.PAUSED),
        (99, CODE[ExitCode.FAILED], RunState.FAILED),
        (100, CODE[ExitCode.FAILED], RunState.FAILED),
        (100, CODE[ExitCode.USAGE], RunState.FAILED),
        (100, CODE[ExitCode.REJECTED], RunState.FAILED),
        (100, CODE[ExitCode.ALREADY_RUNNING], RunState.FAILED),
        (100, CODE[ExitCode.TRY_AGAIN], RunState.FAILED),
        (100, Exit(1, 137, None), RunState.FAILED),
        (None, KILLED, RunState.FAILED),
        (100, KILLED, RunState.FAILED),
        (100, Exit(1, None, 2), RunState.PAUSED),
        (100, Exit(1, None, 15), RunState.PAUSED),
    ],
)
def test_a_run_without_a_process(done: int | None, ended: Exit | None, expected: RunState) -> None:
    assert state(done, ended=ended) is expected


@pytest.mark.parametrize("ended", [None, CODE[ExitCode.DONE], CODE[ExitCode.FAILED], KILLED])
@pytest.mark.parametrize("done", [None, 0, 99, 100])
def test_a_live_run_is_never_over_whatever_an_older_record_says(done: int | None, ended: Exit | None) -> None:
    assert state(done, running=True, ended=ended, idle=STALL - 0.1) is RunState.RUNNING
    assert state(done, running=True, ended=ended, idle=STALL) is RunState.STALLED


def test_a_run_that_never_said_a_word_is_waited_for_as_long_as_a_stall_takes() -> None:
    assert state(None, idle=STALL - 0.1) is RunState.WAITING
    assert state(None, idle=STALL) is RunState.LOST


@given(
    done=st.none() | st.integers(0, 2 * TARGET),
    running=st.booleans(),
    ended=st.none() | st.builds(Exit, st.just(1), st.none() | st.integers(0, 255), st.none() | st.integers(1, 64)),
    idle=st.floats(0, 1e6),
)
def test_complete_needs_progress_process_and_exit_record_to_agree(
    done: int | None, running: bool, ended: Exit | None, idle: float
) -> None:
    agrees = not running and ended is not None and ended.code == 0 and done is not None and done >= TARGET
    assert (state(done, running=running, ended=ended, idle=idle) is RunState.COMPLETE) is agrees


def test_what_is_over_and_what_is_not() -> None:
    assert {state for state in RunState if not state.is_over} == {RunState.WAITING, RunState.RUNNING, RunState.STALLED}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"launch": 7, "code": 0, "signal": None}, Exit(7, 0, None)),
        ({"launch": 7, "code": None, "signal": 15, "ended": "2026", "pid": 4}, Exit(7, None, 15)),
        ({"launch": "7", "code": 0, "signal": None}, None),
        ({"launch": 7, "code": "0", "signal": None}, None),
        ({"launch": 7, "code": 0.0, "signal": None}, None),
        ({"launch": 7, "code": 0}, None),
        ({}, None),
        (None, None),
    ],
)
def test_an_exit_record_is_read_or_is_none(document: dict[str, Any] | None, expected: Exit | None) -> None:
    assert Exit.parsed(document) == expected


def test_an_exit_in_words() -> None:
    assert str(Exit(1, 3, None)) == "exit code 3"
    assert str(Exit(1, None, 9)) == "killed by signal 9"
