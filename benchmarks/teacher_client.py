"""One client of a chat teacher, measured alone in its own process: ``python benchmarks/teacher_client.py raw URL``.

``raw`` is aiohttp with nothing around it: no retries, no records, and an answer is valid when it can be read as JSON as
it is. ``ours`` is the product's client. Prints one line of JSON; `benchmarks/teacher.py` starts these.
"""

# ruff: noqa: PLC0415 -- a client imports what it needs: the memory of the other one is none of its own

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

Ask = Callable[[int], Awaitable[str | None]]
"""Ask one question by its number; return the text that came back."""


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("url", help="base URL, with /v1")
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            figures = runner.run(measured(CLIENTS[options.client](options.url, options.at_once), options))
        except ImportError as error:
            figures = {"missing": f"not there yet: {error}"}
    print(orjson.dumps(figures).decode())


async def measured(client: AbstractAsyncContextManager[Ask], options: argparse.Namespace) -> dict[str, Any]:
    """Return what it took to ask all questions."""
    numbers = iter(range(options.requests))
    valid = 0
    async with client as ask:

        async def asking() -> None:
            nonlocal valid
            for number in numbers:
                text = await ask(number)
                valid += is_valid(text)

        began, cpu = time.perf_counter(), cpu_seconds()
        await asyncio.gather(*(asking() for _ in range(options.at_once)))
        seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    return {
        "seconds": seconds,
        "valid": valid,
        "cpu_seconds": cpu,
        "cpu_seconds_with_start": cpu_seconds(),
        "peak_mb": peak_mb(),
    }


@asynccontextmanager
async def raw(url: str, at_once: int) -> AsyncIterator[Ask]:
    """Yield the call of plain aiohttp; whatever goes wrong is no answer."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def ask(number: int) -> str | None:
            body = {"model": "stand-in", "messages": [{"role": "user", "content": question(number)}]}
            headers = {"Content-Type": "application/json"}
            try:
                async with session.post(f"{url}/chat/completions", data=orjson.dumps(body), headers=headers) as reply:
                    document = orjson.loads(await reply.read())
            except (aiohttp.ClientError, OSError, orjson.JSONDecodeError):
                return None
            return document["choices"][0]["message"]["content"] if "choices" in document else None

        yield ask


@asynccontextmanager
async def ours(url: str, at_once: int) -> AsyncIterator[Ask]:
    """Yield the call of the product's client; raises ImportError while there is none."""
    from agents.campaign.clock import SystemClock
    from agents.campaign.models import ModelSection
    from agents.training.sample import Cell, Message, SourceItem, Ticket
    from agents.training.teachers import Request
    from agents.training.teachers.chat import ChatTeacher

    models = {"stand-in": ModelSection(model="stand-in", base_url=url)}
    async with ChatTeacher(models, "stand-in", {}, at_once, SystemClock()) as teacher:

        async def ask(number: int) -> str | None:
            item = SourceItem("benchmark", Cell("questions", 1), {"number": number})
            reply = await teacher.answer(
                Request(Ticket("benchmark", number, item), (Message("user", question(number)),))
            )
            return reply.text

        yield ask


CLIENTS: dict[str, Callable[[str, int], AbstractAsyncContextManager[Ask]]] = {"raw": raw, "ours": ours}


def question(number: int) -> str:
    """Return a prompt of about 60 words, a different one for every number."""
    return (
        "You are given one note of a long series. Write one question that a curious reader could ask about it, and the "
        "answer that the note supports, in plain sentences. Give both as one JSON object with the keys instruction and "
        f"output. The note: {note(number)}"
    )


def note(number: int) -> str:
    """Return a text of about 20 words, a different one for every number."""
    return (
        f"Note {number}: in the year {1000 + number % 900} the keeper of house {number * 7919 % 9973} counted "
        f"{number * 31 % 1009} lamps and {number * 17 % 503} boats."
    )


def is_valid(text: str | None) -> bool:
    """Say whether ``text`` is the object that was asked for."""
    try:
        return set(orjson.loads(text or "")) == {"instruction", "output"}
    except orjson.JSONDecodeError:
        return False


def cpu_seconds() -> float:
    """Return the processor time of this process and of those it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """Return the most memory (MiB) that this process had; ``ru_maxrss`` would have that of its parent in it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
