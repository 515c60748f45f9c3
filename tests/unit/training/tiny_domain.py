"""A whole domain in miniature: sums and products, checked by calculating them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from agents.training.sample import Cell, Check, Judgement, Message, SourceItem

_OPERATORS = {"sum": "+", "product": "*"}
_PHRASES = ("What is {}?", "Please work out {} for me.", "Give the value of {} in digits.")


@dataclass(frozen=True)
class TinyDomain:
    """``broken`` families are never answered well; ``distinct`` is the number of items of a cell."""

    name: str = "tiny"
    version: str = "1"
    broken: tuple[str, ...] = ()
    distinct: int = 1_000_000

    def cells(self) -> Sequence[Cell]:
        return [Cell(family, level) for family in sorted(_OPERATORS) for level in (1, 2, 3)]

    def capacity(self) -> int:
        return self.distinct * len(self.cells())

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        rng = Random(f"{seed}/{cell}/{index % self.distinct}")
        top = 10 ** (2 * cell.difficulty)
        return SourceItem(self.name, cell, {"a": rng.randrange(top), "b": rng.randrange(top)})

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        asked = f"{item.params['a']} {_OPERATORS[item.cell.family]} {item.params['b']}"
        return Message("system", "You calculate."), Message("user", _PHRASES[variant % len(_PHRASES)].format(asked))

    def answer(self, item: SourceItem, variant: int) -> str:
        if item.cell.family in self.broken:
            return "I do not know."
        return f"{item.params['a']} and {item.params['b']} give {self._value(item)}."

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        return answer.replace(f"give {self._value(item)}", f"give {self._value(item) + rng.randint(1, 9)}")

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        right = answer.rstrip(".").endswith(f" {self._value(item)}")
        checks = (Check("value", float(right)), Check("length", min(1.0, 30 / max(30, len(answer)))))
        return Judgement(0.8 * checks[0].score + 0.2 * checks[1].score, checks)

    def _value(self, item: SourceItem) -> int:
        a, b = item.params["a"], item.params["b"]
        return int(a + b if item.cell.family == "sum" else a * b)


DOMAIN = TinyDomain()
