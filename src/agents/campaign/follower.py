"""A follower of one growing text file: each look costs the new bytes and nothing else.

Owns the position in the file. Survives rotation, truncation, partial lines, bad UTF-8 and endless lines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 16
LONGEST_LINE = 1 << 16
"""Bytes of one line that are kept; the rest of a longer line is dropped."""
HEAD = 64
"""First bytes by which a file is known again: inode numbers are reused at once."""


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
        self._head = b""
        self._partial = b""

    def lines(self) -> Iterator[str]:
        """Yield new complete lines without their ends, decoded as UTF-8 with replacements.

        Where the file is missing nothing is yielded and ``seen`` is None.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self.seen = None
            return
        seen = FileSeen(status.st_size, status.st_mtime)
        if seen == self.seen and status.st_size == self.position:
            return
        self.seen = seen
        with self.path.open("rb") as file:
            self._find_place(file)
            yield from self._read_on(file)

    def rest(self) -> str:
        """Return the unfinished last line and forget it: for a writer that has ended."""
        text = self._partial.decode("utf-8", errors="replace")
        self._partial = b""
        return text

    def _find_place(self, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEAD)
        if size < self.position or not head.startswith(self._head):
            self.gaps += 1
            self.position = 0
            self._partial = b""
        self._head = head
        file.seek(self.position)

    def _read_on(self, file: BinaryIO) -> Iterator[str]:
        while chunk := file.read(CHUNK):
            self.position += len(chunk)
            *complete, partial = (self._partial + chunk).split(b"\n")
            self._partial = partial[:LONGEST_LINE]
            for line in complete:
                yield line[:LONGEST_LINE].decode("utf-8", errors="replace")
