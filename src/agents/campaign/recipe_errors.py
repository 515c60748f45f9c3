"""What to tell a person whose recipe, flag or variable is refused: the key, where it came from, and the cure.

Owns these words. Never decides what is refused, and never repeats what may be a secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from agents.campaign.errors import UsageError
from agents.campaign.follow_ups import FOLLOW_UPS
from agents.campaign.recipe import PLACES, CandidateSection, Recipe, leaves
from agents.campaign.secrets import hidden

LONGEST_SHOWN = 200
"""Characters of a value."""

Place = Sequence[str | int]
"""The keys and positions that lead to a value of a recipe."""

_NAMED = ("domains", "models", "candidates", "datasets")
"""Sections whose keys a person chooses."""
_LEAVES = [key for key, _ in leaves(Recipe().model_dump(mode="json")) if not key.startswith(_NAMED)]
"""The keys that every recipe may have."""

_SECRETIVE = re.compile(r".*(?:key|base_url)")
"""Keys whose values are never repeated: where a secret was put in the place of its name."""

_CURES = {
    r"domains(\.[^.]+(\.weight)?)?": (
        "give every domain a weight above 0, together 1, e.g. domains: {asm: {weight: 1.0}}"
    ),
    r"candidates(\.[^.]+)?": (
        "give every candidate a name and what it has different, e.g. candidates: {careful: {teacher: {fault_rate: "
        "0.02}}, quick: {teacher: {fault_rate: 0.1}}}"
    ),
    r"transfer\.host": "name a machine as ssh knows it, e.g. --host medical-mechanica or zelda@192.168.1.7",
    r"transfer\.(path|scripts)": "name a folder of letters, digits and ._+@,-, e.g. --path ~/training/datasets/",
    r"transfer\.(identity|config)": "name the file; never put the key itself there",
    r"after_campaign(\.\d+)?": (
        f"give a list of what is to be done, in this order: after_campaign: [{', '.join(FOLLOW_UPS)}]; [] does nothing"
    ),
    r"campaign\.target": "give a number of samples of at least 1, e.g. --campaign-target 34500",
    r"campaign\.output_name": (
        "use letters, digits, '.', '_' and '-', e.g. --output-name full_campaign_34500, or leave it out"
    ),
    r"campaign\.command(\.\d+)?": (
        "give campaign.command as a list, e.g. [python, generate.py, '{target}']; "
        f"{', '.join(f'{{{place}}}' for place in PLACES)} are filled in, a literal brace is doubled; "
        "leave it out to use the built-in generator"
    ),
    r"models\..*key": "write the NAME of the variable, e.g. OPENAI_API_KEY; put the key itself into the file .env",
    r"models\..*base_url": (
        "write the address up to /v1, e.g. http://127.0.0.1:8000/v1; put a key into the file .env, and the NAME of its "
        "variable at `key`"
    ),
    r"models\..*extra_body": "write plain JSON; put a key into the file .env, and the NAME of its variable at `key`",
}
"""By the dotted key."""


def usage_error(error: ValidationError, origins: Mapping[str, str]) -> UsageError:
    """Return the first complaint of ``error`` in words; ``origins`` says where each dotted key came from.

    An unknown key comes first: it may be the very one that is missed elsewhere.
    """
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    is_unknown = first["type"] == "extra_forbidden"
    place = first["loc"] if is_unknown else _known_part(first["loc"])
    key = _dotted(place)
    where = origins.get(key) or next((origins[k] for k in origins if k.startswith(f"{key}.")), None)
    where = where or next((origins[k] for k in origins if key.startswith(f"{k}.")), "recipe")
    if is_unknown:
        return UsageError(f"unknown key {hidden(key)!r} ({where})", _cure_of_unknown(place))
    reason = hidden(first["msg"].removeprefix("Value error, "))
    return UsageError(
        f"{hidden(key)}{_given(key, first['input'])} ({where}): {reason[0].lower()}{reason[1:]}",
        _cure(place, first["input"]),
    )


def _given(key: str, value: Any) -> str:
    """Return what was given, for people; nothing where that is a section, or may be a secret."""
    values = value if isinstance(value, list | tuple) else (value,)
    if _SECRETIVE.fullmatch(key) or any(isinstance(one, Mapping | BaseModel | list | tuple) for one in values):
        return ""
    shown = hidden(repr(value))
    return f" = {shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 3] + '...'}"


def _cure_of_unknown(place: Place) -> str:
    *above, own = place
    if len(above) == 2 and above[0] == "candidates":
        differ = " and ".join(f"`{section}`" for section in CandidateSection.model_fields)
        return f"only {differ} may differ between candidates; put the rest at the top of the recipe, for all of them"
    siblings = list(_fields(above))
    if near := difflib.get_close_matches(str(own), siblings, n=1):
        return f"did you mean {_dotted([*above, near[0]])!r}?"
    if place[0] not in _NAMED and (near := difflib.get_close_matches(str(own), map(_last, _LEAVES), n=1)):
        return f"did you mean {' or '.join(repr(key) for key in _LEAVES if _last(key) == near[0])}?"
    return f"known keys are: {', '.join(siblings)}"


def _cure(place: Place, value: Any) -> str:
    key, own = _dotted(place), _dotted(place[2:] if place[:1] == ("candidates",) and len(place) > 2 else place)
    if own == "gate.quality_threshold":
        return f"give a share above 0 and at most 1, e.g. --quality-threshold {_share(value)}"
    if isinstance(value, Mapping | BaseModel) and place[0] in _NAMED and _fields(place):
        return f"change what stands below {hidden(key)}"
    if cure := next((cure for keys, cure in _CURES.items() if re.fullmatch(keys, own)), None):
        return cure
    if below := _fields(place):
        return f"write its keys below {key}, indented, or leave it out; its keys are: {', '.join(below)}"
    field = _fields(place[:-1]).get(str(place[-1]))
    if field is None or field.is_required():
        return f"give {hidden(key)} a value in its range"
    return f"give {key} a value in its range, or leave it out (the default is {field.default!r})"


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _known_part(place: Place) -> Place:
    """Return the beginning of ``place`` that a recipe has; behind it stand the names of alternatives."""
    ends = (end for end in range(len(place), 0, -1) if _annotation(place[:end]) is not None)
    return place[: next(ends, len(place))]


def _fields(place: Place) -> Mapping[str, FieldInfo]:
    """Return the keys that a recipe may have at ``place``, none where people choose them or values stand."""
    annotation = _annotation(place)
    sections = (option for option in _options(annotation) if _is_section(option))
    return next((section.model_fields for section in sections), {})


def _annotation(place: Place) -> Any:
    """Return what may stand at ``place``; None where nothing may."""
    annotation: Any = Recipe
    for part in place:
        annotation = next((below for option in _options(annotation) if (below := _below(option, part))), None)
    return annotation


def _below(option: Any, part: str | int) -> Any:
    """Return what may stand at ``part`` of a section, a mapping or a list; None of anything else."""
    if _is_section(option):
        field = option.model_fields.get(part)
        return None if field is None else field.annotation
    match get_origin(option), part:
        case kind, str() if kind is dict:
            return get_args(option)[1]
        case kind, int() if kind is tuple:
            return get_args(option)[0]
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _is_section(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel)


def _share(value: Any) -> str:
    """Return what somebody who wrote a percentage meant, else the default."""
    try:
        percent = float(str(value).rstrip("% "))
    except ValueError:
        percent = 0.0
    return f"{percent / 100:g}" if 1.0 < percent <= 100.0 else "0.75"
