"""What happens in a run, as frozen values. A log line is a rendering of one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from agents.campaign.values import value

RunKind = Literal["trial", "pilot", "campaign"]
"""A trial is a pilot of one of several candidates: it helps to choose one, and is never launched on."""
RUN_KINDS: tuple[RunKind, ...] = get_args(RunKind)

WatchedKind = Literal[RunKind, "follow_up"]
"""What a warden starts: a run, or something that follows a campaign."""
WATCHED_KINDS: tuple[WatchedKind, ...] = (*RUN_KINDS, "follow_up")


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A generator of ours took up a run; ``total`` is what the run owes."""

    run: str
    kind: RunKind
    total: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """``done`` of ``total``; mean quality in [0, 1] and acceptance in [0, 1] where known."""

    done: int
    total: int
    quality: float | None = None
    acceptance: float | None = None


@value
class SampleScored:
    """A sample got a quality in [0, 1], and perhaps a judgement."""

    quality: float
    accepted: bool | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class SampleJudged:
    """A sample was accepted or rejected, without a quality."""

    accepted: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line claims a measurement that cannot be one."""

    claims: Literal["score", "progress"]
    reason: str


Event = RunStarted | Progressed | SampleScored | SampleJudged | Unreadable
