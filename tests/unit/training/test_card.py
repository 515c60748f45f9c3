from __future__ import annotations

from typing import Any

import pytest
import yaml

from agents.training.card import card

TOLD = {
    "samples": 3,
    "quality": {"mean": 0.95},
    "tokens": {"sum": 300, "mean": 100.0, "median": 90, "p95": 150, "max": 160},
}
SETTINGS = {
    "splits": {"train": 0.9, "test": 0.1},
    "near_duplicate": 0.7,
    "max_tokens": 4096,
    "references": "",
    "at_most": None,
}
MANIFEST: dict[str, Any] = {
    "dataset": "notes_1k",
    "run": "r",
    "kind": "campaign",
    "fingerprint": "f" * 16,
    "is_partial": False,
    "samples": 6,
    "splits": {"train": TOLD, "test": TOLD},
    "cells": [{"domain": "notes", "difficulty": 1, "samples": {"train": 3, "test": 3}}],
    "left_out": {"too long": 2},
    "not_chosen": 0,
    "lack_text": 0,
    "lengths": {"about": "estimated: a token for every 2.2 characters", "is_exact": False},
    "columns": ["text", "messages", "tools"],
    "about_format": "text with a template",
    "settings": SETTINGS,
    "domains": ["notes"],
    "languages": ["en", "de"],
    "licence": "MIT",
    "provenance": {
        "notes": {"models": ["m-1", "j-1 (judged)"], "made_from": "texts", "prompts": "2 phrasings", "sources": []}
    },
    "gate": "",
    "commands": ["python -m agents.training.exporter --input r"],
    "files": {"train.jsonl": {}, "test.jsonl": {}},
}


def front_of(**changes: Any) -> dict[str, Any]:
    _, front, _ = card({**MANIFEST, **changes}).split("---\n", 2)
    document: dict[str, Any] = yaml.safe_load(front)
    return document


def body_of(**changes: Any) -> str:
    return card({**MANIFEST, **changes}).split("---\n", 2)[2]


def test_the_hub_finds_the_files_and_the_licence() -> None:
    front = front_of()
    assert front["license"] == "mit"
    assert front["language"] == ["en", "de"]
    assert front["configs"][0]["data_files"] == [
        {"split": "train", "path": "train.jsonl"},
        {"split": "test", "path": "test.jsonl"},
    ]
    files = {f"{split}.{ending}": {} for split in ("train", "test") for ending in ("jsonl", "parquet")}
    assert front_of(files=files)["configs"][0]["data_files"][1]["path"] == "test.parquet"


def test_a_licence_that_the_hub_does_not_know_is_another_one_with_its_name() -> None:
    front = front_of(licence="see the sources")
    assert (front["license"], front["license_name"]) == ("other", "see-the-sources")


@pytest.mark.parametrize(
    ("samples", "category"),
    [(999, "n<1K"), (1_000, "1K<n<10K"), (24_000, "10K<n<100K"), (1_000_000, "1M<n<10M"), (10**8, "10M<n<100M")],
)
def test_the_size_is_one_of_the_hubs_categories(samples: int, category: str) -> None:
    assert front_of(samples=samples)["size_categories"] == [category]


def test_numbers_and_provenance_are_told() -> None:
    body = body_of()
    assert "| train | 3 | 0.950 | about 300 | 90 | 150 | 160 |" in body
    assert "| notes | 1 | 3 | 3 |" in body
    assert "| too long | 2 |" in body
    assert "| notes | m-1, j-1 (judged) | texts | 2 phrasings |" in body
    assert "tokenize it without adding" in body
    assert "at most" not in body.lower().split("## how it was curated")[1]


def test_only_what_is_so_is_said() -> None:
    exact = {"about": "counted by t/tokenizer.json", "is_exact": True}
    settings = {**SETTINGS, "references": "abc", "at_most": 24_000}
    body = body_of(lengths=exact, settings=settings, is_partial=True, lack_text=7, gate="APPROVED: proven", left_out={})
    assert "| train | 3 | 0.950 | 300 |" in body
    for told in ("still at work", "thirteen words", "At most 24,000", "7 samples lack", "APPROVED: proven"):
        assert told in body
        assert told not in body_of()
    assert "left out" not in body


def test_what_people_wrote_breaks_no_table_and_shows_no_secret() -> None:
    source = {"licence": "CC-BY-4.0", "provenance": "a | b\nhttps://me:secret@host/x?key=1", "place": "notes.md"}
    provenance = {"notes": {**MANIFEST["provenance"]["notes"], "sources": [source]}}
    body = body_of(provenance=provenance)
    (line,) = (line for line in body.splitlines() if "CC-BY-4.0" in line)
    assert line.startswith("| notes | CC-BY-4.0 | a \\| b https://")
    assert "secret" not in line
