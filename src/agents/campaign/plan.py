"""The plan: a recipe resolved (flag > environment > recipe > default), frozen, every value with its origin.

Owns resolution, origins and the fingerprint. The recipe's keys and ranges belong to ``recipe``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.campaign.recipe import Recipe, leaves
from agents.campaign.recipe_errors import usage_error

DEFAULT = "default"

NOT_IN_FINGERPRINT = (
    *("name", "policy", "candidates", "trials", "pilot", "gate", "campaign", "guards", "costs", "watch", "speed"),
    *("datasets", "splits", "curation", "transfer", "after_campaign", "evaluation"),
)
"""Sections that change how many samples are made, when, how fast or who decides; never what is made."""

DECISIVE_OF_MODELS = ("model", "temperature", "top_p", "max_tokens", "extra_body", "structured")
"""Keys of a model that change its answers; the others say where it is and how patient one is."""

ENVIRONMENT = {
    "QUALITY_THRESHOLD": "gate.quality_threshold",
    "CAMPAIGN_TARGET": "campaign.target",
    "AUTO_LAUNCH": "campaign.auto_launch",
}
RECIPE_VARIABLE = "CAMPAIGN_RECIPE"

_NAMED = ("domains", "candidates", "datasets")
"""Sections of a recipe in which a person gives names; a dot separates the parts of a key, so no name has one."""

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


def is_decisive(key: str) -> bool:
    """Return whether the value of dotted ``key`` can be part of a fingerprint."""
    section, *rest = key.split(".")
    return section not in NOT_IN_FINGERPRINT and (
        section != "models" or rest[1:2] == [] or rest[1] in DECISIVE_OF_MODELS
    )


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
            UsageError: it cannot be read, is not YAML, is not a mapping, or gives something a name with a dot.
        """
        try:
            with path.open(encoding="utf-8") as file:
                document = yaml.load(file, Loader=_RecipeLoader)  # noqa: S506 -- a SafeLoader
            values = dict(leaves(document)) if isinstance(document, dict) else {}
        except FileNotFoundError as error:
            raise UsageError(
                f"recipe {path} does not exist", "check its path; campaign init FILE writes one"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"recipe {path} cannot be read: {error}", "make it a readable UTF-8 file") from error
        except RecursionError as error:
            raise UsageError(f"recipe {path} contains itself or is nested too deeply", "write it flat") from error
        except yaml.YAMLError as error:
            raise UsageError(f"recipe {path} is not YAML: {error}", "mend the line named above") from error
        if not values:
            raise UsageError(f"recipe {path} holds no keys", "see recipes/alttp_yaze.yaml for the shape of a recipe")
        for section in _NAMED:
            names = document[section] if isinstance(document.get(section), dict) else ()
            if dotted := next((str(name) for name in names if "." in str(name)), None):
                raise UsageError(
                    f"{dotted!r} cannot be a name below {section} (recipe {path})", "use letters, digits, '_' and '-'"
                )
        return cls(values, dict.fromkeys(values, f"recipe {path}"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A validated recipe and where each of its values came from."""

    recipe: Recipe
    origins: Mapping[str, str] = field(default_factory=dict)
    recipe_path: Path | None = None
    candidate: str | None = None
    """The candidate of the recipe that this is the plan of."""

    def origin(self, key: str) -> str:
        """Return where the value of dotted ``key`` came from."""
        return self.origins.get(key, DEFAULT)

    def fingerprint(self, code: Mapping[str, str]) -> str:
        """Return the digest of all that changes what is generated or judged.

        Args:
            code: the version of each domain's code, by domain.
        """
        made_by = self.recipe.model_dump(mode="json", exclude=set(NOT_IN_FINGERPRINT), exclude_none=True)
        models = {
            alias: {name: value for name, value in model.items() if name in DECISIVE_OF_MODELS}
            for alias, model in made_by.pop("models").items()
        }
        fallbacks = {
            alias: [models[other] for other in model.fallbacks or ()] for alias, model in self.recipe.models.items()
        }
        if self.recipe.asked_model is not None:
            own = str(self.recipe.teacher.model)
            made_by["model"] = models[own]
            made_by |= {"fallbacks": fallbacks[own]} if fallbacks[own] else {}
        judges = {name: domain.judge.model for name, domain in self.recipe.domains.items() if domain.judge}
        if judges:
            made_by["judges"] = {name: [models[alias], *fallbacks[alias]] for name, alias in judges.items()}
        return digest(made_by, dict(code))

    def with_auto_launch(self) -> Plan:
        """Return the plan of a launch that needs no further question."""
        campaign = self.recipe.campaign.model_copy(update={"auto_launch": True})
        return replace(self, recipe=self.recipe.model_copy(update={"campaign": campaign}))

    def with_candidate(self, name: str) -> Plan:
        """Return the plan of one candidate; raises UsageError where there is none of this name."""
        prefix = f"candidates.{name}."
        origins = {key: origin for key, origin in self.origins.items() if not key.startswith("candidates.")}
        own = {key.removeprefix(prefix): origin for key, origin in self.origins.items() if key.startswith(prefix)}
        origins |= {key: f"candidate {name} ({origin})" for key, origin in own.items()}
        return replace(self, recipe=self.recipe.with_candidate(name), origins=origins, candidate=name)

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON values; ``Plan.parsed`` reads them."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "origins": dict(self.origins),
            "recipe_path": str(self.recipe_path) if self.recipe_path else None,
            "candidate": self.candidate,
        }

    @classmethod
    def parsed(cls, document: Mapping[str, Any]) -> Plan:
        """Return the plan that ``document()`` of another one gave."""
        path = document["recipe_path"]
        recipe = Recipe.model_validate(document["recipe"])
        return cls(recipe, document["origins"], Path(path) if path else None, document.get("candidate"))

    def values(self) -> dict[str, Any]:
        """Return every value by dotted key."""
        return dict(leaves(self.recipe.model_dump(mode="json")))


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
        raise usage_error(error, origins) from error
    return Plan(recipe, origins, recipe_path)


def plan_of_ledger(values: Mapping[str, Any]) -> Plan:
    """Return the plan with the values that a ledger keeps, and what they do not say yet as this version has it."""
    return resolve(Layer(values, dict.fromkeys(values, "the ledger")))


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


class _RecipeLoader(yaml.SafeLoader):
    """YAML of plain values, in which a key that is written twice is an error, and every error names its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError) as error:  # a scalar that only looks like one of its tag
            kind = node.tag.rpartition(":")[2]
            raise yaml.constructor.ConstructorError(None, None, f"this is no {kind}", node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        written = set()
        for key in _scalar_keys(node):
            if key.value in written:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} is written twice", key.start_mark
                )
            written.add(key.value)
        return super().construct_mapping(node, deep)


def _scalar_keys(node: yaml.Node) -> list[yaml.ScalarNode]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [key for key, _ in pairs if isinstance(key, yaml.ScalarNode)]


def _switch(variable: str, text: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise UsageError(f"{variable}={text!r} is neither yes nor no", "use true/1/yes/on or false/0/no/off")
    return value


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    """Put ``value`` at ``key``; a plain value where a section belongs stays, so that it is refused."""
    *path, last = key.split(".")
    for name in path:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        document = inner
    document[last] = value
