"""How a run becomes datasets: which ones, from which settings, and what their manifests say.

Owns the order of an export. Changes nothing where a dataset is there already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from agents.campaign.clock import stamp
from agents.campaign.datasets import DatasetSection, wanted
from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import RunHeader
from agents.campaign.plan import Layer, plan_of_ledger, resolve
from agents.campaign.recipe import Recipe
from agents.training.card import card
from agents.training.curate.tally import Tally
from agents.training.datasets import parquet
from agents.training.datasets.curating import Account, Curator
from agents.training.datasets.files import REJECTED, write_columns, write_lines, write_rejected
from agents.training.datasets.folder import (
    verified,
    write_manifest,
    write_text,
    written_beside,
)
from agents.training.datasets.lengths import counted, estimated
from agents.training.datasets.provenance import gate_verdict, provenance
from agents.training.datasets.references import read_references
from agents.training.datasets.snapshot import Snapshot
from agents.training.datasets.wish import Dataset, Wish
from agents.training.formats import FORMATS, Format
from agents.training.trainer import write_training

EXPORT_VERSION = "1"
"""Changes when the same settings come to other files."""
CARD = "README.md"
_SHOWN_NAMES = 8
_RECIPE = "recipe "


def export(home: Home, wish: Wish, now: datetime, say: Callable[[str], object] = lambda _: None) -> list[Dataset]:
    """Write the datasets that are wished for, or verify those that are there. ``say`` hears what is going on.

    Raises:
        UsageError: the run, a dataset or a form does not exist, the run is not finished, or a split would be empty.
        AnotherPlanError: a folder holds another export.
        DamagedFileError: a dataset that is there does not match its manifest, or the ledger is damaged.
        AlreadyRunningError: another export is at work.
        PausedError: a folder cannot be written.
    """
    if wish.form is not None and wish.form not in FORMATS:
        raise UsageError(f"there is no format {wish.form!r}", f"use one of {', '.join(FORMATS)}")
    ledger = home.run(wish.run).ledger
    if not ledger.exists():
        raise _unknown_run(home, wish.run)
    with Lease(home.training / "export.lease", "export"), Snapshot.of(ledger) as snapshot:
        if snapshot is None:
            raise UsageError(f"run {wish.run!r} has only begun", "wait until its first tickets are planned")
        progress = snapshot.progress
        if not (progress.is_complete or wish.is_partial):
            raise UsageError(
                f"run {wish.run!r} is not finished: {progress.done} of {progress.total}",
                "wait for its end (campaign status), or export what is there with --partial",
            )
        return Export(home, wish, snapshot, now, say).datasets()


@dataclass
class Export:
    """One export of a run, whose ledger is open."""

    home: Home
    wish: Wish
    snapshot: Snapshot
    now: datetime
    say: Callable[[str], object]

    def __post_init__(self) -> None:
        header = self.snapshot.header
        self.made_by, own_folder = _recipe_of(header)
        self.settings, folder = (self.made_by, own_folder) if self.wish.recipe is None else _recipe_at(self.wish.recipe)
        curation = self.settings.curation
        references, self.references = read_references(curation.decontaminate, folder)
        self.form: Format = FORMATS[self.wish.form or curation.format]
        self.wish = replace(self.wish, form=self.form.name)
        self.curator = Curator(
            self.snapshot,
            self.settings.splits,
            curation.near_duplicate,
            self.wish.max_tokens or curation.max_tokens,
            self.form,
            counted(self.wish.tokenizer) if self.wish.tokenizer else estimated(),
            references,
        )

    def datasets(self) -> list[Dataset]:
        """Return the datasets; none is begun while something else is in the place of one of them."""
        found = wanted(self.wish.names, self.settings.datasets, list(self.made_by.domains))
        identities = {name: self._identity(name, section) for name, section in found.items()}
        there = {name: verified(self.home.datasets / name, identity) for name, identity in identities.items()}
        if None in there.values():
            self.say("comparing the splits of the run")
            if len(self.curator.leaks):
                self.say(f"{len(self.curator.leaks):,} samples are like one of another split, and are left out")
        return [
            Dataset(
                self.home.datasets / name,
                there[name] or self._made(name, section, identities[name]),
                is_new=there[name] is None,
                notes=tuple(self._notes(section)),
            )
            for name, section in found.items()
        ]

    def _notes(self, section: DatasetSection) -> list[str]:
        notes = []
        if missing := section.domains_of(self.made_by.domains)[1]:
            notes.append(f"this run has no domain {', '.join(missing)}: nothing of it is in there")
        if not (self.wish.jsonl_only or parquet.is_installed()):
            notes.append(f"no Parquet files, as pyarrow is not installed: {parquet.CURE}")
        return notes

    def _identity(self, name: str, section: DatasetSection) -> dict[str, Any]:
        """Return what two exports have in common that come to the same files."""
        header = self.snapshot.header
        settings = {
            "domains": section.domains_of(self.made_by.domains)[0],
            "at_most": section.at_most,
            "splits": self.settings.splits.shares,
            "near_duplicate": self.curator.near_duplicate,
            "max_tokens": self.curator.max_tokens,
            "tokenizer": self.curator.lengths.identity,
            "references": self.references,
            "licence": self.settings.curation.licence,
            "script": section.script,
            "training": list(section.training),
            "has_parquet": not self.wish.jsonl_only and parquet.is_installed(),
            "has_rejected": self.wish.with_rejected,
            "accepted": self.snapshot.accepted,
            "last": self.snapshot.last,
            "version": EXPORT_VERSION,
        }
        return {
            "dataset": name,
            "run": header.run,
            "kind": header.kind,
            "total": header.total,
            "fingerprint": header.fingerprint,
            "format": self.form.name,
            "settings": settings,
        }

    def _made(self, name: str, section: DatasetSection, identity: dict[str, Any]) -> dict[str, Any]:
        domains = section.domains_of(self.made_by.domains)[0]
        self.say(f"{name}: writing")
        account, splits = Account(), list(self.settings.splits.shares)
        with written_beside(self.home.datasets / name) as beside:
            files = write_lines(beside, splits, self.curator.lines(domains, section.at_most, account))
            if identity["settings"]["has_parquet"]:
                files |= write_columns(beside, splits, self.form.columns)
            files |= write_training(beside, name, section.script, section.training)
            if self.wish.with_rejected:
                files[REJECTED] = write_rejected(beside / REJECTED, self.snapshot.path, domains)
            tally = Tally(splits, account.pool)
            _check_splits(name, self.form, account, tally)
            manifest = {
                **identity,
                "is_partial": not self.snapshot.progress.is_complete,
                "created": stamp(self.now),
                "code": self.snapshot.header.code,
                "accept_at": self.made_by.checks.accept_at,
                "samples": len(account.pool),
                "splits": tally.splits(),
                "cells": tally.cells(),
                "left_out": dict(sorted(account.left_out.items())),
                "not_chosen": account.not_chosen,
                "lack_text": account.lack_text,
                "lengths": {"about": self.curator.lengths.about, "is_exact": self.curator.lengths.is_exact},
                "columns": list(self.form.columns),
                "about_format": self.form.about,
                **provenance(self.snapshot.path, self.snapshot.header, self._licensed(), domains),
                "gate": gate_verdict(self.home, self.snapshot.header),
                "commands": [*_making(self.snapshot.header), self.wish.command()],
                "files": files,
            }
            files[CARD] = write_text(beside / CARD, card(manifest))
            write_manifest(beside, manifest)
        return manifest

    def _licensed(self) -> Recipe:
        return self.made_by.model_copy(update={"curation": self.settings.curation})


def _check_splits(name: str, form: Format, account: Account, tally: Tally) -> None:
    left_out = ", ".join(f"{reason}: {count}" for reason, count in sorted(account.left_out.items()))
    told = f" (left out: {left_out})" if left_out else ""
    if not len(account.pool):
        raise UsageError(
            f"dataset {name!r} would have no sample in format {form.name}{told}",
            "use another --format, raise --max-tokens, or generate samples of its domains",
        )
    if tally.empty:
        raise UsageError(
            f"dataset {name!r} would have nothing in {' and '.join(tally.empty)}: "
            f"its {len(account.pool)} samples are too few for such shares{told}",
            "generate more samples, raise --max-tokens if many are too long, or give --recipe FILE with larger shares, "
            "e.g. splits: {train: 0.6, validation: 0.2, test: 0.2}; a share of 0 makes no split",
        )


def _making(header: RunHeader) -> list[str]:
    """Return the command line that generates the run again; none of a pilot or a trial."""
    if header.kind != "campaign":
        return []
    origins = (origin for origin in header.origins.values() if origin.startswith(_RECIPE))
    recipe = next((f" --recipe {Path(origin.removeprefix(_RECIPE)).name}" for origin in origins), "")
    return [
        f"python -m agents.training.scripts.generate_campaign --target {header.total} "
        f"--output-name {header.run}{recipe}"
    ]


def _recipe_of(header: RunHeader) -> tuple[Recipe, Path]:
    """Return the recipe that made a run, with what it did not say yet as this version has it, and its folder."""
    origins = (origin for key, origin in header.origins.items() if key.startswith("curation."))
    places = [Path(origin.removeprefix(_RECIPE)).parent for origin in origins if origin.startswith(_RECIPE)]
    return plan_of_ledger(header.values).recipe, places[0] if places else Path.cwd()


def _recipe_at(path: Path) -> tuple[Recipe, Path]:
    path = path.expanduser().absolute()
    return resolve(Layer.of_recipe(path), recipe_path=path).recipe, path.parent


def _unknown_run(home: Home, name: str) -> CampaignError:
    known = sorted(ledger.parent.name for ledger in home.runs.glob("*/ledger.sqlite"))
    near = get_close_matches(name, known, n=3) or known[:_SHOWN_NAMES]
    told = f"did you mean {', '.join(near)}?" if near else "generate one first: campaign auto"
    return UsageError(f"there is no run {name!r} in {home.runs}", told)
