"""How ssh and rsync are asked to reach another machine: argument lists, and the progress that rsync tells.

Pure. Never starts a program. No argument passes a shell on this machine, and what a shell on the other one reads are
names that were checked. Options: ssh(1), ssh_config(5), rsync(1).
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from agents.campaign.destination import TransferSection

SILENCE_SECONDS = 60
"""A connection that says nothing for so long is lost."""
_ALIVE_SECONDS = 15
_PROGRESS = re.compile(rb"\s*(\d+)\s+\d+%\s")
_OPTIONS = {
    "BatchMode": "yes",
    "LogLevel": "INFO",
    "ClearAllForwardings": "yes",
    "RemoteCommand": "none",
    "ServerAliveInterval": str(_ALIVE_SECONDS),
    "ServerAliveCountMax": str(SILENCE_SECONDS // _ALIVE_SECONDS),
}
"""Nobody is asked for anything, and what a person has set for sessions of their own does not get in the way."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a machine: ``ssh`` and what leads there, the options of this program, and the machine's name."""

    leading: tuple[str, ...]
    options: tuple[str, ...]
    machine: str

    @classmethod
    def to(cls, section: TransferSection, identity: str | None, config: str | None) -> Route:
        """Return the way that ``section`` describes; ``identity`` and ``config`` are its files, as absolute paths."""
        options = dict(_OPTIONS) | {"ConnectTimeout": str(math.ceil(section.connect_seconds))}
        words = ["ssh"]
        if config is not None:
            words += ["-F", config]
        if section.port is not None:
            words += ["-p", str(section.port)]
        if section.user is not None:
            words += ["-l", section.user]
        if identity is not None:
            words += ["-i", identity]
            options["IdentitiesOnly"] = "yes"
        set_here = tuple(word for name, value in options.items() for word in ("-o", f"{name}={value}"))
        return cls(tuple(words), ("-T", *set_here), section.machine)

    @property
    def by_hand(self) -> str:
        """The line with which a person reaches the machine."""
        return shlex.join((*self.leading, self.machine))

    def command(self, line: str) -> tuple[str, ...]:
        """Return the arguments that have the login shell of the machine run ``line``."""
        return (*self.leading, *self.options, "--", self.machine, line)

    def sending(self, here: str, there: str, bandwidth_mb: float | None = None, *, in_place: bool) -> tuple[str, ...]:
        """Return the arguments that send files of folder ``here`` to the existing folder ``there``.

        Their names, each ended by a NUL, are read from standard input. All of them are sent, as differences from what
        is there. ``in_place`` writes into the files themselves: however it ends, half a file is half of the work.
        Otherwise each file is put in place at once, and one that it replaces is kept as ``NAME~``.
        """
        machine = f"[{self.machine}]" if ":" in self.machine else self.machine
        return (
            "rsync",
            *("--times", "--perms", "--copy-links", "--compress", "--ignore-times"),
            *("--files-from=-", "--from0", "--inplace" if in_place else "--backup"),
            *("--info=progress2", "--no-human-readable", "--outbuf=N", f"--timeout={SILENCE_SECONDS}"),
            *((f"--bwlimit={bandwidth_mb:.6f}mb",) if bandwidth_mb is not None else ()),
            *("--rsh", " ".join(map(_quoted, (*self.leading, *self.options)))),
            *("--", f"{here}/", f"{machine}:{there}/"),
        )


def _quoted(word: str) -> str:
    """Return ``word`` as rsync takes it apart again in ``--rsh``, where a quote is doubled within quotes."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "'" + word.replace("'", "''") + "'"


class ProgressReader:
    """The bytes that rsync says are done, out of its output as it comes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> int | None:
        """Return the newest number of bytes in whole lines up to ``data``; None where there is no new one."""
        *lines, self._rest = re.split(rb"[\r\n]", self._rest + data)
        self._rest = self._rest[-200:]
        found = (match for line in reversed(lines) if (match := _PROGRESS.match(line)))
        newest = next(found, None)
        return None if newest is None else int(newest[1])


def files_list(names: Sequence[str]) -> bytes:
    """Return ``names`` as ``Route.sending`` reads them."""
    return b"".join(name.encode() + b"\0" for name in names)
