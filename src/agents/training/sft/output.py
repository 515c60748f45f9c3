"""The folder of one training: what it is, its checkpoints, and the manifest of the finished model.

Owns their names, and which checkpoint is whole. Another training is never mixed in.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import checksum, read_json, unwritable, write_json
from .troubles import AnotherTrainingError, DamagedError

IDENTITY, MANIFEST = "training.json", "manifest.json"
ADAPTER, MODEL, MERGED, BASE = "adapter", "model", "merged", "base"
_WHOLE = "whole.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_OWN = {"training.lease", "training.log", "training_status.json"}
"""What may be there of a training that never began."""


@dataclass(frozen=True, slots=True)
class Output:
    """The folder of one training."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.folder / "checkpoints"

    def check(self, identity: dict[str, Any]) -> None:
        """Raise AnotherTrainingError where the folder holds something else than the training ``identity``."""
        known = read_json(self.folder / IDENTITY) if self.folder.exists() else None
        away = f"give another folder with --output, or move this one away: mv {self.folder} {self.folder}.old"
        if known is None:
            if self.folder.exists() and any(path.name not in _OWN for path in self.folder.glob("[!.]*")):
                raise AnotherTrainingError(f"{self.folder} holds something that is no training", away)
            return
        if differing := [*_differences(known.get("identity") or {}, identity)]:
            told = "; ".join(differing[:3])
            raise AnotherTrainingError(f"{self.folder} holds another training ({told})", away)

    def begin(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Say which training this is, once; return what has been noted of it."""
        known = read_json(self.folder / IDENTITY)
        if known is None:
            known = {"identity": identity}
            write_json(self.folder / IDENTITY, known)
        return known

    def note(self, **facts: Any) -> None:
        """Note facts of the training that a later start must know."""
        write_json(self.folder / IDENTITY, (read_json(self.folder / IDENTITY) or {}) | facts)

    def finished(self) -> dict[str, Any] | None:
        """Return the manifest of the finished model, None before; raises DamagedError where a file is another one."""
        manifest = read_json(self.folder / MANIFEST)
        for name, entry in (manifest or {"files": {}})["files"].items():
            path = self.folder / name
            if not path.is_file() or checksum(path) != entry["sha256"]:
                raise DamagedError(
                    f"{path} is not the file that was trained",
                    f"train again: rm {self.folder / MANIFEST}, then the same command (it has its checkpoints)",
                )
        return manifest

    def mark_whole(self, step: int) -> None:
        """Say that the checkpoint of ``step`` is written to its end."""
        folder = self.checkpoints / f"checkpoint-{step}"
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file() and path.name != _WHOLE}
        write_json(folder / _WHOLE, {"step": step, "sizes": sizes})

    def newest_checkpoint(self) -> tuple[int, Path] | None:
        """Return the newest checkpoint that is whole; those that are not are removed."""
        whole = []
        for folder in self.checkpoints.glob("checkpoint-*"):
            if (named := _CHECKPOINT.fullmatch(folder.name)) is None:
                continue
            if _is_whole(folder):
                whole.append((int(named[1]), folder))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return max(whole, default=None)

    def finish(self, parts: list[str], facts: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest of the model whose files are in the folders ``parts``; return it."""
        files = {}
        try:
            for path in sorted(path for part in parts for path in (self.folder / part).rglob("*") if path.is_file()):
                name = path.relative_to(self.folder).as_posix()
                files[name] = {"size": path.stat().st_size, "sha256": checksum(path)}
        except OSError as error:
            raise unwritable(self.folder, error) from error
        manifest = facts | {"files": files}
        write_json(self.folder / MANIFEST, manifest)
        return manifest


def _is_whole(folder: Path) -> bool:
    try:
        marked = read_json(folder / _WHOLE)
    except DamagedError:
        return False
    if marked is None:
        return False
    return all(
        (folder / name).is_file() and (folder / name).stat().st_size == size for name, size in marked["sizes"].items()
    )


def _differences(known: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*known, *wanted}):
        if known.get(name) != wanted.get(name):
            yield f"{name} {known.get(name)!r} and not {wanted.get(name)!r}"
