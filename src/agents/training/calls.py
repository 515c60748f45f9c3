"""Paid calls: what is asked of teachers and judges, recorded before it is asked and priced when it came.

Owns the account of a run's money and its caps. Never decides which ticket is next, and never commits: whoever begins a
call makes its record durable first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError
from agents.campaign.values import value
from agents.training.ledger import Issued, Ledger
from agents.training.limits import Limits, Spent
from agents.training.prices import Prices, Tariff
from agents.training.sample import Referral, Reply, Ticket
from agents.training.teachers import Request, Teacher


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that says what an answer is worth; ``alias`` is the recipe's name for it."""

    teacher: Teacher
    alias: str
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a run asks: its teacher, a judge for some domains, and what they cost.

    Where ``takes_up`` is True, the teacher takes up calls that were left under way when it is started again.
    """

    teacher: Teacher
    tariff: Tariff = field(default_factory=Tariff)
    judges: Mapping[str, Judge] = field(default_factory=dict)
    takes_up: bool = False


@value
class Work:
    """A ticket whose attempt is recorded; ``reply`` is there where it was answered before."""

    issued: Issued
    attempt: int
    reserved: float | None
    reply: Reply | None


class Calls:
    """The calls of one process for one run.

    ``free_bytes`` says how much room the ledger's disk has; ``durable`` returns when what was written is committed.
    """

    def __init__(
        self,
        ledger: Ledger,
        asked: Asked,
        limits: Limits,
        clock: Clock,
        free_bytes: Callable[[], int],
        durable: Callable[[], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._asked = asked
        self._limits = limits
        self._clock = clock
        self._free_bytes = free_bytes
        self._durable = durable
        self._replies = ledger.stored_replies()
        self._opinions = ledger.stored_opinions()
        self._left = ledger.taken_up() if asked.takes_up else {}
        judges: dict[str, Prices] = {}
        for judge in asked.judges.values():
            judges |= judge.tariff.by_alias(judge.alias)
        self._spent = ledger.spent(asked.tariff.by_alias(), judges)
        self._under_way = 0
        self._ended = asyncio.Event()
        self._began = clock.monotonic()

    def begin(self, issued: Issued, now: str) -> Work | PausedError:
        """Record the attempt of a ticket and return it, or why none may begin; what was answered is not asked again."""
        seq = issued.ticket.seq
        if seq in self._replies:
            attempt, reply = self._replies.pop(seq)
            return Work(issued, attempt, None, reply)
        if seq in self._left:
            attempt, reserved = self._left.pop(seq)
            return Work(issued, attempt, reserved, None)
        reserved = self._asked.tariff.most(issued.prompt)
        if (reached := self._reached(self._limits, seq, reserved)) is not None:
            return reached
        self._spent += reserved or 0.0
        return Work(issued, self._ledger.start_attempt(seq, now, reserved), reserved, None)

    async def reply(self, work: Work) -> Reply:
        """Return the answer to a ticket, from the teacher unless it came before; raises as the teacher does."""
        if work.reply is not None:
            return work.reply
        with self._asking():
            reply = await self._asked.teacher.answer(Request(work.issued.ticket, work.issued.prompt))
            cost = self._asked.tariff.cost(reply)
            self._ledger.finish_attempt(work.attempt, reply, self.now(), cost)
            self._book(work.reserved, cost)
        return reply

    async def opinion(self, ticket: Ticket, attempt: int, referral: Referral) -> Reply:
        """Return what the domain's judge says of the answer of ``attempt``.

        Where money or disk would not do, it waits until calls under way have told what they really cost.

        Raises:
            PausedError: money or disk do not do, or the judge cannot be asked until a person has mended something.
        """
        known = self._opinions.pop(attempt, None)
        if known is not None:
            return known
        judge = self._asked.judges[ticket.item.domain]
        reserved = judge.tariff.most(referral.question)
        begun = replace(self._limits, max_tickets=None, max_hours=None)
        while (reached := self._reached(begun, ticket.seq, reserved)) is not None:
            if not self._under_way:
                raise reached
            self._ended.clear()
            await self._ended.wait()
        self._spent += reserved or 0.0
        with self._asking():
            opinion = self._ledger.start_opinion(attempt, self.now(), reserved, judge.alias)
            await self._durable()
            reply = await judge.teacher.answer(Request(ticket, referral.question))
            cost = judge.tariff.cost(reply)
            self._ledger.finish_opinion(opinion, reply, self.now(), cost)
            self._book(reserved, cost)
        return reply

    def now(self) -> str:
        """Return the moment as the ledger has it."""
        return self._clock.now().isoformat(timespec="milliseconds")

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._ended.set()

    def _book(self, reserved: float | None, cost: float | None) -> None:
        if cost is not None:
            self._spent += cost - (reserved or 0.0)

    def _reached(self, limits: Limits, tickets: int, reserved: float | None) -> PausedError | None:
        hours = (self._clock.monotonic() - self._began) / 3600
        cost = None if reserved is None else self._spent + reserved
        return limits.reached(Spent(tickets, hours, self._free_bytes(), cost))
