from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.sft.pace import Pace
from agents.training.sft.sizing import Shape, lora_parameters, memory_needed, operations_per_token, peak_of

FULL = Shape(1_000, 1_000, 0, 2, 10, 30, 50)


def test_adapters_have_a_row_for_each_input_and_each_output() -> None:
    assert lora_parameters([(10, 20), (5, 5)], 4) == 4 * 30 + 4 * 10


def test_a_token_takes_six_operations_of_each_trained_weight_and_attention() -> None:
    assert operations_per_token(FULL, 0.0) == 6_000
    assert operations_per_token(FULL, 100.0) == 6_000 + 6 * 2 * 10 * 100
    assert operations_per_token(replace(FULL, trained=100), 0.0) == 4_000 + 200
    assert operations_per_token(replace(FULL, looked_up=400), 0.0) == 6 * 600


def test_memory_grows_with_everything_that_takes_it() -> None:
    usual = memory_needed(FULL, 1_000, 2)
    assert memory_needed(FULL, 2_000, 2) > usual
    assert memory_needed(FULL, 1_000, 4) == usual + 2 * FULL.parameters
    assert memory_needed(replace(FULL, trained=10), 1_000, 2) == usual - 12 * 990 + 4 * 10


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA GeForce RTX 4090", 165.2e12),
        ("the processor", None),
    ],
)
def test_the_peak_of_a_card_is_known_by_its_name(name: str, peak: float | None) -> None:
    assert peak_of(name) == peak


def test_pace_leaves_out_the_step_that_warms_up() -> None:
    pace = Pace()
    pace.step(10.0, 100)
    assert pace.rates == (0.1, 10.0)
    pace.step(1.0, 200)
    pace.step(3.0, 500)
    assert pace.rates == (0.5, 100.0)
