"""The datasets of a recipe: which samples each one holds, how they are split, and what is kept out of them.

Owns the keys ``datasets``, ``splits`` and ``curation``, and which domains a name means. Selects and writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from agents.campaign.errors import UsageError
from agents.campaign.section import PositiveShare, Section, Share

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

FormatName = Literal[
    "qwen", "chatml", "llama3", "mistral", "gemma", "alpaca", "sharegpt", "messages", "prompt-completion"
]

OTHER_NAMES = {"cpp": "yaze"}
"""Names that earlier generators gave to domains, and what these are called here."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TOLERANCE = 1e-6


class DatasetSection(Section):
    """One dataset: samples of some domains, at most so many."""

    domains: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(min_length=1, max_length=1_000)
    """Whose samples it holds; one that a campaign does not have is left out."""
    at_most: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Of more samples these many are chosen, balanced over families and difficulties; all when unset."""
    script: str | None = Field(default=None, pattern=r"^train_[A-Za-z0-9_]{1,90}\.py\Z")
    """Name of its training script; ``train_`` and the dataset's name without its size when unset."""
    training: tuple[str, ...] = Field(default=(), max_length=100)
    """Options of that script where a person gives no others, such as ``--model`` and a folder."""

    def domains_of(self, known: Collection[str]) -> tuple[list[str], list[str]]:
        """Return which of the ``known`` domains are meant, and which are meant that are not known."""
        meant = {name: name if name in known else OTHER_NAMES.get(name, name) for name in self.domains}
        found = [name for name in dict.fromkeys(meant.values()) if name in known]
        return found, [name for name, own in meant.items() if own not in known]


class SplitsSection(Section):
    """The share of each split; together 1. A share of 0 makes none."""

    train: PositiveShare = 0.9
    validation: Share = 0.05
    """What is looked at while a model is trained."""
    test: Share = 0.05
    """What is looked at when it has been trained."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > _TOLERANCE:
            raise ValueError(f"shares sum to {total:.7g}, not to 1")
        return self

    @property
    def shares(self) -> dict[Split, float]:
        """The splits that are made, with their shares."""
        shares: dict[Split, float] = {"train": self.train, "validation": self.validation, "test": self.test}
        return {split: share for split, share in shares.items() if share > 0}


class CurationSection(Section):
    """How every dataset is made: in which form, and what is kept out of it."""

    format: FormatName = "messages"
    """The form of its lines where nobody asks for another one."""
    near_duplicate: PositiveShare = 0.7
    """Jaccard similarity of token shingles from which two samples must not be in different splits."""
    max_tokens: int = Field(default=4_096, ge=16, le=10_000_000)
    """Longer samples are left out and counted; none is ever cut."""
    decontaminate: tuple[str, ...] = Field(default=(), max_length=1_000)
    """Patterns of files, text or JSON lines, with what no sample may repeat; relative ones start at the recipe's
    folder."""
    licence: str | None = Field(default=None, min_length=1, max_length=100)
    """SPDX name of the licence that the datasets are given; what their sources have in common when unset."""


DEFAULT_DATASETS = {
    "alttp_asm_24k": DatasetSection(domains=("asm", "oracle", "errors"), at_most=24_000),
    "yaze_tools_7k": DatasetSection(domains=("yaze",), at_most=7_000),
}


def check_names(datasets: Mapping[str, DatasetSection]) -> None:
    """Return if every dataset has a name that a folder can have; raises ValueError otherwise."""
    for wrong in (name for name in datasets if _NAME.fullmatch(name) is None):
        raise ValueError(f"{wrong!r} cannot name a dataset: use letters, digits, '_' and '-', at most 100")


def wanted(
    names: Collection[str], datasets: Mapping[str, DatasetSection], domains: Collection[str]
) -> dict[str, DatasetSection]:
    """Return the definitions of ``names``; of all that have a domain of ``domains`` where none is named.

    Raises:
        UsageError: there is none of that name, or it has nothing to do with ``domains``.
    """
    possible = {name: section for name, section in datasets.items() if section.domains_of(domains)[0]}
    for name in names:
        if name not in datasets:
            known = ", ".join(possible) or "none that this run has samples for"
            raise UsageError(
                f"no dataset {name!r} is defined",
                f"name one of those below `datasets` in the recipe: {known}; or define it and give --recipe FILE",
            )
        if name not in possible:
            raise UsageError(
                f"dataset {name!r} is made of {', '.join(datasets[name].domains)}, "
                f"and this run has only {', '.join(domains)}",
                "export another dataset, or define this one with those domains and give --recipe FILE",
            )
    if not possible:
        raise UsageError(
            f"no dataset is defined for the domains of this run ({', '.join(domains)})",
            "define one below `datasets` in a recipe and give --recipe FILE",
        )
    return {name: datasets[name] for name in names} if names else possible
