"""How much of what matters an answer talks about, measured against its item.

Owns the measure and its weights. Never decides whether what is said is true: that is proved elsewhere.

Only what stands among words counts: an instruction in a list of instructions is not explained, and a text without
sentences, or with its words in no order, is worth little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agents.training.routines import reading
from agents.training.routines.contract import Case, Place, Routine, hex_address
from agents.training.routines.language import breaks_off, ordered
from agents.training.routines.names import RESERVED
from agents.training.sample import Check

_MNEMONICS = RESERVED - {"db", "dw", "dl", "org", "byte", "word", "long", "a", "x", "y", "s"}
_WIDTH = re.compile(r"\b(?:8|16)[- ]bits?\b")
_KEPT = re.compile(r"\b(?:keep|kept|preserv|restor|sav|surviv|unchanged|given back|give|overwrit|chang|destroy)\w*")
_PLAIN = re.compile(r"[a-z]{2,}")
_STATE = re.compile(r"\b[nvzc]\s?=\s?[01]\b")
_SENTENCE = re.compile(r"(?<!\.)[.!?;]\s|\n")
_LINKS = frozenset(
    reading.words(
        "the a an is are was be has have to of in on at by and or it its with so for from as that this which no not "
        "into only until after then when than them they both each every one all but before behind goes gets stays"
    )
)
_AT_LEAST, _ENOUGH_LINKS, _ENOUGH_SHARE, _OFTEN = 0.15, 6, 0.1, 10
_WHOLE, _BROKEN_OFF_AT_MOST = 0.8, 0.3
"""A text that stops in the middle counts for little, unless next to nothing is missing."""


def completeness(routine: Routine, answer: str, mnemonics: Iterable[str], cases: Sequence[Case]) -> Check:
    """Return the check ``explanation``, its score the weighted share of six things, times how much of it is language.

    The instructions used are spoken of, among other words or as a step with its state (0.30); the places of the
    contract are, by name or address (0.20); the text is long enough for the code (0.15); one of ``cases`` appears with
    its numbers (0.15); reasons come before the code (0.10); widths, return and registers kept or changed are mentioned
    (0.10). A text that breaks off before most of this is said scores at most 0.3.
    """
    prose = reading.prose(answer).lower()
    said = reading.words(prose)
    vocabulary = set(said)
    ops = sorted({op.lower() for op in mnemonics} & _MNEMONICS)
    explained = _explained(prose) | reading.commented(reading.longest_block(answer))
    silent = [op for op in ops if op not in explained]
    places = [place for place in (*routine.inputs, *routine.outputs) if place.size]
    manners = (
        bool({"rts", "rtl", "jsr", "jsl"} & explained),
        bool(_WIDTH.search(prose)),
        bool(_KEPT.search(prose)),
    )
    counted = sum(min(_OFTEN, times) for times in Counter(said).values())
    score = (
        0.30 * (1 - len(silent) / max(1, len(ops)))
        + 0.20 * sum(_named(place, vocabulary) for place in places) / max(1, len(places))
        + 0.15 * min(1.0, counted / (90 + 6 * len(routine.lines)))
        + 0.15 * max((_shown(routine, case, prose) for case in cases), default=1.0)
        + 0.10 * min(1.0, len(reading.words(reading.before_code(answer).lower())) / 60)
        + 0.10 * sum(manners) / len(manners)
    ) * (_AT_LEAST + (1 - _AT_LEAST) * _language(said) * ordered(reading.outside(answer)))
    detail = f"not explained: {', '.join(silent[:6])}" if silent else ""
    if score < _WHOLE and breaks_off(answer):
        score, detail = min(score, _BROKEN_OFF_AT_MOST), f"breaks off; {detail}" if detail else "breaks off"
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


def _explained(prose: str) -> set[str]:
    """Return the mnemonics in sentences or rows of ``prose`` that hold as many plain words, or the flags' state."""
    found: set[str] = set()
    for sentence in _SENTENCE.split(prose):
        named = [word for word in reading.words(sentence) if word in _MNEMONICS]
        if named and (len(_ordinary(_PLAIN.findall(sentence))) >= max(2, len(named)) or _STATE.search(sentence)):
            found.update(named)
    return found


def _ordinary(said: Iterable[str]) -> list[str]:
    """Return the words of two letters or more that are no mnemonics."""
    return [word for word in said if word not in _MNEMONICS and _PLAIN.fullmatch(word)]


def _language(said: Sequence[str]) -> float:
    """Return from 0 to 1 how far ``said`` has the small words of sentences, various and not too rare."""
    ordinary = _ordinary(said)
    links = [word for word in ordinary if word in _LINKS]
    various = min(1.0, len(set(links)) / _ENOUGH_LINKS)
    frequent = min(1.0, len(links) / max(1, len(ordinary)) / _ENOUGH_SHARE)
    return various * frequent


def _named(place: Place, vocabulary: set[str]) -> bool:
    other = place.where if not place.in_memory and not place.is_port else hex_address(place.addr)
    return place.name.lower() in vocabulary or other.lower() in vocabulary


def _shown(routine: Routine, case: Case, prose: str) -> float:
    values = [place.show(case.given[place.name]) for place in routine.inputs]
    values += [place.show(case.expect[place.name]) for place in routine.outputs]
    return sum(value.lower() in prose for value in values) / max(1, len(values))
