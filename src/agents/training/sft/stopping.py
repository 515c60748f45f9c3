"""Signals to stop: the first asks, and the loop acts on it at its next step; the second interrupts at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from .troubles import PausedError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AGAIN = "run the same command again: it goes on from the newest checkpoint"


@dataclass
class Stopping:
    """Whether somebody asked to stop."""

    is_asked: bool = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen until the block ends, in the main thread."""
        before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raise PausedError where somebody asked."""
        if self.is_asked:
            raise PausedError("the training was stopped", AGAIN)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True
