"""The domain ``errors``: real diagnostics of the assembler and the machine, with cause, fix and proof of the fix.

A family is a kind of defect, say ``branch_range``; every family has three difficulties.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.errors.asking import prompt, system
from agents.training.domains.errors.grade import judge
from agents.training.domains.errors.scene import scene_of
from agents.training.domains.errors.slips import FAMILIES
from agents.training.domains.errors.spoil import spoil
from agents.training.domains.errors.telling import answer
from agents.training.phrases import seeded
from agents.training.sample import Cell, Judgement, Message, SourceItem

LEVELS = (1, 2, 3)


class ErrorsDomain:
    """Broken 65816 sources with what the tools say about them."""

    name = "errors"
    version = "1"

    def __init__(self) -> None:
        self._cells = sorted(Cell(family, level) for family in FAMILIES for level in LEVELS)

    def cells(self) -> Sequence[Cell]:
        """Return every family at every difficulty."""
        return self._cells

    def capacity(self) -> None:
        """Return None: the salts of one cell alone outnumber every campaign."""

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        """Return item ``index`` of ``cell``; its one parameter, a 53-bit salt, settles everything else."""
        return SourceItem(self.name, cell, {"salt": seeded(seed, cell, index).getrandbits(53)})

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        """Return a system message, and the source with its diagnostic."""
        rng = seeded(item.params["salt"], "prompt", variant)
        return Message("system", system(rng)), Message("user", prompt(rng, scene_of(item), item.cell.difficulty))

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return the cause, the corrected code, its proof and how to avoid the defect."""
        return answer(seeded(item.params["salt"], "answer", variant), scene_of(item))

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one mistake that matters."""
        return spoil(item, answer, rng)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return what execution and reading show about ``answer``; every phrasing asks for the same."""
        del prompt
        return judge(item, answer)


DOMAIN = ErrorsDomain()
