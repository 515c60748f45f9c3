"""The knobs of the stand-in: how slow, strict, broken or poor it is.

Owns their names, ranges and defaults. Never decides what a request gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from agents.campaign.errors import UsageError
from agents.campaign.section import Section, Share

Seconds = Annotated[float, Field(ge=0.0, le=86_400.0, allow_inf_nan=False)]
Amount = Annotated[int, Field(ge=0)]

ANSWER_FAULTS = ("malformed", "fenced", "empty", "refusal", "slow", "cut")
"""Faults of an answer that is paid for."""
OTHER_FAULTS = ("reset", "silent", "html")
"""Faults in place of an answer, beside the status codes."""


class Knobs(Section):
    """How the stand-in behaves; flags and ``POST /knobs`` have the same names, values and ranges."""

    model_config = ConfigDict(use_attribute_docstrings=True, coerce_numbers_to_str=True)

    latency: Seconds = 0.0
    """seconds until an answer"""
    jitter: Seconds = 0.0
    """up to so many seconds more, drawn evenly"""
    rate: Annotated[float, Field(gt=0.0, le=1e6, allow_inf_nan=False)] | None = None
    """requests that are let through in any second, without telling; 429 to the others"""
    burst: Annotated[int, Field(ge=1)] | None = None
    """requests that --rate lets through at once: so many in any BURST / RATE seconds (default: a second's)"""
    retry_after: Annotated[str, Field(pattern=r"^(none|date|garbage|\d+(\.\d+)?)$")] = "none"
    """the header of every 429: none, date, garbage or seconds"""
    faults: dict[str, Share] = Field(default_factory=dict)
    """shares of requests that go wrong, e.g. 429=0.05,500=0.02,reset=0.01; a status code, malformed, fenced, empty,
    refusal, slow, cut (in the middle), reset, silent (never an answer) or html"""
    drip: Seconds = 30.0
    """seconds that a slow answer takes"""
    quota: Amount | None = None
    """answers that every key has; then 429 insufficient_quota"""
    key: str | None = None
    """the keys that are let in, with commas between them; 401 to the others (default: anybody)"""
    revoke_after: Amount | None = None
    """answers after which a key is revoked: 401"""
    model: Annotated[str, Field(min_length=1)] | None = None
    """the one model there is; 404 to requests for another (default: whichever is asked for)"""
    switch_model: Annotated[str, Field(pattern=r"^\d+:.+$")] | None = None
    """N:MODEL: after N answers the others come from MODEL, and say so"""
    context_limit: Amount | None = None
    """words that a request may have, with those it wants back; 400 context_length_exceeded beyond"""
    max_answers: Amount | None = None
    """answers after which the stand-in ends"""
    batch_seconds: Seconds = 1.0
    """seconds that a batch takes"""
    batch_room: Amount | None = None
    """requests that the batches of a key may have at once; another batch fails with token_limit_exceeded"""
    batch_expires: Share = 0.0
    """share of the requests of batches that expire"""
    answer: Literal["json", "fenced", "text", "echo"] = "json"
    """an object with instruction and output, the same in a fence, its output alone, or the prompt"""

    @field_validator("faults", mode="before")
    @classmethod
    def _written_faults(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return dict(pair.strip().rpartition("=")[::2] for pair in value.split(",") if pair.strip())

    @model_validator(mode="after")
    def _checked_faults(self) -> Self:
        for name in self.faults:
            is_status = len(name) == 3 and name.isdecimal() and name[0] in "45"
            if not is_status and name not in ANSWER_FAULTS + OTHER_FAULTS:
                known = ", ".join(ANSWER_FAULTS + OTHER_FAULTS)
                raise ValueError(f"there is no fault {name!r}; a status from 400 to 599, or one of {known}")
        if sum(self.faults.values()) > 1.0 + 1e-9:
            raise ValueError("the shares of faults may not be more than 1 together")
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Knobs:
        """Return the knobs with these values and the defaults; raises UsageError for what is impossible."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"]) or "faults"
            reason = first["msg"].removeprefix("Value error, ")
            known = ", ".join(cls.model_fields)
            raise UsageError(f"{name}: {reason}", f"see --help; the knobs are {known}") from None
