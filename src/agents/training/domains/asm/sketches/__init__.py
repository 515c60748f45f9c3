"""Small C functions that say exactly what a routine does; written by hand, one for each noun that has one.

``sketch(routine)`` returns the text. Constants come from the routine's own words, so a sketch follows its routine.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.training.domains.asm.sketches import arrays, bits, numbers
from agents.training.domains.asm.sketches.writer import Sketch
from agents.training.routines.contract import Routine

SKETCHES: dict[str, Callable[[Sketch], None]] = {
    write.__name__: write for write in (*numbers.SKETCHES, *arrays.SKETCHES, *bits.SKETCHES)
}
"""Noun -> how its sketch is written."""


def sketch(routine: Routine) -> str:
    """Return the C function for ``routine``, whose noun is a key of `SKETCHES`."""
    found = Sketch(routine)
    SKETCHES[routine.noun](found)
    return found.text()
