"""Which training is the newest of a dataset, and what was trained on."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from student_world import write_training

from agents.campaign.errors import DamagedFileError, UsageError
from agents.training.evaluation.trainings import newest_training, training_in, training_of

MARK = "0123456789abcdef"


def test_the_newest_finished_training_of_the_dataset_counts_whatever_its_folder_is_called(tmp_path: Path) -> None:
    write_training(tmp_path / "a", MARK, created="2026-01-02T12:00:00+02:00")
    newest = write_training(tmp_path / "b", MARK, created="2026-01-02T10:30:00+00:00")
    write_training(tmp_path / "c", MARK, created="2026-01-01T10:00:00+00:00")
    write_training(tmp_path / "d", "another", created="2026-03-01T10:00:00+00:00", name="another")
    write_training(tmp_path / "e", MARK, created="2026-03-01T10:00:00+00:00")
    (tmp_path / "e" / "manifest.json").unlink()
    write_training(tmp_path / "f", MARK, created="long ago")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "manifest.json").write_text('{"format": "a manifest of something else"}')
    assert newest_training(tmp_path, "tried", MARK).folder == newest


def test_where_none_is_finished_the_cure_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished training of dataset 'tried'") as refused:
        newest_training(tmp_path / "models", "tried", MARK)
    assert "campaign train tried" in refused.value.cure
    assert "--model FOLDER" in refused.value.cure
    assert "--alias NAME" in refused.value.cure


def test_a_model_of_another_export_of_the_same_name_may_have_seen_the_tickets(tmp_path: Path) -> None:
    folder = write_training(tmp_path / "tried", "fedcba9876543210")
    with pytest.raises(UsageError, match="on another export of it") as refused:
        newest_training(tmp_path, "tried", MARK)
    assert str(folder) in refused.value.what
    assert "campaign train tried" in refused.value.cure


def test_a_manifest_that_cannot_be_read_hides_no_training(tmp_path: Path) -> None:
    write_training(tmp_path / "a", MARK)
    (write_training(tmp_path / "b", MARK) / "manifest.json").write_text("{")
    with pytest.raises(DamagedFileError):
        newest_training(tmp_path, "tried", MARK)


@pytest.mark.parametrize("part", [".", "adapter", "merged"])
def test_a_model_belongs_to_the_training_that_wrote_it(tmp_path: Path, part: str) -> None:
    folder = write_training(tmp_path / "out", MARK, parts=["adapter", "merged"])
    found = training_of(folder / part)
    assert found is not None
    assert found.folder == folder


def test_what_a_training_did_not_write_is_not_of_it(tmp_path: Path) -> None:
    folder = write_training(tmp_path / "out", MARK, parts=["adapter"])
    assert training_of(folder / "checkpoints") is None
    assert training_of(tmp_path) is None


@pytest.mark.parametrize(
    ("kind", "model", "began_with"),
    [
        ("lora", "hub/name", "hub/name"),
        ("full", "hub/name", "hub/name"),
        ("lora", "tiny", "out/base"),
        ("full", "tiny", None),
        ("full", "small", None),
        ("full", "given", "given"),
    ],
)
def test_what_was_trained_on_is_what_the_manifest_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, model: str, began_with: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given").mkdir()
    training = training_in(write_training(tmp_path / "out", MARK, kind=kind, base_model=model))
    assert training is not None
    is_folder = began_with in {"out/base", "given"}
    assert training.began_with == (str(tmp_path / str(began_with)) if is_folder else began_with)


def test_a_training_says_in_which_parts_its_model_is(tmp_path: Path) -> None:
    folder = write_training(tmp_path / "out", MARK, parts=["model"])
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest | {"parts": None}))
    training = training_in(folder)
    assert training is not None
    assert training.parts == ()
