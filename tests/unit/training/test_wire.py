from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.models import ModelSection
from agents.training.sample import Message, Outcome, Reply
from agents.training.troubles import Failure, Trouble
from agents.training.wire import reply_of, request_body

TEXT = {"type": "text", "text": "lo."}
PROMPT = (Message("system", "Be brief."), Message("user", "Grüße?"))


def answer(message: Any, finish: str | None = "stop", **more: Any) -> bytes:
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    return orjson.dumps(
        {"choices": [{"message": message, "finish_reason": finish}], "model": "m-1", "usage": usage} | more
    )


def test_a_request_says_what_the_recipe_says_and_nothing_else() -> None:
    said = orjson.loads(request_body(ModelSection(model="m", temperature=0.0, max_tokens=9), PROMPT))
    assert said == {
        "model": "m",
        "temperature": 0.0,
        "max_tokens": 9,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße?"}],
    }
    more = ModelSection(model="m", extra_body={"chat_template_kwargs": {"enable_thinking": False}, "model": "other"})
    assert orjson.loads(request_body(more, PROMPT))["chat_template_kwargs"] == {"enable_thinking": False}
    assert orjson.loads(request_body(more, PROMPT))["model"] == "m", "what is said besides hides nothing"


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        (answer({"content": "Hello."}), Outcome.ANSWERED, "Hello."),
        (answer({"content": [TEXT | {"text": "Hel"}, {"type": "image"}, TEXT]}), Outcome.ANSWERED, "Hello."),
        (answer({"content": " \n"}), Outcome.EMPTY, " \n"),
        (answer({"content": None}), Outcome.EMPTY, ""),
        (answer({}), Outcome.EMPTY, ""),
        (answer({"content": "Hel"}, "length"), Outcome.TRUNCATED, "Hel"),
        (answer({"content": ""}, "content_filter"), Outcome.REFUSED, ""),
        (answer({"content": None, "refusal": "I cannot."}), Outcome.REFUSED, "I cannot."),
    ],
)  # fmt: skip
def test_what_an_answer_means(body: bytes, outcome: Outcome, text: str) -> None:
    assert reply_of(body) == Reply(outcome, text, "m-1", 12, 3)


def test_tokens_and_model_that_are_not_told_are_not_known() -> None:
    for usage in (None, {}, {"prompt_tokens": None, "completion_tokens": True}, {"prompt_tokens": -1}, "many"):
        assert reply_of(answer({"content": "x"}, usage=usage, model=None)) == Reply(Outcome.ANSWERED, "x", "")


CUT = answer({"content": "Hello."})[:-20]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>busy</html>", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}',
     b'{"choices": [{"message": 3}]}', b'{"choices": [{"message": {"content": 7}}]}', b"\xff\xfe", CUT],
)  # fmt: skip
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    found = reply_of(body)
    assert isinstance(found, Failure)
    assert found.trouble is Trouble.GARBLED


def test_a_key_in_what_is_no_answer_is_not_told() -> None:
    found = reply_of(b'{"error": "no access with sk-0123456789abcdef"}')
    assert isinstance(found, Failure)
    assert "0123456789abcdef" not in found.detail
    assert "no access" in found.detail


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    found = reply_of(body)
    assert isinstance(found, Reply | Failure)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["content", "refusal", "type", "text"]), inner)
    ),
    max_leaves=8,
)


@given(json_values, json_values, json_values)
def test_no_document_breaks_it(message: Any, finish: Any, usage: Any) -> None:
    assert isinstance(reply_of(answer(message, finish, usage=usage)), Reply | Failure)
