"""What calls have cost, and whether one more may begin: unknown is never 0, and the cap is never passed."""

from __future__ import annotations

import asyncio

import pytest

from agents.campaign.errors import PausedError
from agents.training.evaluation.account import Account, Paid, paid
from agents.training.evaluation.answer_store import Call
from agents.training.prices import NO_PRICES, Prices

PRICES = Prices(input=1_000.0, output=10_000.0, answer_tokens=100)
"""A thousandth for a token that is read, a hundredth for one that is written."""


def always() -> bool:
    return False


def test_calls_cost_what_they_did_by_the_prices_of_their_time_or_of_now() -> None:
    assert paid([Call(1.0, 10, 2, 0.5), Call(None, 10, 2)], PRICES, 1.2) == Paid(0.53, 0.53)


def test_what_nobody_told_is_not_known_and_counts_with_what_was_reserved() -> None:
    known = Call(1.0, 10, 2, 0.25)
    assert paid([known, Call(1.0)], PRICES, 1.2) == Paid(None, 1.25)
    assert paid([known, Call(None, 10, None)], PRICES, 1.2) == Paid(None, 1.45)
    assert paid([Call()], NO_PRICES, None) == Paid(None, None)
    assert paid([], PRICES, 1.2) == Paid(None, None)


def test_a_call_begins_only_where_its_dearest_answer_fits_below_the_cap() -> None:
    async def go() -> None:
        account = Account(1.0, 0.5)
        assert await account.begins(0.5, always)
        account.end(0.5, 0.1)
        assert await account.begins(0.4, always)
        account.end(0.4, None)
        with pytest.raises(PausedError, match=r"bring the cost to 1\.001, --max-cost allows 1;") as reached:
            await account.begins(0.001, always)
        assert reached.value.cure == "raise --max-cost and run the same command again"
        assert await Account(None, 99.0).begins(1e9, always)
        assert await Account(0.1, 0.2).begins(None, always)

    asyncio.run(go())


def test_what_does_not_fit_waits_until_calls_under_way_have_told_their_cost() -> None:
    async def go() -> None:
        account = Account(1.0, 0.0)
        assert await account.begins(0.7, always)
        waiting = [asyncio.create_task(account.begins(0.7, always)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        account.end(0.7, 0.2)
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=5.0)
        assert sum(task.done() for task in waiting) == 1
        account.end(0.7, 0.6)
        with pytest.raises(PausedError, match=r"bring the cost to 1\.5"):
            await asyncio.gather(*waiting)

    asyncio.run(go())


def test_what_waits_does_not_begin_once_it_is_over() -> None:
    async def go() -> None:
        account, over = Account(1.0, 0.0), asyncio.Event()
        assert await account.begins(0.7, over.is_set)
        waiting = asyncio.create_task(account.begins(0.7, over.is_set))
        await asyncio.sleep(0)
        over.set()
        account.end(0.7, 0.0)
        assert not await waiting
        assert not await account.begins(0.1, over.is_set)

    asyncio.run(go())
