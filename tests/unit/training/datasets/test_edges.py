from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.ledger_view import RunHeader
from agents.training.datasets.lengths import counted, estimated
from agents.training.datasets.provenance import gate_verdict
from agents.training.datasets.references import read_references


def test_an_estimate_says_that_it_is_one() -> None:
    lengths = estimated()
    assert not lengths.is_exact
    assert lengths.about.startswith("estimated")
    assert [lengths.count(text) for text in ("", "a", "x" * 22)] == [0, 1, 10]


def test_a_tokenizer_counts_exactly(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra train")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"lda": 0, "sta": 1, "?": 2}, unk_token="?"))  # noqa: S106 -- of words
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    for path in (tmp_path, tmp_path / "tokenizer.json"):
        lengths = counted(path)
        assert lengths.is_exact
        assert lengths.count("lda sta other lda") == 4
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="is no tokenizer"):
        counted(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        counted(tmp_path / "none")


def test_without_the_package_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UsageError, match="tokenizers, which is not installed") as caught:
        counted(tmp_path)
    assert "training-campaigns[train]" in caught.value.cure


def test_every_text_of_json_lines_counts_by_itself_and_a_file_as_a_whole(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(20)]
    lines = [{"q": " ".join(words), "more": [{"a": "short"}, 3, None]}, ["one", "two"]]
    (tmp_path / "asked.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "text.md").write_text("\n".join(words))
    contamination, digest = read_references(["*.jsonl", "**/*.md"], tmp_path)
    assert contamination.texts == 5
    assert contamination.is_in([" ".join(words[3:18])])
    again = read_references([str(tmp_path / "**/*.md"), "asked.jsonl"], tmp_path)[1]
    assert again == digest
    (tmp_path / "deep" / "text.md").write_text("other")
    assert read_references(["*.jsonl", "**/*.md"], tmp_path)[1] != digest
    assert read_references([], tmp_path)[1] == ""


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{"])
def test_a_reference_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "asked.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=r"asked\.jsonl cannot be read"):
        read_references(["*"], tmp_path)


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ({"fingerprint": "f" * 16, "verdict": "APPROVED", "reason": "proven"}, "APPROVED: proven"),
        ({"fingerprint": "other", "verdict": "APPROVED", "reason": "proven"}, ""),
        (None, ""),
    ],
)
def test_the_gates_word_counts_for_its_own_plan_alone(
    decision: dict[str, Any] | None, told: str, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    if decision is not None:
        home.training.mkdir()
        home.validation.write_text(json.dumps(decision))
    header = RunHeader("run", "campaign", 1, "f" * 16, {}, {}, {}, "")
    assert gate_verdict(home, header) == told


@pytest.mark.parametrize("name", ["hub", "parquet", "lengths"])
def test_heavy_packages_are_loaded_when_they_are_used(name: str) -> None:
    heavy = {"pyarrow", "huggingface_hub", "tokenizers"}
    module = importlib.import_module(f"agents.training.datasets.{name}")
    assert not heavy & set(vars(module))
