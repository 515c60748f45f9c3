"""A teacher that composes true answers, and makes as many real mistakes as it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agents.training.bench import Bench
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply, Ticket
from agents.training.teachers import Request


@dataclass(frozen=True, slots=True)
class Exercise:
    """A ticket to answer; ``fault_rate`` in [0, 1] is the chance of a mistake, drawn by ``seed`` and ticket."""

    ticket: Ticket
    fault_rate: float
    seed: int


def compose(domains: Domains, exercise: Exercise) -> Reply:
    """Return the domain's own answer, spoiled with the chance ``fault_rate``."""
    ticket = exercise.ticket
    domain = domains[ticket.item.domain]
    text = domain.answer(ticket.item, ticket.variant)
    rng = Random(f"{exercise.seed}/fault/{ticket.id}")  # noqa: S311 -- repeatable
    if rng.random() < exercise.fault_rate:
        text = domain.spoil(ticket.item, text, rng)
    return Reply(Outcome.ANSWERED, text, f"procedural/{domain.version}")


class ProceduralTeacher:
    """Answers with ``compose``, on the bench."""

    def __init__(self, bench: Bench[Domains], fault_rate: float, seed: int) -> None:
        self._bench = bench
        self._fault_rate = fault_rate
        self._seed = seed

    async def answer(self, request: Request) -> Reply:
        """Return the composed reply."""
        exercise = Exercise(request.ticket, self._fault_rate, self._seed)
        return await self._bench.run(compose, exercise, request.ticket.variant)
