"""Folders that become disks of their own: small ones, whose size changes while they are used, and read-only ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOMY = 512 << 20
"""More than any check before a start asks for."""
PAGE = 4_096


class Disk:
    """A tmpfs at ``folder``; it takes memory only for what is written to it."""

    def __init__(self, folder: Path, size: int = ROOMY) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        assert _succeeds("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder)

    def leave(self, free: int) -> None:
        """Shrink the disk until ``free`` bytes are left on it, in whole pages."""
        for _ in range(100):
            room = os.statvfs(self.folder)
            if self._resize((room.f_blocks - room.f_bfree) * room.f_frsize + free):
                return
        pytest.fail(f"{self.folder} grows too fast to be filled")

    def widen(self) -> None:
        assert self._resize(ROOMY)

    def _resize(self, size: int) -> bool:
        return _succeeds("mount", "-o", f"remount,size={max(size, PAGE)}", self.folder)


def make_read_only(folder: Path) -> None:
    """Refuse every write below ``folder``, of root too."""
    assert _succeeds("mount", "--bind", folder, folder)
    assert _succeeds("mount", "-o", "remount,bind,ro", folder)


def unmount(folder: Path) -> None:
    assert _succeeds("umount", "--lazy", folder)


def needs_mounts() -> None:
    """Skip the test where this user cannot mount anything."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a disk of its own")
    if not _succeeds("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"):
        pytest.skip("this machine does not let root mount anything")


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
