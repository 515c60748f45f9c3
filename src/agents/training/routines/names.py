"""Names for routines, places and labels, in the words of the trade.

Owns the vocabulary and what no name may be. Never knows a routine or a task.
"""

from __future__ import annotations

from random import Random

from agents.training.phrases import pick
from agents.training.w65816 import OPCODES

THEMES = (
    "heart", "rupee", "arrow", "bomb", "key", "tile", "palette", "sprite", "enemy", "chest", "door", "room",
    "map", "menu", "dialog", "shop", "boss", "sword", "shield", "magic", "lamp", "boots", "hook", "fairy",
    "water", "torch", "switch", "crystal", "pendant", "bottle", "quest", "score", "timer", "wind", "bridge",
    "cave", "tower", "overworld", "dungeon", "hud", "joypad", "window", "scroll", "fade", "spark", "coin",
    "level", "stage", "player", "shot", "snow", "lava", "raft", "bird",
)  # fmt: skip
_STYLES = ("snake", "camel", "pascal", "tight", "upper")


class Namer:
    """Gives out distinct names in one case style, all of one theme."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._style = _STYLES[int(rng.random() * len(_STYLES))]
        self._taken: set[str] = set()
        self.theme = THEMES[int(rng.random() * len(THEMES))]

    def name(self, roles: str) -> str:
        """Return a new name made of the theme and one of the ``|``-separated roles (words with spaces)."""
        words = pick(self._rng, roles).split()
        if self._rng.random() < 0.8:
            words.insert(0, self.theme)
        elif self._style == "tight" or len(words) == 1:
            words.append(pick(self._rng, "val|now|ram|cur|var|tmp|wk"))
        return self._fresh(self._join(words))

    def label(self, roles: str) -> str:
        """Return a new code label made of one of the ``|``-separated roles alone."""
        return self._fresh(self._join(pick(self._rng, roles).split()))

    def entry(self, roles: str) -> str:
        """Return a new name of a routine: a verb phrase from ``roles`` and the theme."""
        words = [*pick(self._rng, roles).split(), self.theme]
        if self._rng.random() < 0.35:
            words.append(pick(self._rng, "data|state|step|task|info|now|core|sub|main|fast|slot|entry|x|b|2"))
        return self._fresh(self._join(words))

    def _join(self, words: list[str]) -> str:
        if self._style == "camel":
            return words[0] + "".join(word.capitalize() for word in words[1:])
        if self._style == "pascal":
            return "".join(word.capitalize() for word in words)
        if self._style == "tight":
            return "".join(words)
        joined = "_".join(words)
        return joined.upper() if self._style == "upper" else joined

    def _fresh(self, name: str) -> str:
        serial, fresh = 2, name
        while fresh.lower() in self._taken or fresh.lower() in RESERVED:
            fresh, serial = f"{name}{serial}", serial + 1
        self._taken.add(fresh.lower())
        return fresh


RESERVED = (
    frozenset(opcode.mnemonic.lower() for opcode in OPCODES)
    | {"blt", "bge", "cpa", "ina", "dea", "swa", "tas", "tsa", "tad", "tda"}
    | {"a", "x", "y", "s", "db", "dw", "dl", "org", "byte", "word", "long"}
)
"""Words an assembler may take for an instruction, a register or a directive; no name may equal one."""
