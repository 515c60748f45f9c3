"""The questions of a dataset: its test split with the tickets behind it, and the domains that judge the answers.

Owns what must be there before a model is asked. Reads the dataset, and the ledger of its run where that is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.described import DomainSection
from agents.campaign.digest import digest
from agents.campaign.errors import DamagedFileError, UsageError
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.plan import Layer, plan_of_ledger, resolve
from agents.campaign.recipe import Recipe
from agents.training import domains as known_domains
from agents.training.calls_in_text import text_of
from agents.training.datasets.finished import EXPORT, find_finished, not_finished
from agents.training.datasets.folder import MANIFEST, checksum
from agents.training.described_domain import DescribedDomain
from agents.training.domains import Domain
from agents.training.evaluation.results import Question
from agents.training.judge import Domains
from agents.training.sample import Cell, Message, SourceItem, ToolCall
from agents.training.sft.dataset import fingerprint_of

SPLIT = "test"
_FILE = f"{SPLIT}.jsonl"
_SHOWN_NAMES = 8

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Examination:
    """The questions of dataset ``name``, whose test split has ``tickets``, and who judges the answers.

    An answer passes from quality ``accept_at`` on. ``identity`` names the split, ``fingerprint`` the whole dataset;
    ``not_measured`` says what the answers cannot show, in sentences.
    """

    name: str
    fingerprint: str
    run: str
    tickets: int
    questions: tuple[Question, ...]
    domains: Domains
    recipe: Recipe
    accept_at: float
    identity: str
    not_measured: tuple[str, ...]


def examination(home: Home, name: str | None, recipe: Path | None) -> Examination:
    """Return the examination of a dataset: its name, or its folder; the only one there is where it is None.

    ``recipe`` has models, and domains of one's own where the ledger of the run is not here.

    Raises:
        UsageError: there is no such dataset, it has no test split, or it was made by other domains than these.
        DamagedFileError: the split is not what was exported.
    """
    folder = _folder_of(home.datasets, name)
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        raise UsageError(
            f"{folder} has no {MANIFEST}: it is no finished dataset", "export it: python -m agents.training.exporter"
        )
    rows = list(_rows(folder, manifest))
    ledger = home.run(manifest["run"]).ledger
    header = LedgerView(ledger).header()
    made_by = None if header is None else plan_of_ledger(header.values).recipe
    given = None if recipe is None else resolve(Layer.of_recipe(recipe), recipe_path=recipe).recipe
    sections = {**(made_by.domains if made_by else {}), **(given.domains if given else {})}
    domains, not_measured = _domains_of(rows, manifest, sections)
    asked = [row for row in rows if row["metadata"]["domain"] in domains]
    tickets = _tickets(asked, ledger)
    return Examination(
        name=folder.name,
        fingerprint=fingerprint_of(folder),
        run=manifest["run"],
        tickets=len(rows),
        questions=tuple(_question(folder / _FILE, row, tickets) for row in asked),
        domains=domains,
        recipe=given or made_by or Recipe(),
        accept_at=manifest["accept_at"],
        identity=digest(manifest["files"][_FILE]["sha256"]),
        not_measured=tuple(not_measured),
    )


def _folder_of(datasets: Path, name: str | None) -> Path:
    known = find_finished(datasets)
    if name is None:
        if len(known) != 1:
            what = f"there are {len(known)} datasets" if known else f"there is no dataset in {datasets}"
            raise UsageError(what, f"name one: {', '.join(known[:_SHOWN_NAMES])}" if known else EXPORT)
        return datasets / known[0]
    if name in known:
        return datasets / name
    if (Path(name) / MANIFEST).is_file():
        return Path(name).absolute()
    error = not_finished(datasets, name)
    raise UsageError(error.what, f"{error.cure}; or give the path of its folder")


def _rows(folder: Path, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the test split."""
    entry = manifest["files"].get(_FILE)
    if entry is None or not entry["samples"]:
        raise UsageError(
            f"dataset {folder.name!r} has no {SPLIT} split: there is nothing that its student has not seen",
            "export it with a share for it, e.g. splits: {train: 0.9, validation: 0.05, test: 0.05} in the recipe",
        )
    path = folder / _FILE
    if not path.is_file() or checksum(path) != entry["sha256"]:
        raise DamagedFileError(f"{path} is not the file that was exported", f"export again: mv {folder} {folder}.old")
    with path.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            if "prompt" in row:
                row["messages"] = [*row.pop("prompt"), *row.pop("completion")]
            if "messages" not in row:
                raise UsageError(
                    f"format {manifest.get('format')} of dataset {folder.name!r} has no messages to ask with",
                    "export it in another one into another home or under another name, e.g. --format messages",
                )
            yield row


