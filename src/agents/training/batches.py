"""Batches of requests in the protocol of OpenAI: what is uploaded, how far one is, what came back for each request.

Pure. Owns the JSON of all three, and the record of a batch. Never sends, reads or writes anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, get_args

import orjson

from agents.campaign.models import Structured
from agents.training.sample import Reply
from agents.training.troubles import Failure, Trouble, of_error, shortened
from agents.training.wire import garbled, reply_of

ENDPOINT = "/v1/chat/completions"
WINDOW = "24h"
RUN, MARK = "campaign_run", "campaign_batch"
"""What a batch is called in its metadata: the run, and a mark that no other batch has."""
PASSING = frozenset({Trouble.RATE, Trouble.SERVER, Trouble.NETWORK, Trouble.TIMEOUT, Trouble.GARBLED})
"""Troubles after which the same request may be answered."""
AGAIN = "then run the same command again"
NO_WORD = Failure(Trouble.SERVER, "its batch ended without a word on it")
FAILED = "failed"
ENDINGS = frozenset({"completed", FAILED, "expired", "cancelled"})
"""States of a batch on its server that nothing follows; in all but ``failed`` there may be answers."""
CROWDED = "token_limit_exceeded"
"""Why a batch failed for which there was no room beside the others."""
_NAME = re.compile(r"[\w.:-]{1,200}", re.ASCII)


class State(StrEnum):
    """How far a batch is on our side, in this order."""

    INTENDED = "intended"
    """perhaps its server knows it, perhaps not"""
    SUBMITTED = "submitted"
    COLLECTED = "collected"
    """what came back is stored here"""


@dataclass(frozen=True, slots=True)
class Batch:
    """The record of a batch: ``number`` in its folder, from 1; ``mark`` by which its server can be asked for it.

    ``address`` and ``variable`` say where it is and with whose key; ``tickets`` are the ids of those that are asked in
    it, each with its domain, and ``forms`` how each domain is asked; ``id`` is its server's name for it, "" while that
    is not known.
    """

    number: int
    mark: str
    address: str
    variable: str
    tickets: Mapping[str, str]
    forms: Mapping[str, Structured] = field(default_factory=dict)
    state: State = State.INTENDED
    id: str = ""

    def submitted(self, batch_id: str) -> Batch:
        """Return the record once its server has it."""
        return replace(self, state=State.SUBMITTED, id=batch_id)

    def collected(self) -> Batch:
        """Return the record once what came back is stored."""
        return replace(self, state=State.COLLECTED)

    def document(self) -> dict[str, Any]:
        """Return the record as JSON."""
        return {
            "number": self.number,
            "state": self.state,
            "id": self.id,
            "mark": self.mark,
            "address": self.address,
            "variable": self.variable,
            "forms": self.forms,
            "tickets": self.tickets,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Batch:
        """Return the record that ``document`` is; raises ValueError where it is none.

        The first records had no forms, and a list of tickets without domains.
        """
        try:
            tickets = document["tickets"]
            domains = dict(tickets) if isinstance(tickets, Mapping) else dict.fromkeys(tickets, "")
            batch = cls(**{**document, "tickets": domains, "state": State(document["state"])})
            forms = set(batch.forms.values())
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no record of a batch: {error}") from error
        texts = (batch.id, batch.mark, batch.address, batch.variable, *batch.tickets, *batch.tickets.values())
        are_texts = all(isinstance(text, str) for text in texts)
        if not (isinstance(batch.number, int) and are_texts and forms <= set(get_args(Structured))):
            raise ValueError("no record of a batch: a value of another kind")
        if bool(batch.id) is (batch.state is State.INTENDED):
            raise ValueError(f"no record of a batch: {batch.state} with id {batch.id!r}")
        return batch


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a server is with a batch: ``done`` of ``total`` requests.

    ``files`` are the ids of those that have the answers, then the errors; ``problem`` says why it ``failed``.
    """

    id: str
    status: str
    done: int
    total: int
    files: tuple[str, ...] = ()
    mark: str = ""
    problem: str = ""
    is_crowded: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.status in ENDINGS


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a server's batches; more of them follow after the one with the id ``after``, "" when these are all."""

    batches: tuple[Standing, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came back for a ticket."""

    ticket: str
    said: Reply | Failure

    @property
    def is_final(self) -> bool:
        """Whether asking again would change nothing: it was answered, or can never be."""
        return isinstance(self.said, Reply) or self.said.trouble is Trouble.REQUEST


def request_line(ticket: str, body: bytes) -> bytes:
    """Return the line that asks for ``ticket`` with the request ``body``."""
    request = {"custom_id": ticket, "method": "POST", "url": ENDPOINT, "body": orjson.Fragment(body)}
    return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


def creation_of(batch: Batch, file_id: str, run: str) -> bytes:
    """Return the request that creates ``batch`` from the file of its lines."""
    metadata = {RUN: run, MARK: batch.mark}
    return orjson.dumps(
        {"input_file_id": file_id, "endpoint": ENDPOINT, "completion_window": WINDOW, "metadata": metadata}
    )


def file_id_of(body: bytes) -> str | Failure:
    """Return the id of a file that was uploaded."""
    try:
        return _name(orjson.loads(body)["id"])
    except (ValueError, LookupError, TypeError):
        return garbled(body)


def standing_of(body: bytes) -> Standing | Failure:
    """Return what a server says about a batch."""
    try:
        return _standing(orjson.loads(body))
    except (ValueError, LookupError, TypeError, AttributeError):
        return garbled(body)


def page_of(body: bytes) -> Page | Failure:
    """Return a page of a server's list of batches."""
    try:
        document = orjson.loads(body)
        batches = tuple(_standing(one) for one in document["data"])
        return Page(batches, batches[-1].id if batches and document.get("has_more") is True else "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return garbled(body)


def result_of(line: bytes) -> Result | None:
    """Return what a line of a file of answers or errors says; None where it is no such line."""
    try:
        document = orjson.loads(line)
        ticket, response, error = document["custom_id"], document.get("response"), document.get("error")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return None
    return Result(ticket, _said(response, error)) if isinstance(ticket, str) else None


def _said(response: Any, error: Any) -> Reply | Failure:
    if isinstance(response, dict):
        status, body = response.get("status_code"), orjson.dumps(response.get("body"))
        if status == 200:
            return reply_of(body)
        if isinstance(status, int) and 300 <= status <= 599:
            return of_error(status, body)
    if isinstance(error, dict):
        return Failure(Trouble.SERVER, _told(error))
    return Failure(Trouble.GARBLED, "neither an answer nor an error")


def _standing(document: Any) -> Standing:
    counts, metadata = document.get("request_counts") or {}, document.get("metadata") or {}
    problems = (document.get("errors") or {}).get("data") or ()
    files = (document.get("output_file_id"), document.get("error_file_id"))
    return Standing(
        _name(document["id"]),
        str(document["status"]),
        int(counts.get("completed") or 0) + int(counts.get("failed") or 0),
        int(counts.get("total") or 0),
        tuple(_name(file) for file in files if file),
        str(metadata.get(MARK, "")),
        _told(problems[0]) if problems else "",
        any(problem.get("code") == CROWDED for problem in problems),
    )


def _name(value: Any) -> str:
    """Return an id that can be part of an address; raises ValueError for one that cannot."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None or set(value) <= {"."}:
        raise ValueError("an id with odd characters")
    return value


def _told(error: Mapping[str, Any]) -> str:
    return shortened(": ".join(str(error[key]) for key in ("code", "message") if error.get(key))) or "no reason told"
