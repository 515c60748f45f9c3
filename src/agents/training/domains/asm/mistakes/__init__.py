"""Answers with one real mistake, of the kinds that teachers make.

Owns how often each kind of mistake is made. Never changes an item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from agents.training.domains.asm.mistakes import code, form, values
from agents.training.domains.asm.samples import kind_of
from agents.training.sample import SourceItem

Manner = Callable[[SourceItem, str, Random], str]

_ALWAYS: tuple[tuple[float, Manner], ...] = ((0.06, form.refused), (0.08, form.truncated), (0.06, form.of_another))
_CODE: tuple[tuple[float, Manner], ...] = (*_ALWAYS, (0.06, form.unfenced))
_STATED: tuple[tuple[float, Manner], ...] = (*_ALWAYS, (0.80, values.misstated))
_MANNERS: Mapping[str, tuple[tuple[float, Manner], ...]] = {
    "write": (*_CODE, (0.74, code.miscoded)),
    "translate": (*_CODE, (0.74, code.miscoded)),
    "fix": (*_CODE, (0.18, code.misplaced), (0.56, code.miscoded)),
    "find": (*_ALWAYS, (0.40, values.blamed), (0.40, values.mistaken)),
    "optimise": (*_CODE, (0.16, code.unchanged), (0.38, code.miscoded), (0.20, values.miscounted)),
    "trace": _STATED,
    "explain": _STATED,
    "flags": _STATED,
}


def spoil(item: SourceItem, answer: str, rng: Random) -> str:
    """Return ``answer`` with one mistake: mostly in the proved part, sometimes in its form."""
    manners = _MANNERS[kind_of(item)]
    (manner,) = rng.choices([made for _, made in manners], [weight for weight, _ in manners])
    spoiled = manner(item, answer, rng)
    return spoiled if spoiled != answer else form.refused(item, answer, rng)
