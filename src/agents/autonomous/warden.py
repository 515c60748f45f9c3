"""The warden: starts one generator, holds the lease of its kind while it lives, records how it ended.

Owns the exit record and the pid file of its run. Never judges and never restarts.

``python -m agents.autonomous.warden --kind campaign --run NAME --launch 7 -- program argument...``
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import psutil

from agents.campaign.clock import SystemClock, stamp
from agents.campaign.errors import AlreadyRunningError, CampaignError, LostRaceError
from agents.campaign.events import WATCHED_KINDS, WatchedKind
from agents.campaign.files import make_folder, replace_file, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.process import Identity

LEFTOVER_SECONDS = 10.0
"""What a generator leaves running is asked to end, and killed after this."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
"""Operation numbers of prctl(2), from <linux/prctl.h>."""

_LIBC = ctypes.CDLL(None, use_errno=True)


ROOM_BYTES = 256 * 1024
"""Given up before the exit is recorded: room for that record, and for what the orchestrator makes of it."""


def lease_label(kind: WatchedKind, run: str) -> str:
    """Return what a warden's lease says that it is held for."""
    return f"{kind} {run}"


def watch(home: Home, kind: WatchedKind, run: str, launch: int, argv: list[str]) -> int:
    """Start ``argv``, wait for its end, record it; return the exit code to leave with.

    SIGTERM and SIGINT are passed on, so that the generator drains; SIGHUP is ignored. A generator whose warden is
    killed is asked to drain by the kernel.

    Raises:
        AlreadyRunningError: another run of this kind lives.
    """
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    paths = home.run(run)
    pid_file = home.campaign_pid if kind == "campaign" else None
    with Lease(home.warden_lease(kind), lease_label(kind, run)):
        make_folder(paths.folder)
        paths.exit_record.unlink(missing_ok=True)
        replace_file(paths.room, bytes(ROOM_BYTES))
        started = SystemClock().now()
        child = _start(argv)
        _pass_signals_to(child)
        if leader := Identity.of(child.pid):
            write_json(paths.generator, leader.document())
        if pid_file:
            replace_file(pid_file, f"{os.getpid()}\n".encode())
        try:
            status = _wait(child)
            leftovers = _end_leftovers()
            paths.room.unlink(missing_ok=True)
            write_json(
                paths.exit_record,
                {
                    "launch": launch,
                    "run": run,
                    "argv": argv,
                    "pid": child.pid,
                    "code": status if status >= 0 else None,
                    "signal": -status if status < 0 else None,
                    "started": stamp(started),
                    "ended": stamp(SystemClock().now()),
                    "leftovers": leftovers,
                },
            )
        finally:
            if pid_file:
                _remove_own(pid_file)
    return status if status >= 0 else 128 - status


def _start(argv: list[str]) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def die_with_the_warden() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    try:
        return subprocess.Popen(  # noqa: S603 -- an argument list from a validated plan, never a shell line
            argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_the_warden,  # noqa: PLW1509 -- this process has no threads
        )
    except OSError as error:
        raise CampaignError(f"{argv[0]} cannot be started: {error.strerror}", "check the program's path") from error


def _pass_signals_to(child: subprocess.Popen[bytes]) -> None:
    # Popen.send_signal would reap a child that has just ended, and its exit would be lost to _wait.
    descriptor = os.pidfd_open(child.pid)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Return the child's exit status as subprocess has it (negative: a signal); orphans of it are reaped."""
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return os.waitstatus_to_exitcode(status)


def _end_leftovers() -> list[str]:
    """End what the generator left running, asking first; return a line for each: whose parent dies comes to us."""
    left = psutil.Process().children(recursive=True)
    names = [f"{process.pid} {_name(process)}" for process in left]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=LEFTOVER_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=LEFTOVER_SECONDS)
    return names


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return "(gone)"


def _remove_own(pid_file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if pid_file.read_bytes().strip() == str(os.getpid()).encode():
            pid_file.unlink()


def main(arguments: list[str] | None = None) -> int:
    """Run the warden; exits as the generator did, 128 + n after signal n, 75 when it lost a race."""
    parser = argparse.ArgumentParser(prog="warden", description=__doc__)
    parser.add_argument("--kind", choices=WATCHED_KINDS, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--launch", type=int, required=True)
    parser.add_argument("argv", nargs="+", metavar="program")
    options = parser.parse_args(arguments)
    try:
        return watch(Home.from_environment(os.environ), options.kind, options.run, options.launch, options.argv)
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return LostRaceError.exit_code
    except CampaignError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
