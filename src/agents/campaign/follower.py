"""A follower of one growing text file: each look costs the new bytes and nothing else.

Owns the position in the file. Survives rotation, truncation, partial lines, bad UTF-8, NULs and endless lines.

The file stays open between two looks, so that nothing is missed of one that was renamed or removed: it is read to its
end, as long as its writer may still be at it, before the file that took its name is read from its start. A file that
came and went between two looks is never seen.
"""

from __future__ import annotations

import os
import re
import stat
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.campaign.errors import CampaignError

CHUNK = 1 << 16
LONGEST_LINE = 1 << 16
"""Bytes of one line that are kept; the rest of a longer line is dropped."""
FOOT = 64
"""Bytes before the position by which a file is known not to have been cut and written again."""

_LINE_END = re.compile(rb"[\r\n]")
"""Progress bars are redrawn with carriage returns and may never write another line end."""
_HOLE = b"\0"
"""What a file is filled with where it was cut under a writer that does not append, or by a power cut."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """What the last look found under the name."""

    size: int
    modified: float
    """Wall time of the last change, in seconds since the epoch."""


class Follower:
    """Reads the complete lines that were appended to ``path`` since the last look, the first from ``position`` on."""

    def __init__(self, path: Path, position: int = 0) -> None:
        self.path = path
        self.seen: FileSeen | None = None
        self.gaps = 0
        """How often the file was cut, so that lines may be lost. A rename or a removal loses nothing."""
        self.successions = 0
        """How often another file took the name of the one that was read."""
        self.position = position
        """Bytes read so far of the file as it is now."""
        self._held: _Held | None = None
        self._foot = b""
        self._partial = b""

    def lines(self) -> Iterator[str]:
        """Yield new complete lines without their ends and leading NULs, decoded as UTF-8 with replacements.

        Empty lines are left out. Where the file is missing ``seen`` is None.

        Raises:
            CampaignError: the file is there and cannot be read.
        """
        try:
            yield from self._look()
        except OSError as error:
            raise CampaignError(f"{self.path} cannot be read: {error.strerror}", "make it a readable file") from error

    @property
    def reads_whole(self) -> str | None:
        """Name of the file that holds all that was read, its device and inode; None where others went before it."""
        return self._held.name if self._held is not None and not self.successions else None

    def rest(self) -> str:
        """Return the unfinished last line and forget it: for a writer that has ended."""
        text = self._partial.decode("utf-8", errors="replace")
        self._partial = b""
        return text

    def _look(self) -> Iterator[str]:
        found, before = self._found(), self.seen
        self.seen = FileSeen(found.st_size, found.st_mtime) if found else None
        if self._held is not None:
            is_held = found is not None and self._held.is_file(found)
            if is_held and found and self.seen == before and found.st_size == self.position:
                return
            yield from self._read_on(self._held)
            # Only bytes in the new file tell that the writer has left the one that is held.
            if is_held or found is None or not found.st_size:
                return
            if last := self.rest():
                yield last
        if found is not None and (opened := self._opened()) is not None:
            yield from self._read_on(opened)

    def _found(self) -> os.stat_result | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise CampaignError(f"{self.path} is not a regular file", "make it a readable file")
        return found

    def _opened(self) -> _Held | None:
        """Let go of the file that is held and hold the one at the path; None where that has just gone."""
        try:
            opened = _Held(self.path)
        except FileNotFoundError:
            return None
        if self._held is not None:
            self._held.close()
            self.successions += 1
            self.position = 0
        self._held = opened
        first = max(0, self.position - FOOT)
        self._foot = opened.read(first, self.position - first)
        return opened

    def _read_on(self, held: _Held) -> Iterator[str]:
        if held.size < self.position or held.read(self.position - len(self._foot), len(self._foot)) != self._foot:
            self.gaps += 1
            self.position = 0
            self._foot = self._partial = b""
        while chunk := held.read(self.position, CHUNK):
            self.position += len(chunk)
            self._foot = (self._foot + chunk)[-FOOT:]
            *complete, partial = (line.lstrip(_HOLE) for line in _LINE_END.split(self._partial + chunk))
            self._partial = partial[:LONGEST_LINE]
            for line in filter(None, complete):
                yield line[:LONGEST_LINE].decode("utf-8", errors="replace")


def file_name(found: os.stat_result) -> str:
    """Return what names a file on this machine, whatever its path, as long as something holds it."""
    return f"{found.st_dev}:{found.st_ino}"


class _Held:
    """An open file, closed with its holder at the latest. As long as it is open its inode number is not reused."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self.close = weakref.finalize(self, os.close, self._descriptor)

    @property
    def name(self) -> str:
        return file_name(os.fstat(self._descriptor))

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def is_file(self, found: os.stat_result) -> bool:
        return os.path.samestat(os.fstat(self._descriptor), found)

    def read(self, position: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, position)
