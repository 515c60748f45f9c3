"""What an ``optimise`` item asks: the wasteful code as it is shown, and the bound to be met.

Owns the derivation from an item. Never writes prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from agents.training.domains.asm.samples import routine_from
from agents.training.domains.asm.waste.inject import Piece, Wasteful, inject
from agents.training.phrases import seeded
from agents.training.routines.contract import Routine
from agents.training.routines.render import Style, rows
from agents.training.sample import SourceItem

_PIECES = ((1, 2), (2, 3), (3, 5))
"""Fewest and most pieces of waste by difficulty."""
_SHARES = (1.0, 0.8, 0.6)
"""Shares of the waste whose removal is asked for."""


@dataclass(frozen=True, slots=True)
class Task:
    """A routine to be made cheaper: ``rows`` are shown, ``bound`` is the most that it may cost afterwards."""

    routine: Routine
    wasteful: Wasteful
    bound: int
    style: Style
    rows: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def unit(self) -> str:
        """``cycles`` or ``bytes``."""
        return "cycles" if self.wasteful.by_cycles else "bytes"

    def figures(self, now: int) -> list[tuple[str, str, str]]:
        """Return the figures that an answer must state, ``now`` being the cost of its own code."""
        return [
            (f"{self.unit}_before", str(self.wasteful.before), f"{self.unit} of the code above"),
            (self.unit, str(now), f"{self.unit} of your code"),
        ]

    def rows_of(self, piece: Piece) -> list[int]:
        """Return the rows (from 1) of the wasteful lines of ``piece``."""
        found = [at for at, line in enumerate(self.wasteful.lines) for part in piece.lines if line is part]
        return [self.places[at] + 1 for at in found]


def task_of(item: SourceItem) -> Task:
    """Return the task of an ``optimise`` item."""
    return _task(item.cell.family.partition(".")[2], item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _task(noun: str, level: int, salt: str) -> Task:
    routine = routine_from(noun, level, salt)
    rng = seeded(salt, "waste")
    by_cycles = rng.random() < 0.5
    low, high = _PIECES[level - 1]
    wasteful = inject(rng, routine, low + int(rng.random() * (high - low + 1)), by_cycles=by_cycles)
    share = _SHARES[int(rng.random() * len(_SHARES))]
    bound = wasteful.before - max(1, ceil(share * (wasteful.before - wasteful.after)))
    style = Style.draw(rng)
    text, places = rows(routine, wasteful.lines, style)
    return Task(routine, wasteful, bound, style, tuple(text), tuple(places))
