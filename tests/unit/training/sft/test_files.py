from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.training.sft.files import Lease, checksum, read_json, write_json
from agents.training.sft.troubles import AlreadyRunningError, DamagedError, PausedError


def test_json_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    assert read_json(path) is None
    write_json(path, {"é": 1})
    write_json(path, {"é": 2})
    assert read_json(path) == {"é": 2}
    assert [each.name for each in path.parent.iterdir()] == ["b.json"]
    assert len(checksum(path)) == 64


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff"])
def test_another_file_is_damage(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(DamagedError):
        read_json(tmp_path / "x")


def test_what_cannot_be_written_pauses(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PausedError):
        write_json(tmp_path / "file" / "x.json", {})
    with pytest.raises(PausedError), Lease(tmp_path / "file" / "lease", "It"):
        pass


def test_one_process_holds_a_lease_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.lease"
    with Lease(path, "A training"), pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()}"), Lease(path, "It"):
        pass
    with Lease(path, "A training"):
        path.write_bytes(b"no json")
        with pytest.raises(AlreadyRunningError, match="It already running"), Lease(path, "It"):
            pass
    with Lease(path, "A training"):
        pass
