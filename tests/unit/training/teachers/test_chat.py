from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training import breaker
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket
from agents.training.scripts.stand_in import application
from agents.training.scripts.stand_in_decisions import StandIn
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.teachers import Request
from agents.training.teachers import chat as chat_module
from agents.training.teachers import model as model_module
from agents.training.teachers.chat import ChatTeacher

KEYS = {"OPENAI_API_KEY": "right", "SECOND": "s3cret-second"}


@dataclass
class Asked:
    """What tickets were answered, what each stand-in counted, and what was said by the way."""

    replies: list[Reply]
    each: list[dict[str, Any]]
    said: list[str]

    @property
    def stats(self) -> dict[str, Any]:
        return self.each[0]

    @property
    def outcomes(self) -> Counter[Outcome]:
        return Counter(reply.outcome for reply in self.replies)


def request(number: int) -> Request:
    ticket = Ticket("run", number, SourceItem("d", Cell("f", 1), {"n": number}))
    return Request(ticket, (Message("system", "Be brief."), Message("user", f"Question {number}?")))


def asked(
    count: int = 1, most: int = 8, change: Callable[[StandIn], None] | None = None, asks: Any = None, **knobs: Any
) -> Asked:
    """Return what ``count`` tickets are answered by a stand-in with these knobs, asked at most ``most`` at once.

    One call has succeeded before, without the knobs.
    """
    return several([knobs], count, most, change, asks)


def several(
    knobs: list[dict[str, Any]],
    count: int = 1,
    most: int = 8,
    change: Callable[[StandIn], None] | None = None,
    asks: Any = None,
    *,
    keys: tuple[str, ...] = (),
    fallbacks: int = 0,
    is_fresh: bool = False,
    at_once: int = 1_000,
) -> Asked:
    """The same with a stand-in for each of ``knobs``: endpoints, but for the last ones, which are ``fallbacks``.

    The first of them is asked with all ``keys`` where some are given. ``is_fresh``: no call was made before. No more
    than ``at_once`` tickets want an answer at once.
    """

    async def ask() -> Asked:
        stand_ins, said = [StandIn(Knobs.of({})) for _ in knobs], []
        async with AsyncExitStack() as stack:
            urls = [
                str((await stack.enter_async_context(TestServer(application(one, asyncio.Event())))).make_url("/v1"))
                for one in stand_ins
            ]
            own = len(urls) - fallbacks
            names = [f"fallback-{number}" for number in range(fallbacks)]
            places: dict[str, Any] = {"endpoints": [{"base_url": url} for url in urls[:own]]}
            if keys:
                places = {"base_url": urls[0], "key": keys}
            models = {"m": ModelSection(model="m", fallbacks=tuple(names) or None, **places, **(asks or {}))}
            for name, url in zip(names, urls[own:], strict=True):
                models[name] = ModelSection(model=f"{name}-model", base_url=url, **(asks or {}))
            teacher = ChatTeacher(models, "m", KEYS, most, SystemClock(), warn=said.append)
            async with teacher:
                if not is_fresh:
                    await teacher.answer(request(10_000))
                for one, turned in zip(stand_ins, knobs, strict=True):
                    one.change(turned)
                room = asyncio.Semaphore(at_once)

                async def answered(number: int) -> Reply:
                    async with room:
                        return await teacher.answer(request(number))

                tasks = [asyncio.create_task(answered(number)) for number in range(count)]
                if change is not None:
                    await asyncio.sleep(0.2)
                    change(stand_ins[0])
                replies = await asyncio.gather(*tasks)
                return Asked(replies, [one.stats() for one in stand_ins], said)

    return asyncio.run(asyncio.wait_for(ask(), 30))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "FIRST_PAUSE", 0.01)


def test_every_ticket_gets_its_own_answer_its_model_and_its_tokens() -> None:
    found = asked(50)
    assert set(found.outcomes) == {Outcome.ANSWERED}
    assert len({reply.text for reply in found.replies}) == 50
    assert {(reply.model, reply.alias) for reply in found.replies} == {("m", "")}
    assert all(reply.tokens_in and reply.tokens_out for reply in found.replies)
    assert all(reply.seconds is not None and 0.0 < reply.seconds < 5.0 for reply in found.replies)
    assert (found.stats["requests"], found.stats["answered"]) == (51, 51)
    assert found.stats["most_at_once"] <= 8


