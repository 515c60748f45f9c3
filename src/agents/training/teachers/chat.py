"""A teacher that is a language model behind the chat protocol: vLLM, SGLang, llama.cpp, Ollama, or a hosted one.

Owns the one retry loop and the order in which models are asked. Whose turn it is belongs to ``turns``, one call to
``endpoint``, what a request and an answer mean to ``wire`` and ``troubles``.

Refusals for rate cost a ticket nothing: it waits its turn again. Other troubles cost one of its tries. What only a
person can mend (a key, a quota, a model that is not there) takes the endpoint out of use, and pauses the run when no
other one can answer, nor a fallback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from types import TracebackType
from typing import Any, Self

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError
from agents.campaign.models import ModelSection
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request
from agents.training.teachers.access import Warn, accesses_of, asked_models, unheard
from agents.training.teachers.endpoint import Endpoint
from agents.training.teachers.model import Cause, Model
from agents.training.troubles import FATAL, Failure, Trouble

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds before a ticket is tried again after a trouble; doubled each time, with a random part."""
FREE = FATAL | {Trouble.RATE, Trouble.FORM}
"""Troubles that are not the ticket's, and cost it no try."""


@dataclass(slots=True)
class _Asking:
    """How often a ticket was tried in vain, by alias, and where at last."""

    request: Request
    tries: dict[str, int] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    last: Endpoint | None = None
    detail: str = ""
    rng: Random | None = None

    def may_ask(self, model: Model) -> bool:
        """Whether ``model`` may still answer this ticket."""
        return model.alias not in self.given_up and not model.is_out_of_order

    def pause(self, alias: str) -> float:
        """Return the seconds before the next try."""
        if self.rng is None:
            self.rng = Random(self.request.ticket.id)  # noqa: S311 -- so that tickets do not wait in step
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self.tries[alias] - 1)) * self.rng.uniform(0.5, 1.0)


class ChatTeacher:
    """Asks a model, and its fallbacks where it cannot answer; an async context manager.

    Args:
        models: the models of the recipe.
        alias: the one that is asked first.
        environment: has the keys, and OPENAI_BASE_URL where a model has no address.
        most: calls that may be under way at once.
        clock: measures durations.
        schemas: JSON schemas of answers by domain; a domain without one answers with text.
        warn: is told what went out of use and stops nothing.

    Raises:
        UsageError: an address or a key is missing, or none.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSection],
        alias: str,
        environment: Mapping[str, str],
        most: int,
        clock: Clock,
        schemas: Mapping[str, Mapping[str, Any]] = {},
        warn: Warn = unheard,
    ) -> None:
        self._models = tuple(
            Model(name, section, accesses_of(section, environment, warn), schemas, most, clock, warn)
            for name, section in asked_models(models, alias).items()
        )
        self._open = AsyncExitStack()
        self._paused: PausedError | None = None

    async def __aenter__(self) -> Self:
        for model in self._models:
            await self._open.enter_async_context(model)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; calls under way are given up."""
        await self._open.aclose()

    async def answer(self, request: Request) -> Reply:
        """Return what the model said, or a fallback, or a FAILED reply when all tries came to nothing.

        Raises:
            PausedError: a person must mend something: also where nothing has succeeded yet, or for ten minutes.
        """
        asking = _Asking(request)
        while (model := self._next(asking)) is not None:
            endpoint = await self._turn(model, asking)
            if endpoint is None:
                continue
            try:
                said = await endpoint.ask(request)
            finally:
                model.turns.see()
            model.note(said)
            if isinstance(said, Reply):
                return self._answered(model, said)
            is_again = self._is_tried_again(asking, model, said)
            self._pause_if_hopeless()
            if is_again:
                asking.last = endpoint
                await asyncio.sleep(asking.pause(model.alias))
        return Reply(Outcome.FAILED, asking.detail, self._models[0].section.model)

    def _next(self, asking: _Asking) -> Model | None:
        """Return the first model that is able to answer, or the first that may be some day; None: none ever will."""
        if self._paused is not None:
            raise self._paused
        for model in self._models:
            if asking.may_ask(model) and model.is_able():
                return model
        return next((model for model in self._models if asking.may_ask(model)), None)

    async def _turn(self, model: Model, asking: _Asking) -> Endpoint | None:
        """Return the endpoint of ``model`` to ask, its turn taken; None where another model should be asked."""

        def may_leave() -> bool:
            return any(other.is_able() for other in self._models if other is not model and asking.may_ask(other))

        return await model.turns.next(asking.last, may_leave)

    def _is_tried_again(self, asking: _Asking, model: Model, said: Failure) -> bool:
        """Count a failure; return whether it cost a try, and there are more."""
        asking.detail = said.detail
        if said.trouble in FREE:
            return False
        asking.tries[model.alias] = tries = asking.tries.get(model.alias, 0) + 1
        is_used_up = tries >= model.section.tries
        if is_used_up or said.trouble is Trouble.REQUEST:
            asking.given_up.add(model.alias)
            model.give_up(said)
            return False
        return True

    def _answered(self, model: Model, reply: Reply) -> Reply:
        """Return ``reply`` with the name of a fallback that gave it; those who wait for other models may come over."""
        for other in self._models:
            if other is not model:
                other.turns.see()
        return reply if model is self._models[0] else replace(reply, alias=model.alias)

    def _pause_if_hopeless(self) -> None:
        """Pause the run, for all that ask and will ask, when no model can be asked any more.

        Raises:
            PausedError: that is so.
        """
        causes = [cause for model in self._models if (cause := model.cause()) is not None]
        if self._paused is None and len(causes) == len(self._models):
            self._paused = _pause(self._models, causes)
            for model in self._models:
                model.turns.close(self._paused)
        if self._paused is not None:
            raise self._paused


def _pause(models: Sequence[Model], causes: Sequence[Cause]) -> PausedError:
    """Return the pause for the causes of all models."""
    named = [f"{model.alias}: {cause.what}" for model, cause in zip(models, causes, strict=True)]
    what = causes[0].what if len(causes) == 1 else "; ".join(named)
    cures = dict.fromkeys(cause.cure for cause in causes)
    return PausedError(what, f"{'; '.join(cures)}, then run the same command again")
