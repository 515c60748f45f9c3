"""``python -m agents.training.scripts.stand_in``: a teacher to rehearse with, before anybody pays for one.

Speaks the OpenAI chat protocol on this machine, answers every prompt with its own made-up sample, and counts what was
asked. Its knobs make it slow, strict, broken or poor, also while it runs:

- ``POST /v1/chat/completions``, also streamed, and ``GET /v1/models``, as the protocol has them
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
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from enum import Enum
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Annotated, Any, Literal, NoReturn, Self

import orjson
from aiohttp import web
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from agents.campaign.clock import Clock, SystemClock
from agents.campaign.errors import CampaignError, ExitCode, UsageError
from agents.campaign.recipe import Section, Share

Seconds = Annotated[float, Field(ge=0.0, le=86_400.0, allow_inf_nan=False)]
Amount = Annotated[int, Field(ge=0)]

MODEL = "stand-in"
"""The model of a stand-in that was given no name; it then answers for any model it is asked for."""
LARGEST_REQUEST = 64 * 2**20
"""Bytes."""
GRACE_SECONDS = 5.0
"""How long what is in flight has when the stand-in is stopped."""
DATE_AHEAD = timedelta(seconds=2)
"""How far ahead the moment of a ``Retry-After: date`` is."""
PIECES = 20
"""In how many pieces an answer is sent that drips or is cut."""
REFUSAL = "I'm sorry, but I can't help with that."
PAGE = b"<html><head><title>Please sign in</title></head><body><h1>Please sign in</h1></body></html>"

RATE_LIMIT = ("Rate limit reached for requests.", "rate_limit_exceeded", "requests")
"""Message, code and type of a 429."""

ANSWER_FAULTS = ("malformed", "fenced", "empty", "refusal", "slow", "cut")
"""Faults of an answer that is paid for."""
OTHER_FAULTS = ("reset", "silent", "html")
"""Faults in place of an answer, beside the status codes."""


class Knobs(Section):
    """How the stand-in behaves; flags and ``POST /knobs`` have the same names, values and ranges."""

    model_config = ConfigDict(use_attribute_docstrings=True, coerce_numbers_to_str=True)

    latency: Seconds = 0.0
    """seconds until an answer"""
    jitter: Seconds = 0.0
    """up to so many seconds more, drawn evenly"""
    rate: Annotated[float, Field(gt=0.0, le=1e6, allow_inf_nan=False)] | None = None
    """requests that are let through in any second, without telling; 429 to the others"""
    burst: Annotated[int, Field(ge=1)] | None = None
    """requests that --rate lets through at once: so many in any BURST / RATE seconds (default: a second's)"""
    retry_after: Annotated[str, Field(pattern=r"^(none|date|garbage|\d+(\.\d+)?)$")] = "none"
    """the header of every 429: none, date, garbage or seconds"""
    faults: dict[str, Share] = Field(default_factory=dict)
    """shares of requests that go wrong, e.g. 429=0.05,500=0.02,reset=0.01; a status code, malformed, fenced, empty,
    refusal, slow, cut (in the middle), reset, silent (never an answer) or html"""
    drip: Seconds = 30.0
    """seconds that a slow answer takes"""
    quota: Amount | None = None
    """answers that every key has; then 429 insufficient_quota"""
    key: str | None = None
    """the keys that are let in, with commas between them; 401 to the others (default: anybody)"""
    revoke_after: Amount | None = None
    """answers after which a key is revoked: 401"""
    model: Annotated[str, Field(min_length=1)] | None = None
    """the one model there is; 404 to requests for another (default: whichever is asked for)"""
    switch_model: Annotated[str, Field(pattern=r"^\d+:.+$")] | None = None
    """N:MODEL: after N answers the others come from MODEL, and say so"""
    context_limit: Amount | None = None
    """words that a request may have, with those it wants back; 400 context_length_exceeded beyond"""
    max_answers: Amount | None = None
    """answers after which the stand-in ends"""
    answer: Literal["json", "fenced", "text", "echo"] = "json"
    """an object with instruction and output, the same in a fence, its output alone, or the prompt"""

    @field_validator("faults", mode="before")
    @classmethod
    def _written_faults(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return dict(pair.strip().rpartition("=")[::2] for pair in value.split(",") if pair.strip())

    @model_validator(mode="after")
    def _checked_faults(self) -> Self:
        for name in self.faults:
            is_status = len(name) == 3 and name.isdecimal() and name[0] in "45"
            if not is_status and name not in ANSWER_FAULTS + OTHER_FAULTS:
                known = ", ".join(ANSWER_FAULTS + OTHER_FAULTS)
                raise ValueError(f"there is no fault {name!r}; a status from 400 to 599, or one of {known}")
        if sum(self.faults.values()) > 1.0 + 1e-9:
            raise ValueError("the shares of faults may not be more than 1 together")
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Knobs:
        """Return the knobs with these values and the defaults; raises UsageError for what is impossible."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"]) or "faults"
            reason = first["msg"].removeprefix("Value error, ")
            known = ", ".join(cls.model_fields)
            raise UsageError(f"{name}: {reason}", f"see --help; the knobs are {known}") from None


class Ending(Enum):
    """How a reply ends."""

    WHOLE = "whole"
    CUT = "cut"
    RESET = "reset"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back for one request: ``pieces`` after ``delay`` seconds, ``pace`` seconds before each.

    ``length`` is how many bytes the pieces are said to have; None streams them.
    """

    status: int
    pieces: Sequence[bytes] = ()
    length: int | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    ending: Ending = Ending.WHOLE


class Window:
    """Lets at most ``burst`` requests through in any ``burst / rate`` seconds: a hard limit nobody is told of."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admits(self, now: float, rate: float, burst: int) -> bool:
        """Say whether a request at ``now`` (seconds, never going back) is let through; if so it counts."""
        while self._admitted and now - self._admitted[0] >= burst / rate:
            self._admitted.popleft()
        if len(self._admitted) >= burst:
            return False
        self._admitted.append(now)
        return True


class StandIn:
    """Decides what each request gets, and counts. Touches no socket: replies are carried out by the `application`."""

    def __init__(self, knobs: Knobs, *, seed: int = 0, clock: Clock | None = None) -> None:
        self.knobs = knobs
        self._clock = clock or SystemClock()
        self._faults = Random(f"faults {seed}")  # noqa: S311 -- repeatable, not secret
        self._jitter = Random(f"jitter {seed}")  # noqa: S311
        self._window = Window()
        self._by_status: Counter[int | str] = Counter()
        self._by_fault: Counter[str] = Counter()
        self._by_key: Counter[str] = Counter()
        self._prompts: set[bytes] = set()
        self._tokens = Counter({"prompt": 0, "completion": 0})
        self._in_flight = 0
        self._most_at_once = 0

    @property
    def answered(self) -> int:
        """How many answers were made."""
        return self._by_key.total()

    @property
    def is_spent(self) -> bool:
        """Whether all answers of ``max_answers`` were made."""
        return self.knobs.max_answers is not None and self.answered >= self.knobs.max_answers

    @property
    def served_model(self) -> str | None:
        """The model that makes the next answer; None: whichever is asked for."""
        after, _, other = (self.knobs.switch_model or "").partition(":")
        return other if other and self.answered >= int(after) else self.knobs.model

    def change(self, values: Mapping[str, Any]) -> None:
        """Turn some knobs; raises UsageError, and turns none, when one is impossible."""
        self.knobs = Knobs.of({**self.knobs.model_dump(), **values})

    def stats(self) -> dict[str, Any]:
        """Return what was asked for so far, for tests and for people.

        ``requests`` of which ``answered`` are paid for, also those that were cut or whose client has left; ``distinct``
        prompts were answered; ``by_status`` sums up to ``requests``, ``none`` are those without one; ``by_fault``;
        ``in_flight`` now and ``most_at_once``; ``prompt_tokens`` and ``completion_tokens`` of all answers (words).
        """
        return {
            "requests": self._by_status.total(),
            "answered": self.answered,
            "distinct": len(self._prompts),
            "by_status": {str(status): count for status, count in self._by_status.items()},
            "by_fault": dict(self._by_fault),
            "in_flight": self._in_flight,
            "most_at_once": self._most_at_once,
            "prompt_tokens": self._tokens["prompt"],
            "completion_tokens": self._tokens["completion"],
        }

    def models(self) -> dict[str, Any]:
        """Return the list of models, as the protocol has it."""
        model = {"id": self.served_model or MODEL, "object": "model", "created": 0, "owned_by": MODEL}
        return {"object": "list", "data": [model]}

    def arrived(self, body: bytes, key: str) -> Reply:
        """Return what a request with this body and bearer token gets; it is in flight until `left`."""
        self._in_flight += 1
        self._most_at_once = max(self._most_at_once, self._in_flight)
        reply = self._reply(body, key)
        self._by_status["none" if reply.ending in {Ending.RESET, Ending.SILENT} else reply.status] += 1
        return reply

    def left(self) -> None:
        """Count one request less in flight."""
        self._in_flight -= 1

    def refuses_key(self, key: str) -> Reply | None:
        """Return the refusal of a bearer token that is not let in."""
        knobs = self.knobs
        if knobs.key is not None and key not in knobs.key.split(","):
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        if knobs.revoke_after is not None and self._by_key[key] >= knobs.revoke_after:
            return _error(401, "This API key has been revoked.", "invalid_api_key")
        return None

    def _reply(self, body: bytes, key: str) -> Reply:
        if refused := self.refuses_key(key) or self._limits():
            return refused
        request = _Request.of(body)
        if isinstance(request, Reply):
            return request
        if refused := self._refuses(request, key):
            return refused
        fault = self._draw()
        if fault == "429":
            return self._too_many(*RATE_LIMIT)
        delay = self.knobs.latency + self._jitter.uniform(0.0, self.knobs.jitter)
        return replace(self._failure(fault) or self._answer(request, key, fault), delay=delay)

    def _limits(self) -> Reply | None:
        """Return the refusal of a request that comes too soon."""
        rate, burst = self.knobs.rate, self.knobs.burst
        if rate is None or self._window.admits(self._clock.monotonic(), rate, burst or max(1, int(rate))):
            return None
        return self._too_many(*RATE_LIMIT)

    def _refuses(self, request: _Request, key: str) -> Reply | None:
        """Return the refusal of a request that can have no answer."""
        model, limit, quota = self.knobs.model, self.knobs.context_limit, self.knobs.quota
        if model not in {None, request.model}:
            told = f"The model `{request.model}` does not exist or you do not have access to it."
            return _error(404, told, "model_not_found")
        if limit is not None and (words := request.tokens + (request.max_tokens or 0)) > limit:
            told = f"This model's maximum context length is {limit} tokens. However, you requested {words} tokens."
            return _error(400, told, "context_length_exceeded", parameter="messages")
        if quota is not None and self._by_key[key] >= quota:
            told = "You exceeded your current quota, please check your plan and billing details."
            return self._too_many(told, "insufficient_quota", "insufficient_quota")
        return None

    def _too_many(self, message: str, code: str, kind: str) -> Reply:
        match self.knobs.retry_after:
            case "none":
                headers = {}
            case "date":
                headers = {"Retry-After": format_datetime(self._clock.now() + DATE_AHEAD)}
            case "garbage":
                headers = {"Retry-After": "soon, perhaps"}
            case seconds:
                headers = {"Retry-After": seconds}
        return replace(_error(429, message, code, kind=kind), headers=headers)

    def _draw(self) -> str | None:
        """Return the fault of the next request."""
        rest = self._faults.random()
        for name, share in self.knobs.faults.items():
            rest -= share
            if rest < 0.0:
                self._by_fault[name] += 1
                return name
        return None

    def _failure(self, fault: str | None) -> Reply | None:
        """Return what comes in place of an answer."""
        if fault in {"reset", "silent"}:
            return Reply(200, ending=Ending(fault))
        if fault == "html":
            return Reply(200, [PAGE], len(PAGE), "text/html")
        if fault is not None and fault.isdecimal():
            kind = "server_error" if fault[0] == "5" else "invalid_request_error"
            return _error(int(fault), "The server had an error while processing your request.", None, kind=kind)
        return None

    def _answer(self, request: _Request, key: str, fault: str | None) -> Reply:
        text = _text(request, self.knobs, fault, self._faults)
        words = text.split(" ")
        is_long = request.max_tokens is not None and len(words) > request.max_tokens
        if is_long:
            text = " ".join(words[: request.max_tokens])
        model = self.served_model or request.model
        usage = {"prompt_tokens": request.tokens, "completion_tokens": len(text.split())}
        self._tokens.update(prompt=usage["prompt_tokens"], completion=usage["completion_tokens"])
        self._by_key[key] += 1
        self._prompts.add(request.identity)
        frame = {
            "id": f"chatcmpl-{self.answered}",
            "object": "chat.completion",
            "created": int(self._clock.now().timestamp()),
            "model": model,
            "system_fingerprint": f"fp_{blake2b(model.encode(), digest_size=5).hexdigest()}",
        }
        usage["total_tokens"] = sum(usage.values())
        finish = "length" if is_long else "stop"
        whole = (
            _events(frame, text, finish, usage, request) if request.is_streamed else _body(frame, text, finish, usage)
        )
        return _carried(whole, fault, self.knobs.drip, is_streamed=request.is_streamed)


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    prompt: str
    """The last message of the user."""
    tokens: int
    identity: bytes
    max_tokens: int | None
    is_streamed: bool
    with_usage: bool

    @staticmethod
    def of(body: bytes) -> _Request | Reply:
        """Return the request in ``body``, or its refusal."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            return _error(400, "We could not parse the JSON body of your request.", None)
        model, messages = document.get("model"), document.get("messages")
        if not isinstance(model, str) or not model:
            return _error(400, "you must provide a model parameter", None)
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
            told = "Missing required parameter: 'messages'."
            return _error(400, told, "missing_required_parameter", parameter="messages")
        most = document.get("max_completion_tokens", document.get("max_tokens"))
        if most is not None and (not isinstance(most, int) or most < 1):
            return _error(400, "Invalid 'max_tokens': integer below minimum value.", None, parameter="max_tokens")
        texts = [_words_of(message) for message in messages]
        asked = [text for text, message in zip(texts, messages, strict=True) if message.get("role") == "user"]
        options = document.get("stream_options")
        return _Request(
            model=model,
            prompt=asked[-1] if asked else "",
            tokens=sum(len(text.split()) for text in texts),
            identity=blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest(),
            max_tokens=most,
            is_streamed=document.get("stream") is True,
            with_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )


def _words_of(message: Mapping[str, Any]) -> str:
    """Return the text of ``message``, its parts joined."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _error(
    status: int, message: str, code: str | None, *, kind: str = "invalid_request_error", parameter: str | None = None
) -> Reply:
    body = orjson.dumps({"error": {"message": message, "type": kind, "param": parameter, "code": code}})
    return Reply(status, [body], len(body))


_NOUNS = (
    *("river", "garden", "engine", "letter", "window", "market", "bridge", "kernel", "signal", "valley", "teacher"),
    *("harbor", "pattern", "library", "mirror", "island", "lantern", "orchard", "compass", "station", "blanket"),
    *("meadow", "channel", "village", "machine", "column", "ladder", "carpet", "forest", "pocket", "record"),
    "shadow",
)
_VERBS = (
    *("follows", "carries", "changes", "measures", "covers", "repeats", "answers", "crosses", "reaches", "holds"),
    *("opens", "paints", "shapes", "guides", "meets", "warms"),
)
_ADJECTIVES = (
    *("quiet", "narrow", "early", "golden", "broken", "simple", "distant", "gentle", "heavy", "patient", "hollow"),
    *("modern", "silver", "careful", "ancient", "plain", "sudden", "bright", "rough", "steady", "foreign"),
    *("little", "empty", "warm", "sharp", "wooden", "famous", "hidden", "rapid", "sleepy", "open", "curious"),
)
_PLACES = (
    *("near the wall", "after noon", "without a sound", "for a while", "in the rain", "every winter", "on the hill"),
    "at the gate",
)
_SENTENCES = 6
_QUOTED = 6
"""Words of the prompt that its answer takes up."""


def answer_to(prompt: str) -> dict[str, str]:
    """Return the answer that belongs to ``prompt``: always the same one, about 60 words, some of them from it."""
    words = prompt.split()
    dice = blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=8 * _SENTENCES).digest()
    start = int.from_bytes(dice[-2:]) % max(1, len(words) - _QUOTED + 1)
    quoted = " ".join(words[start : start + _QUOTED])
    sentences = [_sentence(dice[at : at + 6]) for at in range(0, 6 * _SENTENCES, 6)]
    return {
        "instruction": f"What is meant by this: {quoted}",
        "output": f"It is about {quoted}. {' '.join(sentences)}",
    }


def _sentence(dice: bytes) -> str:
    first, noun, verb, second, other, place = dice
    return (
        f"The {_one(_ADJECTIVES, first)} {_one(_NOUNS, noun)} {_one(_VERBS, verb)} "
        f"the {_one(_ADJECTIVES, second)} {_one(_NOUNS, other)} {_one(_PLACES, place)}."
    )


def _one(choices: Sequence[str], die: int) -> str:
    return choices[die % len(choices)]


def _text(request: _Request, knobs: Knobs, fault: str | None, random: Random) -> str:
    if fault == "empty":
        return ""
    if fault == "refusal":
        return REFUSAL
    if knobs.answer in {"echo", "text"}:
        text = request.prompt if knobs.answer == "echo" else answer_to(request.prompt)["output"]
        return text[: len(text) // 2] if fault == "malformed" else text
    answer = answer_to(request.prompt)
    if fault == "malformed":
        return random.choice(BREAKAGES)(answer)
    text = orjson.dumps(answer).decode()
    return f"Here it is:\n\n```json\n{text}\n```\n" if "fenced" in {fault, knobs.answer} else text


def _in_prose(answer: Mapping[str, str]) -> str:
    return f"Sure! {orjson.dumps(answer).decode()} I hope that this helps."


def _with_raw_newlines(answer: Mapping[str, str]) -> str:
    return orjson.dumps({**answer, "output": answer["output"].replace(". ", ".\n")}).decode().replace("\\n", "\n")


def _with_trailing_comma(answer: Mapping[str, str]) -> str:
    return f"{orjson.dumps(answer).decode()[:-1]},}}"


def _in_single_quotes(answer: Mapping[str, str]) -> str:
    return repr({name: text.replace("'", "") for name, text in answer.items()})


def _torn(answer: Mapping[str, str]) -> str:
    text = orjson.dumps(answer).decode()
    return text[: len(text) // 2]


BREAKAGES: tuple[Callable[[Mapping[str, str]], str], ...] = (
    *(_in_prose, _with_raw_newlines, _with_trailing_comma, _in_single_quotes),
    _torn,
)
"""How an answer is malformed, each as often; a reader that repairs can save all but the last one, which lost words."""


def _body(frame: Mapping[str, Any], text: str, finish: str, usage: Mapping[str, int]) -> list[bytes]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return [orjson.dumps({**frame, "choices": [choice], "usage": usage})]


def _events(
    frame: Mapping[str, Any], text: str, finish: str, usage: Mapping[str, int], request: _Request
) -> list[bytes]:
    """Return the answer as server-sent events, some words in each."""
    frame = {**frame, "object": "chat.completion.chunk"}
    step = -(-len(text) // PIECES) or 1
    deltas = [{"content": text[at : at + step]} for at in range(0, len(text), step)]
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": delta, "finish_reason": None}]
        for delta in ({"role": "assistant", "content": ""}, *deltas)
    ]
    choices.append([{"index": 0, "delta": {}, "finish_reason": finish}])
    chunks: list[dict[str, Any]] = [{**frame, "choices": choice} for choice in choices]
    if request.with_usage:
        chunks = [{**chunk, "usage": None} for chunk in chunks] + [{**frame, "choices": [], "usage": usage}]
    return [*(b"data: %b\n\n" % orjson.dumps(chunk) for chunk in chunks), b"data: [DONE]\n\n"]


def _carried(whole: list[bytes], fault: str | None, drip: float, *, is_streamed: bool) -> Reply:
    """Return the reply that carries an answer as ``fault`` has it."""
    length = None if is_streamed else sum(map(len, whole))
    content_type = "text/event-stream" if is_streamed else "application/json"
    pieces = whole if is_streamed or fault not in {"slow", "cut"} else list(_pieces(whole[0]))
    if fault == "cut":
        pieces = pieces[: len(pieces) // 2]
    return Reply(
        200,
        pieces,
        length,
        content_type,
        pace=drip / len(pieces) if fault == "slow" else 0.0,
        ending=Ending.CUT if fault == "cut" else Ending.WHOLE,
    )


def _pieces(body: bytes) -> Iterator[bytes]:
    step = -(-len(body) // PIECES)
    return (body[at : at + step] for at in range(0, len(body), step))


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
        return _whole(refused) if refused else _document(stand_in.models())

    async def stats(_: web.Request) -> web.Response:
        return _document(stand_in.stats())

    async def knobs(request: web.Request) -> web.Response:
        if request.method == "POST":
            try:
                stand_in.change(_changes_of(await request.read()))
            except UsageError as error:
                return _whole(_error(400, str(error), "invalid_knobs"))
        return _document(stand_in.knobs.model_dump())

    async def unknown(request: web.Request) -> web.Response:
        return _whole(_error(404, f"Unknown request URL: {request.method} {request.path}.", "unknown_url"))

    server = web.Application(client_max_size=LARGEST_REQUEST)
    server.add_routes(
        [
            web.post("/v1/chat/completions", complete),
            web.get("/v1/models", models),
            web.get("/stats", stats),
            web.get("/knobs", knobs),
            web.post("/knobs", knobs),
            web.route("*", "/{path:.*}", unknown),
        ]
    )
    return server


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


def _document(document: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")


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
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
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


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the quickest loop that is installed."""
    if find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


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
