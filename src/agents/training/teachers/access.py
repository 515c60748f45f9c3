"""Where a model is asked and with which key: the lanes of a recipe, with what the environment has for them.

Owns what is said about addresses and keys that are missing. Holds keys, and never shows one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from agents.campaign.errors import UsageError
from agents.campaign.models import KEY, ModelSection, checked_address

HOSTED = "https://api.openai.com/v1"
"""Where a model is asked that has no address."""
BASE_URL = "OPENAI_BASE_URL"
"""The variable that has another address for these."""
NO_KEY = "none"
"""What is said to a server of one's own, which wants no key."""

Warn = Callable[[str], None]
"""Is told in a sentence what a person should know and what stops nothing."""


def unheard(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Access:
    """An address up to ``/v1``, and a key for it from the variable of that name; "" where there is no key."""

    address: str
    variable: str
    key: str = field(default=NO_KEY, repr=False)

    @property
    def url(self) -> str:
        """Where questions are posted."""
        return f"{self.address.rstrip('/')}/chat/completions"

    def __str__(self) -> str:
        return f"{self.address} with the key of {self.variable}" if self.variable else self.address


def asked_models(models: Mapping[str, ModelSection], alias: str) -> dict[str, ModelSection]:
    """Return the model ``alias`` and its fallbacks, in the order in which they are asked."""
    return {name: models[name] for name in (alias, *(models[alias].fallbacks or ()))}


def check_models(
    models: Mapping[str, ModelSection], aliases: Iterable[str], environment: Mapping[str, str], warn: Warn = unheard
) -> None:
    """Check that each of the models ``aliases`` and its fallbacks has an address, and a key where one is wanted.

    Raises:
        UsageError: one has not.
    """
    for model in {name: model for alias in aliases for name, model in asked_models(models, alias).items()}.values():
        accesses_of(model, environment, warn)


def accesses_of(model: ModelSection, environment: Mapping[str, str], warn: Warn = unheard) -> tuple[Access, ...]:
    """Return every way to ``model`` that the environment opens; ``warn`` is told of variables that are not set.

    Raises:
        UsageError: an address that wants a key has none; an address or a key is none.
    """
    variables: dict[str, list[str]] = {}
    for lane in model.lanes:
        variables.setdefault(lane.base_url or _usual_address(environment), []).append(lane.key)
    return tuple(
        access for address, names in variables.items() for access in _accesses_at(address, names, environment, warn)
    )


def _accesses_at(address: str, variables: list[str], environment: Mapping[str, str], warn: Warn) -> list[Access]:
    keys = {name: _key(name, environment) for name in variables}
    missing = [name for name, key in keys.items() if not key]
    given: dict[str, Access] = {}
    for name, key in keys.items():
        if key:
            given.setdefault(key, Access(address, name, key))  # a key that two variables have counts once
    if given:
        for name in missing:
            warn(f"the variable {name} is not set: {address} is asked without its key")
        return list(given.values())
    if address.startswith("https://"):
        raise UsageError(
            f"the variable {' or '.join(missing)} is not set, and {address} wants a key",
            f"set {missing[0]}, in the environment or in a file .env beside the recipe, or name a server of yours: "
            f"models.*.base_url in the recipe, or {BASE_URL}",
        )
    for name in missing:
        if name != KEY:
            warn(f"the variable {name} is not set: {address} is asked without a key")
    return [Access(address, "")]


def _usual_address(environment: Mapping[str, str]) -> str:
    address = environment.get(BASE_URL, "").strip() or HOSTED
    try:
        checked_address(address)
    except ValueError as error:
        raise UsageError(f"the variable {BASE_URL} {error}", f"mend {BASE_URL}, or unset it") from None
    return address


def _key(variable: str, environment: Mapping[str, str]) -> str:
    key = environment.get(variable, "").strip()
    if re.fullmatch(r"[!-~]*", key) is None:
        raise UsageError(
            f"the variable {variable} has characters that no key has", f"put the key itself into {variable}"
        )
    return key
