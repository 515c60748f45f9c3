"""Which datasets are finished, and what is said of a name that none of them has."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from agents.campaign.errors import UsageError
from agents.training.datasets.folder import MANIFEST

EXPORT = "export one: python -m agents.training.exporter --input RUN"
_MOST = 8


def find_finished(datasets: Path) -> list[str]:
    """Return the names of all finished datasets, sorted."""
    return sorted(path.parent.name for path in datasets.glob(f"[!.]*/{MANIFEST}"))


def not_finished(datasets: Path, name: str) -> UsageError:
    """Return the error about dataset ``name``, which is not finished or not there; its cure has names that are near."""
    if (datasets / name).is_dir():
        return UsageError(
            f"dataset {name!r} is not finished: it has no {MANIFEST}",
            "run its export again: the manifest is written last",
        )
    finished = find_finished(datasets)
    near = get_close_matches(name, finished, n=3) or finished[:_MOST]
    return UsageError(
        f"there is no dataset {name!r} in {datasets}", f"name one of: {', '.join(near)}" if near else EXPORT
    )
