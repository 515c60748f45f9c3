"""What must be there before a training begins: packages, a device, memory, room on the disk.

Owns the errors that say what is missing. Looks, and changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .settings import Settings
from .sizing import Shape, disk_needed, memory_needed
from .troubles import DeviceError, DiskError, PackagesError, TooLittleMemoryError

PACKAGES = {
    "torch": (2, 6),
    "transformers": (5, 24),
    "trl": (1, 16),
    "peft": (0, 18),
    "datasets": (4, 0),
    "accelerate": (1, 4),
    "tokenizers": (0, 21),
}
"""What training needs, and from which version on."""
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Device:
    """Where a model is trained: free memory in bytes where known, and the CUDA that torch was built for, if any."""

    kind: str
    name: str
    free: int | None
    has_bf16: bool
    cuda: str | None


@dataclass
class Ready:
    """What was checked and loaded before the first step; ``told`` says it to people and programs."""

    where: Device
    source: str
    tokenizer: Any
    shape: Shape
    splits: dict[str, Any]
    told: dict[str, Any]


def installed(version_of: Callable[[str], str] = metadata.version) -> dict[str, str]:
    """Return the versions of what training needs; raises PackagesError where something is missing or too old."""
    found, wrong = {}, []
    for name, least in PACKAGES.items():
        try:
            found[name] = version_of(name)
        except metadata.PackageNotFoundError:
            wrong.append(name)
        else:
            if _numbers(found[name]) < least:
                wrong.append(f"{name} {'.'.join(map(str, least))} or newer (there is {found[name]})")
    if wrong:
        raise PackagesError(
            f"not installed: {', '.join(wrong)}",
            "install them: python -m pip install -r requirements-train.txt (it lies in the dataset's folder), "
            "or pip install 'training-campaigns[train]'; for a card, a torch that fits its driver comes first",
        )
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in version.partition("+")[0].split(".")[:2])


def use_one_card(environment: MutableMapping[str, str]) -> None:
    """Have libraries that are loaded from now on see one card: the first of those that they may see."""
    environment["CUDA_VISIBLE_DEVICES"] = environment.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]


def check_device(settings: Settings, device: Device) -> None:
    """Raise DeviceError where only a processor is there and the model is no small one."""
    if device.kind != "cpu" or settings.cpu or settings.is_made:
        return
    otherwise = "or train on the processor with --cpu, which takes very long; --model tiny tries the way out"
    if device.cuda is None:
        raise DeviceError(
            "this torch is built without CUDA, so no card can be used",
            f"install the torch that fits the card's driver (https://pytorch.org/get-started/locally), {otherwise}",
        )
    raise DeviceError(
        f"no card is seen by torch (built for CUDA {device.cuda})",
        f"see what `nvidia-smi` says of the driver, and CUDA_VISIBLE_DEVICES; {otherwise}",
    )


def check_memory(settings: Settings, shape: Shape, device: Device) -> int:
    """Return the bytes that the training needs there; raises TooLittleMemoryError where there are fewer."""
    weight_bytes = 2 if device.has_bf16 and not settings.is_full else 4
    needed = memory_needed(shape, settings.batch_size * settings.max_length, weight_bytes)
    if device.free is not None and device.free < needed:
        less = []
        less += [f"--batch-size {settings.batch_size // 2}"] if settings.batch_size > 1 else []
        less += [f"--max-length {settings.max_length // 2}"] if settings.max_length > 512 else []
        less += ["--lora-rank 16 instead of --full"] if settings.is_full else []
        raise TooLittleMemoryError(
            f"training takes about {needed / 1e9:.1f} GB, and {device.name} has {device.free / 1e9:.1f} GB free",
            f"try {' or '.join([*less, 'a smaller --model'])}; or free the memory that others use",
        )
    return needed


def check_disk(settings: Settings, shape: Shape, output: Path) -> int:
    """Return the bytes that the training writes; raises DiskError where there is less room."""
    needed = disk_needed(shape, is_merged=settings.merge)
    there = next(folder for folder in (output, *output.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise DiskError(
            f"training writes up to {needed / 1e9:.1f} GB, and the disk of {there} has {free / 1e9:.1f} GB free",
            "free space, or write to another disk with --output",
        )
    return needed


def free_memory() -> int | None:
    """Return the bytes of this machine's memory that are free; None where it does not tell."""
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)
