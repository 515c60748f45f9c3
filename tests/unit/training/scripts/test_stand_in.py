from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hand_clock import HandClock

from agents.campaign.errors import ExitCode, UsageError
from agents.training.scripts.stand_in import application, checked_host, main
from agents.training.scripts.stand_in_answers import BREAKAGES, REFUSAL, answer_to, said_to
from agents.training.scripts.stand_in_decisions import MODEL, StandIn, Window
from agents.training.scripts.stand_in_knobs import Knobs

PROMPT = "Explain what the routine at 8000 does with the accumulator, and why it returns early"
CHAT = "/v1/chat/completions"
DEADLINE = 30


def body_of(prompt: str = PROMPT, **options: Any) -> bytes:
    document = {"model": "some-model", "messages": [{"role": "user", "content": prompt}], **options}
    return orjson.dumps(document)


def asked(stand_in: StandIn, *prompts: str, key: str = "", **options: Any) -> list[tuple[int, dict[str, Any]]]:
    """Ask ``stand_in`` itself; return the status and document of every reply."""
    found = []
    for prompt in prompts or [PROMPT]:
        reply = stand_in.arrived(body_of(prompt, **options), key)
        stand_in.left()
        found.append((reply.status, orjson.loads(b"".join(reply.pieces)) if reply.pieces else {}))
    return found


def content_of(document: dict[str, Any]) -> str:
    content = document["choices"][0]["message"]["content"]
    assert isinstance(content, str)
    return content


def code_of(document: dict[str, Any]) -> str | None:
    assert set(document["error"]) == {"message", "type", "param", "code"}
    code = document["error"]["code"]
    assert code is None or isinstance(code, str)
    return code


def served(test: Callable[[TestClient[Any, Any]], Awaitable[None]], **knobs: Any) -> None:
    """Run ``test`` with a client of a stand-in that really listens."""

    async def run() -> None:
        async with asyncio.timeout(DEADLINE):
            server = application(StandIn(Knobs.of(knobs)), asyncio.Event())
            async with TestClient(TestServer(server, handler_cancellation=True)) as client:
                await test(client)

    asyncio.run(run())


async def counts_of(client: TestClient[Any, Any]) -> dict[str, Any]:
    counts = await (await client.get("/stats")).json()
    assert sum(counts["by_status"].values()) == counts["requests"]
    assert isinstance(counts, dict)
    return counts


def test_an_answer_has_the_shape_of_the_protocol_and_is_the_prompts_own() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        answers = []
        for prompt in (PROMPT, PROMPT, "Another prompt"):
            response = await client.post(CHAT, data=body_of(prompt))
            assert response.status == 200
            assert response.content_type == "application/json"
            document = await response.json()
            choice = document["choices"][0]
            assert document["object"] == "chat.completion"
            assert document["model"] == "some-model"
            assert choice["finish_reason"] == "stop"
            assert choice["message"]["role"] == "assistant"
            answers.append(content_of(document))
            assert document["usage"] == {
                "prompt_tokens": len(prompt.split()),
                "completion_tokens": len(answers[-1].split()),
                "total_tokens": len(prompt.split()) + len(answers[-1].split()),
            }
        assert answers[0] == answers[1] != answers[2]
        assert set(orjson.loads(answers[0])) == {"instruction", "output"}
        counts = await counts_of(client)
        assert counts["requests"] == counts["answered"] == counts["by_status"]["200"] == 3
        assert counts["distinct"] == 2
        assert counts["prompt_tokens"] == 2 * len(PROMPT.split()) + 2
        assert counts["completion_tokens"] == sum(len(answer.split()) for answer in answers)
        assert (counts["in_flight"], counts["most_at_once"]) == (0, 1)

    served(test)


def test_answers_are_about_sixty_words_and_all_different() -> None:
    answers = [answer_to(f"{PROMPT} {number}") for number in range(2_000)]
    assert all(50 <= len(" ".join(answer.values()).split()) <= 80 for answer in answers)
    assert len({answer["output"] for answer in answers}) == len(answers)
    assert set(answer_to("")) == {"instruction", "output"}


