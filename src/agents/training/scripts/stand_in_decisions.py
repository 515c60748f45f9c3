"""What each request of the stand-in gets, and what was asked of it so far.

Owns the limits, quotas, faults and counts. Touches no socket: replies are carried out by the server.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from hashlib import blake2b
from random import Random
from typing import Any

from agents.campaign.clock import Clock, SystemClock
from agents.training.scripts.stand_in_answers import said_to
from agents.training.scripts.stand_in_batches import Batches
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.scripts.stand_in_protocol import Ending, Reply, Request, carried, completion, error, events

MODEL = "stand-in"
"""The model of a stand-in that was given no name; it then answers for any model it is asked for."""
DATE_AHEAD = timedelta(seconds=2)
"""How far ahead the moment of a ``Retry-After: date`` is."""
PAGE = b"<html><head><title>Please sign in</title></head><body><h1>Please sign in</h1></body></html>"

RATE_LIMIT = ("Rate limit reached for requests.", "rate_limit_exceeded", "requests")
"""Message, code and type of a 429."""


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
    """Decides what each request gets, and counts."""

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
        self.batches = Batches(self._batched, lambda: self.knobs, self._clock, seed)

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
        ``batches`` were created, whose requests are among the others as soon as they are done.
        """
        self.batches.go_on()
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
            "batches": self.batches.created,
        }

    def models(self) -> dict[str, Any]:
        """Return the list of models, as the protocol has it."""
        model = {"id": self.served_model or MODEL, "object": "model", "created": 0, "owned_by": MODEL}
        return {"object": "list", "data": [model]}

    def arrived(self, body: bytes, key: str) -> Reply:
        """Return what a request with this body and bearer token gets; it is in flight until `left`."""
        self._in_flight += 1
        self._most_at_once = max(self._most_at_once, self._in_flight)
        return self._counted(self.refuses_key(key) or self._limits() or self._reply(body, key))

    def left(self) -> None:
        """Count one request less in flight."""
        self._in_flight -= 1

    def refuses_key(self, key: str) -> Reply | None:
        """Return the refusal of a bearer token that is not let in."""
        knobs = self.knobs
        if knobs.key is not None and key not in knobs.key.split(","):
            return error(401, "Incorrect API key provided.", "invalid_api_key")
        if knobs.revoke_after is not None and self._by_key[key] >= knobs.revoke_after:
            return error(401, "This API key has been revoked.", "invalid_api_key")
        return None

    def _batched(self, body: bytes, key: str) -> Reply:
        """Return what one request of a batch gets: the same answer, without limits of rate."""
        return self._counted(self.refuses_key(key) or self._reply(body, key))

    def _counted(self, reply: Reply) -> Reply:
        self._by_status["none" if reply.ending in {Ending.RESET, Ending.SILENT} else reply.status] += 1
        return reply

    def _reply(self, body: bytes, key: str) -> Reply:
        request = Request.of(body)
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

    def _refuses(self, request: Request, key: str) -> Reply | None:
        """Return the refusal of a request that can have no answer."""
        model, limit, quota = self.knobs.model, self.knobs.context_limit, self.knobs.quota
        if model not in {None, request.model}:
            told = f"The model `{request.model}` does not exist or you do not have access to it."
            return error(404, told, "model_not_found")
        if limit is not None and (words := request.tokens + (request.max_tokens or 0)) > limit:
            told = f"This model's maximum context length is {limit} tokens. However, you requested {words} tokens."
            return error(400, told, "context_length_exceeded", parameter="messages")
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
        return replace(error(429, message, code, kind=kind), headers=headers)

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
            return error(int(fault), "The server had an error while processing your request.", None, kind=kind)
        return None

    def _answer(self, request: Request, key: str, fault: str | None) -> Reply:
        text = said_to(request.prompt, self.knobs.answer, fault, self._faults, request.schema)
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
            events(frame, text, finish, usage, request)
            if request.is_streamed
            else completion(frame, text, finish, usage)
        )
        return carried(whole, fault, self.knobs.drip, is_streamed=request.is_streamed)
