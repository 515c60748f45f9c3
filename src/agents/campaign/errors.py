"""Errors that tell what happened, what cures it, and the exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What every command of the project exits with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REJECTED = 3
    ALREADY_RUNNING = 4
    WAITING = 5
    PAUSED = 6
    TRY_AGAIN = 75


class CampaignError(Exception):
    """A failure that a person can act on.

    Args:
        what: what happened, with the value at fault in it.
        cure: what to do about it, as an instruction.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}\n  cure: {self.cure}"

    def document(self) -> dict[str, Any]:
        """Return the error for programs: what, cure and exit code."""
        return {"error": self.what, "cure": self.cure, "exit_code": int(self.exit_code)}

    def __reduce__(self) -> tuple[type[CampaignError], tuple[str, str]]:
        return type(self), (self.what, self.cure)


class UsageError(CampaignError):
    """A flag, a variable or a recipe says something impossible."""

    exit_code = ExitCode.USAGE


class AlreadyRunningError(CampaignError):
    """A live process holds the lease."""

    exit_code = ExitCode.ALREADY_RUNNING


class AnotherPlanError(CampaignError):
    """A run of this name exists and was made by another plan."""

    exit_code = ExitCode.USAGE


class LostRaceError(CampaignError):
    """Another process was faster; the same command may succeed a moment later."""

    exit_code = ExitCode.TRY_AGAIN


class DamagedFileError(CampaignError):
    """A file holds something else than what its only writer writes."""


class PausedError(CampaignError):
    """The run stopped for a named cause; the same command resumes it once the cause is gone."""

    exit_code = ExitCode.PAUSED


def error_of(document: dict[str, Any]) -> CampaignError:
    """Return the error that ``CampaignError.document`` of another process described."""
    kinds = (UsageError, AlreadyRunningError, PausedError, LostRaceError)
    kind = next((kind for kind in kinds if kind.exit_code == document.get("exit_code")), CampaignError)
    return kind(str(document.get("error")), str(document.get("cure")))
