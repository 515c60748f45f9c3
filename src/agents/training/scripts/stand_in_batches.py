"""The batches of the stand-in: files of requests that are answered some time later.

Owns the files and the batches, which belong to the key they were made with, and how far each one is. What a request
gets is decided as for a call. A batch goes on while nobody looks: whoever looks sees what is done by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

import orjson

from agents.campaign.clock import Clock
from agents.training.scripts.stand_in_knobs import Knobs
from agents.training.scripts.stand_in_protocol import Ending, Reply, document, error

ENDPOINT = "/v1/chat/completions"
MOST_LISTED = 100
_DAY = 86_400


class Status(StrEnum):
    """How far a batch is, in the words of the protocol; the stand-in is never ``finalizing``."""

    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self in {Status.FAILED, Status.COMPLETED, Status.EXPIRED, Status.CANCELLED}


@dataclass(frozen=True, slots=True)
class _File:
    id: str
    key: str
    name: str
    content: bytes
    created_at: int

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": "batch",
        }


@dataclass(slots=True)
class _Batch:
    """``requests`` are custom ids and bodies; ``done`` of them have a line in ``output`` or in ``errors``."""

    id: str
    key: str
    input_file_id: str
    metadata: Mapping[str, str] | None
    created_at: int
    began: float
    status: Status = Status.VALIDATING
    requests: Sequence[tuple[str, bytes]] = ()
    problems: Sequence[Mapping[str, Any]] = ()
    done: int = 0
    has_expired: bool = False
    output: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None

    def document(self) -> dict[str, Any]:
        counts = {"total": len(self.requests), "completed": len(self.output), "failed": len(self.errors)}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": ENDPOINT,
            "errors": {"object": "list", "data": self.problems} if self.problems else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.created_at + _DAY,
            "request_counts": counts,
            "metadata": self.metadata,
        }


class Batches:
    """All files and batches. ``answered`` says what a body and a bearer token get; times are of ``clock``."""

    def __init__(
        self, answered: Callable[[bytes, str], Reply], knobs: Callable[[], Knobs], clock: Clock, seed: int
    ) -> None:
        self._answered = answered
        self._knobs = knobs
        self._clock = clock
        self._expiries = Random(f"expiries {seed}")  # noqa: S311 -- repeatable, not secret
        self._files: dict[str, _File] = {}
        self._batches: dict[str, _Batch] = {}

    @property
    def created(self) -> int:
        """How many batches were created."""
        return len(self._batches)

    def keep(self, content: bytes, purpose: str, key: str) -> Reply:
        """Keep a file that was uploaded."""
        if purpose != "batch":
            return error(400, f"'{purpose}' is not one of ['batch']", None, parameter="purpose")
        return document(200, self._kept(content, "requests.jsonl", key).document())

    def content(self, file_id: str, key: str) -> Reply:
        """Return what is in a file."""
        file = self._files.get(file_id)
        if file is None or file.key != key:
            return error(404, f"No such File object: {file_id}", None, parameter="id")
        return Reply(200, [file.content], len(file.content), "application/octet-stream")

    def create(self, body: bytes, key: str) -> Reply:
        """Begin a batch."""
        try:
            asked = orjson.loads(body)
            file = self._files[asked["input_file_id"]]
            metadata = asked.get("metadata")
            is_known = asked["endpoint"] == ENDPOINT and asked["completion_window"] == "24h" and file.key == key
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
            is_known = False
        if not is_known:
            return error(400, "Invalid input_file_id, endpoint or completion_window.", None)
        batch = _Batch(
            f"batch_{self.created + 1:06}", key, file.id, metadata, self._created_at(), self._clock.monotonic()
        )
        batch.requests, batch.problems = _requests_of(file.content)
        if not self._has_room(batch):
            told = "Enqueued token limit reached. Please try again once some in_progress batches have been completed."
            batch.problems = [_problem("token_limit_exceeded", told, None)]
        self._batches[batch.id] = batch
        return document(200, batch.document())

    def look(self, batch_id: str, key: str) -> Reply:
        """Return how far a batch is."""
        self.go_on()
        batch = self._batches.get(batch_id)
        return document(200, batch.document()) if batch and batch.key == key else _no_batch(batch_id)

    def listed(self, limit: int, after: str | None, key: str) -> Reply:
        """Return at most ``limit`` batches, the newest first, those that follow the batch ``after``."""
        self.go_on()
        found = [batch for batch in reversed(self._batches.values()) if batch.key == key]
        names = [batch.id for batch in found]
        if after is not None and after not in names:
            return _no_batch(after)
        start = 0 if after is None else names.index(after) + 1
        page = found[start : start + limit]
        return document(
            200,
            {
                "object": "list",
                "data": [batch.document() for batch in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": start + limit < len(found),
            },
        )

    def cancel(self, batch_id: str, key: str) -> Reply:
        """Stop a batch; what is done of it stays done."""
        self.go_on()
        batch = self._batches.get(batch_id)
        if batch is None or batch.key != key:
            return _no_batch(batch_id)
        if batch.status.is_last:
            return error(400, f"Cannot cancel a batch with status '{batch.status}'.", None)
        batch.status = Status.CANCELLING
        return document(200, batch.document())

    def go_on(self) -> None:
        """Do all that is due by now."""
        for batch in self._batches.values():
            if not batch.status.is_last:
                self._go_on(batch)

    def _has_room(self, batch: _Batch) -> bool:
        self.go_on()
        others = (other for other in self._batches.values() if other.key == batch.key and not other.status.is_last)
        room = self._knobs().batch_room
        return room is None or sum(len(other.requests) for other in others) + len(batch.requests) <= room

    def _go_on(self, batch: _Batch) -> None:
        if batch.problems:
            batch.status = Status.FAILED
        elif batch.status is Status.CANCELLING:
            self._end(batch, Status.CANCELLED)
        else:
            batch.status = Status.IN_PROGRESS
            total, seconds = len(batch.requests), self._knobs().batch_seconds
            elapsed = self._clock.monotonic() - batch.began
            self._answer(batch, total if elapsed >= seconds else int(total * elapsed / seconds))
            if batch.done == total:
                self._end(batch, Status.EXPIRED if batch.has_expired else Status.COMPLETED)

    def _answer(self, batch: _Batch, until: int) -> None:
        """Answer the requests of ``batch`` up to the one with number ``until``."""
        for custom_id, body in batch.requests[batch.done : until]:
            name = f"batch_req_{batch.id}_{batch.done}"
            if self._expiries.random() < self._knobs().batch_expires:
                told = "This request could not be executed before the completion window expired."
                result: dict[str, Any] = {"response": None, "error": {"code": "batch_expired", "message": told}}
                batch.has_expired = True
            else:
                result = _result_of(self._answered(body, batch.key), name)
            line = orjson.dumps({"id": name, "custom_id": custom_id, **result})
            is_answer = result["response"] is not None and result["response"]["status_code"] == 200
            (batch.output if is_answer else batch.errors).append(line)
            batch.done += 1

    def _end(self, batch: _Batch, status: Status) -> None:
        batch.status = status
        batch.output_file_id = self._written(batch.output, f"{batch.id}_output.jsonl", batch.key)
        batch.error_file_id = self._written(batch.errors, f"{batch.id}_error.jsonl", batch.key)

    def _written(self, lines: Sequence[bytes], name: str, key: str) -> str | None:
        return self._kept(b"".join(line + b"\n" for line in lines), name, key).id if lines else None

    def _kept(self, content: bytes, name: str, key: str) -> _File:
        file = _File(f"file-{len(self._files) + 1:06}", key, name, content, self._created_at())
        self._files[file.id] = file
        return file

    def _created_at(self) -> int:
        return int(self._clock.now().timestamp())


def _requests_of(content: bytes) -> tuple[list[tuple[str, bytes]], list[dict[str, Any]]]:
    """Return the custom ids and bodies of a file, and what is wrong with it; one of them is empty."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            asked = orjson.loads(line)
            custom_id, is_known = asked["custom_id"], (asked["method"], asked["url"]) == ("POST", ENDPOINT)
            body = orjson.dumps(asked["body"])
        except (orjson.JSONDecodeError, LookupError, TypeError):
            return [], [_problem("invalid_json_line", "This line is not parseable as valid JSON.", number)]
        if not is_known:
            return [], [_problem("invalid_url", "The URL provided for this request does not match the batch.", number)]
        if custom_id in found:
            return [], [_problem("duplicate_custom_id", f"The custom_id {custom_id} is not unique.", number)]
        found[custom_id] = body
    if not found:
        return [], [_problem("empty_file", "The input file is empty.", None)]
    return list(found.items()), []


def _problem(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def _result_of(reply: Reply, name: str) -> dict[str, Any]:
    """Return the response and the error that a reply is in a batch: one that breaks off is none."""
    if reply.ending is Ending.WHOLE and reply.content_type == "application/json":
        content = orjson.loads(b"".join(reply.pieces))
        return {"response": {"status_code": reply.status, "request_id": name, "body": content}, "error": None}
    told = "The server had an error while processing your request."
    return {"response": None, "error": {"code": "server_error", "message": told}}


def _no_batch(batch_id: str) -> Reply:
    return error(404, f"No batch found with id '{batch_id}'.", None)
