"""The dataset that is trained on: a folder with a manifest that names every file and its checksum.

Owns that nothing is read that was not proved. Never changes a dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import checksum, read_json
from .troubles import BlankError, DamagedError, UsageError

MANIFEST = "manifest.json"
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A proved dataset; ``fingerprint`` is of its manifest, and so of all its files."""

    folder: Path
    manifest: dict[str, Any]
    fingerprint: str

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.manifest.get("dataset") or self.folder.name)

    @property
    def form(self) -> str:
        """The format it was exported in, "" where that is not told."""
        return str(self.manifest.get("format") or "")

    def has(self, split: str) -> bool:
        """Return whether there is such a split."""
        return f"{split}.jsonl" in self.manifest["files"]

    def rows(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the lines of a split with their numbers, from 1; raises DamagedError for one that is no object."""
        path = self.folder / f"{split}.jsonl"
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise _no_sample(path, number) from error
                if not isinstance(row, dict):
                    raise _no_sample(path, number)
                yield number, row


def opened(folder: Path) -> Dataset:
    """Return the dataset at ``folder`` once every file is what its manifest says.

    Raises:
        UsageError: there is no dataset.
        DamagedError: a file is missing or another one.
        BlankError: a split that is there is empty.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "export the dataset, or transfer it to this machine")
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        raise UsageError(
            f"{folder} is no finished dataset: it has no {MANIFEST}",
            "run its export or its transfer again: the manifest comes last",
        )
    _check_files(folder, manifest)
    dataset = Dataset(folder, manifest, fingerprint_of(folder))
    if not dataset.has(TRAIN):
        raise BlankError(f"{folder} has no {TRAIN}.jsonl", "export it again with a share for train")
    for split in (TRAIN, VALIDATION):
        if dataset.has(split) and next(dataset.rows(split), None) is None:
            raise BlankError(f"{folder / split}.jsonl is empty", "generate more samples, then export again")
    return dataset


def fingerprint_of(folder: Path) -> str:
    """Return the fingerprint of the dataset at ``folder``: 16 hex digits of its manifest's checksum; raises OSError."""
    return checksum(folder / MANIFEST)[:16]


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    again = f"transfer or export it again, after: mv {folder} {folder}.old"
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(entry, dict) for entry in files.values()):
        raise DamagedError(f"{folder / MANIFEST} does not list files with their checksums", again)
    for name, entry in files.items():
        path = folder / name
        if not path.is_file():
            raise DamagedError(f"{path} is missing, and the manifest lists it", again)
        try:
            found = checksum(path)
        except OSError as error:
            raise DamagedError(f"{path} cannot be read: {error.strerror}", "mend its permissions") from error
        if found != entry.get("sha256"):
            raise DamagedError(f"{path} is not the file that was exported", again)


def _no_sample(path: Path, number: int) -> DamagedError:
    return DamagedError(f"line {number} of {path} is no JSON object", "export the dataset again")
