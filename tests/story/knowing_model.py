"""A model that knows the answers: a server of the chat protocol that looks its tickets up in the ledgers of a home."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Self

import orjson
from aiohttp import web

from agents.training.domains import load
from agents.training.sample import Cell, SourceItem


class KnowingModel:
    """Answers with the domain's own answers, ``fault_rate`` of them spoiled; ``asked`` counts by prompt."""

    def __init__(self, runs: Path, fault_rate: float = 0.0, latency: float = 0.01) -> None:
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._runs = runs
        self._fault_rate = fault_rate
        self._latency = latency
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

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
        prompt = orjson.dumps([[message["role"], message["content"]] for message in asked["messages"]]).decode()
        self.asked[prompt] += 1
        await asyncio.sleep(self._latency)
        text = self._text(prompt)
        usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return web.json_response({"model": asked["model"], "choices": [choice], "usage": usage})

    def _text(self, prompt: str) -> str:
        domain_name, family, difficulty, params, variant = self._ticket(prompt)
        domain, item = load(domain_name), SourceItem(domain_name, Cell(family, difficulty), orjson.loads(params))
        text, rng = domain.answer(item, variant), Random(prompt)
        return domain.spoil(item, text, rng) if rng.random() < self._fault_rate else text

    def _ticket(self, prompt: str) -> tuple[Any, ...]:
        for ledger in self._runs.glob("*/ledger.sqlite"):
            with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as opened:
                row: tuple[Any, ...] | None = opened.execute(
                    "SELECT domain, family, difficulty, item, variant FROM tickets WHERE prompt = ?", (prompt,)
                ).fetchone()
                if row is not None:
                    return row
        raise web.HTTPNotFound(text="a prompt of no ticket")
