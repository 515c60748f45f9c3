from __future__ import annotations

import pytest
from tiny_domain import DOMAIN

from agents.training.sample import Cell, Outcome, Ticket
from agents.training.teachers.procedural import Exercise, compose

TICKETS = [Ticket("run", n, DOMAIN.item(Cell("sum", 3), n, 1), n) for n in range(2000)]


def test_without_faults_every_answer_is_right() -> None:
    for ticket in TICKETS[:50]:
        reply = compose({"tiny": DOMAIN}, Exercise(ticket, 0.0, 1))
        assert reply.outcome is Outcome.ANSWERED
        assert reply.model == "procedural/1"
        assert reply.text == DOMAIN.answer(ticket.item, ticket.variant)


@pytest.mark.parametrize("rate", [0.05, 0.5, 1.0])
def test_faults_come_at_their_rate_and_are_real(rate: float) -> None:
    wrong = 0
    for ticket in TICKETS:
        reply = compose({"tiny": DOMAIN}, Exercise(ticket, rate, 1))
        wrong += DOMAIN.judge(ticket.item, DOMAIN.prompt(ticket.item, ticket.variant), reply.text).quality < 0.7
    assert wrong / len(TICKETS) == pytest.approx(rate, abs=4 * (rate * (1 - rate) / len(TICKETS)) ** 0.5)


def test_faults_depend_on_seed_and_ticket_alone() -> None:
    def spoiled(seed: int) -> list[str]:
        return [compose({"tiny": DOMAIN}, Exercise(ticket, 0.3, seed)).text for ticket in TICKETS[:100]]

    assert spoiled(1) == spoiled(1)
    assert spoiled(1) != spoiled(2)
