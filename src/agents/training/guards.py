"""The guards of a campaign: what is watched of every settled ticket, what warns, and what stops the run.

Pure. Owns the streams, their floors and the models that may answer. Never stops anything: the engine does. The ledger
keeps what is known here now and then, and a start catches up from its samples: equal tickets, equal guards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from agents.campaign.drift import Baseline, Detector, alarm_level
from agents.campaign.gate import JudgedTicket
from agents.campaign.models import answering, judging
from agents.campaign.values import value
from agents.training.balance import Balance

RECENT = 20
"""Tickets over which the mean is taken that a cause names, with weights that fade exponentially."""
HIGHEST_FLOOR = 0.999
"""A stream that must always be 1 is held to this: the third exception alarms, or the first where it comes late."""
QUALITY, ACCEPTANCE, MODEL, BALANCE = "quality", "acceptance", "model", "balance"
CURE = (
    "look at the newest samples (campaign samples), mend what changed, or change what `guards` in the recipe asks for; "
    "then go on: campaign resume"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What the pilot showed of each domain.

    ``proven`` are lower bounds in [0, 1] of the mean of each measure, ``acceptance`` is the accepted share, ``models``
    are those that answered.
    """

    proven: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    acceptance: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, frozenset[str]] = field(default_factory=dict)


@value
class Settled:
    """What the guards see of a settled ticket; one without a quality has 0, one without an answer no model."""

    seq: int
    domain: str
    quality: float
    accepted: bool
    failure: str | None = None
    model: str = ""
    alias: str = ""
    """The fallback that answered, if one did."""
    judge: str = ""
    """The model that judged the answer, if one did."""


