"""Storage: what a folder must offer before anything is written to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agents.campaign import storage
from agents.campaign.errors import CampaignError
from agents.campaign.storage import RESERVE_BYTES, RESERVE_INODES, check_storage, file_system_of


def test_a_folder_that_does_not_exist_yet_is_judged_by_the_one_that_does(tmp_path: Path) -> None:
    check_storage(tmp_path / "a" / "b")

    assert list(tmp_path.iterdir()) == []


def test_room_is_wanted_beyond_what_is_needed(tmp_path: Path) -> None:
    room = os.statvfs(tmp_path)
    free = room.f_bavail * room.f_frsize

    with pytest.raises(CampaignError, match="GB free") as refused:
        check_storage(tmp_path, free - RESERVE_BYTES // 2)

    assert "CONTEXT_ROOT" in refused.value.cure


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CampaignError, match="not a writable folder"):
        check_storage(tmp_path / "file" / "below")


def test_a_disk_without_inodes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = list(os.statvfs(tmp_path))
    room[6] = room[7] = RESERVE_INODES - 1
    monkeypatch.setattr(storage.os, "statvfs", lambda _: os.statvfs_result(room))

    with pytest.raises(CampaignError, match="inodes"):
        check_storage(tmp_path)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"35 21 0:40 / {str(tmp_path).replace(' ', chr(92) + '040')} rw,relatime shared:2 - {kind} host:/export rw\n"
        "36 21 0:41 / /somewhere/else rw - tmpfs tmpfs rw\n"
    )
    monkeypatch.setattr(storage, "_MOUNTS", mounts)

    with pytest.raises(CampaignError, match=kind):
        check_storage(tmp_path / "home")


def test_the_nearest_mount_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"21 1 0:1 / / rw - nfs4 host:/ rw\n22 21 8:1 / {tmp_path} rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(storage, "_MOUNTS", mounts)

    assert file_system_of(tmp_path) == "ext4"
    assert file_system_of(Path("/")) == "nfs4"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_small_disk_and_a_read_only_one(tmp_path: Path) -> None:
    mounted = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let its root mount a tmpfs")
    try:
        assert file_system_of(tmp_path) == "tmpfs"
        with pytest.raises(CampaignError, match="GB free"):
            check_storage(tmp_path)
        subprocess.run(["/bin/mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(CampaignError, match="Read-only"):
            check_storage(tmp_path)
    finally:
        subprocess.run(["/bin/umount", str(tmp_path)], check=True)
