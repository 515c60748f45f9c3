"""What goes over the wire between the stand-in and those who ask it.

Owns how a request is read and how answers and errors look. Never decides which of them a request gets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b
from typing import Any

import orjson

PIECES = 20
"""In how many pieces an answer is sent that drips or is cut."""


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


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: ``tokens`` are words, ``identity`` is a hash of all messages."""

    model: str
    prompt: str
    """The last message of the user."""
    tokens: int
    identity: bytes
    max_tokens: int | None
    is_streamed: bool
    with_usage: bool
    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer is to have."""

    @staticmethod
    def of(body: bytes) -> Request | Reply:
        """Return the request in ``body``, or its refusal."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            return error(400, "We could not parse the JSON body of your request.", None)
        model, messages = document.get("model"), document.get("messages")
        if not isinstance(model, str) or not model:
            return error(400, "you must provide a model parameter", None)
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
            told = "Missing required parameter: 'messages'."
            return error(400, told, "missing_required_parameter", parameter="messages")
        most = document.get("max_completion_tokens", document.get("max_tokens"))
        if most is not None and (not isinstance(most, int) or most < 1):
            return error(400, "Invalid 'max_tokens': integer below minimum value.", None, parameter="max_tokens")
        texts = [_words_of(message) for message in messages]
        asked = [text for text, message in zip(texts, messages, strict=True) if message.get("role") == "user"]
        options = document.get("stream_options")
        return Request(
            model=model,
            prompt=asked[-1] if asked else "",
            tokens=sum(len(text.split()) for text in texts),
            identity=blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest(),
            max_tokens=most,
            is_streamed=document.get("stream") is True,
            with_usage=isinstance(options, dict) and options.get("include_usage") is True,
            schema=_schema_of(document.get("response_format")),
        )


def _words_of(message: Mapping[str, Any]) -> str:
    """Return the text of ``message``, its parts joined."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _schema_of(form: Any) -> Mapping[str, Any] | None:
    told = form.get("json_schema") if isinstance(form, dict) else None
    schema = told.get("schema") if isinstance(told, dict) else None
    return schema if isinstance(schema, dict) else None


def error(
    status: int, message: str, code: str | None, *, kind: str = "invalid_request_error", parameter: str | None = None
) -> Reply:
    """Return an error of the protocol."""
    return document(status, {"error": {"message": message, "type": kind, "param": parameter, "code": code}})


def document(status: int, content: Mapping[str, Any]) -> Reply:
    """Return ``content`` as JSON."""
    body = orjson.dumps(content)
    return Reply(status, [body], len(body))


def completion(frame: Mapping[str, Any], text: str, finish: str, usage: Mapping[str, int]) -> list[bytes]:
    """Return an answer as one document."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return [orjson.dumps({**frame, "choices": [choice], "usage": usage})]


def events(frame: Mapping[str, Any], text: str, finish: str, usage: Mapping[str, int], request: Request) -> list[bytes]:
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


def carried(whole: list[bytes], fault: str | None, drip: float, *, is_streamed: bool) -> Reply:
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
