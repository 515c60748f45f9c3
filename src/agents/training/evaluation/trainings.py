"""Finished trainings: which is the newest of a dataset, and which model was trained on.

Owns what the manifest of a training says to an evaluation. Reads, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.campaign.errors import UsageError
from agents.campaign.files import read_json
from agents.training.sft.output import BASE, MANIFEST
from agents.training.sft.settings import MADE

FULL = "full"
"""The kind of a training of all weights; any other one has trained adapters."""


@dataclass(frozen=True, slots=True)
class Training:
    """The finished training in ``folder``; ``dataset`` is what it was trained on, by name and fingerprint."""

    folder: Path
    created: datetime
    dataset: Mapping[str, Any]
    kind: str
    model: str
    parts: tuple[str, ...]

    @property
    def began_with(self) -> str | None:
        """The model that was trained on, a folder or a name on the hub; None where all weights were made for it."""
        if self.model not in MADE:
            folder = Path(self.model).expanduser()
            return str(folder.absolute()) if folder.is_dir() else self.model
        return None if self.kind == FULL else str(self.folder / BASE)


def training_in(folder: Path) -> Training | None:
    """Return the finished training whose output ``folder`` is; None where it is no such thing.

    Raises:
        DamagedFileError: it has a manifest that cannot be read.
    """
    manifest = read_json(folder / MANIFEST) or {}
    dataset, kind, model = manifest.get("dataset"), manifest.get("kind"), manifest.get("base_model")
    try:
        created = datetime.fromisoformat(str(manifest.get("created"))).astimezone()
    except ValueError:
        return None
    if not isinstance(dataset, dict) or not isinstance(kind, str) or not isinstance(model, str):
        return None
    return Training(folder, created, dataset, kind, model, tuple(manifest.get("parts") or ()))


def training_of(folder: Path) -> Training | None:
    """Return the training that wrote the model in ``folder``: that folder, or one of its parts."""
    own = training_in(folder)
    above = None if own is not None else training_in(folder.parent)
    return above if above is not None and folder.name in above.parts else own


def newest_training(models: Path, name: str, fingerprint: str) -> Training:
    """Return the newest finished training below ``models`` of the dataset ``name`` with this fingerprint.

    Raises:
        UsageError: there is none; one of another export of this name is none, as it may have seen the tickets.
        DamagedFileError: the manifest of one cannot be read.
    """
    folders = sorted(manifest.parent for manifest in models.glob(f"*/{MANIFEST}"))
    found = [training for folder in folders if (training := training_in(folder)) is not None]
    if same := [training for training in found if training.dataset.get("fingerprint") == fingerprint]:
        return max(same, key=lambda training: training.created)
    cure = f"train one: campaign train {name}; or name a model: --model FOLDER, or --alias NAME of a recipe"
    if named := [training for training in found if training.dataset.get("name") == name]:
        others = ", ".join(str(training.folder) for training in named)
        raise UsageError(f"no model was trained on {name!r} as it is now, but on another export of it: {others}", cure)
    raise UsageError(f"no finished training of dataset {name!r} is in {models}", cure)
