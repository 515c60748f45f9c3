"""What people ask of a ROM editor, one thing at a time: the words, the call, and what its result means."""

from __future__ import annotations

from agents.training.domains.yaze.requests import (
    code,
    content,
    dungeon,
    dungeon_edits,
    dungeon_headers,
    dungeon_sprites,
    labels,
    memory,
    messages,
    overworld,
    overworld_edits,
    rom,
    tiles,
)
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make

READS: tuple[Make, ...] = (
    *rom.READS,
    *memory.READS,
    *labels.READS,
    *code.READS,
    *dungeon.READS,
    *overworld.READS,
    *tiles.READS,
    *content.READS,
    *messages.READS,
)
WRITES: tuple[Make, ...] = (
    *rom.WRITES,
    *memory.WRITES,
    *labels.WRITES,
    *code.WRITES,
    *dungeon_sprites.WRITES,
    *dungeon_edits.WRITES,
    *dungeon_headers.WRITES,
    *overworld_edits.WRITES,
    *tiles.WRITES,
    *content.WRITES,
    *messages.WRITES,
)
SEARCHES: tuple[Make, ...] = (
    *memory.SEARCHES,
    *labels.SEARCHES,
    *dungeon.SEARCHES,
    *overworld.SEARCHES,
    *tiles.SEARCHES,
    *content.SEARCHES,
    *messages.SEARCHES,
)
EDITS: tuple[Make, ...] = tuple(make for make in WRITES if make not in (rom.backup, code.assemble))
"""Writes that change the project itself, whatever is drawn."""
LONE: tuple[Make, ...] = (rom.info, rom.checksum, rom.fix_checksum, rom.backup)
"""Requests whose results depend on everything else, or that nobody makes twice."""

__all__ = ["EDITS", "LONE", "READS", "SEARCHES", "WRITES", "Deed", "Draw", "Gap", "Make"]
