"""What follows a campaign by itself: its datasets are exported, sent away and trained on, the models evaluated.

Owns the words of ``after_campaign`` and ``evaluation`` in a recipe, their order, and the tasks that they come to. Does
none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field

from agents.campaign.digest import digest
from agents.campaign.section import Section

FollowUp = Literal["export", "transfer", "train", "evaluate"]
FOLLOW_UPS: tuple[FollowUp, ...] = get_args(FollowUp)
"""In the order in which they are done."""

BASE = "base"
"""Names the model that a trained one was made from."""

_NEEDS: dict[FollowUp, FollowUp] = {"transfer": "export", "train": "export", "evaluate": "train"}
_OF_EACH_DATASET = ("train", "evaluate")
_LONGEST = 100
"""Characters of a run's name."""


class EvaluationSection(Section):
    """How the models are evaluated that are trained after a campaign. Not part of the fingerprint."""

    count: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Tickets of each dataset's test split that are asked; all of them when unset."""
    before: str | None = Field(default=BASE, min_length=1)
    """What is compared with: ``base``, a folder, or a model of the recipe; nothing when unset."""
    max_cost: float | None = Field(default=None, gt=0.0, le=1e12, allow_inf_nan=False)
    """Money that the evaluation of one dataset never passes, where a model of the recipe is asked."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that is done after a campaign: for one dataset, or for all of them where ``dataset`` is None."""

    follow_up: FollowUp
    dataset: str | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.follow_up if self.dataset is None else f"{self.follow_up} {self.dataset}"

    @property
    def need(self) -> Task | None:
        """What must have been done before."""
        need = _NEEDS.get(self.follow_up)
        return None if need is None else Task(need, self.dataset if need in _OF_EACH_DATASET else None)

    def run(self, campaign: str) -> str:
        """Return the name under which it is started after ``campaign``, in its form for runs."""
        name = f"{campaign}.{self.name.replace(' ', '.')}"
        if len(name) <= _LONGEST and ".." not in name:
            return name
        return f"{name[: _LONGEST - 9].replace('..', '.')}-{digest(name)[:8]}"


def check_follow_ups(names: Sequence[FollowUp]) -> None:
    """Return if ``names`` can be done one after the other; raises ValueError otherwise."""
    if list(names) != [name for name in FOLLOW_UPS if name in names]:
        raise ValueError(f"names each at most once, in this order: {', '.join(FOLLOW_UPS)}")
    for name in names:
        if (need := _NEEDS.get(name)) is not None and need not in names:
            raise ValueError(f"{name} needs {need} before it")


def tasks_of(names: Iterable[FollowUp], datasets: Sequence[str]) -> list[Task]:
    """Return what ``names`` come to for ``datasets``, in the order in which it is done."""
    return [
        task
        for name in names
        for task in ([Task(name, dataset) for dataset in datasets] if name in _OF_EACH_DATASET else [Task(name)])
    ]
