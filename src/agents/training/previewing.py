"""How a preview is made: a few tickets as the pilot would draw them, asked for and judged.

Owns that nothing is written: no ledger, no lease, no log. What is asked is paid for, and ``guards.max_cost`` holds.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.plan import Plan
from agents.campaign.recipe import TeacherSection
from agents.training.bench import InlineBench
from agents.training.calls import Asked
from agents.training.dedup import Duplicates
from agents.training.engine import TRIALS, Standards
from agents.training.faculty import faculty
from agents.training.judge import Draft, Finding, Order, assess, decide, draft, referred, sample_of, unusable
from agents.training.limits import Limits, Spent
from agents.training.preflight import Prepared
from agents.training.preview import Call, Preview, Shown
from agents.training.prices import Tariff
from agents.training.rounds import Rounds
from agents.training.sample import Message, Ticket
from agents.training.teachers import Request, Teacher

SILENCE_SECONDS = 60.0
"""How much longer than the longest answer a silence may be: calls that are refused for rate are made again for ever."""


def of_candidate(plan: Plan, name: str | None) -> Plan:
    """Return the plan of candidate ``name``; of a recipe without candidates, the plan itself.

    Raises:
        UsageError: there is none of this name, or one must be named.
    """
    candidates = plan.recipe.candidates
    if name is not None and not candidates:
        raise UsageError(f"the recipe has no candidates, and none called {name!r}", "leave --candidate out")
    if name is None and candidates:
        raise UsageError(
            "the recipe has candidates, and only one of them can be asked",
            f"name one with --candidate: {', '.join(candidates)}",
        )
    return plan if name is None else plan.with_candidate(name)


@dataclass(frozen=True, slots=True)
class _Answered:
    """A ticket with what was said to it, and what the checks and the judge found; None where nothing could be read."""

    ticket: Ticket
    prompt: tuple[Message, ...]
    answer: Call
    opinion: Call | None
    finding: Finding | None


async def make_preview(
    prepared: Prepared,
    count: int,
    seed_offset: int,
    environment: Mapping[str, str],
    clock: Clock,
    say: Callable[[str], None],
    progressed: Callable[[int], object],
) -> Preview:
    """Return the preview of ``count`` tickets of the pilot ``prepared``; with another ``seed_offset``, of other ones.

    Batches are not waited for: their model is asked ticket by ticket. ``say`` hears what a person would want to know of
    the models, ``progressed`` how many tickets are finished.

    Raises:
        UsageError: a template cannot be filled in, or a key is missing.
        PausedError: the teacher or the judge cannot be asked until a person has mended something, or costs too much;
            or nothing comes back.
    """
    tickets = _tickets(prepared, count, seed_offset)
    recipe, prepared = prepared.plan.recipe, _without_batches(prepared)
    async with (
        InlineBench(prepared.domains) as bench,
        faculty(prepared, bench, environment, clock, say) as asked,
    ):
        asking = _Asking(prepared, asked, clock, progressed)
        answered = await asking.all(tickets)
    standards = Standards(recipe.checks.accept_at, recipe.checks.near_duplicate)
    is_model = recipe.asked_model is not None
    at_once = None if recipe.teacher.kind == "batch" else recipe.speed.in_flight if is_model else 1
    return Preview(_decided(answered, standards), count, prepared.goal.total, at_once, bool(recipe.asked_aliases))


def _tickets(prepared: Prepared, count: int, seed_offset: int) -> list[tuple[Ticket, Draft]]:
    """Return up to ``count`` tickets with different items, shared among the domains by their weights."""
    goal = replace(prepared.goal, total=count, budget=count, seed=prepared.goal.seed + seed_offset)
    rounds = Rounds(goal, prepared.cells)
    wanted = Counter(rounds.due())
    drafts: list[tuple[int, Draft]] = []
    for trial in range(TRIALS):
        for slot in rounds.slots(wanted, trial):
            drafted = draft(prepared.domains, Order(goal.run, goal.seed, slot))
            if rounds.admit(slot, drafted.item_id):
                drafts.append((slot.variant, drafted))
                wanted[slot.domain] -= 1
        wanted = +wanted
    ordered = enumerate(rounds.shuffled(drafts))
    return [(Ticket(goal.run, seq, drafted.item, variant), drafted) for seq, (variant, drafted) in ordered]


def _without_batches(prepared: Prepared) -> Prepared:
    """Return ``prepared`` with a teacher that answers at once, of the same model."""
    recipe = prepared.plan.recipe
    if recipe.teacher.kind != "batch":
        return prepared
    teacher = TeacherSection(kind="chat", model=recipe.teacher.model)
    return replace(prepared, plan=replace(prepared.plan, recipe=recipe.model_copy(update={"teacher": teacher})))


class _Asking:
    """Asks for tickets, not more at once and not more of them than the recipe allows."""

    def __init__(self, prepared: Prepared, asked: Asked, clock: Clock, progressed: Callable[[int], object]) -> None:
        recipe = prepared.plan.recipe
        self._domains = prepared.domains
        self._asked = asked
        self._clock = clock
        self._progressed = progressed
        self._places = asyncio.Semaphore(recipe.speed.in_flight)
        self._limits = Limits(max_cost=recipe.guards.max_cost)
        self._silence = _longest_silence(prepared)
        self._deadline = asyncio.timeout(self._silence)
        self._spent = 0.0
        self._finished = 0

    async def all(self, tickets: Sequence[tuple[Ticket, Draft]]) -> list[_Answered]:
        """Return what came of ``tickets``, in their order; the first trouble that stops one ends all."""
        try:
            async with self._deadline, asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(ticket, drafted)) for ticket, drafted in tickets]
        except TimeoutError:
            raise PausedError(
                f"nothing came back for {self._silence:.3g} s, with {self._finished} of {len(tickets)} samples there",
                "see whether the model answers, and whether it refuses for rate: then wait, use another key, or lower "
                "speed.in_flight",
            ) from None
        except ExceptionGroup as troubles:
            raise troubles.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _one(self, ticket: Ticket, drafted: Draft) -> _Answered:
        finding = opinion = None
        async with self._places:
            answer = await self._call(self._asked.teacher, self._asked.tariff, Request(ticket, drafted.prompt))
            if unusable(answer.reply) is None:
                finding = assess(self._domains, (ticket.item, drafted.prompt, answer.reply.text))
                if (referral := finding.judgement.referral) is not None:
                    judge = self._asked.judges[ticket.item.domain]
                    opinion = await self._call(judge.teacher, judge.tariff, Request(ticket, referral.question))
                    finding = referred(finding, opinion.reply)
        self._finished += 1
        self._progressed(self._finished)
        return _Answered(ticket, drafted.prompt, answer, opinion, finding)

    async def _call(self, teacher: Teacher, tariff: Tariff, request: Request) -> Call:
        most = tariff.most(request.prompt)
        if most is not None:
            spent = Spent(tickets=0, hours=0.0, free_bytes=sys.maxsize, cost=self._spent + most)
            if (reached := self._limits.reached(spent)) is not None:
                raise reached
            self._spent += most
        began = self._clock.monotonic()
        reply = await teacher.answer(request)
        if not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._silence)
        cost = tariff.cost(reply)
        self._spent += cost - (most or 0.0) if cost is not None else 0.0
        return Call(reply, self._clock.monotonic() - began, cost)


def _longest_silence(prepared: Prepared) -> float:
    """Return the seconds in which something must come back."""
    recipe = prepared.plan.recipe
    models = [recipe.models[alias] for alias in recipe.asked_aliases]
    answer = max((math.inf if model.stream else model.timeout_seconds for model in models), default=math.inf)
    return min(prepared.silence_seconds, SILENCE_SECONDS + answer)


def _decided(answered: Sequence[_Answered], standards: Standards) -> tuple[Shown, ...]:
    """Return what was answered with its verdicts, as the engine would settle it: in order, repetitions refused."""
    duplicates = Duplicates(standards.near_duplicate)
    shown = []
    for one in answered:
        decided = decide(one.ticket.seq, one.answer.reply, one.finding, duplicates, standards.accept_at)
        shown.append(Shown(one.ticket, one.prompt, one.answer, one.opinion, _sample(one), decided))
    return tuple(shown)


def _sample(answered: _Answered) -> tuple[Message, ...] | None:
    if answered.finding is None:
        return None
    return sample_of(answered.finding.judgement, answered.prompt, answered.answer.reply.text)
