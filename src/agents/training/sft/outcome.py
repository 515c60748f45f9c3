"""What is told of a finished training: where it came from, what it came to, and how well the card was used.

Owns the fields of the model's manifest; its files are listed by ``output``.
"""

from __future__ import annotations

import platform
from datetime import datetime
from typing import Any

from . import learning
from .dataset import TRAIN, Dataset
from .pace import Pace
from .preflight import Ready
from .settings import Settings
from .sizing import operations_per_token, peak_of


def facts(dataset: Dataset, settings: Settings, ready: Ready, trainer: Any, pace: Pace) -> dict[str, Any]:
    """Return what the manifest says of the model that ``trainer`` has trained."""
    return {
        "model": f"{settings.model} on {dataset.name}",
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "kind": "full" if settings.is_full else "lora",
        "base_model": settings.model if settings.is_made else ready.source,
        "base_revision": getattr(trainer.model.config, "_commit_hash", None),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "run": dataset.manifest.get("run"),
            "run_fingerprint": dataset.manifest.get("fingerprint"),
            "splits": ready.told["splits"],
        },
        "seed": settings.seed,
        "versions": {"python": platform.python_version(), **ready.told["versions"]},
        "device": ready.where.name,
        "parameters": ready.shape.parameters,
        "trained_parameters": ready.shape.trained,
        "steps": trainer.state.global_step,
        "epochs": trainer.state.epoch,
        **_use(settings, ready, pace),
        "peak_memory": learning.peak_memory(ready.where),
    }


def losses(trainer: Any, before: float | None, after: float | None) -> dict[str, float | None]:
    """Return the loss of the first and the last step, and that on validation ``before`` and ``after`` them."""
    found = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    first, last = (found[0], found[-1]) if found else (None, None)
    return {"first": first, "last": last, "eval_before": before, "eval_after": after}


def _use(settings: Settings, ready: Ready, pace: Pace) -> dict[str, Any]:
    """Return how fast the steps of this start were, and the share of the card's peak that they used."""
    train = ready.splits[TRAIN]
    rate = pace.rates[1] if pace.steps else None
    operations = operations_per_token(ready.shape, train.tokens / train.samples)
    peak = settings.peak_tflops * 1e12 if settings.peak_tflops else peak_of(ready.where.name)
    return {
        "tokens_per_second": rate,
        "operations_per_token": operations,
        "flops_utilisation": rate * operations / peak if rate and peak else None,
    }
