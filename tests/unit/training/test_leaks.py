"""Nothing of one split of a campaign is in another one: all its datasets in every format, read back from their files.

What belongs together is found here by itself: source groups by their names, and near-duplicates by comparing the
shingles of every two texts.
"""

from __future__ import annotations

import os
import random
import re
from collections import defaultdict
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow.parquet
import pytest
from made_run import SPLITS, Made, MadeRun, dialogue, lines, text, tool_dialogue

from agents.campaign.home import Home
from agents.training.formats import FORMATS
from agents.training.sample import Message

THRESHOLD = 0.7
DATASETS = ("routines", "tools", "texts", "few")
RECIPE = f"""{SPLITS}
curation: {{near_duplicate: {THRESHOLD}}}
datasets:
  routines: {{domains: [asm, oracle, errors]}}
  tools: {{domains: [yaze, asm]}}
  texts: {{domains: [notes, errors]}}
  few: {{domains: [asm, oracle, errors, yaze, notes], at_most: 120}}
"""
VALUES = {
    "domains.notes.sources": [{"files": ["*.md"], "licence": "own"}],
    "domains.notes.prompt.user": "x",
    "teacher.kind": "chat",
    "teacher.model": "m",
    "models.m.base_url": "http://x",
    "models.m.model": "m",
}


def items(rng: random.Random) -> list[Made]:
    """Return the samples of twelve source items of each domain, three phrasings of each: one answer to three questions.

    The texts of ``notes`` come from four files.
    """
    made = []
    for number, domain in product(range(12), ("asm", "oracle", "errors", "yaze", "notes")):
        system, _, *rest = tool_dialogue(rng) if domain == "yaze" else dialogue(rng)
        group = f"file{number % 4}" if domain == "notes" else ""
        for variant in range(3):
            messages = (system, Message("user", text(rng)), *rest)
            made.append(Made(domain, messages, group=group, item=number, variant=variant))
    return made


def near_duplicates(samples: list[Made], rng: random.Random) -> list[Made]:
    """Return copies of some ``samples`` as answers about other items: up to two words are others."""
    made = []
    for number, original in enumerate(rng.sample(samples, 80)):
        *before, answer = original.messages
        words = answer.content.split()
        for at in rng.sample(range(len(words)), number % 3):
            words[at] = f"other{number}"
        domain = "yaze" if original.domain == "yaze" else rng.choice(("asm", "oracle", "errors", "notes"))
        group = f"copy{number}" if domain == "notes" else ""
        messages = (*before, Message("assistant", " ".join(words)))
        made.append(replace(original, domain=domain, messages=messages, group=group, item=1_000 + number))
    return made


class Written(NamedTuple):
    """A row of a file of a dataset."""

    form: str
    dataset: str
    kind: str
    split: str
    row: dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of a campaign, in a folder for each format; not synced, as ledgers of tests are not."""
    home, rng = Home(tmp_path_factory.mktemp("leaks")), random.Random(3)
    samples = items(rng)
    samples += near_duplicates(samples, rng)
    rng.shuffle(samples)
    run = MadeRun(home, samples, values=VALUES)
    run.write()
    (home.root / "exported").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        for form in FORMATS:
            run.export(recipe=RECIPE, form=form)
            home.datasets.rename(home.root / "exported" / form)
    return home.root / "exported"


@pytest.fixture(scope="module")
def written(folder: Path) -> list[Written]:
    """Every row of every file of every export."""
    return [
        Written(path.parent.parent.name, path.parent.name, path.suffix, path.stem, row)
        for path in folder.glob("*/*/*")
        if path.suffix in {".jsonl", ".parquet"}
        for row in (lines(path) if path.suffix == ".jsonl" else pyarrow.parquet.read_table(path).to_pylist())
    ]


def test_every_dataset_is_there_in_every_format_and_kind_of_file(written: list[Written]) -> None:
    ids = defaultdict(set)
    for form, dataset, kind, split, row in written:
        ids[form, dataset, split, kind].add(row["metadata"]["id"])
    assert set(ids) == {*product(FORMATS, DATASETS, ("train", "validation", "test"), (".jsonl", ".parquet"))}
    assert all(ids[*where, ".jsonl"] == ids[*where, ".parquet"] for *where, _ in ids)
    phrasings = defaultdict(set)
    for one in written:
        phrasings[one.row["metadata"]["item_id"]].add(one.row["metadata"]["variant"])
    assert sum(len(variants) == 3 for variants in phrasings.values()) > 20


def test_no_source_is_in_two_splits(written: list[Written]) -> None:
    splits = defaultdict(set)
    for one in written:
        metadata = one.row["metadata"]
        for name in ("id", "item_id", "group"):
            splits[name, metadata[name]].add(one.split)
        if metadata["domain"] == "notes":
            splits["file", metadata["source"].partition(":")[0]].add(one.split)
    assert {len(of_one) for of_one in splits.values()} == {1}
    assert {f"file{number}" for number in range(4)} <= {value for name, value in splits if name == "file"}


def test_no_two_texts_of_different_splits_are_alike(written: list[Written]) -> None:
    splits: dict[str, set[frozenset[str]]] = defaultdict(set)
    for one in written:
        splits[one.split].add(shingles_of(" ".join(said(one.row))))
    for here, there in combinations(splits.values(), 2):
        assert max(similarity(one, other) for one, other in product(here, there)) < THRESHOLD


def test_the_campaign_had_something_to_leak(folder: Path) -> None:
    for form, dataset in product(FORMATS, DATASETS):
        left_out = orjson.loads((folder / form / dataset / "manifest.json").read_bytes())["left_out"]
        assert sum(count for reason, count in left_out.items() if reason.startswith("near-duplicate")) > 3


def said(row: dict[str, Any]) -> list[str]:
    """Return what is said in a row of any format but by the system, in order."""
    if turns := row.get("messages") or [*row.get("prompt", ()), *row.get("completion", ())]:
        told = [turn["content"] for turn in turns if turn["role"] != "system"]
        asked_and_answered = (turn["content"] for turn in turns if turn["role"] in {"user", "assistant"})
        assert all(content in row.get("text", content) for content in asked_and_answered)
        return told
    if "conversations" in row:
        return [turn["value"] for turn in row["conversations"]]
    return [*(part for pair in row.get("history") or () for part in pair), row["instruction"], row["output"]]


def shingles_of(told: str) -> frozenset[str]:
    """Return the runs of five words or signs, whatever their case and the space between them."""
    tokens = re.findall(r"\w+|[^\w\s]", told.lower())
    return frozenset(" ".join(tokens[at : at + 5]) for at in range(len(tokens) - 4))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard similarity."""
    return len(one & other) / len(one | other)
