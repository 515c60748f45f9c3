"""Processes by identity: pid, start time and boot, because a pid alone is reused.

Owns detached starts, liveness and signals. Never decides whom to start or stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from agents.campaign.errors import CampaignError
from agents.campaign.files import PRIVATE_FILE, make_folder

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_TIME_FIELD = 19
"""Index of ``starttime`` (clock ticks since boot) after the command name in /proc/PID/stat, see proc(5)."""
_KILL_SECONDS = 10.0
"""How long the kernel may take to end a killed process; more than that means it hangs in a device."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, for ever: ``started`` in clock ticks since the boot ``boot``."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return the identity of the live process ``pid``; None for none, and for a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat[stat.rindex(b")") + 2 :].split()
        if fields[0] in {b"Z", b"X"}:
            return None
        return cls(pid, int(fields[_START_TIME_FIELD]), _BOOT_ID.read_text().strip())

    @classmethod
    def mine(cls) -> Self:
        """Return the identity of this process."""
        found = cls.of(os.getpid())
        assert found is not None  # noqa: S101 -- this process is alive
        return found

    @classmethod
    def parsed(cls, document: Any) -> Self | None:
        """Return the identity that ``document()`` of another one gave; None for anything else."""
        match document:
            case {"pid": int(pid), "started": int(started), "boot": str(boot)}:
                return cls(pid, started, boot)
        return None

    def document(self) -> dict[str, Any]:
        """Return the identity as JSON values."""
        return asdict(self)

    def is_alive(self) -> bool:
        """Return whether this very process still runs."""
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to this very process; False when it is gone. Never reaches another process."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.is_alive():
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until this process has ended, at most ``seconds``; return whether it has."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.is_alive():
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(max(0.0, seconds) * 1000))
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def ending(self) -> Iterator[asyncio.Event]:
        """Give an event of the running loop that is set as soon as this process has ended."""
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            ended.set()
            yield ended
            return
        if not self.is_alive():
            ended.set()

        def note_end() -> None:
            loop.remove_reader(descriptor)
            ended.set()

        loop.add_reader(descriptor, note_end)
        try:
            yield ended
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def start_detached(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> Identity:
    """Start ``argv`` in its own session, output appended to ``log``, input empty; return its identity.

    The process outlives its starter, the terminal and Ctrl-C. No shell is involved.

    Raises:
        CampaignError: the program or the log cannot be opened, or the process ended at once.
    """
    make_folder(log.parent)
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    except OSError as error:
        raise CampaignError(f"log {log} cannot be opened: {error.strerror}", "mend its permissions") from error
    try:
        child = subprocess.Popen(  # noqa: S603 -- an argument list from a validated plan, never a shell line
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env=dict(environment),
            close_fds=True,
        )
    except OSError as error:
        raise CampaignError(f"{argv[0]} cannot be started: {error.strerror}", "check the program's path") from error
    finally:
        os.close(descriptor)
    identity = Identity.of(child.pid)
    if identity is None:
        raise CampaignError(f"{argv[0]} ended at once with exit code {child.wait()}", f"see the end of {log}")
    child.returncode = 0  # from here on only the identity counts; a forgotten Popen would warn that its child lives
    return identity


def stop(identity: Identity, grace_seconds: float) -> bool:
    """Ask the process to drain with SIGTERM, kill it after the grace; return whether it is gone."""
    if not identity.send(signal.SIGTERM) or identity.wait(grace_seconds):
        return True
    identity.send(signal.SIGKILL)
    return identity.wait(_KILL_SECONDS)


def stop_with_descendants(identity: Identity, grace_seconds: float) -> bool:
    """Stop the process as ``stop`` does; whatever descends from it is killed with it where it must be killed."""
    descendants = _descendants(identity)
    if not identity.send(signal.SIGTERM) or identity.wait(grace_seconds):
        return True
    for process in (*descendants, *_descendants(identity)):
        process.send(signal.SIGKILL)
    return stop(identity, 0.0)


def session_of(leader: Identity) -> list[Identity]:
    """Return the live processes of the session that ``leader`` began, itself and others, also after its own end."""
    now_there = Identity.of(leader.pid)
    if leader.boot != Identity.mine().boot or (now_there is not None and now_there != leader):
        return []
    return [found for pid in psutil.pids() if _session(pid) == leader.pid and (found := Identity.of(pid))]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _descendants(identity: Identity) -> list[Identity]:
    try:
        children = psutil.Process(identity.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [found for child in children if (found := Identity.of(child.pid))]
