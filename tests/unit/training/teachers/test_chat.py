from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.models import ModelSection
from agents.training import breaker
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket
from agents.training.scripts.stand_in import Knobs, StandIn, application
from agents.training.teachers import Request
from agents.training.teachers import chat as chat_module
from agents.training.teachers.chat import ChatTeacher, address_of


@dataclass
class Asked:
    replies: list[Reply]
    stats: dict[str, Any]


def request(number: int) -> Request:
    ticket = Ticket("run", number, SourceItem("d", Cell("f", 1), {"n": number}))
    return Request(ticket, (Message("system", "Be brief."), Message("user", f"Question {number}?")))


def asked(
    count: int = 1, most: int = 8, change: Callable[[StandIn], None] | None = None, asks: Any = None, **knobs: Any
) -> Asked:
    """Return what ``count`` tickets are answered by a stand-in with these knobs, asked at most ``most`` at once.

    One call has succeeded before, without the knobs.
    """

    async def ask() -> Asked:
        stand_in = StandIn(Knobs.of({}))
        async with TestServer(application(stand_in, asyncio.Event())) as server:
            section = ModelSection(model="m", base_url=str(server.make_url("/v1")), **(asks or {}))
            async with ChatTeacher({"m": section}, "m", {"OPENAI_API_KEY": "right"}, most, SystemClock()) as teacher:
                await teacher.answer(request(10_000))
                stand_in.change(knobs)
                tasks = [asyncio.create_task(teacher.answer(request(number))) for number in range(count)]
                if change is not None:
                    await asyncio.sleep(0.2)
                    change(stand_in)
                replies = await asyncio.gather(*tasks)
                return Asked(replies, stand_in.stats())

    return asyncio.run(asyncio.wait_for(ask(), 30))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "FIRST_PAUSE", 0.01)


def test_every_ticket_gets_its_own_answer_its_model_and_its_tokens() -> None:
    found = asked(50)
    assert {reply.outcome for reply in found.replies} == {Outcome.ANSWERED}
    assert len({reply.text for reply in found.replies}) == 50
    assert {reply.model for reply in found.replies} == {"m"}
    assert all(reply.tokens_in and reply.tokens_out for reply in found.replies)
    assert (found.stats["requests"], found.stats["answered"]) == (51, 51)
    assert found.stats["most_at_once"] <= 8


def test_the_key_comes_from_the_environment() -> None:
    assert asked(1, key="right").replies[0].outcome is Outcome.ANSWERED
    with pytest.raises(PausedError, match="refuses") as caught:
        asked(1, key="another")
    assert "key" in caught.value.cure
    assert "right" not in str(caught.value), "a key is never told"


def test_a_refusal_for_rate_costs_no_try_and_all_are_answered() -> None:
    found = asked(120, most=32, rate=60, asks={"tries": 1})
    assert {reply.outcome for reply in found.replies} == {Outcome.ANSWERED}
    assert 0 < found.stats["by_status"]["429"] <= 40


@pytest.mark.parametrize("faults", ["500=0.2", "reset=0.2", "html=0.2", "500=0.1,reset=0.1,cut=0.1"])
def test_other_troubles_are_tried_again(faults: str) -> None:
    found = asked(60, faults=faults, asks={"tries": 12})
    assert {reply.outcome for reply in found.replies} == {Outcome.ANSWERED}
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
    assert "run the same command again" in caught.value.cure


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
    assert {reply.outcome for reply in found.replies} == {Outcome.ANSWERED}
    assert found.stats["requests"] < 120


@pytest.mark.parametrize("faults", ["500=1.0", "reset=1.0", "html=1.0"])
def test_a_teacher_that_never_answered_costs_no_ticket(faults: str) -> None:
    async def ask() -> None:
        async with TestServer(application(StandIn(Knobs.of({"faults": faults})), asyncio.Event())) as server:
            section = ModelSection(model="m", base_url=str(server.make_url("/v1")), tries=2)
            async with ChatTeacher({"m": section}, "m", {}, 4, SystemClock()) as teacher:
                await teacher.answer(request(0))

    with pytest.raises(PausedError, match="has not answered a single call"):
        asyncio.run(ask())


def test_where_it_is_asked() -> None:
    local = ModelSection(model="m", base_url="http://127.0.0.1:1/v1")
    assert address_of(local, {"OPENAI_BASE_URL": "http://other/v1"}) == "http://127.0.0.1:1/v1"
    anywhere = ModelSection(model="m", key="MY_KEY")
    assert address_of(anywhere, {"OPENAI_BASE_URL": "http://other/v1"}) == "http://other/v1"
    with pytest.raises(UsageError, match="MY_KEY is not set"):
        address_of(anywhere, {"OPENAI_API_KEY": "k"})
    assert address_of(anywhere, {"MY_KEY": "k"}).startswith("https://")


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "127.0.0.1:8000", "http://user:secret@host/v1", "http://", "http://a b/v1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        ModelSection(model="m", base_url=url)
