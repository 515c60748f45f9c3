from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from agents.training.sft import command
from agents.training.sft.command import default_output, main, shared_folder
from agents.training.sft.dataset import Dataset
from agents.training.sft.preflight import PACKAGES
from agents.training.sft.settings import Settings
from agents.training.sft.stopping import Stopping
from agents.training.sft.troubles import PackagesError, PausedError


def test_the_model_is_put_beside_the_datasets() -> None:
    there = Dataset(Path("/home/z/training/datasets/mine"), {"dataset": "mine"}, "f")
    assert default_output(there, Settings()) == Path("/home/z/training/models/mine")
    assert default_output(there, Settings(model="tiny")) == Path("/home/z/training/models/mine-tiny")
    assert default_output(Dataset(Path("/data/mine"), {}, "f"), Settings()) == Path("/data/mine-trained")


def test_the_campaigns_home_gets_the_status_of_its_own_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTEXT_ROOT", str(tmp_path))
    assert shared_folder(tmp_path / "training/datasets/mine") == tmp_path / "training"
    assert shared_folder(tmp_path / "elsewhere/mine") is None
    monkeypatch.delenv("CONTEXT_ROOT")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shared_folder(tmp_path / ".context/training/datasets/mine") == tmp_path / ".context/training"


def test_an_error_is_told_to_people_and_to_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path, ["--model", "tiny", "--json"], "train_x.py") == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["exit_code"]) == ("UsageError", 2)
    assert main(tmp_path, ["--model", "tiny"], "train_x.py") == 2
    heard = capsys.readouterr()
    assert (heard.out, heard.err.startswith("error: ")) == ("", True)


def test_missing_packages_are_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing() -> dict[str, str]:
        raise PackagesError(f"not installed: {', '.join(PACKAGES)}", "install them")

    monkeypatch.setattr(command, "installed", nothing)
    monkeypatch.setattr(command, "opened", lambda folder: Dataset(folder, {}, "f"))
    assert main(tmp_path / "mine", [], "train_x.py") == 1
    assert "trl" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_first_signal_asks_and_the_second_interrupts() -> None:
    stopping = Stopping()
    before = signal.getsignal(signal.SIGTERM)
    with stopping.heard():
        stopping.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(PausedError):
            stopping.check()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
