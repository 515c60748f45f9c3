"""Progress of a run as a value in which the unknown is None and never zero.

Owns the folding of log events into numbers. Never reads a log or a ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from agents.campaign.events import Event, Progressed, RunStarted, SampleJudged, SampleScored, Unreadable

NEWEST = 200
"""Scores that are kept one by one."""
PROBLEMS = 20
"""Problems that are kept in words; later ones are only counted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a run, and from where.

    ``done`` of ``total`` are finished tickets for a pilot and accepted samples for a campaign.
    """

    source: Literal["ledger", "log"]
    done: int | None = None
    total: int | None = None
    accepted: int = 0
    rejected: int = 0
    scored: int = 0
    score_sum: float = 0.0
    newest: tuple[float, ...] = ()
    bad_scores: int = 0
    """Lines that claim a score which cannot be one."""
    problems: tuple[str, ...] = ()
    problem_count: int = 0
    started: RunStarted | None = None
    """The generator of ours that writes the log, if one does."""

    @property
    def is_complete(self) -> bool:
        """Whether all that was planned is finished; False as long as that is not known."""
        return self.done is not None and self.total is not None and self.done >= self.total

    @property
    def finished(self) -> int:
        """Tickets that are known to be finished."""
        return max(self.done or 0, self.scored, self.accepted + self.rejected)

    @property
    def quality(self) -> float | None:
        """Mean quality over all finished tickets, unscored ones as 0; None without any score."""
        return self.score_sum / self.finished if self.scored else None

    @property
    def acceptance(self) -> float | None:
        """Accepted share of the finished tickets; None where the log does not tell of both kinds."""
        if self.accepted + self.rejected == 0 or (self.accepted == 0 and self.rejected < self.finished):
            return None
        return self.accepted / self.finished

    @property
    def percentage(self) -> float:
        """Share done, 0 to 100; 0 as long as it is unknown."""
        return 100.0 * min(self.done, self.total) / self.total if self.done and self.total else 0.0


def fold(progress: Progress, events: Iterable[Event]) -> Progress:
    """Return ``progress`` after ``events`` of its log, in their order."""
    for event in events:
        match event:
            case RunStarted():
                progress = replace(Progress(progress.source), total=event.total, started=event)
            case SampleScored():
                progress = _scored(progress, event)
            case SampleJudged(accepted):
                progress = _judged(progress, accepted)
            case Progressed():
                progress = _progressed(progress, event)
            case Unreadable(claims, reason):
                bad_scores = progress.bad_scores + (claims == "score")
                progress = replace(_problem(progress, reason), bad_scores=bad_scores)
    return progress


def _scored(progress: Progress, event: SampleScored) -> Progress:
    scored = replace(
        progress,
        scored=progress.scored + 1,
        score_sum=progress.score_sum + event.quality,
        newest=(*progress.newest[1 - NEWEST :], event.quality),
    )
    return scored if event.accepted is None else _judged(scored, event.accepted)


def _judged(progress: Progress, accepted: bool) -> Progress:
    return replace(progress, accepted=progress.accepted + accepted, rejected=progress.rejected + (not accepted))


def _progressed(progress: Progress, event: Progressed) -> Progress:
    """A smaller total is a part of the run (one domain); a fall by more than half is another run."""
    done, total = progress.done, progress.total
    if total is not None and event.total < total:
        return _problem(progress, f"{event.done}/{event.total} counts a part of {total}")
    if done is not None and event.done * 2 < done:
        again = Progress(progress.source, done=event.done, total=event.total, started=progress.started)
        return _problem(again, f"progress fell from {done} to {event.done}: counted as another run")
    if done is not None and event.done < done:
        return _problem(progress, f"progress went back from {done} to {event.done}")
    return replace(progress, done=event.done, total=event.total)


def _problem(progress: Progress, reason: str) -> Progress:
    kept = progress.problems if len(progress.problems) == PROBLEMS else (*progress.problems, reason)
    return replace(progress, problems=kept, problem_count=progress.problem_count + 1)
