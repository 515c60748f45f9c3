"""What a call of a teacher over a network means that gave no answer.

Pure. Owns the kinds of trouble, how a provider's response is read, and what a person can do. Never calls or waits.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from agents.campaign.printable import printable
from agents.campaign.secrets import hidden

LONGEST_DETAIL = 200
"""Characters of a detail."""
LONGEST_READ = 65_536
"""Bytes of a body that are looked at."""
LONGEST_MESSAGE = 2_000
"""Characters of a text that are looked at: patterns take their time, and a provider may say anything."""
LONGEST_WAIT = 86_400.0
"""Seconds; who asks for more means something else."""

LIMITS = frozenset({"rate_limit_exceeded", "requests", "tokens"})
"""Kinds of a refusal for rate, whatever is offered for sale beside it."""
BILLING = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|billing[_ ](?:details|not[_ ]active|hard[_ ]limit)"
    r"|exceeded your current quota|credit balance|out of credits|payment[_ ]required|top up",
    re.IGNORECASE,
)
FLAGGED = re.compile(r"moderation|flagged|content[_ ]policy|safety", re.IGNORECASE)
"""A request that is refused for what is in it."""
NO_MODEL = re.compile(
    r"model_not_found|not_found_error.{0,40}\bmodel\b|\bmodel\b.{0,200}(?:does not exist|not found|not exist|unknown)"
    r"|(?:unknown|invalid|no such|unsupported) model\b",
    re.IGNORECASE | re.DOTALL,
)
NO_FORM = re.compile(
    r"response_?format|json[_ ]?(?:object|mode)|schema|guided|grammar|structured[_ ]?(?:output|decoding)",
    re.IGNORECASE,
)
"""A server that knows no schemas, or not this one."""
TAG = re.compile(r"<[^<>]*+>")

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
SPAN = re.compile(rf"(?:{NUMBER}(?:ms|s|m|h|d))+")
PART = re.compile(rf"({NUMBER})(ms|s|m|h|d)")
SECONDS = re.compile(NUMBER)


class Trouble(StrEnum):
    """Why there is no answer: what to do follows from it."""

    RATE = "rate"
    """too many calls: later"""
    QUOTA = "quota"
    """the account is used up: a person must pay"""
    KEY = "key"
    """the key is not accepted: a person must give another"""
    MODEL = "model"
    """the model is not served here"""
    FORM = "form"
    """the form of answers that was asked for is not known here: in another one"""
    REQUEST = "request"
    """this request will never be answered"""
    SERVER = "server"
    """the provider failed: again"""
    NETWORK = "network"
    """no connection, or it broke"""
    TIMEOUT = "timeout"
    """no answer in time"""
    GARBLED = "garbled"
    """a response that is no answer"""


FATAL = frozenset({Trouble.QUOTA, Trouble.KEY, Trouble.MODEL})
"""Troubles that only a person can mend."""


def cure_of(trouble: Trouble, variable: str = "") -> str:
    """Return what a person does about a trouble that is ``FATAL``; ``variable`` has the key, where that is known."""
    match trouble:
        case Trouble.QUOTA:
            return "raise the quota or pay the bill"
        case Trouble.KEY:
            return f"put a valid key into {variable or 'the variable that the recipe names'}"
        case _:
            return "start that model, or mend models.*.model in the recipe"


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without an answer.

    ``detail`` is one printable line of at most 200 characters, without secrets; ``retry_after`` are the seconds after
    which the provider wants to be asked again, None when it told none.
    """

    trouble: Trouble
    detail: str
    retry_after: float | None = None


def of_response(status: int, body: bytes, headers: Mapping[str, str], now: datetime) -> Failure:
    """Return what a response with an HTTP ``status`` of 300 or more means; ``now`` is aware of its time zone."""
    said = of_error(status, body)
    waits = said.trouble in {Trouble.RATE, Trouble.SERVER}
    return replace(said, retry_after=retry_after(headers, now)) if waits else said


