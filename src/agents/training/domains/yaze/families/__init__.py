"""The families of conversations, and the case of each item."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from agents.training.domains.yaze.dialog import Case
from agents.training.domains.yaze.families import (
    ambiguous,
    chain,
    clarify,
    correction,
    impossible,
    multi_turn,
    no_tool,
    parallel,
    recover,
    reply,
    single,
    verify,
)
from agents.training.domains.yaze.families.scene import Scene

_GROUPS = (
    single,
    parallel,
    chain,
    verify,
    reply,
    clarify,
    ambiguous,
    impossible,
    no_tool,
    recover,
    multi_turn,
    correction,
)
FAMILIES: dict[str, Callable[[Scene], Case]] = {
    name: make for group in _GROUPS for name, make in group.FAMILIES.items()
}


@lru_cache(maxsize=512)
def case_of(family: str, level: int, salt: str) -> Case:
    """Return the case of an item; equal arguments give an equal one in every process."""
    return FAMILIES[family](Scene(salt, family, level))
