from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from batch_world import CREATE, LIST, LOOK, RESULTS, UPLOAD, HandClock, Handler, World, first, request, requests, within

from agents.campaign.clock import SystemClock
from agents.campaign.errors import PausedError
from agents.training.teachers import batch_server, bodies
from agents.training.teachers.access import Access
from agents.training.teachers.batch_server import BatchServer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_server, "FIRST_PAUSE", 0.005)


def test_a_batch_whose_id_was_never_written_is_found_on_any_page(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async def ending(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            running.cancel()
            await asyncio.wait([running])
            return response

        kept = world.stand_in.batches.keep(b"{", "batch", "right")
        asked = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
        created = orjson.dumps(asked | {"input_file_id": orjson.loads(kept.pieces[0])["id"]})
        world.doors[CREATE] = ending
        running = asyncio.create_task(world.answered(requests(3)))
        with pytest.raises(asyncio.CancelledError):
            await running
        world.doors.clear()
        for _ in range(120):
            world.stand_in.batches.create(created, "right")
        assert len(await world.answered(requests(3))) == 3
        assert world.calls.count(LIST) == 2
        assert world.stand_in.answered == 3

    within(tmp_path, test)


def test_a_creation_of_which_nothing_was_heard_is_not_repeated(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async def deaf(request: web.Request, handler: Handler) -> web.StreamResponse:
            await handler(request)
            world.doors.clear()
            return web.Response(status=502)

        world.doors[CREATE] = deaf
        assert len(await world.answered(requests(3))) == 3
        assert world.stand_in.stats()["batches"] == 1
        assert world.calls.count(CREATE) == 1

    within(tmp_path, test)


def test_outages_of_the_server_are_waited_out(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        def refusal() -> web.Response:
            return web.Response(status=429, headers={"Retry-After": "0.01"})

        world.doors |= {
            UPLOAD: first(2, lambda: web.Response(status=500)),
            CREATE: first(2, refusal),
            LIST: first(1, lambda: web.Response(status=503)),
            LOOK: first(2, lambda: web.Response(text="<html>", content_type="text/html")),
            RESULTS: first(2, lambda: web.Response(body=b'{"custom_id": "x", "resp')),
        }
        assert len(await world.answered(requests(3))) == 3
        assert world.stand_in.stats()["batches"] == 1
        assert world.stand_in.answered == 3
        assert world.calls.count(RESULTS) == 0
        assert len([call for call in world.calls if "content" in call]) == 3

    within(tmp_path, test)


@pytest.mark.parametrize("step", [UPLOAD, CREATE, LOOK, RESULTS])
def test_an_outage_without_an_end_pauses_and_what_was_paid_for_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def test(world: World) -> None:
        monkeypatch.setattr(batch_server, "PATIENCE_SECONDS", 0.05)
        world.doors[step] = first(10**9, lambda: web.Response(status=500))
        with pytest.raises(PausedError, match="has been out of order") as caught:
            await world.answered(requests(3))
        assert "see whether it answers" in caught.value.cure
        world.doors.clear()
        assert len(await world.answered(requests(3))) == 3
        assert world.stand_in.answered == 3

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (UPLOAD, "takes no batches"),
        (CREATE, "takes no batches"),
        (LOOK, "does not know batch 1"),
        (RESULTS, "no longer"),
    ],
)
def test_what_is_not_there_pauses_with_its_cure(tmp_path: Path, step: str, told: str) -> None:
    async def test(world: World) -> None:
        world.doors[step] = first(10**9, lambda: web.Response(status=404))
        with pytest.raises(PausedError, match=told) as caught:
            await world.answered(requests(3))
        assert "run the same command again" in caught.value.cure
        assert ("kind: chat" in caught.value.cure) is (told == "takes no batches")

    within(tmp_path, test)


def test_results_may_be_kept_elsewhere_and_files_be_created(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async def created(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            response.set_status(201)
            return response

        async def elsewhere(request: web.Request, handler: Handler) -> web.StreamResponse:
            if "moved" in request.query:
                return await handler(request)
            raise web.HTTPFound(f"{request.path}?moved=1")

        world.doors |= {UPLOAD: created, RESULTS: elsewhere}
        assert len(await world.answered(requests(3))) == 3

    within(tmp_path, test)


def test_a_transfer_that_breaks_off_after_a_long_time_is_tried_again(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        clock = HandClock(seconds=0.0)

        async def slow(request: web.Request, handler: Handler) -> web.StreamResponse:
            assert clock.seconds is not None
            clock.seconds += 2 * batch_server.PATIENCE_SECONDS
            world.doors.clear()
            return web.Response(status=502)

        world.doors[LIST] = slow
        async with BatchServer(Access(world.url, "KEY", "right"), 5.0, clock) as server:
            assert await server.find("a-mark") is None
        assert world.calls == [LIST, LIST]

    within(tmp_path, test)


@pytest.mark.parametrize("status", [200, 503])
def test_a_body_without_an_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    async def test(world: World) -> None:
        monkeypatch.setattr(bodies, "MOST_BYTES", 10_000)
        written = 0

        async def endless(request: web.Request, handler: Handler) -> web.StreamResponse:
            nonlocal written
            response = web.StreamResponse(status=status)
            await response.prepare(request)
            world.doors.clear()
            while True:
                await response.write(b" " * 10_000)
                written += 10_000

        world.doors[LIST] = endless
        async with BatchServer(Access(world.url, "KEY", "right"), 5.0, SystemClock()) as server:
            assert await server.find("a-mark") is None
        assert world.calls == [LIST, LIST]
        assert written < 50_000_000

    within(tmp_path, test)


def test_who_is_not_let_in_is_told_which_key_to_mend(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async with BatchServer(Access(world.url, "MY_KEY", "wrong"), 5.0, SystemClock()) as server:
            with pytest.raises(PausedError, match="refuses: HTTP 401") as caught:
                await server.find("a-mark")
        assert caught.value.cure == "put a valid key into MY_KEY, then run the same command again"

    within(tmp_path, test, key="right")


def test_files_that_fail_for_too_long_pause_although_looks_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(world: World) -> None:
        monkeypatch.setattr(batch_server, "PATIENCE_SECONDS", 0.05)
        async with world.teacher(size=1) as teacher:
            paid = asyncio.create_task(teacher.answer(request(0)))
            while not world.told("submitted"):
                await asyncio.sleep(0.001)
            world.doors[UPLOAD] = first(10**9, lambda: web.Response(status=500))
            with pytest.raises(PausedError, match="has been out of order"):
                await teacher.answer(request(1))
            assert isinstance((await asyncio.gather(paid, return_exceptions=True))[0], PausedError)

    within(tmp_path, test, batch_seconds=60)
