from __future__ import annotations

from pathlib import Path

import pytest

from agents.training.datasets.finished import find_finished, not_finished


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    for name in ("alttp_asm_24k", "yaze_tools_7k", ".half.x1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    (tmp_path / "half").mkdir()
    return tmp_path


def test_only_what_has_its_manifest_is_finished(datasets: Path) -> None:
    assert find_finished(datasets) == ["alttp_asm_24k", "yaze_tools_7k"]
    assert find_finished(datasets / "nowhere") == []


@pytest.mark.parametrize(
    ("name", "what", "cure"),
    [
        ("half", "'half' is not finished", "run its export again"),
        ("alttp_asm_42k", "there is no dataset 'alttp_asm_42k'", "name one of: alttp_asm_24k"),
        ("zzz", "there is no dataset 'zzz'", "name one of: alttp_asm_24k, yaze_tools_7k"),
    ],
)
def test_the_error_says_what_is_there(datasets: Path, name: str, what: str, cure: str) -> None:
    error = not_finished(datasets, name)
    assert what in error.what
    assert error.cure.startswith(cure)


def test_where_nothing_is_there_the_export_is_named(tmp_path: Path) -> None:
    assert not_finished(tmp_path, "x").cure == "export one: python -m agents.training.exporter --input RUN"
