"""The programs that do what follows a campaign: their command lines, what each makes, and how that is told.

Reads files that they write. Starts none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.autonomous.generators import Generator
from agents.campaign.datasets import wanted
from agents.campaign.digest import digest
from agents.campaign.errors import CampaignError, DamagedFileError
from agents.campaign.files import read_json
from agents.campaign.follow_ups import Task, tasks_of
from agents.campaign.home import Home
from agents.campaign.plan import Plan

_MANIFEST = "manifest.json"
_PROGRESS = ("progress", "total", "percentage", "loss", "eval_loss", "eta")

Document = dict[str, Any]


def programs_of(plan: Plan, home: Home) -> dict[Task, FollowUpProgram]:
    """Return the program of each task that the recipe of ``plan`` has after its campaign, in order.

    Raises:
        UsageError: no dataset of the recipe is made of its domains.
    """
    recipe = plan.recipe
    datasets = tuple(wanted((), recipe.datasets, list(recipe.domains))) if recipe.after_campaign else ()
    return {
        task: FollowUpProgram(task, plan, home, (task.dataset,) if task.dataset else datasets)
        for task in tasks_of(recipe.after_campaign, datasets)
    }


@dataclass(frozen=True)
class FollowUpProgram:
    """What does ``task`` for ``datasets``."""

    task: Task
    plan: Plan
    home: Home
    datasets: Sequence[str]

    def generator(self) -> Generator:
        """Return it as what can be started under a warden; its fingerprint says how the task is wanted."""
        argv = (sys.executable, "-m", *self._arguments())
        values = {key: value for key, value in self.plan.values().items() if key.startswith(self._deciding)}
        run = self.task.run(self.plan.recipe.campaign.name)
        return Generator("follow_up", run, 0, argv, digest("follow-up", list(argv), values), is_ours=False)

    @property
    def has_made_all(self) -> bool:
        """Whether what it makes on this machine is there, made from this campaign, by what is written last."""
        run = self.plan.recipe.campaign.name
        try:
            match self.task.follow_up:
                case "export":
                    return all(_read(self._folder_of(name) / _MANIFEST).get("run") == run for name in self.datasets)
                case "train":
                    trained_on = _read(self._output / _MANIFEST).get("dataset")
                    return isinstance(trained_on, dict) and trained_on.get("run") == run
        except DamagedFileError:
            return False
        return True

    def result(self) -> Document:
        """Return what it came to.

        Raises:
            CampaignError: its files do not tell.
        """
        try:
            match self.task.follow_up:
                case "export":
                    return {name: _read(self._folder_of(name) / _MANIFEST)["samples"] for name in self.datasets}
                case "transfer":
                    return {name: self._sent(name) for name in self.datasets}
                case "train":
                    return self._trained()
                case "evaluate":
                    return self._evaluated()
        except (LookupError, TypeError) as error:
            raise CampaignError(
                f"what {self.task.name} has written does not tell what came of it ({error!r})",
                f"look at the end of {self.home.follow_ups_log}",
            ) from error

    def progress(self) -> Document:
        """Return how far it is, where it is a training that tells of itself."""
        try:
            status = read_json(self.home.training_status) if self.task.follow_up == "train" else None
        except DamagedFileError:
            return {}
        if status is None or status.get("output") != str(self._output):
            return {}
        return {name: status[name] for name in _PROGRESS if status.get(name) is not None}

    def _folder_of(self, dataset: str) -> Path:
        return self.home.datasets / dataset

    @property
    def _output(self) -> Path:
        """The folder of the model that is trained: where the options of its dataset say, else a place of ours."""
        dataset = str(self.task.dataset)
        options = [part for option in self.plan.recipe.datasets[dataset].training for part in option.split("=", 1)]
        named = options[options.index("--output") + 1 :][:1] if "--output" in options else []
        return Path(named[0]).expanduser().absolute() if named else self.home.models / dataset

    def _sent(self, dataset: str) -> Document:
        record = _read(self.home.datasets / f"{dataset}.transfers.json")["transfers"][-1]
        return {name: record[name] for name in ("host", "path", "bytes")}

    def _trained(self) -> Document:
        manifest = _read(self._output / _MANIFEST)
        told = ("base_model", "steps", "loss", "tokens_per_second")
        return {"model": str(self._output)} | {name: manifest[name] for name in told}

    def _evaluated(self) -> Document:
        """Return the newest report on the model that was trained, in short."""
        found = (self.home.evaluations / str(self.task.dataset)).glob("*/report.json")
        for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
            if self._is_on_own_model(report := _read(path)):
                rates = {role: _rate(model["overall"]) for role, model in report["models"].items()}
                return {"report": str(path.with_name("report.txt"))} | rates
        raise LookupError(f"no report on {self._output}")

    def _is_on_own_model(self, report: Document) -> bool:
        return Path(report["models"]["after"]["place"]).is_relative_to(self._output)

    @property
    def _deciding(self) -> tuple[str, ...]:
        """How the keys of the recipe begin that say how it is done; the command line says the rest."""
        match self.task.follow_up:
            case "export":
                return ("datasets.", "splits.", "curation.")
            case "transfer":
                return ("transfer.",)
            case "evaluate":
                return (f"models.{self.plan.recipe.evaluation.before}.",)
        return ()

    def _arguments(self) -> list[str]:
        recipe = [] if self.plan.recipe_path is None else ["--recipe", str(self.plan.recipe_path)]
        match self.task.follow_up:
            case "export":
                run = self.plan.recipe.campaign.name
                return ["agents.training.exporter", "--input", run, "--output", *self.datasets, *recipe]
            case "transfer":
                return ["agents", "transfer", *self.datasets, *recipe]
            case "train":
                return ["agents", "train", *self.datasets, "--output", str(self._output)]
            case "evaluate":
                evaluation = self.plan.recipe.evaluation
                arguments = ["agents", "evaluate", *self.datasets, "--model", str(self._output), *recipe]
                arguments += ["--before", evaluation.before] if evaluation.before else []
                arguments += ["--max-cost", str(evaluation.max_cost)] if evaluation.max_cost else []
                return arguments + (["--count", str(evaluation.count)] if evaluation.count else [])


def _rate(overall: Document) -> Document:
    return {name: overall[name] for name in ("tickets", "pass_rate", "low", "high")}


def _read(path: Path) -> Document:
    return read_json(path) or {}
