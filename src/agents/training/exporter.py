"""A finished run as a dataset: JSON lines and a manifest, in a folder that is whole or absent.

Owns the files of a dataset. Never changes a run and never overwrites a dataset.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.clock import stamp
from agents.campaign.errors import AnotherPlanError, DamagedFileError, ExitCode, PausedError, UsageError
from agents.campaign.files import PRIVATE_FILE, make_folder, read_json, sync_folder, write_json
from agents.campaign.ledger_view import LedgerView, RunHeader

MANIFEST = "manifest.json"
ACCEPTED = "samples.jsonl"
REJECTED = "rejected.jsonl"
_TOLD = {"prompt", "reply", "messages", "tools"}
"""Parts of a sample that are no metadata."""


@dataclass(frozen=True, slots=True)
class Export:
    """A dataset on disk; ``is_new`` is False where it was there already."""

    folder: Path
    manifest: dict[str, Any]
    is_new: bool


def export_run(ledger: Path, datasets: Path, now: datetime) -> Export:
    """Write the dataset of a finished run to ``datasets/<run>``, or verify the one that is there.

    Call it with the run's lease: what another export of the run has not finished is removed.

    Raises:
        UsageError: the run does not exist or is not finished.
        AnotherPlanError: another run's dataset has that name.
        DamagedFileError: the dataset that is there does not match its manifest.
        PausedError: it cannot be written.
    """
    view = LedgerView(ledger)
    header, progress = view.header(), view.progress()
    if header is None or progress is None:
        raise UsageError(f"there is no run at {ledger}", "check the name given as --input")
    if not progress.is_complete:
        raise UsageError(
            f"run {header.run!r} is not finished: {progress.done} of {progress.total}",
            "run the same generate_campaign command again and export when it is done",
        )
    folder = datasets / header.run
    _remove_unfinished(folder)
    if folder.exists():
        return Export(folder, verified(folder, header), is_new=False)
    return Export(folder, _write(view, header, folder, now), is_new=True)


def verified(folder: Path, header: RunHeader) -> dict[str, Any]:
    """Return the manifest of the dataset of this run at ``folder``; raises as ``export_run`` does."""
    manifest = read_json(folder / MANIFEST)
    identity = _identity(header)
    if manifest is None or any(manifest.get(key) != value for key, value in identity.items()):
        found = "no manifest" if manifest is None else f"fingerprint {manifest.get('fingerprint')}"
        raise AnotherPlanError(
            f"{folder} holds something else ({found}) than run {header.run!r} ({header.fingerprint})",
            f"move it away: mv {folder} {folder}.old",
        )
    for name, entry in manifest["files"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != entry["sha256"]:
            raise DamagedFileError(
                f"{folder / name} is not the file that was exported", f"move it away: mv {folder} {folder}.old"
            )
    return manifest


def _write(view: LedgerView, header: RunHeader, folder: Path, now: datetime) -> dict[str, Any]:
    make_folder(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        files = {
            ACCEPTED: _write_lines(beside / ACCEPTED, map(_accepted_line, view.samples(accepted=True))),
            REJECTED: _write_lines(beside / REJECTED, map(_rejected_line, view.samples(accepted=False))),
        }
        manifest = {**_identity(header), "code": header.code, "created": stamp(now), "files": files}
        write_json(beside / MANIFEST, manifest)
        beside.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise PausedError(f"{folder} cannot be written: {error.strerror}", "free space and export again") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _remove_unfinished(folder: Path) -> None:
    """Remove what exports to ``folder`` left that were killed: the folders that ``mkdtemp`` named for them."""
    named = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}")
    for left in folder.parent.glob(".*"):
        if named.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    count, hashed = 0, hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
        for line in lines:
            data = orjson.dumps(line) + b"\n"
            file.write(data)
            hashed.update(data)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return {"samples": count, "sha256": hashed.hexdigest()}


def _accepted_line(sample: dict[str, Any]) -> dict[str, Any]:
    offered = {"tools": sample["tools"]} if sample["tools"] else {}
    return {"messages": sample["messages"], **offered, "metadata": _metadata(sample)}


def _rejected_line(sample: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": sample["prompt"], "reply": sample["reply"], "metadata": _metadata(sample)}


def _metadata(sample: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in sample.items() if key not in _TOLD and value is not None}


def _identity(header: RunHeader) -> dict[str, Any]:
    return {"run": header.run, "kind": header.kind, "total": header.total, "fingerprint": header.fingerprint}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    """Say what this version can do; exit as a usage error does."""
    print(
        "exporter: this version has no dataset formats yet; "
        "write a finished run as JSON lines with: generate_campaign --export",
        file=sys.stderr,
    )
    return ExitCode.USAGE


if __name__ == "__main__":
    sys.exit(main())
