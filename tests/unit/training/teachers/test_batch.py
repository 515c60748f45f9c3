from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from batch_world import CREATE, LOOK, RESULTS, UPLOAD, Handler, World, first, request, requests, within

from agents.campaign.errors import DamagedFileError, PausedError, UsageError
from agents.campaign.models import ModelSection
from agents.training.sample import Outcome
from agents.training.teachers import Request, batch_server
from agents.training.teachers.batch import BatchTeacher


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_server, "FIRST_PAUSE", 0.005)


def test_every_ticket_gets_its_own_answer_the_same_that_a_call_gets(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        replies = await world.answered(requests(50), size=20)
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert len({reply.text for reply in replies}) == 50
        assert {reply.model for reply in replies} == {"m"}
        assert all(reply.tokens_in and reply.tokens_out for reply in replies)
        stats = world.stand_in.stats()
        assert (stats["answered"], stats["batches"]) == (50, 3)
        assert sorted(line.partition(" (batch_")[0] for line in world.told("submitted")) == [
            "Batch 1: 20 requests submitted",
            "Batch 2: 20 requests submitted",
            "Batch 3: 10 requests submitted",
        ]
        assert world.told("Batch 3: collected") == ["Batch 3: collected 10, 0 to be asked again"]
        again = await world.answered(requests(50))
        assert again == replies, "what came back is never asked for again"
        assert world.stand_in.stats()["batches"] == 3

    within(tmp_path, test)


def test_a_line_of_a_batch_has_what_a_call_has_and_a_schema(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        asks = {"stream": True, "temperature": 0.5, "extra_body": {"seed": 7}}
        schemas = {"d": {"type": "object"}}
        await world.answered([request(1), request(2, "other")], asks=asks, schemas=schemas)
        seen = [orjson.loads(line) for line in world.uploads()[0].splitlines()]
        described, other = (line["body"] for line in seen)
        assert {line["url"] for line in seen} == {"/v1/chat/completions"}
        assert [line["custom_id"] for line in seen] == [request(1).ticket.id, request(2, "other").ticket.id]
        assert (described["model"], described["temperature"], described["seed"]) == ("m", 0.5, 7)
        assert described["messages"][1] == {"role": "user", "content": "Question 1?"}
        assert described["response_format"]["json_schema"]["schema"] == {"type": "object"}
        assert "response_format" not in other
        assert "stream" not in described

    within(tmp_path, test)


def test_progress_is_told_as_it_is_made(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.clock.seconds = 0.0

        async def later(request: web.Request, handler: Handler) -> web.StreamResponse:
            assert world.clock.seconds is not None
            world.clock.seconds += 3
            return await handler(request)

        world.doors[LOOK] = later
        await world.answered(requests(1_200), size=2_000)
        assert world.said == [
            "Batch 1: 1,200 requests submitted (batch_000001)",
            "Batch 1: 360 of 1,200 done",
            "Batch 1: 720 of 1,200 done",
            "Batch 1: 1,080 of 1,200 done",
            "Batch 1: collected 1,200, 0 to be asked again",
        ]

    within(tmp_path, test, batch_seconds=10)


@pytest.mark.parametrize("knobs", [{"faults": "500=0.2,429=0.1,reset=0.1"}, {"batch_expires": 0.3}])
def test_what_failed_for_a_while_is_asked_again_and_nothing_else(tmp_path: Path, knobs: dict[str, Any]) -> None:
    async def test(world: World) -> None:
        replies = await world.answered(requests(60), asks={"tries": 50})
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert world.stand_in.answered == 60
        assert len(world.told("to be asked again")) > 1
        assert not world.told("collected 60")
        if "batch_expires" in knobs:
            assert world.told(r"^Batch 1: expired, collected \d+, \d+ to be asked again$")

    within(tmp_path, test, **knobs)


def test_tries_are_counted_across_starts_and_a_ticket_is_given_up(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await world.answered([request(99)])
        world.stand_in.change({"faults": {"500": 1.0}})
        (reply,) = await world.answered([request(1)], asks={"tries": 3})
        assert (reply.outcome, reply.model) == (Outcome.FAILED, "m")
        assert "500" in reply.text
        assert world.stand_in.stats()["batches"] == 1 + 3
        assert await world.answered([request(1)], asks={"tries": 3}) == [reply]
        assert world.stand_in.stats()["batches"] == 1 + 3
        world.stand_in.change({"faults": {}})
        (reply,) = await world.answered([request(1)], asks={"tries": 4})
        assert reply.outcome is Outcome.ANSWERED

    within(tmp_path, test)


def test_a_teacher_that_never_answered_fails_no_ticket(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        for _ in range(2):
            with pytest.raises(PausedError, match="has not answered a single request: HTTP 500"):
                await world.answered(requests(3), asks={"tries": 2})
        world.stand_in.change({"faults": {}})
        assert {reply.outcome for reply in await world.answered(requests(3), asks={"tries": 2})} == {Outcome.ANSWERED}

    within(tmp_path, test, faults="500=1")


def test_a_request_that_can_never_be_answered_is_not_repeated(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        (reply,) = await world.answered([request(1)])
        assert reply.outcome is Outcome.FAILED
        assert "context length" in reply.text
        assert await world.answered([request(1)]) == [reply]
        assert world.stand_in.stats()["batches"] == 1

    within(tmp_path, test, context_limit=2)


@pytest.mark.parametrize("knobs", [{"quota": 3}, {"revoke_after": 3}, {"model": "another"}])
def test_what_only_a_person_can_mend_pauses_and_costs_no_answer_twice(tmp_path: Path, knobs: dict[str, Any]) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match="refuses") as caught:
            await world.answered(requests(5), asks={"tries": 1})
        assert "run the same command again" in caught.value.cure
        assert "right" not in str(caught.value), "a key is never told"
        world.stand_in.change(dict.fromkeys(knobs))
        replies = await world.answered(requests(5), asks={"tries": 1})
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert world.stand_in.answered == 5

    within(tmp_path, test, **knobs)


def test_a_key_that_is_not_let_in_pauses_at_once(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match="HTTP 401") as caught:
            await world.answered(requests(2))
        assert "key" in caught.value.cure
        assert world.calls == [UPLOAD]

    within(tmp_path, test, key="another")


SCHEMAS = {"d": {"type": "object"}}


def refusing(world: World, asked: Request, is_refused: Callable[[bytes], bool]) -> None:
    """Refuse the form of ``asked`` in the results of each batch whose requests ``is_refused``."""
    error = {"error": {"message": "This response_format is unknown here"}}
    refusal = {"custom_id": asked.ticket.id, "response": {"status_code": 400, "body": error}}

    async def results(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        assert isinstance(response, web.Response)
        assert isinstance(response.body, bytes)
        if not is_refused(world.uploads()[-1]):
            return response
        lines = [line for line in response.body.splitlines() if orjson.loads(line)["custom_id"] != asked.ticket.id]
        return web.Response(body=b"\n".join([*lines, orjson.dumps(refusal)]))

    world.doors[RESULTS] = results


def forms_of(upload: bytes) -> list[str]:
    bodies = [orjson.loads(line)["body"] for line in upload.splitlines()]
    return [body.get("response_format", {"type": "none"})["type"] for body in bodies]


def test_a_server_that_knows_no_schemas_is_asked_without_and_that_is_known_after_a_start(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        refusing(world, request(1), lambda upload: b"json_schema" in upload)
        (reply,) = await world.answered([request(1)], schemas=SCHEMAS, asks={"tries": 1})
        assert reply.outcome is Outcome.ANSWERED
        assert world.told("m takes no json_schema for d, and is asked with json_object: HTTP 400")
        await world.answered([request(2)], schemas=SCHEMAS)
        assert [forms_of(upload) for upload in world.uploads()] == [["json_schema"], ["json_object"], ["json_object"]]

    within(tmp_path, test)


def test_a_run_that_ends_when_a_form_was_refused_has_learned_it(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        refusing(world, request(1), lambda upload: b"json_schema" in upload)
        async with world.teacher(schemas=SCHEMAS, gather_seconds=0.0) as teacher:
            waiting = asyncio.create_task(teacher.answer(request(1)))
            while not world.told("submitted"):
                await asyncio.sleep(0.001)
            waiting.cancel()
            while not world.told("collected 0, 1 to be asked again"):
                await asyncio.sleep(0.001)
        assert (await world.answered([request(1)], schemas=SCHEMAS))[0].outcome is Outcome.ANSWERED
        assert [forms_of(upload) for upload in world.uploads()] == [["json_schema"], ["json_object"]]

    within(tmp_path, test)


def test_a_form_that_was_answered_is_kept_and_who_is_refused_is_given_up_for_good(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        refusing(world, request(1), lambda upload: True)
        replies = await world.answered(requests(3), schemas=SCHEMAS)
        assert [reply.outcome is Outcome.ANSWERED for reply in replies] == [True, False, True]
        assert await world.answered(requests(3), schemas=SCHEMAS) == replies
        await world.answered([request(3)], schemas=SCHEMAS)
        assert [forms_of(upload) for upload in world.uploads()] == [["json_schema"] * 3, ["json_schema"]]
        assert not world.told("takes no")

    within(tmp_path, test)


def test_a_domain_without_a_schema_has_no_form_that_could_be_refused(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        refusing(world, request(1), lambda upload: True)
        replies = await world.answered(requests(2))
        assert [reply.outcome for reply in replies] == [Outcome.ANSWERED, Outcome.FAILED]
        assert len(world.uploads()) == 1
        assert not world.told("takes no")

    within(tmp_path, test)


STEPS = [(UPLOAD, "before"), (UPLOAD, "after"), (CREATE, "before"), (CREATE, "after"), (LOOK, "before")]
STEPS += [(LOOK, "after"), (RESULTS, "before"), (RESULTS, "after")]


@pytest.mark.parametrize(
    ("step", "when"), STEPS, ids=[f"{when} {step.split('/')[2]} {step[:4]}" for step, when in STEPS]
)
def test_a_run_that_ends_at_any_step_pays_for_nothing_twice(tmp_path: Path, step: str, when: str) -> None:
    async def test(world: World) -> None:
        async def ending(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request) if when == "after" else web.Response(status=503)
            running.cancel()
            await asyncio.wait([running])
            return response

        world.doors[step] = ending
        running = asyncio.create_task(world.answered(requests(20)))
        with pytest.raises(asyncio.CancelledError):
            await running
        world.doors.clear()
        replies = await world.answered(requests(20))
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        stats = world.stand_in.stats()
        assert (stats["answered"], stats["batches"]) == (20, 1)
        never_created = step == UPLOAD or (step, when) == (CREATE, "before")
        assert bool(world.told("never reached its server")) is never_created
        assert bool(world.told("left on its server")) is (step in {LOOK, RESULTS})
        assert not world.under_way()

    within(tmp_path, test)


def test_an_answer_that_nobody_waits_for_is_kept_for_who_asks_later(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async with world.teacher() as teacher:
            waiting = [asyncio.create_task(teacher.answer(one)) for one in requests(4)]
            while not world.told("submitted"):
                await asyncio.sleep(0.001)
            for task in waiting[:3]:
                task.cancel()
            await waiting[3]
            assert (await teacher.answer(request(0))).outcome is Outcome.ANSWERED
        assert {reply.outcome for reply in await world.answered(requests(3))} == {Outcome.ANSWERED}
        assert world.stand_in.answered == 4

    within(tmp_path, test)


def test_a_ticket_that_is_asked_again_waits_for_the_batch_that_it_is_in(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async with world.teacher() as teacher:
            waiting = asyncio.create_task(teacher.answer(request(0)))
            while not world.told("submitted"):
                await asyncio.sleep(0.001)
            waiting.cancel()
            assert (await teacher.answer(request(0))).outcome is Outcome.ANSWERED
        assert world.stand_in.stats()["batches"] == 1

    within(tmp_path, test, batch_seconds=0.1)


def test_a_ticket_is_asked_by_one_at_a_time(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async with world.teacher() as teacher:
            waiting = asyncio.create_task(teacher.answer(request(0)))
            await asyncio.sleep(0)
            with pytest.raises(ValueError, match="is being asked"):
                await teacher.answer(request(0))
            await waiting

    within(tmp_path, test)


def test_a_batch_that_was_cancelled_there_is_collected_and_the_rest_asked_again(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.clock.seconds = 0.0

        async def cancelling(request: web.Request, handler: Handler) -> web.StreamResponse:
            assert world.clock.seconds is not None
            world.clock.seconds += 3
            if "batch_000001" in request.path and world.stand_in.answered:
                world.stand_in.batches.cancel("batch_000001", "right")
            return await handler(request)

        world.doors[LOOK] = cancelling
        replies = await world.answered(requests(10))
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert world.told("^Batch 1: cancelled, collected 6, 4 to be asked again$")
        assert world.stand_in.answered == 10

    within(tmp_path, test, batch_seconds=10)


def test_a_batch_that_its_server_does_not_take_pauses(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        with pytest.raises(PausedError, match=r"did not take batch 1 .*token_limit_exceeded") as caught:
            await world.answered(requests(4))
        assert "batch_size" in caught.value.cure
        assert len(await world.answered(requests(4), size=2)) == 4
        assert world.stand_in.answered == 4

    within(tmp_path, test, batch_room=2)


def test_a_batch_for_which_there_is_no_room_waits_for_another_one_to_end(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        replies = await world.answered(requests(12), size=4)
        assert {reply.outcome for reply in replies} == {Outcome.ANSWERED}
        assert world.told("there is no room for it beside the others, it waits for one to end")
        assert world.stand_in.answered == 12

    within(tmp_path, test, batch_room=5, batch_seconds=0.05)


def test_all_keys_are_used_and_a_batch_stays_with_its_own(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        both = {"key": ["OPENAI_API_KEY", "OTHER_KEY"]}
        running = asyncio.create_task(world.answered(requests(8), size=4, asks=both))
        while len(world.told("submitted")) < 2:
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])
        with pytest.raises(PausedError, match="with the key of OTHER_KEY, which the recipe no longer names"):
            await world.answered(requests(8))
        assert len(await world.answered(requests(8), asks=both)) == 8
        assert (world.stand_in.answered, world.stand_in.stats()["batches"]) == (8, 2)

    within(tmp_path, test, batch_seconds=0.1)


def test_a_failure_is_told_to_everybody_now_and_later(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.doors[UPLOAD] = first(10**9, lambda: web.Response(status=404))
        async with world.teacher() as teacher:
            found = await asyncio.gather(*(teacher.answer(one) for one in requests(3)), return_exceptions=True)
            assert [type(one) for one in found] == [PausedError] * 3
            with pytest.raises(PausedError, match="takes no batches"):
                await teacher.answer(request(9))

    within(tmp_path, test)


def test_a_damaged_record_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.folder.mkdir()
        world.folder.joinpath("000001.json").write_bytes(b"{")
        with pytest.raises(DamagedFileError):
            await world.answered(requests(1))
        assert world.calls == []

    within(tmp_path, test)


def test_a_hosted_model_wants_a_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="MY_KEY is not set"):
        BatchTeacher(ModelSection(model="m", key="MY_KEY"), {}, tmp_path, "run", 5, None, say=print)  # type: ignore[arg-type]
