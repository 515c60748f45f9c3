from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.batches import (
    CROWDED,
    ENDPOINT,
    MARK,
    RUN,
    Batch,
    Page,
    Result,
    Standing,
    State,
    creation_of,
    file_id_of,
    page_of,
    request_line,
    result_of,
    standing_of,
)
from agents.training.sample import Outcome, Reply
from agents.training.troubles import Failure, Trouble

BATCH = Batch(3, "a-mark", "http://127.0.0.1:1/v1", "KEY", {"t1": "d", "t2": "e"}, {"d": "json_object", "e": "none"})
KEYS = (
    *("id", "status", "data", "errors", "metadata", "request_counts", "completed", "output_file_id", "has_more"),
    *("custom_id", "response", "error", "status_code", "body", "code", "message"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 600) | st.sampled_from(["failed", "batch_1", "", "../x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


def batch_document(**changes: Any) -> bytes:
    document = {
        "id": "batch_1",
        "status": "in_progress",
        "request_counts": {"total": 5, "completed": 2, "failed": 1},
        "metadata": {MARK: "a-mark"},
        "errors": None,
    }
    return orjson.dumps(document | changes)


def line(**changes: Any) -> bytes:
    return orjson.dumps({"id": "batch_req_1", "custom_id": "t1", "response": None, "error": None} | changes)


def said(raw: bytes) -> Reply | Failure:
    result = result_of(raw)
    assert result is not None
    assert result.ticket == "t1"
    return result.said


def test_a_request_is_one_line_that_names_its_ticket() -> None:
    written = request_line("t1", b'{"model":"m","messages":[{"content":"one\\ntwo"}]}')
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    assert orjson.loads(written) == {
        "custom_id": "t1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"content": "one\ntwo"}]},
    }


def test_a_batch_is_created_with_its_run_and_its_mark() -> None:
    assert orjson.loads(creation_of(BATCH, "file-1", "run")) == {
        "input_file_id": "file-1",
        "endpoint": ENDPOINT,
        "completion_window": "24h",
        "metadata": {RUN: "run", MARK: "a-mark"},
    }


def test_a_record_comes_back_as_it_was() -> None:
    submitted = BATCH.submitted("batch_1")
    for batch in (BATCH, submitted, submitted.collected()):
        assert Batch.of(orjson.loads(orjson.dumps(batch.document()))) == batch
    assert [batch.state for batch in (BATCH, submitted, submitted.collected())] == list(State)


def test_a_record_of_the_first_kind_has_no_domains() -> None:
    document = {name: value for name, value in BATCH.document().items() if name != "forms"}
    assert Batch.of(document | {"tickets": ["t1", "t2"]}) == replace(BATCH, tickets={"t1": "", "t2": ""}, forms={})


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "3"},
        {"state": "lost"},
        {"tickets": None},
        {"tickets": [1]},
        {"tickets": {"t1": 1}},
        {"forms": None},
        {"forms": {"d": "xml"}},
        {"id": 5},
        {"more": 1},
        {"id": "batch_1"},
        {"state": "submitted"},
    ],
)
def test_what_is_no_record_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"record of a batch|valid State"):
        Batch.of(BATCH.document() | changes)
    with pytest.raises(ValueError, match="record of a batch"):
        Batch.of({})


def test_how_far_a_batch_is() -> None:
    assert standing_of(batch_document()) == Standing("batch_1", "in_progress", 3, 5, (), "a-mark")
    over = standing_of(batch_document(status="expired", output_file_id="file-2", error_file_id="file-3"))
    assert isinstance(over, Standing)
    assert over.is_over
    assert over.files == ("file-2", "file-3"), "answers come first"
    bare = standing_of(b'{"id": "batch_1", "status": "validating", "request_counts": null, "metadata": null}')
    assert bare == Standing("batch_1", "validating", 0, 0)


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", "a new one"])
def test_a_batch_with_another_status_goes_on(status: str) -> None:
    standing = standing_of(batch_document(status=status))
    assert isinstance(standing, Standing)
    assert not standing.is_over


