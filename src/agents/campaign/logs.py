"""The programs' logs: one line format, appended for ever, never written twice, harmless on a terminal.

Owns where log records go and what becomes of one that cannot be written. Never decides what is logged.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path

from agents.campaign.errors import CampaignError, PausedError
from agents.campaign.files import PRIVATE_FILE, make_folder
from agents.campaign.log_lines import LOG_DATES, LOG_FORMAT
from agents.campaign.printable import printable

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All control characters but tab and line feed: they could drive the terminal that shows a log."""


def configure(log: Path, *, echo: bool) -> bool:
    """Append the root logger's records to ``log``, and to standard error as well with ``echo``.

    From then on a record that ``log`` does not take raises PausedError where it is logged: nothing runs unseen.
    Where standard error already is that very file (a detached start), records go there once, and True is returned.

    Raises:
        CampaignError: the log cannot be opened.
    """
    make_folder(log.parent)
    try:
        file = LogFile(log)
    except OSError as error:
        raise CampaignError(f"log {log} cannot be opened: {error.strerror}", "mend its permissions") from error
    is_detached = _is_standard_error(log)
    # The echo comes first: a record that the file does not take is still heard.
    handlers = [logging.StreamHandler(sys.stderr), file] if echo and not is_detached else [file]
    formatter = _Harmless(LOG_FORMAT, LOG_DATES)
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    _record_only_what_is_shown()
    return is_detached


def _record_only_what_is_shown() -> None:
    """Have no record find out who called from where: no line shows it, and it takes most of a record's time.

    As https://docs.python.org/3/howto/logging.html#optimization has it.
    """
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class Lines(tuple[str, ...]):
    """Messages of one moment, for one record: a handler of ours writes a line for each, and all at once."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)


class LogFile(logging.Handler):
    """Appends each record to a file at once; holds none back, so that none is lost with the process.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log
        self._is_cut = False
        self._descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE)

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record, on a line of its own; raises PausedError where the file system refuses."""
        start = "\n" if self._is_cut else ""
        data = f"{start}{self.format(record)}\n".encode(errors="backslashreplace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
                self._is_cut = bool(data)
        except OSError as error:
            raise PausedError(
                f"log {self._log} cannot be written: {error.strerror}", "free space, then run the same command again"
            ) from error

    def close(self) -> None:
        """Close the file."""
        super().close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Harmless(logging.Formatter):
    """Writes control characters as escapes, and the time of a second once."""

    _second, _shown = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 -- logging's name
        if (second := int(record.created)) != self._second:
            self._second, self._shown = second, super().formatTime(record, datefmt)
        return self._shown

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Lines):
            record.asctime, record.message = self.formatTime(record, self.datefmt), ""
            start = self.formatMessage(record)
            text = "\n".join([start + line for line in record.msg])
        else:
            text = super().format(record)
        return _CONTROLS.sub(lambda control: f"\\x{ord(control[0]):02x}", text)


def last_lines(log: Path, count: int, most_bytes: int = 16_384) -> list[str]:
    """Return the last ``count`` non-empty lines of ``log``, printable; none when there is no log.

    Of a log that cannot be read the one line says so.
    """
    try:
        with log.open("rb") as file:
            start = file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
            cut, *whole = file.read().decode("utf-8", errors="replace").splitlines() or [""]
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"{log} cannot be read: {error.strerror}"]
    seen = whole if start and whole else [cut, *whole]
    lines = [printable(line).rstrip() for line in seen]
    return [line for line in lines if line][-count:]


def _is_standard_error(log: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log.stat())
    except (OSError, ValueError, AttributeError):
        return False
