"""A dataset as it is sent: its files, with sizes and checksums that were proved on this machine.

Owns what belongs to it: what its manifest lists, the manifest, and the scripts and texts beside them. Changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.campaign.errors import CampaignError, DamagedFileError, UsageError
from agents.campaign.files import read_json
from agents.campaign.home import checked_name
from agents.training.datasets.finished import EXPORT, find_finished, not_finished
from agents.training.datasets.folder import MANIFEST

CARRIED = ("[!.]*.py", "requirements*.txt", "README.md")
"""What is carried along where it lies directly in the folder, whether the manifest lists it or not."""
TRAINERS = "train_*.py"
"""Scripts that a person runs on the other machine."""
_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._][A-Za-z0-9._+=@,-]*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file as it is here: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A finished dataset; ``files`` by their names in ``folder``, the manifest among them."""

    name: str
    folder: Path
    files: dict[str, PackedFile]

    @property
    def size(self) -> int:
        """All bytes of it."""
        return self.size_of(self.files)

    @property
    def trainers(self) -> tuple[str, ...]:
        """Its training scripts."""
        return tuple(name for name in self.files if "/" not in name and Path(name).match(TRAINERS))

    def size_of(self, names: Iterable[str]) -> int:
        """Return the bytes of the files ``names``."""
        return sum(self.files[name].size for name in names)

    def different(self, sums: Mapping[str, str | None]) -> list[str]:
        """Return the names among those of ``sums`` whose checksum is another than here."""
        return [name for name, found in sums.items() if found != self.files[name].sha256]


def find_unfinished(datasets: Path) -> list[str]:
    """Return the names of all folders among the datasets that have no manifest, sorted."""
    return sorted(path.name for path in datasets.glob("[!.]*/") if not (path / MANIFEST).exists())


def choose(datasets: Path, wanted: Sequence[str]) -> list[str]:
    """Return the datasets ``wanted``, or all finished ones where none is named.

    Raises:
        UsageError: one is not there or not finished, or there is none at all.
    """
    finished = find_finished(datasets)
    if not finished and not wanted:
        raise UsageError(
            f"no dataset in {datasets} is finished: none has a {MANIFEST}",
            EXPORT,
        )
    for name in map(checked_name, wanted):
        if name not in finished:
            raise not_finished(datasets, name)
    return list(dict.fromkeys(wanted)) or finished


def pack(folder: Path) -> Parcel:
    """Return the dataset at ``folder`` once all its files are what its manifest says.

    Raises:
        DamagedFileError: they are not, or the manifest is none.
    """
    listed = _listed(folder)
    beside = {path.name for pattern in CARRIED for path in folder.glob(pattern) if _NAME.fullmatch(path.name)}
    files = {}
    for name in (*sorted({*listed, *beside}), MANIFEST):
        files[name] = _packed(folder / name)
        if files[name].sha256 != listed.get(name, files[name].sha256):
            raise DamagedFileError(f"{folder / name} is not the file that was exported", _move(folder))
    return Parcel(folder.name, folder, files)


def _listed(folder: Path) -> dict[str, str]:
    """Return the checksum of every file that the manifest lists."""
    try:
        manifest: dict[str, Any] = read_json(folder / MANIFEST) or {}
    except DamagedFileError as error:
        raise DamagedFileError(error.what, _move(folder)) from error
    match manifest.get("files"):
        case dict(files) if all(map(_is_entry, files.items())):
            return {name: entry["sha256"] for name, entry in files.items()}
    raise DamagedFileError(f"{folder / MANIFEST} does not list files and their checksums", _move(folder))


def _move(folder: Path) -> str:
    return f"move it away and export again: mv {folder} {folder}.old"


def _is_entry(item: tuple[str, Any]) -> bool:
    name, entry = item
    is_name = _NAME.fullmatch(name) is not None and name != MANIFEST
    return is_name and isinstance(entry, dict) and _SUM.fullmatch(str(entry.get("sha256"))) is not None


def _packed(path: Path) -> PackedFile:
    total, found = 0, hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(2**20):
                found.update(block)
                total += len(block)
    except FileNotFoundError as error:
        raise DamagedFileError(f"{path} is missing, and its manifest lists it", "export the dataset again") from error
    except OSError as error:
        raise CampaignError(f"{path} cannot be read: {error.strerror}", "mend its permissions") from error
    return PackedFile(total, found.hexdigest())