def test_a_stream_says_the_same_as_one_document() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        whole = await (await client.post(CHAT, data=body_of())).json()
        options = {"stream": True, "stream_options": {"include_usage": True}}
        response = await client.post(CHAT, data=body_of(**options))
        assert response.content_type == "text/event-stream"
        *events, end = (await response.text()).split("\n\n")[:-1]
        assert end == "data: [DONE]"
        chunks = [orjson.loads(event.removeprefix("data: ")) for event in events]
        assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
        *said, usage = chunks
        choices = [chunk["choices"][0] for chunk in said]
        assert "".join(choice["delta"].get("content", "") for choice in choices) == content_of(whole)
        assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
        assert len(choices) > 10
        assert usage["choices"] == []
        assert usage["usage"] == whole["usage"]
        plain = await (await client.post(CHAT, data=body_of(stream=True))).text()
        assert "usage" not in plain

    served(test)


@pytest.mark.parametrize(("answer", "begins"), [("fenced", "Here it is:\n\n```json\n{"), ("text", "It is about ")])
def test_answers_come_in_other_styles(answer: str, begins: str) -> None:
    stand_in = StandIn(Knobs.of({"answer": answer}))
    assert content_of(asked(stand_in)[0][1]).startswith(begins)


def test_echo_gives_the_last_message_of_the_user_back() -> None:
    stand_in = StandIn(Knobs.of({"answer": "echo"}))
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "said"},
        {"role": "user", "content": [{"type": "text", "text": "the last one"}]},
    ]
    document = asked(stand_in, messages=messages)[0][1]
    assert content_of(document) == "the last one"
    assert document["usage"]["prompt_tokens"] == 7


def test_an_answer_ends_at_the_most_tokens_it_may_have() -> None:
    document = asked(StandIn(Knobs()), max_tokens=5)[0][1]
    assert document["choices"][0]["finish_reason"] == "length"
    assert document["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", None),
        (b"[]", None),
        (body_of(model=""), None),
        (body_of(messages=[]), "missing_required_parameter"),
        (body_of(messages="hello"), "missing_required_parameter"),
        (body_of(max_tokens=0), None),
    ],
)
def test_a_request_that_means_nothing_is_refused(body: bytes, code: str | None) -> None:
    reply = StandIn(Knobs()).arrived(body, "")
    assert reply.status == 400
    assert code_of(orjson.loads(reply.pieces[0])) == code


def test_the_models_are_listed_and_others_are_missing() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        assert (await (await client.get("/v1/models")).json())["data"][0]["id"] == "small"
        assert (await client.post(CHAT, data=body_of(model="small"))).status == 200
        response = await client.post(CHAT, data=body_of(model="large"))
        assert response.status == 404
        assert code_of(await response.json()) == "model_not_found"
        unknown = await client.get("/v2/models")
        assert unknown.status == 404
        assert code_of(await unknown.json()) == "unknown_url"

    served(test, model="small")
    assert StandIn(Knobs()).models()["data"][0]["id"] == MODEL


def test_another_model_answers_after_a_switch_and_says_so() -> None:
    stand_in = StandIn(Knobs.of({"switch_model": "2:other-model"}))
    documents = [document for _, document in asked(stand_in, *"abc")]
    assert [document["model"] for document in documents] == ["some-model", "some-model", "other-model"]
    assert len({document["system_fingerprint"] for document in documents}) == 2


def test_latency_and_jitter_delay_answers_and_no_refusals() -> None:
    stand_in = StandIn(Knobs.of({"latency": 0.2, "jitter": 0.1, "quota": 100}))
    delays = [stand_in.arrived(body_of(), "").delay for _ in range(101)]
    assert delays.pop() == 0.0
    assert all(0.2 <= delay <= 0.3 for delay in delays)
    assert max(delays) - min(delays) > 0.08


def test_requests_wait_for_their_answers_side_by_side() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        began = time.monotonic()
        responses = await asyncio.gather(*(client.post(CHAT, data=body_of(f"{number}")) for number in range(20)))
        assert 0.2 <= time.monotonic() - began < 20 * 0.2
        assert {response.status for response in responses} == {200}
        assert (await counts_of(client))["most_at_once"] == 20

    served(test, latency=0.2)


def test_a_window_lets_so_many_through_in_any_second() -> None:
    window = Window()
    times = [number / 64 for number in range(640)]
    admitted = [now for now in times if window.admits(now, rate=10.0, burst=10)]
    assert len(admitted) == 100
    assert all(sum(start <= now < start + 1 for now in admitted) <= 10 for start in admitted)


