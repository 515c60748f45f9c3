"""A lease: a lock on a file that lives exactly as long as the process that took it.

The kernel drops the lock with the process, whatever killed it, so a lease is never stale.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from agents.campaign.errors import AlreadyRunningError, CampaignError
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.campaign.process import Identity

_PROBES = 10
_PROBE_SECONDS = 0.01
"""``is_held`` of another process locks the file for an instant; an owner keeps it for longer than these probes."""


class Lease:
    """An exclusive ``flock`` on ``path``; the file's content names the owner, for people.

    Use as a context manager. The lock is not inherited by programs that the owner starts.
    """

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lease.

        Raises:
            AlreadyRunningError: a live process holds it.
            CampaignError: the file cannot be opened or the file system has no locks.
        """
        make_folder(self.path.parent)
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except OSError as error:
            raise CampaignError(f"{self.path} cannot be opened: {error.strerror}", "mend its permissions") from error
        try:
            _lock(descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, orjson.dumps(Identity.mine().document() | {"what": self.what}) + b"\n", 0)
        except BlockingIOError as error:
            os.close(descriptor)
            raise _already_running(self.path, self.what) from error
        except OSError as error:
            os.close(descriptor)
            raise CampaignError(
                f"{self.path} cannot be locked: {error.strerror}",
                "set CONTEXT_ROOT to a local file system with free space",
            ) from error
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    for _ in range(_PROBES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PROBE_SECONDS)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_free(path: Path, what: str) -> None:
    """Raise AlreadyRunningError, naming the owner of ``what``, when a live process holds the lease at ``path``."""
    if is_held(path):
        raise _already_running(path, what)


def _already_running(path: Path, what: str) -> AlreadyRunningError:
    owner = holder(path)
    if owner is None:
        return AlreadyRunningError(f"{what} already running", "try again in a moment")
    return AlreadyRunningError(
        f"{what} already running (pid {owner.pid})",
        f"watch it with `campaign status`; stop it with `campaign stop`, or one started by hand with kill {owner.pid}",
    )


def is_held(path: Path) -> bool:
    """Return whether a live process holds the lease at ``path``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(path: Path) -> Identity | None:
    """Return the live process that holds the lease at ``path``, as far as its file tells; None when none does."""
    identity = Identity.parsed(_content(path)) if is_held(path) else None
    return identity if identity is not None and identity.is_alive() else None


def held_for(path: Path) -> str | None:
    """Return what the lease at ``path`` is held for; None when nobody holds it."""
    content = _content(path) if is_held(path) else None
    return str(content.get("what")) if isinstance(content, dict) else None


def _content(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
