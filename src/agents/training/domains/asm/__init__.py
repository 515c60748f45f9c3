"""The domain ``asm``: 65816 tasks whose answers are proved by assembling and executing them.

A family is ``kind.noun``, say ``trace.checksum`` or ``flags.adc``; the difficulties go from short straight code (1) to
code with widths, loops and pointers (3).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.asm import catalogue
from agents.training.domains.asm.judges import judge
from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.mistakes import spoil
from agents.training.domains.asm.samples import kind_of
from agents.training.phrases import seeded
from agents.training.routines.phrasing import system
from agents.training.sample import Cell, Judgement, Message, SourceItem


class AsmDomain:
    """Tasks on 65816 assembly: write, translate, fix, find, optimise, trace, explain, and predict flags."""

    name = "asm"
    version = "3"

    def __init__(self) -> None:
        self._cells = catalogue.cells()

    def cells(self) -> Sequence[Cell]:
        """Return the cells; each kind of task has its share of them."""
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
