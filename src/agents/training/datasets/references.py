"""Texts that no sample may repeat, from the files that a recipe names.

Owns how such files are found and read. What a repetition is belongs to ``curate.contamination``.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.errors import UsageError
from agents.training.curate.contamination import Contamination

_LINES = (".jsonl", ".ndjson")


def read_references(patterns: Sequence[str], folder: Path) -> tuple[Contamination, str]:
    """Return the runs of all files that match, and a digest of their content; relative patterns start at ``folder``.

    Of JSON lines every text in them counts by itself, of any other file the whole of it.

    Raises:
        UsageError: a pattern matches no file, or a file cannot be read.
    """
    contamination, hashed = Contamination(), hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in _found(pattern, folder)}):
        try:
            data = path.read_bytes()
            hashed.update(hashlib.sha256(data).digest())
            for text in _texts(path, data):
                contamination.add(text)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"curation.decontaminate: {path} cannot be read: {error}", "make it a readable file of UTF-8 text"
            ) from error
    return contamination, hashed.hexdigest()[:16] if patterns else ""


def _found(pattern: str, folder: Path) -> list[Path]:
    path = Path(pattern).expanduser()
    names = glob.glob(str(path if path.is_absolute() else folder / path), recursive=True)  # noqa: PTH207 -- absolute too
    files = [path for path in map(Path, names) if path.is_file()]
    if not files:
        raise UsageError(
            f"curation.decontaminate: {pattern!r} matches no file (relative patterns start at {folder})",
            "correct the pattern, or leave it out",
        )
    return files


def _texts(path: Path, data: bytes) -> Iterator[str]:
    if path.suffix.lower() in _LINES:
        for line in data.splitlines():
            if line.strip():
                yield from _strings(orjson.loads(line))
    else:
        yield data.decode()


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _strings(value)
