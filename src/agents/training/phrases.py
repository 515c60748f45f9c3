"""Ways to vary a sentence, drawn from a seed.

Owns the expansion of alternatives. Pure: equal seeds give equal words in every process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

_ALTERNATIVES = re.compile(r"<([^<>|]*(?:\|[^<>|]*)+)>")


def seeded(*parts: object) -> Random:
    """Return a generator that depends on ``parts`` alone, the same in every process."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - variety is wanted, not secrecy


def vary(rng: Random, text: str) -> str:
    """Return ``text`` with each ``<one|another>`` replaced by one of its alternatives."""
    while "<" in text:
        text, count = _ALTERNATIVES.subn(lambda found: _choose(rng, found[1]), text)
        if not count:
            break
    return text.replace(" ,", ",")


def _choose(rng: Random, group: str) -> str:
    options = group.split("|")
    return options[int(rng.random() * len(options))]


def phrase(rng: Random, forms: Sequence[str], **values: str) -> str:
    """Return one of ``forms`` with its alternatives settled and its ``{fields}`` filled from ``values``."""
    text = vary(rng, forms[int(rng.random() * len(forms))])
    return text.format(**values) if values else text


def pick(rng: Random, options: str) -> str:
    """Return one of the ``|``-separated ``options``."""
    return _choose(rng, options)