def test_the_key_comes_from_the_environment() -> None:
    assert asked(1, key="right").replies[0].outcome is Outcome.ANSWERED
    with pytest.raises(PausedError, match="refuses") as caught:
        asked(1, key="another")
    assert "put a valid key into OPENAI_API_KEY" in caught.value.cure
    assert "right" not in str(caught.value), "a key is never told"


def test_a_refusal_for_rate_costs_no_try_and_all_are_answered() -> None:
    found = asked(90, most=32, rate=60, asks={"tries": 1})
    assert set(found.outcomes) == {Outcome.ANSWERED}
    assert 0 < found.stats["by_status"]["429"] <= 40


@pytest.mark.parametrize("faults", ["500=0.2", "reset=0.2", "html=0.2", "500=0.1,reset=0.1,cut=0.1"])
@pytest.mark.parametrize("stream", [False, True])
def test_other_troubles_are_tried_again(faults: str, stream: bool) -> None:
    found = asked(60, faults=faults, asks={"tries": 12, "stream": stream})
    assert set(found.outcomes) == {Outcome.ANSWERED}
    assert found.stats["requests"] > 60


def test_a_ticket_whose_tries_are_used_up_is_given_up() -> None:
    (reply,) = asked(1, faults="500=1.0", asks={"tries": 3}).replies
    assert reply.outcome is Outcome.FAILED
    assert "500" in reply.text


def test_an_answer_that_does_not_come_is_given_up_and_asked_again() -> None:
    found = asked(1, faults="silent=1.0", asks={"tries": 2, "timeout_seconds": 0.2})
    assert found.replies[0].outcome is Outcome.FAILED
    assert "no answer within 0.2 s" in found.replies[0].text
    assert found.stats["requests"] == 1 + 2


def test_a_request_that_the_server_cannot_take_is_not_repeated() -> None:
    found = asked(1, context_limit=2)
    assert found.replies[0].outcome is Outcome.FAILED
    assert found.stats["requests"] == 1 + 1


@pytest.mark.parametrize("knobs", [{"quota": 3}, {"revoke_after": 3, "key": "right"}, {"model": "another"}])
def test_what_only_a_person_can_mend_pauses(knobs: dict[str, Any]) -> None:
    with pytest.raises(PausedError) as caught:
        asked(20, most=2, **knobs)
    assert caught.value.cure.endswith("run the same command again")


def test_a_model_that_changes_is_told() -> None:
    models = [reply.model for reply in asked(10, most=1, switch_model="6:other").replies]
    assert models == ["m"] * 5 + ["other"] * 5


def test_answers_of_every_kind_are_told_as_what_they_are() -> None:
    assert asked(1, faults="empty=1.0").replies[0].outcome is Outcome.EMPTY
    assert asked(1, faults="refusal=1.0").replies[0].outcome in {Outcome.ANSWERED, Outcome.REFUSED}
    assert asked(1, asks={"max_tokens": 3}).replies[0].outcome is Outcome.TRUNCATED


def test_an_outage_is_waited_for_and_costs_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.1)
    found = asked(40, most=40, faults="500=1.0", asks={"tries": 50}, change=lambda s: s.change({"faults": ""}))
    assert set(found.outcomes) == {Outcome.ANSWERED}
    assert found.stats["requests"] < 120


@pytest.mark.parametrize("faults", ["500=1.0", "reset=1.0", "html=1.0"])
def test_a_teacher_that_never_answered_costs_no_ticket(faults: str) -> None:
    with pytest.raises(PausedError, match="has not answered a single call") as caught:
        several([{"faults": faults}], asks={"tries": 2}, is_fresh=True)
    assert "/v1/chat/completions is right and answers" in caught.value.cure


def test_a_place_that_takes_no_request_at_all_costs_few_tickets() -> None:
    with pytest.raises(PausedError, match=r"has not answered a single call: HTTP 404: .*does base_url lack /v1"):
        several([{"faults": "404=1.0"}], 2 * model_module.REFUSALS, is_fresh=True)


