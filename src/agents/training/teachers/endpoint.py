"""One way to a model: an address, a key, the connections there, how fast they may be used, and whether they work.

Owns one call from its beginning to what it came to. Never waits for a turn and never asks again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from agents.campaign.clock import Clock
from agents.campaign.models import ModelSection, Structured
from agents.training.breaker import Breaker
from agents.training.sample import Reply
from agents.training.teachers import Request
from agents.training.teachers.access import Access, Warn
from agents.training.teachers.bodies import read_body
from agents.training.teachers.forms import Forms
from agents.training.throttle import Throttle
from agents.training.troubles import FATAL, Failure, Trouble, of_response
from agents.training.wire import Pieces, reply_of, request_body

PATIENCE_SECONDS = 600.0
"""For how long nothing may succeed before there is no hope."""
CONNECT_SECONDS = 30.0
STREAM_SHARE = 10.0
"""How many times as long as a silence an answer in pieces may take."""
ENDING_SECONDS = 0.1
"""How long the end of a connection may take after the end of an answer."""
IDLE_SECONDS = 4.0
"""For how long an idle connection is kept: less than servers do, which would end it just as it is used again."""
NAMES_SECONDS = 300
"""For how long the address of a name is known."""

Frame = Callable[[str, Structured], bytes]
"""Return what a request says besides its messages, for a domain and in a form."""


class Endpoint:
    """Asks a model at one address with one key; an async context manager.

    Args:
        access: where, and with which key.
        model: how it is asked.
        frame: what is said besides the messages.
        forms: in which form it is asked.
        most: calls that may be under way at once.
        clock: measures durations.
        warn: is told once what went out of use, and what is refused for rate.
    """

    def __init__(
        self, access: Access, model: ModelSection, frame: Frame, forms: Forms, most: int, clock: Clock, warn: Warn
    ) -> None:
        self.access = access
        self.out_of_order: Failure | None = None
        self._model = model
        self._frame = frame
        self._forms = forms
        self._clock = clock
        self._warn = warn
        self._url = URL(access.url)
        self._throttle = Throttle(most, clock.monotonic())
        self._breaker = Breaker(PATIENCE_SECONDS)
        self._is_refused = False  # for rate, once or more often
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        silence = self._model.timeout_seconds
        timeout = (
            aiohttp.ClientTimeout(total=STREAM_SHARE * silence, sock_read=silence, connect=CONNECT_SECONDS)
            if self._model.stream
            else aiohttp.ClientTimeout(total=silence, connect=CONNECT_SECONDS)
        )
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=NAMES_SECONDS),
            timeout=timeout,
            headers={
                "Authorization": f"Bearer {self.access.key}",
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",  # answers are short, and unpacking costs more than their way
            },
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; calls under way are given up."""
        if self._session is not None:
            await self._session.close()

    @property
    def under_way(self) -> int:
        """Calls that have begun and not ended."""
        return self._throttle.under_way

    def wait(self, now: float) -> float:
        """Return the seconds until a call may begin; infinite while that depends on others, and for ever."""
        if self.out_of_order is not None:
            return math.inf
        return max(self._throttle.wait(now), self._breaker.wait(now))

    def begin(self, now: float) -> None:
        """Take a turn; ``ask`` or ``give_back`` must follow."""
        self._throttle.begin(now)
        self._breaker.begin()

    def give_back(self) -> None:
        """Give back a turn that came to nothing, and said nothing about the endpoint."""
        self._throttle.fail(self._clock.monotonic())
        self._breaker.forget()

    def is_let_be(self, now: float) -> bool:
        """Whether it failed so often that it is not asked now."""
        return self.out_of_order is not None or self._breaker.wait(now) > 0

    @property
    def is_failing(self) -> bool:
        """Whether it failed so often that it is asked only to see whether it still does."""
        return self.out_of_order is not None or self._breaker.is_open

    def is_hopeless(self, now: float) -> bool:
        """Whether nothing can be hoped for."""
        return self.out_of_order is not None or self._breaker.is_hopeless(now)

    async def ask(self, request: Request) -> Reply | Failure:
        """Make the call for which a turn was taken; return what it came to."""
        domain = request.ticket.item.domain
        form, began = self._forms.of(domain), self._clock.monotonic()
        try:
            said = await self._call(request_body(self._frame(domain, form), request.prompt))
        except TimeoutError:
            said = Failure(Trouble.TIMEOUT, f"no answer within {self._model.timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            said = Failure(Trouble.NETWORK, f"{type(error).__name__} at {self._url}")
        except BaseException:
            self.give_back()
            raise
        said = self._forms.learn(domain, form, said)
        self._note(said)
        return replace(said, seconds=self._clock.monotonic() - began) if isinstance(said, Reply) else said

    async def _call(self, body: bytes) -> Reply | Failure:
        assert self._session is not None  # noqa: S101 -- the context manager was entered
        async with self._session.post(self._url, data=body, allow_redirects=False) as response:
            if response.status == HTTPStatus.OK and response.content_type == "text/event-stream":
                return await _streamed(response)
            content = await read_body(response)
            if isinstance(content, Failure):
                return content
            if response.status != HTTPStatus.OK:
                return of_response(response.status, content, response.headers, self._clock.now())
            return reply_of(content)

    def _note(self, said: Reply | Failure) -> None:
        """Learn from how a call ended how fast to ask, and whether."""
        now = self._clock.monotonic()
        if isinstance(said, Reply) or said.trouble in {Trouble.REQUEST, Trouble.FORM}:
            self._throttle.succeed(now)
            self._breaker.succeed()
        elif said.trouble is Trouble.RATE:
            self._throttle.refuse(now, said.retry_after)
            self._breaker.succeed()
            if not self._is_refused:
                self._is_refused = True
                self._warn(f"{self._model.model} is asked more slowly at {self.access}: {said.detail}")
        else:
            self._throttle.fail(now)
            self._breaker.fail(now)
            if said.trouble in FATAL and self.out_of_order is None:
                self.out_of_order = said
                self._warn(f"{self._model.model} is no longer asked at {self.access}: {said.detail}")


async def _streamed(response: aiohttp.ClientResponse) -> Reply | Failure:
    """Return what is said in pieces."""
    pieces = Pieces()
    try:
        async for part in response.content.iter_any():
            if (failure := pieces.add(part)) is not None:
                response.close()
                return failure
            if pieces.is_over:
                await _drain(response.content)
                break
    except (TimeoutError, aiohttp.ClientError, OSError):
        if not pieces.is_whole:
            raise
    return pieces.reply()


async def _drain(content: aiohttp.StreamReader) -> None:
    """Let a stream end that has said all, so that its connection is used again; some servers never end it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            async for _ in content.iter_any():
                pass