def test_a_smaller_burst_is_the_same_rate_in_smaller_portions() -> None:
    window = Window()
    assert [window.admits(0.0, rate=10.0, burst=2) for _ in range(3)] == [True, True, False]
    assert not window.admits(0.19, rate=10.0, burst=2)
    assert window.admits(0.2, rate=10.0, burst=2)


def test_a_hard_limit_refuses_at_once_and_lets_through_again() -> None:
    clock = HandClock()
    stand_in = StandIn(Knobs.of({"rate": 3, "latency": 5}), clock=clock)
    replies = [stand_in.arrived(body_of(), "") for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert replies[-1].delay == 0.0
    assert code_of(orjson.loads(replies[-1].pieces[0])) == "rate_limit_exceeded"
    assert "Retry-After" not in replies[-1].headers
    clock.seconds = 1.0
    assert asked(stand_in)[0][0] == 200
    assert stand_in.stats()["by_status"] == {"200": 4, "429": 2}


@pytest.mark.parametrize("told", ["0", "30", "300", "1.5", "garbage", "date"])
def test_a_refusal_tells_when_to_come_again(told: str) -> None:
    clock = HandClock()
    reply = StandIn(Knobs.of({"quota": 0, "retry_after": told}), clock=clock).arrived(body_of(), "")
    header = reply.headers["Retry-After"]
    match told:
        case "date":
            assert (parsedate_to_datetime(header) - clock.now()).total_seconds() == 2
        case "garbage":
            with pytest.raises(ValueError, match="could not convert"):
                float(header)
        case _:
            assert header == told


def test_the_header_arrives() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        response = await client.post(CHAT, data=body_of())
        assert response.status == 429
        assert response.headers["Retry-After"] == "30"
        assert code_of(await response.json()) == "insufficient_quota"

    served(test, quota=0, retry_after="30")


def test_a_quota_belongs_to_a_key_and_can_be_raised() -> None:
    stand_in = StandIn(Knobs.of({"quota": 2}))
    assert [status for status, _ in asked(stand_in, *"abc", key="one")] == [200, 200, 429]
    assert asked(stand_in, "d", key="two")[0][0] == 200
    stand_in.change({"quota": 3})
    assert asked(stand_in, "c", key="one")[0][0] == 200
    assert stand_in.stats()["answered"] == stand_in.stats()["distinct"] == 4


def test_only_its_keys_are_let_in() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        for headers, status in [({}, 401), ({"Authorization": "Bearer c"}, 401), ({"Authorization": "Bearer b"}, 200)]:
            response = await client.post(CHAT, data=body_of(), headers=headers)
            assert response.status == status
            assert status == 200 or code_of(await response.json()) == "invalid_api_key"
            assert (await client.get("/v1/models", headers=headers)).status == status

    served(test, key="a,b")


def test_a_key_is_revoked_in_mid_run() -> None:
    stand_in = StandIn(Knobs.of({"key": "a,b", "revoke_after": 1}))
    assert [asked(stand_in, key=key)[0][0] for key in "aab"] == [200, 401, 200]
    stand_in.change({"revoke_after": None})
    assert asked(stand_in, key="a")[0][0] == 200


def test_a_request_beyond_the_context_is_refused() -> None:
    stand_in = StandIn(Knobs.of({"context_limit": 10}))
    assert asked(stand_in, "word " * 10)[0][0] == 200
    status, document = asked(stand_in, "word " * 11)[0]
    assert (status, code_of(document)) == (400, "context_length_exceeded")
    assert asked(stand_in, "word " * 6, max_tokens=5)[0][0] == 400


def test_faults_are_as_frequent_as_asked_for_and_the_same_for_a_seed() -> None:
    shares = (
        "429=0.05,500=0.02,503=0.01,reset=0.01,malformed=0.05,empty=0.01,refusal=0.01,html=0.01,cut=0.02,silent=0.01"
    )
    runs = [StandIn(Knobs.of({"faults": shares}), seed=seed) for seed in (1, 1, 2)]
    for stand_in in runs:
        for number in range(4_000):
            stand_in.arrived(body_of(str(number)), "")
    first, again, other = (stand_in.stats() for stand_in in runs)
    assert first == again
    assert first["by_fault"] != other["by_fault"]
    for name, share in runs[0].knobs.faults.items():
        assert abs(first["by_fault"][name] - 4_000 * share) < 4 * (4_000 * share) ** 0.5, name
    found, statuses = first["by_fault"], first["by_status"]
    assert statuses["429"] == found["429"]
    assert statuses["none"] == found["reset"] + found["silent"]
    assert statuses["200"] == first["answered"] + found["html"]
    assert sum(statuses.values()) == first["requests"] == 4_000


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_faulty_status_has_an_error_of_the_protocol(status: int) -> None:
    reply = StandIn(Knobs.of({"faults": {str(status): 1}})).arrived(body_of(), "")
    assert reply.status == status
    assert code_of(orjson.loads(reply.pieces[0])) == ("rate_limit_exceeded" if status == 429 else None)


def test_faulty_answers_are_what_they_are_called() -> None:
    def answered(fault: str, **knobs: Any) -> str:
        return content_of(asked(StandIn(Knobs.of({"faults": {fault: 1}, **knobs})))[0][1])

    whole = orjson.dumps(answer_to(PROMPT)).decode()
    assert answered("empty") == ""
    assert answered("refusal") == REFUSAL
    assert answered("fenced") == f"Here it is:\n\n```json\n{whole}\n```\n"
    assert answered("malformed", answer="echo") == PROMPT[: len(PROMPT) // 2]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answered("malformed"))


def test_malformed_answers_differ_and_none_can_be_read_as_it_is() -> None:
    stand_in = StandIn(Knobs.of({"faults": {"malformed": 1}}))
    found = {content_of(document) for _, document in asked(stand_in, *[PROMPT] * 100)}
    assert len(found) == len(BREAKAGES)
    for text in found:
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(text)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset", aiohttp.ClientOSError), ("cut", aiohttp.ClientPayloadError)],
)
def test_connections_break(fault: str, error: type[Exception], stream: bool) -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        with pytest.raises(error):
            await (await client.post(CHAT, data=body_of(stream=stream))).read()
        counts = await counts_of(client)
        assert counts["by_fault"] == {fault: 1}
        assert counts["answered"] == (fault == "cut")

    served(test, faults={fault: 1})


@pytest.mark.parametrize("stream", [False, True])
def test_a_slow_answer_drips_and_is_whole(stream: bool) -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        began = time.monotonic()
        async with client.post(CHAT, data=body_of(stream=stream)) as response:
            first = time.monotonic() - began
            text = await response.text()
        took = time.monotonic() - began
        assert took >= 0.3
        assert first < took / 2
        assert text.endswith("data: [DONE]\n\n") if stream else content_of(orjson.loads(text))

    served(test, faults="slow=1", drip=0.3)


def test_silence_lasts_until_the_client_leaves() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        call = asyncio.ensure_future(client.post(CHAT, data=body_of()))
        while not (await counts_of(client))["in_flight"]:
            assert not call.done()
        call.cancel()
        while (await counts_of(client))["in_flight"]:
            assert call.cancelled()
        assert (await counts_of(client))["by_status"] == {"none": 1}

    served(test, faults="silent=1")


def test_a_page_may_come_in_place_of_an_answer() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        response = await client.post(CHAT, data=body_of())
        assert (response.status, response.content_type) == (200, "text/html")
        assert (await response.text()).startswith("<html>")

    served(test, faults="html=1")


def test_knobs_are_turned_in_mid_run() -> None:
    async def test(client: TestClient[Any, Any]) -> None:
        response = await client.post("/knobs", json={"faults": {"503": 1.0}, "retry_after": 30})
        assert (await response.json())["faults"] == {"503": 1.0}
        assert (await client.post(CHAT, data=body_of())).status == 503
        assert (await (await client.get("/knobs")).json())["retry_after"] == "30"
        for refused in (b"{", b"[]", b'{"speed": 1}', b'{"faults": {"503": 2}}', b'{"latency": null}'):
            response = await client.post("/knobs", data=refused)
            assert response.status == 400
            assert code_of(await response.json()) == "invalid_knobs"
        assert (await client.post("/knobs", json={"faults": {}})).status == 200
        assert (await client.post(CHAT, data=body_of())).status == 200

    served(test)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"latency": "-1"}, "latency"),
        ({"latency": "nan"}, "latency"),
        ({"rate": "0"}, "rate"),
        ({"faults": "reset"}, "faults"),
        ({"faults": "teapot=0.1"}, "there is no fault 'teapot'"),
        ({"faults": "429=0.6,500=0.6"}, "more than 1"),
        ({"retry_after": "tomorrow"}, "retry_after"),
        ({"switch_model": "other"}, "switch_model"),
        ({"answer": "poem"}, "answer"),
        ({"quota": True}, "quota"),
        ({"speed": 1}, "speed"),
    ],
)
def test_impossible_knobs_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Knobs.of(values)


