"""What a training needs and does, in numbers: memory, disk, floating-point operations.

Pure. All of it is arithmetic on the shape of a model; the estimates are meant to be a little too high.
"""

from __future__ import annotations

from dataclasses import dataclass

ADAM_BYTES = 12
"""Of each trained weight: gradient and two moments in 32 bits."""
CHECKPOINT_BYTES = 12
"""Of each trained weight: itself and two moments in 32 bits."""
CHECKPOINTS = 3
"""Kept at a time: two, and the one that is being written."""
_OVERHEAD = 1_000_000_000
"""Bytes of kernels, fragments and buffers on a card."""
_CHUNK = 1_024
"""Tokens whose scores over the vocabulary are held at once."""

PEAKS = {
    "B200": 2_250e12,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 5090": 209.5e12,
    "RTX 4090": 165.2e12,
    "RTX 3090": 71e12,
}
"""Dense bf16 operations per second with 32-bit sums, by a part of the card's name; from the maker's data sheets."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a model: ``trained`` of its ``parameters`` are trained, ``looked_up`` are embeddings, no products."""

    parameters: int
    trained: int
    looked_up: int
    layers: int
    hidden: int
    inner: int
    vocabulary: int


def lora_parameters(linears: list[tuple[int, int]], rank: int) -> int:
    """Return how many weights adapters of ``rank`` have on layers with these numbers of inputs and outputs."""
    return sum(rank * (inputs + outputs) for inputs, outputs in linears)


def memory_needed(shape: Shape, tokens: int, weight_bytes: int) -> int:
    """Return the bytes that training takes on a card with ``tokens`` at once, recomputing the layers' activations."""
    adapters = 0 if shape.trained == shape.parameters else 4 * shape.trained
    weights = weight_bytes * shape.parameters + adapters + ADAM_BYTES * shape.trained
    kept = 2 * tokens * shape.layers * shape.hidden
    one_layer = 2 * tokens * (16 * shape.hidden + 6 * shape.inner)
    scores = 3 * 4 * min(tokens, _CHUNK) * shape.vocabulary
    return weights + kept + one_layer + scores + _OVERHEAD


def disk_needed(shape: Shape, *, is_merged: bool) -> int:
    """Return the bytes of all checkpoints and of what is saved at the end."""
    merged = 4 * shape.parameters if is_merged else 0
    return CHECKPOINTS * CHECKPOINT_BYTES * shape.trained + 4 * shape.trained + merged


def operations_per_token(shape: Shape, length: float) -> float:
    """Return the floating-point operations of one token of sequences of this mean ``length``.

    Two for each weight on the way there, two on the way back, two more for each trained one, and what causal attention
    adds; what is computed again to save memory is not counted.
    """
    products = shape.parameters - shape.looked_up
    own = min(shape.trained, products)
    return 4.0 * products + 2.0 * own + 6.0 * shape.layers * shape.hidden * length


def peak_of(device: str) -> float | None:
    """Return the peak of a card by its name, in operations per second; None for one that is not known."""
    return next((peak for name, peak in PEAKS.items() if all(part in device for part in name.split())), None)
