"""A student that knows a dataset's answers: a chat server that looks up what a conversation goes on with."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Self

import orjson
from aiohttp import web


class KnowingStudent:
    """Says the last turn of every row of ``lines``; every ``errs``-th of them in vain. ``asked`` counts by question."""

    def __init__(self, lines: Path, errs: int = 0, latency: float = 0.0) -> None:
        rows = [orjson.loads(line) for line in lines.read_bytes().splitlines()]
        self._turns = {_key(row["messages"][:-1], row.get("tools")): row["messages"][-1] for row in rows}
        self._vain = set(list(self._turns)[::errs]) if errs else set()
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._latency = latency
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def erring(self) -> int:
        """How many rows are answered in vain."""
        return len(self._vain)

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
        assert asked["temperature"] == 0
        key = _key(asked["messages"], asked.get("tools"))
        if key not in self._turns:
            raise web.HTTPBadRequest(text="not a question of this dataset")
        self.asked[key] += 1
        await asyncio.sleep(self._latency)
        said = self._turns[key] if key not in self._vain else {"role": "assistant", "content": "I do not know."}
        choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if "tool_calls" in said else "stop"}
        return web.json_response({"model": "knowing-1", "choices": [choice], "usage": {"completion_tokens": 7}})


def _key(messages: list[dict[str, Any]], tools: Any) -> str:
    return orjson.dumps([messages, tools or []], option=orjson.OPT_SORT_KEYS).decode()
