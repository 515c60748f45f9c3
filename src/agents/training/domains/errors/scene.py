"""From an item to its scene: the routine, the defect put into it, what the tool really said, and the mended text.

Owns the search for a defect that shows as its family demands (pure, remembered for the last items of the process).
Never writes prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from random import Random
from string import Formatter

from agents.training.domains.errors.defect import Defect, Family, Words
from agents.training.domains.errors.diagnosis import Ending, diagnose
from agents.training.domains.errors.sheet import Sheet, Spot
from agents.training.domains.errors.slips import FAMILIES
from agents.training.phrases import seeded
from agents.training.routines.contract import Case, Line, Routine
from agents.training.routines.draft import Draft
from agents.training.routines.proof import assembled, prove
from agents.training.routines.render import Style
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import SourceItem
from agents.training.w65816 import AssemblyError, Program

_PATIENCE = 8
"""Routines that are drawn for a cause before another cause is tried."""
_TRIES = 4
"""Defects of one cause that are tried in one routine."""
_NUMBER = re.compile(r"(?<![$\w])\d+")
_QUOTED = re.compile(r"'[^']*'")
_WIDTHS = frozenset({".a8", ".a16", ".i8", ".i16"})
_FARTHEST = 127
"""Bytes that a short branch reaches."""
_HEX = re.compile(r"\$[0-9A-F]+")


@dataclass(frozen=True, slots=True)
class Scene:
    """``shown`` are the rows with the defect, ``mended`` those without; rows count from 1.

    ``row`` is where the defect is and ``rows`` all numbers that are as good. One of ``error`` and ``ending`` is there,
    and ``program`` with an ``ending``: the defect assembled.
    ``tells`` are the fields of the words, ``facts`` those of them that every good explanation has.
    """

    family: str
    routine: Routine
    style: Style
    defect: Defect
    words: Words
    shown: tuple[str, ...]
    mended: tuple[str, ...]
    row: int
    rows: frozenset[int]
    error: AssemblyError | None
    ending: Ending | None
    program: Program | None
    tells: dict[str, str]
    facts: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What the tool calls it: the kind of the assembler's error, or the first word of the report of a run."""
        return self.error.kind if self.error else self.report[0].partition(":")[0]

    @property
    def report(self) -> tuple[str, ...]:
        """The lines that the tool printed."""
        if self.error:
            return (str(self.error),)
        return tuple(finding.text for finding in self.ending.findings) if self.ending else ()


def scene_of(item: SourceItem) -> Scene:
    """Return the scene of ``item``."""
    return _scene(item.cell.family, item.cell.difficulty, str(item.params["salt"]))


