"""The files of a dataset that hold samples: lines of each split, their columns, and what was rejected apart.

Owns their names. What is in a line belongs to ``formats``; the manifest tells of every file how many samples it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from agents.campaign.ledger_view import LedgerView
from agents.training.datasets.curating import Line
from agents.training.datasets.folder import checksum, new_file
from agents.training.datasets.parquet import write_parquet

REJECTED = "rejected.jsonl"
Entries = dict[str, dict[str, Any]]
"""What the manifest says of files, by their names."""
_TOLD = {"prompt", "reply", "messages", "tools"}
"""Parts of a rejected sample that are no metadata."""


def write_lines(folder: Path, splits: Sequence[str], lines: Iterable[Line]) -> Entries:
    """Write each line to the file of its split."""
    with ExitStack() as opened:
        files = {split: opened.enter_context(LinesFile.new(folder / f"{split}.jsonl")) for split in splits}
        for row, candidate in lines:
            files[candidate.split].write(row)
    return {file.path.name: file.entry for file in files.values()}


def write_columns(folder: Path, splits: Sequence[str], columns: Sequence[str]) -> Entries:
    """Write the lines that are there as Parquet too."""
    entries = {}
    for split in splits:
        path = folder / f"{split}.parquet"
        count = write_parquet(folder / f"{split}.jsonl", path, columns)
        entries[path.name] = {"samples": count, "sha256": checksum(path)}
    return entries


def write_rejected(path: Path, ledger: Path, domains: Collection[str]) -> dict[str, Any]:
    """Write the samples of ``domains`` that were not accepted, with their reasons."""
    with LinesFile.new(path) as file:
        for sample in LedgerView(ledger).samples(accepted=False):
            if sample["domain"] in domains:
                known = {key: value for key, value in sample.items() if value is not None and key not in _TOLD}
                file.write({"prompt": sample["prompt"], "reply": sample["reply"], "metadata": known})
    return file.entry


class LinesFile:
    """The lines of a new file, with their number and their checksum."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.samples = 0
        self._hashed = hashlib.sha256()
        self._file = file

    @classmethod
    @contextmanager
    def new(cls, path: Path) -> Iterator[Self]:
        """Yield the lines of a file that did not exist."""
        with new_file(path) as file:
            yield cls(path, file)

    def write(self, row: dict[str, Any]) -> None:
        """Append ``row`` as a line."""
        line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        self._file.write(line)
        self._hashed.update(line)
        self.samples += 1

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says of the file."""
        return {"samples": self.samples, "sha256": self._hashed.hexdigest()}
