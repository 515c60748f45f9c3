from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.models import ModelSection
from agents.training import wire
from agents.training.calls_in_text import turn_of
from agents.training.sample import Message, Outcome, Reply, ToolCall
from agents.training.troubles import Failure, Trouble
from agents.training.wire import Pieces, reply_of, request_body, request_frame

TEXT = {"type": "text", "text": "lo."}
PROMPT = (Message("system", "Be brief."), Message("user", "Grüße?"))


def answer(message: Any, finish: str | None = "stop", **more: Any) -> bytes:
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    return orjson.dumps(
        {"choices": [{"message": message, "finish_reason": finish}], "model": "m-1", "usage": usage} | more
    )


def said(model: ModelSection, **asked: Any) -> Any:
    return orjson.loads(request_body(request_frame(model, **asked), PROMPT))


def test_a_request_says_what_the_recipe_says_and_nothing_else() -> None:
    assert said(ModelSection(model="m", temperature=0.0, max_tokens=9)) == {
        "model": "m",
        "temperature": 0.0,
        "max_tokens": 9,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße?"}],
    }
    body = {
        "chat_template_kwargs": {"enable_thinking": False},
        "model": "other",
        "messages": [],
        "logit_bias": {"5": 1},
    }
    found = said(ModelSection(model="m", extra_body=body))
    assert found["chat_template_kwargs"] == {"enable_thinking": False}
    assert found["logit_bias"] == {"5": 1}
    assert found["model"] == "m", "what is said besides hides nothing"
    assert len(found["messages"]) == 2


def test_a_length_is_told_once_in_the_words_that_the_server_knows() -> None:
    found = said(ModelSection(model="m", max_tokens=9, extra_body={"max_completion_tokens": 100}))
    assert found["max_completion_tokens"] == 100
    assert "max_tokens" not in found


def test_a_schema_is_told_in_the_form_that_is_known() -> None:
    model, schema = ModelSection(model="m"), {"type": "object"}
    told = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    assert said(model, schema=schema, form="json_schema")["response_format"] == told
    assert said(model, schema=schema, form="json_object")["response_format"] == {"type": "json_object"}
    assert "response_format" not in said(model, schema=schema, form="none")
    assert "response_format" not in said(model, schema=None, form="json_schema")


def test_pieces_are_asked_for_with_their_tokens() -> None:
    found = said(ModelSection(model="m", stream=True))
    assert (found["stream"], found["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        (answer({"content": "Hello."}), Outcome.ANSWERED, "Hello."),
        (answer({"content": [TEXT | {"text": "Hel"}, {"type": "image"}, TEXT]}), Outcome.ANSWERED, "Hello."),
        (answer({"content": " \n"}), Outcome.EMPTY, " \n"),
        (answer({"content": None}), Outcome.EMPTY, ""),
        (answer({}), Outcome.EMPTY, ""),
        (answer({"content": "Hello."}, None), Outcome.ANSWERED, "Hello."),
        (answer({"content": "Hello."}, "STOP"), Outcome.ANSWERED, "Hello."),
        (answer({"content": "Hello."}, "tool_calls"), Outcome.ANSWERED, "Hello."),
        (answer({"content": None}, "function_call"), Outcome.EMPTY, ""),
        (answer({"content": "Hel"}, "length"), Outcome.TRUNCATED, "Hel"),
        (answer({"content": ""}, "content_filter"), Outcome.REFUSED, ""),
        (answer({"content": None, "refusal": "I cannot."}), Outcome.REFUSED, "I cannot."),
    ],
)  # fmt: skip
def test_what_an_answer_means(body: bytes, outcome: Outcome, text: str) -> None:
    assert reply_of(body) == Reply(outcome, text, "m-1", 12, 3)


@pytest.mark.parametrize("ending", ["abort", "error", {"type": "abort"}, "insufficient_system_resource", 7])
def test_an_answer_that_ended_otherwise_is_half_of_one(ending: Any) -> None:
    for found in (reply_of(answer({"content": "Hel"}, ending)), heard(piece({"content": "Hel"}, ending), DONE)):
        assert isinstance(found, Failure)
        assert found.trouble is Trouble.SERVER
        assert "broke off" in found.detail


def test_tokens_and_model_that_are_not_told_are_not_known() -> None:
    odd = ({"prompt_tokens": None, "completion_tokens": True}, {"prompt_tokens": -1}, {"completion_tokens": 2**63})
    for usage in (None, {}, "many", *odd):
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


def test_an_error_in_place_of_an_answer_is_told_as_what_it_is() -> None:
    limited = reply_of(b'{"error": {"message": "Rate limit reached", "code": 429}}')
    assert limited == Failure(Trouble.RATE, "HTTP 429: Rate limit reached")
    flat = reply_of(b'{"object": "error", "message": "Too long.", "code": 400}')
    assert flat == Failure(Trouble.REQUEST, "HTTP 400: Too long.")
    broken = reply_of(b'{"error": {"message": "upstream", "code": "oops"}, "choices": []}')
    assert broken == Failure(Trouble.SERVER, "HTTP 500: upstream")


def piece(delta: Any, finish: str | None = None, **more: Any) -> bytes:
    document = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "model": "m-1", "usage": None}
    return b"data: %b\n\n" % orjson.dumps(document | more)


USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}}\n\n'
DONE = b"data: [DONE]\n\n"
STREAM = (
    b": a comment\n\nevent: chunk\n"
    + piece({"role": "assistant", "content": ""})
    + piece({"content": "Grü"})
    + piece({"reasoning_content": "hm"})
    + piece({"content": "ße."}).replace(b"\n", b"\r\n")
    + piece({}, "stop")
    + USAGE
    + DONE
)


