"""What a folder must offer before anything is written to it: a local disk, permission, room and inodes.

Never writes anything that has a name.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from agents.campaign.errors import CampaignError

RESERVE_BYTES = 256 * 2**20
"""Disk that stays free for logs, status files and other programs."""
RESERVE_INODES = 1_000
NETWORK_TYPES = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
)
"""File systems on which a lock or a sync may mean nothing to another machine."""

_MOUNTS = Path("/proc/self/mountinfo")
_ANOTHER = "or set CONTEXT_ROOT to a folder on another disk"


def check_storage(folder: Path, needed_bytes: int = 0) -> None:
    """Refuse a folder that cannot hold ``needed_bytes`` more and a reserve; it need not exist yet.

    Raises:
        CampaignError: it is on a network file system, is not writable, or its disk has no room.
    """
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    kind = file_system_of(existing)
    if kind in NETWORK_TYPES:
        raise CampaignError(
            f"{existing} is on a network file system ({kind}), where leases cannot be trusted",
            "set CONTEXT_ROOT to a folder on a local disk",
        )
    try:
        with tempfile.TemporaryFile(dir=existing):
            room = os.statvfs(existing)
    except OSError as error:
        raise CampaignError(
            f"{existing} is not a writable folder: {error.strerror}", f"make it one, {_ANOTHER}"
        ) from error
    free, wanted = room.f_bavail * room.f_frsize, needed_bytes + RESERVE_BYTES
    if free < wanted:
        raise CampaignError(
            f"the disk of {existing} has {free / 1e9:.2f} GB free, {wanted / 1e9:.2f} GB may be needed",
            f"free space, {_ANOTHER}",
        )
    if room.f_files > 0 and room.f_favail < RESERVE_INODES:
        raise CampaignError(
            f"the disk of {existing} has {room.f_favail} inodes left, {RESERVE_INODES} are wanted",
            f"remove files, {_ANOTHER}",
        )


def file_system_of(path: Path) -> str | None:
    """Return the type of the file system that holds the existing ``path``, see proc_pid_mountinfo(5)."""
    resolved, best, kind = path.resolve(), -1, None
    for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(" ")
        mount = Path(fields[4].encode("latin-1", "surrogateescape").decode("unicode_escape"))
        if resolved.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), fields[fields.index("-") + 1]
    return kind
