"""The stage for tests of agents: a clock moved by hand, logs and ledgers of pilots, generators that are acted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.autonomous.warden import lease_label
from agents.campaign.clock import stamp
from agents.campaign.errors import CampaignError
from agents.campaign.events import WATCHED_KINDS, RunKind, WatchedKind
from agents.campaign.files import make_folder, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import RunHeader
from agents.campaign.plan import Layer, Plan, resolve
from agents.campaign.process import Identity
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket

FINGERPRINT = "f" * 16
PILOT_RUN = "pilot_ours"
PROMPT = (Message("user", "?"),)


class HandClock:
    """Time that passes when it is told to; it begins at the machine's wall time, as files have that."""

    def __init__(self) -> None:
        self.begun = datetime.now().astimezone()
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.begun + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


def plan(**values: Any) -> Plan:
    """Return the plan of a campaign of assembly in which ``gate__min_samples=3`` sets the key ``gate.min_samples``."""
    keys = {"domains.asm.weight": 1.0} | {name.replace("__", "."): value for name, value in values.items()}
    return resolve(Layer(keys, dict.fromkeys(keys, "test")))


def append(log: Path, *lines: str) -> None:
    make_folder(log.parent)
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def sample_lines(scores: Iterable[object], total: int = 190, first: int = 1) -> list[str]:
    """Return what a foreign generator logs of samples: a score, then the progress."""
    lines = []
    for done, score in enumerate(scores, first):
        lines += [f"quality_score: {score}", f"Progress: {done}/{total}"]
    return lines


def make_ledger(
    home: Home,
    run: str,
    qualities: Sequence[float],
    *,
    kind: RunKind = "pilot",
    total: int = 190,
    fingerprint: str = FINGERPRINT,
) -> Path:
    """Make or extend the ledger of ``run`` through the factory; a quality of 0.7 or more is accepted."""
    values = {"domains.asm.weight": 1.0}
    header = RunHeader(run, kind, total, fingerprint, values, {}, {}, stamp(datetime.now().astimezone()))
    path = home.run(run).ledger
    with Ledger.open(path, header) as ledger:
        first = ledger.progress().scored
        now = header.created
        items = [SourceItem("asm", Cell("f", 1), {"n": first + n}) for n in range(len(qualities))]
        tickets = [Ticket(run, first + n, item) for n, item in enumerate(items)]
        if tickets:
            ledger.add_round([Issued(t, t.id, t.item.id, t.seq, PROMPT) for t in tickets])
        for ticket, quality in zip(tickets, qualities, strict=True):
            attempt = ledger.start_attempt(ticket.seq, now)
            ledger.finish_attempt(attempt, Reply(Outcome.ANSWERED, "!", "m"), now)
            accepted = quality >= 0.7
            verdict = Verdict("accepted" if accepted else "rejected", quality, None if accepted else "low", (), None)
            ledger.settle(ticket, attempt, verdict, None, now)
        ledger.commit()
    return path


@dataclass(frozen=True)
class Played:
    """A generator that was started on the stage."""

    kind: WatchedKind
    run: str
    launch: int
    argv: tuple[str, ...]


@dataclass
class Stage:
    """Plays generators and their wardens: holds their leases, writes their exit records, starts nothing."""

    home: Home
    fingerprint: str = FINGERPRINT
    capacity: int | None = None
    """Distinct items of the domain asm."""
    unready: list[str] = field(default_factory=list)
    """What could not be done after the campaign."""
    refusal: CampaignError | None = None
    """What every dry run ends with."""
    dies_with: tuple[int | None, int | None] | None = None
    """Exit code and signal with which every generator ends at once."""
    at_start: Callable[[Played], None] = lambda _: None
    started: list[Played] = field(default_factory=list)
    _held: dict[WatchedKind, ExitStack] = field(default_factory=dict)

    async def dry_run(self, argv: Sequence[str], _environment: Mapping[str, str]) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        if "--trial" in argv:
            name, tickets = (argv[argv.index(flag) + 1] for flag in ("--candidate", "--tickets"))
            return {"run": f"trial_{name}", "total": int(tickets), "fingerprint": name} | self._abilities(None)
        is_pilot = "--pilot" in argv
        run = PILOT_RUN if is_pilot else argv[argv.index("--output-name") + 1]
        total = 190 if is_pilot else int(argv[argv.index("--target") + 1])
        return {"run": run, "total": total, "fingerprint": self.fingerprint} | self._abilities(self.capacity)

    def _abilities(self, capacity: int | None) -> dict[str, Any]:
        return {"capacity": {"asm": capacity}, "unready": self.unready}

    def start_detached(self, argv: Sequence[str], _log: Path, _environment: Mapping[str, str]) -> Identity:
        kind = next(kind for kind in WATCHED_KINDS if kind == argv[argv.index("--kind") + 1])
        played = Played(
            kind,
            argv[argv.index("--run") + 1],
            int(argv[argv.index("--launch") + 1]),
            tuple(argv[argv.index("--") + 1 :]),
        )
        self.started.append(played)
        self.live(kind, played.run)
        self.at_start(played)
        if self.dies_with is not None:
            self.end(kind, *self.dies_with)
        return Identity.mine()

    def live(self, kind: WatchedKind, run: str) -> None:
        """Hold what a live generator and its warden hold."""
        held = self._held[kind] = ExitStack()
        held.enter_context(Lease(self.home.warden_lease(kind), lease_label(kind, run)))
        held.enter_context(Lease(self.home.run(run).lease, lease_label(kind, run)))

    def end(self, kind: WatchedKind, code: int | None = 0, signal: int | None = None) -> None:
        """End the newest generator of ``kind`` as its warden records it."""
        played = [played for played in self.started if played.kind == kind][-1]
        if kind == "campaign" and code == 0:
            write_json(self.home.datasets / played.run / "manifest.json", {})
        write_exit(self.home, played.run, code, signal, played.launch)
        self._held.pop(kind).close()

    def vanish(self, kind: WatchedKind) -> None:
        """End a generator and its warden without a record, as kill -9 of both does."""
        self._held.pop(kind).close()

    def clear(self) -> None:
        for held in self._held.values():
            held.close()
        self._held.clear()


def write_exit(home: Home, run: str, code: int | None = 0, signal: int | None = None, launch: int = 1) -> None:
    make_folder(home.run(run).folder)
    write_json(home.run(run).exit_record, {"launch": launch, "run": run, "code": code, "signal": signal})


def run(orchestrator: TrainingOrchestrator) -> dict[str, Any]:
    """Take the workflow to its end, and return its state."""
    return asyncio.run(asyncio.wait_for(orchestrator.run_autonomous(), 30))


def tick(orchestrator: TrainingOrchestrator) -> dict[str, Any]:
    """Take one step, and return the state."""
    return asyncio.run(orchestrator.tick())
