"""The documents speak of what exists: links, paths, modules, classes, flags, snippets, generated pages."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import runpy
from functools import cache
from pathlib import Path

import pytest
import typer
from pages import PAGES, ROOT, Page, page, tables

from agents import cli
from agents.campaign.plan import plan_for
from agents.campaign.recipe import Recipe
from agents.training import exporter
from agents.training.scripts import generate_campaign
from agents.training.sft import settings

SRC = ROOT / "src" / "agents"
FOLDERS = ("src/", "docs/", "tests/", "scripts/", "recipes/", "requirements/", "benchmarks/", ".ci/")
OTHER_FLAGS = {"--mode", "--require-hashes", "--help"}
"""Flags of the orchestrator's program and of pip."""
FORBIDDEN = re.compile(r"pypi|index-url|(?<![\w.~$])/(?:root|home|work|tmp|usr|mnt)/", re.IGNORECASE)

every_page = pytest.mark.parametrize("document", PAGES, ids=str)


@every_page
def test_links_lead_somewhere(document: Page) -> None:
    for link in document.links:
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        path = (document.path.parent / target).resolve() if target else document.path
        assert path.exists(), f"{document} links to {link}"
        assert not anchor or anchor in Page(path).anchors, f"{document} links to {link}"


def test_every_page_is_linked() -> None:
    linked = {
        (document.path.parent / link.partition("#")[0]).resolve() for document in PAGES for link in document.links
    }
    assert {document.path for document in PAGES} - linked == {ROOT / "README.md"}


@every_page
def test_paths_exist(document: Page) -> None:
    for span in document.spans:
        path = span.split()[0]
        if path.startswith(FOLDERS) and "NAME" not in path and path not in PROPOSED:
            assert (ROOT / path).exists(), f"{document} names {path}"


PROPOSED = {"src/agents/training/domains/numbers/__init__.py"}
"""Files that a page tells its reader to make."""


@every_page
def test_dotted_names_exist(document: Page) -> None:
    for span in document.spans:
        if re.fullmatch(r"(agents\.)?(campaign|training|autonomous|dashboard)(\.[\w{},]+)+", span):
            for name in _expanded(span):
                assert _is_known(name), f"{document} names {name}"


@every_page
def test_classes_exist(document: Page) -> None:
    for span in document.spans:
        if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", span):
            assert span in _class_names(), f"{document} names {span}"


@every_page
def test_flags_exist(document: Page) -> None:
    named = {flag for text in document.spans for flag in re.findall(r"(?<!\S)--[a-z-]+", text)}
    assert named <= _flags() | OTHER_FLAGS, f"{document} names flags that no command has"


@every_page
def test_no_machine_is_named(document: Page) -> None:
    assert not FORBIDDEN.search(document.text)


@every_page
def test_python_compiles(document: Page) -> None:
    for block in document.blocks("python"):
        compile(block.text, str(document), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@every_page
def test_recipes_are_recipes(document: Page, tmp_path: Path) -> None:
    for block in document.blocks("yaml"):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(block.text)
        assert plan_for({}, recipe, {}).origins


def test_shown_output_follows_a_command() -> None:
    for document in PAGES:
        shown = document.blocks("output")
        assert len(shown) == sum(bool(block.output) for block in document.blocks("bash", "sh")), str(document)


def test_generated_pages_are_up_to_date() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    for name, text in generate["pages"]().items():
        assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == text, f"{name} is old: make docs"


def test_architecture_draws_the_layers_that_are_tested() -> None:
    house = runpy.run_path(str(ROOT / "tests" / "house" / "test_layers.py"))
    (drawn,) = (table for table in tables(page("docs/architecture.md").text) if table[0][0].startswith("6"))
    layers = {
        f"agents.{name}": int(layer[0])
        for layer, cell in drawn
        for span in re.findall(r"`([^`]+)`", cell)
        for name in _expanded(span)
    }
    for module in set(house["MODULES"]) - set(house["FOLDERS"]) - {"agents.__main__"}:
        if module.startswith("agents."):
            found = [(len(name), layer) for name, layer in layers.items() if house["is_in"](module, name)]
            assert max(found, default=(0, None))[1] == house["layer_of"](module), module


def test_glossary_is_sorted_and_says_each_word_once() -> None:
    (table,) = tables(page("docs/glossary.md").text)
    words = [word for word, _ in table]
    assert words == sorted(set(words))


def _expanded(name: str) -> list[str]:
    if (match := re.fullmatch(r"(.*)\{([\w,]+)\}(.*)", name)) is None:
        return [name]
    return [f"{match[1]}{part}{match[3]}" for part in match[2].split(",")]


def _is_known(name: str) -> bool:
    """Whether a module, a member of one, or a key of a recipe has this name."""
    if name in _recipe_keys():
        return True
    module = "agents." + name.removeprefix("agents.")
    if _has_module(module):
        return True
    parent, _, member = module.rpartition(".")
    return _has_module(parent) and hasattr(importlib.import_module(parent), member)


def _has_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@cache
def _recipe_keys() -> set[str]:
    plan = Recipe().model_dump()
    return {f"{section}.{key}" for section, keys in plan.items() if isinstance(keys, dict) for key in keys}


@cache
def _class_names() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SRC.rglob("*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@cache
def _flags() -> set[str]:
    commands = typer.main.get_command(cli.app).commands.values()
    typed = {
        flag for command in commands for option in command.params for flag in [*option.opts, *option.secondary_opts]
    }
    parsers = generate_campaign.parser(), exporter.parser(), settings._parser("train", "")
    return typed | {flag for parser in parsers for action in parser._actions for flag in action.option_strings}
