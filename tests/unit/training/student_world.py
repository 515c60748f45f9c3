"""A dataset whose test split has real tickets, and students that know the answers, or know them wrong."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

from agents.campaign.digest import digest
from agents.campaign.home import Home
from agents.training.calls_in_text import text_of
from agents.training.domains import ProvingDomain, load
from agents.training.domains.yaze.reading import answered
from agents.training.evaluation.student import Student
from agents.training.judge import sample_of
from agents.training.prices import NO_PRICES, Prices
from agents.training.sample import Message, Outcome, Reply, SourceItem, Ticket, ToolCall
from agents.training.teachers import Request, Teacher

RUN = "full_campaign_34500"
NAME = "tried"

Made = tuple[ProvingDomain, SourceItem, int]


def tickets(*names: str, per_domain: int = 6, seed: int = 5) -> list[Made]:
    """Return tickets of domains: of their cells as many as needed, evenly spread."""
    made = []
    for name in names:
        domain = load(name)
        cells = list(domain.cells())
        step = max(1, len(cells) // per_domain)
        for index, cell in enumerate(cells[::step][:per_domain]):
            made.append((domain, domain.item(cell, index, seed), index))
    return made


def sample_for(made: Made) -> tuple[Message, ...]:
    """Return the conversation that a student learns from."""
    domain, item, variant = made
    prompt, answer = domain.prompt(item, variant), domain.answer(item, variant)
    return sample_of(domain.judge(item, prompt, answer), prompt, answer)


def write_dataset(home: Home, made: list[Made], name: str = NAME, *, is_told: bool = True, **manifest: Any) -> Path:
    """Write a dataset with these tickets as its test split; their items and variants are told in it, or not."""
    folder = home.datasets / name
    folder.mkdir(parents=True)
    lines = b"".join(orjson.dumps(row(one, is_told), option=orjson.OPT_APPEND_NEWLINE) for one in made)
    (folder / "test.jsonl").write_bytes(lines)
    files = {"test.jsonl": {"samples": len(made), "sha256": hashlib.sha256(lines).hexdigest()}}
    code = {domain.name: domain.version for domain, _, _ in made}
    document = {
        "dataset": name,
        "run": RUN,
        "format": "messages",
        "accept_at": 0.7,
        "code": code,
        "files": files,
    } | manifest
    (folder / "manifest.json").write_bytes(orjson.dumps(document))
    return folder


def write_training(
    folder: Path,
    fingerprint: str,
    *,
    name: str = NAME,
    created: str = "2026-01-01T00:00:00+00:00",
    kind: str = "lora",
    base_model: str = "hub/name",
    parts: Sequence[str] = (),
) -> Path:
    """Write what a finished training tells of itself, and folders for its parts; without weights."""
    for part in (".", *parts):
        (folder / part).mkdir(parents=True, exist_ok=True)
    manifest = {
        "created": created,
        "kind": kind,
        "base_model": base_model,
        "dataset": {"name": name, "fingerprint": fingerprint},
        "parts": [*parts],
        "files": {},
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


def row(made: Made, is_told: bool = True) -> dict[str, Any]:
    """Return a ticket as a dataset has it."""
    domain, item, variant = made
    messages = [turn.document() for turn in sample_for(made)]
    tools = [tool for turn in messages for tool in turn.pop("tools", [])]
    metadata = {
        "id": Ticket(RUN, 0, item, variant).id,
        "domain": domain.name,
        "family": item.cell.family,
        "difficulty": item.cell.difficulty,
        "item_id": item.id,
    }
    told = {"item": dict(item.params), "variant": variant} if is_told else {}
    return {"messages": messages, **({"tools": tools} if tools else {}), "metadata": metadata | told}


@dataclass
class Knowing:
    """Answers as the domain would, as a student says it; those that ``errs`` with a mistake."""

    errs: Callable[[Ticket], bool] = lambda _: False
    before: Callable[[int], None] = lambda _: None
    asked: list[str] = field(default_factory=list)
    heard: list[tuple[Message, ...]] = field(default_factory=list)

    async def answer(self, request: Request) -> Reply:
        ticket = request.ticket
        self.before(len(self.asked))
        self.asked.append(ticket.item.id)
        self.heard.append(request.prompt)
        said = sample_for((load(ticket.item.domain), ticket.item, ticket.variant))[-1]
        if self.errs(ticket):
            said = mistaken(ticket, has_tools=any(turn.tools for turn in request.prompt))
        return Reply(Outcome.ANSWERED, text_of(said), "knowing", 10, len(said.told) // 4)


def mistaken(ticket: Ticket, has_tools: bool) -> Message:
    """Return a last turn with a mistake: the domain's spoiled answer, as a student would say it."""
    domain = load(ticket.item.domain)
    answer = domain.spoil(ticket.item, domain.answer(ticket.item, ticket.variant), Random(ticket.item.id))
    if not has_tools:
        return Message("assistant", answer)
    said = answered(answer)
    if isinstance(said, str):  # what cannot be read
        return Message("assistant", "")
    calls = (
        ToolCall(f"call_{at}", call.name, orjson.dumps(call.arguments).decode()) for at, call in enumerate(said.calls)
    )
    return Message("assistant", said.reply or said.thought, tuple(calls))


def student(teacher: Teacher, name: str = "knowing", most: int = 4, prices: Prices = NO_PRICES) -> Student:
    """Return the student that ``teacher`` plays."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Teacher]:
        yield teacher

    return Student(name, f"a test named {name}", digest(name), most, opened, prices)
