"""The families of the domain, and what each offers: a request, an answer, and what proves it."""

from __future__ import annotations

from random import Random
from types import ModuleType
from typing import Protocol, cast

from agents.training.domains.oracle.facts import Facts
from agents.training.domains.oracle.kinds import (
    diagnose,
    far_call,
    freespace,
    hook,
    layout,
    replace,
    table_extend,
)
from agents.training.domains.oracle.task import Task


class Kind(Protocol):
    """The tasks of some families; every function is pure and takes family, difficulty and salt."""

    def prompt(self, rng: Random, family: str, level: int, salt: int) -> str:
        """Return the request in the wording that ``rng`` draws."""
        ...

    def answer(self, rng: Random, family: str, level: int, salt: int) -> str:
        """Return a right answer in the wording that ``rng`` draws."""
        ...


class PatchKind(Kind, Protocol):
    """Tasks whose answer is a patch."""

    def task(self, family: str, level: int, salt: int) -> Task:
        """Return what proves an answer."""
        ...


class FactKind(Kind, Protocol):
    """Tasks whose answer is a list of numbers."""

    def facts(self, family: str, level: int, salt: int) -> Facts:
        """Return what an answer has to state."""
        ...


def _by_family(*modules: ModuleType) -> dict[str, ModuleType]:
    return {family: module for module in modules for family in module.FAMILIES}


PATCHES = cast("dict[str, PatchKind]", _by_family(diagnose, far_call, hook, replace, table_extend))
"""Family -> kind, of those that are answered by a patch."""
FACTS = cast("dict[str, FactKind]", _by_family(freespace, layout))
"""Family -> kind, of those that are answered by numbers."""
KINDS: dict[str, Kind] = {**PATCHES, **FACTS}
