"""The engine: takes a run from where its ledger is to what it owes.

Owns the order of events: a ticket is stored before its attempt, an attempt before its call, a sample before it is
counted. Never judges, never draws tickets, never writes SQL.

One coroutine coordinates. Each turn it settles what is ready in the order of the tickets, has the next round planned
when one is due, records new attempts, commits all of that at once, announces it, and starts the work. Each ticket is
answered in a task of its own, and judged together with others: the next call does not wait for that, and many in a row
cost less each. Whatever was fast or slow, the ledger comes out the same. When a task fails, no more are begun, and the
failure is raised when those in flight are finished: what was paid for is kept. So it is when a guard alarms; the ticket
on which it does is the last one settled, and what was answered after it waits for the next start.
When nothing comes back for too long, what is in flight is given up, to be asked again by the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.campaign.clock import Clock
from agents.campaign.errors import CampaignError, PausedError
from agents.campaign.events import Event, Progressed, SampleScored
from agents.campaign.failures import failure_of
from agents.campaign.pace import Pace
from agents.campaign.progress import Progress
from agents.campaign.values import value
from agents.training.bench import Bench
from agents.training.calls import Asked, Calls, Work
from agents.training.dedup import Duplicates
from agents.training.guards import Alarm, Guards, Settled
from agents.training.judge import Domains, Draft, Finding, Order, assess, decide, draft, referred, unusable
from agents.training.ledger import Issued, Ledger
from agents.training.limits import Limits
from agents.training.rounds import Goal, Rounds, Slot
from agents.training.sample import Cell, Message, Referral, Reply, SourceItem, Ticket

TRIALS = 32
"""Draws for a round after which a domain counts as having no new items."""
NO_LIMITS = Limits()
TURN_SECONDS = 0.002
"""From one turn to the next, at least: what happens meanwhile is committed together."""
JUDGED_WITHIN, JUDGED_AT_ONCE = 0.02, 32
"""Seconds for which an answer waits for others to be judged with, and how many do not wait."""
KEPT_AFTER = 256
"""Settled tickets after which what the guards know is stored; a start that finds less catches up."""
_PROGRESS_SECONDS = 1.0
_LOOKS = 20
"""Looks for a sign of life while a silence lasts."""


@dataclass(frozen=True, slots=True)
class Standards:
    """What is accepted: quality and Jaccard similarity in [0, 1]."""

    accept_at: float
    near_duplicate: float


@value
class _Answered:
    work: Work
    reply: Reply

    @property
    def told(self) -> tuple[tuple[SourceItem, tuple[Message, ...], str], int]:
        """What is to be assessed, and its lane on the bench."""
        issued = self.work.issued
        return (issued.ticket.item, issued.prompt, self.reply.text), issued.ticket.variant


@value
class _Judged:
    answered: _Answered
    finding: Finding | None
    judge: str = ""
    """The model that judged it, where one did."""


class Engine:
    """One run of one process. ``announce`` hears of all events in their order, after they are durable."""

    def __init__(
        self,
        *,
        goal: Goal,
        cells: Mapping[str, Sequence[Cell]],
        standards: Standards,
        ledger: Ledger,
        bench: Bench[Domains],
        asked: Asked,
        in_flight: int,
        clock: Clock,
        announce: Callable[[Sequence[Event]], None],
        guards: Guards | None = None,
        limits: Limits = NO_LIMITS,
        free_bytes: Callable[[], int] = lambda: sys.maxsize,
        silence_seconds: float = math.inf,
    ) -> None:
        self._goal = goal
        self._standards = standards
        self._ledger = ledger
        self._bench = bench
        self._in_flight = in_flight
        self._clock = clock
        self._announce = announce
        self._rounds = Rounds(
            goal, cells, ledger.round_sizes(), ledger.cell_counts(), ledger.item_ids(), ledger.exhausted()
        )
        self._duplicates = Duplicates(standards.near_duplicate)
        for seq, found in ledger.traces():
            self._duplicates.add(seq, found)
        self._tray = deque(ledger.open_tickets())
        self._calls = Calls(ledger, asked, limits, clock, free_bytes, self._durable)
        self._next = self._tray[0].ticket.seq if self._tray else self._rounds.issued
        self._answered: list[_Answered] = []  # and to be judged
        self._judging: asyncio.TimerHandle | None = None
        self._ready: dict[int, _Judged] = {}
        self._begun = 0  # tickets, and not ready
        self._tasks: set[asyncio.Task[None]] = set()
        self._guards = guards
        self._unkept, self._kept_warnings = KEPT_AFTER, guards.warned if guards else {}
        self._alarm: Alarm | None = None
        self._silence_seconds = silence_seconds
        self._takes_up = asked.takes_up
        self._asking: set[asyncio.Task[None]] = set()  # those that wait for the teacher
        self._is_silent = False
        self._finished = 0
        self._uncommitted: list[asyncio.Future[None]] = []
        self._planning = False
        self._stopping = False
        self._failure: BaseException | None = None
        self._news = asyncio.Event()
        self._progress_due = 0.0

    def drain(self) -> None:
        """Plan no more rounds and begin no more tickets; ``run`` ends when those in flight are finished.

        It does not wait for calls that the teacher takes up after the next start.
        """
        self._stopping = True
        self._news.set()

    async def run(self) -> Progress:
        """Generate until the run has what it owes; return its final progress.

        Raises:
            PausedError: it was drained, a guard alarmed, a cap is reached, its tickets or its items are used up,
                nothing came back for too long, or a part of the machine is out of order; the same command resumes it.
            CampaignError: the code of a domain or of a teacher is broken.
        """
        self._announce([self._ledger.header.started()])
        listener = asyncio.create_task(self._listen())
        try:
            while self._turn() and not self._is_silent:
                turned = self._clock.monotonic()
                await self._news.wait()
                await asyncio.sleep(turned + TURN_SECONDS - self._clock.monotonic())
                self._news.clear()
        finally:
            listener.cancel()
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
        self._keep_guards(len(scored))
        if self._rounds.due() and not (self._planning or self._stopping) and self._failure is None:
            self._planning = True
            self._start(self._plan())
        starting = self._record_attempts()
        self._ledger.commit()
        for waiting in self._uncommitted:
            if not waiting.done():
                waiting.set_result(None)
        self._uncommitted.clear()
        for work in starting:
            self._start(self._answer(work), asks=True)
        self._begun += len(starting)
        if not self._asking:
            self._judge_answered()
        self._announce_scored(scored)
        if self._takes_up and (self._stopping or self._failure is not None):
            for task in self._asking:
                task.cancel()
        return not self._is_idle

    @property
    def _is_idle(self) -> bool:
        return not (self._tasks or self._answered)

    def _keep_guards(self, settled: int) -> None:
        """Store what the guards know, not with every ticket: the ledger has what they know it from."""
        self._unkept += settled
        if self._guards is None or not self._unkept:
            return
        is_told = self._alarm is not None or self._guards.warned != self._kept_warnings
        if self._unkept >= KEPT_AFTER or is_told or self._is_idle:
            self._ledger.keep_guards(self._guards, self._next)
            self._unkept, self._kept_warnings = 0, self._guards.warned

    def _settle_ready(self) -> list[SampleScored]:
        """Settle in the order of the tickets. What is settled after a round is complete must not change the next."""
        scored, now = [], self._calls.now()
        while self._next in self._ready and not (self._rounds.due() or self._alarm):
            scored.append(self._settle(self._ready.pop(self._next), now))
            self._next += 1
        return scored

    def _settle(self, judged: _Judged, now: str) -> SampleScored:
        work, reply, finding = judged.answered.work, judged.answered.reply, judged.finding
        ticket = work.issued.ticket
        decided = decide(ticket.seq, reply, finding, self._duplicates, self._standards.accept_at)
        accepted = decided.state == "accepted"
        trace, dialogue = (finding.trace, finding.judgement.sample) if finding else (None, None)
        self._ledger.settle(ticket, work.attempt, decided, trace, now, dialogue)
        self._rounds.settle(ticket.item.domain, ticket.item.cell, accepted=accepted)
        model = reply.model if decided.state != "dead" else ""
        failure, seen = failure_of(decided.reason, decided.quality), (decided.quality, accepted)
        self._watch(Settled(ticket.seq, ticket.item.domain, *seen, failure, model, reply.alias, judged.judge))
        return SampleScored(decided.quality, accepted, ticket.item.domain)

    def _watch(self, settled: Settled) -> None:
        """Show a settled ticket to the guards; an alarm is recorded with it, unless nothing is owed any more."""
        if self._guards is None:
            return
        self._guards, alarm = self._guards.after(settled)
        if alarm is not None and not self._ledger.progress().is_complete:
            self._alarm = alarm
            self._ledger.pause(alarm, self._calls.now())
            self._stopping = True

    async def _plan(self) -> None:
        wanted = Counter(self._rounds.due())
        admitted: list[tuple[Slot, Draft]] = []
        for trial in range(TRIALS):
            slots = self._rounds.slots(wanted, trial)
            orders = [Order(self._goal.run, self._goal.seed, slot) for slot in slots]
            drafts = await self._bench.run_all(draft, [(order, order.slot.variant) for order in orders])
            if self._stopping:
                return
            fresh = [pair for pair in zip(slots, drafts, strict=True) if self._rounds.admit(pair[0], pair[1].item_id)]
            admitted += fresh
            wanted -= Counter(slot.domain for slot, _ in fresh)
            if not wanted:
                break
        self._issue(self._rounds.shuffled(admitted), exhausted=set(wanted))
        self._planning = False

    def _issue(self, admitted: Sequence[tuple[Slot, Draft]], exhausted: Collection[str]) -> None:
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
        if self._goal.redistributes:
            self._ledger.exhaust(exhausted)
        self._rounds.close([slot for slot, _ in admitted], exhausted)
        self._tray.extend(tickets)

    def _record_attempts(self) -> list[Work]:
        starting: list[Work] = []
        now = self._calls.now()
        if self._stopping or self._failure is not None:
            return starting
        room = min(self._in_flight - len(self._asking), 2 * self._in_flight - self._begun)
        while self._tray and len(starting) < room:
            work = self._calls.begin(self._tray[0], now)
            if isinstance(work, PausedError):
                # What is in flight may cost less than was reserved for it: only an idle run has reached its cap.
                self._failure = work if self._is_idle and not starting else None
                break
            self._tray.popleft()
            starting.append(work)
        return starting

    async def _answer(self, work: Work) -> None:
        """Have one ticket answered, unless it was already."""
        answered = _Answered(work, await self._calls.reply(work))
        if unusable(answered.reply) is not None:
            self._have_ready(_Judged(answered, None))
            return
        self._answered.append(answered)
        if len(self._answered) >= min(JUDGED_AT_ONCE, self._in_flight):
            self._judge_answered()
        elif self._judging is None:
            self._judging = asyncio.get_running_loop().call_later(JUDGED_WITHIN, self._judge_answered)

    def _judge_answered(self) -> None:
        """Have all answers judged that wait for it."""
        if self._judging is not None:
            self._judging.cancel()
            self._judging = None
        if self._answered:
            self._start(self._judge(self._answered))
            self._answered = []

    async def _judge(self, answers: Sequence[_Answered]) -> None:
        """Have answers judged, those of which the domain's judge is asked in a task each."""
        findings = await self._bench.run_all(assess, [answered.told for answered in answers])
        for answered, finding in zip(answers, findings, strict=True):
            if (referral := finding.judgement.referral) is None:
                self._have_ready(_Judged(answered, finding))
            else:
                self._start(self._refer(answered, finding, referral))

    async def _refer(self, answered: _Answered, finding: Finding, referral: Referral) -> None:
        work = answered.work
        said = await self._calls.opinion(work.issued.ticket, work.attempt, referral)
        self._have_ready(_Judged(answered, referred(finding, said), said.model))

    def _have_ready(self, judged: _Judged) -> None:
        self._ready[judged.answered.work.issued.ticket.seq] = judged
        self._begun -= 1

    async def _durable(self) -> None:
        """Return when what was written is committed."""
        committed = asyncio.get_running_loop().create_future()
        self._uncommitted.append(committed)
        self._news.set()
        await committed

    async def _listen(self) -> None:
        """End the run when nothing is finished for too long. Time in which this process was stopped does not count."""
        pace, awake = Pace(), 0.0
        while math.isfinite(step := self._silence_seconds / _LOOKS):
            await asyncio.sleep(step)
            awake += step
            silent = pace.mark(awake, self._finished)
            if self._tasks and silent >= pace.stall_after(self._silence_seconds):
                self._is_silent = True
                self._failure = self._failure or PausedError(
                    f"nothing came back for {silent / 60:.3g} minutes, with {len(self._tasks)} tickets in flight",
                    "see whether the teacher answers, then run the same command again; watch.stall_minutes in the "
                    "recipe says how long it may be silent",
                )
                self._news.set()

    def _start(self, work: Coroutine[Any, Any, None], *, asks: bool = False) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        if asks:
            self._asking.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._asking.discard(task)
        self._finished += 1
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
        self._news.set()

    async def _end_tasks(self) -> None:
        """Cancel what still runs, on a second signal or a failing ledger; answers that came back stay."""
        if self._judging is not None:
            self._judging.cancel()
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            with contextlib.suppress(CampaignError):
                self._ledger.commit()

    def _announce_scored(self, scored: Sequence[SampleScored]) -> None:
        if not scored:
            return
        self._announce(scored)
        if self._clock.monotonic() >= self._progress_due:
            self._announce_progress()

    def _announce_progress(self) -> Progress:
        self._progress_due = self._clock.monotonic() + _PROGRESS_SECONDS
        progress = self._ledger.progress()
        self._announce([Progressed(progress.done or 0, self._goal.total, progress.quality, progress.acceptance)])
        return progress

    def _pause(self, progress: Progress) -> PausedError:
        at = f"run {self._goal.run!r} has {progress.done} of {self._goal.total} with {self._rounds.issued} tickets"
        if self._alarm is not None:
            return PausedError(f"{self._alarm.cause}: {at}", self._alarm.cure)
        if self._stopping:
            return PausedError(f"stopped on request: {at}", "run the same command again; it goes on from here")
        reasons = ", ".join(f"{reason} ({count})" for reason, count in self._ledger.reasons(3)) or "none"
        lacking = ", ".join(f"{domain} lacks {count}" for domain, count in sorted(self._rounds.lacking().items()))
        at = f"{at} ({lacking}); most frequent reasons of rejection: {reasons}"
        if self._rounds.is_barren:
            return PausedError(
                f"no domain that owes samples has new items: {at}",
                "lower the target, lower the weight of that domain, give it more items, or have the others make up "
                "for it: campaign.on_exhausted: redistribute",
            )
        return PausedError(
            f"the ticket budget is used up: {at}",
            "raise campaign.tickets_per_sample, lower the target, mend what fails most, or have the other domains make "
            "up for it: campaign.on_exhausted: redistribute",
        )
