from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hand_clock import HandClock

from agents.training.scripts.stand_in import application
from agents.training.scripts.stand_in_batches import ENDPOINT
from agents.training.scripts.stand_in_decisions import StandIn
from agents.training.scripts.stand_in_knobs import Knobs


def body_of(prompt: str) -> dict[str, Any]:
    return {"model": "some-model", "messages": [{"role": "user", "content": prompt}]}


def lines_of(*prompts: str, **changes: Any) -> bytes:
    return b"".join(
        orjson.dumps({"custom_id": prompt, "method": "POST", "url": ENDPOINT, "body": body_of(prompt)} | changes)
        + b"\n"
        for prompt in prompts
    )


class Desk:
    """A stand-in that is asked by the batch, and its clock."""

    def __init__(self, **knobs: Any) -> None:
        self.clock = HandClock()
        self.stand_in = StandIn(Knobs.of({"batch_seconds": 10, **knobs}), clock=self.clock)
        self.batches = self.stand_in.batches

    def created(self, content: bytes, key: str = "k", **changes: Any) -> dict[str, Any]:
        file = self.said(self.batches.keep(content, "batch", key))
        asked = {"input_file_id": file["id"], "endpoint": ENDPOINT, "completion_window": "24h"} | changes
        return self.said(self.batches.create(orjson.dumps(asked), key))

    def after(self, seconds: float, batch: dict[str, Any], key: str = "k") -> dict[str, Any]:
        self.clock.seconds += seconds
        return self.said(self.batches.look(batch["id"], key))

    def lines(self, file_id: str, key: str = "k") -> list[dict[str, Any]]:
        reply = self.batches.content(file_id, key)
        assert reply.status == 200
        return [orjson.loads(line) for line in b"".join(reply.pieces).splitlines()]

    @staticmethod
    def said(reply: Any) -> dict[str, Any]:
        assert reply.status == 200, reply.pieces
        document = orjson.loads(b"".join(reply.pieces))
        assert isinstance(document, dict)
        return document


def test_a_batch_goes_on_by_the_clock_and_answers_as_calls_are_answered() -> None:
    desk = Desk()
    prompts = [f"Question {number}" for number in range(10)]
    batch = desk.created(lines_of(*prompts), metadata={"name": "mine"})
    assert (batch["status"], batch["metadata"]) == ("validating", {"name": "mine"})
    half = desk.after(5, batch)
    assert (half["status"], half["request_counts"]) == ("in_progress", {"total": 10, "completed": 5, "failed": 0})
    assert half["output_file_id"] is None
    assert desk.stand_in.answered == 5
    whole = desk.after(5, batch)
    assert (whole["status"], whole["error_file_id"]) == ("completed", None)
    for prompt, line in zip(prompts, desk.lines(whole["output_file_id"]), strict=True):
        assert line["custom_id"] == prompt
        assert line["response"]["status_code"] == 200
        called = orjson.loads(desk.stand_in.arrived(orjson.dumps(body_of(prompt)), "k").pieces[0])
        assert line["response"]["body"]["choices"] == called["choices"]
        assert line["response"]["body"]["usage"] == called["usage"]


def test_what_nobody_looks_at_is_answered_and_counted() -> None:
    desk = Desk()
    desk.created(lines_of("a", "b"))
    desk.clock.seconds = 10
    stats = desk.stand_in.stats()
    assert (stats["batches"], stats["answered"], stats["requests"], stats["distinct"]) == (1, 2, 2, 2)


def test_requests_go_wrong_as_calls_do() -> None:
    desk = Desk(faults="500=0.3,400=0.2,reset=0.2,empty=0.1", quota=1_000)
    batch = desk.after(10, desk.created(lines_of(*map(str, range(400)))))
    stats = desk.stand_in.stats()
    answers, errors = desk.lines(batch["output_file_id"]), desk.lines(batch["error_file_id"])
    assert len(answers) + len(errors) == 400
    assert len(answers) == stats["answered"] == batch["request_counts"]["completed"]
    told = [line["response"]["status_code"] if line["response"] else line["error"]["code"] for line in errors]
    assert set(told) == {500, 400, "server_error"}
    for status in (500, 400):
        assert told.count(status) == stats["by_status"][str(status)] == stats["by_fault"][str(status)]
    assert told.count("server_error") == stats["by_fault"]["reset"]


def test_a_quota_ends_in_the_middle() -> None:
    desk = Desk(quota=3)
    batch = desk.after(10, desk.created(lines_of(*"abcde")))
    assert batch["request_counts"] == {"total": 5, "completed": 3, "failed": 2}
    codes = {line["response"]["body"]["error"]["code"] for line in desk.lines(batch["error_file_id"])}
    assert codes == {"insufficient_quota"}


def test_what_expires_is_not_paid_for() -> None:
    desk = Desk(batch_expires=0.25)
    batch = desk.after(10, desk.created(lines_of(*map(str, range(400)))))
    errors = desk.lines(batch["error_file_id"])
    assert batch["status"] == "expired"
    assert 60 <= len(errors) <= 140
    assert {line["error"]["code"] for line in errors} == {"batch_expired"}
    assert desk.stand_in.answered == 400 - len(errors) == len(desk.lines(batch["output_file_id"]))


