"""A model that is asked: its endpoints, whose turn it is, and why it cannot be asked any more.

Owns what the endpoints are together. Never calls and never asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from agents.campaign.clock import Clock
from agents.campaign.models import ModelSection, Structured
from agents.training.sample import Reply
from agents.training.teachers.access import Access, Warn
from agents.training.teachers.endpoint import PATIENCE_SECONDS, Endpoint
from agents.training.teachers.forms import Forms
from agents.training.teachers.turns import Turns
from agents.training.troubles import Failure, Trouble, cure_of
from agents.training.wire import request_frame

REFUSALS = 10
"""Requests that a model refused, before it has answered one, after which the fault is not theirs."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a model cannot be asked any more, and what a person can do about it."""

    what: str
    cure: str


class Model:
    """The model ``alias`` of a recipe, asked in every way there is; an async context manager.

    Args:
        alias: its name in the recipe.
        section: how it is asked.
        accesses: where, and with which keys.
        schemas: JSON schemas of answers by domain.
        most: calls that may be under way at once.
        clock: measures durations.
        warn: is told what went out of use.
    """

    def __init__(
        self,
        alias: str,
        section: ModelSection,
        accesses: tuple[Access, ...],
        schemas: Mapping[str, Mapping[str, Any]],
        most: int,
        clock: Clock,
        warn: Warn,
    ) -> None:
        self.alias = alias
        self.section = section
        self._schemas = schemas
        self._clock = clock
        self._frames: dict[tuple[str, Structured], bytes] = {}
        self._endpoints = tuple(
            Endpoint(
                access,
                section,
                self._frame,
                Forms(section, schemas, f"{section.model} at {access}", warn),
                most,
                clock,
                warn,
            )
            for access in accesses
        )
        self.turns = Turns(self._endpoints, most, clock)
        self._open = AsyncExitStack()
        self._has_answered = False
        self._refusals = 0
        self._is_given_up = False  # by a ticket, before anything was answered
        self._last: Failure | None = None

    async def __aenter__(self) -> Self:
        for endpoint in self._endpoints:
            await self._open.enter_async_context(endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; calls under way are given up."""
        self.turns.close(RuntimeError("the teacher was closed"))
        await self._open.aclose()

    def note(self, said: Reply | Failure) -> None:
        """Note what a call came to."""
        if isinstance(said, Reply):
            self._has_answered = True
        else:
            self._last = said

    def give_up(self, said: Failure) -> None:
        """Note that it has failed a ticket: its tries are used up, or the request was refused."""
        if said.trouble is Trouble.REQUEST:
            self._refusals += 1
        else:
            self._is_given_up = True

    def is_able(self) -> bool:
        """Whether asking it is worth it now."""
        now = self._clock.monotonic()
        return not all(endpoint.is_let_be(now) for endpoint in self._endpoints)

    @property
    def is_out_of_order(self) -> bool:
        """Whether no endpoint can be asked before a person has mended something."""
        return all(endpoint.out_of_order is not None for endpoint in self._endpoints)

    def cause(self) -> Cause | None:
        """Return why it cannot be asked any more, if so; a model that never answered fails no ticket."""
        if self.is_out_of_order:
            return self._refused()
        now = self._clock.monotonic()
        detail = self._last.detail if self._last is not None else "no call has ended"
        places = " and ".join(dict.fromkeys(endpoint.access.url for endpoint in self._endpoints))
        is_silent = self._is_given_up or self._refusals >= REFUSALS or all(one.is_failing for one in self._endpoints)
        if not self._has_answered and is_silent:
            return Cause(
                f"{self._name} has not answered a single call: {detail}",
                f"see whether {places} is right and answers",
            )
        if all(endpoint.is_hopeless(now) for endpoint in self._endpoints):
            return Cause(
                f"nothing has come back from {self._name} for {PATIENCE_SECONDS / 60:g} minutes: {detail}",
                f"see whether {places} answers",
            )
        return None

    def _refused(self) -> Cause:
        said = [(one.access, one.out_of_order) for one in self._endpoints if one.out_of_order is not None]
        details = dict.fromkeys(
            failure.detail if len(said) == 1 else f"{failure.detail} (at {access})" for access, failure in said
        )
        cures = dict.fromkeys(cure_of(failure.trouble, access.variable) for access, failure in said)
        return Cause(f"{self._name} refuses: {'; '.join(details)}", "; ".join(cures))

    @property
    def _name(self) -> str:
        return f"model {self.alias} ({self.section.model})"

    def _frame(self, domain: str, form: Structured) -> bytes:
        """Return what is said besides the messages, made once for a domain and a form."""
        frame = self._frames.get((domain, form))
        if frame is None:
            frame = self._frames[domain, form] = request_frame(self.section, self._schemas.get(domain), form)
        return frame
