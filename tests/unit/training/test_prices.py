from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.prices import Prices
from agents.training.sample import Message, Outcome, Reply, ToolCall

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


def test_tools_and_calls_are_read_too() -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "description": "ö" * 99}}}
    said = Message("assistant", "", (ToolCall("1", "look", orjson.dumps({"at": "x" * 500}).decode()),))
    plain, offered = Message("system", "Look."), Message("system", "Look.", tools=(tool,))
    prices = Prices(input=1_000_000.0, output=0.0)
    most = {
        name: prices.most([message]) or 0.0
        for name, message in {"plain": plain, "tools": offered, "call": said}.items()
    }
    assert most["plain"] == len("Look.") + 16
    assert most["tools"] >= most["plain"] + len(json.dumps(tool, indent=4)) + 1_024
    assert most["call"] >= 500
