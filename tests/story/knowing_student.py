"""A student that knows a dataset's answers: a chat server that looks up what a conversation goes on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from served_model import ServedModel


class KnowingStudent(ServedModel):
    """Says the last turn of every row of ``lines``; every ``errs``-th of them in vain. ``asked`` counts by question."""

    def __init__(self, lines: Path, errs: int = 0, latency: float = 0.0) -> None:
        super().__init__(latency)
        rows = [orjson.loads(line) for line in lines.read_bytes().splitlines()]
        self._turns = {_key(row["messages"][:-1], row.get("tools")): row["messages"][-1] for row in rows}
        self._vain = set(list(self._turns)[::errs]) if errs else set()

    @property
    def erring(self) -> int:
        """How many rows are answered in vain."""
        return len(self._vain)

    def question(self, asked: dict[str, Any]) -> str:
        assert asked["temperature"] == 0
        key = _key(asked["messages"], asked.get("tools"))
        if key not in self._turns:
            raise web.HTTPBadRequest(text="not a question of this dataset")
        return key

    def reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        key = self.question(asked)
        said = self._turns[key] if key not in self._vain else {"role": "assistant", "content": "I do not know."}
        choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if "tool_calls" in said else "stop"}
        return {"model": "knowing-1", "choices": [choice], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}


def _key(messages: list[dict[str, Any]], tools: Any) -> str:
    return orjson.dumps([messages, tools or []], option=orjson.OPT_SORT_KEYS).decode()
