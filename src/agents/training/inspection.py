"""What a recipe comes to before anything is paid: texts, models and prices, and whether it can reach its target.

Owns the document and its page. Asks nobody and writes nothing.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.campaign.described import SourceSection
from agents.campaign.forecast import obstacles_at_best
from agents.campaign.home import Home
from agents.campaign.plan import Plan
from agents.campaign.printable import printable
from agents.campaign.recipe import Recipe
from agents.training.picker import shares
from agents.training.preflight import Prepared, prepare
from agents.training.readiness import unready
from agents.training.sources.patterns import find
from agents.training.sources.policy import place_of
from agents.training.teachers.access import accesses_of

Document = Mapping[str, Any]


def inspect(plan: Plan, home: Home, environment: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return what the recipe of ``plan`` comes to, as JSON values; keys of models are looked for, and never shown.

    Raises:
        UsageError: a source, a template, a schema or a model cannot be used.
        CampaignError: its runs could not be stored.
    """
    recipe = plan.recipe
    prepared = prepare(plan, "pilot", None, home, now)
    capacity = {name: domain.capacity() for name, domain in prepared.domains.items()}
    domains = list(_domains(prepared))
    warnings = [warning for domain in domains for warning in _shortages(domain)]
    models = [_model(recipe, alias, roles, environment, warnings.append) for alias, roles in _roles(recipe).items()]
    warnings += [f"after the campaign, {trouble}" for trouble in unready(recipe, environment)]
    return {
        "recipe": None if plan.recipe_path is None else str(plan.recipe_path),
        "pilot_tickets": recipe.pilot.tickets,
        "target": recipe.campaign.target,
        "domains": domains,
        "models": models,
        "warnings": warnings,
        "obstacles": list(obstacles_at_best(recipe, capacity)),
    }


def inspection_text(document: Document) -> str:
    """Return the document of ``inspect`` as a page; nothing in it drives a terminal."""
    lines = [
        *(line for domain in document["domains"] for line in _domain_lines(domain)),
        *(_model_line(model) for model in document["models"]),
        *(f"warning: {warning}" for warning in document["warnings"]),
        *(f"error: {obstacle}" for obstacle in document["obstacles"]),
        f"{'not ok' if document['obstacles'] else 'ok'}: {_next_step(document)}",
    ]
    return "\n".join(map(printable, lines))


def _next_step(document: Document) -> str:
    if document["obstacles"]:
        return "change the recipe as it says, and look again"
    return f"next, try some samples: campaign preview --recipe {shlex.quote(str(document['recipe']))}"


def _domains(prepared: Prepared) -> Iterator[dict[str, Any]]:
    recipe, path = prepared.plan.recipe, prepared.plan.recipe_path
    folder = Path.cwd() if path is None else path.parent
    pilot = shares(recipe.pilot.tickets, prepared.goal.weights)
    owed = shares(recipe.campaign.target, prepared.goal.weights)
    for name, section in recipe.domains.items():
        capacity = prepared.domains[name].capacity()
        sources = section.sources or ()
        yield {
            "name": name,
            "sources": [_source(source, folder) for source in sources],
            "texts": capacity // (section.samples_per_item or 1) if sources and capacity is not None else None,
            "left_out": dict(prepared.left_out.get(name, {})),
            "capacity": capacity,
            "pilot_tickets": pilot[name],
            "owes": owed[name],
            "needs": math.ceil(owed[name] / (recipe.gate.acceptance_floor or 1.0)),
        }


def _source(source: SourceSection, folder: Path) -> dict[str, Any]:
    return {
        "place": place_of(source),
        "files": None if source.files is None else len(find(source.files, folder)),
        "kind": "rows of the hub" if source.hub else source.kind,
        "licence": source.licence,
        "provenance": source.provenance,
    }


def _shortages(domain: Document) -> Iterator[str]:
    """Yield what a domain whose items come to an end cannot give."""
    capacity, name = domain["capacity"], domain["name"]
    if capacity is None:
        return
    cure = "give it more texts or a higher samples_per_item"
    if capacity < domain["needs"]:
        yield (
            f"domain {name} can give {capacity:,} samples, and the {domain['owes']:,} that it owes may need "
            f"{domain['needs']:,} by gate.acceptance_floor: {cure}, or lower campaign.target"
        )


def _roles(recipe: Recipe) -> dict[str, list[str]]:
    """Return what each model that may be asked is asked for, by its alias; of all candidates, where there are some."""
    roles: dict[str, list[str]] = {}
    for one in [recipe.with_candidate(name) for name in recipe.candidates] or [recipe]:
        if one.asked_model is not None:
            roles.setdefault(str(one.teacher.model), []).append(f"{one.teacher.kind} teacher")
            for alias in one.asked_model.fallbacks or ():
                roles.setdefault(alias, []).append(f"fallback of {one.teacher.model}")
    for name, domain in recipe.domains.items():
        if domain.judge is not None:
            roles.setdefault(domain.judge.model, []).append(f"judge of {name}")
    return {alias: list(dict.fromkeys(of_it)) for alias, of_it in roles.items()}


def _model(
    recipe: Recipe, alias: str, roles: list[str], environment: Mapping[str, str], warn: Callable[[str], None]
) -> dict[str, Any]:
    accesses = accesses_of(recipe.models[alias], environment, warn)
    input_price, output_price = recipe.prices(alias)
    return {
        "alias": alias,
        "roles": roles,
        "model": recipe.models[alias].model,
        "addresses": list(dict.fromkeys(access.address for access in accesses)),
        "keys": list(dict.fromkeys(access.variable for access in accesses if access.variable)),
        "input_price": input_price,
        "output_price": output_price,
    }


def _domain_lines(domain: Document) -> list[str]:
    owes = f"its pilot has {domain['pilot_tickets']:,} tickets, the campaign owes {domain['owes']:,}"
    if domain["texts"] is None:
        items = "items without end" if domain["capacity"] is None else f"{domain['capacity']:,} items"
        return [f"domain {domain['name']}, built in: {items}; {owes}"]
    items = f"{_counted(domain['capacity'], 'sample')} of {_counted(domain['texts'], 'text')}"
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in domain["left_out"].items())
    return [
        f"domain {domain['name']}: {items}; {owes}",
        *(f"  {_source_line(source)}" for source in domain["sources"]),
        *([f"  left out: {left_out}"] if left_out else []),
    ]


def _source_line(source: Document) -> str:
    files = "" if source["files"] is None else f", {_counted(source['files'], 'file')}"
    licence = "no licence" if source["licence"] is None else f"licence {source['licence']}"
    whence = f", from {source['provenance']}" if source["provenance"] else ""
    return f"{source['place']} ({source['kind']}{files}): {licence}{whence}"


def _model_line(model: Document) -> str:
    prices = model["input_price"], model["output_price"]
    known = "price unknown" if None in prices else f"{prices[0]:g} in, {prices[1]:g} out for a million tokens"
    keys = f" with the key of {', '.join(model['keys'])}" if model["keys"] else ", without a key"
    where = ", ".join(model["addresses"])
    return f"model {model['alias']} ({', '.join(model['roles'])}): {model['model']} at {where}{keys}; {known}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