def test_pieces_are_joined_and_have_the_same_text_and_tokens() -> None:
    whole, pieces = asked(20), asked(20, asks={"stream": True})
    assert pieces.replies == whole.replies


def test_a_silence_between_pieces_is_a_timeout_and_a_slow_answer_is_none() -> None:
    asks = {"stream": True, "timeout_seconds": 0.15, "tries": 2}
    assert asked(1, faults="slow=1.0", drip=0.5, asks=asks).replies[0].outcome is Outcome.ANSWERED
    found = asked(1, faults="slow=1.0", drip=10.0, asks=asks)
    assert (found.replies[0].outcome, found.stats["requests"]) == (Outcome.FAILED, 1 + 2)
    assert "no answer within 0.15 s" in found.replies[0].text
    whole = asked(1, faults="slow=1.0", drip=0.5, asks={**asks, "stream": False})
    assert whole.replies[0].outcome is Outcome.FAILED, "an answer in one piece has to be whole by then"


def test_a_stream_that_is_cut_is_never_half_an_answer() -> None:
    found = asked(9, faults="cut=1.0", asks={"stream": True, "tries": 1}, most=4)
    assert found.outcomes == {Outcome.FAILED: 9}


def test_two_servers_are_used_at_once_each_as_fast_as_it_allows() -> None:
    began = time.monotonic()
    found = several([{"latency": 0.05}, {"latency": 0.05}], 80, most=8)
    assert time.monotonic() - began < 80 / 8 * 0.05 + 1.0
    assert found.outcomes == {Outcome.ANSWERED: 80}
    assert all(30 <= stats["answered"] <= 51 for stats in found.each)
    assert all(stats["most_at_once"] <= 8 for stats in found.each)
    limited = several([{"rate": 20, "latency": 0.02}, {"latency": 0.02}], 150, most=8)
    assert limited.outcomes == {Outcome.ANSWERED: 150}
    assert limited.each[1]["answered"] > 90


def test_a_server_that_fails_gets_few_calls_and_no_ticket_is_lost() -> None:
    found = several([{"faults": "500=1.0"}, {"latency": 0.01}], 200, most=16, asks={"tries": 3})
    assert found.outcomes == {Outcome.ANSWERED: 200}
    assert found.each[0]["requests"] <= 30


@pytest.mark.parametrize("knobs", [{"quota": 3}, {"revoke_after": 3, "key": "right"}, {"model": "another"}])
def test_a_server_that_refuses_is_left_out_and_that_is_said_once(knobs: dict[str, Any]) -> None:
    found = several([knobs, {}], 40, asks={"tries": 1})
    assert found.outcomes == {Outcome.ANSWERED: 40}
    (said,) = found.said
    assert said.startswith("m is no longer asked at http://127.0.0.1:")
    assert said.count("with the key of OPENAI_API_KEY: HTTP 4") == 1


def test_of_two_keys_one_that_is_refused_is_left_out() -> None:
    found = several([{"key": "right"}], 30, keys=("OPENAI_API_KEY", "SECOND"))
    assert found.outcomes == {Outcome.ANSWERED: 30}
    assert len(found.said) == 1
    assert "with the key of SECOND" in found.said[0]
    with pytest.raises(PausedError, match=r"with the key of OPENAI_API_KEY\).*with the key of SECOND\)") as caught:
        several([{"quota": 20}], 60, keys=("OPENAI_API_KEY", "SECOND"))
    assert "s3cret" not in str(caught.value)


def test_a_fallback_answers_a_ticket_whose_tries_are_used_up() -> None:
    found = several([{"faults": "500=1.0"}, {}], 1, asks={"tries": 2}, fallbacks=1)
    (reply,) = found.replies
    assert (reply.outcome, reply.model, reply.alias) == (Outcome.ANSWERED, "fallback-0-model", "fallback-0")
    assert found.each[0]["requests"] == 1 + 2


def test_a_fallback_answers_a_request_that_the_model_does_not_take() -> None:
    found = several([{"context_limit": 2}, {}], 5, fallbacks=1)
    assert [reply.alias for reply in found.replies] == ["fallback-0"] * 5


