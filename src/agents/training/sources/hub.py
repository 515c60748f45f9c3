"""Datasets of the Hugging Face hub.

Owns the one call of its library. Never chooses a dataset, and knows no token: the library finds its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.campaign.errors import UsageError
from agents.training.sources.tables import Row
from agents.training.troubles import shortened


def rows_of(name: str, config: str | None, split: str) -> Iterator[Row]:
    """Yield the rows of part ``split`` of the dataset called ``name``, with their positions, from 1.

    ``config`` names one of its configurations; None: the only one.

    Raises:
        UsageError: the library is not installed, or cannot load that.
    """
    try:
        import datasets  # type: ignore[import-not-found]  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise UsageError(
            f"dataset {name} cannot be loaded: datasets is not installed", ".venv/bin/pip install -e '.[hub]'"
        ) from error
    try:
        dataset = datasets.load_dataset(name, config, split=split, streaming=False)
    except Exception as error:  # its own errors, those of the network and of dataset scripts have nothing in common
        raise UsageError(
            f"dataset {name}, split {split}, cannot be loaded: {shortened(str(error)) or type(error).__name__}",
            "check its name, the split and the network; a private one needs `huggingface-cli login`",
        ) from error
    yield from enumerate(dataset, start=1)
