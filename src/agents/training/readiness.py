"""Whether what is to follow a campaign could be done on this machine: programs, packages, a card, options.

Looks before anything is paid for, so that nobody finds it out a day later. Does nothing of it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from agents.campaign.datasets import DatasetSection, wanted
from agents.campaign.errors import CampaignError
from agents.campaign.follow_ups import FollowUp
from agents.campaign.recipe import Recipe
from agents.training.sft.preflight import check_device, installed
from agents.training.sft.settings import Settings, parsed
from agents.training.sft.troubles import TrainingError
from agents.training.transfer.far_side import check_programs
from agents.training.transfer.sending import route_to


def unready(recipe: Recipe, environment: Mapping[str, str]) -> list[str]:
    """Return what keeps the follow-ups of ``recipe`` from being done here, each with its cure; nothing is fine."""
    return [trouble for follow_up in recipe.after_campaign for trouble in _troubles(follow_up, recipe, environment)]


def _troubles(follow_up: FollowUp, recipe: Recipe, environment: Mapping[str, str]) -> Iterator[str]:
    try:
        match follow_up:
            case "transfer":
                check_programs(environment)
                route_to(recipe.transfer)
            case "train":
                yield from _of_training(recipe)
            case "evaluate" if recipe.evaluation.before is not None:
                from agents.training.evaluation.student import check_before  # noqa: PLC0415 -- heavy

                check_before(recipe.evaluation.before, recipe)
    except CampaignError as error:
        yield f"{follow_up}: {_in_one_line(error.what, error.cure)}"


def _of_training(recipe: Recipe) -> Iterator[str]:
    try:
        installed()
    except TrainingError as error:
        yield f"train: {_in_one_line(error.what, error.cure)}"
        return
    for name, section in wanted((), recipe.datasets, list(recipe.domains)).items():
        try:
            _check(name, section)
        except TrainingError as error:
            yield f"train {name}: {_in_one_line(error.what, error.cure)}"


def _check(name: str, section: DatasetSection) -> None:
    """Return if the script of a dataset could begin; raises TrainingError."""
    settings = _settings(name, section)
    folders = {"--model": settings.model if settings.model.startswith(".") else None, "--output": settings.output}
    for option, folder in folders.items():
        if folder is not None and not Path(folder).expanduser().is_absolute():
            raise TrainingError(
                f"{option} {folder} is another folder wherever it is started", f"give its full path in {_key(name)}"
            )
    if settings.model[:1] in {"/", "~"} and not Path(settings.model).expanduser().is_dir():
        raise TrainingError(f"there is no model {settings.model}", f"name a folder or a hub model in {_key(name)}")
    if not (settings.is_made or settings.cpu):
        from agents.training.sft import models  # noqa: PLC0415 -- heavy

        check_device(settings, models.device(settings))


def _settings(name: str, section: DatasetSection) -> Settings:
    """Return the settings of the training script of dataset ``name``; raises TrainingError."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            return parsed(name, "", section.training)
    except SystemExit:
        words = said.getvalue().strip().rpartition("error: ")[2]
        raise TrainingError(f"its options cannot be: {words}", f"mend {_key(name)} in the recipe") from None


def _key(name: str) -> str:
    return f"datasets.{name}.training"


def _in_one_line(what: str, cure: str) -> str:
    return f"{what} ({cure})"
