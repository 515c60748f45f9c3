"""Where the samples of a run come from: models, texts and their licences, versions, and what its gate said.

Owns what a dataset tells of that. Reads the ledger and the gate's last decision; decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from agents.campaign.described import DomainSection, SourceSection
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.campaign.recipe import Recipe

OWN_LICENCE = "MIT"
"""Of what this program's procedures make."""
MIXED = "see the sources"


def provenance(ledger: Path, header: RunHeader, recipe: Recipe, domains: Collection[str]) -> dict[str, Any]:
    """Return, as JSON values, where the samples of ``domains`` come from, and under which licence they are.

    ``recipe`` is the one that made the run; its ``curation.licence`` wins over what the sources have in common.
    """
    sections = {name: recipe.domains[name] for name in domains}
    answered = LedgerView(ledger).models()
    sources = [source for section in sections.values() for source in section.sources or ()]
    licences = {_licence(source) for source in sources}
    licences |= {OWN_LICENCE for section in sections.values() if not section.sources}
    return {
        "domains": list(sections),
        "languages": list(dict.fromkeys(map(_language, sections.values()))),
        "licence": recipe.curation.licence or (licences.pop() if len(licences) == 1 else MIXED),
        "provenance": {
            name: {
                "models": _models(name, answered),
                "made_from": "texts" if section.sources else f"a procedure, version {header.code.get(name, 'unknown')}",
                "prompts": _prompts(section),
                "sources": list(map(_source, section.sources or ())),
            }
            for name, section in sections.items()
        },
    }


def gate_verdict(home: Home, header: RunHeader) -> str:
    """Return what the gate said last, if it was about the plan that made this run; "" otherwise."""
    decision = read_json(home.validation) or {}
    if decision.get("fingerprint") != header.fingerprint:
        return ""
    return f"{decision.get('verdict', 'nothing')}: {decision.get('reason', 'no reason given')}"


def _models(domain: str, answered: Mapping[str, Collection[str]]) -> list[str]:
    told = []
    for who, models in sorted(answered.items()):
        if who == domain or who.startswith((f"{domain} by ", f"{domain}, ")):
            role = who.removeprefix(domain).strip(" ,")
            told.append(f"{', '.join(sorted(models))}{f' ({role})' if role else ''}")
    return told


def _prompts(section: DomainSection) -> str:
    if section.prompt is None:
        return "phrased by the procedure, several ways"
    count = len(section.prompt.phrasings)
    return f"{count} phrasing{'s' if count > 1 else ''} of the recipe"


def _source(source: SourceSection) -> dict[str, str]:
    place = f"hub: {source.hub}" if source.hub else ", ".join(Path(pattern).name for pattern in source.files or ())
    return {"licence": _licence(source), "provenance": source.provenance, "place": place}


def _licence(source: SourceSection) -> str:
    return source.licence or "none named"


def _language(section: DomainSection) -> str:
    language = section.checks.language if section.checks else None
    return language.language if language else "en"
