"""Writes the pages of ``docs/reference`` that are drawn from the code: ``make docs``.

Owns their text. The meaning of a recipe's key is its comment in ``recipes/alttp_yaze.yaml``; all else is in the code.
A test compares the committed pages with ``pages()``.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import typer

from agents import cli
from agents.campaign import errors
from agents.campaign.described import DomainSection
from agents.campaign.errors import CampaignError, ExitCode
from agents.campaign.events import Event
from agents.campaign.gate import Verdict
from agents.campaign.log_lines import parse
from agents.campaign.models import ModelSection
from agents.campaign.phases import TABLE, Phase
from agents.campaign.plan import ENVIRONMENT, NOT_IN_FINGERPRINT, RECIPE_VARIABLE
from agents.campaign.recipe import Recipe
from agents.campaign.section import Section
from agents.training import exporter
from agents.training.scripts import generate_campaign

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
DEFAULT_RECIPE = ROOT / "recipes" / "alttp_yaze.yaml"
NOTICE = "<!-- Written by docs/generate.py from the code. Change the code, then run: make docs -->"

DESCRIBED = (
    (
        "Keys of a model: `models.ALIAS`",
        "How to use them: [ask a model](../how-to/ask-a-model.md). `model`, `temperature`, `top_p`, `max_tokens`, "
        "`extra_body` and `structured` of the models that are asked are in the fingerprint.",
        ModelSection,
    ),
    (
        "Keys of a domain: `domains.NAME`",
        "A built-in domain has a `weight`, and nothing else. How to use the others: [use your own "
        "data](../how-to/use-your-own-data.md). All of them are in the fingerprint, and so are the texts.",
        DomainSection,
    ),
)
"""Sections of which a recipe has as many as a person names."""

FOREIGN_LINES = (
    "Progress: 89/190",
    "Progress: 89/190 (46.8%) | Quality: 0.821 | Acceptance: 87.00%",
    "2025-12-21 06:50:15 INFO: Progress: 1,000/34,500",
    " 25%|██▌       | 47/190 [00:12<00:38,  3.76it/s]",
    "quality_score: 0.82",
    "quality_score=0.82",
    "sample 17 quality_score 0.82",
    "Sample accepted",
    "Sample accepted: domain=asm quality_score=0.9100",
    "[QUALITY] Rejected sample (domain=asm, score=0.360, threshold=0.400)",
    '{"quality_score": 0.82, "accepted": true}',
    '{"progress": 89, "total": 190}',
    "Connection accepted",
    "2 samples were not accepted",
    "quality_score: 82",
    "quality_score: nan",
    "quality_score: 0.8/1.0",
    "Progress: 0/0",
    "Progress: 999/190",
)
"""Lines of somebody else's generator, as examples of what is read and what is not."""


def pages() -> dict[str, str]:
    """Return the text of every generated page, by file name."""
    makers: dict[str, Callable[[], Iterable[str]]] = {
        "commands.md": _commands,
        "exit-codes.md": _exit_codes,
        "log-lines.md": _log_lines,
        "phases.md": _phases,
        "recipe.md": _recipe,
    }
    return {name: "\n".join([NOTICE, "", *make(), ""]) for name, make in makers.items()}


def recipe_comments(text: str) -> dict[str, str]:
    """Return the comment behind each key of a commented recipe, by dotted key."""
    comments: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in text.splitlines():
        if (match := re.match(r"( *)(\w+):[^#]*(?:# (.*))?$", line)) is None:
            continue
        depth, name, comment = len(match[1]), match[2], match[3]
        path = [*((at, key) for at, key in path if at < depth), (depth, name)]
        if comment:
            comments[".".join(key for _, key in path)] = comment
    return comments


def _phases() -> Iterator[str]:
    yield "# Phases"
    yield ""
    yield "Where a workflow can stand, what moves it, and what to do there. A step that is not listed is an error."
    yield ""
    yield from _table(
        ("phase", "ends the program with", "what is next"),
        ((f"`{phase}`", _ending(phase), phase.next_step) for phase in Phase),
    )
    resumed = {phase for phase, happening in TABLE if happening.startswith("resumed")}
    yield ""
    yield "## Steps"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {Phase.STARTING_PILOT}"
    yield f"    [*] --> {Phase.CHOOSING_CANDIDATE}: several candidates"
    yield f"    [*] --> {Phase.MONITORING_PILOT}: somebody else's pilot"
    for (phase, happening), after in TABLE.items():
        if not happening.startswith("resumed") and happening != "stop_asked":
            yield f"    {phase} --> {after}: {happening}"
    yield "```"
    yield ""
    stoppable = (f"`{phase}`" for phase, happening in TABLE if happening == "stop_asked")
    yield f"Besides, `stop_asked` leads from {', '.join(stoppable)} to `{Phase.STOPPED}`."
    yield ""
    yield f"Running the same command again goes on from every phase but {_listed(set(Phase) - resumed)}:"
    yield ""
    targets = {happening: after for (_, happening), after in TABLE.items() if happening.startswith("resumed")}
    yield from _table(("how it goes on", "at"), ((f"`{happening}`", f"`{at}`") for happening, at in targets.items()))


