from __future__ import annotations

from pathlib import Path

import pytest

from agents.training.sft.output import Output
from agents.training.sft.troubles import AnotherTrainingError, DamagedError

WANTED = {"model": "tiny", "seed": 7}


@pytest.fixture
def output(tmp_path: Path) -> Output:
    return Output(tmp_path / "model")


def checkpoint(output: Output, step: int, *, is_whole: bool = True) -> Path:
    folder = output.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(bytes(step))
    if is_whole:
        output.mark_whole(step)
    return folder


def test_a_folder_belongs_to_one_training(output: Output) -> None:
    output.check(WANTED)
    assert output.begin(WANTED) == {"identity": WANTED}
    output.note(eval_loss_before=2.5)
    assert output.begin(WANTED)["eval_loss_before"] == 2.5
    output.check(WANTED)
    with pytest.raises(AnotherTrainingError, match="seed 7 and not 8"):
        output.check(WANTED | {"seed": 8})


def test_something_else_is_never_overwritten(output: Output) -> None:
    output.folder.mkdir()
    for name in ("training.log", ".training_status.json.x1y2z3"):
        (output.folder / name).write_bytes(b"")
    output.check(WANTED)
    (output.folder / "thesis.tex").write_bytes(b"")
    with pytest.raises(AnotherTrainingError, match="no training"):
        output.check(WANTED)


def test_the_newest_whole_checkpoint_is_gone_on_from(output: Output) -> None:
    assert output.newest_checkpoint() is None
    checkpoint(output, 9)
    whole = checkpoint(output, 10)
    half, unmarked, odd = (checkpoint(output, step, is_whole=step != 12) for step in (11, 12, 13))
    (half / "weights").write_bytes(b"")
    (odd / "whole.json").write_bytes(b"{")
    (output.checkpoints / "checkpoint-best").mkdir()
    assert output.newest_checkpoint() == (10, whole)
    assert not any(path.exists() for path in (half, unmarked, odd))
    assert (output.checkpoints / "checkpoint-best").exists()


def test_a_finished_model_is_proved_by_its_manifest(output: Output) -> None:
    for name in ("adapter/a.bin", "adapter/deep/b.bin", "checkpoints/c.bin"):
        (output.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (output.folder / name).write_bytes(name.encode())
    assert output.finished() is None
    made = output.finish(["adapter"], {"steps": 3})
    assert (output.finished(), made["steps"], list(made["files"])) == (made, 3, ["adapter/a.bin", "adapter/deep/b.bin"])
    (output.folder / "adapter/a.bin").write_bytes(b"other")
    with pytest.raises(DamagedError, match=r"a\.bin is not the file"):
        output.finished()
