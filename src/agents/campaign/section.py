"""What every part of a recipe is: frozen, complete, without unknown keys.

Owns the manners of sections and the ranges that many of them share. Knows no key.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
PositiveShare = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0.0, le=86_400.0, allow_inf_nan=False)]
Price = Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)]
"""Of a million tokens, in any currency."""


def _checked_json(document: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps(document)
    except TypeError as error:
        raise ValueError(f"cannot be written as JSON: {error}") from None
    return document


JsonObject = Annotated[dict[str, Any], AfterValidator(_checked_json)]
"""A document that can be sent, hashed and stored."""


class Section(BaseModel):
    """A part of a recipe: unknown keys are refused, values never change.

    Patterns are Python's: those of pydantic's own engine take 60 ms of every start to prepare.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re")

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("input should not be a yes or no")
        return value
