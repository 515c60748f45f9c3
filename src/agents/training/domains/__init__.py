"""The domain port, and the domains found in this folder.

A domain is a sub-package that defines ``DOMAIN``; adding a kind of sample is adding a folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from random import Random
from typing import Protocol

from agents.training.sample import Cell, Json, Judgement, Message, SourceItem


class Domain(Protocol):
    """One kind of sample: its items, its prompt and its checks.

    Every method is pure: equal arguments give equal results in any process, on any day.
    """

    name: str
    version: str
    """Changes whenever items, prompts, answers or checks change; part of the plan's fingerprint."""

    def cells(self) -> Sequence[Cell]:
        """Return every (family, difficulty) of the domain, sorted."""
        ...

    def capacity(self) -> int | None:
        """Return how many distinct items there are; None where they do not end."""
        ...

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        """Return item ``index`` (>= 0) of ``cell``; different indexes nearly always differ in content."""
        ...

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        """Return the conversation that asks for the item; ``variant`` picks a phrasing."""
        ...

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Prove or refute ``answer`` to ``prompt`` in bounded time and memory; any text is allowed, none raises."""
        ...


class ProvingDomain(Domain, Protocol):
    """A domain that knows right answers, and how they go wrong: the procedural teacher asks it."""

    def answer(self, item: SourceItem, variant: int) -> str:
        """Return a correct answer, composed and not looked up, as a good teacher would write it."""
        ...

    def spoil(self, item: SourceItem, answer: str, rng: Random) -> str:
        """Return ``answer`` with one real mistake, of a kind that teachers make."""
        ...


def names() -> list[str]:
    """Return the names of all domains in this folder, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(name: str, catalogue: Json = None) -> ProvingDomain:
    """Return the domain ``name``, or the one that it is with another ``catalogue``, a parsed JSON document.

    A domain takes a catalogue where its folder defines ``with_catalogue`` too.

    Raises:
        KeyError: there is no such domain; the message lists those that exist.
        ValueError: it takes no catalogue, or not this one.
    """
    if name not in names():
        raise KeyError(f"no domain {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    if catalogue is None:
        domain: ProvingDomain = module.DOMAIN
    elif not hasattr(module, "with_catalogue"):
        raise ValueError(f"domain {name!r} takes no catalogue")
    else:
        domain = module.with_catalogue(catalogue)
    return domain
