"""The chat protocol of OpenAI and of all that speak it: what a request says, and what its answer means.

Pure. Owns the JSON of both, whole and in pieces. Never sends anything and knows no key.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from agents.campaign.models import ModelSection, Structured
from agents.training.calls_in_text import text_of
from agents.training.sample import Message, Outcome, Reply, ToolCall
from agents.training.troubles import Failure, Trouble, of_error, shortened

MOST_BYTES = 16 * 1024 * 1024
"""An answer that is longer is none."""
SCHEMA_NAME = "answer"
"""What a schema is called where it is told."""
MOST_TOKENS = 2**63 - 1
"""A count that is higher is none; a ledger could not hold it."""

_ENDINGS = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn"), Outcome.ANSWERED),
    **dict.fromkeys(("tool_calls", "function_call"), Outcome.ANSWERED),
    **dict.fromkeys(("length", "max_tokens", "model_length"), Outcome.TRUNCATED),
    "content_filter": Outcome.REFUSED,
}
"""Reasons for which an answer is over; for any other one it broke off."""
_DATA = (b"data:", BOM_UTF8 + b"data:")
"""How a line of data begins, and the first one of a stream perhaps."""


def request_frame(model: ModelSection, schema: Mapping[str, Any] | None = None, form: Structured = "none") -> bytes:
    """Return all that a request to ``model`` says but its messages: the same for all tickets of a domain.

    What the recipe leaves out is left out. ``schema`` is the JSON schema of an answer, told as ``form`` has it.
    """
    parameters = {"temperature": model.temperature, "top_p": model.top_p, "max_tokens": model.max_tokens}
    if "max_completion_tokens" in model.extra_body:  # servers that know the one refuse the other
        del parameters["max_tokens"]
    document = {
        **model.extra_body,
        **{name: value for name, value in parameters.items() if value is not None},
        "model": model.model,
    }
    if schema is not None and form == "json_schema":
        told = {"name": SCHEMA_NAME, "strict": True, "schema": schema}
        document["response_format"] = {"type": form, form: told}
    elif schema is not None and form == "json_object":
        document["response_format"] = {"type": form}
    if model.stream:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    document.pop("messages", None)
    return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)


def request_body(frame: bytes, prompt: Iterable[Message]) -> bytes:
    """Return the body that asks for the answer to ``prompt``, with all that ``request_frame`` returned.

    The tools of its turns are offered where the protocol has them: beside the messages.
    """
    turns = [message.document() for message in prompt]
    tools = [tool for turn in turns for tool in turn.pop("tools", ())]
    offered = b'"tools":%b,' % orjson.dumps(tools) if tools else b""
    return b'{"messages":%b,%b%b' % (orjson.dumps(turns), offered, frame[1:])


def reply_of(body: bytes) -> Reply | Failure:
    """Return what an answer with status 200 says, or why it says nothing; calls of tools are told as text."""
    try:
        document = orjson.loads(body)
        if (failure := _error_in(document, body)) is not None:
            return failure
        choice = document["choices"][0]
        message = choice["message"]
        text, refusal = _text(message.get("content")), message.get("refusal")
        if made := message.get("tool_calls"):
            text = text_of(Message("assistant", text, tuple(map(_call, made))))
        ending = choice.get("finish_reason")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return garbled(body)
    return _reply(text, refusal, ending, document.get("model"), document.get("usage"))


def _call(document: Any) -> ToolCall:
    """Return a call as a message has it; some servers have its arguments as a value and not as text."""
    function = document["function"]
    name, given = function["name"], function.get("arguments") or "{}"
    if not isinstance(name, str):
        raise TypeError("a tool without a name")
    return ToolCall(
        str(document.get("id", "")), name, given if isinstance(given, str) else orjson.dumps(given).decode()
    )


def garbled(body: bytes, what: str = "an answer") -> Failure:
    """Return the failure of ``what``, which came as ``body`` and means nothing."""
    beginning = shortened(body[:80].decode("utf-8", errors="replace")) or "nothing"
    return Failure(Trouble.GARBLED, f"{what} that is none of the protocol: {beginning}")


class Pieces:
    """An answer that comes in pieces, as server-sent events; bytes may be cut anywhere.

    Whoever reads says ``add`` for what has come until it returns a failure or the answer ``is_over``, and asks
    ``reply`` when nothing comes any more. Takes no more than ``MOST_BYTES`` characters, nor more bytes of one event.
    """

    def __init__(self) -> None:
        self._events = _Events()
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._size = 0  # characters of both
        self._ending: Any = None
        self._model: Any = None
        self._usage: Any = None
        self._is_over = False

    @property
    def is_whole(self) -> bool:
        """Whether the answer has been said to its end; how many tokens it had may still follow."""
        return self._ending is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self._is_over

    def add(self, part: bytes) -> Failure | None:
        """Take what has come; return why it is no answer, if so."""
        for data in self._events.add(part):
            if (failure := self._heard(data)) is not None:
                return failure
        if self._events.held > MOST_BYTES or self._size > MOST_BYTES:
            return Failure(Trouble.GARBLED, f"an answer of more than {MOST_BYTES:,} bytes")
        return None

    def reply(self) -> Reply | Failure:
        """Return what was said, or why it says nothing: half an answer is none, even if the server ends it."""
        if not self.is_whole:
            return Failure(Trouble.GARBLED, "an answer in pieces that broke off")
        return _reply("".join(self._texts), "".join(self._refusals), self._ending, self._model, self._usage)

    def _heard(self, data: bytes) -> Failure | None:
        """Take the data of one event."""
        if data == b"[DONE]":
            self._is_over = True
            return None
        try:
            document = orjson.loads(data)
            if (failure := _error_in(document, data)) is not None:
                return failure
            self._model, self._usage = document.get("model") or self._model, document.get("usage") or self._usage
            for choice in document.get("choices") or ():
                self._said(choice)
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
            return garbled(data, "a piece of an answer")
        return None

    def _said(self, choice: Mapping[str, Any]) -> None:
        """Take a piece of an answer; of several answers the first one counts."""
        if choice.get("index", 0) != 0:
            return
        delta = choice.get("delta") or {}
        text, refusal = _text(delta.get("content")), delta.get("refusal")
        if text:
            self._texts.append(text)
            self._size += len(text)
        if isinstance(refusal, str) and refusal:
            self._refusals.append(refusal)
            self._size += len(refusal)
        self._ending = choice.get("finish_reason") or self._ending


class _Events:
    """The data of server-sent events; the bytes of a stream may be cut anywhere."""

    def __init__(self) -> None:
        self._line = bytearray()  # the beginning of one
        self._data: list[bytes] = []  # of an event that has not ended
        self._size = 0  # bytes of it
        self._is_after_return = False

    @property
    def held(self) -> int:
        """Bytes of an event that has not ended."""
        return len(self._line) + self._size

    def add(self, part: bytes) -> Iterator[bytes]:
        """Yield the data of each event that ends in ``part``, its lines joined."""
        if not part:
            return
        self._line += part[1:] if self._is_after_return and part.startswith(b"\n") else part
        self._is_after_return = part.endswith(b"\r")
        if b"\n" not in part and b"\r" not in part:
            return
        *lines, self._line = self._line.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line.startswith(_DATA):
                self._data.append(bytes(line).partition(b":")[2].strip())
                self._size += len(line)
            elif not line and self._data:
                yield b"\n".join(self._data)
                self._data, self._size = [], 0


def _reply(text: str, refusal: Any, ending: Any, model: Any, usage: Any) -> Reply | Failure:
    """Return what an answer means; servers that say it in one piece may leave out why it ended."""
    outcome = _ENDINGS.get(str(ending).lower()) if ending else Outcome.ANSWERED
    if outcome is None:
        return Failure(Trouble.SERVER, shortened(f"an answer that broke off: {ending}"))
    if isinstance(refusal, str) and refusal:
        outcome, text = Outcome.REFUSED, refusal
    elif outcome is Outcome.ANSWERED and not text.strip():
        outcome = Outcome.EMPTY
    tokens_in, tokens_out = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Reply(outcome, text, model if isinstance(model, str) else "", tokens_in, tokens_out)


def _error_in(document: Any, body: bytes) -> Failure | None:
    """Return the error that is told where an answer should be, if so; its code may be an HTTP status."""
    error = document.get("error") or (document if document.get("object") == "error" else None)
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return of_error(code if isinstance(code, int) and 400 <= code <= 599 else 500, body)


def _text(content: Any) -> str:
    """Return the text of a message's content: a string, parts of which some are text, or nothing."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if isinstance(part, dict) and part.get("type") == "text")


def _count(usage: Any, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS else None
