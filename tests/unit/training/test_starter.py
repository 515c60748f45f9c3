from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_data import NOW, ROWS, plan_of, previewed, write_data

from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.home import Home
from agents.campaign.plan import plan_for
from agents.campaign.recipe import Recipe
from agents.training import starter as starters
from agents.training.inspection import inspect, inspection_text
from agents.training.sources import hub
from agents.training.starter import StarterKind, edits, next_commands, starter, write_starter

every_kind = pytest.mark.parametrize("kind", StarterKind)
_COMMENTED_OUT = re.compile(r"^( *)# (judge:|group:|language:|datasets:|after_campaign:|  )", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data, and a dataset on the hub."""
    write_data(tmp_path)

    def rows_of(name: str, config: str | None, split: str) -> Iterator[tuple[int, dict[str, object]]]:
        assert (name, config, split) == ("your-name/your-dataset", None, "train")
        yield from enumerate(ROWS, 1)

    monkeypatch.setattr(hub, "rows_of", rows_of)
    return tmp_path


def recipe_of(kind: StarterKind, path: Path) -> Recipe:
    write_starter(kind, path)
    return plan_for({}, path, {}).recipe


@every_kind
def test_a_starter_is_a_recipe_with_a_model_prices_and_a_cap(kind: StarterKind, tmp_path: Path) -> None:
    recipe = recipe_of(kind, tmp_path / "recipe.yaml")
    assert recipe.asked_aliases == ("writer",)
    assert None not in recipe.prices("writer")
    assert recipe.guards.max_cost is not None
    (domain,) = recipe.domains.values()
    assert (domain.sources is None) == (kind is StarterKind.ASM)
    for source in domain.sources or ():
        assert source.licence
        assert source.provenance
        assert domain.answer is not None
        assert domain.answer.json_schema is not None
        assert domain.answer.sample is not None


@every_kind
def test_what_is_commented_out_is_valid_too(kind: StarterKind, tmp_path: Path) -> None:
    text, _, _ = starter(kind, Path("recipe.yaml")).partition("# Next")
    (tmp_path / "recipe.yaml").write_text(_COMMENTED_OUT.sub(r"\1\2", text))
    recipe = plan_for({}, tmp_path / "recipe.yaml", {}).recipe
    ((name, domain),) = recipe.domains.items()
    assert list(recipe.datasets) == [f"my_{name}"]
    assert recipe.after_campaign == ("export",)
    if domain.sources is not None:
        assert domain.judge is not None
        assert domain.checks is not None
        assert domain.checks.language is not None


@every_kind
def test_a_starter_says_what_to_edit_and_what_comes_next(kind: StarterKind) -> None:
    path = Path("my recipe.yaml")
    text = starter(kind, path)
    assert text.count("EDIT") > len(edits(kind)) == 3
    assert [command for command in next_commands(path) if command not in text] == []
    assert "campaign validate 'my recipe.yaml'" in text


@every_kind
def test_a_starter_is_inspected_and_previewed(kind: StarterKind, folder: Path) -> None:
    text = starter(kind, Path("recipe.yaml"))

    page = inspection_text(inspect(plan_of(folder, text), Home(folder / "context"), {}, NOW))
    preview, stand_in = previewed(folder, text, count=3)

    assert f"domain {next(iter(plan_of(folder, text).recipe.domains))}" in page
    assert "model writer (chat teacher)" in page
    assert len(preview.shown) == stand_in.answered == 3
    assert preview.accepted == (0 if kind is StarterKind.ASM else 3)
    assert not (folder / "context").exists()


@pytest.mark.parametrize("there", ["file", "link"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    path = tmp_path / "recipe.yaml"
    if there == "file":
        path.write_text("mine")
    else:
        path.symlink_to("nowhere")
    before = path.lstat()
    with pytest.raises(UsageError, match=r"recipe\.yaml is there already") as refused:
        write_starter(StarterKind.NOTES, path)
    assert "another name" in refused.value.cure
    assert path.lstat() == before


@pytest.mark.parametrize("path", [Path(), Path("notes")])
def test_a_folder_is_no_place_for_a_recipe(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"{path} is a folder") as refused:
        write_starter(StarterKind.NOTES, path)
    assert refused.value.cure == f"name a file in it: campaign init {path / 'recipe.yaml'}"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_starter(StarterKind.NOTES, tmp_path / "none" / "recipe.yaml")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path, _data: bytes) -> None:
        raise CampaignError("the disk is full", "free some space")

    monkeypatch.setattr(starters, "replace_file", fail)
    with pytest.raises(CampaignError, match="the disk is full"):
        write_starter(StarterKind.NOTES, tmp_path / "recipe.yaml")
    assert list(tmp_path.iterdir()) == []
