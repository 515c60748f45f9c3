"""The domain ``asm``: 65816 tasks whose answers are proved by assembling and executing them.

A family is ``kind.routine``, say ``trace.checksum``; every family has three difficulties.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.asm.grade import judge
from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.samples import kind_of
from agents.training.domains.asm.spoil import spoil
from agents.training.phrases import seeded
from agents.training.routines.phrasing import system
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import Cell, Judgement, Message, SourceItem

LEVELS = (1, 2, 3)


class AsmDomain:
    """Tasks on 65816 assembly: write, trace, fix and explain."""

    name = "asm"
    version = "1"

    def __init__(self) -> None:
        self._cells = sorted(Cell(f"{kind}.{noun}", level) for kind in KINDS for noun in TEMPLATES for level in LEVELS)

    def cells(self) -> Sequence[Cell]:
        """Return every family at every difficulty."""
        return self._cells

    def capacity(self) -> None:
        """Return None: the salts of one cell alone outnumber every campaign."""

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        """Return item ``index`` of ``cell``; its one parameter, a 53-bit salt, settles everything else."""
        salt = seeded(seed, cell, index).getrandbits(53)
        return SourceItem(self.name, cell, {"salt": salt})

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        """Return a system message and the task."""
        rng = seeded(item.params["salt"], "prompt", variant)
        return Message("system", system(rng)), Message("user", KINDS[kind_of(item)].prompt(rng, item))

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return a correct answer with reasoning, explanation and an example."""
        return KINDS[kind_of(item)].answer(seeded(item.params["salt"], "answer", variant), item)

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one mistake that matters."""
        return spoil(item, answer, rng)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return what execution and reading show about ``answer``; every phrasing asks for the same."""
        del prompt
        return judge(item, answer)


DOMAIN = AsmDomain()
