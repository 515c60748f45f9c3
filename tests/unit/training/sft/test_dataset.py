from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agents.training.sft.dataset import opened
from agents.training.sft.troubles import BlankError, DamagedError, TrainingError, UsageError

ROW = b'{"messages":[]}\n'


def write(folder: Path, **splits: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    files = {}
    for split, data in splits.items():
        (folder / f"{split}.jsonl").write_bytes(data)
        files[f"{split}.jsonl"] = {"sha256": hashlib.sha256(data).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"dataset": "mine", "files": files}), encoding="utf-8")
    return folder


def test_a_dataset_is_opened_once_its_files_are_proved(tmp_path: Path) -> None:
    dataset = opened(write(tmp_path / "a", train=ROW * 3, validation=ROW))
    assert (dataset.name, dataset.form, len(dataset.fingerprint)) == ("mine", "", 16)
    assert list(dataset.rows("train")) == [(at, {"messages": []}) for at in (1, 2, 3)]
    assert (dataset.has("validation"), dataset.has("test")) == (True, False)
    other = opened(write(tmp_path / "b", train=ROW * 2, validation=ROW))
    assert other.fingerprint != dataset.fingerprint


def refusal(folder: Path) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        opened(folder)
    assert caught.value.cure
    return caught.value


def test_no_folder_and_no_manifest_are_no_dataset(tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path / "none"), UsageError)
    (tmp_path / "train.jsonl").write_bytes(ROW)
    assert isinstance(refusal(tmp_path), UsageError)


def test_a_file_that_is_missing_or_another_one_is_damage(tmp_path: Path) -> None:
    folder = write(tmp_path, train=ROW, test=ROW)
    with (folder / "test.jsonl").open("ab") as file:
        file.write(b" ")
    assert "test.jsonl is not the file" in refusal(folder).what
    (folder / "test.jsonl").unlink()
    assert "test.jsonl is missing" in refusal(folder).what


@pytest.mark.parametrize("text", ["[]", "{", "{}", '{"files": []}', '{"files": {"a": 1}}'])
def test_a_manifest_that_lists_nothing_is_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    assert isinstance(refusal(tmp_path), DamagedError)


@pytest.mark.parametrize("splits", [{"test": ROW}, {"train": b""}, {"train": ROW, "validation": b""}])
def test_an_empty_split_is_refused(tmp_path: Path, splits: dict[str, bytes]) -> None:
    assert isinstance(refusal(write(tmp_path, **splits)), BlankError)


@pytest.mark.parametrize("line", [b"{", b"[]", b"1"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: bytes) -> None:
    dataset = opened(write(tmp_path, train=ROW + line + b"\n"))
    with pytest.raises(DamagedError, match="line 2 of"):
        list(dataset.rows("train"))