@pytest.mark.parametrize("knobs", [{"quota": 0}, {"key": "other"}, {"model": "another"}])
def test_a_model_that_is_out_of_order_is_replaced_by_its_fallbacks_in_their_order(knobs: dict[str, Any]) -> None:
    found = several([knobs, knobs, {}], 20, fallbacks=2, is_fresh=True)
    assert [(reply.outcome, reply.alias) for reply in found.replies] == [(Outcome.ANSWERED, "fallback-1")] * 20
    assert [stats["answered"] for stats in found.each] == [0, 0, 20]
    assert len(found.said) == 2


def test_in_an_outage_fallbacks_answer_at_once_and_the_model_again_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.3)
    began = time.monotonic()
    found = several(
        [{"faults": "500=1.0"}, {"latency": 0.01}],
        400,
        asks={"tries": 50},
        fallbacks=1,
        at_once=8,
        change=lambda one: one.change({"faults": "", "latency": 0.01}),
    )
    assert time.monotonic() - began < 5.0
    aliases = Counter(reply.alias for reply in found.replies)
    assert found.outcomes == {Outcome.ANSWERED: 400}
    assert min(aliases[""], aliases["fallback-0"]) > 10


def test_when_all_models_are_out_of_order_each_cause_is_named() -> None:
    with pytest.raises(PausedError, match=r"m: model m \(m\) refuses: HTTP 401.*fallback-0: .* quota") as caught:
        several([{"key": "other"}, {"quota": 0}], 10, fallbacks=1, is_fresh=True)
    assert "put a valid key" in caught.value.cure
    assert "raise the quota" in caught.value.cure
    assert caught.value.cure.count("run the same command again") == 1


def test_a_ticket_that_nobody_answers_is_given_up_and_the_others_are_not() -> None:
    found = several([{"faults": "500=0.5"}, {"faults": "500=0.5"}], 40, asks={"tries": 1}, fallbacks=1)
    assert found.outcomes[Outcome.ANSWERED] > 10
    assert found.outcomes[Outcome.FAILED] > 2


def test_a_turn_that_is_given_up_is_given_back() -> None:
    async def ask() -> Reply:
        stand_in = StandIn(Knobs.of({"latency": 0.1}))
        async with TestServer(application(stand_in, asyncio.Event())) as server:
            models = {"m": ModelSection(model="m", base_url=str(server.make_url("/v1")))}
            async with ChatTeacher(models, "m", {}, 2, SystemClock()) as teacher:
                tasks = [asyncio.create_task(teacher.answer(request(number))) for number in range(6)]
                await asyncio.sleep(0.05)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                return await teacher.answer(request(7))

    assert asyncio.run(asyncio.wait_for(ask(), 5)).outcome is Outcome.ANSWERED


def test_a_teacher_that_is_closed_lets_nobody_wait() -> None:
    async def ask() -> BaseException | Reply:
        stand_in = StandIn(Knobs.of({"faults": "silent=1.0"}))
        async with TestServer(application(stand_in, stop := asyncio.Event())) as server:
            models = {"m": ModelSection(model="m", base_url=str(server.make_url("/v1")))}
            async with ChatTeacher(models, "m", {}, 1, SystemClock()) as teacher:
                tasks = [asyncio.create_task(teacher.answer(request(number))) for number in range(2)]
                await asyncio.sleep(0.05)
            stop.set()
            tasks[0].cancel()
            return (await asyncio.gather(*tasks, return_exceptions=True))[1]

    assert "closed" in str(asyncio.run(asyncio.wait_for(ask(), 5)))


SCHEMA = {"type": "object", "required": ["n"]}


def served(
    complete: Callable[[web.Request], Awaitable[web.StreamResponse]],
    count: int = 20,
    schemas: Mapping[str, Any] = {},
    at_once: int = 4,
    **asks: Any,
) -> tuple[list[Reply], list[str]]:
    """Ask a server whose calls are answered by ``complete``; return what came back, and what was said by the way."""

    async def ask() -> tuple[list[Reply], list[str]]:
        server, said = web.Application(), []
        server.add_routes([web.post("/v1/chat/completions", complete)])
        async with TestServer(server) as running:
            section = ModelSection(model="m", base_url=str(running.make_url("/v1")), **{"tries": 1, **asks})
            async with ChatTeacher({"m": section}, "m", {}, at_once, SystemClock(), schemas, said.append) as teacher:
                replies = await asyncio.gather(*(teacher.answer(request(number)) for number in range(count)))
        return replies, said

    return asyncio.run(asyncio.wait_for(ask(), 10))


