"""Data of a person's own, small, with a server of this process that answers what is asked about it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp.test_utils import TestServer

from agents.campaign.clock import SystemClock
from agents.campaign.home import Home
from agents.campaign.plan import Plan, plan_for
from agents.training.preflight import prepare
from agents.training.preview import Preview
from agents.training.previewing import make_preview
from agents.training.scripts.stand_in import application
from agents.training.scripts.stand_in_decisions import StandIn
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.starter import StarterKind, starter

ADDRESS = "http://127.0.0.1:8000/v1"
"""Where the model of a starter is."""
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROWS = [{"text": f"The lighthouse on island {n} burned oil until the winter of {1900 + n}.", "n": n} for n in range(12)]


def write_data(folder: Path) -> None:
    """Put notes, code and rows into ``folder``, a dozen texts of each."""
    for name in ("notes", "src", "data"):
        (folder / name).mkdir(parents=True)
    notes = (f"# Island {row['n']}\n\n{row['text']}\n" for row in ROWS)
    functions = (f"int island_{n}(int oil)\n{{\n    return oil * {n} + 1900;\n}}\n" for n in range(len(ROWS)))
    (folder / "notes" / "islands.md").write_text("\n".join(notes))
    (folder / "src" / "islands.c").write_text("\n".join(functions))
    (folder / "data" / "islands.jsonl").write_bytes(b"\n".join(map(orjson.dumps, ROWS)))


@contextlib.asynccontextmanager
async def listening(**knobs: Any) -> AsyncIterator[tuple[str, StandIn]]:
    """Yield the address of a stand-in that listens, and itself."""
    stand_in = StandIn(Knobs.of(knobs))
    async with TestServer(application(stand_in, asyncio.Event()), handler_cancellation=True) as server:
        yield str(server.make_url("/v1")), stand_in


def plan_of(folder: Path, text: str, address: str = ADDRESS) -> Plan:
    """Return the plan of the recipe ``text``, with ``folder`` as its own, whose models are at ``address``."""
    path = folder / "recipe.yaml"
    path.write_text(text.replace(ADDRESS, address))
    return plan_for({}, path, {})


def notes_recipe(**changes: str) -> str:
    """Return the starter for notes, each text in ``changes.values()`` put in the place of the line that begins so."""
    lines = starter(StarterKind.NOTES, Path("recipe.yaml")).splitlines()
    for key, value in changes.items():
        (at,) = [at for at, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
        lines[at] = value
    return "\n".join(lines)


def previewed(
    folder: Path,
    text: str,
    count: int = 5,
    seed_offset: int = 0,
    own_key: str = "",
    say: Callable[[str], None] = lambda _: None,
    **knobs: Any,
) -> tuple[Preview, StandIn]:
    """Return the preview of the recipe ``text``, asked of a stand-in with these ``knobs``, and the stand-in."""

    async def run() -> tuple[Preview, StandIn]:
        async with listening(**knobs) as (address, stand_in):
            prepared = prepare(plan_of(folder, text, address), "pilot", None, Home(folder / "context"), NOW)
            environment = {"OPENAI_API_KEY": own_key}
            made = await make_preview(
                prepared, count, seed_offset, environment, SystemClock(), say=say, progressed=lambda _: None
            )
            return made, stand_in

    return asyncio.run(run())
