"""The batches of a run on disk: a record of each, written before and after every step, and all that came back.

Owns the files of one folder, and the index of what they say about tickets and forms. Never asks a server anything. A
folder belongs to one run, and to one question for each of its tickets; whoever writes to it holds the lease of the run.

A batch is ``000001.json``, its record, and ``000001.results.jsonl`` once it is collected; ``000001.requests.jsonl`` is
only there until its server has it. Answers stay in these files, and are read again when they are wanted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from agents.campaign.errors import DamagedFileError, PausedError
from agents.campaign.files import make_folder, read_json, sync_folder, write_json
from agents.training.batches import NO_WORD, PASSING, Batch, Result, State, request_line, result_of
from agents.training.sample import Reply
from agents.training.teachers.forms import Forms
from agents.training.troubles import Failure

LARGEST_UPLOAD = 190_000_000
"""Bytes of the requests of one batch; servers take 200 MB."""


class BatchFolder:
    """All batches in ``path``, which is made where it is missing; ``forms`` learn from what came back in them.

    Raises:
        DamagedFileError: a record is damaged.
        CampaignError: the folder cannot be made.
    """

    def __init__(self, path: Path, forms: Forms) -> None:
        make_folder(path)
        self._path = path
        self._forms = forms
        self._batches: dict[int, Batch] = {}
        self._places: dict[str, tuple[int, int]] = {}  # number of a batch, offset in its results
        self._tries: Counter[str] = Counter()
        self._failures: dict[str, Failure] = {}
        self._has_answered = False
        for record in sorted(path.glob("*.json")):
            batch = _read(record)
            self._batches[batch.number] = batch
        self._last = max(self._batches, default=0)
        for batch in self._batches.values():
            if batch.state is State.COLLECTED:
                for _ in self.results(batch):
                    continue

    @property
    def has_answered(self) -> bool:
        """Whether a request was ever answered."""
        return self._has_answered

    def under_way(self) -> list[Batch]:
        """Return the batches that are not collected."""
        return [batch for batch in self._batches.values() if batch.state is not State.COLLECTED]

    def final(self, ticket: str) -> Reply | Failure | None:
        """Return what was said for ``ticket`` if that is the last word; None while it is not."""
        if ticket not in self._places:
            return None
        number, offset = self._places[ticket]
        with self._open(number) as results:
            results.seek(offset)
            result = result_of(results.readline())
        if result is None or result.ticket != ticket:
            raise _damaged(self._results(number), "it is not what was collected", self._record(number))
        return result.said

    def tries(self, ticket: str) -> int:
        """Return how often ``ticket`` was asked for nothing, for a reason that may pass."""
        return self._tries[ticket]

    def failure(self, ticket: str) -> Failure:
        """Return why ``ticket`` was not answered the last time."""
        return self._failures.get(ticket, NO_WORD)

    def begin(self, mark: str, address: str, variable: str, requests: Iterable[tuple[str, str, bytes]]) -> Batch:
        """Write the requests of a new batch, as many as may be uploaded, at least one: tickets, domains and bodies."""
        self._last += 1
        tickets: dict[str, str] = {}
        size = 0
        path = self.requests(self._last)
        with _pausing(path), path.open("wb") as lines:
            for ticket, domain, body in requests:
                line = request_line(ticket, body)
                size += len(line)
                if tickets and size > LARGEST_UPLOAD:
                    break
                lines.write(line)
                tickets[ticket] = domain
        forms = {domain: self._forms.of(domain) for domain in tickets.values()}
        return self._write(Batch(self._last, mark, address, variable, tickets, forms))

    def requests(self, number: int) -> Path:
        """Return where the lines are that are uploaded for a batch."""
        return self._path / f"{number:06}.requests.jsonl"

    def submitted(self, batch: Batch, batch_id: str) -> Batch:
        """Record that the server has ``batch``; its requests are no longer needed here."""
        batch = self._write(batch.submitted(batch_id))
        self.requests(batch.number).unlink(missing_ok=True)
        return batch

    def drop(self, batch: Batch) -> None:
        """Forget a batch of which nothing will ever come."""
        del self._batches[batch.number]
        for path in (self._record(batch.number), self.requests(batch.number)):
            path.unlink(missing_ok=True)
        sync_folder(self._path)

    @contextmanager
    def collecting(self, batch: Batch) -> Iterator[BinaryIO]:
        """Yield the file that takes what came back; ``batch`` is collected when it was left without an error."""
        path = self._results(batch.number)
        beside = path.with_suffix(".part")
        with _pausing(path):
            with beside.open("wb") as results:
                yield results
                results.flush()
                os.fsync(results.fileno())
            beside.replace(path)
            sync_folder(self._path)
        self._write(batch.collected())

    def results(self, batch: Batch) -> Iterator[Result]:
        """Yield what came back for each ticket of a collected batch, line by line, and know it from then on.

        A form that was refused is a refusal of the request where that can be asked for in no other one.
        """
        missing, offset = dict.fromkeys(batch.tickets), 0
        with self._open(batch.number) as lines:
            for line in lines:
                if (found := result_of(line)) is not None:
                    missing.pop(found.ticket, None)
                    yield self._noted(self._learned(batch, found), (batch.number, offset))
                offset += len(line)
        for ticket in missing:
            yield self._noted(Result(ticket, NO_WORD), (batch.number, offset))

    def _learned(self, batch: Batch, result: Result) -> Result:
        domain = batch.tickets.get(result.ticket, "")
        form = batch.forms.get(domain)
        return result if form is None else replace(result, said=self._forms.learn(domain, form, result.said))

    def _noted(self, result: Result, place: tuple[int, int]) -> Result:
        ticket, said = result.ticket, result.said
        if isinstance(said, Reply):
            self._has_answered = True
        if result.is_final:
            self._places[ticket] = place
            self._failures.pop(ticket, None)
        elif isinstance(said, Failure) and said.trouble in PASSING:
            self._tries[ticket] += 1
            self._failures[ticket] = said
        return result

    def _open(self, number: int) -> BinaryIO:
        try:
            return self._results(number).open("rb")
        except OSError as error:
            raise _damaged(self._results(number), str(error.strerror), self._record(number)) from error

    def _write(self, batch: Batch) -> Batch:
        write_json(self._record(batch.number), batch.document())
        self._batches[batch.number] = batch
        return batch

    def _record(self, number: int) -> Path:
        return self._path / f"{number:06}.json"

    def _results(self, number: int) -> Path:
        return self._path / f"{number:06}.results.jsonl"


def _read(record: Path) -> Batch:
    try:
        return Batch.of(read_json(record) or {})
    except DamagedFileError as error:
        raise _damaged(record, error.what, record) from error
    except ValueError as error:
        raise _damaged(record, str(error), record) from error


def _damaged(path: Path, how: str, record: Path) -> DamagedFileError:
    return DamagedFileError(
        f"{path} is damaged: {how}",
        f"put it back from a copy; or remove {record}, then the requests of its batch are made, and paid, again",
    )


@contextmanager
def _pausing(path: Path) -> Iterator[None]:
    """Pause the run where ``path`` cannot be written."""
    try:
        yield
    except OSError as error:
        raise PausedError(
            f"{path} cannot be written: {error.strerror}",
            "free space or mend the permissions of its folder, then run the same command again",
        ) from error
