"""The guards of a campaign: what is watched of every settled ticket, and what stops the run.

Pure. Owns the streams and their alarms. Never stops anything: the engine does, and the ledger keeps what is known here
in the transaction of the tickets that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.campaign.drift import Detector, alarm_level

CURE = (
    "look at the newest samples, mend what changed, or change the floors under `guards` in the recipe; then go on: "
    "campaign resume"
)


@dataclass(frozen=True, slots=True)
class Floors:
    """What the guards hold a run to.

    ``quality`` and ``acceptance`` are the means in [0, 1) that must not be fallen below, 0 for one that is not watched;
    ``level`` is the evidence from which a stream alarms.
    """

    quality: float
    acceptance: float
    level: float

    @classmethod
    def of(cls, quality: float, acceptance: float, *, planned: int, domains: int, error_level: float) -> Floors:
        """Return the floors of a run of ``planned`` tickets at most; a floor of 1 or above watches nothing."""
        streams = 2 + (domains if domains > 1 else 0)
        return cls(
            quality if quality < 1.0 else 0.0,
            acceptance if acceptance < 1.0 else 0.0,
            alarm_level(planned, streams, error_level),
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What the guards see of a settled ticket; one without a quality has 0."""

    domain: str
    quality: float
    accepted: bool
    model: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a run must stop: the guard, the cause with its evidence, and the cure."""

    guard: str
    cause: str
    cure: str = CURE


@dataclass(frozen=True, slots=True)
class Stream:
    """A detector and the mean since it was begun, for people."""

    detector: Detector
    seen: int = 0
    total: float = 0.0

    def after(self, x: float) -> Stream:
        """Return the stream that has also seen ``x`` in [0, 1]."""
        return Stream(self.detector.after(x), self.seen + 1, self.total + x)


@dataclass(frozen=True, slots=True)
class Guards:
    """The streams of one run by name, and the model that answers for each domain."""

    floors: Floors
    domains: tuple[str, ...]
    streams: Mapping[str, Stream] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    def after(self, ticket: Settled) -> tuple[Guards, Alarm | None]:
        """Return the guards that have also seen ``ticket``, and the first alarm that it gives."""
        known = self.models.get(ticket.domain, ticket.model)
        if known != ticket.model:
            cause = f"domain {ticket.domain} was answered by {known}, and now is by {ticket.model}"
            return self, Alarm("model", f"{cause}: what the pilot showed does not hold for it")
        streams, alarm = dict(self.streams), None
        for name, (x, floor) in self._values(ticket).items():
            stream = streams[name] = streams.get(name, Stream(Detector(floor))).after(x)
            if alarm is None and stream.detector.evidence >= self.floors.level:
                alarm = self._alarm(name, stream)
        return replace(self, streams=streams, models={**self.models, ticket.domain: ticket.model}), alarm

    def document(self) -> dict[str, Any]:
        """Return what is known as JSON values."""
        return {
            "streams": {
                name: [stream.detector.floor, *stream.detector.values, stream.seen, stream.total]
                for name, stream in self.streams.items()
            },
            "models": dict(self.models),
        }

    def taken_up(self, document: Mapping[str, Any]) -> Guards:
        """Return these guards with what ``document()`` of earlier ones knew; a stream of another floor begins anew."""
        wanted = {"acceptance": self.floors.acceptance}
        streams = {
            name: Stream(Detector(floor, (first, second, third)), seen, total)
            for name, (floor, first, second, third, seen, total) in document.get("streams", {}).items()
            if floor == wanted.get(name, self.floors.quality)
        }
        return replace(self, streams=streams, models=dict(document.get("models", {})))

    def _values(self, ticket: Settled) -> dict[str, tuple[float, float]]:
        values = {
            "quality": (ticket.quality, self.floors.quality),
            "acceptance": (float(ticket.accepted), self.floors.acceptance),
        }
        if len(self.domains) > 1:
            values[f"quality of {ticket.domain}"] = (ticket.quality, self.floors.quality)
        return {name: value for name, value in values.items() if value[1] > 0.0}

    def _alarm(self, name: str, stream: Stream) -> Alarm:
        evidence, mean = stream.detector.evidence, stream.total / stream.seen
        return Alarm(
            name,
            f"{name} has fallen below {stream.detector.floor:g}: the evidence is {evidence:.3g}, the alarm is at "
            f"{self.floors.level:.3g} (mean {mean:.3f} over all {stream.seen} tickets)",
        )