def measured(ticket: Settled | JudgedTicket, measure: str) -> float:
    """Return the value in [0, 1] of a stream that measures quality, acceptance, or not failing in one class."""
    if measure == QUALITY:
        return ticket.quality
    return float(ticket.accepted if measure == ACCEPTANCE else ticket.failure != measure)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a run must stop: the guard, the cause with its evidence, and the cure."""

    guard: str
    cause: str
    cure: str = CURE


@value
class Stream:
    """One series of values; ``domain`` None sees the tickets of all.

    One with a ``baseline`` is held to what was proven before, and only warns.
    """

    measure: str
    detector: Detector
    domain: str | None = None
    seen: int = 0
    recent: float = 0.0
    baseline: Baseline | None = None

    @property
    def name(self) -> str:
        """What a person calls it."""
        name = self.measure if self.domain is None else f"{self.measure} of {self.domain}"
        return f"{name} so far" if self.warns else name

    @property
    def warns(self) -> bool:
        """Whether it never stops a run."""
        return self.baseline is not None

    def after(self, x: float) -> Stream:
        """Return the stream that has also seen ``x`` in [0, 1]."""
        seen = self.seen + 1
        recent = self.recent + (x - self.recent) / min(seen, RECENT)
        detector, baseline = self.detector.after(x), self.baseline and self.baseline.after(x)
        if baseline is not None and baseline.floor > detector.floor:
            detector = replace(detector, floor=min(baseline.floor, HIGHEST_FLOOR))
        return Stream(self.measure, detector, self.domain, seen, recent, baseline)

    def renewed(self) -> Stream:
        """Return the stream as if it had seen nothing."""
        baseline = self.baseline and Baseline(self.baseline.floor, self.baseline.error_level)
        return replace(self, detector=Detector(self.detector.floor), seen=0, recent=0.0, baseline=baseline)

    def restored(self, known: list[Any]) -> Stream:
        """Return the stream with what ``document()`` of an earlier one knew; anew where the floor was another."""
        floor, first, second, third, seen, recent = map(float, known[:6])
        counts = tuple(map(int, known[6:]))
        baseline = self.baseline
        if baseline is not None and floor >= baseline.floor and len(counts) == len(baseline.counts):
            baseline = replace(baseline, floor=floor, seen=sum(counts), counts=counts)
        elif floor != self.detector.floor:
            return self
        detector = Detector(floor, (first, second, third))
        return replace(self, detector=detector, seen=int(seen), recent=recent, baseline=baseline)

    def document(self) -> list[Any]:
        """Return what it has seen as JSON values."""
        counts = self.baseline.counts if self.baseline else ()
        return [self.detector.floor, *self.detector.values, self.seen, self.recent, *counts]

    def told(self, level: float) -> str:
        """Return what its evidence says, in words."""
        floor = self.detector.floor
        evidence = f"(after {self.seen:,} tickets; evidence {self.detector.evidence:.2g}, {level:.2g} is enough)"
        lately = f"about the last {min(self.seen, RECENT)}"
        if self.measure in {QUALITY, ACCEPTANCE}:
            return f"{self.name} has fallen below {floor:.3g}: {lately} tickets average {self.recent:.3f} {evidence}"
        share = f"{1 - self.recent:.1%} of {lately}"
        return f"more than {1 - floor:.3g} of the tickets are {self.measure}: {share} {evidence}"


@value
class Guards:
    """The streams of one run, and the models that may answer for each domain: those of its first answers otherwise.

    ``level`` is the evidence from which a stream alarms. Tickets before ``since`` are not watched: they were answered
    before an alarm that a person has acknowledged. ``warned`` is what was found below what had been proven before.
    ``balance`` is None where nothing is asked of it.
    """

    streams: tuple[Stream, ...] = ()
    level: float = 0.0
    models: Mapping[str, frozenset[str]] = field(default_factory=dict)
    since: int = 0
    warned: Mapping[str, str] = field(default_factory=dict)
    balance: Balance | None = None

    @classmethod
    def of(
        cls,
        floors: Mapping[str, float],
        budgets: Mapping[str, float],
        claims: Claims,
        *,
        domains: Mapping[str, float],
        planned: int,
        error_level: float,
        demanded: Collection[str] = (),
        domain_floors: Mapping[str, float] | None = None,
        most_imbalance: float = 1.0,
    ) -> Self:
        """Return the guards of a run that has not begun.

        A floor of 0, and a budget or an imbalance of 1, cannot be passed and watch nothing. Each domain is watched by
        itself, for their tickets do not come in proportion to their weights: one that gives less is asked for longer.
        Where the pilot proved less than a floor, that counts: the gate approved the mean of all, or a person did.

        Args:
            floors: the means of quality and acceptance in [0, 1] that must not be fallen below.
            budgets: the share of tickets in [0, 1] that may fail in each class.
            claims: what the pilot proved; below it, and below what the campaign has proven since, the guards warn.
            domains: the weight of each domain of the run.
            planned: tickets that the run may issue.
            error_level: chance that any of them stops the run while all means stay at their floors.
            demanded: measures whose floors hold whatever the pilot proved; of several domains, none.
            domain_floors: means of quality that single domains must not fall below, instead of the floor of all.
            most_imbalance: how far a domain's share of the accepted samples may be off, in [0, 1].
        """
        asked = {QUALITY: floors[QUALITY], ACCEPTANCE: floors[ACCEPTANCE]}
        asked |= {failure: 1.0 - budget for failure, budget in sorted(budgets.items())}
        stopping: list[Stream] = []
        warning: list[Stream] = []
        for domain in sorted(domains):
            own = {} if domain_floors is None or domain not in domain_floors else {QUALITY: domain_floors[domain]}
            hard = own if len(domains) > 1 else {*own, *demanded}
            proven, name = claims.proven.get(domain, {}), domain if len(domains) > 1 else None
            for measure, floor in (asked | own).items():
                low = min(HIGHEST_FLOOR, floor if measure in hard else min(floor, proven.get(measure, 1.0)))
                stopping += [Stream(measure, Detector(low), name)] if low > 0.0 else []
            for measure in (QUALITY, ACCEPTANCE):
                baseline = Baseline(min(HIGHEST_FLOOR, proven.get(measure, 0.0)), error_level)
                warning.append(Stream(measure, Detector(baseline.floor), name, baseline=baseline))
        is_watched = len(domains) > 1 and most_imbalance < 1.0
        balance = Balance.of(domains, claims.acceptance, most_imbalance) if is_watched else None
        level = alarm_level(planned, len(stopping), error_level)
        return cls((*stopping, *warning), level, claims.models, balance=balance)

    def after(self, ticket: Settled) -> tuple[Guards, Alarm | None]:
        """Return the guards that have also seen ``ticket``, and the first alarm that it gives."""
        balance = self.balance and self.balance.after(ticket.domain, accepted=ticket.accepted)
        if ticket.seq < self.since:
            return replace(self, balance=balance), None
        own = None, ticket.domain
        streams = tuple(
            stream.after(measured(ticket, stream.measure)) if stream.domain in own else stream
            for stream in self.streams
        )
        level = self.level
        risen = [stream for stream in streams if stream.detector.evidence >= level]
        warned = {stream.name: stream.told(self.level) for stream in risen if stream.warns}
        models, another = self._with_models(ticket)
        if ticket.alias and answering(ticket.domain, ticket.alias) not in self.models:
            warned[f"{MODEL} of {ticket.domain}"] = _fallback(ticket)
        after = Guards(streams, self.level, models, self.since, {**warned, **self.warned}, balance)
        if another is not None:
            return after, another
        alarming = next((stream for stream in risen if not stream.warns), None)
        if alarming is not None:
            return after, Alarm(alarming.name, alarming.told(self.level))
        outside = balance.outside() if balance and not balance.is_off else None
        return after, None if outside is None else Alarm(BALANCE, outside)

    def _with_models(self, ticket: Settled) -> tuple[Mapping[str, frozenset[str]], Alarm | None]:
        """Return the models that are known with those of ``ticket``, and the alarm where one of them changed."""
        models, alarm = self.models, None
        for role, model in (
            (answering(ticket.domain, ticket.alias), ticket.model),
            (judging(ticket.domain), ticket.judge),
        ):
            known = models.get(role, frozenset())
            if model and model not in known:
                models = {**models, role: known | {model}}
                alarm = alarm or (_another_model(ticket, model, known) if known else None)
        return models, alarm

    def renewed(self, since: int) -> Guards:
        """Return the guards that begin anew with ticket ``since``: what one stream saw is in the others too."""
        streams = tuple(stream.renewed() for stream in self.streams)
        balance = self.balance and replace(self.balance, is_off=self.balance.outside() is not None)
        return replace(self, streams=streams, since=since, warned={}, balance=balance)

    def document(self) -> dict[str, Any]:
        """Return what is known as JSON values."""
        return {
            "since": self.since,
            "streams": {stream.name: stream.document() for stream in self.streams},
            "models": {domain: sorted(models) for domain, models in self.models.items()},
            "warned": dict(self.warned),
            "balance_is_off": bool(self.balance and self.balance.is_off),
        }

    def with_accepted(self, accepted: Mapping[str, int]) -> Guards:
        """Return these guards with the accepted samples that each domain has."""
        return replace(self, balance=self.balance and replace(self.balance, accepted=dict(accepted)))

    def taken_up(self, document: Mapping[str, Any]) -> Guards:
        """Return these guards with what ``document()`` of earlier ones knew; the accepted samples are not in it.

        Raises:
            ValueError: it has another form.
        """
        try:
            known, models = document.get("streams", {}), document.get("models", {})
            streams = (
                stream.restored(known[stream.name]) if stream.name in known else stream for stream in self.streams
            )
            return replace(
                self,
                streams=tuple(streams),
                models={**self.models, **{domain: frozenset(names) for domain, names in models.items()}},
                since=int(document.get("since", 0)),
                warned={str(name): str(text) for name, text in document.get("warned", {}).items()},
                balance=self.balance and replace(self.balance, is_off=document.get("balance_is_off") is True),
            )
        except (AttributeError, TypeError) as error:
            raise ValueError("the state of the guards has another form") from error


def _another_model(ticket: Settled, model: str, known: frozenset[str]) -> Alarm:
    earlier = ", ".join(sorted(known))
    done = "answered" if model == ticket.model else "judged"
    return Alarm(
        MODEL,
        f"ticket {ticket.seq} of {ticket.domain} was {done} by {model}, those before it and the pilot's by "
        f"{earlier}: what the pilot showed does not hold for it",
    )


def _fallback(ticket: Settled) -> str:
    return (
        f"ticket {ticket.seq} of {ticket.domain} was answered by the fallback {ticket.alias} ({ticket.model}), which "
        "had no part in the pilot: what that showed does not hold for its answers"
    )
