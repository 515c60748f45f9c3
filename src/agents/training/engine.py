"""The engine: takes a run from where its ledger is to what it owes.

Owns the order of events: a ticket is stored before its attempt, an attempt before its call, a sample before it is
counted. Never judges, never draws tickets, never writes SQL.

One coroutine coordinates. Each turn it settles what is ready in the order of the tickets, has the next round planned
when one is due, records new attempts, commits all of that at once, announces it, and starts the work. Work on a
ticket runs in a task of its own; whatever was fast or slow, the ledger comes out the same. When a task fails, no more
are begun, and the failure is raised when those in flight are finished: what was paid for is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.campaign.clock import Clock
from agents.campaign.errors import CampaignError, PausedError
from agents.campaign.events import Event, Progressed, SampleScored
from agents.campaign.progress import Progress
from agents.training.bench import Bench
from agents.training.dedup import Duplicates
from agents.training.guards import Alarm, Guards, Settled
from agents.training.judge import Domains, Draft, Finding, Order, assess, draft, unusable, verdict
from agents.training.ledger import Issued, Ledger
from agents.training.rounds import Goal, Rounds, Slot
from agents.training.sample import Cell, Reply, Ticket
from agents.training.teachers import Request, Teacher

TRIALS = 32
"""Draws for a round after which a domain counts as having no new items."""
_PROGRESS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Standards:
    """What is accepted: quality and Jaccard similarity in [0, 1]."""

    accept_at: float
    near_duplicate: float


@dataclass(frozen=True, slots=True)
class _Work:
    issued: Issued
    attempt: int
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    ticket: Ticket
    attempt: int
    reply: Reply
    finding: Finding | None


class Engine:
    """One run of one process. ``announce`` hears of every event after it is durable."""

    def __init__(
        self,
        *,
        goal: Goal,
        cells: Mapping[str, Sequence[Cell]],
        standards: Standards,
        ledger: Ledger,
        bench: Bench[Domains],
        teacher: Teacher,
        in_flight: int,
        clock: Clock,
        announce: Callable[[Event], None],
        guards: Guards | None = None,
        max_hours: float | None = None,
    ) -> None:
        self._goal = goal
        self._standards = standards
        self._ledger = ledger
        self._bench = bench
        self._teacher = teacher
        self._in_flight = in_flight
        self._clock = clock
        self._announce = announce
        self._rounds = Rounds(goal, cells, ledger.round_sizes(), ledger.cell_counts(), ledger.item_ids())
        self._duplicates = Duplicates(standards.near_duplicate)
        for seq, found in ledger.traces():
            self._duplicates.add(seq, found)
        self._tray = deque(ledger.open_tickets())
        self._stored = ledger.stored_replies()
        self._next = self._tray[0].ticket.seq if self._tray else self._rounds.issued
        self._ready: dict[int, _Answered] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._guards = guards.taken_up(ledger.guards()) if guards else None
        self._alarm: Alarm | None = None
        self._ends_at = math.inf if max_hours is None else clock.monotonic() + 3600 * max_hours
        self._planning = False
        self._stopping = False
        self._failure: BaseException | None = None
        self._news = asyncio.Event()
        self._progress_due = 0.0

    def drain(self) -> None:
        """Plan no more rounds and begin no more tickets; ``run`` ends when those in flight are finished."""
        self._stopping = True
        self._news.set()

    async def run(self) -> Progress:
        """Generate until the run has what it owes; return its final progress.

        Raises:
            PausedError: it was drained, a guard alarmed, its hours are over, its tickets or its items are used up, or a
                part of the machine is out of order; the same command resumes it.
            CampaignError: the code of a domain or of a teacher is broken.
        """
        self._announce(self._ledger.header.started())
        try:
            while self._turn():
                await self._news.wait()
                self._news.clear()
        finally:
            await self._end_tasks()
        if self._failure is not None:
            raise self._failure
        progress = self._announce_progress()
        if not progress.is_complete:
            raise self._pause(progress)
        return progress

    def _turn(self) -> bool:
        """Do all that can be done now; return whether there is something to wait for."""
        scored = self._settle_ready()
        if scored and self._guards is not None:
            self._ledger.keep_guards(self._guards.document())
        if self._clock.monotonic() >= self._ends_at:
            self._stopping = True
        if self._rounds.due() and not (self._planning or self._stopping) and self._failure is None:
            self._planning = True
            self._start(self._plan())
        starting = self._record_attempts()
        self._ledger.commit()
        self._announce_scored(scored)
        for work in starting:
            self._start(self._answer(work))
        return bool(self._tasks)

    def _settle_ready(self) -> list[SampleScored]:
        """Settle in the order of the tickets. What is settled after a round is complete must not change the next."""
        scored = []
        while self._next in self._ready and not self._rounds.due():
            scored.append(self._settle(self._ready.pop(self._next)))
            self._next += 1
        return scored

    def _settle(self, answered: _Answered) -> SampleScored:
        ticket, finding = answered.ticket, answered.finding
        good = finding is not None and finding.judgement.quality >= self._standards.accept_at
        twin = self._duplicates.find(finding.trace) if finding and good else None
        decided = verdict(answered.reply, finding, twin, self._standards.accept_at)
        accepted = decided.state == "accepted"
        if finding and accepted:
            self._duplicates.add(ticket.seq, finding.trace)
        self._ledger.settle(ticket, answered.attempt, decided, finding.trace if finding else None, self._now())
        self._rounds.settle(ticket.item.domain, ticket.item.cell, accepted=accepted)
        self._watch(Settled(ticket.item.domain, decided.quality, accepted, answered.reply.model))
        return SampleScored(decided.quality, accepted, ticket.item.domain)

    def _watch(self, settled: Settled) -> None:
        """Show a settled ticket to the guards; the first alarm is recorded with it, and the run drains."""
        if self._guards is None or self._alarm is not None:
            return
        self._guards, self._alarm = self._guards.after(settled)
        if self._alarm is not None:
            self._ledger.pause(self._alarm, self._now())
            self._stopping = True

    async def _plan(self) -> None:
        wanted = Counter(self._rounds.due())
        admitted: list[tuple[Slot, Draft]] = []
        for trial in range(TRIALS):
            slots = self._rounds.slots(wanted, trial)
            orders = [Order(self._goal.run, self._goal.seed, slot) for slot in slots]
            drafts = await asyncio.gather(*(self._bench.run(draft, order, order.slot.variant) for order in orders))
            if self._stopping:
                return
            fresh = [pair for pair in zip(slots, drafts, strict=True) if self._rounds.admit(pair[0], pair[1].item_id)]
            admitted += fresh
            wanted -= Counter(slot.domain for slot, _ in fresh)
            if not wanted:
                break
        self._issue(self._rounds.shuffled(admitted))
        self._planning = False

    def _issue(self, admitted: Sequence[tuple[Slot, Draft]]) -> None:
        tickets = [
            Issued(
                Ticket(self._goal.run, seq, drafted.item, slot.variant),
                drafted.ticket_id,
                drafted.item_id,
                slot.index,
                drafted.prompt,
            )
            for seq, (slot, drafted) in enumerate(admitted, self._rounds.issued)
        ]
        if tickets:
            self._ledger.add_round(tickets)
        self._rounds.close([slot for slot, _ in admitted])
        self._tray.extend(tickets)

    def _record_attempts(self) -> list[_Work]:
        starting: list[_Work] = []
        if self._stopping or self._failure is not None:
            return starting
        while self._tray and len(self._tasks) + len(starting) < self._in_flight:
            issued = self._tray.popleft()
            attempt, reply = self._stored.pop(issued.ticket.seq, (0, None))
            if reply is None:
                attempt = self._ledger.start_attempt(issued.ticket.seq, self._now())
            starting.append(_Work(issued, attempt, reply))
        return starting

    async def _answer(self, work: _Work) -> None:
        """Have one ticket answered, unless it was already, and its answer judged."""
        ticket, reply = work.issued.ticket, work.reply
        if reply is None:
            reply = await self._teacher.answer(Request(ticket, work.issued.prompt))
            self._ledger.finish_attempt(work.attempt, reply, self._now())
            self._news.set()
        finding = None
        if unusable(reply) is None:
            finding = await self._bench.run(assess, (ticket.item, work.issued.prompt, reply.text), ticket.variant)
        self._ready[ticket.seq] = _Answered(ticket, work.attempt, reply, finding)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
        self._news.set()

    async def _end_tasks(self) -> None:
        """Cancel what still runs, on a second signal or a failing ledger; answers that came back stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(CampaignError):
            self._ledger.commit()

    def _announce_scored(self, scored: Sequence[SampleScored]) -> None:
        for event in scored:
            self._announce(event)
        if scored and self._clock.monotonic() >= self._progress_due:
            self._announce_progress()

    def _announce_progress(self) -> Progress:
        self._progress_due = self._clock.monotonic() + _PROGRESS_SECONDS
        progress = self._ledger.progress()
        self._announce(Progressed(progress.done or 0, self._goal.total, progress.quality, progress.acceptance))
        return progress

    def _pause(self, progress: Progress) -> PausedError:
        at = f"run {self._goal.run!r} has {progress.done} of {self._goal.total} with {self._rounds.issued} tickets"
        if self._alarm is not None:
            return PausedError(f"{self._alarm.cause}: {at}", self._alarm.cure)
        if self._clock.monotonic() >= self._ends_at:
            return PausedError(
                f"guards.max_hours are over: {at}", "raise it in the recipe, or run the same command for as long again"
            )
        if self._stopping:
            return PausedError(f"stopped on request: {at}", "run the same command again; it goes on from here")
        reasons = ", ".join(f"{reason} ({count})" for reason, count in self._ledger.reasons(3)) or "none"
        if self._rounds.issued >= self._goal.budget:
            return PausedError(
                f"the ticket budget is used up: {at}; most frequent reasons of rejection: {reasons}",
                "raise campaign.tickets_per_sample, lower the target, or mend what fails most",
            )
        return PausedError(
            f"no domain that owes samples has new items: {at}; most frequent reasons of rejection: {reasons}",
            "lower the target, lower the weight of that domain, or give it more items",
        )

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds")