def test_only_this_machine_reaches_it_unless_asked_for() -> None:
    for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"):
        assert checked_host(host, is_anywhere=False) == host
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):  # noqa: S104 -- it is refused
        with pytest.raises(UsageError, match="this machine alone"):
            checked_host(host, is_anywhere=False)
        assert checked_host(host, is_anywhere=True) == host


@pytest.mark.parametrize(
    "arguments", [["--host", "192.168.1.5"], ["--faults", "teapot=1"], ["--speed", "1"], ["--rate", "fast"]]
)
def test_wrong_flags_are_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == ExitCode.USAGE
    assert "cure:" in capsys.readouterr().err


def started(*arguments: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a stand-in as people do; return it, and its base URL."""
    command = [sys.executable, "-m", "agents.training.scripts.stand_in", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    said, _, url = process.stdout.readline().decode().strip().rpartition(" ")
    assert said == "Listening on"
    return process, url


def test_a_process_says_where_it_listens_and_ends_well_on_sigterm_with_all_that_is_in_flight() -> None:
    process, url = started("--latency", "0.3", "--faults", "silent=0.5", "--seed", "5")

    async def ask() -> list[int | BaseException]:
        async with aiohttp.ClientSession(f"{url}/") as session:

            async def one(number: int) -> int:
                async with session.post("chat/completions", data=body_of(str(number))) as response:
                    await response.read()
                    return response.status

            calls = [asyncio.create_task(one(number)) for number in range(8)]
            async with asyncio.timeout(DEADLINE):
                while (await (await session.get(f"{url.removesuffix('/v1')}/stats")).json())["requests"] < 8:
                    await asyncio.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(ask())
    output, errors = process.communicate(timeout=DEADLINE)
    counts = orjson.loads(output)
    assert (process.returncode, errors) == (0, b"")
    assert 0 < found.count(200) == counts["answered"] < 8
    assert sum(isinstance(one, aiohttp.ClientConnectionError) for one in found) == counts["by_fault"]["silent"]
    assert found.count(200) + counts["by_fault"]["silent"] == 8


def test_a_process_ends_when_all_answers_were_made_and_a_taken_port_is_told() -> None:
    process, url = started("--max-answers", "3")
    port = url.removesuffix("/v1").rpartition(":")[2]
    assert main(["--port", port]) == ExitCode.FAILED

    async def ask() -> list[str]:
        async with aiohttp.ClientSession(f"{url}/") as session:
            found = []
            for number in range(3):
                async with session.post("chat/completions", data=body_of(str(number))) as response:
                    found.append(content_of(await response.json()))
            return found

    assert [set(orjson.loads(text)) for text in asyncio.run(ask())] == [{"instruction", "output"}] * 3
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert orjson.loads(output)["answered"] == 3


def test_an_answer_fits_the_schema_that_was_asked_for() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "score": {"type": "integer", "maximum": 4},
            "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"type": "boolean"}},
            "none": {"type": "null"},
            "output": {"type": "string"},
        },
        "required": ["reason", "score"],
    }
    plain = answer_to(PROMPT)
    expected = {"reason": plain["output"], "score": 4, "kind": "a", "tags": [True], "none": None}
    said = said_to(PROMPT, "json", None, Random(1), schema)
    assert orjson.loads(said) == {**expected, "output": plain["output"]}
    assert orjson.loads(said_to(PROMPT, "json", None, Random(1))) == plain
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(said_to(PROMPT, "json", "malformed", Random(1), schema))
