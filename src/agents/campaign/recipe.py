"""What a person writes: the sections of a recipe, their ranges and their defaults.

Owns the meaning of every key. Never reads a file and knows nothing of flags or variables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from string import Formatter
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from agents.campaign.datasets import DEFAULT_DATASETS, CurationSection, DatasetSection, SplitsSection, check_names
from agents.campaign.described import DomainSection, PolicySection
from agents.campaign.destination import TransferSection
from agents.campaign.errors import UsageError
from agents.campaign.follow_ups import EvaluationSection, FollowUp, check_follow_ups
from agents.campaign.home import checked_name
from agents.campaign.models import ModelSection
from agents.campaign.section import PositiveShare, Price, Seconds, Section, Share

WEIGHT_TOLERANCE = 1e-6
TRIAL_STEP = 10
"""A trial has a multiple of so many tickets: the first of a long one are those of a short one."""
_CANDIDATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
BATCH_HOURS = 25.0
"""A batch is answered within a day, or has expired then."""
BATCH_SIZE = 5_000
"""Requests of a batch at most where a recipe does not say."""
PLACES = ("target", "output_name", "log")
"""What is filled in into the arguments of somebody's own generator."""


DEFAULT_DOMAINS = {
    "asm": DomainSection(weight=0.55),
    "oracle": DomainSection(weight=0.15),
    "yaze": DomainSection(weight=0.22),
    "errors": DomainSection(weight=0.08),
}


class TeacherSection(Section):
    """Who answers the tickets."""

    kind: Literal["procedural", "chat", "batch"] = "procedural"
    fault_rate: Share = 0.05
    """Share of tickets that the procedural teacher answers with a real mistake."""
    model: str | None = None
    """Of a chat or batch teacher: its name below ``models``."""
    batch_size: int | None = Field(default=None, ge=1, le=50_000)
    """Of a batch teacher: requests of one batch at most; 5,000 when unset."""


class ChecksSection(Section):
    """What makes a sample acceptable."""

    accept_at: PositiveShare = 0.70
    """A sample of at least this quality is accepted."""
    near_duplicate: PositiveShare = 0.85
    """Jaccard similarity of token shingles from which a sample counts as a near-duplicate."""


class PilotSection(Section):
    """The run that is judged before the campaign is paid for."""

    tickets: int = Field(default=190, ge=1, le=1_000_000)
    top_up: int = Field(default=190, ge=0, le=1_000_000)
    """Tickets that are added while the evidence proves nothing; 0 adds none."""
    max_tickets: int = Field(default=570, ge=1, le=10_000_000)
    """A pilot is never topped up beyond this."""
    log: str | None = None
    """Log of somebody else's pilot; set, the built-in pilot is never started."""
    fresh_hours: float = Field(default=24.0, gt=0.0, le=10_000.0, allow_inf_nan=False)
    """A finished pilot of somebody else is launched on until its log is this old, or a person approves it."""


class GateSection(Section):
    """The rule that decides on the launch."""

    rule: Literal["auto", "evidence", "threshold"] = "auto"
    """``auto`` weighs the evidence of a pilot of ours, and holds one that is only watched to the threshold."""
    quality_threshold: PositiveShare = 0.75
    min_samples: int = Field(default=150, ge=1, le=1_000_000)
    error_level: float = Field(default=0.05, ge=1e-6, le=0.5, allow_inf_nan=False)
    """Chance that a pilot is approved whose campaign would stay below the threshold; of rejecting a good one too."""
    acceptance_floor: Share = 0.5
    """The accepted share must be proven to be above this; 0 asks for nothing."""
    domain_floors: dict[str, PositiveShare] = Field(default={})
    """Mean quality that single domains must be proven to be above."""
    most_duplicates: Share = 0.2
    """The share of tickets that repeat another one must be proven to be below this; 1 asks for nothing."""
    most_unreadable: Share = 0.2
    """The share of answers that cannot be read must be proven to be below this; 1 asks for nothing."""
    most_unjudged: Share = 0.05
    """Where the judge itself failed on a larger share of the answers, the pilot counts as not measured."""
    approval_hours: float = Field(default=168.0, gt=0.0, le=100_000.0, allow_inf_nan=False)
    """An approval older than this is not launched on."""


