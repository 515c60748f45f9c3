"""The recipes that come with the project."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import yaml
from pages import ROOT

from agents.campaign.plan import Plan, plan_for

RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
DEFAULT = ROOT / "recipes" / "alttp_yaze.yaml"


def values(plan: Plan) -> dict[str, object]:
    return dict(plan.values())


def test_the_default_recipe_is_the_built_in_one() -> None:
    built_in, written = plan_for({}, None, {}), plan_for({}, DEFAULT, {})
    assert values(written) == values(built_in)
    assert written.fingerprint({"asm": "1"}) == built_in.fingerprint({"asm": "1"})


def test_the_default_recipe_lists_and_explains_every_key() -> None:
    written = plan_for({}, DEFAULT, {})
    assert set(written.origins) == set(written.values())
    comments = runpy.run_path(str(ROOT / "docs" / "generate.py"))["recipe_comments"](DEFAULT.read_text())
    assert set(comments) == set(written.values())
    assert len(set(comments.values())) == len(comments)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipes_resolve(recipe: Path) -> None:
    plan = plan_for({}, recipe, {})
    assert plan.recipe.name == recipe.stem


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe != DEFAULT], ids=lambda path: path.stem)
def test_small_recipes_hold_what_differs(recipe: Path) -> None:
    document, default = yaml.safe_load(recipe.read_text()), plan_for({}, None, {}).values()
    same = {key for key, value in values(plan_for({}, recipe, {})).items() if value == default[key]}
    stated = {f"{section}.{key}" for section, keys in document.items() if isinstance(keys, dict) for key in keys}
    assert stated & same <= {"pilot.tickets"}