def of_error(status: int, body: bytes) -> Failure:
    """Return what ``body`` means with an HTTP ``status``, wherever the two were found."""
    said = _Said.of(body)
    trouble = _trouble_of(status, said)
    hint = "; does base_url lack /v1?" if status == 404 and trouble is Trouble.REQUEST else ""
    start = f"HTTP {status}"
    return Failure(
        trouble, shortened(f"{start}: {said.message}" if said.message else start, LONGEST_DETAIL - len(hint)) + hint
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds in [0, 86,400] that a response asks to wait, None when it says nothing that makes sense.

    ``retry-after-ms`` counts before ``Retry-After`` (seconds or a date), and that before the ``x-ratelimit-reset-*`` of
    OpenAI's, of which the longer one counts.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    milliseconds = _seconds(lower.get("retry-after-ms", ""))
    told = lower.get("retry-after", "")
    candidates = [
        None if milliseconds is None else milliseconds / 1_000,
        _first(_seconds(told), _span(told), _until(told, now)),
    ]
    resets = [_span(lower.get(f"x-ratelimit-reset-{of}", "")) for of in ("requests", "tokens")]
    candidates.append(max((span for span in resets if span is not None), default=None))
    return _first(*(_sensible(seconds) for seconds in candidates))


def shortened(text: str, most: int = LONGEST_DETAIL) -> str:
    """Return ``text`` as one printable line of at most ``most`` characters, without keys."""
    line = " ".join(printable(hidden(text[:LONGEST_MESSAGE])).split())
    return line if len(line) <= most else line[: most - 3] + "..."


@dataclass(frozen=True, slots=True)
class _Said:
    """What a body says: its message, cut short, and everything that may name the kind of error."""

    message: str
    kinds: frozenset[str]

    @classmethod
    def of(cls, body: bytes) -> _Said:
        text = body[:LONGEST_READ].decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            page = text.lstrip()[:LONGEST_MESSAGE]
            return cls(TAG.sub(" ", page) if page.startswith("<") else page, frozenset())
        error = (found.get("error") or found) if isinstance(found, dict) else found
        if not isinstance(error, dict):
            return cls(error[:LONGEST_MESSAGE] if isinstance(error, str) else "", frozenset())
        message = next(_texts(error, "message", "detail", "error", "msg"), "") or _complaints(error.get("detail"))
        return cls(message, frozenset(_texts(error, "code", "type", "param")))


def _texts(document: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield those of the values that are texts, each cut short."""
    texts = (value for name in names if isinstance(value := document.get(name), str) and value)
    yield from (text[:LONGEST_MESSAGE] for text in texts)


def _complaints(detail: Any) -> str:
    """Return what FastAPI says of a request that it does not take: a list of places and complaints."""
    complaints = [one for one in detail if isinstance(one, dict)] if isinstance(detail, list) else []
    return "; ".join(f"{one.get('loc')}: {one.get('msg')}" for one in complaints)[:LONGEST_MESSAGE]


def _trouble_of(status: int, said: _Said) -> Trouble:
    words = " ".join([*sorted(said.kinds), said.message])
    match status:
        case 429 if said.kinds & LIMITS or not BILLING.search(words):
            return Trouble.RATE
        case 402 | 429:
            return Trouble.QUOTA
        case 401 | 403:
            return Trouble.REQUEST if status == 403 and FLAGGED.search(words) else Trouble.KEY
        case 400 | 404 if NO_MODEL.search(words):
            return Trouble.MODEL
        case 400 | 422 if NO_FORM.search(words):
            return Trouble.FORM
    return Trouble.SERVER if status >= 500 or status in {408, 425} else Trouble.REQUEST


def _seconds(text: str) -> float | None:
    return float(text) if SECONDS.fullmatch(text) else None


def _span(text: str) -> float | None:
    """Return the seconds of a span such as 20ms, 1s or 6m0s."""
    if not SPAN.fullmatch(text):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))


def _until(text: str, now: datetime) -> float | None:
    """Return the seconds until an HTTP date; one that is past asks for no wait."""
    try:
        date = parsedate_to_datetime(text)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        left = (date - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return left


def _sensible(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) and 0.0 <= seconds <= LONGEST_WAIT else None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
