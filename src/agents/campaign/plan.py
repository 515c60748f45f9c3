"""The plan: a recipe resolved (flag > environment > recipe > default), frozen, every value with its origin.

Owns resolution, origins and the fingerprint. The recipe's keys and ranges belong to ``recipe``.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.campaign.recipe import Recipe

DEFAULT = "default"

NOT_IN_FINGERPRINT = ("name", "pilot", "gate", "campaign", "watch", "speed")
"""Sections that change how many samples are made, when, how fast or who decides; never what is made."""

ENVIRONMENT = {
    "QUALITY_THRESHOLD": "gate.quality_threshold",
    "CAMPAIGN_TARGET": "campaign.target",
    "AUTO_LAUNCH": "campaign.auto_launch",
}
RECIPE_VARIABLE = "CAMPAIGN_RECIPE"

_SWITCH = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Values that come from one place; ``origins`` says for each dotted key how a person would name it."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    @classmethod
    def of_flags(cls, flags: Mapping[str, tuple[str, Any]]) -> Layer:
        """Return the layer of ``{"--flag": (dotted key, value)}``; a value of None was not given."""
        given = {flag: pair for flag, pair in flags.items() if pair[1] is not None}
        return cls(
            values=dict(given.values()),
            origins={key: flag for flag, (key, _) in given.items()},
        )

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Layer:
        """Return the layer of the variables in ``ENVIRONMENT`` that are set and not empty.

        Raises:
            UsageError: AUTO_LAUNCH is neither yes nor no.
        """
        values: dict[str, Any] = {}
        origins = {}
        for variable, key in ENVIRONMENT.items():
            text = environment.get(variable, "").strip()
            if text:
                values[key] = _switch(variable, text) if key == "campaign.auto_launch" else text
                origins[key] = f"environment {variable}"
        return cls(values, origins)

    @classmethod
    def of_recipe(cls, path: Path) -> Layer:
        """Return the layer of the recipe file ``path`` (YAML, UTF-8).

        Raises:
            UsageError: it cannot be read, is not YAML, or is not a mapping.
        """
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UsageError(f"recipe {path} does not exist", "check the path given to --recipe") from error
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"recipe {path} cannot be read: {error}", "make it a readable UTF-8 file") from error
        except yaml.YAMLError as error:
            raise UsageError(f"recipe {path} is not YAML: {error}", "mend the line named above") from error
        if not isinstance(document, dict):
            raise UsageError(f"recipe {path} holds no keys", "see recipes/alttp_yaze.yaml for the shape of a recipe")
        values = dict(_leaves(document))
        return cls(values, dict.fromkeys(values, f"recipe {path}"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A validated recipe and where each of its values came from."""

    recipe: Recipe
    origins: Mapping[str, str] = field(default_factory=dict)
    recipe_path: Path | None = None

    def origin(self, key: str) -> str:
        """Return where the value of dotted ``key`` came from."""
        return self.origins.get(key, DEFAULT)

    def fingerprint(self, code: Mapping[str, str]) -> str:
        """Return the digest of all that changes what is generated or judged.

        Args:
            code: the version of each domain's code, by domain.
        """
        made_by = self.recipe.model_dump(mode="json", exclude=set(NOT_IN_FINGERPRINT))
        return digest(made_by, dict(code))

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON values; ``Plan.parsed`` reads them."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "origins": dict(self.origins),
            "recipe_path": str(self.recipe_path) if self.recipe_path else None,
        }

    @classmethod
    def parsed(cls, document: Mapping[str, Any]) -> Plan:
        """Return the plan that ``document()`` of another one gave."""
        path = document["recipe_path"]
        recipe = Recipe.model_validate(document["recipe"])
        return cls(recipe, document["origins"], Path(path) if path else None)

    def values(self) -> dict[str, Any]:
        """Return every value by dotted key."""
        return dict(_leaves(self.recipe.model_dump(mode="json")))


def resolve(*layers: Layer, recipe_path: Path | None = None) -> Plan:
    """Return the plan in which earlier layers win over later ones and all win over the defaults.

    Raises:
        UsageError: a key is unknown or a value is out of range; names the key, its origin and the cure.
    """
    document: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        for key, value in layer.values.items():
            _put(document, key, value)
            origins[key] = layer.origins[key]
    try:
        recipe = Recipe.model_validate(document)
    except ValidationError as error:
        raise _usage_error(error, origins) from error
    return Plan(recipe, origins, recipe_path)


def plan_for(
    flags: Mapping[str, tuple[str, Any]], recipe: Path | None, environment: Mapping[str, str] | None = None
) -> Plan:
    """Return the plan of a command: its flags, the environment, and the recipe of ``--recipe`` or CAMPAIGN_RECIPE.

    Raises:
        UsageError: any of them says something impossible.
    """
    environment = os.environ if environment is None else environment
    if recipe is None and environment.get(RECIPE_VARIABLE):
        recipe = Path(environment[RECIPE_VARIABLE])
    layers = [Layer.of_flags(flags), Layer.of_environment(environment)]
    if recipe is not None:
        recipe = recipe.expanduser().absolute()
        layers.append(Layer.of_recipe(recipe))
    return resolve(*layers, recipe_path=recipe)


def _switch(variable: str, text: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise UsageError(f"{variable}={text!r} is neither yes nor no", "use true/1/yes/on or false/0/no/off")
    return value


def _leaves(document: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{key}.")
        else:
            yield key, value


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for name in path:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = document[name] = {}
        document = inner
    document[last] = value


def _usage_error(error: ValidationError, origins: Mapping[str, str]) -> UsageError:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "recipe"
    where = origins.get(key) or next((origins[k] for k in origins if k.startswith(f"{key}.")), "recipe")
    if first["type"] == "extra_forbidden":
        return UsageError(f"unknown key {key!r} ({where})", _nearest_key(key))
    reason = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], (dict, BaseModel)) else f" = {first['input']!r}"
    return UsageError(f"{key}{given} ({where}): {reason[0].lower()}{reason[1:]}", _cure(key, first["input"]))


def _nearest_key(key: str) -> str:
    known = sorted({name for name, _ in _leaves(_DEFAULT_DOCUMENT)} | set(_DEFAULT_DOCUMENT))
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known keys are: {', '.join(known)}"


def _cure(key: str, value: Any) -> str:
    if key == "domains" or key.endswith(".weight") or key == "recipe":
        return "mend the values named above; the weights of all domains must be above 0 and sum to 1"
    if key == "gate.quality_threshold":
        try:
            percent = float(value)
        except (TypeError, ValueError):
            percent = 0.0
        share = f"{percent / 100:g}" if 1.0 < percent <= 100.0 else "0.75"
        return f"give a share between 0 and 1, e.g. --quality-threshold {share}"
    if key == "campaign.target":
        return "give a number of samples of at least 1, e.g. --campaign-target 34500"
    return f"give {key} a value in its range (the default is {_default_of(key)!r})"


_DEFAULT_DOCUMENT = Recipe().model_dump(mode="json")


def _default_of(key: str) -> Any:
    return dict(_leaves(_DEFAULT_DOCUMENT)).get(key)
