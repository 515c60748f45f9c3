"""Which cells the domain has: every kind of task in its share, spread evenly over the routines and difficulties.

Owns the shares. Campaigns fill cells evenly, so the number of cells of a kind is its share of the samples.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.training.domains.asm.flags.generator import FAMILIES
from agents.training.domains.asm.sketches import SKETCHES
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import Cell

LEVELS = (1, 2, 3)
PERCENT = {
    "write": 25, "fix": 12, "find": 6, "trace": 15, "explain": 10, "flags": 10, "optimise": 12, "translate": 10,
}  # fmt: skip
"""Kind -> its share of the cells."""


def nouns(kind: str) -> list[str]:
    """Return what there are tasks of ``kind`` about."""
    if kind == "flags":
        return list(FAMILIES)
    return [noun for noun in TEMPLATES if noun in SKETCHES] if kind == "translate" else list(TEMPLATES)


def cells() -> list[Cell]:
    """Return the cells, sorted: all of ``flags``, and of the other kinds as many as their share asks for."""
    unit = len(nouns("flags")) * len(LEVELS) / PERCENT["flags"]
    found: list[Cell] = []
    for kind, percent in PERCENT.items():
        every = [Cell(f"{kind}.{noun}", level) for noun in nouns(kind) for level in LEVELS]
        found += _spread(every, round(percent * unit))
    return sorted(found)


def _spread(cells: Sequence[Cell], count: int) -> list[Cell]:
    """Return ``count`` of ``cells``, or all of them, at even distances."""
    total = len(cells)
    return [cell for at, cell in enumerate(cells) if at * count // total != (at + 1) * count // total or count >= total]