def heard(*parts: bytes) -> Reply | Failure:
    pieces = Pieces()
    for part in parts:
        if (failure := pieces.add(part)) is not None:
            return failure
    return pieces.reply()


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_pieces_may_be_cut_anywhere(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[start:end] for start, end in pairwise(ends)]
    assert heard(*parts) == Reply(Outcome.ANSWERED, "Grüße.", "m-1", 12, 3)


@given(st.integers(0, len(STREAM)))
def test_half_an_answer_is_none(cut: int) -> None:
    found = heard(STREAM[:cut])
    if isinstance(found, Reply):
        assert found.text == "Grüße."
    else:
        assert found == Failure(Trouble.GARBLED, "an answer in pieces that broke off")


def test_pieces_mean_what_a_whole_answer_means() -> None:
    assert heard(piece({"content": "Hel"}, "length")) == Reply(Outcome.TRUNCATED, "Hel", "m-1")
    assert heard(piece({"refusal": "I "}), piece({"refusal": "cannot."}, "stop")) == Reply(
        Outcome.REFUSED, "I cannot.", "m-1"
    )
    assert heard(piece({}, "stop")) == Reply(Outcome.EMPTY, "", "m-1")
    second = piece({"content": "No."}, "length").replace(b'"index":0', b'"index":1')
    assert heard(piece({"content": "Yes."}, "stop"), second, DONE) == Reply(Outcome.ANSWERED, "Yes.", "m-1")


def test_an_end_of_pieces_without_an_end_of_the_answer_is_half_of_one() -> None:
    for delta in ({"content": "Hel"}, {}):
        assert heard(piece(delta), DONE) == Failure(Trouble.GARBLED, "an answer in pieces that broke off")


def test_nothing_is_waited_for_after_the_last_piece() -> None:
    pieces = Pieces()
    for part in (piece({"content": "Hello."}, "stop"), USAGE):
        assert pieces.add(part) is None
        assert pieces.is_whole
        assert not pieces.is_over, "tokens may still be told"
    assert pieces.add(DONE) is None
    assert pieces.is_over


def test_an_event_may_have_several_lines_and_a_mark_before_the_first() -> None:
    lined = orjson.dumps(orjson.loads(piece({"content": "Hello."}, "stop")[6:]), option=orjson.OPT_INDENT_2)
    event = b"".join(b"data: " + line + b"\n" for line in lined.splitlines()) + b"\n"
    for said in (event, event.replace(b"\n", b"\r\n"), event.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + event):
        assert heard(said) == Reply(Outcome.ANSWERED, "Hello.", "m-1")
        assert heard(*(bytes([byte]) for byte in said)) == Reply(Outcome.ANSWERED, "Hello.", "m-1")


@pytest.mark.parametrize(
    ("part", "trouble"),
    [
        (b"data: {\n\n", Trouble.GARBLED),
        (b"data: []\n\n", Trouble.GARBLED),
        (b'data: {"choices": 3}\n\n', Trouble.GARBLED),
        (b'data: {"choices": [{"delta": {"content": 7}}]}\n\n', Trouble.GARBLED),
        (b'data: {"error": {"message": "overloaded", "code": 503}}\n\n', Trouble.SERVER),
        (b'data: {"object": "error", "message": "out of memory", "code": 500}\n\n', Trouble.SERVER),
        (b'data: {"error": {"message": "You exceeded your current quota", "code": 429}}\n\n', Trouble.QUOTA),
    ],
)
def test_a_piece_that_is_none_ends_the_answer(part: bytes, trouble: Trouble) -> None:
    found = heard(piece({"content": "Hel"}), part, DONE)
    assert isinstance(found, Failure)
    assert found.trouble is trouble


def test_pieces_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 1_000)
    for parts in ([b"x" * 1_001], [b"data: " + b"x" * 400 + b"\n"] * 3, [piece({"content": "y" * 400})] * 3):
        found = heard(*parts)
        assert isinstance(found, Failure)
        assert "more than 1,000 bytes" in found.detail


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n", DONE, piece({"content": "x"})])))
def test_no_pieces_break_it(parts: list[bytes]) -> None:
    assert isinstance(heard(*parts), Reply | Failure)


@given(json_values, json_values)
def test_no_piece_breaks_it(delta: Any, finish: Any) -> None:
    assert isinstance(heard(piece(delta, finish), DONE), Reply | Failure)


TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def test_tools_are_offered_beside_the_messages() -> None:
    told = Message("system", "You edit.", tools=(TOOL,)), Message("user", "Look.")
    asked = orjson.loads(request_body(request_frame(ModelSection(model="m")), told))
    assert asked["tools"] == [TOOL]
    assert asked["messages"] == [{"role": "system", "content": "You edit."}, {"role": "user", "content": "Look."}]
    assert "tools" not in orjson.loads(request_body(request_frame(ModelSection(model="m")), told[1:]))


@pytest.mark.parametrize("arguments", ['{"id":3}', {"id": 3}])
def test_calls_of_tools_are_told_as_text(arguments: Any) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}}
    choice = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}
    said = reply_of(orjson.dumps({"choices": [choice], "model": "m"}))
    assert isinstance(said, Reply)
    assert said.outcome is Outcome.ANSWERED
    assert turn_of(said.text) == Message("assistant", "", (ToolCall("call_1", "look", '{"id":3}'),))


@pytest.mark.parametrize("call", ["look", {}, {"function": {}}, {"function": {"name": 3}}])
def test_a_call_of_nothing_is_no_answer(call: Any) -> None:
    choice = {"message": {"content": "", "tool_calls": [call]}, "finish_reason": "tool_calls"}
    assert isinstance(reply_of(orjson.dumps({"choices": [choice]})), Failure)
