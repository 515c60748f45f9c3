"""What splitters make of a text: a name and a part of it.

Pure. Owns the shape alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a text; ``name`` is what people call it, empty where it has no name of its own."""

    name: str
    text: str