def _ending(phase: Phase) -> str:
    return f"exit code {int(phase.exit_code)}" if phase.is_end else ""


def _exit_codes() -> Iterator[str]:
    yield "# Exit codes"
    yield ""
    yield "Every command of the project ends with one of these."
    yield ""
    yield from _table(
        ("code", "name", "a workflow that ends in", "a verdict that is", "an error"),
        (
            (
                str(int(code)),
                code.name.lower().replace("_", " "),
                _listed(phase for phase in Phase if phase.is_end and phase.exit_code is code),
                _listed(verdict for verdict in Verdict if verdict.exit_code is code),
                "; ".join(_first_line(kind) for kind in _error_kinds() if kind.exit_code is code),
            )
            for code in ExitCode
        ),
    )
    yield ""
    yield "`status` exits as the workflow stands: 0 while it is at work or when it is complete, else with the code of"
    yield "the phase in which it ended; 6 where its orchestrator is gone; 1 where a status file is damaged."


def _error_kinds() -> list[type[CampaignError]]:
    kinds = (kind for _, kind in inspect.getmembers(errors, inspect.isclass))
    return [kind for kind in kinds if issubclass(kind, CampaignError)]


def _recipe() -> Iterator[str]:
    schema = Recipe.model_json_schema()
    comments = recipe_comments(DEFAULT_RECIPE.read_text(encoding="utf-8"))
    yield "# Recipe"
    yield ""
    yield "Every key, its range and its default. Unknown keys are refused. A key *in the fingerprint* changes which"
    yield "samples are made or accepted: with another value, a pilot's verdict does not carry over."
    yield "How to write one: [write a recipe](../how-to/write-a-recipe.md)."
    yield ""
    yield from _table(
        ("key", "type and range", "default", "in the fingerprint", "meaning"),
        (
            (
                f"`{key}`",
                _kind_of(field),
                f"`{json.dumps(default)}`",
                "" if key.split(".")[0] in NOT_IN_FINGERPRINT else "yes",
                comments[key],
            )
            for key, field, default in _fields(schema, schema, Recipe().model_dump(mode="json"))
        ),
    )
    for title, told, section in DESCRIBED:
        yield from ("", f"## {title}", "", told, "")
        yield from _table(("key", "type and range", "default", "meaning"), _keys_of(section))
    yield ""
    yield "## Variables"
    yield ""
    yield "They win over a recipe, and lose against a flag:"
    yield ""
    variables = {**{name: f"`{key}`" for name, key in ENVIRONMENT.items()}, RECIPE_VARIABLE: "the recipe file"}
    yield from _table(("variable", "sets"), ((f"`{name}`", key) for name, key in variables.items()))


def _fields(schema: Any, section: Any, defaults: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted key, its JSON schema, its default) of every value, in the order of the recipe."""
    for name, default in defaults.items():
        field = section["properties"][name] if "properties" in section else section["additionalProperties"]
        inner = schema["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), field)
        if isinstance(default, dict) and default:
            yield from _fields(schema, inner, default, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner, default


def _keys_of(section: type[Section], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of the keys of a section that a person names, with those of the sections in it."""
    properties, meanings = section.model_json_schema()["properties"], _meanings(section)
    for name, field in section.model_fields.items():
        inner = _section_in(field.annotation)
        if name in meanings or inner is None:
            default = "" if field.is_required() else f"`{json.dumps(_plain(field.default))}`"
            kind = _kind_of(properties[name]) if inner is None else "keys below"
            yield f"`{prefix}{name}`", kind, default, meanings.get(name, "")
        if inner is not None:
            kind = "" if name in meanings else _first_line(inner)
            if kind:
                yield f"`{prefix}{name}`", "keys below", "", f"{kind}."
            many = "[]." if get_origin(field.annotation) is not None and "tuple" in str(field.annotation) else "."
            yield from _keys_of(inner, f"{prefix}{name}{many}")


