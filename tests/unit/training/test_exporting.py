from __future__ import annotations

import hashlib
import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import orjson
import pyarrow.parquet
import pytest
import yaml
from first_version import turn_back
from made_run import NOW, RUN, SPLITS, Made, MadeRun, dialogue, lines, mixed_samples, tool_dialogue
from tiny_run import GOAL, TinyRun

from agents.campaign.datasets import FormatName
from agents.campaign.errors import AlreadyRunningError, AnotherPlanError, DamagedFileError, PausedError, UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.training import exporting
from agents.training.datasets import folder as dataset_folder
from agents.training.datasets import parquet
from agents.training.datasets.wish import Dataset, Wish
from agents.training.exporting import export
from agents.training.formats import FORMATS
from agents.training.sample import Cell, Message

SEED_NAMES = ("alttp_asm_24k", "yaze_tools_7k")


def files_of(dataset: Dataset) -> list[Path]:
    return [path for path in dataset.folder.rglob("*") if path.is_file()]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def run_of(home: Home, samples: list[Made], **more: Any) -> MadeRun:
    run = MadeRun(home, samples, **more)
    run.write()
    return run


def rows_of(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    return {split: lines(dataset.folder / f"{split}.jsonl") for split in dataset.manifest["splits"]}


def test_the_datasets_of_the_seed_hold_every_accepted_sample_of_their_domains_once(home: Home) -> None:
    samples = mixed_samples(240)
    asm, yaze = run_of(home, samples).export(*SEED_NAMES, form="qwen")
    accepted = Counter(made.domain for made in samples if made.is_accepted)
    for dataset, domains in ((asm, ("asm", "oracle", "errors")), (yaze, ("yaze",))):
        rows = [row for split in rows_of(dataset).values() for row in split]
        assert Counter(row["metadata"]["domain"] for row in rows) == {name: accepted[name] for name in domains}
        assert len({row["metadata"]["id"] for row in rows}) == len(rows) == dataset.manifest["samples"]
        assert all(row["text"].startswith("<|im_start|>system\n") for row in rows)
    assert all("tools" in row and "<tool_call>" in row["text"] for split in rows_of(yaze).values() for row in split)


def test_a_group_stays_in_its_split_whatever_is_exported_and_however_far_the_run_is(home: Home, tmp_path: Path) -> None:
    samples = mixed_samples(200)
    whole = run_of(home, samples).export("all", recipe=f"{SPLITS}datasets: {{all: {{domains: [asm, oracle, yaze]}}}}\n")
    part = MadeRun(Home(tmp_path / "other"), samples[:120], owed=1_000)
    part.write()
    early = part.export("some", recipe=f"{SPLITS}datasets: {{some: {{domains: [yaze, asm]}}}}\n", is_partial=True)
    homes = {row["metadata"]["item_id"]: split for split, rows in rows_of(whole[0]).items() for row in rows}
    seen = {row["metadata"]["item_id"]: split for split, rows in rows_of(early[0]).items() for row in rows}
    assert len(seen) > 40
    assert {item: homes[item] for item in seen} == seen
    assert early[0].manifest["is_partial"]
    assert "still at work" in (early[0].folder / "README.md").read_text()


def test_the_same_export_again_is_verified_and_left_alone(home: Home) -> None:
    run = run_of(home, mixed_samples(120))
    first = run.export(*SEED_NAMES)
    before = {path: path.stat().st_mtime_ns for dataset in first for path in files_of(dataset)}
    again = run.export(*SEED_NAMES)
    assert [dataset.is_new for dataset in (*first, *again)] == [True, True, False, False]
    assert [dataset.manifest for dataset in again] == [dataset.manifest for dataset in first]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert sorted(path.name for path in home.datasets.iterdir()) == sorted(SEED_NAMES)
    train = first[0].folder / "train.jsonl"
    train.write_bytes(train.read_bytes()[:-1])
    with pytest.raises(DamagedFileError, match=r"train\.jsonl is not the file that was exported"):
        run.export(SEED_NAMES[0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"form": "qwen"}, "format 'messages' and not 'qwen'"),
        ({"max_tokens": 999}, "max_tokens 4096 and not 999"),
        ({"recipe": "splits: {train: 0.7, validation: 0.1, test: 0.2}\n"}, "train 0.6 and not 0.7"),
        ({"with_rejected": True}, "has_rejected False and not True"),
    ],
)
def test_another_export_is_never_overwritten(home: Home, change: dict[str, Any], told: str) -> None:
    run = run_of(home, mixed_samples(120))
    (dataset,) = run.export("alttp_asm_24k")
    before = {path: path.read_bytes() for path in files_of(dataset)}
    with pytest.raises(AnotherPlanError, match=told) as caught:
        run.export("alttp_asm_24k", **change)
    assert caught.value.cure == f"move it away: mv {dataset.folder} {dataset.folder}.old"
    assert {path: path.read_bytes() for path in files_of(dataset)} == before


