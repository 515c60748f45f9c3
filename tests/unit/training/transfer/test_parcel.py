from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.campaign.errors import DamagedFileError, UsageError
from agents.training.transfer.parcel import choose, find_unfinished, pack

DATA = {"train.jsonl": b"one\n" * 1_000, "parts/test.jsonl": b"two\n"}


def make(folder: Path, files: Any = None) -> Path:
    for name, data in DATA.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    files = files or {name: {"sha256": hashlib.sha256(data).hexdigest()} for name, data in DATA.items()}
    (folder / "manifest.json").write_bytes(orjson.dumps({"files": files}))
    return folder


def test_a_parcel_is_what_the_manifest_lists_with_the_scripts_and_texts_beside(tmp_path: Path) -> None:
    folder = make(tmp_path / "alttp")
    for name in ("train_alttp.py", "requirements-train.txt", "README.md", ".hidden.py", "notes.log", "a b.py"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "model.py").write_text("x", encoding="utf-8")
    parcel = pack(folder)
    carried = ["README.md", "parts/test.jsonl", "requirements-train.txt", "train.jsonl", "train_alttp.py"]
    assert list(parcel.files) == [*carried, "manifest.json"]
    assert parcel.trainers == ("train_alttp.py",)
    assert parcel.size == sum((folder / name).stat().st_size for name in parcel.files)
    assert parcel.files["train.jsonl"].sha256 == hashlib.sha256(DATA["train.jsonl"]).hexdigest()


def test_different_files_are_those_with_another_checksum_or_none(tmp_path: Path) -> None:
    parcel = pack(make(tmp_path / "alttp"))
    sums = {name: file.sha256 for name, file in parcel.files.items()}
    assert parcel.different(sums) == []
    assert parcel.different({**sums, "train.jsonl": None, "manifest.json": "0" * 64}) == [
        "train.jsonl",
        "manifest.json",
    ]


def test_what_is_not_as_the_manifest_says_is_not_sent(tmp_path: Path) -> None:
    folder = make(tmp_path / "alttp")
    (folder / "train.jsonl").write_bytes(b"ONE\n" * 1_000)
    with pytest.raises(DamagedFileError, match=r"train\.jsonl is not the file that was exported"):
        pack(folder)
    (folder / "train.jsonl").unlink()
    with pytest.raises(DamagedFileError, match=r"train\.jsonl is missing"):
        pack(folder)


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "a/../../b",
        "-rf",
        "#comment",
        "a\nb",
        "a b",
        "",
        "..",
        "manifest.json",
        "a//b",
        "a/",
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DamagedFileError, match="does not list files"):
        pack(make(tmp_path / "alttp", {name: {"sha256": "0" * 64}}))


@pytest.mark.parametrize("files", [[], ["train.jsonl"], {"train.jsonl": "0" * 64}, {"train.jsonl": {"sha256": "abc"}}])
def test_a_manifest_that_proves_nothing_is_refused(tmp_path: Path, files: Any) -> None:
    folder = make(tmp_path / "alttp")
    (folder / "manifest.json").write_bytes(orjson.dumps({"files": files}))
    with pytest.raises(DamagedFileError, match="does not list files and their checksums"):
        pack(folder)


def test_a_broken_manifest_is_cured_by_another_export(tmp_path: Path) -> None:
    folder = make(tmp_path / "alttp")
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedFileError, match="export again: mv"):
        pack(folder)


def test_all_finished_datasets_are_chosen_or_those_that_are_named(tmp_path: Path) -> None:
    for name in ("yaze_tools_7k", "alttp_asm_24k"):
        make(tmp_path / name)
    make(tmp_path / ".alttp.tmpfolder")
    (tmp_path / "half").mkdir()
    (tmp_path / "alttp_asm_24k.transfers.json").write_text("{}", encoding="utf-8")
    assert choose(tmp_path, []) == ["alttp_asm_24k", "yaze_tools_7k"]
    assert choose(tmp_path, ["yaze_tools_7k", "yaze_tools_7k"]) == ["yaze_tools_7k"]
    assert find_unfinished(tmp_path) == ["half"]
    with pytest.raises(UsageError, match="'half' is not finished"):
        choose(tmp_path, ["half"])
    with pytest.raises(UsageError) as refusal:
        choose(tmp_path, ["alttp_asm_42k"])
    assert refusal.value.cure == "name one of: alttp_asm_24k"
    with pytest.raises(UsageError, match="cannot name a run"):
        choose(tmp_path, ["../alttp_asm_24k"])


def test_where_nothing_is_finished_the_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no dataset in .* is finished"):
        choose(tmp_path / "datasets", [])
    with pytest.raises(UsageError, match="there is no dataset 'alttp'"):
        choose(tmp_path / "datasets", ["alttp"])
