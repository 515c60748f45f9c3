"""``python -m agents.training.scripts.stand_in``: a teacher to rehearse with, before anybody pays for one.

Speaks the OpenAI chat protocol on this machine, answers every prompt with its own made-up sample, and counts what was
asked. Its knobs make it slow, strict, broken or poor, also while it runs:

- ``POST /v1/chat/completions``, also streamed, and ``GET /v1/models``, as the protocol has them
- ``POST /v1/files``, ``GET /v1/files/ID/content``, ``POST`` and ``GET /v1/batches``, ``GET /v1/batches/ID`` and
  ``POST /v1/batches/ID/cancel``: the same answers by the batch, some time later
- ``GET /stats``: what was asked and answered so far, see `StandIn.stats`
- ``GET /knobs``, and ``POST /knobs`` with ``{"latency": 0.2, "quota": null}`` to change some; the names are those of
  the flags, ``_`` for ``-``
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import orjson
from aiohttp import BodyPartReader, web

from agents.campaign.errors import CampaignError, ExitCode, UsageError
from agents.training.scripts.stand_in_batches import MOST_LISTED
from agents.training.scripts.stand_in_decisions import StandIn
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.scripts.stand_in_protocol import Ending, Reply, document, error
from agents.training.stop_requests import loop_class

LARGEST_REQUEST = 256 * 2**20
"""Bytes."""
GRACE_SECONDS = 5.0
"""How long what is in flight has when the stand-in is stopped."""


def application(stand_in: StandIn, stop: asyncio.Event) -> web.Application:
    """Return the server of ``stand_in``; it sets ``stop`` when all answers were made, and heeds it when set."""

    async def complete(request: web.Request) -> web.StreamResponse:
        reply = stand_in.arrived(await request.read(), _bearer(request))
        try:
            return await _send(reply, request, stop)
        finally:
            stand_in.left()
            if stand_in.is_spent:
                stop.set()

    async def models(request: web.Request) -> web.Response:
        refused = stand_in.refuses_key(_bearer(request))
        return _whole(refused or document(200, stand_in.models()))

    async def stats(_: web.Request) -> web.Response:
        return _whole(document(200, stand_in.stats()))

    async def knobs(request: web.Request) -> web.Response:
        if request.method == "POST":
            try:
                stand_in.change(_changes_of(await request.read()))
            except UsageError as impossible:
                return _whole(error(400, str(impossible), "invalid_knobs"))
        return _whole(document(200, stand_in.knobs.model_dump()))

    async def unknown(request: web.Request) -> web.Response:
        return _whole(error(404, f"Unknown request URL: {request.method} {request.path}.", "unknown_url"))

    server = web.Application(client_max_size=LARGEST_REQUEST)
    server.add_routes(
        [
            *_batch_routes(stand_in),
            web.post("/v1/chat/completions", complete),
            web.get("/v1/models", models),
            web.get("/stats", stats),
            web.get("/knobs", knobs),
            web.post("/knobs", knobs),
            web.route("*", "/{path:.*}", unknown),
        ]
    )
    return server


def _batch_routes(stand_in: StandIn) -> list[web.RouteDef]:
    batches = stand_in.batches

    def answered(
        answer: Callable[[web.Request, bytes, str], Reply],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body, key = await request.read(), _bearer(request)
            return _whole(stand_in.refuses_key(key) or answer(request, body, key))

        return handle

    async def keep(request: web.Request) -> web.Response:
        form, key = await _form_of(request), _bearer(request)
        if "file" not in form:
            return _whole(error(400, "'file' is a required property", None, parameter="file"))
        purpose = form.get("purpose", b"").decode("utf-8", "replace")
        return _whole(stand_in.refuses_key(key) or batches.keep(form["file"], purpose, key))

    def listed(request: web.Request, _: bytes, key: str) -> Reply:
        limit = request.query.get("limit", "20")
        if not (limit.isdecimal() and 1 <= int(limit) <= MOST_LISTED):
            return error(400, f"limit must be from 1 to {MOST_LISTED}", None, parameter="limit")
        return batches.listed(int(limit), request.query.get("after"), key)

    content = answered(lambda request, _, key: batches.content(request.match_info["id"], key))
    look = answered(lambda request, _, key: batches.look(request.match_info["id"], key))
    cancel = answered(lambda request, _, key: batches.cancel(request.match_info["id"], key))
    return [
        web.post("/v1/files", keep),
        web.get("/v1/files/{id}/content", content),
        web.post("/v1/batches", answered(lambda _, body, key: batches.create(body, key))),
        web.get("/v1/batches", answered(listed)),
        web.get("/v1/batches/{id}", look),
        web.post("/v1/batches/{id}/cancel", cancel),
    ]


async def _form_of(request: web.Request) -> dict[str, bytes]:
    """Return the parts of a form by name; none of what is no form."""
    if request.content_type != "multipart/form-data":
        return {}
    return {
        part.name or "": bytes(await part.read())
        async for part in await request.multipart()
        if isinstance(part, BodyPartReader)
    }


def _changes_of(body: bytes) -> dict[str, Any]:
    try:
        changes = orjson.loads(body)
    except orjson.JSONDecodeError:
        changes = None
    if not isinstance(changes, dict):
        raise UsageError("that is no JSON object", 'name the knobs, e.g. {"latency": 0.2}')
    return changes


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _whole(reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    return web.Response(body=b"".join(reply.pieces), status=reply.status, headers=headers)


async def _send(reply: Reply, request: web.Request, stop: asyncio.Event) -> web.StreamResponse:
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.ending is Ending.RESET:
        _reset(request)
    elif reply.ending is Ending.SILENT:
        await stop.wait()
        _reset(request)
    elif reply.ending is Ending.CUT or reply.pace or reply.length is None:
        return await _send_pieces(reply, request, stop)
    return _whole(reply)


async def _send_pieces(reply: Reply, request: web.Request, stop: asyncio.Event) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers={"Content-Type": reply.content_type})
    response.content_length = reply.length
    await response.prepare(request)
    for piece in reply.pieces:
        if reply.pace:
            await _pause(reply.pace, stop)
        await response.write(piece)
    if reply.ending is Ending.CUT and request.transport is not None:
        request.transport.close()
    return response


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait ``seconds``, or until the end."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _reset(request: web.Request) -> None:
    """End the connection of ``request`` as a crash would: what is under way is dropped."""
    if request.transport is not None:
        linger = struct.pack("ii", 1, 0)
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.transport.abort()


async def serve(stand_in: StandIn, host: str, port: int, stop: asyncio.Event) -> None:
    """Listen on ``host``, say where, and answer until ``stop`` is set; what is in flight then has `GRACE_SECONDS`.

    Raises:
        CampaignError: nothing can listen there.
    """
    runner = web.AppRunner(
        application(stand_in, stop), access_log=None, handler_cancellation=True, shutdown_timeout=GRACE_SECONDS
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, backlog=4096).start()
        except OSError as error:
            told = error.strerror or str(error)
            raise CampaignError(f"cannot listen on {host}:{port}: {told}", "give another --port, or none") from None
        shown = f"[{host}]" if ":" in host else host
        print(f"Listening on http://{shown}:{runner.addresses[0][1]}/v1", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def checked_host(host: str, *, is_anywhere: bool) -> str:
    """Return ``host``; raises UsageError where others than this machine could reach it and that was not asked for."""
    try:
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not (is_here or is_anywhere):
        told = f"{host!r} is not this machine alone, and the stand-in lets anybody in"
        raise UsageError(told, "leave --host out, or add --anywhere")
    return host


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        options = vars(parser().parse_args(arguments))
        host = checked_host(options.pop("host"), is_anywhere=options.pop("anywhere"))
        port, seed = options.pop("port"), options.pop("seed")
        stand_in = StandIn(Knobs.of({name: value for name, value in options.items() if value is not None}), seed=seed)
        with asyncio.Runner(loop_factory=loop_class()) as runner:
            runner.run(_until_stopped(stand_in, host, port))
    except CampaignError as error:
        print(f"stand_in: {error}", file=sys.stderr)
        return error.exit_code
    print(orjson.dumps(stand_in.stats()).decode())
    return ExitCode.DONE


async def _until_stopped(stand_in: StandIn, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(stand_in, host, port, stop)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: a flag for every knob."""
    parser = _Parser(
        prog="stand_in",
        allow_abbrev=False,
        description="A teacher to rehearse with: speaks the OpenAI chat protocol on this machine, costs nothing.",
        epilog="SIGTERM or Ctrl-C ends it, and prints what was asked of it as JSON.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--anywhere", action="store_true", help="let --host be an address that others can reach")
    parser.add_argument("--seed", type=int, default=0, help="another draw of faults (default: %(default)s)")
    for name, knob in Knobs.model_fields.items():
        told = str(knob.description)
        shown = "" if not isinstance(knob.default, str | float) else f" (default: {knob.default})"
        parser.add_argument(f"--{name.replace('_', '-')}", help=told + shown)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message, f"see {self.prog} --help")


if __name__ == "__main__":
    sys.exit(main())