def test_a_folder_that_is_no_dataset_is_never_touched(home: Home) -> None:
    run = run_of(home, mixed_samples(60))
    notes = home.datasets / "yaze_tools_7k" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    with pytest.raises(AnotherPlanError, match=r"has no manifest\.json"):
        run.export(*SEED_NAMES)
    assert [path.name for path in home.datasets.iterdir()] == ["yaze_tools_7k"], "none is begun that cannot be ended"
    assert notes.read_text() == "mine"


def test_the_form_is_the_recipes_where_nobody_asks_for_another_one(home: Home) -> None:
    run, recipe = run_of(home, mixed_samples(60)), f"{SPLITS}curation: {{format: chatml}}\n"
    assert run.export("alttp_asm_24k", recipe=recipe)[0].manifest["format"] == "chatml"
    (asked,) = run.export("yaze_tools_7k", recipe=recipe, form="sharegpt")
    assert asked.manifest["format"] == "sharegpt"
    assert "--format sharegpt" in asked.manifest["commands"][-1]


def test_a_recipe_can_name_every_form_and_no_other() -> None:
    assert set(get_args(FormatName)) == set(FORMATS)


def test_the_manifest_and_the_card_tell_the_truth(home: Home) -> None:
    (dataset,) = run_of(home, mixed_samples(240)).export("alttp_asm_24k", form="qwen")
    manifest = orjson.loads((dataset.folder / "manifest.json").read_bytes())
    assert manifest == dataset.manifest
    assert {*manifest["files"], "manifest.json"} == {
        str(path.relative_to(dataset.folder)) for path in files_of(dataset)
    }
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((dataset.folder / name).read_bytes()).hexdigest()
    for split, rows in rows_of(dataset).items():
        assert manifest["splits"][split]["samples"] == manifest["files"][f"{split}.jsonl"]["samples"] == len(rows)
        assert manifest["splits"][split]["quality"]["mean"] == pytest.approx(0.9)
        longest = max(len(row["text"]) for row in rows)
        assert manifest["splits"][split]["tokens"]["max"] == -(-longest * 10 // 22)
    _, front, body = (dataset.folder / "README.md").read_text().split("---\n", 2)
    hub = yaml.safe_load(front)
    assert hub["license"] == "mit"
    assert hub["size_categories"] == ["n<1K"]
    assert {file["path"] for file in hub["configs"][0]["data_files"]} <= set(manifest["files"])
    for told in ("teacher-1", "a procedure, version 3", f"--input {RUN}", "f" * 16, "estimated", "MIT"):
        assert told in body
    assert str(home.root) not in body


def test_parquet_holds_the_same_rows(home: Home) -> None:
    run = run_of(home, mixed_samples(240))
    for form in FORMATS:
        if form in {"gemma", "alpaca"}:
            continue
        recipe = f"{SPLITS}datasets: {{{form}: {{domains: [yaze, asm]}}}}\n"
        (dataset,) = run.export(form, recipe=recipe, form=form)
        for split, rows in rows_of(dataset).items():
            columns = pyarrow.parquet.read_table(dataset.folder / f"{split}.parquet").to_pylist()
            assert len(columns) == len(rows)
            for row, column in zip(rows, columns, strict=True):
                assert without_nulls(column) == with_tools_as_text(row)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def with_tools_as_text(row: dict[str, Any]) -> dict[str, Any]:
    tools = row.get("tools")
    return row | ({"tools": orjson.dumps(tools).decode()} if isinstance(tools, list) else {})


def test_without_pyarrow_there_is_a_note_and_no_parquet(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "is_installed", lambda: False)
    (dataset,) = run_of(home, mixed_samples(60)).export("alttp_asm_24k")
    assert not list(dataset.folder.glob("*.parquet"))
    assert "pip install 'training-campaigns[parquet]'" in dataset.notes[-1]
    assert "path: train.jsonl" in (dataset.folder / "README.md").read_text()


def test_what_is_too_long_is_left_out_and_never_cut(home: Home) -> None:
    rng = random.Random(1)
    long = Made("asm", (*dialogue(rng)[:2], Message("assistant", " ".join(f"w{n}" for n in range(900)))))
    run = run_of(home, [*mixed_samples(120), long])
    (dataset,) = run.export("alttp_asm_24k", max_tokens=600)
    assert dataset.manifest["left_out"] == {"too long": 1}
    assert max(told["tokens"]["max"] for told in dataset.manifest["splits"].values()) <= 600


def test_what_tests_ask_is_left_out(home: Home) -> None:
    samples = mixed_samples(120)
    (home.root / "bench").mkdir(parents=True)
    asked = samples[0].messages[-1].content.split()[5:25]
    (home.root / "bench" / "asked.jsonl").write_bytes(orjson.dumps({"questions": [{"text": " ".join(asked)}]}))
    (home.root / "bench" / "short.txt").write_text(" ".join(samples[4].messages[-1].content.split()[:12]))
    run = run_of(home, samples)
    (dataset,) = run.export("alttp_asm_24k", recipe=f"{SPLITS}curation: {{decontaminate: ['bench/*']}}\n")
    assert dataset.manifest["left_out"] == {"contaminated": 1}
    with pytest.raises(UsageError, match="matches no file"):
        run.export("alttp_asm_24k", recipe=f"{SPLITS}curation: {{decontaminate: ['none/*']}}\n")


def test_more_samples_than_wanted_are_balanced_over_cells(home: Home) -> None:
    rng = random.Random(5)
    kinds = [("write", 1)] * 100 + [("fix", 1)] * 40 + [("fix", 2)] * 10
    samples = [Made("asm", dialogue(rng), Cell(*kind)) for kind in kinds]
    recipe = f"{SPLITS}datasets: {{small: {{domains: [asm], at_most: 60}}}}\n"
    (dataset,) = run_of(home, samples).export("small", recipe=recipe)
    rows = [row["metadata"] for split in rows_of(dataset).values() for row in split]
    assert Counter((row["family"], row["difficulty"]) for row in rows) == {
        ("write", 1): 25,
        ("fix", 1): 25,
        ("fix", 2): 10,
    }
    assert dataset.manifest["not_chosen"] == 90


@pytest.mark.parametrize(
    ("names", "wishes", "told", "cure"),
    [
        (["asm_25k"], {}, "no dataset 'asm_25k' is defined", "alttp_asm_24k, yaze_tools_7k"),
        (["yaze_tools_7k"], {"form": "gemma"}, "would have no sample in format gemma.*tools: 25", "another --format"),
        (["alttp_asm_24k"], {"form": "gpt"}, "there is no format 'gpt'", "use one of qwen, chatml"),
        (["alttp_asm_24k"], {"max_tokens": 3}, "would have no sample.*too long: 75", "raise --max-tokens"),
        (["alttp_asm_24k"], {"tokenizer": Path("nowhere")}, "tokenizer", ""),
        (
            ["yaze_tools_7k"],
            {"recipe": "splits: {train: 0.98, validation: 0.01, test: 0.01}\n"},
            "would have nothing in validation and test: its 25 samples are too few",
            "a share of 0 makes no split",
        ),
        (
            ["x"],
            {"recipe": "datasets: {x: {domains: [cooking]}}\n"},
            "is made of cooking, and this run has only asm, errors, oracle, yaze",
            "define this one",
        ),
        ([], {"recipe": "datasets: {x: {domains: [cooking]}}\n"}, "no dataset is defined for the domains", "--recipe"),
    ],
)
def test_bad_input_names_the_cure(home: Home, names: list[str], wishes: dict[str, Any], told: str, cure: str) -> None:
    run = run_of(home, [replace(made, is_accepted=True) for made in mixed_samples(100)])
    with pytest.raises(UsageError, match=told) as caught:
        run.export(*names, **wishes)
    assert cure in caught.value.cure
    assert not home.datasets.exists() or list(home.datasets.iterdir()) == []


def test_runs_that_are_not_there_not_finished_or_being_exported(home: Home) -> None:
    run = run_of(home, mixed_samples(60), owed=1_000)
    with pytest.raises(UsageError, match="there is no run 'full_campaign_3450'") as caught:
        export(home, Wish("full_campaign_3450"), NOW)
    assert RUN in caught.value.cure
    with pytest.raises(UsageError, match="not finished: 50 of 1000") as caught:
        run.export("alttp_asm_24k")
    assert "--partial" in caught.value.cure
    with Lease(home.training / "export.lease", "export"), pytest.raises(AlreadyRunningError):
        run.export("alttp_asm_24k", is_partial=True)


def test_domains_that_a_run_lacks_are_left_out_with_a_note(home: Home) -> None:
    rng = random.Random(2)
    (dataset,) = run_of(home, [Made("asm", dialogue(rng)) for _ in range(60)]).export(jsonl_only=True)
    assert dataset.folder.name == "alttp_asm_24k"
    assert dataset.notes == ("this run has no domain oracle, errors: nothing of it is in there",)


def test_what_is_said_beside_calls_is_counted_where_a_form_has_no_place_for_it(home: Home) -> None:
    rng = random.Random(2)
    samples = [Made("yaze", tool_dialogue(rng, "Let me look." * (n % 2))) for n in range(60)]
    run = run_of(home, samples)
    for form, lacking in (("llama3", 30), ("sharegpt", 30), ("qwen", 0)):
        recipe = f"{SPLITS}datasets: {{{form}: {{domains: [yaze]}}}}\n"
        (dataset,) = run.export(form, form=form, recipe=recipe)
        assert dataset.manifest["lack_text"] == lacking


def test_rejected_samples_are_written_apart_when_wished_for(home: Home) -> None:
    samples = mixed_samples(120)
    (dataset,) = run_of(home, samples).export("yaze_tools_7k", with_rejected=True)
    rejected = lines(dataset.folder / "rejected.jsonl")
    assert len(rejected) == sum(made.domain == "yaze" and not made.is_accepted for made in samples)
    assert {row["metadata"]["reason"] for row in rejected} == {"proof"}
    assert "rejected" not in (dataset.folder / "README.md").read_text().split("---")[1]


def test_an_export_that_fails_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(home, mixed_samples(60))
    left = home.datasets / ".alttp_asm_24k.abcdefgh"
    left.mkdir(parents=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(dataset_folder, "write_json", full)
        with pytest.raises(PausedError, match="No space left"):
            run.export("alttp_asm_24k")
    assert list(home.datasets.iterdir()) == []
    assert exporting.CARD in run.export("alttp_asm_24k")[0].manifest["files"]


def test_without_a_recipe_the_one_that_made_the_run_counts(home: Home, tmp_path: Path) -> None:
    samples = mixed_samples(120)
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "asked.txt").write_text(samples[0].messages[-1].content)
    values = {
        "curation.decontaminate": ["asked.txt"],
        "splits.train": 0.5,
        "splits.validation": 0.25,
        "splits.test": 0.25,
        "datasets.mine.domains": ["asm"],
    }
    run_of(home, samples, values=values, origins=dict.fromkeys(values, f"recipe {folder / 'r.yaml'}"))
    (dataset,) = export(home, Wish(RUN), NOW)
    assert dataset.folder.name == "mine"
    assert dataset.manifest["settings"]["splits"] == {"train": 0.5, "validation": 0.25, "test": 0.25}
    assert dataset.manifest["left_out"] == {"contaminated": 1}
    assert "--output-name full_campaign_34500 --recipe r.yaml\n" in (dataset.folder / "README.md").read_text()


@pytest.mark.parametrize("version", [1, 2])
def test_ledgers_of_older_versions_are_exported_too(version: int, home: Home) -> None:
    path = home.run("test").ledger
    path.parent.mkdir(parents=True)
    TinyRun(path, goal=replace(GOAL, total=60)).go()
    turn_back(path, version)
    (home.root / "r.yaml").write_text(f"{SPLITS}datasets: {{tiny: {{domains: [asm, tiny]}}}}\n")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('UPDATE run SET plan_values = \'{"seed": 7, "domains.tiny.weight": 1.0}\'')
        connection.commit()
    (dataset,) = export(home, Wish("test", ("tiny",), recipe=home.root / "r.yaml"), NOW)
    assert dataset.manifest["samples"] + sum(dataset.manifest["left_out"].values()) == 60


def test_a_run_that_is_still_at_work_goes_on_during_an_export(home: Home) -> None:
    """Samples that come meanwhile are not in it: every pass sees the same moment."""
    samples = mixed_samples(120)
    run = run_of(home, samples, owed=1_000)

    def settle_more(_: str) -> None:
        with closing(sqlite3.connect(home.run(RUN).ledger)) as writing:
            writing.execute("UPDATE samples SET quality = 0.1")
            writing.commit()

    (home.root / "r.yaml").write_text(SPLITS)
    wish = Wish(RUN, ("yaze_tools_7k",), recipe=home.root / "r.yaml", is_partial=True)
    (dataset,) = export(run.home, wish, NOW, settle_more)
    assert dataset.manifest["splits"]["train"]["quality"]["mean"] == pytest.approx(0.9)
