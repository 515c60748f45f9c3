"""The account of an evaluation: what its calls have cost, and whether one more may begin below a cap.

Owns the arithmetic. Never asks, and keeps nothing: what was paid is told by the calls that are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import fsum

from agents.campaign.errors import PausedError
from agents.training.evaluation.answer_store import Call
from agents.training.limits import cost_reached
from agents.training.prices import Prices


@dataclass(frozen=True, slots=True)
class Paid:
    """What calls have cost, in the currency of the prices.

    ``cost`` is None where it is not known of each. ``at_most`` counts calls whose cost nobody told with what could have
    been reserved for them; None where that is not known either.
    """

    cost: float | None
    at_most: float | None


def paid(calls: Iterable[Call], prices: Prices, dearest: float | None) -> Paid:
    """Return what ``calls`` have cost; those without a price of their time by ``prices``.

    ``dearest`` is what any of them could cost at most, by these prices.
    """
    costs, limits = [], []
    for call in calls:
        cost = _cost(call, prices)
        costs.append(cost)
        limits.append(cost if cost is not None else dearest if call.reserved is None else call.reserved)
    return Paid(_total(costs), _total(limits))


def _cost(call: Call, prices: Prices) -> float | None:
    if call.cost is not None or call.tokens_in is None or call.tokens_out is None:
        return call.cost
    return prices.of(call.tokens_in, call.tokens_out)


def _total(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return fsum(known) if known and len(known) == len(amounts) else None


class Account:
    """What all models of one evaluation may cost together.

    Args:
        max_cost: the cap; None sets none.
        spent: what was paid before.
    """

    def __init__(self, max_cost: float | None, spent: float) -> None:
        self._max_cost = max_cost
        self._spent = spent
        self._under_way = 0
        self._ended = asyncio.Event()

    async def begins(self, most: float | None, is_over: Callable[[], bool]) -> bool:
        """Return whether a call that can cost ``most`` begins; it does not once ``is_over``.

        Where it does not fit, it waits until calls under way have told what they really cost.

        Raises:
            PausedError: it would not fit below the cap, and none is under way.
        """
        while not is_over():
            reached = self._reached(most)
            if reached is None:
                self._spent += most or 0.0
                self._under_way += 1
                return True
            if not self._under_way:
                raise reached
            self._ended.clear()
            await self._ended.wait()
        return False

    def end(self, most: float | None, cost: float | None) -> None:
        """Book a call that is over; where its ``cost`` is not known, it counts with ``most``."""
        self._under_way -= 1
        if cost is not None:
            self._spent += cost - (most or 0.0)
        self._ended.set()

    def _reached(self, most: float | None) -> PausedError | None:
        cost = None if most is None else self._spent + most
        return cost_reached(cost, self._max_cost, "--max-cost")
