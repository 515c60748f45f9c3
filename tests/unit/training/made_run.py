"""Ledgers of runs whose samples a test makes up, and their exports."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.home import Home
from agents.campaign.ledger_view import RunHeader
from agents.training.datasets.wish import Dataset, Wish
from agents.training.dedup import trace
from agents.training.exporting import export
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket, ToolCall

RUN = "full_campaign_34500"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = [f"{word}{number}" for word in ("lda", "sta", "room", "flag", "loop", "tile") for number in range(60)]
TOOL = {"type": "function", "function": {"name": "read_room", "parameters": {"type": "object", "properties": {}}}}
CELL = Cell("write", 1)
SPLITS = "splits: {train: 0.6, validation: 0.2, test: 0.2}\n"


@dataclass(frozen=True)
class Made:
    """A sample; of a group where it is made of texts.

    ``item`` is the number of its source item, one of its own unless a test says so, and ``variant`` its phrasing.
    """

    domain: str
    messages: tuple[Message, ...]
    cell: Cell = CELL
    group: str = ""
    quality: float = 0.9
    is_accepted: bool = True
    item: int | None = None
    variant: int = 0


@dataclass
class MadeRun:
    """A run of samples; ``owed`` is how many it owes, as many as it has unless a test says so."""

    home: Home
    samples: Sequence[Made]
    owed: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def write(self) -> Path:
        path = self.home.run(RUN).ledger
        domains = sorted({made.domain for made in self.samples})
        weights = {f"domains.{domain}.weight": 1 / len(domains) for domain in domains}
        accepted = sum(made.is_accepted for made in self.samples)
        values = {"seed": 7, **weights, **self.values}
        code = dict.fromkeys(domains, "3")
        header = RunHeader(
            RUN, "campaign", self.owed or accepted, "f" * 16, values, self.origins, code, NOW.isoformat()
        )
        with Ledger.open(path, header) as ledger:
            issued = [_issued(seq, made) for seq, made in enumerate(self.samples)]
            ledger.add_round(issued)
            for one, made in zip(issued, self.samples, strict=True):
                attempt = ledger.start_attempt(one.ticket.seq, NOW.isoformat())
                answer = made.messages[-1].content
                ledger.finish_attempt(attempt, Reply(Outcome.ANSWERED, answer, "teacher-1"), NOW.isoformat())
                told = "\n".join(message.told for message in made.messages if message.role != "system")
                verdict = Verdict("accepted", made.quality) if made.is_accepted else Verdict("rejected", 0.2, "proof")
                apart = made.messages if len(made.messages) > 3 or made.messages[0].tools else None
                ledger.settle(one.ticket, attempt, verdict, trace(told), NOW.isoformat(), apart)
            ledger.commit()
        return path

    def export(self, *names: str, recipe: str = SPLITS, **wishes: Any) -> list[Dataset]:
        path = self.home.root / "recipe.yaml"
        path.write_text(recipe)
        return export(self.home, Wish(RUN, names, recipe=path, **wishes), NOW)


def _issued(seq: int, made: Made) -> Issued:
    number = seq if made.item is None else made.item
    params = {"salt": number} | ({"group": made.group, "name": f"{made.group}:{number}"} if made.group else {})
    item = SourceItem(made.domain, made.cell, params)
    ticket = Ticket(RUN, seq, item, made.variant)
    return Issued(ticket, ticket.id, item.id, number, made.messages[:-1])


def text(rng: random.Random, words: int = 60) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def dialogue(rng: random.Random) -> tuple[Message, ...]:
    return (Message("system", "You know the console."), Message("user", text(rng)), Message("assistant", text(rng)))


def tool_dialogue(rng: random.Random, said: str = "") -> tuple[Message, ...]:
    call = ToolCall("call_1", "read_room", '{"id":1}')
    return (
        Message("system", "You edit rooms.", tools=(TOOL,)),
        Message("user", text(rng)),
        Message("assistant", said, (call,)),
        Message("tool", '{"tiles": 3}', tool_call_id="call_1"),
        Message("assistant", text(rng)),
    )


def mixed_samples(count: int, seed: int = 1) -> list[Made]:
    """Return samples of four domains, one of them of tools, a sixth of them rejected."""
    rng = random.Random(seed)
    made = []
    for seq in range(count):
        domain = ("asm", "oracle", "errors", "yaze")[seq % 4]
        messages = tool_dialogue(rng) if domain == "yaze" else dialogue(rng)
        cell = Cell(rng.choice(["write", "fix", "explain"]), rng.randint(1, 3))
        made.append(Made(domain, messages, cell, is_accepted=seq % 6 != 5))
    return made


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
