"""What a launched run has come to, from its progress, its process and its exit record.

Pure. A run is complete only when all three agree; a run that nobody can vouch for is never complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agents.campaign.errors import ExitCode
from agents.campaign.progress import Progress

_POLITE_SIGNALS = (2, 15)
"""SIGINT and SIGTERM, see signal(7): what a person, a shell or a shutdown sends."""


class RunState(StrEnum):
    """How a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    STALLED = "stalled"
    COMPLETE = "complete"
    PAUSED = "paused"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes unless the run is started again."""
        return self in {RunState.COMPLETE, RunState.PAUSED, RunState.FAILED, RunState.LOST}


@dataclass(frozen=True, slots=True)
class Exit:
    """How a generator ended: its exit code, or the signal that killed it."""

    launch: int
    code: int | None
    signal: int | None

    @classmethod
    def parsed(cls, document: dict[str, Any] | None) -> Exit | None:
        """Return the exit that a warden's record tells of; None for anything else."""
        match document:
            case {"launch": int(launch), "code": int() | None as code, "signal": int() | None as signal}:
                return cls(launch, code, signal)
        return None

    @property
    def is_good(self) -> bool:
        """Whether it came to its end by itself."""
        return self.code == ExitCode.DONE

    @property
    def was_asked(self) -> bool:
        """Whether it stopped because somebody asked: it said so, or a polite signal ended it."""
        return self.code == ExitCode.PAUSED or self.signal in _POLITE_SIGNALS

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended it that nobody sends who only wants it to stop."""
        return self.signal is not None and not self.was_asked

    def __str__(self) -> str:
        return f"killed by signal {self.signal}" if self.signal is not None else f"exit code {self.code}"


def state_of(
    progress: Progress, *, target: int, is_running: bool, ended: Exit | None, idle_seconds: float, stall_seconds: float
) -> RunState:
    """Return the state of a run that owes ``target``.

    Args:
        progress: what its ledger or log tells.
        target: what it owes, in the unit of ``progress.done``.
        is_running: whether its process holds its lease.
        ended: the exit record of its newest launch, None where there is none.
        idle_seconds: how long nothing was finished, on a monotonic clock.
        stall_seconds: from which idleness on a live run is called stalled, and one that never showed itself lost.
    """
    if is_running:
        return RunState.STALLED if idle_seconds >= stall_seconds else RunState.RUNNING
    if ended is None:
        is_awaited = progress.done is None and idle_seconds < stall_seconds
        return RunState.WAITING if is_awaited else RunState.LOST
    if ended.is_good:
        reached = progress.done is not None and progress.done >= target
        return RunState.COMPLETE if reached else RunState.FAILED
    return RunState.PAUSED if ended.was_asked else RunState.FAILED
