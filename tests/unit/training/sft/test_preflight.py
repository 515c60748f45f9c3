from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from agents.training.sft.preflight import (
    PACKAGES,
    Device,
    check_device,
    check_disk,
    check_memory,
    free_memory,
    installed,
    use_one_card,
)
from agents.training.sft.settings import Settings
from agents.training.sft.sizing import Shape
from agents.training.sft.troubles import DeviceError, DiskError, PackagesError, TooLittleMemoryError

CARD = Device("cuda", "A Card", 24 * 10**9, has_bf16=True, cuda="13.0")
PROCESSOR = Device("cpu", "the processor", 16 * 10**9, has_bf16=False, cuda=None)
MODEL = Shape(1_543_714_304, 36_929_536, 0, 28, 1536, 8960, 151_936)


def test_what_is_missing_or_too_old_is_named_with_the_command() -> None:
    there = dict.fromkeys(PACKAGES, "99.1")
    assert installed(there.__getitem__) == there
    there |= {"torch": "2.5.1+cu121", "transformers": "5.24.0.dev0"}
    del there["trl"]

    def version_of(name: str) -> str:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    with pytest.raises(PackagesError) as caught:
        installed(version_of)
    assert caught.value.what == "not installed: torch 2.6 or newer (there is 2.5.1+cu121), trl"
    assert "requirements-train.txt" in caught.value.cure
    assert "training-campaigns[train]" in caught.value.cure


def test_a_processor_trains_small_models_and_others_when_told_to() -> None:
    check_device(Settings(), CARD)
    check_device(Settings(model="tiny"), PROCESSOR)
    check_device(Settings(cpu=True), PROCESSOR)
    with pytest.raises(DeviceError, match="without CUDA"):
        check_device(Settings(), PROCESSOR)
    with pytest.raises(DeviceError, match=r"no card is seen by torch \(built for CUDA 13.0\)"):
        check_device(Settings(), replace(PROCESSOR, cuda="13.0"))


@pytest.mark.parametrize(
    ("seen", "used"), [(None, "0"), ("", ""), ("2,3", "2"), ("-1", "-1"), ("GPU-a,GPU-b", "GPU-a")]
)
def test_one_card_is_used_of_those_that_may_be(seen: str | None, used: str) -> None:
    environment = {} if seen is None else {"CUDA_VISIBLE_DEVICES": seen}
    use_one_card(environment)
    assert environment == {"CUDA_VISIBLE_DEVICES": used}


def test_a_model_of_one_and_a_half_billion_fits_24_gb_with_adapters_and_not_in_full() -> None:
    settings = Settings()
    assert 3.5e9 < check_memory(settings, MODEL, CARD) < 16e9
    full = replace(MODEL, trained=MODEL.parameters)
    with pytest.raises(TooLittleMemoryError, match=r"24\.0 GB free") as caught:
        check_memory(replace(settings, lora_rank=0), full, CARD)
    assert "--batch-size 1" in caught.value.cure
    assert "--lora-rank 16 instead of --full" in caught.value.cure
    assert check_memory(settings, MODEL, replace(CARD, free=None)) > 0


def test_room_on_the_disk_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "not" / "there" / "yet"
    needed = check_disk(Settings(), MODEL, output)
    assert check_disk(Settings(merge=True), MODEL, output) == needed + 4 * MODEL.parameters
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed - 1))
    with pytest.raises(DiskError, match=str(tmp_path)):
        check_disk(Settings(), MODEL, output)


def test_this_machine_tells_its_free_memory() -> None:
    free = free_memory()
    assert free is not None
    assert free > 10**7
