"""A clock that goes when a test moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class HandClock:
    seconds: float = 0.0
    began: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.began

    def monotonic(self) -> float:
        return self.seconds
