"""The domain ``oracle``: ROM-hack work whose answers are proved by running a routine before and after the patch.

Families: hooks (``hook.entry``, ``hook.middle``, ``hook.exit``, ``preserve``), ``far_call``, ``table_extend``,
``replace`` and ``diagnose`` are answered by a patch, ``freespace`` and ``layout`` by numbers. The ROMs are fictional.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.facts import judge_facts
from agents.training.domains.oracle.grade import judge_patch, unread
from agents.training.domains.oracle.kinds import FACTS, KINDS, PATCHES
from agents.training.domains.oracle.spoil import Key, spoil
from agents.training.phrases import seeded
from agents.training.sample import Cell, Judgement, Message, SourceItem

LEVELS = (1, 2, 3)


class OracleDomain:
    """Tasks of ROM hackers: hooks, free space, far calls, tables, patches that crash."""

    name = "oracle"
    version = "1"

    def __init__(self) -> None:
        self._cells = sorted(Cell(family, level) for family in KINDS for level in LEVELS)

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
        family, level, salt = _key(item)
        rng = seeded(salt, "prompt", variant)
        system = prose.system(rng)
        return Message("system", system), Message("user", KINDS[family].prompt(rng, family, level, salt))

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return a correct answer: the patch or the numbers, with the reasons."""
        family, level, salt = _key(item)
        return KINDS[family].answer(seeded(salt, "answer", variant), family, level, salt)

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one mistake that matters."""
        return spoil(_key(item), answer, rng)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return what running and reading show about ``answer``; every phrasing asks for the same."""
        del prompt
        refused = unread(answer)
        if refused:
            return refused
        family, level, salt = _key(item)
        if family in PATCHES:
            return judge_patch(PATCHES[family].task(family, level, salt), answer)
        return judge_facts(FACTS[family].facts(family, level, salt), answer)


def _key(item: SourceItem) -> Key:
    return item.cell.family, item.cell.difficulty, int(item.params["salt"])


DOMAIN = OracleDomain()
