"""How much of what matters an answer talks about, measured against its item.

Owns the measure and its weights. Never decides whether what is said is true: that is proved elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.training.routines import reading
from agents.training.routines.contract import Case, Place, Routine, hex_address
from agents.training.routines.names import RESERVED
from agents.training.sample import Check

_MNEMONICS = RESERVED - {"db", "dw", "dl", "org", "a", "x", "y", "s"}
_WIDTH = re.compile(r"\b(?:8|16)[- ]bits?\b")
_KEPT = re.compile(r"\b(?:keep|kept|preserv|restor|sav|surviv|unchanged|given back|give|overwrit|chang|destroy)\w*")


def completeness(routine: Routine, answer: str, mnemonics: Iterable[str], cases: Sequence[Case]) -> Check:
    """Return the check ``explanation``, its score the weighted share of six things.

    The instructions used are mentioned (0.30); the places of the contract are, by name or address (0.20); the text is
    long enough for the code (0.15); one of ``cases`` appears with its numbers (0.15); reasons come before the code
    (0.10); widths, return and registers kept or changed are mentioned (0.10).
    """
    prose = reading.prose(answer).lower()
    said = reading.words(prose)
    vocabulary = set(said) | reading.commented(reading.longest_block(answer))
    ops = sorted({op.lower() for op in mnemonics} & _MNEMONICS)
    silent = [op for op in ops if op not in vocabulary]
    places = [place for place in (*routine.inputs, *routine.outputs) if place.size]
    manners = (
        bool({"rts", "rtl", "jsr", "jsl"} & vocabulary),
        bool(_WIDTH.search(prose)),
        bool(_KEPT.search(prose)),
    )
    score = (
        0.30 * (1 - len(silent) / max(1, len(ops)))
        + 0.20 * sum(_named(place, vocabulary) for place in places) / max(1, len(places))
        + 0.15 * min(1.0, len(said) / (90 + 10 * len(routine.lines)))
        + 0.15 * max((_shown(routine, case, prose) for case in cases), default=1.0)
        + 0.10 * min(1.0, len(reading.words(reading.before_code(answer).lower())) / 60)
        + 0.10 * sum(manners) / len(manners)
    )
    detail = f"not explained: {', '.join(silent[:6])}" if silent else ""
    return Check("explanation", round(min(1.0, score), 4), detail)


def mnemonics(block: str) -> set[str]:
    """Return the mnemonics that the rows of ``block`` begin with."""
    found = set()
    for row in block.lower().split("\n"):
        for word in row.partition(";")[0].split()[:2]:
            name = word.partition(".")[0]
            if name in _MNEMONICS:
                found.add(name)
                break
    return found


def _named(place: Place, vocabulary: set[str]) -> bool:
    other = hex_address(place.addr) if place.in_memory else place.where
    return place.name.lower() in vocabulary or other.lower() in vocabulary


def _shown(routine: Routine, case: Case, prose: str) -> float:
    values = [place.show(case.given[place.name]) for place in routine.inputs]
    values += [place.show(case.expect[place.name]) for place in routine.outputs]
    return sum(value.lower() in prose for value in values) / max(1, len(values))
