from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.training.sft.settings import Settings, parsed


def settings(*arguments: str) -> Settings:
    return parsed("train_x.py", "Trains.", arguments)


def test_what_is_usual_depends_on_the_model_and_the_kind() -> None:
    assert settings() == Settings()
    full = settings("--full")
    assert (full.is_full, full.learning_rate, full.max_length) == (True, 2e-5, 4096)
    tiny = settings("--model", "tiny")
    assert (tiny.is_made, tiny.is_full, tiny.learning_rate, tiny.max_length) == (True, True, 3e-3, 2048)
    adapted = settings("--model", "tiny", "--lora-rank", "4", "--merge")
    assert (adapted.is_full, adapted.lora_rank, adapted.merge) == (False, 4, True)
    assert settings("--model", "tiny", "--learning-rate", "0.1", "--max-length", "64").max_length == 64


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--full", "--lora-rank", "8"], "not allowed with"),
        (["--full", "--merge"], "--full has none"),
        (["--model", "tiny", "--merge"], "--full has none"),
        (["--epochs", "0"], "above 0"),
        (["--epochs", "nan"], "above 0"),
        (["--learning-rate", "inf"], "above 0"),
        (["--batch-size", "0"], "at least 1"),
        (["--batch-size", "x"], "invalid number value"),
        (["--max-length", "15"], "at least 16"),
        (["--max-steps", "-1"], "at least 0"),
        (["--attention", "none"], "invalid choice"),
        (["--mod", "tiny"], "unrecognized"),
    ],
)
def test_the_impossible_is_a_usage_error(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        settings(*arguments)
    assert reason in capsys.readouterr().err


def test_another_place_or_pace_is_the_same_training() -> None:
    one = Settings()
    same = replace(one, output=Path("x"), cpu=True, merge=True, json=True, save_steps=1, attention="sdpa")
    assert same.identity() == one.identity()
    for change in ({"model": "tiny"}, {"seed": 1}, {"epochs": 1.0}, {"packing": False}, {"chat_template": "chatml"}):
        assert replace(one, **change).identity() != one.identity()
