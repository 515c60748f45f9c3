"""The domain ``yaze``: conversations with an assistant that edits a ROM through tools, proved by running its calls.

A sample is the next turn of a conversation: calls of tools, the telling of results, a question, or a refusal. With a
catalogue of another program, whose tools nobody can run here, calls are judged by their schemas alone; see `foreign`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import orjson

from agents.campaign.digest import digest
from agents.training.domains.yaze import conversation, foreign, foreign_turns
from agents.training.domains.yaze.answering import answer
from agents.training.domains.yaze.catalogue import Catalogue, CatalogueError
from agents.training.domains.yaze.dialog import Case
from agents.training.domains.yaze.families import FAMILIES, case_of
from agents.training.domains.yaze.grade import WRONG_AT_MOST, graded
from agents.training.domains.yaze.spoil import spoil
from agents.training.phrases import seeded
from agents.training.sample import Cell, Json, Judgement, Message, SourceItem

LEVELS = (1, 2, 3)


class YazeDomain:
    """Tool use in a ROM editor, on a simulated project of each item's own."""

    name = "yaze"
    version = "2"

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
        """Return the task with the tools on offer, and the conversation so far."""
        return conversation.prompt(_case(item), _salt(item), variant)

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return the right turn with a thought, as one JSON object."""
        return answer(seeded(_salt(item), "answer", variant), _case(item))

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one mistake."""
        return spoil(_case(item), answer, rng)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return what running the calls and reading the reply show; the sample has tools, calls and results as such."""
        case = _case(item)
        heard = conversation.heard_by(case, prompt) or conversation.heard_in(case, _salt(item), 0)
        quality, checks, said = graded(case, heard, answer)
        is_right = said is not None and quality > WRONG_AT_MOST
        return Judgement(quality, checks, sample=conversation.sample(case, heard, said) if said and is_right else None)


class ForeignDomain:
    """Tool use with a catalogue of one's own: its parsed JSON is ``document``, in the form that `Catalogue` takes.

    Raises:
        CatalogueError: the document is no catalogue, or has no tool whose arguments can be drawn from its schema.
    """

    name = "yaze"

    def __init__(self, document: Json) -> None:
        self._catalogue = Catalogue(document)
        self.version = f"2+{digest(orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())}"
        if not foreign.usable(self._catalogue):
            raise CatalogueError("it has no tool whose arguments are enumerations, numbers, booleans or plain text")

    def cells(self) -> Sequence[Cell]:
        """Return every family that needs no execution, at every difficulty."""
        return [Cell(family, level) for family in foreign.FAMILIES for level in LEVELS]

    def capacity(self) -> None:
        """Return None: values are drawn anew for each item."""

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        """Return item ``index`` of ``cell``; its one parameter is a 53-bit salt."""
        return SourceItem(self.name, cell, {"salt": seeded(seed, cell, index).getrandbits(53)})

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        """Return the task with the tools on offer, and what the user said."""
        return foreign_turns.prompt(self._catalogue, self._plan(item, variant))

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return the right turn with a thought, as one JSON object."""
        return foreign_turns.answer(self._plan(item, variant), _salt(item), variant)

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one mistake."""
        del item, rng
        return foreign_turns.spoil(answer)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return whether the calls satisfy their schemas and are those that were asked for."""
        asked = prompt[-1].content if prompt else ""
        return foreign_turns.judge(self._catalogue, self._plan(item, 0), asked, answer)

    def _plan(self, item: SourceItem, variant: int) -> foreign.Plan:
        return foreign.plan(self._catalogue, item.cell.family, item.cell.difficulty, _salt(item), variant)


def _salt(item: SourceItem) -> str:
    return str(item.params["salt"])


def _case(item: SourceItem) -> Case:
    return case_of(item.cell.family, item.cell.difficulty, _salt(item))


def with_catalogue(document: Json) -> ForeignDomain:
    """Return the domain for another program's tools; raises CatalogueError where ``document`` has none."""
    return ForeignDomain(document)


DOMAIN = YazeDomain()
