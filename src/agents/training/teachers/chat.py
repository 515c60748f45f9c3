"""A teacher that is a language model behind the chat protocol: vLLM, SGLang, llama.cpp, Ollama, or a hosted one.

Owns the connection, the one retry loop and the waiting. What a request and an answer mean belongs to ``wire`` and
``troubles``, how fast may be asked to ``throttle``, when to let be to ``breaker``.

Refusals for rate cost a ticket nothing: it waits its turn again. Other troubles cost one of its tries. What only a
person can mend (a key, a quota, a model that is not there) pauses the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from random import Random
from types import TracebackType
from typing import Self

import aiohttp

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.recipe import ModelSection
from agents.training.breaker import Breaker
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request
from agents.training.throttle import Throttle
from agents.training.troubles import Failure, Trouble, of_response
from agents.training.wire import reply_of, request_body

HOSTED = "https://api.openai.com/v1"
BASE_URL, LOCAL_KEY = "OPENAI_BASE_URL", "none"
MOST_BYTES = 16 * 1024 * 1024
"""An answer that is longer is none."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds before a ticket is tried again after a trouble; doubled each time, with a random part."""
PATIENCE_SECONDS = 600.0
"""For how long nothing may succeed before the run is paused."""
_LONGEST_WAIT = 60.0
_OF_A_PERSON = {
    Trouble.QUOTA: "raise the quota or pay the bill, then run the same command again",
    Trouble.KEY: "put a valid key into the variable that the recipe names, then run the same command again",
    Trouble.MODEL: "start that model, or mend models.*.model in the recipe, then run the same command again",
}


class ChatTeacher:
    """Asks one model; an async context manager.

    Args:
        model: how it is asked.
        environment: has the key, and OPENAI_BASE_URL where the model has no address.
        most: calls that may be under way at once.
        clock: measures durations.
    """

    def __init__(self, model: ModelSection, environment: Mapping[str, str], most: int, clock: Clock) -> None:
        self._model = model
        self._url = f"{address_of(model, environment).rstrip('/')}/chat/completions"
        self._headers = {
            "Authorization": f"Bearer {environment.get(model.key, '').strip() or LOCAL_KEY}",
            "Content-Type": "application/json",
        }
        self._most = most
        self._clock = clock
        self._throttle = Throttle(most, clock.monotonic())
        self._breaker = Breaker(PATIENCE_SECONDS)
        self._turns = asyncio.Lock()
        self._ended = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._has_answered = False
        self._paused: PausedError | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self._model.timeout_seconds, connect=30.0)
        connector = aiohttp.TCPConnector(limit=self._most, keepalive_timeout=60.0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; calls under way are given up."""
        if self._session is not None:
            await self._session.close()

    async def answer(self, request: Request) -> Reply:
        """Return what the model said, or a FAILED reply when all tries came to nothing.

        Raises:
            PausedError: a person must mend something: also where nothing has succeeded yet, or for ten minutes.
        """
        body = request_body(self._model, request.prompt)
        rng = Random(request.ticket.id)  # noqa: S311 -- so that tickets do not wait in step
        tries, pause = 0, FIRST_PAUSE
        while True:
            await self._turn()
            said = await self._ask(body)
            if isinstance(said, Reply):
                return said
            if said.trouble is Trouble.REQUEST:
                return Reply(Outcome.FAILED, said.detail, self._model.model)
            tries += said.trouble is not Trouble.RATE
            is_used_up = tries >= self._model.tries
            self._paused = self._paused or self._out_of_order(said, is_used_up=is_used_up)
            if self._paused is not None:
                self._ended.set()
                raise self._paused
            if is_used_up:
                return Reply(Outcome.FAILED, said.detail, self._model.model)
            if said.trouble is not Trouble.RATE:
                await asyncio.sleep(pause * rng.uniform(0.5, 1.0))
                pause = min(LONGEST_PAUSE, 2 * pause)

    def _out_of_order(self, said: Failure, *, is_used_up: bool) -> PausedError | None:
        """Return why nobody should ask any more, if so; a teacher that never answered fails no ticket."""
        again = "then run the same command again"
        if said.trouble in _OF_A_PERSON:
            return PausedError(f"the teacher {self._model.model} refuses: {said.detail}", _OF_A_PERSON[said.trouble])
        if said.trouble is not Trouble.RATE and not self._has_answered and (is_used_up or self._breaker.is_open):
            return PausedError(
                f"the teacher has not answered a single call: {said.detail}",
                f"see whether {self._url} is right and answers, {again}",
            )
        if self._breaker.is_hopeless(self._clock.monotonic()):
            return PausedError(
                f"nothing has come back from the teacher for {PATIENCE_SECONDS / 60:g} minutes: {said.detail}",
                f"see whether {self._url} answers, {again}",
            )
        return None

    async def _turn(self) -> None:
        """Wait until a call may begin; those who wait come in the order in which they asked.

        Raises:
            PausedError: nobody should ask any more.
        """
        async with self._turns:
            while (seconds := self._seconds_to_wait()) > 0 or self._paused is not None:
                if self._paused is not None:
                    raise self._paused
                self._ended.clear()
                try:
                    async with asyncio.timeout(min(seconds, _LONGEST_WAIT)):
                        await self._ended.wait()
                except TimeoutError:
                    continue
            self._throttle.begin(self._clock.monotonic())
            self._breaker.begin()

    def _seconds_to_wait(self) -> float:
        now = self._clock.monotonic()
        return max(self._throttle.wait(now), self._breaker.wait(now))

    async def _ask(self, body: bytes) -> Reply | Failure:
        """Make one call, and tell throttle and breaker how it ended."""
        try:
            said = await self._call(body)
        except TimeoutError:
            said = Failure(Trouble.TIMEOUT, f"no answer within {self._model.timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            said = Failure(Trouble.NETWORK, f"{type(error).__name__} at {self._url}")
        except asyncio.CancelledError:
            self._throttle.fail(self._clock.monotonic())
            raise
        self._note(said)
        return said

    async def _call(self, body: bytes) -> Reply | Failure:
        assert self._session is not None  # noqa: S101 -- the context manager was entered
        async with self._session.post(self._url, data=body, allow_redirects=False) as response:
            content = bytearray()
            async for part in response.content.iter_any():
                content += part
                if len(content) > MOST_BYTES:
                    response.close()
                    return Failure(Trouble.GARBLED, f"an answer of more than {MOST_BYTES:,} bytes")
            if response.status != HTTPStatus.OK:
                return of_response(response.status, bytes(content), response.headers, self._clock.now())
            return reply_of(bytes(content))

    def _note(self, said: Reply | Failure) -> None:
        now = self._clock.monotonic()
        if isinstance(said, Reply):
            self._has_answered = True
            self._throttle.succeed(now)
            self._breaker.succeed()
        elif said.trouble is Trouble.RATE:
            self._throttle.refuse(now, said.retry_after)
            self._breaker.succeed()
        else:
            self._throttle.fail(now)
            self._breaker.fail(now)
        self._ended.set()


def address_of(model: ModelSection, environment: Mapping[str, str]) -> str:
    """Return where ``model`` is asked; a key that is missing there is an error before anything is asked.

    Raises:
        UsageError: it is hosted, and its key is not in the environment.
    """
    address = model.base_url or environment.get(BASE_URL, "").strip() or HOSTED
    if address == HOSTED and not environment.get(model.key, "").strip():
        raise UsageError(
            f"the variable {model.key} is not set, and {address} wants a key",
            f"set {model.key}, or name a server of yours: models.*.base_url in the recipe, or {BASE_URL}",
        )
    return address