class CampaignSection(Section):
    """The run that owes a number of accepted samples."""

    target: int = Field(default=34_500, ge=1, le=100_000_000)
    output_name: str | None = None
    auto_launch: bool = True
    tickets_per_sample: float = Field(default=3.0, ge=1.0, le=1_000.0, allow_inf_nan=False)
    """Ticket budget, as a multiple of the target."""
    on_exhausted: Literal["stop", "redistribute"] = "stop"
    """A domain without new items or tickets pauses the campaign once the others have their share, or they make up."""
    use_active_learning: bool = True
    command: tuple[str, ...] | None = None
    """Somebody's own generator as an argument list; {target}, {output_name} and {log} are filled in."""
    restarts: int = Field(default=2, ge=0, le=1_000)
    """How often a campaign that died is started again within ten minutes."""

    @field_validator("output_name")
    @classmethod
    def _names_a_run(cls, name: str | None) -> str | None:
        try:
            return None if name is None else checked_name(name)
        except UsageError as error:
            raise ValueError("cannot name a run") from error

    @field_validator("command")
    @classmethod
    def _can_be_started(cls, command: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if command is not None and not "".join(command[:1]):
            raise ValueError("names no program")
        for argument in command or ():
            if "\0" in argument or not _has_known_places(argument):
                raise ValueError(f"argument {argument!r} has something in it that cannot be filled in")
        return command

    @property
    def name(self) -> str:
        """The run's name: ``output_name``, or ``full_campaign_<target>``."""
        return self.output_name or f"full_campaign_{self.target}"


def _has_known_places(argument: str) -> bool:
    try:
        parts = list(Formatter().parse(argument))
    except ValueError:
        return False
    return all(place is None or (place in PLACES and not form and not kind) for _, place, form, kind in parts)


class FailureBudgetsSection(Section):
    """The share of tickets that may fail in each class of failure; 1 watches nothing."""

    empty: Share = 0.2
    refused: Share = 0.2
    truncated: Share = 0.2
    failed: Share = 0.2
    unreadable: Share = 0.2
    unjudged: Share = 0.05
    duplicate: Share = 0.2


class GuardsSection(Section):
    """What pauses a campaign of ours while it runs. Not part of the fingerprint."""

    error_level: float = Field(default=0.05, ge=1e-6, le=0.5, allow_inf_nan=False)
    """Chance of a false alarm in a whole campaign."""
    quality_floor: Share | None = None
    """Mean quality that must not be fallen below; ``gate.quality_threshold`` when unset, 0 watches nothing."""
    acceptance_floor: Share | None = None
    """Accepted share that must not be fallen below; ``gate.acceptance_floor`` when unset, 0 watches nothing."""
    failure_budgets: FailureBudgetsSection = FailureBudgetsSection()
    most_imbalance: Share = 0.1
    """How far a domain's share of the accepted samples may be off; 1 watches nothing, and so does redistribution."""
    max_tickets: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Tickets that are never passed, whatever ``campaign.tickets_per_sample`` allows."""
    max_cost: float | None = Field(default=None, gt=0.0, le=1e12, allow_inf_nan=False)
    """Money that one run never passes: an attempt begins only when its dearest answer is still below.

    Trials, pilot and campaign are runs of their own.
    """
    min_free_gb: float = Field(default=0.2, ge=0.0, le=1_000_000.0, allow_inf_nan=False)
    """Space on the ledger's disk below which no attempt begins."""
    max_hours: float | None = Field(default=None, gt=0.0, le=100_000.0, allow_inf_nan=False)
    """Hours after which one start of the generator begins no more tickets."""


class CostsSection(Section):
    """What the teacher costs and how often it may be asked. Not part of the fingerprint."""

    input: Price | None = None
    """Price of a million tokens that the teacher reads, in any currency."""
    output: Price | None = None
    """Price of a million tokens that it writes."""
    answer_tokens: int = Field(default=4_096, ge=1, le=10_000_000)
    """The most tokens of one answer: so much is reserved before it is asked for."""
    requests_per_day: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """How often the teacher may be asked on one day."""


class CandidateSection(Section):
    """One way to make the samples, of several that are tried; what it leaves out is as in the rest of the recipe."""

    teacher: TeacherSection = TeacherSection()
    costs: CostsSection = CostsSection()


class TrialsSection(Section):
    """How the candidates are compared before the pilot. Not part of the fingerprint."""

    tickets: int = Field(default=240, ge=1, le=10_000_000)
    """Tickets of all trials together."""


class WatchSection(Section):
    """How often the agents look. Not part of the fingerprint."""

    pilot_seconds: Seconds = 10.0
    campaign_seconds: Seconds = 60.0
    stall_minutes: float = Field(default=10.0, gt=0.0, le=10_000.0, allow_inf_nan=False)
    """Alive without a finished sample for this long is called a stall."""


class SpeedSection(Section):
    """Knobs that change how fast samples come, never which. Not part of the fingerprint."""

    parallel: bool = True
    workers: int | None = Field(default=None, ge=1, le=1_024)
    """Worker processes; one per processor when unset."""
    in_flight: int = Field(default=128, ge=1, le=100_000)
    """Tickets that are worked on at the same time."""


class Recipe(Section):
    """Everything that a person may decide about a campaign."""

    name: str = "alttp_yaze"
    seed: int = Field(default=65_816, ge=0, le=2**63 - 1)
    domains: dict[str, DomainSection] = Field(default=DEFAULT_DOMAINS, min_length=1)
    models: dict[str, ModelSection] = Field(default={}, max_length=64)
    """Language models by an alias; what changes their answers is part of the fingerprint of a plan that asks them."""
    teacher: TeacherSection = TeacherSection()
    checks: ChecksSection = ChecksSection()
    policy: PolicySection = PolicySection()
    """Which sources may be used. Not part of the fingerprint."""
    candidates: dict[str, CandidateSection] = Field(default={}, max_length=64)
    """Ways to make the samples, by name; the best of them goes to the pilot. Not part of the fingerprint."""
    trials: TrialsSection = TrialsSection()
    pilot: PilotSection = PilotSection()
    gate: GateSection = GateSection()
    campaign: CampaignSection = CampaignSection()
    guards: GuardsSection = GuardsSection()
    costs: CostsSection = CostsSection()
    watch: WatchSection = WatchSection()
    speed: SpeedSection = SpeedSection()
    datasets: dict[str, DatasetSection] = Field(default=DEFAULT_DATASETS, max_length=1_000)
    """What is made of the samples, by name. Not part of the fingerprint."""
    splits: SplitsSection = SplitsSection()
    """How the samples are split, by what they are made from. Not part of the fingerprint."""
    curation: CurationSection = CurationSection()
    """Their form, and what is kept out of them. Not part of the fingerprint."""
    transfer: TransferSection = TransferSection()
    """Where datasets are sent to. Not part of the fingerprint."""
    after_campaign: tuple[FollowUp, ...] = ()
    """What is done by itself when the campaign is complete. Not part of the fingerprint."""
    evaluation: EvaluationSection = EvaluationSection()
    """How trained models are evaluated then. Not part of the fingerprint."""

    @model_validator(mode="before")
    @classmethod
    def _candidates_differ_from_the_rest(cls, document: Any) -> Any:
        """Fill in what candidates leave out."""
        candidates = document.get("candidates") if isinstance(document, Mapping) else None
        if not isinstance(candidates, Mapping):
            return document
        filled = {name: _filled(candidate, document) for name, candidate in candidates.items()}
        return {**document, "candidates": filled}

    @field_validator("domains")
    @classmethod
    def _weights_sum_to_one(cls, domains: dict[str, DomainSection]) -> dict[str, DomainSection]:
        total = sum(domain.weight for domain in domains.values())
        if abs(total - 1.0) > WEIGHT_TOLERANCE:
            raise ValueError(f"weights sum to {total:.7g}, not to 1")
        return domains

    @field_validator("datasets")
    @classmethod
    def _datasets_can_be_folders(cls, datasets: dict[str, DatasetSection]) -> dict[str, DatasetSection]:
        check_names(datasets)
        return datasets

    @field_validator("after_campaign")
    @classmethod
    def _follow_ups_have_what_they_need(cls, names: tuple[FollowUp, ...]) -> tuple[FollowUp, ...]:
        check_follow_ups(names)
        return names

    @model_validator(mode="after")
    def _follow_ups_can_be_done(self) -> Self:
        if self.after_campaign and self.campaign.command is not None:
            raise UsageError(
                "after_campaign exports from a ledger, and somebody's own generator (campaign.command) writes none",
                "leave out after_campaign, and use what your generator has written",
            )
        if self.after_campaign and not any(one.domains_of(self.domains)[0] for one in self.datasets.values()):
            domains = ", ".join(self.domains)
            raise UsageError(
                f"after_campaign exports datasets, and none is made of a domain of this recipe: {domains}",
                "define one below `datasets`, or leave out after_campaign",
            )
        if "evaluate" in self.after_campaign and self.splits.test == 0:
            raise UsageError(
                "after_campaign evaluates on the test split, and splits.test is 0",
                "give it a share, e.g. splits: {train: 0.9, validation: 0.05, test: 0.05}",
            )
        before = self.evaluation.before
        if self.evaluation.max_cost is not None and before in self.models and None in self.prices(before):
            raise UsageError(
                f"evaluation.max_cost is set and the prices of model {before!r} are not: no cost could be known",
                f"set models.{before}.input_price and output_price, the prices of a million tokens",
            )
        return self

    @model_validator(mode="after")
    def _teachers_are_known(self) -> Self:
        for teacher in [self.teacher, *(candidate.teacher for candidate in self.candidates.values())]:
            if teacher.kind != "procedural" and teacher.model not in self.models:
                known = ", ".join(self.models) or "none"
                raise UsageError(
                    f"teacher.model = {teacher.model!r} is no model of this recipe",
                    f"name one below `models`: {known}",
                )
        return self

    @model_validator(mode="after")
    def _models_that_are_named_are_there(self) -> Self:
        named = {f"models.{alias}.fallbacks": model.fallbacks or () for alias, model in self.models.items()}
        named |= {f"domains.{name}.judge.model": (d.judge.model,) for name, d in self.domains.items() if d.judge}
        known = ", ".join(self.models) or "none"
        for key, aliases in named.items():
            if wrong := next((alias for alias in aliases if alias not in self.models), None):
                raise UsageError(f"{key} names {wrong!r}, no model of this recipe", f"name some of `models`: {known}")
            own = key.split(".")[1]
            if key.startswith("models.") and (own in aliases or len(set(aliases)) < len(aliases)):
                raise UsageError(f"{key} names a model twice, or itself", "name every other model once")
        return self

    @model_validator(mode="after")
    def _batches_have_no_fallbacks(self) -> Self:
        for teacher in [self.teacher, *(candidate.teacher for candidate in self.candidates.values())]:
            if teacher.kind == "batch" and self.models[str(teacher.model)].fallbacks:
                raise UsageError(
                    f"models.{teacher.model}.fallbacks names models that a batch teacher never asks",
                    f"leave out models.{teacher.model}.fallbacks, or ask call by call: teacher.kind: chat",
                )
        return self

    @model_validator(mode="after")
    def _texts_have_a_teacher(self) -> Self:
        described = [name for name, domain in self.domains.items() if domain.sources is not None]
        teachers = [self.teacher, *(candidate.teacher for candidate in self.candidates.values())]
        if described and any(teacher.kind == "procedural" for teacher in teachers):
            raise UsageError(
                f"domain {described[0]!r} is made of texts, which the procedural teacher knows nothing about",
                "let a model answer: teacher: {kind: chat, model: ALIAS}, and ALIAS below `models`",
            )
        return self

    @model_validator(mode="after")
    def _cost_can_be_known(self) -> Self:
        recipes = [self.with_candidate(name) for name in self.candidates] or [self]
        asked = [(recipe, alias) for recipe in recipes for alias in recipe.asked_aliases or (None,)]
        if self.guards.max_cost is not None and any(None in recipe.prices(alias) for recipe, alias in asked):
            raise UsageError(
                "guards.max_cost is set and the prices are not: no cost could be known",
                "set costs.input and costs.output, the prices of a million tokens, or those of each model that is "
                "asked: models.*.input_price and output_price",
            )
        return self

    @model_validator(mode="after")
    def _candidates_can_be_compared(self) -> Self:
        names = list(self.candidates)
        if not names:
            return self
        if wrong := next((name for name in names if _CANDIDATE.fullmatch(name) is None), None):
            raise UsageError(
                f"{wrong!r} cannot name a candidate", "use letters, digits, '_' and '-', at most 40, e.g. careful"
            )
        if self.campaign.command is not None or self.pilot.log is not None:
            raise UsageError(
                "candidates are tried by the built-in generator, and this recipe names another pilot or campaign",
                "leave out candidates, or campaign.command and pilot.log",
            )
        if len(names) < 2:
            raise UsageError(f"{names[0]!r} is the only candidate", "name another one, or move its keys to the top")
        for first, second in combinations(names, 2):
            if self.candidates[first].teacher == self.candidates[second].teacher:
                raise UsageError(
                    f"candidates {first!r} and {second!r} make the same samples",
                    "leave one of them out, or change something below its teacher",
                )
        if self.trials.tickets < (least := TRIAL_STEP * len(names) * halvings(len(names))):
            raise UsageError(
                f"trials.tickets is {self.trials.tickets}, too few for {len(names)} candidates",
                f"raise it to at least {least}",
            )
        return self

    @model_validator(mode="after")
    def _pilot_can_be_enough(self) -> Self:
        if self.pilot.tickets < self.gate.min_samples:
            raise UsageError(
                f"pilot.tickets is {self.pilot.tickets}, fewer than gate.min_samples ({self.gate.min_samples}): "
                "such a pilot could never be approved",
                f"raise pilot.tickets to at least {self.gate.min_samples}, or lower gate.min_samples",
            )
        name, section = min(self.domains.items(), key=lambda item: item[1].weight)
        if len(self.domains) > 1 and self.pilot.tickets * section.weight < 1:
            raise UsageError(
                f"domain {name!r} has a weight of {section.weight:g}, which is no ticket of a pilot of "
                f"{self.pilot.tickets}: nothing would be known of it",
                f"raise pilot.tickets to at least {math.ceil(1 / section.weight)}, or its weight",
            )
        return self

    @property
    def asked_model(self) -> ModelSection | None:
        """The model that a chat or batch teacher asks; None of another teacher."""
        return None if self.teacher.kind == "procedural" else self.models[str(self.teacher.model)]

    @property
    def asked_aliases(self) -> tuple[str, ...]:
        """The models that may be asked, by alias: the teacher's own, its fallbacks, the judges and theirs."""
        own = (str(self.teacher.model),) if self.asked_model is not None else ()
        judges = (domain.judge.model for domain in self.domains.values() if domain.judge is not None)
        asked = ((alias, *(self.models[alias].fallbacks or ())) for alias in (*own, *judges))
        return tuple(dict.fromkeys(alias for of_one in asked for alias in of_one))

    def prices(self, alias: str | None) -> tuple[float | None, float | None]:
        """Return the prices of a million tokens that model ``alias`` reads and writes; None is the procedural teacher.

        Batches cost half as much wherever they are offered; so their prices are to be given as they are billed.
        """
        own = None if alias is None else self.models[alias]
        reads, writes = (None, None) if own is None else (own.input_price, own.output_price)
        return (
            self.costs.input if reads is None else reads,
            self.costs.output if writes is None else writes,
        )

    @property
    def at_once(self) -> int:
        """How many tickets are worked on at a time: of a batch teacher, about as many as a batch has."""
        return (self.teacher.batch_size or BATCH_SIZE) if self.teacher.kind == "batch" else self.speed.in_flight

    @property
    def stall_minutes(self) -> float:
        """How long a run of this recipe may give nothing; one whose batches take hours may do so for a day more."""
        return self.watch.stall_minutes + (BATCH_HOURS * 60 if self.teacher.kind == "batch" else 0.0)

    def with_candidate(self, name: str) -> Recipe:
        """Return the recipe of one candidate, without the others.

        Raises:
            UsageError: there is none of this name.
        """
        if name not in self.candidates:
            known = ", ".join(self.candidates) or "none"
            raise UsageError(f"there is no candidate {name!r}", f"name one below `candidates` in the recipe: {known}")
        candidate = self.candidates[name]
        return self.model_copy(update={"teacher": candidate.teacher, "costs": candidate.costs, "candidates": {}})


def halvings(candidates: int) -> int:
    """Return how often ``candidates``, at least one, must be halved until one is left."""
    return max(1, math.ceil(math.log2(candidates)))


def _filled(candidate: Any, document: Mapping[str, Any]) -> Any:
    if not isinstance(candidate, Mapping):
        return candidate
    filled = dict(candidate)
    for section in CandidateSection.model_fields:
        rest, own = document.get(section, {}), candidate.get(section, {})
        if isinstance(rest, Mapping) and isinstance(own, Mapping):
            filled[section] = {**rest, **own}
    return filled


def leaves(document: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of a nested document with its dotted key; a mapping that is empty or has dots is a value."""
    for name, value in document.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and not any("." in str(inner) for inner in value):
            yield from leaves(value, f"{key}.")
        else:
            yield key, value
