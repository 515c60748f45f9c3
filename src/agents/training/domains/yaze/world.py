"""A project that is open in the editor: the game, what was edited, its history and its backups.

Owns reading, changing and undoing. Never decides what a tool may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents.training.domains.yaze.ground import Ground, Key
from agents.training.sample import Json

Edits = dict[Key, Json]


class World:
    """The ground with edits on it. Equal states mean that the same would be saved."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.edits: Edits = {}
        self.history: list[tuple[str, Edits]] = []
        self.backups: dict[str, Edits] = {}
        self.saved: Edits = {}

    def copy(self) -> World:
        """Return a project that can be edited apart."""
        twin = World(self.ground)
        twin.edits, twin.saved = dict(self.edits), dict(self.saved)
        twin.history, twin.backups = list(self.history), dict(self.backups)
        return twin

    def value(self, *key: Any) -> Json:
        """Return what is at ``key`` now; see `Ground.value`."""
        return self.edits[key] if key in self.edits else self.ground.value(key)

    def table(self, name: str) -> dict[Any, Json]:
        """Return a table as it is now."""
        changed = {key[1]: value for key, value in self.edits.items() if key[0] == name}
        return {**self.ground.table(name), **changed}

    def commit(self, label: str, changes: Mapping[Key, Json]) -> None:
        """Make one step of ``changes`` that can be undone; what is as it was leaves no edit."""
        self.history.append((label, dict(self.edits)))
        for key, value in changes.items():
            if value == self.ground.value(key):
                self.edits.pop(key, None)
            else:
                self.edits[key] = value

    def undo(self, steps: int) -> list[str]:
        """Take back the last ``steps``, at most all; return their labels, the last one first."""
        undone = []
        for _ in range(min(steps, len(self.history))):
            label, self.edits = self.history.pop()
            undone.append(label)
        return undone

    def state(self) -> tuple[Edits, dict[str, Edits], Edits]:
        """Return what is compared: the edits, the backups, and what was saved last."""
        return self.edits, self.backups, self.saved

    # The image

    def octets(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes of the file from ``offset`` on."""
        return bytes(self.value("byte", at) for at in range(offset, offset + length))

    def page(self, number: int) -> bytes:
        """Return 32 KiB of the file as they are now."""
        data = bytearray(self.ground.page(number))
        for offset, value in self._bytes():
            if offset // len(data) == number:
                data[offset % len(data)] = value
        return bytes(data)

    def _bytes(self) -> Iterator[tuple[int, int]]:
        return ((key[1], value) for key, value in self.edits.items() if key[0] == "byte")