def test_a_cancelled_batch_keeps_what_is_done() -> None:
    desk = Desk()
    batch = desk.created(lines_of(*"abcd"))
    desk.after(5, batch)
    assert desk.said(desk.batches.cancel(batch["id"], "k"))["status"] == "cancelling"
    ended = desk.after(100, batch)
    assert (ended["status"], len(desk.lines(ended["output_file_id"]))) == ("cancelled", 2)
    assert desk.batches.cancel(batch["id"], "k").status == 400
    assert desk.stand_in.answered == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"{\n", "invalid_json_line"),
        (b"[]\n", "invalid_json_line"),
        (lines_of("a", url="/v1/embeddings"), "invalid_url"),
        (lines_of("a", "a"), "duplicate_custom_id"),
    ],
)
def test_a_file_that_means_nothing_fails(content: bytes, code: str) -> None:
    desk = Desk()
    batch = desk.after(0, desk.created(content))
    assert (batch["status"], batch["errors"]["data"][0]["code"]) == ("failed", code)
    assert desk.after(100, batch)["status"] == "failed"
    assert desk.stand_in.answered == 0


def test_there_is_room_for_so_many_requests_at_once() -> None:
    desk = Desk(batch_room=3)
    first, second = desk.created(lines_of("a", "b")), desk.created(lines_of("c", "d"))
    failed = desk.after(1, second)
    assert (failed["status"], failed["errors"]["data"][0]["code"]) == ("failed", "token_limit_exceeded")
    assert desk.after(10, first)["status"] == "completed"
    assert desk.after(10, desk.created(lines_of("c", "d", "e")))["status"] == "completed"


def test_batches_are_listed_by_the_page_and_belong_to_their_key() -> None:
    desk = Desk()
    names = [desk.created(lines_of("a"))["id"] for _ in range(5)]
    other = desk.created(lines_of("a"), key="another")
    first = desk.said(desk.batches.listed(2, None, "k"))
    assert ([one["id"] for one in first["data"]], first["has_more"]) == ([names[4], names[3]], True)
    second = desk.said(desk.batches.listed(3, first["last_id"], "k"))
    assert ([one["id"] for one in second["data"]], second["has_more"]) == (names[2::-1], False)
    assert desk.batches.listed(2, other["id"], "k").status == 404
    assert desk.batches.look(other["id"], "k").status == desk.batches.cancel(other["id"], "k").status == 404
    assert desk.batches.content(other["input_file_id"], "k").status == 404
    assert desk.said(desk.batches.listed(2, None, "nobody"))["data"] == []


@pytest.mark.parametrize("changes", [{"input_file_id": "no"}, {"endpoint": "/v1/embeddings"}, {"completion_window": 1}])
def test_a_batch_of_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="Invalid"):
        Desk().created(lines_of("a"), **changes)
    assert Desk().batches.create(b"[", "k").status == Desk().batches.create(b"[]", "k").status == 400
    assert Desk().batches.keep(b"", "fine-tune", "k").status == 400


def test_the_protocol_over_the_wire() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        headers = {"Authorization": "Bearer right"}
        form = aiohttp.FormData({"purpose": "batch"})
        form.add_field("file", lines_of("a", "b"), filename="requests.jsonl", content_type="application/jsonl")
        file = await (await client.post("/v1/files", data=form, headers=headers)).json()
        assert (file["object"], file["filename"], file["bytes"]) == ("file", "requests.jsonl", len(lines_of("a", "b")))
        asked = {"input_file_id": file["id"], "endpoint": ENDPOINT, "completion_window": "24h", "metadata": {"n": "1"}}
        batch = await (await client.post("/v1/batches", json=asked, headers=headers)).json()
        batch = await (await client.get(f"/v1/batches/{batch['id']}", headers=headers)).json()
        assert (batch["status"], batch["metadata"]) == ("completed", {"n": "1"})
        content = await client.get(f"/v1/files/{batch['output_file_id']}/content", headers=headers)
        assert [orjson.loads(line)["custom_id"] for line in (await content.read()).splitlines()] == ["a", "b"]
        page = await (await client.get("/v1/batches?limit=100", headers=headers)).json()
        assert [one["id"] for one in page["data"]] == [batch["id"]]
        assert (await (await client.get("/stats")).json())["answered"] == 2
        assert (await client.post(f"/v1/batches/{batch['id']}/cancel", headers=headers)).status == 400
        assert (await client.get("/v1/batches?limit=101", headers=headers)).status == 400
        bare = aiohttp.FormData({"purpose": "batch"}, default_to_multipart=True)
        for odd in (bare, b"{}"):
            assert (await client.post("/v1/files", data=odd, headers=headers)).status == 400
        for method, path in [("POST", "batches"), ("GET", "batches"), ("GET", "batches/x"), ("GET", "files/x/content")]:
            assert (await client.request(method, f"/v1/{path}")).status == 401
        assert (await client.post("/v1/files", data=form_of(b""))).status == 401

    served(test, key="right", batch_seconds=0)


def form_of(content: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData({"purpose": "batch"})
    form.add_field("file", content, filename="requests.jsonl")
    return form


def served(test: Callable[[TestClient[Any, Any]], Awaitable[None]], **knobs: Any) -> None:
    async def run() -> None:
        async with (
            asyncio.timeout(30),
            TestClient(TestServer(application(StandIn(Knobs.of(knobs)), asyncio.Event()))) as client,
        ):
            await test(client)

    asyncio.run(run())
