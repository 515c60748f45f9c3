"""The command line of a training script: what it says, and what it exits with."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dataset import Dataset, opened
from .output import Output
from .preflight import installed
from .report import LOG_DATES, LOG_FORMAT
from .settings import Settings, parsed
from .training import Training
from .troubles import Exit, TrainingError


def main(folder: Path, arguments: Sequence[str] | None = None, program: str | None = None) -> int:
    """Train on the dataset at ``folder`` as ``arguments`` say; return the exit code.

    Standard error hears how it goes; standard output gets the outcome.
    """
    about = f"Fine-tune a model on the dataset in {folder}. Running again goes on where it ended."
    settings = parsed(program or Path(sys.argv[0]).name, about, arguments)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, datefmt=LOG_DATES, stream=sys.stderr, force=True)
    for name in ("httpx", "httpcore", "huggingface_hub", "accelerate", "datasets", "fsspec"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        document = trained(folder.resolve(), settings)
    except TrainingError as error:
        print(
            json.dumps(error.document(), ensure_ascii=False) if settings.json else f"error: {error}",
            file=_out(settings),
        )
        return int(error.exit_code)
    print(json.dumps(document, ensure_ascii=False) if settings.json else _text(document, settings))
    return int(Exit.DONE)


def trained(folder: Path, settings: Settings) -> dict[str, Any]:
    """Train on the dataset at ``folder``; return the model's manifest with its ``folder``. Raises TrainingError."""
    dataset = opened(folder)
    output = Output(settings.output.expanduser().absolute() if settings.output else default_output(dataset, settings))
    training = Training(dataset, settings, output, shared_folder(folder), installed())
    return training.run() | {"folder": str(output.folder)}


def default_output(dataset: Dataset, settings: Settings) -> Path:
    """Return the folder ``models/NAME`` beside the folder of all datasets, or one beside a dataset that stands alone.

    A model that is made on the spot has one of its own: trying the way out is in nobody's way.
    """
    above, name = dataset.folder.parent, f"{dataset.name}-{settings.model}" if settings.is_made else dataset.name
    return above.parent / "models" / name if above.name == "datasets" else above / f"{name}-trained"


def shared_folder(folder: Path) -> Path | None:
    """Return ``training`` of the campaigns' home where the dataset lies in it: its readers find the status there."""
    root = Path(os.environ.get("CONTEXT_ROOT") or "~/.context").expanduser().resolve()
    return root / "training" if root / "training" in folder.parents else None


def _out(settings: Settings) -> Any:
    return sys.stdout if settings.json else sys.stderr


def _text(document: dict[str, Any], settings: Settings) -> str:
    """Return the outcome for people."""
    if document.get("is_dry_run"):
        return (
            f"{document['dataset']} can be trained on: {document['model']} ({document['parameters']:,} parameters, "
            f"{document['trained_parameters']:,} of them trained) on {document['device']}, about "
            f"{document['memory_needed'] / 1e9:.1f} GB of memory and {document['disk_needed'] / 1e9:.1f} GB of disk\n"
            f"  it would be in {document['output']}"
        )
    if not document["is_new"]:
        return f"already trained: {document['model']}, in {document['folder']}"
    loss = document["loss"]
    lines = [f"trained: {document['model']}, {document['steps']} steps, in {document['folder']}"]
    if loss["eval_before"] is not None and loss["eval_after"] is not None:
        lines.append(f"  loss on validation {loss['eval_before']:.4f} before, {loss['eval_after']:.4f} after")
    if document["tokens_per_second"]:
        share = f", {document['peak_share']:.1%} of the card's peak" if document["flops_utilisation"] else ""
        lines.append(f"  {document['tokens_per_second']:,.0f} tokens/s{share}")
    if settings.merge:
        lines.append("  the merged model is in merged/")
    return "\n".join(lines)
