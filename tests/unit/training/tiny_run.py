"""Runs of the tiny domain, and what their ledgers come out as."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tiny_domain import DOMAIN, TinyDomain

from agents.campaign.clock import Clock, SystemClock
from agents.campaign.events import Event
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.campaign.progress import Progress
from agents.training.bench import Bench, InlineBench, WorkerBench
from agents.training.calls import Asked, Judge
from agents.training.engine import Engine, Standards
from agents.training.guards import Guards
from agents.training.judge import Domains
from agents.training.ledger import Ledger
from agents.training.limits import Limits
from agents.training.prices import Prices, Tariff
from agents.training.rounds import Goal
from agents.training.sample import Reply
from agents.training.teachers import Request, Teacher
from agents.training.teachers.procedural import ProceduralTeacher

GOAL = Goal("test", "campaign", 300, 7, {"tiny": 1.0}, 900, active=True)
HEADER = RunHeader("test", "campaign", 300, "f" * 16, {"seed": 7}, {}, {"tiny": "1"}, "2026-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class TinyRun:
    """How to generate; ``workers`` 0 works inline."""

    path: Path
    goal: Goal = GOAL
    workers: int = 0
    in_flight: int = 16
    fault_rate: float = 0.2
    near_duplicate: float = 0.85
    domains: dict[str, TinyDomain] = field(default_factory=lambda: {"tiny": DOMAIN})
    teacher: Callable[[Teacher], Teacher] = lambda teacher: teacher
    announce: Callable[[Event], None] = lambda _: None
    guards: Guards | None = None
    limits: Limits = field(default_factory=Limits)
    prices: Prices = field(default_factory=Prices)
    judges: dict[str, Judge] = field(default_factory=dict)
    takes_up: bool = False
    free_bytes: Callable[[], int] = lambda: 10**12
    acknowledge: bool = False
    clock: Clock = field(default_factory=SystemClock)
    silence_seconds: float = math.inf
    started: Callable[[Engine, Bench[Domains]], None] = lambda _engine, _bench: None

    @property
    def header(self) -> RunHeader:
        return replace(HEADER, run=self.goal.run, kind=self.goal.kind, total=self.goal.total)

    def _announce_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self.announce(event)

    def go(self) -> Progress:
        return asyncio.run(self._go())

    async def _go(self) -> Progress:
        bench = WorkerBench(self.domains, self.workers) if self.workers else InlineBench(self.domains)
        with Ledger.open(self.path, self.header) as ledger:
            guards = ledger.guards(self.guards) if self.guards else None
            if self.acknowledge and guards:
                guards = ledger.acknowledge(guards, 99, "then")
            async with bench:
                engine = Engine(
                    goal=self.goal,
                    cells={name: domain.cells() for name, domain in self.domains.items()},
                    standards=Standards(0.7, self.near_duplicate),
                    ledger=ledger,
                    bench=bench,
                    asked=Asked(
                        self.teacher(ProceduralTeacher(bench, self.fault_rate, self.goal.seed)),
                        Tariff(self.prices),
                        self.judges,
                        self.takes_up,
                    ),
                    in_flight=self.in_flight,
                    clock=self.clock,
                    announce=self._announce_all,
                    guards=guards,
                    limits=self.limits,
                    free_bytes=self.free_bytes,
                    silence_seconds=self.silence_seconds,
                )
                self.started(engine, bench)
                return await engine.run()


class InjectedCrashError(Exception):
    """The process would have died here."""


@dataclass
class Dying:
    """A teacher during whose 101st answer the process dies."""

    teacher: Teacher
    calls: int = 0

    async def answer(self, request: Request) -> Reply:
        self.calls += 1
        if self.calls > 100:
            raise InjectedCrashError
        return await self.teacher.answer(request)


def outcome(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that must not depend on speed or crashes: no times, and of attempts only those that count."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            "rounds": connection.execute("SELECT * FROM rounds ORDER BY round").fetchall(),
            "tickets": connection.execute("SELECT * FROM tickets ORDER BY seq").fetchall(),
            "samples": connection.execute(
                "SELECT s.seq, quality, reason, twin, checks, digest, signature, outcome, model, reply "
                "FROM samples s JOIN attempts a ON a.id = s.attempt ORDER BY s.seq"
            ).fetchall(),
            "counters": connection.execute("SELECT * FROM counters ORDER BY domain").fetchall(),
        }


def audit(path: Path) -> None:
    """Check that the accounts balance, and that they say what the rows say."""
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert accounts.balanced
    with closing(sqlite3.connect(path)) as connection:
        states = dict(connection.execute("SELECT state, count(*) FROM tickets GROUP BY state").fetchall())
        assert accounts.issued == sum(states.values())
        for state in ("accepted", "rejected", "dead", "open"):
            assert getattr(accounts, state) == states.get(state, 0)
        scored = connection.execute(
            "SELECT count(*) FROM samples s JOIN tickets t USING (seq) JOIN attempts a ON a.id = s.attempt "
            "WHERE t.state <> 'open' AND a.seq = t.seq AND a.outcome <> 'lost'"
        ).fetchone()
        assert scored == (accounts.settled,)
        assert connection.execute("SELECT count(DISTINCT item_id) FROM tickets").fetchone() == (accounts.issued,)
        (quality_sum,) = connection.execute("SELECT total(quality) FROM samples").fetchone()
    progress = LedgerView(path).progress()
    assert progress is not None
    assert abs(progress.score_sum - quality_sum) < 1e-6
