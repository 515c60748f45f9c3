"""A teacher that composes true answers, and makes as many real mistakes as it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import cast

from agents.campaign.errors import UsageError
from agents.training.bench import Bench
from agents.training.domains import ProvingDomain
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply, Ticket
from agents.training.teachers import Request

REHEARSAL = "REHEARSE_DRIFT"
"""The variable that makes this teacher worse in mid-run, so that a person can see what the guards do."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """A ticket to answer; ``fault_rate`` in [0, 1] is the chance of a mistake, drawn by ``seed`` and ticket."""

    ticket: Ticket
    fault_rate: float
    seed: int


def compose(domains: Domains, exercise: Exercise) -> Reply:
    """Return the domain's own answer, spoiled with the chance ``fault_rate``."""
    ticket = exercise.ticket
    domain = cast(ProvingDomain, domains[ticket.item.domain])  # a recipe cannot ask others to answer
    text = domain.answer(ticket.item, ticket.variant)
    rng = Random(f"{exercise.seed}/fault/{ticket.id}")  # noqa: S311 -- repeatable
    if rng.random() < exercise.fault_rate:
        text = domain.spoil(ticket.item, text, rng)
    return Reply(Outcome.ANSWERED, text, f"procedural/{domain.version}")


@dataclass(frozen=True, slots=True)
class Drift:
    """A rehearsed change of the world: from ticket ``start`` on, the fault rate is ``fault_rate``."""

    start: int
    fault_rate: float

    @classmethod
    def parsed(cls, text: str) -> Drift | None:
        """Return the drift that ``TICKET:FAULT_RATE`` means; None for an empty text.

        Raises:
            UsageError: it means none.
        """
        if not text.strip():
            return None
        try:
            start, rate = text.split(":")
            drift = cls(int(start), float(rate))
        except ValueError:
            drift = cls(-1, 0.0)
        if drift.start < 0 or not 0.0 <= drift.fault_rate <= 1.0:
            raise UsageError(
                f"{REHEARSAL}={text!r} is no drift", f"give TICKET:FAULT_RATE, e.g. {REHEARSAL}=10000:0.45"
            )
        return drift


class ProceduralTeacher:
    """Answers with ``compose``, on the bench."""

    def __init__(self, bench: Bench[Domains], fault_rate: float, seed: int, drift: Drift | None = None) -> None:
        self._bench = bench
        self._fault_rate = fault_rate
        self._seed = seed
        self._drift = drift

    async def answer(self, request: Request) -> Reply:
        """Return the composed reply."""
        drift = self._drift
        fault_rate = drift.fault_rate if drift and request.ticket.seq >= drift.start else self._fault_rate
        exercise = Exercise(request.ticket, fault_rate, self._seed)
        return await self._bench.run(compose, exercise, request.ticket.variant)
