"""Files that are whole or absent: written beside, synced, then put in place.

Owns durability of small files. Never decides what is in them.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.errors import CampaignError, DamagedFileError, PausedError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(path: Path) -> None:
    """Create ``path`` and those of its parents that are missing, readable by their owner alone.

    Raises:
        CampaignError: it cannot be created or written to.
    """
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.is_dir():
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except OSError as error:
        raise CampaignError(
            f"folder {path} cannot be created: {error.strerror}",
            "make its parent writable, or set CONTEXT_ROOT to a folder that is",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise CampaignError(f"folder {path} is not writable", "make it writable, or set CONTEXT_ROOT to another one")


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` at once: a reader sees the old content or the new, also after a crash.

    Raises:
        PausedError: the file system refuses; what was there before is untouched.
        CampaignError: the folder cannot be created or written to.
    """
    make_folder(path.parent)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as beside:
            beside.write(data)
            beside.flush()
            os.fsync(beside.fileno())
        Path(name).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def write_json(path: Path, document: Any) -> None:
    """Put ``document`` at ``path`` as UTF-8 JSON with an indent of 2; raises as ``replace_file`` does."""
    replace_file(path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object at ``path``, or None where there is no file.

    Raises:
        DamagedFileError: the file cannot be read or does not hold one JSON object.
    """
    try:
        document = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as error:
        raise DamagedFileError(
            f"{path} cannot be read: {error}", f"remove it: {_removal(path)}; it is written again at the next look"
        ) from error
    if not isinstance(document, dict):
        raise DamagedFileError(f"{path} does not hold a JSON object", f"remove it: {_removal(path)}")
    return document


def _removal(path: Path) -> str:
    return f"rm {shlex.quote(str(path))}"


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> PausedError:
    return PausedError(
        f"{path} cannot be written: {error.strerror}",
        "free space or mend the permissions of its folder, then run the same command again",
    )