def _section_in(annotation: Any) -> type[Section] | None:
    """Return the section that an annotation has in it."""
    if inspect.isclass(annotation) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def _plain(default: Any) -> Any:
    return default.model_dump(mode="json") if isinstance(default, Section) else default


def _meanings(section: type[Section]) -> dict[str, str]:
    """Return the docstring under each field of a section and of those it is derived from, as one line."""
    meanings: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if not (issubclass(kind, Section) and kind is not Section):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                meanings[field.target.id] = " ".join(str(text.value.value).split()).replace("``", "`")  # type: ignore[union-attr]
    return meanings


def _kind_of(field: Any) -> str:
    kinds = field.get("anyOf", [field])
    return " or ".join(_one_kind(kind) for kind in kinds)


def _one_kind(kind: Any) -> str:
    if kind.get("type") == "array":
        return f"list of {_one_kind(kind['items'])}s"
    if "const" in kind:
        return f"`{kind['const']}`"
    if "enum" in kind:
        return " or ".join(f"`{value}`" for value in kind["enum"])
    words = {
        "number": "number",
        "integer": "whole number",
        "boolean": "true or false",
        "null": "null",
        "object": "by name",
    }
    text = words.get(kind["type"], kind["type"])
    if "exclusiveMinimum" in kind:
        return f"{text} > {kind['exclusiveMinimum']:g}, <= {kind['maximum']:,g}"
    return f"{text} {kind['minimum']:,} to {kind['maximum']:,}" if "minimum" in kind else text


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "`python scripts/launch_training.py VERB` works from any folder and sets itself up; `.venv/bin/campaign VERB`"
    yield "is the same. `./scripts/launch_autonomous_training.sh` is `auto --background`. A flag wins over a variable,"
    yield "a variable over the recipe, the recipe over the [defaults](recipe.md). All end with an"
    yield "[exit code](exit-codes.md)."
    group: Any = typer.main.get_command(cli.app)
    for name, command in group.commands.items():
        yield from _command(name, command.help, _typer_flags(command.params))
    for module in (generate_campaign, exporter):
        parser = module.parser()
        yield from _command(f"python -m {module.__name__}", f"{parser.description}", _argparse_flags(parser))
    yield ""
    yield "## `python -m agents.autonomous.training_orchestrator`"
    yield ""
    yield "`--mode auto`, `monitor`, `validate` or `launch` runs that verb in the foreground, with the flags of `auto`,"
    yield "and prints its last document as JSON."


def _command(name: str, meaning: str, flags: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## `{name}`", "", meaning, "")
    yield from _table(("flag", "meaning"), flags)


def _typer_flags(parameters: Any) -> Iterator[tuple[str, str]]:
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            yield f"`{parameter.metavar or parameter.name.upper()}`", f"{parameter.help}"
            continue
        metavar = "" if parameter.is_flag else f" {parameter.metavar or 'N'}"
        long, *others = sorted(parameter.opts, key=len, reverse=True) + parameter.secondary_opts
        yield _listed([f"{long}{metavar}", *others]), f"{parameter.help}{_flag_default(parameter)}"


def _flag_default(parameter: Any) -> str:
    if parameter.default in (None, "", False):
        return ""
    return f" Default: `{parameter.opts[0] if parameter.default is True else parameter.default}`."


def _argparse_flags(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        first, *others = action.option_strings
        metavar = f" {action.metavar}" if action.metavar else ""
        if action.dest != "help":
            yield _listed([f"{first}{metavar}", *others]), f"{action.help}"


def _log_lines() -> Iterator[str]:
    yield "# Log lines"
    yield ""
    yield "What is read in a line of a generator's log, by example."
    yield "How to use it: [use your own generator](../how-to/use-your-own-generator.md)."
    yield ""
    yield from _table(("line", "what is read"), ((f"`{line}`", _read_in(line)) for line in FOREIGN_LINES))


def _read_in(line: str) -> str:
    return "; ".join(_event_words(event) for event in parse(line)) or "nothing"


def _event_words(event: Event) -> str:
    fields = ((name, getattr(event, name)) for name in event.__slots__)
    known = ", ".join(f"{name} {value}" for name, value in fields if value is not None)
    return f"**{type(event).__name__}** {known}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _first_line(documented: Any) -> str:
    return (inspect.getdoc(documented) or "").splitlines()[0].rstrip(".")


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for page, content in pages().items():
        (REFERENCE / page).write_text(content, encoding="utf-8")
