"""A model on this machine: a server of the chat protocol in a thread, for as long as a block runs."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any, Self

import orjson
from aiohttp import web


class ServedModel(ABC):
    """Counts in ``asked`` how often each question came; ``url`` is where it listens, ``latency`` in seconds."""

    def __init__(self, latency: float) -> None:
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._latency = latency
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @abstractmethod
    def reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the document that answers the request ``asked``."""

    @abstractmethod
    def question(self, asked: dict[str, Any]) -> str:
        """Return what makes two requests the same question; raises HTTPBadRequest for one that is none."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        self._is_up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _answer(self, request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())
        self.asked[self.question(asked)] += 1
        await asyncio.sleep(self._latency)
        return web.json_response(self.reply(asked))
