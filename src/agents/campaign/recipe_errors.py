"""What to tell a person whose recipe, flag or variable is refused: the key, where it came from, and the cure.

Owns these words. Never decides what is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.campaign.errors import UsageError
from agents.campaign.recipe import PLACES, CandidateSection, Recipe, leaves

_DEFAULTS = Recipe().model_dump(mode="json")
_DEFAULT_LEAVES = dict(leaves(_DEFAULTS))

_CURES = {
    "domains": "give every domain a weight above 0, together 1, e.g. domains: {asm: {weight: 1.0}}",
    "candidates": (
        "give every candidate a name and what it has different, e.g. candidates: {careful: {teacher: {fault_rate: "
        "0.02}}, quick: {teacher: {fault_rate: 0.1}}}"
    ),
    "campaign.target": "give a number of samples of at least 1, e.g. --campaign-target 34500",
    "campaign.output_name": (
        "use letters, digits, '.', '_' and '-', e.g. --output-name full_campaign_34500, or leave it out"
    ),
    "campaign.command": (
        "give campaign.command as a list, e.g. [python, generate.py, '{target}']; "
        f"{', '.join(f'{{{place}}}' for place in PLACES)} are filled in, a literal brace is doubled; "
        "leave it out to use the built-in generator"
    ),
}
"""By the beginning of the dotted key."""


def usage_error(error: ValidationError, origins: Mapping[str, str]) -> UsageError:
    """Return the first complaint of ``error`` in words; ``origins`` says where each dotted key came from."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = origins.get(key) or next((origins[k] for k in origins if k.startswith(f"{key}.")), None)
    where = where or next((origins[k] for k in origins if key.startswith(f"{k}.")), "recipe")
    if first["type"] == "extra_forbidden":
        return UsageError(f"unknown key {key!r} ({where})", _nearest_key(key))
    reason = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], (dict, BaseModel)) else f" = {first['input']!r}"
    return UsageError(f"{key}{given} ({where}): {reason[0].lower()}{reason[1:]}", _cure(key, first["input"]))


def _nearest_key(key: str) -> str:
    own, above = _own(key)
    if above and own.partition(".")[0] not in CandidateSection.model_fields:
        differ = " and ".join(f"`{section}`" for section in CandidateSection.model_fields)
        return f"only {differ} may differ between candidates; put the rest at the top of the recipe, for all of them"
    known = sorted({*_DEFAULT_LEAVES, *_DEFAULTS})
    near = difflib.get_close_matches(own, known, n=1, cutoff=0.5)
    return f"did you mean {above + near[0]!r}?" if near else f"known keys are: {', '.join(known)}"


def _own(key: str) -> tuple[str, str]:
    """Return the key that ``key`` has in a recipe of its candidate, and what stands above it; else itself."""
    section, _, rest = key.partition(".")
    name, _, own = rest.partition(".")
    return (own, f"candidates.{name}.") if section == "candidates" and own else (key, "")


def _cure(key: str, value: Any) -> str:
    own, _ = _own(key)
    if own == "gate.quality_threshold":
        return f"give a share above 0 and at most 1, e.g. --quality-threshold {_share(value)}"
    if cure := next((_CURES[start] for start in _CURES if f"{own}.".startswith(f"{start}.")), None):
        return cure
    if isinstance(section := _DEFAULTS.get(own), dict):
        return f"write its keys below {key}, indented, or leave it out; its keys are: {', '.join(section)}"
    return f"give {key} a value in its range, or leave it out (the default is {_DEFAULT_LEAVES.get(own)!r})"


def _share(value: Any) -> str:
    """Return what somebody who wrote a percentage meant, else the default."""
    try:
        percent = float(str(value).rstrip("% "))
    except ValueError:
        percent = 0.0
    return f"{percent / 100:g}" if 1.0 < percent <= 100.0 else "0.75"
