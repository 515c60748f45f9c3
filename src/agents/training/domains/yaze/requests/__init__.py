"""What people ask of a ROM editor, one thing at a time: the words, the call, and what its result means."""

from __future__ import annotations

from agents.training.domains.yaze.requests import (
    code,
    content,
    dungeon,
    dungeon_edits,
    overworld,
    overworld_edits,
    rom,
)
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make

READS: tuple[Make, ...] = (*rom.READS, *code.READS, *dungeon.READS, *overworld.READS, *content.READS)
WRITES: tuple[Make, ...] = (*rom.WRITES, *code.WRITES, *dungeon_edits.WRITES, *overworld_edits.WRITES, *content.WRITES)
SEARCHES: tuple[Make, ...] = (*rom.SEARCHES, *code.SEARCHES, *dungeon.SEARCHES, *overworld.SEARCHES, *content.SEARCHES)

__all__ = ["READS", "SEARCHES", "WRITES", "Deed", "Draw", "Gap", "Make"]
