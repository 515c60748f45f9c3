"""A text of people's own from which samples are made.

Pure. Owns its shape. Never reads or cuts one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.training.sample import Json


@dataclass(frozen=True, slots=True)
class Piece:
    """A text from which samples are made, with where it is from.

    ``name`` says so for people, as ``notes/a.md#Install > Linux``, ``bank1.asm:Sprite_Main`` or ``data.jsonl:17``.
    Pieces of one ``group`` belong together and must not be split between training and test. ``source`` is the position,
    from 0, of its section in the recipe's list. ``columns`` are the other columns of a row, empty for files.
    """

    text: str
    name: str
    group: str
    source: int
    licence: str | None
    provenance: str
    columns: Mapping[str, Json]
