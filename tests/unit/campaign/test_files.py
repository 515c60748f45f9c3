from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign.errors import CampaignError, DamagedFileError, ExitCode, PausedError
from agents.campaign.files import make_folder, read_json, replace_file, write_json

DOCUMENT = {"phase": "monitoring_pilot", "pilot_result": {"progress": 87, "estimated_quality": 0.82}, "name": "Zürich"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def status(tmp_path: Path) -> Path:
    path = tmp_path / "training" / "orchestrator_state.json"
    write_json(path, {"old": True})
    return path


def assert_old_state_whole(status: Path) -> None:
    assert read_json(status) == {"old": True}
    assert [path.name for path in status.parent.iterdir()] == [status.name]


def test_json_is_utf8_with_an_indent_of_2(status: Path) -> None:
    write_json(status, DOCUMENT)
    assert status.read_text(encoding="utf-8") == json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    assert read_json(status) == DOCUMENT


def test_files_and_every_new_folder_belong_to_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "context" / "training" / "runs" / "exit.json"
        write_json(path, {})
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert [mode(folder) for folder in path.parents[:3]] == [0o700] * 3


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_reader_with_the_old_file_open_keeps_the_old_content(status: Path) -> None:
    with status.open() as reader:
        write_json(status, DOCUMENT)
        assert json.load(reader) == {"old": True}
    assert read_json(status) == DOCUMENT


def test_content_is_synced_before_it_is_put_in_place(status: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        order.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        order.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_json(status, DOCUMENT)
    assert order == ["sync file", "replace", "sync folder"]


def failing(number: int) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "tempfile.mkstemp"])
@pytest.mark.parametrize("number", [5, 28], ids=["EIO", "ENOSPC"])
def test_a_failing_write_leaves_the_old_state_whole(
    call: str, number: int, status: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(call, failing(number))
        with pytest.raises(PausedError, match="cannot be written") as caught:
            write_json(status, DOCUMENT)
    assert os.strerror(number) in caught.value.what
    assert str(status) in caught.value.what
    assert "free space" in caught.value.cure
    assert_old_state_whole(status)


def test_a_full_disk_leaves_the_old_state_whole(status: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from agents.campaign.errors import CampaignError; from agents.campaign.files import replace_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: replace_file(Path(sys.argv[1]), b'x' * 5000)\n"
        "except CampaignError as error: sys.exit(int(error.exit_code) + 40)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(status)], check=False)
    assert ended.returncode == 40 + ExitCode.PAUSED
    assert_old_state_whole(status)


def test_an_interrupted_write_leaves_no_litter(status: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_json(status, DOCUMENT)
    assert_old_state_whole(status)


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "absent.json") is None


def test_a_file_torn_at_any_byte_is_never_taken_for_a_document(tmp_path: Path) -> None:
    path = tmp_path / "torn status.json"
    write_json(path, DOCUMENT)
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFileError, match="cannot be read"):
            read_json(path)
    write_json(path, DOCUMENT)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"[]", b"null", b"5", b'"text"', b"\xff\xfe", b"{'a': 1}", b"\0" * 100, b"{}{}"])
def test_anything_but_one_json_object_is_damage_with_a_cure_that_works(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "it's mine.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError) as caught:
        read_json(path)
    command = caught.value.cure.removeprefix("remove it: ").split(";")[0]
    assert shlex.split(command) == ["rm", str(path)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_reading_any_bytes_gives_a_document_or_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.json"
    path.write_bytes(content)
    try:
        document = read_json(path)
    except DamagedFileError:
        return
    assert isinstance(document, dict)


def test_a_folder_in_the_way_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError):
        read_json(tmp_path)
    with pytest.raises(CampaignError, match="cannot be written"):
        replace_file(tmp_path, b"x")


def test_a_file_where_a_folder_belongs_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "training").write_text("in the way")
    for path in (tmp_path / "training", tmp_path / "training" / "runs"):
        with pytest.raises(CampaignError, match="cannot be created") as caught:
            make_folder(path)
        assert "CONTEXT_ROOT" in caught.value.cure


def test_a_read_only_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from agents.campaign.errors import CampaignError; from agents.campaign.files import make_folder\n"
        "folder = os.open(sys.argv[1], os.O_PATH); os.fchdir(folder)\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for path in (Path('.'), Path('deeper')):\n"
        "    try: make_folder(path)\n"
        "    except CampaignError as error: print(error.what)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines() == [
        "folder . is not writable",
        "folder deeper cannot be created: Permission denied",
    ]
