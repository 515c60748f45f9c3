from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from made_run import RUN, SPLITS, MadeRun, lines, mixed_samples
from tiny_run import GOAL, TinyRun

from agents.campaign.errors import AnotherPlanError, CampaignError, DamagedFileError, ExitCode, PausedError, UsageError
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.training import exporter, exporting
from agents.training.exporter import export_run
from agents.training.formats import FORMATS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "ledger.sqlite"
    TinyRun(path, goal=replace(GOAL, total=40)).go()
    return path


def test_an_export_holds_every_settled_sample_once(ledger: Path, tmp_path: Path) -> None:
    export = export_run(ledger, tmp_path, NOW)
    assert export.is_new
    assert export.folder == tmp_path / "test"
    accounts = LedgerView(ledger).accounts()
    assert accounts is not None
    accepted, rejected = lines(export.folder / "samples.jsonl"), lines(export.folder / "rejected.jsonl")
    assert (len(accepted), len(rejected)) == (40, accounts.rejected)
    sample = next(LedgerView(ledger).samples(accepted=True))
    assert accepted[0]["messages"] == [*sample["prompt"], {"role": "assistant", "content": sample["reply"]}]
    metadata = accepted[0]["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["id"] == sample["id"]
    assert metadata["quality"] == sample["quality"]
    assert {"run", "fingerprint", "domain", "item", "model", "checks"} <= metadata.keys()
    assert all(row["metadata"]["reason"] for row in rejected)
    assert all(row["reply"] for row in rejected)


def test_the_manifest_tells_the_truth(ledger: Path, tmp_path: Path) -> None:
    folder = export_run(ledger, tmp_path, NOW).folder
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert manifest["fingerprint"] == "f" * 16
    assert manifest["created"] == "2026-01-01T00:00:00+00:00"
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert entry["samples"] == len(lines(folder / name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test"]


def test_exporting_again_verifies_and_changes_nothing(ledger: Path, tmp_path: Path) -> None:
    first = export_run(ledger, tmp_path, NOW)
    again = export_run(ledger, tmp_path, datetime(2030, 1, 1, tzinfo=UTC))
    assert not again.is_new
    assert again.manifest == first.manifest
    (first.folder / "samples.jsonl").write_text("{}\n")
    with pytest.raises(DamagedFileError, match=r"samples\.jsonl is not the file that was exported"):
        export_run(ledger, tmp_path, NOW)


@pytest.mark.parametrize("manifest", [None, {"run": "test", "kind": "campaign", "total": 40, "fingerprint": "other"}])
def test_something_else_is_never_overwritten(ledger: Path, tmp_path: Path, manifest: dict[str, object] | None) -> None:
    folder = tmp_path / "test"
    folder.mkdir()
    if manifest is not None:
        (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    before = [(path.name, path.read_bytes()) for path in folder.iterdir()]
    with pytest.raises(AnotherPlanError, match="holds something else"):
        export_run(ledger, tmp_path, NOW)
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == before


def test_an_export_that_fails_leaves_nothing(ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporter, "write_json", full)
    with pytest.raises(PausedError, match="No space left"):
        export_run(ledger, tmp_path, NOW)
    assert list(tmp_path.iterdir()) == []


def test_what_an_export_left_that_was_killed_hard_is_removed_by_the_next_one(ledger: Path, tmp_path: Path) -> None:
    killed = (
        "import os, sys; from agents.training import exporter; exporter.write_json = lambda *_: os.kill(os.getpid(), 9)"
    )
    program = f"{killed}; exporter.export_run(*map(exporter.Path, sys.argv[1:]), exporter.datetime.now().astimezone())"
    subprocess.run([sys.executable, "-c", program, str(ledger), str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".test.")
    others = [tmp_path / name for name in (".test.two.abcdefgh", ".test.notes", ".tes.abcdefgh", "notes")]
    for other in others:
        other.mkdir()
    for _ in range(2):
        folder = export_run(ledger, tmp_path, NOW).folder
        assert sorted(tmp_path.iterdir()) == sorted([folder, *others])
        left.mkdir()
    export_run(ledger, tmp_path, NOW)
    assert not left.exists()


def test_only_a_finished_run_is_exported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        export_run(tmp_path / "none.sqlite", tmp_path, NOW)
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(CampaignError):
        TinyRun(path, goal=replace(GOAL, total=40, budget=20)).go()
    with pytest.raises(UsageError, match=r"not finished: \d+ of 40"):
        export_run(path, tmp_path / "datasets", NOW)
    assert not (tmp_path / "datasets").exists()


def test_the_seeds_command_line_works_as_written(tmp_path: Path) -> None:
    MadeRun(Home(tmp_path / "context"), mixed_samples(400)).write()
    (tmp_path / "recipe.yaml").write_text(SPLITS)
    command = (
        "-m agents.training.exporter --input full_campaign_34500 --output alttp_asm_24k yaze_tools_7k --format qwen "
        "--recipe recipe.yaml --json"
    )
    environment = {"CONTEXT_ROOT": str(tmp_path / "context"), "PATH": "/usr/bin:/bin"}

    def run() -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, *command.split()], capture_output=True, cwd=tmp_path, env=environment, check=True
        )
        document: dict[str, Any] = orjson.loads(done.stdout)
        return document

    first, again = run()["datasets"], run()["datasets"]
    assert [(one["dataset"], one["is_new"]) for one in first] == [("alttp_asm_24k", True), ("yaze_tools_7k", True)]
    assert again == [{**one, "is_new": False} for one in first]
    for one in first:
        for split, count in one["splits"].items():
            assert len(lines(Path(one["folder"]) / f"{split}.jsonl")) == count > 0


@pytest.mark.parametrize(
    ("arguments", "told", "cure"),
    [
        ("", "--input", "exporter --help"),
        ("--input x", "there is no run 'x'", "did you mean"),
        ("--input ../x", "cannot name a run", ""),
        ("--input full_campaign_34500 --format gpt", "no format 'gpt'", "qwen"),
        ("--input full_campaign_34500 --max-tokens 0", "would leave nothing", ""),
        ("--input full_campaign_34500 --push me/x", "one dataset", "--output"),
        ("--input full_campaign_34500 --output yaze_tools_7k --push me/x", "HF_TOKEN is not set", ""),
        ("--input full_campaign_34500 --partial --recipe none.yaml", "none.yaml does not exist", ""),
        ("--input full_campaign_34500", "not finished: 34 of 100", "--partial"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure_and_exit_code(
    arguments: str,
    told: str,
    cure: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONTEXT_ROOT", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    MadeRun(Home(tmp_path), mixed_samples(40), owed=100).write()
    assert exporter.main([*arguments.split(), "--json"]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    document = orjson.loads(out)
    assert told in document["error"]
    assert cure in document["cure"]
    assert document["exit_code"] == ExitCode.USAGE
    assert told in err


def test_ctrl_c_leaves_nothing_and_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    home = Home(tmp_path)
    monkeypatch.setenv("CONTEXT_ROOT", str(tmp_path))
    MadeRun(home, mixed_samples(400)).write()
    monkeypatch.setattr(exporting, "write_manifest", interrupted)
    assert exporter.main(["--input", RUN, "--output", "alttp_asm_24k"]) == ExitCode.PAUSED
    assert list(home.datasets.iterdir()) == []
    assert "run it again" in capsys.readouterr().err


def test_help_names_every_format() -> None:
    told = exporter.parser().format_help().replace(",", " ").split()
    assert [name for name in FORMATS if name not in told] == []
