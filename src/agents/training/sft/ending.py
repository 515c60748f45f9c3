"""How a training ends: what it raised becomes an error with a cure, and the status says which."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .report import LOG, Report
from .stopping import AGAIN
from .troubles import PausedError, TrainingError

log = logging.getLogger("training")


@contextmanager
def told_ending(report: Report) -> Iterator[None]:
    """Do the block and have ``report`` say how it ended; whatever it raises leaves as a TrainingError."""
    try:
        yield
    except TrainingError as error:
        report.end("paused" if isinstance(error, PausedError) else "failed", error)
        raise
    except KeyboardInterrupt:
        stopped = PausedError("the training was stopped at once", AGAIN)
        report.end("paused", stopped)
        raise stopped from None
    except Exception as error:
        log.exception("the training failed")
        failed = TrainingError(f"{type(error).__name__}: {error}", f"see the end of {report.output / LOG}")
        report.end("failed", failed)
        raise failed from error
    report.end("complete")
