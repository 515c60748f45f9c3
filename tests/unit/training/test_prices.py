from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.prices import Prices
from agents.training.sample import Message, Outcome, Reply

PRICES = Prices(input=2.0, output=8.0, answer_tokens=1_000)


def test_the_cost_is_of_the_tokens_that_the_teacher_tells() -> None:
    assert PRICES.cost(Reply(Outcome.ANSWERED, "x", "m", 500_000, 250_000)) == pytest.approx(3.0)


def test_what_is_not_known_is_none() -> None:
    told, silent = Reply(Outcome.ANSWERED, "x", "m", 1, 1), Reply(Outcome.ANSWERED, "x", "m")
    assert PRICES.cost(silent) is None
    assert Prices(input=1.0).cost(told) is None
    assert Prices(input=1.0).most([Message("user", "x")]) is None


@given(st.lists(st.text(max_size=50), max_size=4))
def test_the_reservation_is_never_below_what_its_bytes_could_cost(texts: list[str]) -> None:
    prompt = [Message("user", text) for text in texts]
    most = PRICES.most(prompt)
    tokens = sum(len(text.encode()) for text in texts)
    dearest = PRICES.cost(Reply(Outcome.ANSWERED, "x", "m", tokens, PRICES.answer_tokens))
    assert most is not None
    assert dearest is not None
    assert most >= dearest
