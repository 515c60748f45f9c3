"""What is checked before a run: the plan, its domains, the run's identity, its ledger and its disk.

Owns the question "could this run start?". Never starts one and never writes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.clock import stamp
from agents.campaign.described import DomainSection, PolicySection
from agents.campaign.errors import UsageError
from agents.campaign.events import RunKind
from agents.campaign.home import Home, RunPaths
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.campaign.plan import Plan
from agents.campaign.recipe import BATCH_SIZE, Recipe
from agents.campaign.storage import check_storage
from agents.training import domains as known_domains
from agents.training.claims import claims_of
from agents.training.domains import Domain
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, Guards
from agents.training.identity import check_same_run
from agents.training.limits import Limits
from agents.training.opinion import SCHEMA
from agents.training.prices import Prices, Tariff
from agents.training.rounds import ROUND, Goal
from agents.training.sample import Cell

FACTORY_VERSION = "1"
"""Changes whenever rounds, picker, duplicates, verdicts or the procedural teacher give other samples than before."""

NO_CLAIMS = Claims()
LEAST_SILENCE_SECONDS = 60.0
"""Workers take seconds to start; however impatient a plan is, this is no sign of a teacher that hangs."""
BYTES_PER_SAMPLE = 16_384
"""Disk that a sample may need in its ledger and its export, generously, beside the text that it is made from."""
COPIES = 3
"""How often that text is stored: as an item, in the prompt, in the export."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could start now."""

    header: RunHeader
    plan: Plan
    domains: Mapping[str, Domain]
    goal: Goal
    paths: RunPaths
    claims: Claims = NO_CLAIMS
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many texts of each domain's sources cannot be used, by reason."""

    def after_pilot(self, run: str, home: Home) -> Prepared:
        """Return the campaign that warns where it falls below what pilot ``run`` proved; raises as ``claims_of``."""
        guards = self.plan.recipe.guards
        failures = guards.failure_budgets.model_dump()
        claims = claims_of(LedgerView(home.run(run).ledger), self.goal.weights, failures, guards.error_level)
        return replace(self, claims=claims)

    @property
    def cells(self) -> dict[str, Sequence[Cell]]:
        """The cells of each domain."""
        return {name: domain.cells() for name, domain in self.domains.items()}

    @property
    def guards(self) -> Guards | None:
        """What watches a campaign; a pilot is watched by the gate."""
        if self.header.kind != "campaign":
            return None
        recipe = self.plan.recipe
        given = {QUALITY: recipe.guards.quality_floor, ACCEPTANCE: recipe.guards.acceptance_floor}
        demanded = {measure: floor for measure, floor in given.items() if floor is not None}
        floors = {QUALITY: recipe.gate.quality_threshold, ACCEPTANCE: recipe.gate.acceptance_floor} | demanded
        budgets = recipe.guards.failure_budgets.model_dump()
        return Guards.of(
            floors,
            budgets,
            self.claims,
            domains=self.goal.weights,
            planned=self.goal.budget,
            error_level=recipe.guards.error_level,
            demanded={*demanded, *budgets},
            domain_floors=recipe.gate.domain_floors,
            most_imbalance=1.0 if self.goal.redistributes else recipe.guards.most_imbalance,
        )

    @property
    def limits(self) -> Limits:
        """The caps of the run: pilots and trials have those of money and disk."""
        guards = self.plan.recipe.guards
        if self.header.kind != "campaign":
            return Limits(max_cost=guards.max_cost, min_free_gb=guards.min_free_gb)
        return Limits(guards.max_tickets, guards.max_hours, guards.max_cost, guards.min_free_gb)

    @property
    def silence_seconds(self) -> float:
        """From which silence of everything in flight on the run is ended."""
        return max(LEAST_SILENCE_SECONDS, 60 * self.plan.recipe.stall_minutes)

    @property
    def tariff(self) -> Tariff:
        """What an answer costs, by who gives it."""
        recipe = self.plan.recipe
        if recipe.asked_model is None:
            return Tariff(Prices(*recipe.prices(None), recipe.costs.answer_tokens))
        return self.tariff_of(str(recipe.teacher.model))

    def tariff_of(self, alias: str) -> Tariff:
        """Return what an answer of model ``alias`` costs, or of one of its fallbacks."""
        others = self.plan.recipe.models[alias].fallbacks or ()
        return Tariff(self._prices(alias), {other: self._prices(other) for other in others})

    def _prices(self, alias: str) -> Prices:
        schemas = [*self.schemas.values(), SCHEMA]
        frame = max(len(orjson.dumps(dict(schema))) for schema in schemas)
        return Prices(*self.plan.recipe.prices(alias), self.plan.recipe.models[alias].max_tokens, frame)

    @property
    def schemas(self) -> dict[str, Mapping[str, Any]]:
        """The JSON schema of the answers of each domain that has one."""
        schemas = {name: getattr(domain, "schema", None) for name, domain in self.domains.items()}
        return {name: schema for name, schema in schemas.items() if schema is not None}

    def document(self) -> dict[str, Any]:
        """Return the run's identity as JSON values."""
        return {
            "run": self.header.run,
            "kind": self.header.kind,
            "total": self.header.total,
            "fingerprint": self.header.fingerprint,
            "ledger": str(self.paths.ledger),
            "capacity": {name: domain.capacity() for name, domain in self.domains.items()},
            "left_out": {name: dict(counts) for name, counts in self.left_out.items()},
            "unready": self._unready(),
        }

    def _unready(self) -> list[str]:
        if self.header.kind != "campaign" or not self.plan.recipe.after_campaign:
            return []
        from agents.training.readiness import unready  # noqa: PLC0415 -- heavy

        return unready(self.plan.recipe, os.environ)