def whole(text: str = "{}") -> web.Response:
    return web.json_response({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})


def refusal(message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=400)


def structured(
    known: set[str], schemas: Mapping[str, Any], asks: Any = None
) -> tuple[list[Reply], list[Any], list[str]]:
    """Ask twenty tickets of a server that knows these forms; return replies, forms asked for, and what was said."""
    forms: list[Any] = []

    async def complete(asked: web.Request) -> web.Response:
        form = (await asked.json()).get("response_format")
        forms.append(form)
        is_known = form is None or form["type"] in known
        return whole() if is_known else refusal(f"response_format {form['type']} is unavailable")

    replies, said = served(complete, schemas=schemas, **(asks or {}))
    return replies, forms, said


def test_a_schema_is_told_for_its_domain() -> None:
    _, forms, _ = structured({"json_schema"}, {"d": SCHEMA})
    assert forms == [{"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}] * 20
    assert structured(set(), {"another": SCHEMA})[1] == [None] * 20
    assert (
        structured({"json_object"}, {"d": SCHEMA}, {"structured": "json_object"})[1] == [{"type": "json_object"}] * 20
    )
    assert structured(set(), {"d": SCHEMA}, {"structured": "none"})[1] == [None] * 20


@pytest.mark.parametrize(("known", "last"), [({"json_object"}, {"type": "json_object"}), (set(), None)])
def test_a_form_that_a_server_does_not_know_is_given_up_and_costs_no_try(known: set[str], last: Any) -> None:
    replies, forms, said = structured(known, {"d": SCHEMA})
    assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
    assert forms[-16:] == [last] * 16, "it is remembered"
    assert len(said) == 2 - len(known)
    assert "takes no json_schema for d, and is asked with json_object" in said[0]


def test_a_refusal_that_no_simpler_form_cures_is_the_requests_own() -> None:
    with pytest.raises(PausedError, match="odd is unavailable"):
        structured(set(), {}, {"extra_body": {"response_format": {"type": "odd"}}})


def test_one_odd_request_changes_the_form_of_no_other() -> None:
    forms: list[str] = []

    async def complete(asked: web.Request) -> web.Response:
        body = await asked.json()
        forms.append(body["response_format"]["type"])
        is_odd = body["messages"][1]["content"] in {"Question 50?", "Question 51?"}
        return refusal("This text cannot be matched with the schema") if is_odd else whole()

    replies, said = served(complete, 60, {"d": SCHEMA}, at_once=1)
    assert forms == ["json_schema"] * 60
    assert [number for number, reply in enumerate(replies) if reply.outcome is not Outcome.ANSWERED] == [50, 51]
    assert said == []


def test_a_domain_without_a_schema_is_told_nothing_of_forms() -> None:
    calls = 0

    async def complete(asked: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return refusal("no grammar, no schema, no response_format") if calls > 1 else whole("Fine.")

    replies, said = served(complete, 2)
    assert [reply.outcome for reply in replies] == [Outcome.ANSWERED, Outcome.FAILED]
    assert (calls, said) == (2, [])


def pieces_of(text: str) -> bytes:
    document = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    return f"data: {json.dumps(document)}\n\ndata: [DONE]\n\n".encode()


def test_the_end_of_a_stream_is_not_waited_for_once_it_is_told() -> None:
    async def complete(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(asked)
        await response.write(pieces_of("Said."))
        await asyncio.Event().wait()
        return response

    replies, _ = served(complete, 2, at_once=1, stream=True, timeout_seconds=60)
    assert [reply.text for reply in replies] == ["Said."] * 2


def test_a_stream_that_ends_leaves_its_connection_to_the_next_one() -> None:
    connections = set()

    async def complete(asked: web.Request) -> web.StreamResponse:
        connections.add(asked.transport)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(asked)
        await response.write(pieces_of("Said."))
        await asyncio.sleep(0.001)
        return response

    served(complete, 20, at_once=1, stream=True)
    assert len(connections) == 1
