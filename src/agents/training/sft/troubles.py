"""What can go wrong with a training, each with its cause, its cure and its exit code.

The exit codes are those of the project's other commands.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """What a training script exits with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    ALREADY_RUNNING = 4
    PAUSED = 6


class TrainingError(Exception):
    """A failure that a person can act on: ``what`` happened, and the ``cure`` as an instruction."""

    exit_code = Exit.FAILED

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}\n  cure: {self.cure}"

    def document(self) -> dict[str, Any]:
        """Return the error for programs."""
        kind = type(self).__name__
        return {"error": self.what, "cure": self.cure, "kind": kind, "exit_code": int(self.exit_code)}


class UsageError(TrainingError):
    """An option says something impossible."""

    exit_code = Exit.USAGE


class AnotherTrainingError(UsageError):
    """The output folder holds another training, or something else."""


class AlreadyRunningError(TrainingError):
    """A live process holds the output folder."""

    exit_code = Exit.ALREADY_RUNNING


class PausedError(TrainingError):
    """The training stopped for a named cause; the same command goes on from its newest checkpoint."""

    exit_code = Exit.PAUSED


class DamagedError(TrainingError):
    """A file is not what it was when it was written."""


class PackagesError(TrainingError):
    """Something that training needs is not installed."""


class DeviceError(TrainingError):
    """There is no device that could train this model."""


class TooLittleMemoryError(TrainingError):
    """The device has too little memory."""


class DiskError(TrainingError):
    """The disk has too little room."""


class ModelError(TrainingError):
    """The model to start from cannot be had."""


class TemplateError(TrainingError):
    """The model's tokenizer cannot write conversations, or not so that answers can be told from questions."""


class BlankError(TrainingError):
    """There is nothing to learn: no samples, or no answers in them."""
