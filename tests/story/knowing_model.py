"""A model that knows the answers: a server of the chat protocol that looks its tickets up in the ledgers of a home."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import orjson
from aiohttp import web
from served_model import ServedModel

from agents.training.domains import load
from agents.training.sample import Cell, SourceItem


class KnowingModel(ServedModel):
    """Answers with the domain's own answers, ``fault_rate`` of them spoiled; ``asked`` counts by prompt."""

    def __init__(self, runs: Path, fault_rate: float = 0.0, latency: float = 0.01) -> None:
        super().__init__(latency)
        self._runs = runs
        self._fault_rate = fault_rate

    def question(self, asked: dict[str, Any]) -> str:
        return orjson.dumps([[message["role"], message["content"]] for message in asked["messages"]]).decode()

    def reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        prompt = self.question(asked)
        text = self._text(prompt)
        usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return {"model": asked["model"], "choices": [choice], "usage": usage}

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
