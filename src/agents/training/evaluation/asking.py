"""Questions are asked: many at a time, each answer kept as it comes, until all are there or somebody stops it.

Owns which question is next, and that a call is noted before it is made. Never looks into an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.campaign.errors import CampaignError
from agents.training.evaluation.account import Account
from agents.training.evaluation.answer_store import AnswerStore, Key
from agents.training.evaluation.results import Question
from agents.training.prices import Prices
from agents.training.sample import Ticket
from agents.training.teachers import Request, Teacher


@dataclass
class Asking:
    """The questions to one model; ``progressed`` hears how many answers have come."""

    store: AnswerStore
    questions: Mapping[str, Question]
    prices: Prices
    account: Account
    stop: asyncio.Event
    progressed: Callable[[int], object]
    _came: int = field(default=0, init=False)
    _trouble: CampaignError | None = field(default=None, init=False)

    async def all(self, teacher: Teacher, keys: Sequence[Key], most: int) -> None:
        """Ask for ``keys``, ``most`` at a time, the longest first: what does not fit is seen early.

        Raises:
            CampaignError: the teacher cannot be asked, or the next call would not fit below the cap; what was under way
                has been answered and kept.
        """
        order = sorted(enumerate(keys), key=lambda one: -self.questions[one[1][0]].length)
        waiting = iter(order)

        async def ask_on() -> None:
            while not self._is_over() and (following := next(waiting, None)) is not None:
                try:
                    await self._ask(teacher, *following)
                except CampaignError as trouble:
                    self._trouble = self._trouble or trouble

        async with asyncio.TaskGroup() as group:
            for _ in range(min(most, len(keys))):
                group.create_task(ask_on())
        if self._trouble is not None:
            raise self._trouble

    def _is_over(self) -> bool:
        return self.stop.is_set() or self._trouble is not None

    async def _ask(self, teacher: Teacher, seq: int, key: Key) -> None:
        question = self.questions[key[0]]
        request = Request(Ticket("evaluation", seq, question.item, question.variant), question.turns)
        most, cost = self.prices.most(request.prompt), None
        if not await self.account.begins(most, self._is_over):
            return
        try:
            call = self.store.begin(most)
            reply = await teacher.answer(request)
            cost = self.prices.cost(reply)
            self.store.finish(call, key, reply, cost)
        finally:
            self.account.end(most, cost)
        self._came += 1
        self.progressed(self._came)
