"""A server that takes batches: its files and its batches, asked until it answers.

Owns the connection, and the patience with a server that is out of order. Never decides what is in a batch, and never
creates one twice: where it is not known whether one was created, its server is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import aiohttp

from agents.campaign.clock import Clock
from agents.campaign.errors import PausedError
from agents.training.batches import (
    AGAIN,
    PASSING,
    Batch,
    Standing,
    creation_of,
    file_id_of,
    page_of,
    result_of,
    standing_of,
)
from agents.training.teachers.access import Access
from agents.training.teachers.bodies import read_body
from agents.training.troubles import FATAL, Failure, Trouble, cure_of, of_response
from agents.training.wire import MOST_BYTES

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a server is asked again that was out of order; doubled each time."""
PATIENCE_SECONDS = 600.0
"""For how long a call may fail before the run is paused; also how long a transfer may be silent."""
CONNECT_SECONDS = 30.0
MOST_LISTED = 100

T = TypeVar("T")
Listener = Callable[[aiohttp.ClientResponse], Awaitable[T | Failure]]


class BatchServer:
    """Asks one server with one key; an async context manager.

    Every call is repeated while the server is out of order, and raises PausedError where a person must mend something,
    or where ten minutes after its first failure it has still come to nothing.

    Args:
        access: where, and with which key.
        timeout: seconds that a call may take; transfers of files take what they take.
        clock: measures durations.
    """

    def __init__(self, access: Access, timeout: float, clock: Clock) -> None:
        self._address = access.address.rstrip("/")
        self._variable = access.variable
        self._key = access.key
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=CONNECT_SECONDS)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        transfer = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=PATIENCE_SECONDS)
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._key}"}, timeout=transfer)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; batches go on."""
        if self._session is not None:
            await self._session.close()

    async def upload(self, path: Path) -> str:
        """Upload the requests of a batch; return the id of the file."""

        async def once() -> str | Failure:
            with path.open("rb") as lines:
                form = aiohttp.FormData({"purpose": "batch"})
                form.add_field("file", lines, filename=path.name, content_type="application/jsonl")
                return await self._call("POST", "files", _document(file_id_of), self._no_batches(), data=form)

        return await self._insist(once)

    async def create(self, batch: Batch, file_id: str, run: str) -> Standing:
        """Create ``batch`` from a file that was uploaded, unless a call that seemed to fail has created it."""
        said = {"data": creation_of(batch, file_id, run), "headers": {"Content-Type": "application/json"}}
        is_first = True

        async def once() -> Standing | Failure:
            nonlocal is_first
            if not is_first and (found := await self._found(batch.mark)) is not None:
                return found
            is_first = False
            heard = _document(standing_of)
            return await self._call("POST", "batches", heard, self._no_batches(), timeout=self._timeout, **said)

        return await self._insist(once)

    async def find(self, mark: str) -> Standing | None:
        """Return the batch that has ``mark`` in its metadata; None where there is none."""
        return await self._insist(lambda: self._found(mark))

    async def standing(self, batch: Batch) -> Standing:
        """Return how far ``batch`` is."""
        missing = PausedError(
            f"{self._address} does not know batch {batch.number} ({batch.id})",
            f"give it the key that the batch was made with, {AGAIN}",
        )
        return await self._insist(
            lambda: self._call("GET", f"batches/{batch.id}", _document(standing_of), missing, timeout=self._timeout)
        )

    async def download(self, file_id: str, target: BinaryIO) -> None:
        """Append the lines of a file of results to ``target``; anything else in it is a trouble of the server."""
        start = target.tell()
        missing = PausedError(
            f"{self._address} no longer has the results {file_id}",
            f"see whether its files were removed; what they held must be paid again, {AGAIN}",
        )

        async def heard(response: aiohttp.ClientResponse) -> bool | Failure:
            target.seek(start)
            target.truncate()
            return await _write_lines(response.content, target)

        path = f"files/{file_id}/content"  # some servers keep it elsewhere; the key is told to none but their own
        await self._insist(lambda: self._call("GET", path, heard, missing, allow_redirects=True))

    async def _found(self, mark: str) -> Standing | Failure | None:
        query = {"limit": str(MOST_LISTED)}
        while True:
            heard, missing = _document(page_of), self._no_batches()
            page = await self._call("GET", "batches", heard, missing, params=query, timeout=self._timeout)
            if isinstance(page, Failure):
                return page
            found = next((batch for batch in page.batches if batch.mark == mark), None)
            if found is not None or not page.after:
                return found
            query["after"] = page.after

    def _no_batches(self) -> PausedError:
        return PausedError(
            f"{self._address} takes no batches",
            f"ask call by call, with teacher.kind: chat in the recipe, or name a server that takes batches, {AGAIN}",
        )

    async def _call(
        self, method: str, path: str, heard: Listener[T], missing: PausedError, **options: Any
    ) -> T | Failure:
        """Make one call; return what ``heard`` made of the response. Raises ``missing`` for what is not there."""
        assert self._session is not None  # noqa: S101 -- the context manager was entered
        url = f"{self._address}/{path}"
        try:
            async with self._session.request(method, url, **{"allow_redirects": False, **options}) as response:
                if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                    return await heard(response)
                body = await read_body(response)
                if isinstance(body, Failure):
                    return body
        except TimeoutError:
            return Failure(Trouble.TIMEOUT, f"no answer in time from {url}")
        except (aiohttp.ClientError, ConnectionError) as error:
            return Failure(Trouble.NETWORK, f"{type(error).__name__} at {url}")
        failure = of_response(response.status, body, response.headers, self._clock.now())
        if response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} and failure.trouble not in FATAL:
            raise missing
        return failure

    async def _insist(self, call: Callable[[], Awaitable[T | Failure]]) -> T:
        """Repeat ``call`` until it comes to something."""
        pause, until = FIRST_PAUSE, None
        while isinstance(said := await call(), Failure):
            if said.trouble not in PASSING:
                cure = cure_of(said.trouble, self._variable) if said.trouble in FATAL else "mend what it names"
                raise PausedError(f"{self._address} refuses: {said.detail}", f"{cure}, {AGAIN}")
            now = self._clock.monotonic()
            until = now + PATIENCE_SECONDS if until is None else until
            left = until - now
            if left <= 0:
                raise PausedError(
                    f"{self._address} has been out of order for {PATIENCE_SECONDS / 60:g} minutes: {said.detail}",
                    f"see whether it answers, {AGAIN}; batches that are under way there are collected then",
                )
            await asyncio.sleep(min(left, pause if said.retry_after is None else said.retry_after))
            pause = min(LONGEST_PAUSE, 2 * pause)
        return said


def _document(parse: Callable[[bytes], T | Failure]) -> Listener[T]:
    async def heard(response: aiohttp.ClientResponse) -> T | Failure:
        body = await read_body(response)
        return body if isinstance(body, Failure) else parse(body)

    return heard


async def _write_lines(content: aiohttp.StreamReader, target: BinaryIO) -> bool | Failure:
    """Write the lines of results to ``target``, each whole; return True, or why they are none."""
    rest = b""
    async for part in content.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > MOST_BYTES:
            return Failure(Trouble.GARBLED, f"a result of more than {MOST_BYTES:,} bytes")
        if (garbled := _write(lines, target)) is not None:
            return garbled
    return _write([rest], target) or True


def _write(lines: list[bytes], target: BinaryIO) -> Failure | None:
    for line in lines:
        if line.strip() and result_of(line) is None:
            return Failure(Trouble.GARBLED, "a file of results that breaks off, or has something else in it")
        if line.strip():
            target.write(line + b"\n")
    return None
