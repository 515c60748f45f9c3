"""The programs' logs: one line format, appended for ever, never written twice.

Owns where log records go. Never decides what is logged.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from agents.campaign.errors import CampaignError
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.campaign.log_lines import LOG_DATES, LOG_FORMAT


def configure(log: Path, *, echo: bool) -> bool:
    """Append the root logger's records to ``log``, and to standard error as well with ``echo``.

    Where standard error already is that very file (a detached start), records go there once, and True is returned.

    Raises:
        CampaignError: the log cannot be opened.
    """
    make_folder(log.parent)
    try:
        os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE))
    except OSError as error:
        raise CampaignError(f"log {log} cannot be opened: {error.strerror}", "mend its permissions") from error
    is_detached = _is_standard_error(log)
    handlers: list[logging.Handler] = []
    if not is_detached:
        handlers.append(logging.FileHandler(log, mode="a", encoding="utf-8"))
    if is_detached or echo:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, datefmt=LOG_DATES, handlers=handlers, force=True)
    return is_detached


def last_lines(log: Path, count: int, most_bytes: int = 16_384) -> list[str]:
    """Return the last ``count`` non-empty lines of ``log``, printable; none when there is no log."""
    try:
        with log.open("rb") as file:
            start = file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
            cut, *whole = file.read().decode("utf-8", errors="replace").splitlines() or [""]
    except FileNotFoundError:
        return []
    seen = whole if start and whole else [cut, *whole]
    lines = ["".join(char if char.isprintable() else " " for char in line).rstrip() for line in seen]
    return [line for line in lines if line][-count:]


def _is_standard_error(log: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log.stat())
    except (OSError, ValueError, AttributeError):
        return False
