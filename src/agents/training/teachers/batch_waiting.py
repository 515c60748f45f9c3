"""Who waits for an answer of a batch, who is to be asked next, and what each is told.

Owns the order in which requests are asked, and when one is given up. Never decides when a batch begins, and never asks
anybody itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training.batches import AGAIN, Result
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request
from agents.training.teachers.batch_folder import BatchFolder
from agents.training.teachers.forms import Forms
from agents.training.troubles import FATAL, Failure, cure_of
from agents.training.wire import request_body, request_frame


@dataclass(slots=True)
class _Asked:
    """A request that somebody waits for."""

    request: Request
    answer: asyncio.Future[Reply]


class WaitingList:
    """The requests of a run that wait: in line for a batch, or for one that is under way.

    ``schemas`` are those of answers, by domain, and ``forms`` how they are told. ``came`` is set when a request has
    come into the line.
    """

    def __init__(
        self, model: ModelSection, folder: BatchFolder, schemas: Mapping[str, Mapping[str, Any]], forms: Forms
    ) -> None:
        self.came = asyncio.Event()
        self._model = model
        self._folder = folder
        self._forms = forms
        self._frame = cache(lambda domain, form: request_frame(model, schemas.get(domain), form))
        self._asked: dict[str, _Asked] = {}
        self._line: dict[str, None] = {}
        self._under_way = {ticket for batch in folder.under_way() for ticket in batch.tickets}
        self._inherited = set(self._under_way)
        self._failure: BaseException | None = None

    def __len__(self) -> int:
        """Return how many are in line."""
        return len(self._line)

    async def answer(self, request: Request) -> Reply:
        """Wait for the answer to ``request``, unless it is there; raises what ``fail`` was told.

        Raises:
            ValueError: somebody waits for the answer to this ticket already.
        """
        if self._failure is not None:
            raise self._failure
        ticket = request.ticket.id
        if ticket in self._asked and not self._asked[ticket].answer.done():
            raise ValueError(f"ticket {ticket} is being asked")
        if (known := self._last_word(ticket, self._folder.final(ticket))) is not None:
            return known
        asked = self._asked[ticket] = _Asked(request, asyncio.get_running_loop().create_future())
        if ticket not in self._under_way:
            self._put(ticket)
        try:
            return await asked.answer
        finally:
            if self._asked.get(ticket) is asked:
                del self._asked[ticket]
                self._line.pop(ticket, None)

    def requests(self, most: int) -> Iterator[tuple[str, str, bytes]]:
        """Yield tickets, domains and bodies of those who are the longest in line."""
        for ticket in list(self._line)[:most]:
            request = self._asked[ticket].request
            domain = request.ticket.item.domain
            yield ticket, domain, request_body(self._frame(domain, self._forms.of(domain)), request.prompt)

    def begin(self, tickets: Iterable[str]) -> None:
        """Take ``tickets`` out of the line: they wait for their batch."""
        for ticket in tickets:
            del self._line[ticket]
            self._under_way.add(ticket)

    def put_back(self, tickets: Iterable[str]) -> None:
        """Put those of ``tickets`` that somebody waits for into the line again: their batch came to nothing."""
        for ticket in tickets:
            self._under_way.discard(ticket)
            self._inherited.discard(ticket)
            if ticket in self._asked:
                self._put(ticket)

    def hand_out(self, result: Result) -> bool:
        """Hand out what came back for a ticket, or have it asked again; return whether it was the last word.

        Raises:
            PausedError: it was what only a person can mend, unless that may be mended since: the batch is an earlier
                start's; or nothing was ever answered.
        """
        ticket, said, asked = result.ticket, result.said, self._asked.get(result.ticket)
        self._under_way.discard(ticket)
        if isinstance(said, Failure) and said.trouble in FATAL and ticket not in self._inherited:
            cure = f"{cure_of(said.trouble)}, {AGAIN}"
            raise PausedError(f"the teacher {self._model.model} refuses: {said.detail}", cure)
        reply = self._last_word(ticket, said if result.is_final else None)
        if reply is None and self._is_used_up(ticket):
            told = self._folder.failure(ticket).detail
            raise PausedError(
                f"the teacher {self._model.model} has not answered a single request: {told}",
                f"see whether it can answer, {AGAIN}",
            )
        if reply is None:
            self.put_back([ticket])
        elif asked is not None and not asked.answer.done():
            asked.answer.set_result(reply)
        return reply is not None

    def fail(self, failure: BaseException) -> None:
        """Raise ``failure`` from wherever an answer is waited for, now and later; the first one counts."""
        self._failure = self._failure or failure
        self._line.clear()
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(self._failure)

    def _put(self, ticket: str) -> None:
        if self._failure is None:
            self._line[ticket] = None
            self.came.set()

    def _last_word(self, ticket: str, said: Reply | Failure | None) -> Reply | None:
        """Return the reply to a ticket for which ``said`` came back, None where it is to be asked for (again).

        A teacher that never answered a request fails no ticket.
        """
        is_given_up = ticket not in self._under_way and self._is_used_up(ticket) and self._folder.has_answered
        if said is None and is_given_up:
            said = self._folder.failure(ticket)
        return Reply(Outcome.FAILED, said.detail, self._model.model) if isinstance(said, Failure) else said

    def _is_used_up(self, ticket: str) -> bool:
        return self._folder.tries(ticket) >= self._model.tries
