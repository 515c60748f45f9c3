"""A dataset's folder: whole or absent, with a manifest that is written last and names every file.

Owns how it is written beside, put in place, and verified. Never decides what is in it and never overwrites one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from agents.campaign.errors import AnotherPlanError, DamagedFileError, PausedError
from agents.campaign.files import PRIVATE_FILE, make_folder, read_json, sync_folder, write_json

MANIFEST = "manifest.json"
BUFFER = 2**18
"""Bytes that a new file collects before it asks the system to write them; a line has about 2 kB."""


def verified(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of the dataset at ``folder`` that has this identity; None where there is no folder.

    Raises:
        AnotherPlanError: something else is there.
        DamagedFileError: a file is not what the manifest says.
    """
    if not folder.exists():
        return None
    away = f"move it away: mv {folder} {folder}.old"
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        raise AnotherPlanError(f"{folder} holds something that is no dataset: it has no {MANIFEST}", away)
    if differing := list(_differences(manifest, identity)):
        raise AnotherPlanError(f"{folder} holds another export ({'; '.join(differing[:3])})", away)
    check_files(folder, manifest)
    return manifest


def _differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        known = there.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            yield from _differences(known, value)
        elif known != value:
            yield f"{name} {known!r} and not {value!r}"


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare every file with its checksum; raises DamagedFileError."""
    for name, entry in manifest["files"].items():
        if not (folder / name).is_file() or checksum(folder / name) != entry["sha256"]:
            raise DamagedFileError(
                f"{folder / name} is not the file that was exported", f"move it away: mv {folder} {folder}.old"
            )


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes ``folder`` when the block ends, and vanishes if it fails.

    Call it with a lease: what another one has not finished is removed.

    Raises:
        PausedError: it cannot be written.
    """
    make_folder(folder.parent)
    remove_unfinished(folder)
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            yield beside
            beside.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise PausedError(f"{folder} cannot be written: {error.strerror}", "free space and export again") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what exports to ``folder`` left that were killed: the folders that ``mkdtemp`` named for them."""
    named = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}")
    for left in folder.parent.glob(".*"):
        if named.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that did not exist, to write to; it is durable when the block has ended."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb", BUFFER) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> dict[str, Any]:
    """Write a new file; return what the manifest says of it."""
    data = text.encode()
    with new_file(path) as file:
        file.write(data)
    return {"sha256": hashlib.sha256(data).hexdigest()}


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, as the last file."""
    write_json(folder / MANIFEST, manifest)
