"""The other machine at work: ssh and rsync as child processes of this one.

Owns those processes, from their start to their end, however this program ends. Never decides what is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from agents.training.transfer.openssh import ProgressReader, Route, files_list
from agents.training.transfer.survey import Survey, answered, question
from agents.training.transfer.troubles import PACKAGES, not_installed, trouble_of, unready

GRACE_SECONDS = 5.0
"""How long rsync may take to tell the other side that it ends; half a file is kept there then."""
_BLOCK = 2**16
_KEPT = 2**16
"""Bytes of complaints."""


def check_programs(environment: Mapping[str, str]) -> None:
    """Raise CampaignError where ssh or rsync is not installed on this machine."""
    missing = [program for program in PACKAGES if shutil.which(program, path=environment.get("PATH")) is None]
    if missing:
        raise not_installed(missing)


class FarSide:
    """A machine behind ssh; every call is a connection of its own, and none ever asks a person for anything."""

    def __init__(self, route: Route, environment: Mapping[str, str], bandwidth_mb: float | None = None) -> None:
        self._route = route
        self._bandwidth_mb = bandwidth_mb
        own = {name: value for name, value in environment.items() if not name.startswith("RSYNC_")}
        self._environment = own | {"LC_ALL": "C"}

    async def survey(self, folder: str, names: Sequence[str], *, make: bool) -> Survey:
        """Return what is in ``folder`` there of the files ``names``; the folder is made where ``make`` says so.

        Raises:
            CampaignError: the machine cannot be reached, or it lacks what a transfer needs; see ``trouble_of``.
        """
        output = bytearray()
        asked = "".join(f"{name}\n" for name in names).encode()
        code, complaints = await self._run(self._route.command(question(folder, make=make)), asked, output.extend)
        survey = answered(output.decode(errors="replace"), names)
        host, by_hand = self._route.machine, self._route.by_hand
        if survey is None or not survey.is_made:
            raise trouble_of(complaints or output.decode(errors="replace"), code, host, by_hand)
        if (error := unready(survey, host, by_hand)) is not None:
            raise error
        return survey

    async def send(
        self,
        here: Path,
        there: str,
        names: Sequence[str],
        progressed: Callable[[int], object],
        *,
        in_place: bool,
    ) -> None:
        """Send the files ``names`` of ``here`` to the existing folder ``there``; ``progressed`` hears of bytes done.

        ``in_place``: see ``Route.sending``.

        Raises:
            CampaignError: see ``trouble_of``; after a pause the same call goes on where this one ended.
        """
        reader = ProgressReader()

        def read(data: bytes) -> None:
            if (done := reader.feed(data)) is not None:
                progressed(done)

        arguments = self._route.sending(str(here), there, self._bandwidth_mb, in_place=in_place)
        code, complaints = await self._run(arguments, files_list(names), read)
        if code != 0:
            raise trouble_of(complaints, code, self._route.machine, self._route.by_hand)

    async def _run(self, arguments: Sequence[str], given: bytes, read: Callable[[bytes], object]) -> tuple[int, str]:
        """Run a program with ``given`` as its input; return its exit code and the end of its complaints."""
        complaints = bytearray()

        def keep(data: bytes) -> None:
            complaints.extend(data)
            del complaints[:-_KEPT]

        async with _child(arguments, self._environment) as process:
            assert process.stdin is not None  # noqa: S101 -- all three are pipes
            assert process.stdout is not None  # noqa: S101
            assert process.stderr is not None  # noqa: S101
            await asyncio.gather(_give(process.stdin, given), _take(process.stdout, read), _take(process.stderr, keep))
            code = await process.wait()
        return code, complaints.decode(errors="replace")


@contextlib.asynccontextmanager
async def _child(arguments: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Give a child in a session of its own: no terminal it could ask, no Ctrl-C of which we do not know."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the child to end, so that the other side ends too; kill it where it takes too long, or on a second signal."""
    process.terminate()
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await process.communicate()
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if not isinstance(error, TimeoutError):
            raise


async def _give(stream: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
    stream.close()


async def _take(stream: asyncio.StreamReader, read: Callable[[bytes], object]) -> None:
    while data := await stream.read(_BLOCK):
        read(data)
