"""Another machine, on this one: a real sshd on loopback with keys, configuration and home of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("ssh", "ssh-keygen", "sshd", "rsync")
_PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/usr/bin"
_WANTED_BY_ROOT = Path("/run/sshd")
"""The empty folder without which sshd does not start as root; Debian's service makes it at every boot."""
_START_SECONDS = 10.0


def missing_programs() -> list[str]:
    return [program for program in PROGRAMS if shutil.which(program, path=_PATH) is None]


@dataclass(frozen=True)
class FarMachine:
    """``home`` is the home of whoever logs in, ``programs`` comes first on their PATH, ``config`` leads ssh there."""

    folder: Path
    port: int
    sshd: subprocess.Popen[bytes]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def programs(self) -> Path:
        return self.folder / "programs"

    @property
    def config(self) -> Path:
        return self.folder / "it's a way" / "ssh_config"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def configure(self, **changes: str) -> None:
        """Write what leads there, with ``changes`` of keywords."""
        keywords = {
            "HostName": "127.0.0.1",
            "Port": str(self.port),
            "HostKeyAlias": "medical-mechanica",
            "IdentityFile": str(self.folder / "user_key"),
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
        } | changes
        lines = [f"  {keyword} {value}\n" for keyword, value in keywords.items()]
        self.config.write_text("Host medical-mechanica\n" + "".join(lines), encoding="utf-8")

    def install(self, name: str, *lines: str) -> None:
        """Put a shell script before all other programs of that name."""
        path = self.programs / name
        path.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
        path.chmod(0o755)

    def cut_connections(self) -> None:
        """Kill whoever serves a connection, as a machine does that loses its power."""
        for process in psutil.Process(self.sshd.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@contextmanager
def far_machine(folder: Path, path: str | None = None) -> Iterator[FarMachine]:
    """Give a machine in ``folder``; ``path`` is what its users have as PATH behind ``programs``."""
    for name in ("home", "programs", "it's a way"):
        (folder / name).mkdir(parents=True)
    for key in ("host_key", "user_key", "other_key"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    host_key = (folder / "host_key.pub").read_text(encoding="utf-8")
    (folder / "known_hosts").write_text(f"medical-mechanica {host_key}", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keywords = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "KexAlgorithms": "curve25519-sha256",
        "SetEnv": f"HOME={folder / 'home'} PATH={folder / 'programs'}{os.pathsep}{path or _PATH}",
    }
    lines = [f"{keyword} {value}\n" for keyword, value in keywords.items()]
    (folder / "sshd_config").write_text("".join(lines), encoding="utf-8")
    if os.geteuid() == 0:
        _WANTED_BY_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    program = str(shutil.which("sshd", path=_PATH))
    with (folder / "sshd.log").open("wb") as log:
        sshd = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    machine = FarMachine(folder, port, sshd)
    try:
        _wait_for(port, sshd, folder / "sshd.log")
        machine.configure()
        yield machine
    finally:
        machine.cut_connections()
        sshd.kill()
        sshd.wait()


def _wait_for(port: int, sshd: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and sshd.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        time.sleep(0.02)
    raise AssertionError(f"sshd does not listen: {log.read_text(encoding='utf-8')}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=os.environ | {"PATH": _PATH})