def prepare(
    plan: Plan, kind: RunKind, name: str | None, home: Home, now: datetime, tickets: int | None = None
) -> Prepared:
    """Return the run of ``plan`` that could start now; ``name`` None means the default name of its kind.

    A pilot that is there may have grown beyond the plan's tickets, and grows to ``tickets`` where these are more.

    Raises:
        UsageError: a domain is unknown or empty, or the name cannot be one.
        AnotherPlanError: a run of this name was made by another plan.
        DamagedFileError: its ledger is damaged.
        CampaignError: its folder is not writable, or its disk is too full or not local.
    """
    recipe = plan.recipe
    loaded, left_out = load_domains(plan)
    code = {name: domain.version for name, domain in loaded.items()} | {"agents.training": FACTORY_VERSION}
    fingerprint = plan.fingerprint(code)
    total = {"trial": 0, "pilot": recipe.pilot.tickets, "campaign": recipe.campaign.target}[kind]
    of_its_kind = {
        "trial": f"trial_{plan.candidate}_{fingerprint[:8]}",
        "pilot": f"pilot_{total}_{fingerprint[:8]}",
        "campaign": recipe.campaign.name,
    }
    run = name or of_its_kind[kind]
    paths = home.run(run)
    header = RunHeader(run, kind, total, fingerprint, plan.values(), dict(plan.origins), code, stamp(now))
    view = LedgerView(paths.ledger)
    view.check_whole()
    there, progress = view.header(), view.progress()
    if kind != "campaign":
        total = max(total, tickets or 0, there.total if there else 0)
        header = replace(header, total=total)
    if there is not None:
        check_same_run(there, header, paths.ledger)
    done = progress.done or 0 if progress is not None else 0
    check_storage(paths.folder, _bytes_per_sample(recipe) * (total - done))
    return Prepared(header, plan, loaded, goal_of(plan, kind, run, total), paths, left_out=left_out)


def _parsed(path: Path) -> Any:
    """Return the JSON document in ``path``; raises ValueError where there is none."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def _bytes_per_sample(recipe: Recipe) -> int:
    sources = [source for section in recipe.domains.values() for source in section.sources or ()]
    return BYTES_PER_SAMPLE + COPIES * max((source.max_characters for source in sources), default=0)


def goal_of(plan: Plan, kind: RunKind, run: str, total: int) -> Goal:
    """Return how run ``run`` of this kind makes the ``total`` that it owes under ``plan``."""
    recipe = plan.recipe
    return Goal(
        run=run,
        kind=kind,
        total=total,
        seed=recipe.seed,
        weights={name: section.weight for name, section in recipe.domains.items()},
        budget=math.ceil(recipe.campaign.tickets_per_sample * total) if kind == "campaign" else total,
        active=recipe.campaign.use_active_learning,
        redistributes=recipe.campaign.on_exhausted == "redistribute",
        lot="trials" if kind == "trial" else None,
        shuffled=frozenset(name for name, section in recipe.domains.items() if section.sources is not None),
        round_size=(recipe.teacher.batch_size or BATCH_SIZE) if recipe.teacher.kind == "batch" else ROUND,
    )


def load_domains(plan: Plan) -> tuple[dict[str, Domain], dict[str, Mapping[str, int]]]:
    """Return the domains of ``plan`` by name, and of those made from texts what was left out, by reason.

    Raises:
        UsageError: one is unknown, has no kind of item, or its texts, templates or schema cannot be used.
    """
    folder = plan.recipe_path.parent if plan.recipe_path is not None else Path.cwd()
    loaded: dict[str, Domain] = {}
    left_out: dict[str, Mapping[str, int]] = {}
    for name, section in sorted(plan.recipe.domains.items()):
        if section.sources is None:
            loaded[name] = built_in(name, section.catalogue, folder)
            continue
        if name in known_domains.names():
            raise UsageError(f"domain {name!r} has sources, and is a built-in one", "give yours another name")
        loaded[name], left_out[name] = _described(name, section, folder, plan.recipe.policy)
    return loaded, left_out


def _described(
    name: str, section: DomainSection, folder: Path, policy: PolicySection
) -> tuple[Domain, Mapping[str, int]]:
    """Return the domain that ``section`` describes, and how many of its texts are left out, by reason."""
    from agents.training.described_domain import DescribedDomain  # noqa: PLC0415 -- heavy, and few need it
    from agents.training.sources import read  # noqa: PLC0415 -- the same

    reading = read(section.sources or (), folder, policy)
    return DescribedDomain(name, section, reading.pieces), reading.left_out


def built_in(name: str, catalogue: str | None, folder: Path) -> Domain:
    """Return the built-in domain ``name``, with the catalogue in the file of that name where one is given.

    Raises:
        UsageError: there is no such domain, or the file is no catalogue for it.
    """
    try:
        domain = known_domains.load(name, None if catalogue is None else _parsed(folder / Path(catalogue).expanduser()))
    except KeyError as error:
        raise UsageError(
            str(error.args[0]), "mend the key below `domains` in the recipe, or give it sources of your own"
        ) from error
    except ValueError as error:
        raise UsageError(
            f"domains.{name}.catalogue = {catalogue!r} cannot be used: {error}",
            "give a JSON file with a list of tools in the form of chat protocols, or leave it out",
        ) from error
    if not domain.cells():
        raise UsageError(f"domain {name!r} has no kind of item", "take it out of the recipe")
    return domain