@lru_cache(maxsize=1024)
def _scene(name: str, level: int, salt: str) -> Scene:
    family, rng = FAMILIES[name], seeded(salt, name, level)
    causes = sorted(family.words)
    rng.shuffle(causes)
    for attempt in count():
        cause = causes[attempt // _PATIENCE % len(causes)]
        nouns = family.words[cause].nouns or family.nouns or tuple(TEMPLATES)
        noun = nouns[int(rng.random() * len(nouns))]
        routine = TEMPLATES[noun](Draft(seeded(salt, name, level, attempt), level))
        style = Style.draw(rng, comments=rng.random() < 0.3)
        for defect in _candidates(rng, family, routine, cause):
            scene = _played(name, family, routine, style, defect)
            if scene is not None:
                return scene
    raise AssertionError("unreachable: the attempts have no end")


def _candidates(rng: Random, family: Family, routine: Routine, cause: str) -> Sequence[Defect]:
    found = [defect for defect in family.slips(rng, routine) if defect.cause == cause]
    rng.shuffle(found)
    return found[:_TRIES]


def _played(name: str, family: Family, routine: Routine, style: Style, defect: Defect) -> Scene | None:
    """Return the scene if the tool reports the defect as the family demands, and the mended text is right."""
    shown, spots = defect.broken.written(routine, style)
    error: AssemblyError | None = None
    ending: Ending | None = None
    program: Program | None = None
    try:
        program = assembled(routine, "\n".join(shown))
    except AssemblyError as raised:
        error = raised
    if error:
        if not family.in_assembler or error.kind not in family.ends or not error.line:
            return None
        if family.reported_there and error.line != _row(spots, defect.spot, len(shown)):
            return None
    elif (
        family.in_assembler
        or program is None
        or (ending := diagnose(routine, program)) is None
        or not ending.kinds & family.ends
        or prove(routine, program, first_failure="budget" not in ending.kinds).holds
    ):
        return None
    mended, _ = defect.fixed.written(routine, style)
    if defect.fixed != Sheet.of(routine) and not _holds(routine, mended):
        return None
    row = _row(spots, defect.spot, len(shown))
    rows = {_row(spots, spot, len(shown)) for spot in (defect.spot, *defect.also)}
    if defect.wrong is None:
        row = _gap(shown, mended)
        rows.add(row)
        rows |= {row + 1 for row in rows if row + 2 in rows} | ({error.line} if error else set())
        rows |= {len(shown) + 1} if defect.spot not in spots else set()
    tells = _tells(routine, style, defect, shown, error) | {"line": str(row)}
    words = family.words[defect.cause]
    return Scene(
        name, routine, style, defect, words, tuple(shown), tuple(mended), row, frozenset(rows), error,
        ending, program, tells, tuple(_facts(words, tells)),
    )  # fmt: skip


def _holds(routine: Routine, rows: Sequence[str]) -> bool:
    try:
        return prove(routine, assembled(routine, "\n".join(rows)), first_failure=True).holds
    except AssemblyError:
        return False


def _row(spots: dict[Spot, int], spot: Spot, rows: int) -> int:
    """Return the row of ``spot``; what is missing at the very end belongs to the last row."""
    return spots.get(spot, rows)


def _gap(shown: Sequence[str], mended: Sequence[str]) -> int:
    """Return the number of the row above which ``mended`` has one that is missing, or of the last row."""
    pairs = enumerate(zip(shown, mended, strict=False), 1)
    return next((row for row, (was, now) in pairs if code(was).split() != code(now).split()), len(shown))


def _tells(
    routine: Routine, style: Style, defect: Defect, shown: Sequence[str], error: AssemblyError | None
) -> dict[str, str]:
    named = {"wrong": defect.wrong, "right": defect.right, **defect.tells}
    tells = {"ret": routine.ret}
    for field, value in named.items():
        if value is not None:
            tells[field] = value if isinstance(value, str) else f"`{written(style, value)}`"
    if error:
        tells["reported"] = f"`{code(shown[error.line - 1])}`"
        numbers = [int(number) for number in _NUMBER.findall(_QUOTED.sub("", error.message))]
        far = [number for number in numbers if number > _FARTHEST]
        tells["distance"] = str(far[0]) if far else "too many"
    return tells


def _facts(words: Words, tells: dict[str, str]) -> Iterator[str]:
    """Yield the values of the fields that every wording of the mechanism uses."""
    used = [{field for _, field, _, _ in Formatter().parse(form) if field} for form in words.why]
    for field in sorted(set.intersection(*used) - {"wrong", "right"}):
        yield tells[field].strip("`").lower()


def telling_case(rng: Random, routine: Routine) -> Case:
    """Return a case that shows something: of those whose inputs and results are not all zero, where there are any."""
    cases = [case for case in routine.cases if _shows(routine, case)] or routine.cases
    return cases[int(rng.random() * len(cases))]


def _shows(routine: Routine, case: Case) -> bool:
    sides = ((routine.inputs, case.given), (routine.outputs, case.expect))
    return all(any(any(place.encode(values[place.name])) for place in places) for places, values in sides if places)


def written(style: Style, line: Line) -> str:
    """Return an instruction, a definition or a label as the shown text has it."""
    if line.arg.startswith("= ") or line.op.endswith(":") or (line.op.startswith(".") and line.op not in _WIDTHS):
        return _HEX.sub(lambda found: found[0].lower(), line.text) if style.small_hex else line.text
    return style.instruction(line)


def code(row: str) -> str:
    """Return a row without its comment and outer blanks."""
    return row.partition(";")[0].strip()
