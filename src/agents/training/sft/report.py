"""How a training is going: a status file that is replaced, and lines in a log that is appended.

Owns what is told and how often. Knows nothing of models.
"""

from __future__ import annotations

import logging
import math
import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from .files import Lease, unwritable, write_json
from .troubles import AlreadyRunningError, TrainingError

STATUS = "training_status.json"
LOG = "training.log"
LOG_FORMAT = "%(asctime)s [%(name)s] %(levelname)s: %(message)s"
LOG_DATES = "%Y-%m-%d %H:%M:%S"
ENDS = ("complete", "paused", "failed")
_EVERY_SECONDS = 1.0
"""Between two versions of the status file."""
_LINE_SECONDS = 10.0
"""Between two lines of progress, or one percent of it, whichever comes first."""
log = logging.getLogger("training")


@dataclass
class Progress:
    """What is known of a training; ``rate`` in steps per second, ``tokens_rate`` in tokens per second."""

    state: str = "preparing"
    done: int = 0
    total: int = 0
    epoch: float = 0.0
    loss: float | None = None
    eval_loss: float | None = None
    learning_rate: float | None = None
    rate: float | None = None
    tokens_rate: float | None = None
    checkpoint: int | None = None

    @property
    def percentage(self) -> float:
        """Share that is done, in percent."""
        return 100.0 * self.done / self.total if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; None where that is not known, or nothing is left."""
        if not self.rate or self.done >= self.total:
            return None
        return (self.total - self.done) / self.rate

    def line(self) -> str:
        """Return the progress as the message of a log line."""
        fields = [f"Progress: {self.done}/{self.total} ({self.percentage:.1f}%)"]
        if self.loss is not None:
            fields.append(f"Loss: {self.loss:.4f}")
        if self.eval_loss is not None:
            fields.append(f"Eval loss: {self.eval_loss:.4f}")
        if self.tokens_rate is not None:
            fields.append(f"Tokens/s: {self.tokens_rate:,.0f}")
        if self.seconds_left is not None:
            fields.append(f"ETA: {timedelta(seconds=round(self.seconds_left))}")
        return " | ".join(fields)

    def document(self, now: datetime) -> dict[str, Any]:
        """Return the progress as the status file has it at ``now``."""
        left = self.seconds_left
        return {
            "progress": self.done,
            "total": self.total,
            "percentage": round(self.percentage, 2),
            "state": self.state,
            "is_running": self.state not in ENDS,
            "loss": _rounded(self.loss),
            "eval_loss": _rounded(self.eval_loss),
            "tokens_per_second": _rounded(self.tokens_rate, 1),
            "rate_per_minute": None if self.rate is None else round(60.0 * self.rate, 2),
            "eta": None if left is None else _stamp(now + timedelta(seconds=left)),
            "epoch": round(self.epoch, 3),
            "learning_rate": self.learning_rate,
            "checkpoint": self.checkpoint,
            "last_update": _stamp(now),
        }


@dataclass
class Report:
    """The reports of the training in ``output``; ``shared`` is a folder whose status file tells of the newest one."""

    output: Path
    shared: Path | None
    about: dict[str, Any]
    progress: Progress = field(default_factory=Progress)
    _open: ExitStack = field(default_factory=ExitStack)
    _files: list[Path] = field(default_factory=list)
    _written: float = -math.inf
    _told: tuple[float, float] = (-math.inf, -math.inf)

    def __enter__(self) -> Self:
        """Open the log; the shared status file is another training's as long as that one lives."""
        self._files = [self.output / STATUS]
        self._log_to(self.output / LOG)
        if self.shared is not None:
            try:
                self._open.enter_context(Lease(self.shared / "training_status.lease", "Another training"))
                self._files.append(self.shared / STATUS)
            except AlreadyRunningError as error:
                log.warning("%s: only %s tells of this training", error.what, self.output / STATUS)
        self.write()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the log."""
        self._open.close()

    def _log_to(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise unwritable(path, error) from error
        handler.setFormatter(logging.Formatter(LOG_FORMAT, LOG_DATES))
        logging.getLogger().addHandler(handler)
        self._open.callback(handler.close)
        self._open.callback(logging.getLogger().removeHandler, handler)

    def enter(self, state: str) -> None:
        """Tell that the training is in another state now."""
        self.progress.state = state
        self.write()

    def beat(self) -> None:
        """Tell that the training lives, and how far it is; not more often than is worth it."""
        now = time.monotonic()
        at, percentage = self._told
        if self.progress.done and (now - at >= _LINE_SECONDS or self.progress.percentage - percentage >= 1.0):
            self._told = now, self.progress.percentage
            log.info("%s", self.progress.line())
        if now - self._written >= _EVERY_SECONDS:
            self.write()

    def write(self, trouble: TrainingError | None = None) -> None:
        """Replace the status files; ``trouble`` is what ended the training."""
        self._written = time.monotonic()
        told = {} if trouble is None else {"error": trouble.what, "cure": trouble.cure}
        document = self.progress.document(datetime.now(UTC)) | {"pid": os.getpid()} | self.about | told
        for path in self._files:
            write_json(path, document)

    def end(self, state: str, trouble: TrainingError | None = None) -> None:
        """Tell how the training ended; what cannot be told any more must not hide why."""
        self.progress.state = state
        if trouble is not None:
            log.error("%s; cure: %s", trouble.what, trouble.cure)
        elif self.progress.total:
            log.info("%s", self.progress.line())
        with suppress(TrainingError):
            self.write(trouble)


def _stamp(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")


def _rounded(value: float | None, digits: int = 6) -> float | None:
    return round(value, digits) if value is not None and math.isfinite(value) else None
