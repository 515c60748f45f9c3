"""A follower of one growing text file: each look costs the new bytes and nothing else.

Owns the position in the file. Survives rotation, truncation, partial lines, bad UTF-8 and endless lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agents.campaign.errors import CampaignError

CHUNK = 1 << 16
LONGEST_LINE = 1 << 16
"""Bytes of one line that are kept; the rest of a longer line is dropped."""
HEAD = 64
"""First bytes by which a file is known again, beside its inode: inode numbers are reused at once."""

_LINE_END = re.compile(rb"[\r\n]")
"""Progress bars are redrawn with carriage returns and may never write another line end."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """What the last look found."""

    size: int
    modified: float
    """Wall time of the last change, in seconds since the epoch."""


class Follower:
    """Reads the complete lines that were appended to ``path`` since the last look, the first from ``position`` on."""

    def __init__(self, path: Path, position: int = 0) -> None:
        self.path = path
        self.seen: FileSeen | None = None
        self.gaps = 0
        """How often the file was replaced or cut, so that lines may have been missed."""
        self.position = position
        """Bytes read so far of the file as it is now."""
        self._inode: int | None = None
        self._head = b""
        self._partial = b""

    def lines(self) -> Iterator[str]:
        """Yield new complete lines without their ends, decoded as UTF-8 with replacements; empty ones are left out.

        Where the file is missing nothing is yielded and ``seen`` is None.

        Raises:
            CampaignError: the file is there and cannot be read.
        """
        try:
            status = self.path.stat()
            seen = FileSeen(status.st_size, status.st_mtime)
            if seen == self.seen and status.st_size == self.position:
                return
            file = self.path.open("rb")
        except FileNotFoundError:
            self.seen = None
            return
        except OSError as error:
            raise CampaignError(f"{self.path} cannot be read: {error.strerror}", "make it a readable file") from error
        self.seen = seen
        with file:
            self._find_place(file)
            yield from self._read_on(file)

    def rest(self) -> str:
        """Return the unfinished last line and forget it: for a writer that has ended."""
        text = self._partial.decode("utf-8", errors="replace")
        self._partial = b""
        return text

    def _find_place(self, file: BinaryIO) -> None:
        status = os.fstat(file.fileno())
        head = file.read(HEAD)
        is_other = self._inode not in {None, status.st_ino} or not head.startswith(self._head)
        if is_other or status.st_size < self.position:
            self.gaps += 1
            self.position = 0
            self._partial = b""
        self._inode, self._head = status.st_ino, head
        file.seek(self.position)

    def _read_on(self, file: BinaryIO) -> Iterator[str]:
        while chunk := file.read(CHUNK):
            self.position += len(chunk)
            *complete, partial = _LINE_END.split(self._partial + chunk)
            self._partial = partial[:LONGEST_LINE]
            for line in filter(None, complete):
                yield line[:LONGEST_LINE].decode("utf-8", errors="replace")