def test_why_a_batch_failed() -> None:
    problems = [{"code": CROWDED, "message": "Enqueued token limit reached.", "line": None}]
    standing = standing_of(batch_document(status="failed", errors={"object": "list", "data": problems}))
    assert isinstance(standing, Standing)
    assert standing.is_crowded
    assert standing.problem == "token_limit_exceeded: Enqueued token limit reached."
    other = standing_of(batch_document(status="failed", errors={"data": [{"code": "empty_file"}]}))
    assert isinstance(other, Standing)
    assert (other.is_crowded, other.problem) == (False, "empty_file")


@pytest.mark.parametrize("odd", ["../files", "a/b", "a b", "", "..", None, 5, "ä", "x" * 201])
def test_an_id_that_could_lead_elsewhere_is_none(odd: Any) -> None:
    for found in (standing_of(batch_document(id=odd)), file_id_of(orjson.dumps({"id": odd}))):
        assert isinstance(found, Failure)
        assert found.trouble is Trouble.GARBLED
    assert file_id_of(b'{"id": "file-abc_1"}') == "file-abc_1"


def test_a_list_of_batches_says_whether_more_follow() -> None:
    data = [orjson.loads(batch_document(id=f"batch_{number}")) for number in range(2)]
    page = page_of(orjson.dumps({"data": data, "has_more": True}))
    assert isinstance(page, Page)
    assert ([batch.id for batch in page.batches], page.after) == (["batch_0", "batch_1"], "batch_1")
    assert page_of(orjson.dumps({"data": data})) == Page(page.batches, "")
    assert page_of(b'{"data": [], "has_more": true}') == Page((), "")


def test_an_answer_is_a_reply() -> None:
    body = {"model": "m", "choices": [{"message": {"content": "Said."}, "finish_reason": "stop"}]}
    reply = said(line(response={"status_code": 200, "request_id": "r", "body": body}))
    assert reply == Reply(Outcome.ANSWERED, "Said.", "m")


@pytest.mark.parametrize(
    ("changes", "trouble", "told"),
    [
        ({"response": {"status_code": 400, "body": {"error": {"message": "Too long."}}}}, "request", "Too long."),
        ({"response": {"status_code": 429, "body": {"error": {"code": "insufficient_quota"}}}}, "quota", "429"),
        ({"response": {"status_code": 500, "body": None}}, "server", "500"),
        ({"response": {"status_code": 200, "body": "nothing"}}, "garbled", "none of the protocol"),
        ({"error": {"code": "batch_expired", "message": "Too late."}}, "server", "batch_expired: Too late."),
        ({"error": {}}, "server", "no reason told"),
        ({}, "garbled", "neither"),
        ({"response": {"status_code": 0}}, "garbled", "neither"),
    ],
)
def test_what_is_no_answer_is_typed(changes: dict[str, Any], trouble: str, told: str) -> None:
    failure = said(line(**changes))
    assert isinstance(failure, Failure)
    assert (failure.trouble, told in failure.detail) == (trouble, True)
    assert Result("t1", failure).is_final is (trouble == "request")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"5", b"null", b'{"custom_id": 5}', line()[:-5], b"<html>"])
def test_what_is_no_line_is_none(raw: bytes) -> None:
    assert result_of(raw) is None


@given(st.binary() | JSON.map(orjson.dumps))
def test_nothing_that_a_server_says_breaks_a_reader(raw: bytes) -> None:
    assert isinstance(standing_of(raw), Standing | Failure)
    assert isinstance(page_of(raw), Page | Failure)
    assert isinstance(file_id_of(raw), str | Failure)
    assert isinstance(result_of(raw), Result | None)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_ticket_and_any_text_come_back(ticket: str, text: str) -> None:
    ticket, text = (part.encode("utf-8", "ignore").decode() for part in (ticket, text))
    written = request_line(ticket, orjson.dumps({"text": text}))
    assert len(written.splitlines()) == written.count(b"\n") == 1
    assert orjson.loads(written)["body"]["text"] == text
    assert orjson.loads(written)["custom_id"] == ticket
