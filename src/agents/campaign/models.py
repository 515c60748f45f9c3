"""Language models as a recipe names them: where they are, how they are asked, for how long, at what price.

Owns the keys below ``models``. Never asks one and never sees a key: only the names of the variables that have them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import Url

from agents.campaign.secrets import hidden, holders, is_like_key
from agents.campaign.section import JsonObject, Price, Seconds, Section

KEY = "OPENAI_API_KEY"
"""The variable that has the key where the recipe names none."""
Structured = Literal["json_schema", "json_object", "none"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_ADDRESS = re.compile(
    r"https?://(?:\w[\w-]{0,62}(?:\.[\w-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[^\s?#@\\]*)?"
)


def checked_address(url: str | None) -> str | None:
    """Return ``url``; raises ValueError where it is none, or has a name, a password or a query in it."""
    if url is not None and not (_ADDRESS.fullmatch(url) and _is_url(url)):
        raise ValueError("is no address like http://127.0.0.1:8000/v1, without a name, a password or a query in it")
    return url


def _is_url(text: str) -> bool:
    """Return whether the host and the port of ``text`` can be some."""
    try:
        Url(text)
    except ValueError:
        return False
    return True


def _checked_variables(names: Any) -> Any:
    """Return ``names``, one or several; raises ValueError where one is not that of a variable, or looks like a key."""
    for name in names if isinstance(names, list | tuple) else (names,):
        if not isinstance(name, str) or _VARIABLE.fullmatch(name) is None:
            raise ValueError("is no name of a variable")
        if is_like_key(name):
            raise ValueError("looks like a key itself, and not like the name of the variable that has it")
    return names


def answering(domain: str, alias: str) -> str:
    """Return the name under which the models are known that answer for ``domain``: those of a fallback apart."""
    return f"{domain} by {alias}" if alias else domain


def judging(domain: str) -> str:
    """Return the name under which the models are known that judge answers for ``domain``."""
    return f"{domain}, judged"


@dataclass(frozen=True, slots=True)
class Lane:
    """One way to a model: an address, and the variable that has the key for it."""

    base_url: str | None
    key: str


class EndpointSection(Section):
    """One of several servers of a model."""

    base_url: str
    """Its address, up to ``/v1``."""
    key: str | tuple[str, ...] = KEY
    """Name of the variable that has the key for it; of several, all are used."""

    _is_an_address = field_validator("base_url")(checked_address)
    _names_variables = field_validator("key", mode="before")(_checked_variables)


class ModelSection(Section):
    """A language model: where it is, how it is asked, for how long."""

    model: str = Field(min_length=1, max_length=200)
    """The name that its server knows it by."""
    base_url: str | None = None
    """Address of a server that speaks the chat protocol, up to ``/v1``; the variable OPENAI_BASE_URL when unset."""
    key: str | tuple[str, ...] = KEY
    """Name of the variable that has the key, never the key itself; of several, all are used."""
    endpoints: tuple[EndpointSection, ...] | None = Field(default=None, min_length=1, max_length=64)
    """Several servers of the same model, instead of ``base_url`` and ``key``; each is asked as fast as it allows."""
    fallbacks: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=16)
    """Other models of the recipe that are asked, in this order, where this one cannot answer."""
    temperature: float | None = Field(default=None, ge=0.0, le=5.0, allow_inf_nan=False)
    """How freely it draws its words; what the server does when unset."""
    top_p: float | None = Field(default=None, gt=0.0, le=1.0, allow_inf_nan=False)
    """From which share of the likeliest words it draws; what the server does when unset."""
    max_tokens: int = Field(default=4_096, ge=1, le=10_000_000)
    """The most tokens of one answer."""
    extra_body: JsonObject = Field(default={})
    """What else is said in every request, as the server wants it."""
    structured: Structured | None = None
    """How a schema is told: as JSON schema, as just JSON, or not at all; unset, as JSON schema."""
    stream: bool = False
    """Whether answers come in pieces; a silence between two of them is then a timeout."""
    input_price: Price | None = None
    """Price of a million tokens that it reads; ``costs.input`` when unset."""
    output_price: Price | None = None
    """Price of a million tokens that it writes; ``costs.output`` when unset."""
    timeout_seconds: Seconds = 120.0
    """An answer that takes longer is given up, and asked for again."""
    tries: int = Field(default=5, ge=1, le=100)
    """Calls for one ticket that may come to nothing; refusals for rate do not count."""

    _is_an_address = field_validator("base_url")(checked_address)
    _names_variables = field_validator("key", mode="before")(_checked_variables)

    @field_validator("extra_body")
    @classmethod
    def _holds_no_secret(cls, body: dict[str, Any]) -> dict[str, Any]:
        if (holder := next(holders(body), None)) is not None:
            raise ValueError(f"{hidden(holder)!r} looks like it holds a secret, and a recipe is stored and shown")
        return body

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if self.endpoints is not None and (self.base_url is not None or self.key != KEY):
            raise ValueError("names endpoints, which have an address and a key each: leave out base_url and key")
        return self

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Every address with every key for it."""
        places = self.endpoints or (self,)
        return tuple(
            Lane(place.base_url, key)
            for place in places
            for key in ((place.key,) if isinstance(place.key, str) else place.key)
        )