def _domains_of(
    rows: list[dict[str, Any]], manifest: Mapping[str, Any], sections: Mapping[str, DomainSection]
) -> tuple[dict[str, Domain], list[str]]:
    """Return the domains that can judge answers, and what cannot be measured, in sentences."""
    judging: dict[str, Domain] = {}
    not_measured = []
    for name in sorted({row["metadata"]["domain"] for row in rows}):
        section = sections.get(name)
        if section is not None and section.sources is not None:
            if (why := _why_not(section)) is None:
                judging[name] = DescribedDomain(name, section, ())
                not_measured.append(
                    f"whether what is said in domain {name} is true: its checks read, and prove nothing"
                )
            else:
                count = sum(row["metadata"]["domain"] == name for row in rows)
                not_measured.append(f"the {count:,} tickets of domain {name} were not asked: {why}")
        elif name in known_domains.names():
            judging[name] = _same_version(known_domains.load(name), manifest)
        else:
            raise UsageError(
                f"domain {name!r} is one of your own, and neither its recipe nor the ledger of run {manifest['run']!r} "
                "is here",
                "give the recipe that made the run: --recipe FILE",
            )
    return judging, not_measured


def _why_not(section: DomainSection) -> str | None:
    if section.judge is not None:
        return "a model judges them, and no procedure can"
    answer = section.answer
    if answer is not None and (answer.json_schema is not None or answer.sample is not None):
        return "its checks read the form in which a teacher answers, and the student learned another one"
    return None


def _same_version(domain: Domain, manifest: Mapping[str, Any]) -> Domain:
    made_by = manifest["code"].get(domain.name)
    if made_by != domain.version:
        raise UsageError(
            f"the dataset was made by version {made_by} of domain {domain.name}, and this is version {domain.version}",
            "evaluate with the version of the program that made it, or generate and export anew",
        )
    return domain


Tickets = dict[str, tuple[dict[str, Any], int]]
"""Item and variant of tickets by their ids."""


def _tickets(rows: list[dict[str, Any]], ledger: Path) -> Tickets:
    """Return what the rows tell of their tickets, and of the others what the ledger does."""
    found: Tickets = {}
    for metadata in (row["metadata"] for row in rows):
        if "item" in metadata and "variant" in metadata:
            item = metadata["item"]
            found[metadata["id"]] = orjson.loads(item) if isinstance(item, str) else item, metadata["variant"]
    missing = {row["metadata"]["id"] for row in rows} - found.keys()
    if missing:
        for stored in LedgerView(ledger).stored():
            if stored["id"] in missing:
                found[stored["id"]] = stored["item"], stored["variant"]
    if absent := len(missing - found.keys()):
        raise UsageError(
            f"{absent:,} tickets of the {SPLIT} split do not say what they were made from, and no ledger here does",
            "evaluate on the machine that generated them, or export the dataset anew and transfer it",
        )
    return found


def _question(path: Path, row: Row, tickets: Tickets) -> Question:
    metadata = row["metadata"]
    params, variant = tickets[metadata["id"]]
    item = SourceItem(metadata["domain"], Cell(metadata["family"], metadata["difficulty"]), params)
    turns = [_turn(turn) for turn in row["messages"]]
    if item.id != metadata["item_id"] or len(turns) < 2 or turns[-1].role != "assistant":
        raise DamagedFileError(f"ticket {metadata['id']} of {path} is not what its id names", "export the dataset anew")
    *asked, answer = turns
    if tools := row.get("tools"):
        asked[0] = replace(asked[0], tools=tuple(orjson.loads(tools) if isinstance(tools, str) else tools))
    return Question(metadata["id"], item, variant, tuple(asked), len(text_of(answer)))


def _turn(turn: Row) -> Message:
    calls = tuple(
        ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in turn.get("tool_calls") or ()
    )
    return Message(turn["role"], turn["content"], calls, turn.get("tool_call_id", ""))
