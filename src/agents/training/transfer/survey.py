"""What is in a folder of another machine: the question, as a line for its shell, and what the answer says.

Pure. Never asks it. The line needs a POSIX ``sh`` there and one of ``sha256sum``, ``shasum`` and ``python3``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

READY = "transfer-ready"
_DONE = "transfer-done"
_UNMADE = "transfer-unmade"
_SUM = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"\s*[0-9]{1,18}\s*")
_ROOM = re.compile(r"\s(\d+)\s+\d+%\s")
"""The column ``Available`` of df(1) in its POSIX format, in units of 1024 bytes, and the next one."""
_HASH = (
    "import hashlib,sys; h=hashlib.sha256(); "
    '[h.update(b) for b in iter(lambda: sys.stdin.buffer.read(1048576), b"")]; print(h.hexdigest())'
)
_SCRIPT = "; ".join(
    (
        f"echo {READY}",
        f'case $2 in make) mkdir -p "$1" || echo {_UNMADE};; esac',
        "if command -v rsync >/dev/null 2>&1; then echo rsync; else echo none; fi",
        'd=$1; while [ ! -d "$d" ]; do d=$(dirname "$d"); done',
        'echo "room $(df -Pk "$d" 2>/dev/null | tail -n 1)"',
        "if command -v sha256sum >/dev/null 2>&1; then sum() { sha256sum; }",
        "elif command -v shasum >/dev/null 2>&1; then sum() { shasum -a 256; }",
        f"elif command -v python3 >/dev/null 2>&1; then sum() {{ python3 -c {shlex.quote(_HASH)}; }}",
        "else sum() { echo none; }; fi",
        'gone=; cd "$1" >/dev/null 2>&1 || gone=yes',
        'while IFS= read -r name; do if [ -z "$gone" ] && [ -f "$name" ] && [ -r "$name" ]',
        'then wc -c <"$name"; sum <"$name" || echo unreadable',
        "else echo 0; echo missing; fi; done",
        f"echo {_DONE}",
    )
)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a machine answered.

    Attributes:
        noise: what its login shell printed before it was asked anything; it should be empty.
        is_made: whether the folder could be made, where that was wanted.
        has_rsync: whether rsync is installed.
        has_sums: whether it can compute SHA-256 sums.
        free_bytes: room on the disk of the folder; None where it did not tell.
        sizes: bytes of each file that was asked for, 0 where it is missing or cannot be read.
        sums: of each file that was asked for its SHA-256 in hexadecimal, None where it is missing or cannot be read.
    """

    noise: str
    is_made: bool
    has_rsync: bool
    has_sums: bool
    free_bytes: int | None
    sizes: Mapping[str, int]
    sums: Mapping[str, str | None]


def question(folder: str, *, make: bool) -> str:
    """Return the line that asks about ``folder``, which is made where it is missing and ``make`` says so.

    The names of files, each on a line, are read from its standard input. ``folder`` is expanded by the login shell
    (``~``), so it must have been checked.
    """
    return f"exec env LC_ALL=C sh -c {shlex.quote(_SCRIPT)} sh {folder} {'make' if make else 'look'}"


def answered(output: str, names: Sequence[str]) -> Survey | None:
    """Return what ``output`` says about the files ``names``; None where it is not the whole answer."""
    noise, ready, answer = output.partition(f"{READY}\n")
    lines = answer.splitlines()
    is_made = _UNMADE not in lines
    lines = [line for line in lines if line != _UNMADE]
    end = 2 + 2 * len(names)
    if not ready or len(lines) <= end or lines[end] != _DONE or not all(map(_SIZE.fullmatch, lines[2:end:2])):
        return None
    room = _ROOM.search(lines[1])
    told = [line.split(" ", 1)[0] for line in lines[3:end:2]]
    return Survey(
        noise=noise,
        is_made=is_made,
        has_rsync=lines[0] == "rsync",
        has_sums="none" not in told,
        free_bytes=None if room is None else int(room[1]) * 1024,
        sizes=dict(zip(names, map(int, lines[2:end:2]), strict=True)),
        sums={name: word if _SUM.fullmatch(word) else None for name, word in zip(names, told, strict=True)},
    )
