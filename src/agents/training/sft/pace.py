"""How fast tokens are learnt. Pure: it is told of seconds and never looks at a clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pace:
    """How fast tokens are learnt, the first step left out, which also warms up."""

    seconds: float = 0.0
    tokens: float = 0.0
    steps: int = 0
    _before: tuple[float, float, int] = (0.0, 0.0, 0)

    def step(self, seconds: float, tokens: float) -> None:
        """Count a step that took so long; ``tokens`` are those of all steps so far."""
        self.seconds, self.tokens, self.steps = self.seconds + seconds, tokens, self.steps + 1
        if self.steps == 1:
            self._before = (self.seconds, self.tokens, self.steps)

    @property
    def rates(self) -> tuple[float, float]:
        """Steps and tokens per second; those of the first step while there is no other."""
        seconds, tokens, steps = self._before if self.steps > 1 else (0.0, 0.0, 0)
        taken = max(self.seconds - seconds, 1e-9)
        return (self.steps - steps) / taken, (self.tokens - tokens) / taken
