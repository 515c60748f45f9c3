"""Files that are whole or absent, and the lock that lives as long as the process that took it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .troubles import AlreadyRunningError, DamagedError, PausedError


def write_json(path: Path, document: Any) -> None:
    """Put ``document`` at ``path`` at once, indented; raises PausedError where the file system refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as beside:
                beside.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
                beside.flush()
                os.fsync(beside.fileno())
            Path(name).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise unwritable(path, error) from error


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object at ``path``, None where no file is; raises DamagedError for anything else."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DamagedError(
            f"{path} cannot be read: {error}", f"mend it, or move it away: mv {path} {path}.old"
        ) from error
    if not isinstance(document, dict):
        raise DamagedError(f"{path} does not hold a JSON object", f"move it away: mv {path} {path}.old")
    return document


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unwritable(path: Path, error: OSError) -> PausedError:
    """Return what to raise where ``path`` cannot be written."""
    cure = "free space or mend the permissions of its folder, then run the same command again"
    return PausedError(f"{path} cannot be written: {error.strerror}", cure)


class Lease:
    """An exclusive lock on a file whose content names the owner; the kernel drops it with the process."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take it; raises AlreadyRunningError where a live process has it, PausedError where it cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            raise _taken(self.what, owner) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "what": self.what}).encode() + b"\n", 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _taken(what: str, owner: bytes) -> AlreadyRunningError:
    try:
        pid = int(json.loads(owner)["pid"])
    except (ValueError, KeyError, TypeError):
        return AlreadyRunningError(f"{what} already running", "try again in a moment")
    return AlreadyRunningError(f"{what} already running (pid {pid})", f"wait for its end, or stop it: kill {pid}")
