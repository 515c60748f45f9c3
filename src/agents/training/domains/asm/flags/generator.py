"""Draws straight sequences whose flags are worth predicting: one to three groups of instructions of one family.

Owns the list of families. Never runs what it draws.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agents.training.domains.asm.flags import arithmetic, moves
from agents.training.domains.asm.flags.sequence import Sequence
from agents.training.domains.asm.flags.sheet import Sheet

_ROUNDS = (1, 2, 3)
"""Groups of instructions by difficulty."""
_MIXED = (
    arithmetic.adc, arithmetic.sbc, arithmetic.compare, arithmetic.compare_index, moves.shift, moves.rotate,
    arithmetic.increment, moves.logic, moves.transfer, moves.exchange,
)  # fmt: skip


def mixed(s: Sheet) -> None:
    """A bit of everything."""
    _MIXED[int(s.rng.random() * len(_MIXED))](s)


FAMILIES: dict[str, Callable[[Sheet], None]] = {
    family.__name__: family for family in (*arithmetic.FAMILIES, *moves.FAMILIES, mixed)
}
"""Noun -> what adds one group of instructions to a sheet."""
_FIXED_WIDTH = frozenset({"decimal_add", "decimal_subtract", "multi_byte", "set_clear"})


def draw(noun: str, level: int, rng: Random) -> Sequence:
    """Return a sequence of the family ``noun``: one to three groups of instructions, widths changing on level 3."""
    sheet = Sheet(rng, level)
    for turn in range(_ROUNDS[level - 1] + (level == 1 and sheet.coin(0.25))):
        if level == 3 and turn and noun not in _FIXED_WIDTH and sheet.coin(0.45):
            sheet.switch()
        FAMILIES[noun](sheet)
    return sheet.finish()
